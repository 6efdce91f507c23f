//! Dated facts that start clocks.

use super::{
    ids::{CaseId, MemberId, TriggerId},
    time::{Day, Instant},
    vocabulary::ServiceMethod,
};
use serde::Serialize;

/// The fact that the case was opened.
pub const CASE_OPENED: &str = "case_opened";
/// The fact that a self-check confirmed a violation.
pub const VIOLATION_CONFIRMED: &str = "violation_confirmed";
/// The fact that every allegation has an outcome.
pub const OUTCOME_RECORDED: &str = "outcome_recorded";

/// How a dated fact can be proved.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Proof {
    /// Who served it, or through whom it came to be known.
    pub served_by: Option<String>,
    /// How it was served.
    pub service_method: Option<ServiceMethod>,
    /// The document that proves it: its number, or where it lies.
    pub document_reference: Option<String>,
    /// What else is to be known of it.
    pub note: Option<String>,
}

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
    /// The proof of it.
    #[serde(flatten)]
    pub proof: Proof,
    /// Who entered it.
    pub recorded_by: Option<MemberId>,
    /// Rises with every change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
