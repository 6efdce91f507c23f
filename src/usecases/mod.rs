//! What handlers and the demo share: load, decide, save, over one transaction.
//!
//! The inputs of use cases are typed and bounded, so that what is out of bounds never gets here.

pub mod agenda;
pub mod agenda_feeds;
pub mod allegations;
pub mod api_keys;
pub mod availabilities;
pub mod branch_change;
pub mod calendars;
mod case_work;
pub mod cases;
pub mod comments;
pub mod complaints;
pub mod deadline_clocks;
pub mod deadline_explanations;
pub mod deadline_register;
pub mod deadline_rules;
pub mod deadlines;
pub mod due_deadlines;
pub mod due_reminders;
pub mod grants;
pub mod hand_overs;
pub mod members;
pub mod messages;
pub mod notification_channels;
pub mod playbook_moves;
pub mod playbooks;
pub mod reminder_ladders;
pub mod reminders;
pub mod sessions;
pub mod shops;
pub mod tasks;
pub mod tenants;
pub mod triggers;

use crate::{
    domain::{field_rule::FieldRule, merge_patch::Patch, text::Line, violation::RuleViolation},
    limits::METADATA_PAIRS,
    store::{Failure, StoreError},
};
use std::collections::BTreeMap;

/// What a tenant's own systems keep with a record: at most [`METADATA_PAIRS`].
pub type Metadata = BTreeMap<Line<40>, Line<500>>;

/// Refuses when the caller has seen another version than the one before this transaction.
fn must_have_seen(seen: Option<i64>, version: i64) -> Result<(), Failure> {
    match seen {
        Some(seen) if seen != version => Err(StoreError::Stale { current: version }.into()),
        _ => Ok(()),
    }
}

/// Turns "not found" of something that a body names into a refusal of that field: absent and out of reach look the same.
fn named_in_body<T>(found: Result<T, StoreError>, pointer: &'static str) -> Result<T, Failure> {
    found.map_err(|error| match error {
        StoreError::NotFound => RuleViolation::field(pointer, FieldRule::NotFound).into(),
        other => other.into(),
    })
}

fn metadata(given: Metadata) -> Result<BTreeMap<String, String>, Failure> {
    if given.len() > METADATA_PAIRS {
        return Err(RuleViolation::field("/metadata", FieldRule::TooMany).into());
    }
    Ok(given.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
}

/// A field that may be replaced but not cleared.
fn replace<T, U>(patch: Patch<T>, kept: &mut U, pointer: &'static str, convert: impl FnOnce(T) -> U) -> Result<(), Failure> {
    match patch {
        Patch::Absent => Ok(()),
        Patch::Null => Err(RuleViolation::field(pointer, FieldRule::Required).into()),
        Patch::Value(value) => {
            *kept = convert(value);
            Ok(())
        }
    }
}
