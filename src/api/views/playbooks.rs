//! Playbooks on the wire, and what moving a case or changing its branch does to its tasks.

use super::deadlines::{DeadlineView, Showing};
use crate::{
    domain::{
        ids::{CaseId, MemberId, PlaybookId, TaskId},
        language::{Bilingual, Language},
        playbook::{Playbook, PlaybookRecord, Template},
        task::Task,
        time::Instant,
        vocabulary::{PlaybookStatus, Stage, TaskStatus},
    },
    store::records::ListedPlaybook,
    usecases::{branch_change::TaskChanges, complaints::BranchPreview, playbook_moves::MovedCase},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A version of a playbook.
#[derive(Serialize, ToSchema)]
#[schema(as = Playbook)]
pub(in crate::api) struct PlaybookView {
    id: PlaybookId,
    /// The playbook of which it is a version.
    #[schema(example = "house")]
    key: String,
    /// Which version of it: 1, 2, 3.
    #[schema(example = 2)]
    number: i32,
    status: PlaybookStatus,
    title: Bilingual,
    /// What is new in it.
    #[schema(required)]
    note: Option<String>,
    /// Whether it ships with the product.
    built_in: bool,
    /// The version that it was copied from.
    #[schema(required)]
    based_on_id: Option<PlaybookId>,
    /// Whether it is the default for new cases.
    is_default: bool,
    /// How many tasks it has.
    #[schema(example = 91)]
    task_count: i32,
    /// Its tasks; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tasks: Option<Vec<Template>>,
    /// Rises with every change; also the `ETag`. Not which version of the playbook it is: that is `number`.
    version: i64,
    #[schema(required)]
    created_by: Option<MemberId>,
    created_at: Instant,
    updated_at: Instant,
    #[schema(required)]
    published_at: Option<Instant>,
}

impl PlaybookView {
    /// With its tasks.
    pub(in crate::api) fn whole(mut record: PlaybookRecord) -> Self {
        let tasks = std::mem::take(&mut record.playbook.tasks);
        let task_count = i32::try_from(tasks.len()).unwrap_or(i32::MAX);
        Self { tasks: Some(tasks), ..Self::listed(ListedPlaybook { record, task_count }) }
    }

    /// As a list shows it.
    pub(in crate::api) fn listed(ListedPlaybook { record, task_count }: ListedPlaybook) -> Self {
        Self {
            id: record.playbook.id,
            key: record.playbook.key,
            number: record.playbook.number,
            status: record.status,
            title: record.playbook.title,
            note: record.note,
            built_in: record.built_in,
            based_on_id: record.based_on_id,
            is_default: record.is_default,
            task_count,
            tasks: None,
            version: record.version,
            created_by: record.created_by,
            created_at: record.created_at,
            updated_at: record.updated_at,
            published_at: record.published_at,
        }
    }
}

/// A task in a plan.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedTask)]
pub(in crate::api) struct PlannedTaskView {
    /// The task; null when it does not exist yet.
    #[schema(required)]
    task_id: Option<TaskId>,
    /// The playbook's task that it is made from.
    #[schema(required, example = "RA-06")]
    key: Option<String>,
    /// In the caller's language when it is the playbook's.
    title: String,
    stage: Stage,
    status: TaskStatus,
    required: bool,
    blocks_closing: bool,
    /// When it is due then.
    #[schema(required)]
    due_at: Option<Instant>,
    /// When it was due before; null too when it did not exist.
    #[schema(required)]
    was_due_at: Option<Instant>,
}

/// What a change of branch or playbook does to the tasks of a case, each as it is afterwards. What was begun is not dropped, what was done stays as it
/// was.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskChanges)]
pub(in crate::api) struct TaskChangesView {
    /// The tasks that come into being.
    added: Vec<PlannedTaskView>,
    /// Not begun, and no longer called for: waived until they are again.
    dropped: Vec<PlannedTaskView>,
    /// Dropped before, and called for again.
    restored: Vec<PlannedTaskView>,
    /// All others: they stay, with all that was done in them.
    kept: Vec<PlannedTaskView>,
    /// Of those that stay or come back, the ones whose stage, weight or order is another one.
    altered: Vec<PlannedTaskView>,
    /// Of those that stay or come back, the ones that are due at another moment.
    rescheduled: Vec<PlannedTaskView>,
}

impl TaskChangesView {
    fn new(changes: TaskChanges, language: Language, happened: bool) -> Self {
        let planned = |exists: bool| {
            let (playbook, before) = (&changes.playbook, &changes.before);
            move |task: &Task| PlannedTaskView {
                task_id: exists.then_some(task.id),
                key: task.key.clone(),
                title: title(playbook, task, language),
                stage: task.stage,
                status: task.status,
                required: task.required,
                blocks_closing: task.blocks_closing,
                due_at: task.due_at,
                was_due_at: before.iter().find(|before| before.id == task.id).and_then(|before| before.due_at),
            }
        };
        let all = |tasks: &[Task]| tasks.iter().map(planned(true)).collect();
        Self {
            added: changes.added.iter().map(planned(happened)).collect(),
            dropped: all(&changes.dropped),
            restored: all(&changes.restored),
            kept: all(&changes.kept),
            altered: all(&changes.altered),
            rescheduled: all(&changes.rescheduled),
        }
    }
}

fn title(playbook: &Playbook, task: &Task, language: Language) -> String {
    playbook.title_of(task).in_language(language).to_owned()
}

/// What a complaint, or a change of one, would do to its case.
#[derive(Serialize, ToSchema)]
#[schema(as = BranchPreview)]
pub(in crate::api) struct BranchPreviewView {
    /// The version of the case that was looked at. A new complaint takes it as `If-Match`, a change of one as `case_version`: then what was shown
    /// is what is done, or 412 says that something came between.
    case_version: i64,
    /// The deadlines that would start.
    deadlines: Vec<DeadlineView>,
    /// What would become of the tasks.
    tasks: TaskChangesView,
}

impl BranchPreviewView {
    pub(in crate::api) fn new(preview: BranchPreview, showing: &Showing) -> Self {
        Self {
            case_version: preview.case_version,
            deadlines: preview.deadlines.into_iter().map(|deadline| DeadlineView::new(deadline, showing)).collect(),
            tasks: TaskChangesView::new(preview.tasks, showing.language, false),
        }
    }
}

/// What moving a case to another version of a playbook does, or did.
#[derive(Serialize, ToSchema)]
#[schema(as = PlaybookChange)]
pub(in crate::api) struct PlaybookChangeView {
    case_id: CaseId,
    /// The version of the case that was looked at, to move it with as `If-Match`; or that it has now.
    case_version: i64,
    from_playbook_id: PlaybookId,
    to_playbook_id: PlaybookId,
    /// What becomes of the tasks.
    tasks: TaskChangesView,
}

impl PlaybookChangeView {
    pub(in crate::api) fn new(moved: MovedCase, language: Language, happened: bool) -> Self {
        Self {
            case_id: moved.case.id,
            case_version: moved.case.version,
            from_playbook_id: moved.from,
            to_playbook_id: moved.tasks.playbook.id,
            tasks: TaskChangesView::new(moved.tasks, language, happened),
        }
    }
}

/// One of many cases that have moved, or would.
#[derive(Serialize, ToSchema)]
#[schema(as = MovedCase)]
pub(in crate::api) struct MovedCaseView {
    case_id: CaseId,
    /// The case's number for people.
    #[schema(example = "2026-000123")]
    number: String,
    /// The version of the case that was looked at, or that it has now.
    case_version: i64,
    from_playbook_id: PlaybookId,
    to_playbook_id: PlaybookId,
    /// The keys of the tasks that come into being.
    #[schema(example = json!(["RA-06"]))]
    added: Vec<String>,
    /// The keys of the tasks that are dropped.
    dropped: Vec<String>,
    /// The keys of the tasks that come back.
    restored: Vec<String>,
    /// The keys of the tasks whose stage, weight or order is another one.
    altered: Vec<String>,
    /// The keys of the tasks that are due at another moment.
    rescheduled: Vec<String>,
    /// How many tasks stay, with all that was done in them.
    kept_count: usize,
}

impl From<MovedCase> for MovedCaseView {
    fn from(moved: MovedCase) -> Self {
        let keys = |tasks: &[Task]| tasks.iter().filter_map(|task| task.key.clone()).collect();
        Self {
            case_id: moved.case.id,
            number: moved.case.number,
            case_version: moved.case.version,
            from_playbook_id: moved.from,
            to_playbook_id: moved.tasks.playbook.id,
            added: keys(&moved.tasks.added),
            dropped: keys(&moved.tasks.dropped),
            restored: keys(&moved.tasks.restored),
            altered: keys(&moved.tasks.altered),
            rescheduled: keys(&moved.tasks.rescheduled),
            kept_count: moved.tasks.kept.len(),
        }
    }
}
