//! Comments on cases and tasks. They are never edited: to correct one, retract it with a reason and write another.

use super::{
    access::Role,
    ids::{CaseId, CommentId, MemberId, TaskId},
    time::Instant,
    violation::RuleViolation,
    vocabulary::Visibility,
};
use serde::Serialize;

/// A comment on a case, or on one of its tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Its case.
    pub case_id: CaseId,
    /// The task that it is about.
    pub task_id: Option<TaskId>,
    /// Who may see it.
    pub visibility: Visibility,
    /// What it says.
    pub body: String,
    /// Who wrote it.
    pub author_id: MemberId,
    /// When it was retracted.
    pub retracted_at: Option<Instant>,
    /// By whom.
    pub retracted_by: Option<MemberId>,
    /// Why.
    pub retraction_reason: Option<String>,
    /// Rises with every change.
    pub version: i64,
    /// When it was written.
    pub created_at: Instant,
}

impl Visibility {
    /// What a role may see. Privileged is between counsel and the staff who instruct them: neither the client's staff nor an auditor.
    #[must_use]
    pub const fn seen_by(role: Role) -> &'static [Self] {
        match role {
            Role::Client => &[Self::Client],
            Role::Auditor => &[Self::Client, Self::Internal],
            Role::Owner | Role::Manager | Role::Handler | Role::Counsel => Self::ALL,
        }
    }
}

impl Comment {
    /// What it says, as far as a role may read it: a retracted comment keeps its words for the tenant's staff alone.
    #[must_use]
    pub fn body_for(&self, role: Role) -> Option<&str> {
        let readable = self.retracted_at.is_none() || !role.needs_grant();
        readable.then_some(self.body.as_str())
    }

    /// The comment retracted by its author, by an owner or by a manager.
    ///
    /// # Errors
    /// [`RuleViolation::NotYours`], [`RuleViolation::CommentRetracted`].
    pub fn retracted(&self, by: MemberId, role: Role, reason: String, now: Instant) -> Result<Self, RuleViolation> {
        if self.author_id != by && !matches!(role, Role::Owner | Role::Manager) {
            return Err(RuleViolation::NotYours);
        }
        if self.retracted_at.is_some() {
            return Err(RuleViolation::CommentRetracted);
        }
        Ok(Self { retracted_at: Some(now), retracted_by: Some(by), retraction_reason: Some(reason), ..self.clone() })
    }
}
