//! What a tenant works by, as a whole: its calendars and rules over what ships.

use super::{At, Result, calendars, deadline_rules, reminder_ladders};
use crate::{domain::content::Content, store::schema::tenants};
use diesel::prelude::*;
use std::sync::Arc;

/// The tenant's revision of its calendars and rules.
pub(in crate::store) fn revision(at: &mut At<'_>) -> Result<i64> {
    if let Some(known) = at.scope().rulebook_revision {
        return Ok(known);
    }
    at.first(tenants::table.filter(tenants::id.eq(at.tenant())).select(tenants::rulebook_revision))
}

/// What the tenant works by: what ships, under its own calendars and rules. Read once for each revision by this process.
pub(in crate::store) fn content(at: &mut At<'_>) -> Result<Arc<Content>> {
    let (tenant, revision) = (at.tenant(), revision(at)?);
    if revision == 0 {
        return Ok(at.built_in_content());
    }
    if let Some(known) = at.rulebook_cache().get(tenant, revision) {
        return Ok(known);
    }
    let read = read(at)?;
    at.rulebook_cache().put(tenant, revision, &read);
    Ok(read)
}

/// What the tenant works by, as this transaction sees it.
pub(in crate::store) fn read(at: &mut At<'_>) -> Result<Arc<Content>> {
    let (calendars, rules, ladders) = (calendars::newest(at)?, deadline_rules::in_use(at)?, reminder_ladders::in_use(at)?);
    Ok(Arc::new(at.built_in_content().of_tenant(&calendars, rules, ladders)))
}
