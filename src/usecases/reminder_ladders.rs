//! A tenant's ladders of reminders: which hold, and changing them.

use super::must_have_seen;
use crate::{
    domain::{
        access::{ReadCases, WriteRules},
        field_rule::FieldRule,
        ladder::{LadderRecord, LadderStep},
        list::List,
        violation::RuleViolation,
        vocabulary::LadderKind,
    },
    limits::LADDER_STEPS,
    store::{self, Failure, Tx},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A ladder of the tenant's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReminderLadder {
    /// Its steps, at least one.
    #[schema(value_type = Vec<LadderStep>, min_items = 1, max_items = 12)]
    pub steps: List<LadderStep, LADDER_STEPS>,
}

/// All ladders, as the tenant has them.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_, ReadCases>) -> Result<Vec<LadderRecord>, Failure> {
    let mut changed = store::reminder_ladders::changed(tx)?;
    let shipped = &tx.ground().content;
    let of_kind = |kind: &LadderKind| {
        let built_in = shipped.ladder(*kind).to_vec();
        match changed.iter().position(|record| record.kind == *kind) {
            Some(known) => {
                let record = changed.swap_remove(known);
                if record.own { record } else { LadderRecord { steps: built_in, ..record } }
            }
            None => LadderRecord { kind: *kind, steps: built_in, own: false, version: 1, changed_by: None, updated_at: None },
        }
    };
    Ok(LadderKind::ALL.iter().map(of_kind).collect())
}

/// The ladder of a kind.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_, ReadCases>, kind: LadderKind) -> Result<LadderRecord, Failure> {
    let found = list(tx)?.into_iter().find(|record| record.kind == kind);
    Ok(found.ok_or(store::StoreError::NotFound)?)
}

/// Replaces the ladder of a kind; open deadlines are planned anew.
///
/// # Errors
/// When a step cannot be, or the caller has seen another version.
pub fn replace(tx: &mut Tx<'_, WriteRules>, kind: LadderKind, seen: i64, new: &NewReminderLadder) -> Result<LadderRecord, Failure> {
    let refuse = |place: String, rule: FieldRule| Err(RuleViolation::field(place, rule).into());
    if new.steps.is_empty() {
        return refuse("/steps".into(), FieldRule::Empty);
    }
    for (n, step) in new.steps.iter().enumerate() {
        if new.steps.iter().take(n).any(|earlier| earlier.name == step.name) {
            return refuse(format!("/steps/{n}/name"), FieldRule::Twice);
        }
        if step.to.is_empty() {
            return refuse(format!("/steps/{n}/to"), FieldRule::Empty);
        }
        if !step.before.is_in_range() {
            return refuse(format!("/steps/{n}/before/amount"), FieldRule::OutOfRange);
        }
    }
    let before = find(&mut tx.narrow(), kind)?;
    must_have_seen(Some(seen), before.version)?;
    Ok(store::reminder_ladders::save(tx, &before, Some(&new.steps))?)
}

/// Lets the built-in ladder of a kind hold again.
///
/// # Errors
/// When the caller has seen another version.
pub fn reset(tx: &mut Tx<'_, WriteRules>, kind: LadderKind, seen: i64) -> Result<LadderRecord, Failure> {
    let before = find(&mut tx.narrow(), kind)?;
    must_have_seen(Some(seen), before.version)?;
    if !before.own {
        return Ok(before);
    }
    store::reminder_ladders::save(tx, &before, None)?;
    find(&mut tx.narrow(), kind)
}
