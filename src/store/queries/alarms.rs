//! When a tenant is woken up: to plan its reminders anew, to send a message.

use super::{At, Result, tenants as tenant_rows};
use crate::{
    domain::{time::Instant, vocabulary::DeadlineStatus},
    store::schema::{deadlines, tenants},
};
use diesel::prelude::*;

/// Lets the reminders of all open deadlines be planned anew, at once: under other ladders, or by other working days. What is due stays due.
pub(super) fn plan_anew(at: &mut At<'_>) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let open = deadlines::table
        .filter(deadlines::tenant_id.eq(tenant))
        .filter(deadlines::is_open)
        .filter(deadlines::status.ne(DeadlineStatus::Suspended))
        .filter(deadlines::wake_at.is_null().or(deadlines::wake_at.gt(now)));
    diesel::update(open).set((deadlines::wake_at.eq(now), deadlines::reminded_until.eq(now))).execute(at.beside_the_record())?;
    tenant_rows::wake(at, Some(now))
}

/// Sees to it that somebody has a look for messages to send at this moment at the latest.
pub(super) fn wake_to_send(at: &mut At<'_>, moment: Option<Instant>) -> Result<()> {
    if let Some(moment) = moment {
        let row = tenants::table.find(at.tenant()).filter(tenants::send_at.gt(moment));
        diesel::update(row).set(tenants::send_at.eq(moment)).execute(at.beside_the_record())?;
    }
    Ok(())
}
