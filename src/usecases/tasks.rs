//! Making and doing tasks.

use super::{case_work, must_have_seen, replace};
use crate::{
    domain::{
        access::{Capability, ReadCases, WorkTasks, WriteCases},
        case::{Case, Contents},
        field_rule::FieldRule,
        ids::{CaseId, MemberId, TaskId},
        list::{Distinct, List},
        merge_patch::{Patch, replacement},
        playbook::Playbook,
        task::{ChecklistItem, Task, TaskMove, no_circle},
        text::{Line, Prose},
        time::Instant,
        violation::RuleViolation,
        vocabulary::{Stage, TaskStatus},
    },
    limits::SHORT_LIST,
    store::{
        self, Failure, StoreError, Stored, Tx,
        records::{CaseKey, TaskInCase},
    },
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A task to add to a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// The stage that it belongs to.
    pub stage: Stage,
    /// Its title.
    pub title: Line<200>,
    /// What it is about.
    #[serde(default)]
    #[schema(nullable = false)]
    pub description: Option<Prose<5000>>,
    /// What done means.
    #[serde(default)]
    #[schema(nullable = false)]
    pub done_means: Option<Prose<1000>>,
    /// The documents that are wanted.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<Line<200>>, max_items = 50)]
    pub wanted_documents: List<Line<200>, SHORT_LIST>,
    /// Who does it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub assignee_id: Option<MemberId>,
    /// When it is due.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_at: Option<Instant>,
    /// Whether its stage waits for it.
    #[serde(default)]
    pub required: bool,
    /// Whether the case waits for it.
    #[serde(default)]
    pub blocks_closing: bool,
    /// The tasks of the same case that come first.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<TaskId>, max_items = 50)]
    pub depends_on: Distinct<TaskId, SHORT_LIST>,
    /// Small steps.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<ChecklistItem>, max_items = 50)]
    pub checklist: List<ChecklistItem, SHORT_LIST>,
}

/// What changes on a task. A client may change `status`, `note` and `checklist`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskPatch {
    /// Where to move it.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub status: Option<TaskStatus>,
    /// Why it is blocked or waived (required then), or what came of it.
    #[serde(default)]
    #[schema(value_type = Option<Prose<2000>>)]
    pub note: Patch<Prose<2000>>,
    /// All its small steps.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false, value_type = Option<Vec<ChecklistItem>>, max_items = 50)]
    pub checklist: Option<List<ChecklistItem, SHORT_LIST>>,
    /// Its title; `null` goes back to the playbook's.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub title: Patch<Line<200>>,
    /// What it is about.
    #[serde(default)]
    #[schema(value_type = Option<Prose<5000>>)]
    pub description: Patch<Prose<5000>>,
    /// Who does it.
    #[serde(default)]
    #[schema(value_type = Option<MemberId>)]
    pub assignee_id: Patch<MemberId>,
    /// When it is due; `null` goes back to the playbook's.
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    pub due_at: Patch<Instant>,
    /// Whether its stage waits for it.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub required: Option<bool>,
    /// All tasks of the same case that come first.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false, value_type = Option<Vec<TaskId>>, max_items = 50)]
    pub depends_on: Option<Distinct<TaskId, SHORT_LIST>>,
}

impl TaskPatch {
    /// Whether it changes only what somebody may change who does the task but does not run the case.
    fn only_does_it(&self) -> bool {
        matches!(self.title, Patch::Absent)
            && matches!(self.description, Patch::Absent)
            && matches!(self.assignee_id, Patch::Absent)
            && matches!(self.due_at, Patch::Absent)
            && self.required.is_none()
            && self.depends_on.is_none()
            && self.status != Some(TaskStatus::Waived)
    }
}

fn under(playbook: &Arc<Playbook>, task: Task) -> TaskInCase {
    TaskInCase { task, playbook: Arc::clone(playbook) }
}

fn must_be_of_case(depends_on: &[TaskId], contents: &Contents) -> Result<(), Failure> {
    let known = depends_on.iter().all(|id| contents.tasks.iter().any(|task| task.id == *id));
    if known { Ok(()) } else { Err(RuleViolation::field("/depends_on", FieldRule::NotFound).into()) }
}

fn must_be_member(tx: &mut Tx<'_, ReadCases>, id: MemberId) -> Result<(), Failure> {
    if store::members::all_active(tx, &[id])? { Ok(()) } else { Err(RuleViolation::field("/assignee_id", FieldRule::NotFound).into()) }
}

/// Adds a task to a case.
///
/// # Errors
/// When the case is closed, or the body names a member or task that is not there.
pub fn add(tx: &mut Tx<'_, WriteCases>, case_id: CaseId, seen: Option<i64>, new: NewTask) -> Result<TaskInCase, Failure> {
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_allow_work(new.stage)?;
    if let Some(assignee) = new.assignee_id {
        must_be_member(&mut tx.narrow(), assignee)?;
    }
    if !new.depends_on.is_empty() {
        must_be_of_case(&new.depends_on, &store::cases::contents(tx, &case)?)?;
    }
    let playbook = store::playbooks::pinned(tx, case.playbook_id)?;
    let task = Task {
        id: tx.new_id(),
        case_id,
        stage: new.stage,
        key: None,
        occurrence: 1,
        title: Some(new.title.into()),
        description: new.description.map(Into::into),
        done_means: new.done_means.map(Into::into),
        wanted_documents: Some(new.wanted_documents.into_vec()),
        status: TaskStatus::Todo,
        required: new.required,
        blocks_closing: new.blocks_closing,
        assignee_id: new.assignee_id,
        due_at: new.due_at,
        due_by_hand: true,
        dropped: false,
        kept_text: None,
        kept_by_hand: false,
        depends_on: new.depends_on.into_vec(),
        checklist: new.checklist.into_vec(),
        note: None,
        ended_at: None,
        ended_by: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::tasks::insert(tx, &case, std::slice::from_ref(&task))?;
    Ok(under(&playbook, task))
}

/// Changes a task. Work on it begins its stage; when it is done, what hangs on it follows.
///
/// # Errors
/// When the case is closed, a rule of the task says no, or the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WorkTasks>, id: TaskId, seen: i64, patch: TaskPatch) -> Result<TaskInCase, Failure> {
    if !patch.only_does_it() {
        tx.require(Capability::WriteCases)?;
    }
    let case = case_work::lock(tx, CaseKey::Task(id), None)?;
    let mut contents = store::cases::contents(tx, &case)?;
    let before = contents.tasks.iter().find(|task| task.id == id).cloned().ok_or(StoreError::NotFound)?;
    must_have_seen(Some(seen), before.version)?;
    case.must_allow_work(before.stage)?;
    let (status, gives_reason) = (patch.status, matches!(patch.note, Patch::Value(_)));
    let mut after = edited(tx, &before, &contents, patch)?;
    if let Some(to) = status.filter(|to| *to != before.status) {
        // An old note is no reason for a new blocking or waiving.
        let needs_reason = matches!(to, TaskStatus::Blocked | TaskStatus::Waived);
        let note = after.note.clone().filter(|_| gives_reason || !needs_reason);
        after = after.moved(TaskMove { to, note, by: Some(tx.scope().member()), at: tx.now() }, &contents.tasks)?;
    }
    after.kept_by_hand |= before.dropped && after != before;
    if after == before {
        return Ok(under(&contents.playbook, before));
    }
    let saved = store::tasks::save(tx, &case, &before, &after, kind_of(&before, &after))?;
    for task in &mut contents.tasks {
        if task.id == id {
            *task = saved.clone();
        }
    }
    after_change(tx, &case, &mut contents, &before, &saved)?;
    // What follows an anchor may have moved it once more.
    let last = contents.tasks.iter().find(|task| task.id == id).cloned().unwrap_or(saved);
    Ok(under(&contents.playbook, last))
}

/// The task with its fields changed, its state aside.
fn edited(tx: &mut Tx<'_, WorkTasks>, before: &Task, contents: &Contents, patch: TaskPatch) -> Result<Task, Failure> {
    let mut after = before.clone();
    if before.key.is_none() {
        let mut title = before.title.clone().unwrap_or_default();
        replace(patch.title, &mut title, "/title", Into::into)?;
        after.title = Some(title);
    } else {
        patch.title.apply_with(&mut after.title, Into::into);
    }
    patch.note.apply_with(&mut after.note, Into::into);
    patch.description.apply_with(&mut after.description, Into::into);
    if let Some(checklist) = patch.checklist {
        after.checklist = checklist.into_vec();
    }
    if let Patch::Value(assignee) = &patch.assignee_id {
        must_be_member(&mut tx.narrow(), *assignee)?;
    }
    patch.assignee_id.apply(&mut after.assignee_id);
    match patch.due_at {
        Patch::Absent => {}
        // A task of one's own has no other date to go back to.
        Patch::Null if before.key.is_none() => after.due_at = None,
        Patch::Null => after.due_by_hand = false,
        Patch::Value(at) => (after.due_at, after.due_by_hand) = (Some(at), true),
    }
    after.required = patch.required.unwrap_or(before.required);
    if let Some(depends_on) = patch.depends_on {
        must_be_of_case(&depends_on, contents)?;
        no_circle(before.id, &depends_on, &contents.tasks)?;
        after.depends_on = depends_on.into_vec();
    }
    Ok(after)
}

fn kind_of(before: &Task, after: &Task) -> &'static str {
    match after.status {
        status if status == before.status => "task.changed",
        TaskStatus::Done => "task.done",
        TaskStatus::Waived => "task.waived",
        TaskStatus::Blocked => "task.blocked",
        TaskStatus::InProgress => "task.started",
        TaskStatus::Todo => "task.reopened",
    }
}

fn after_change(
    tx: &mut Tx<'_, WorkTasks>,
    case: &Stored<Case>,
    contents: &mut Contents,
    before: &Task,
    saved: &Task,
) -> Result<(), Failure> {
    case_work::follow(tx, case, contents)?;
    if saved.status == TaskStatus::Done && before.status != TaskStatus::Done {
        case_work::repeat(tx, case, contents, saved)?;
    }
    let worked_on = matches!(saved.status, TaskStatus::InProgress | TaskStatus::Done);
    let begun = case.stage(saved.stage).filter(|_| worked_on).map(|stage| stage.begun(tx.now()));
    let after = begun.map_or_else(|| Case::clone(case), |record| case.with_stage(record));
    case_work::settle(tx, case, after, contents)?;
    Ok(())
}
