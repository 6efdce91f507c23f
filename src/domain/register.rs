//! The register of deadlines: what was entered, changed, met and missed on each day, by whom, and what a second person has checked.
//!
//! It rests on a duty of law firms elsewhere: whatever is entered into an electronic calendar of deadlines is checked against a printout or a log of
//! the entries, so that a slip in entering it is found (German Federal Court, 28 February 2019, III ZB 96/18).

use super::{
    ids::{CaseId, DeadlineId, MemberId, RegisterEntryId},
    journal::ActorKind,
    language::Bilingual,
    time::{Day, Instant},
    violation::RuleViolation,
    vocabulary::{OwedBy, RegisterChange},
};
use uuid::Uuid;

/// An entry. It says what was so when it was made, and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterEntry {
    /// Its id, which rises with time.
    pub id: RegisterEntryId,
    /// The day on which it was made, in the zone of the built-in calendar.
    pub day: Day,
    /// When it was made.
    pub at: Instant,
    /// What happened.
    pub change: RegisterChange,
    /// The deadline's case.
    pub case_id: CaseId,
    /// That case's number.
    pub case_number: String,
    /// The deadline.
    pub deadline_id: DeadlineId,
    /// The rule under which it was counted or entered.
    pub rule_id: Option<String>,
    /// What it was called then.
    pub title: Bilingual,
    /// Who owes the act.
    pub owed_by: OwedBy,
    /// Whether its rule rests on a statute.
    pub statutory: bool,
    /// The last day since then.
    pub due_on: Day,
    /// The moment at which it ends since then.
    pub due_at: Instant,
    /// The moment at which it ended until then, when that was another.
    pub previous_due_at: Option<Instant>,
    /// The kind of whoever did it.
    pub actor_kind: ActorKind,
    /// Who did it: a member or a key.
    pub actor_id: Option<Uuid>,
    /// The member who did it, or whose key did; none when the product did it by itself.
    pub member_id: Option<MemberId>,
    /// What that member was called then.
    pub member_name: Option<String>,
    /// What was said with it.
    pub note: Option<String>,
    /// The entry that it checks, when it is a check.
    pub checks_id: Option<RegisterEntryId>,
    /// Whether that entry was found correct.
    pub correct: Option<bool>,
    /// The check of this entry, if there is one.
    pub check: Option<RegisterCheck>,
}

/// What a second person found on an entry: the part of a further entry that concerns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterCheck {
    /// The id of the further entry.
    pub id: RegisterEntryId,
    /// Who has checked.
    pub by: MemberId,
    /// What they were called then.
    pub by_name: String,
    /// When.
    pub at: Instant,
    /// Whether the entry is correct.
    pub correct: bool,
    /// What they said; always there when it is not correct.
    pub note: Option<String>,
}

impl RegisterChange {
    /// Whether a second person checks entries of this kind when the deadline is a statutory one: those that set an end.
    #[must_use]
    pub const fn sets_an_end(self) -> bool {
        matches!(self, Self::Entered | Self::Changed | Self::Extended | Self::Resumed)
    }
}

impl RegisterEntry {
    /// Whether a second person has to check it, or has had to.
    #[must_use]
    pub fn needs_check(&self) -> bool {
        self.statutory && self.change.sets_an_end()
    }

    /// Refuses unless this member may check it now.
    ///
    /// # Errors
    /// [`RuleViolation::NoCheckNeeded`], [`RuleViolation::AlreadyChecked`], and [`RuleViolation::SamePerson`] for whoever made it, in person or by
    /// a key.
    pub fn may_be_checked_by(&self, member: MemberId) -> Result<(), RuleViolation> {
        if !self.needs_check() {
            return Err(RuleViolation::NoCheckNeeded);
        }
        if self.check.is_some() {
            return Err(RuleViolation::AlreadyChecked);
        }
        if self.member_id == Some(member) {
            return Err(RuleViolation::SamePerson);
        }
        Ok(())
    }
}
