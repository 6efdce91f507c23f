//! Dated facts that start clocks.

use super::{
    ids::{CaseId, TriggerId},
    time::{Day, Instant},
};
use serde::Serialize;

/// The fact that the case was opened.
pub const CASE_OPENED: &str = "case_opened";
/// The fact that a self-check confirmed a violation.
pub const VIOLATION_CONFIRMED: &str = "violation_confirmed";
/// The fact that every allegation has an outcome.
pub const OUTCOME_RECORDED: &str = "outcome_recorded";

/// A dated fact of a case: a notice served, a decision received, an outcome recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trigger {
    /// Its id.
    pub id: TriggerId,
    /// Its case.
    pub case_id: CaseId,
    /// What happened, as a word of the rules and the playbook.
    pub event: String,
    /// The civil day on which it happened, in the calendar's zone.
    pub occurred_on: Day,
    /// The moment at which it happened, where it is known.
    pub occurred_at: Option<Instant>,
    /// How it was served or came to be known.
    pub served_by: Option<String>,
    /// When it was entered.
    pub created_at: Instant,
}
