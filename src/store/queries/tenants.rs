//! What stands in a tenant's row: the revision of its calendars and rules, and when somebody has to wake up for its deadlines.

use super::{At, Result};
use crate::{domain::time::Instant, store::schema::tenants};
use diesel::prelude::*;

/// Lets every process know that the tenant's calendars or rules have changed. Two who change them wait for each other.
pub(super) fn raise_rulebook(at: &mut At<'_>) -> Result<()> {
    let row = tenants::table.find(at.tenant());
    diesel::update(row).set(tenants::rulebook_revision.eq(tenants::rulebook_revision + 1)).execute(at.beside_the_record())?;
    Ok(())
}

/// Sees to it that somebody looks at the tenant's deadlines at this moment at the latest. Nothing is locked when somebody does anyway.
pub(super) fn wake(at: &mut At<'_>, moment: Option<Instant>) -> Result<()> {
    if let Some(moment) = moment {
        let row = tenants::table.find(at.tenant()).filter(tenants::wake_at.gt(moment));
        diesel::update(row).set(tenants::wake_at.eq(moment)).execute(at.beside_the_record())?;
    }
    Ok(())
}
