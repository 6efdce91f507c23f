//! What a rule says when it says no, with the facts.

use super::{
    blocker::Blocker,
    field_rule::FieldRule,
    ids::{DeadlineId, TaskId},
    vocabulary::{CaseStatus, DeadlineStatus, PlaybookFaultCode, Stage, StageStatus, TaskStatus},
};
use serde::Serialize;

/// Why a draft of a playbook cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaybookFault {
    /// The key of the task that is wrong; absent when it is the whole.
    pub task: Option<String>,
    /// What is wrong.
    pub code: PlaybookFaultCode,
}

/// A refusal by a rule of the product. The api gives each its problem.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RuleViolation {
    /// The case is closed.
    #[error("the case is closed")]
    CaseClosed,
    /// The case already is in the state that is asked for.
    #[error("the case is already {0}")]
    CaseAlready(CaseStatus),
    /// A gate is shut.
    #[error("{} blockers", .0.len())]
    Blocked(Vec<Blocker>),
    /// The stage does not move that way.
    #[error("stage {stage} does not move from {from} to {to}")]
    StageMove {
        /// Which stage.
        stage: Stage,
        /// Its state.
        from: StageStatus,
        /// What was asked for.
        to: StageStatus,
    },
    /// The task does not move that way.
    #[error("a task does not move from {from} to {to}")]
    TaskMove {
        /// Its state.
        from: TaskStatus,
        /// What was asked for.
        to: TaskStatus,
    },
    /// The task waits for others.
    #[error("{} tasks come first", .0.len())]
    DependenciesOpen(Vec<TaskId>),
    /// The task's checklist has open points.
    #[error("{0} points of the checklist are open")]
    ChecklistOpen(usize),
    /// Tasks would wait for each other in a circle.
    #[error("tasks would wait for each other")]
    DependencyCircle(Vec<TaskId>),
    /// The deadline does not move that way.
    #[error("a deadline does not move from {from} to {to}")]
    DeadlineMove {
        /// Its state.
        from: DeadlineStatus,
        /// What was asked for.
        to: DeadlineStatus,
    },
    /// Deadlines were met or edited by hand: whoever moves their trigger says what becomes of them.
    #[error("{} deadlines to confirm", .0.len())]
    ConfirmationRequired(Vec<DeadlineId>),
    /// The tenant has no version of the rule that it could withdraw.
    #[error("no version of the tenant's own")]
    NoOwnVersion,
    /// A reason must be given, in this field.
    #[error("a reason is required in {0}")]
    ReasonRequired(&'static str),
    /// Only an owner makes, changes or suspends owners.
    #[error("only an owner may do that")]
    OwnerOnly,
    /// A tenant needs an active owner.
    #[error("the tenant would have no owner")]
    LastOwner,
    /// The person is a member already.
    #[error("already a member")]
    AlreadyMember,
    /// The fact has been recorded already and happens only once.
    #[error("{0} is already recorded")]
    AlreadyRecorded(String),
    /// A published playbook does not change.
    #[error("the playbook is published")]
    PlaybookPublished,
    /// No case is opened under a draft, and none moves to it.
    #[error("the playbook is a draft")]
    PlaybookDraft,
    /// A draft cannot be published as it is.
    #[error("{} faults", .0.len())]
    PlaybookFaulty(Vec<PlaybookFault>),
    /// It is somebody else's.
    #[error("it is somebody else's")]
    NotYours,
    /// A second person checks, not whoever made the entry.
    #[error("whoever made the entry does not check it")]
    SamePerson,
    /// Nobody has to check that entry.
    #[error("the entry needs no check")]
    NoCheckNeeded,
    /// An entry is checked once.
    #[error("the entry is checked already")]
    AlreadyChecked,
    /// A comment is retracted once.
    #[error("the comment is retracted already")]
    CommentRetracted,
    /// A reminder that was acknowledged is not put off.
    #[error("the reminder is acknowledged already")]
    ReminderAcknowledged,
    /// The old password is not the right one.
    #[error("the old password is wrong")]
    WrongPassword,
    /// A field of the body breaks a rule.
    #[error("{pointer}: {code}")]
    Field {
        /// Where, as an RFC 6901 pointer such as `/tasks/0/due_at`.
        pointer: String,
        /// Which rule.
        code: FieldRule,
    },
}

impl RuleViolation {
    /// The refusal of one field.
    #[must_use]
    pub fn field(pointer: impl Into<String>, code: FieldRule) -> Self {
        Self::Field { pointer: pointer.into(), code }
    }
}
