//! Tasks: something a member does.

use super::{
    ids::{CaseId, MemberId, TaskId},
    language::Bilingual,
    text::Line,
    time::Instant,
    violation::RuleViolation,
    vocabulary::{Stage, TaskStatus},
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use utoipa::ToSchema;

/// A task of a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its case.
    pub case_id: CaseId,
    /// Its stage.
    pub stage: Stage,
    /// The playbook's task that it was made from, such as `SC-03`.
    pub key: Option<String>,
    /// 1, and one more with each repetition.
    pub occurrence: i32,
    /// Its title, when it is not the playbook's.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// What done means, when it is not the playbook's word.
    pub done_means: Option<String>,
    /// The documents that are wanted, when they are not the playbook's.
    pub wanted_documents: Option<Vec<String>>,
    /// Its state.
    pub status: TaskStatus,
    /// Whether its stage waits for it.
    pub required: bool,
    /// Whether the case waits for it.
    pub blocks_closing: bool,
    /// Who does it.
    pub assignee_id: Option<MemberId>,
    /// When it is due.
    pub due_at: Option<Instant>,
    /// Whether a person set `due_at`, so that no anchor moves it any more.
    pub due_by_hand: bool,
    /// Whether it is waived because its branch no longer calls for it; it comes back by itself when one does.
    pub dropped: bool,
    /// What the playbook said of it, kept when the case moves to a version that no longer has the task.
    pub kept_text: Option<TaskText>,
    /// Whether a person brought it back after it was dropped, or wrote on it: then it is not dropped again.
    pub kept_by_hand: bool,
    /// The tasks that come first.
    pub depends_on: Vec<TaskId>,
    /// Small steps.
    pub checklist: Vec<ChecklistItem>,
    /// Why it is blocked or waived, or what came of it.
    pub note: Option<String>,
    /// When it was done or waived.
    pub ended_at: Option<Instant>,
    /// Who did or waived it.
    pub ended_by: Option<MemberId>,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// What a playbook says of a task, and how much it weighs there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskText {
    /// Its stage.
    pub stage: Stage,
    /// Whether its stage waits for it.
    pub required: bool,
    /// Whether the case waits for it.
    pub blocks_closing: bool,
    /// Its title.
    pub title: Bilingual,
    /// The documents that are wanted.
    pub wanted_documents: Vec<Bilingual>,
    /// What done means.
    pub done_means: Bilingual,
}

impl TaskText {
    /// Whether both say the same, whatever they weigh.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.title, &self.wanted_documents, &self.done_means) == (&other.title, &other.wanted_documents, &other.done_means)
    }
}

/// One step of a checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecklistItem {
    /// What to do.
    pub text: Line<200>,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
}

/// A change of a task's state.
#[derive(Debug, Clone)]
pub struct TaskMove {
    /// The state that is wanted.
    pub to: TaskStatus,
    /// The reason or result.
    pub note: Option<String>,
    /// Who moves it.
    pub by: Option<MemberId>,
    /// When.
    pub at: Instant,
}

impl Task {
    /// Whether nothing more is to be done.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.status, TaskStatus::Done | TaskStatus::Waived)
    }

    /// Whether it was made from this task of a playbook, and is no repetition: what hangs on a task that repeats hangs on its first time.
    #[must_use]
    pub fn is_first_of(&self, key: &str) -> bool {
        self.occurrence == 1 && self.key.as_deref() == Some(key)
    }

    /// Whether its stage still waits for it.
    #[must_use]
    pub fn holds_stage(&self) -> bool {
        self.required && !self.is_ended()
    }

    /// Whether its case still waits for it.
    #[must_use]
    pub fn holds_case(&self) -> bool {
        self.required && self.blocks_closing && !self.is_ended()
    }

    /// The task after a move among the other tasks of its case.
    ///
    /// # Errors
    /// [`RuleViolation::TaskMove`] for a move that does not exist, [`RuleViolation::ReasonRequired`] when blocking or waiving without a note,
    /// [`RuleViolation::DependenciesOpen`] and [`RuleViolation::ChecklistOpen`] when it is too early to be done.
    pub fn moved(&self, wanted: TaskMove, others: &[Self]) -> Result<Self, RuleViolation> {
        use TaskStatus::{Blocked, Done, InProgress, Todo, Waived};
        match (self.status, wanted.to) {
            (from, to) if from == to => return Err(RuleViolation::TaskMove { from, to }),
            (Done | Waived, Blocked | Done | Waived) => return Err(RuleViolation::TaskMove { from: self.status, to: wanted.to }),
            (_, Blocked | Waived) if wanted.note.is_none() => return Err(RuleViolation::ReasonRequired("/note")),
            (_, Done) => self.may_be_done(others)?,
            (_, Todo | InProgress | Blocked | Waived) => {}
        }
        let ends = matches!(wanted.to, Done | Waived);
        Ok(Self {
            status: wanted.to,
            dropped: false,
            kept_by_hand: self.kept_by_hand || self.dropped,
            note: wanted.note,
            ended_at: ends.then_some(wanted.at),
            ended_by: if ends { wanted.by } else { None },
            ..self.clone()
        })
    }

    /// Whether nobody has begun it, or decided that it stays.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        !self.kept_by_hand && self.status == TaskStatus::Todo && self.note.is_none() && self.checklist.iter().all(|item| !item.done)
    }

    /// Waives it because no branch calls for it.
    pub fn leave_branch(&mut self, note: &str, by: MemberId, at: Instant) {
        (self.status, self.dropped) = (TaskStatus::Waived, true);
        (self.note, self.ended_at, self.ended_by) = (Some(note.to_owned()), Some(at), Some(by));
    }

    /// Brings it back as it was before its branch was left.
    pub fn rejoin_branch(&mut self) {
        (self.status, self.dropped, self.ended_at, self.ended_by) = (TaskStatus::Todo, false, None, None);
        if !self.kept_by_hand {
            self.note = None;
        }
    }

    fn may_be_done(&self, others: &[Self]) -> Result<(), RuleViolation> {
        let open: Vec<TaskId> = others.iter().filter(|t| self.depends_on.contains(&t.id) && !t.is_ended()).map(|t| t.id).collect();
        if !open.is_empty() {
            return Err(RuleViolation::DependenciesOpen(open));
        }
        match self.checklist.iter().filter(|item| !item.done).count() {
            0 => Ok(()),
            open => Err(RuleViolation::ChecklistOpen(open)),
        }
    }
}

/// Refuses a circle of tasks that wait for each other, when `task` waits for `depends_on` from now on.
///
/// # Errors
/// [`RuleViolation::DependencyCircle`] with the tasks of the circle.
pub fn no_circle(task: TaskId, depends_on: &[TaskId], others: &[Task]) -> Result<(), RuleViolation> {
    let waits_for: HashMap<TaskId, &[TaskId]> = others.iter().map(|t| (t.id, t.depends_on.as_slice())).collect();
    let mut seen = HashSet::new();
    let mut paths: Vec<Vec<TaskId>> = depends_on.iter().map(|first| vec![*first]).collect();
    while let Some(path) = paths.pop() {
        let Some(last) = path.last().copied() else { continue };
        if last == task {
            return Err(RuleViolation::DependencyCircle(path));
        }
        if seen.insert(last) {
            for next in waits_for.get(&last).copied().unwrap_or_default() {
                paths.push(path.iter().copied().chain([*next]).collect());
            }
        }
    }
    Ok(())
}
