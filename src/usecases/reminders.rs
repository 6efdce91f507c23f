//! What their recipients do about reminders.

use super::must_have_seen;
use crate::{
    domain::{
        access::{Capability, WriteSelf},
        field_rule::FieldRule,
        ids::ReminderId,
        reminder::Reminder,
        time::Instant,
        violation::RuleViolation,
    },
    limits::SNOOZE,
    store::{self, Failure, Stored, Tx, records::ShownReminder},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Until when a reminder is put off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// When it comes again: before the deadline ends, if that lies ahead, and within thirty days.
    pub until: Instant,
}

fn mine(tx: &mut Tx<'_, WriteSelf>, id: ReminderId, seen: Option<i64>) -> Result<Stored<ShownReminder>, Failure> {
    // It tells of a case: a key needs the right to read them.
    tx.require(Capability::ReadCases)?;
    let before = store::reminders::find(tx, id)?;
    must_have_seen(seen, before.reminder.version)?;
    Ok(before)
}

/// Acknowledges a reminder, once: steps that go on only without it are then left out.
///
/// # Errors
/// When it is not the caller's, or they have seen another version.
pub fn acknowledge(tx: &mut Tx<'_, WriteSelf>, id: ReminderId, seen: Option<i64>) -> Result<Stored<ShownReminder>, Failure> {
    let before = mine(tx, id, seen)?;
    if before.reminder.acknowledged_at.is_some() {
        return Ok(before);
    }
    let after = Reminder { acknowledged_at: Some(tx.now()), ..before.reminder.clone() };
    Ok(store::reminders::save(tx, &before, &after, "reminder.acknowledged")?)
}

/// Puts a reminder off: it is shown and sent again when its time has come.
///
/// # Errors
/// When it is not the caller's, acknowledged already, or would come too late.
pub fn snooze(tx: &mut Tx<'_, WriteSelf>, id: ReminderId, seen: Option<i64>, wanted: &Snooze) -> Result<Stored<ShownReminder>, Failure> {
    let (now, until) = (tx.now(), wanted.until);
    let before = mine(tx, id, seen)?;
    if before.reminder.acknowledged_at.is_some() {
        return Err(RuleViolation::ReminderAcknowledged.into());
    }
    if until <= now {
        return Err(RuleViolation::field("/until", FieldRule::TooEarly).into());
    }
    let due_at = before.reminder.due_at;
    if until > now.plus_seconds(SNOOZE) || (now < due_at && due_at <= until) {
        return Err(RuleViolation::field("/until", FieldRule::OutOfRange).into());
    }
    let after = Reminder { snoozed_until: Some(until), shown_at: until, ..before.reminder.clone() };
    Ok(store::reminders::save(tx, &before, &after, "reminder.snoozed")?)
}
