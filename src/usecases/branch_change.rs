//! What a change of branch or playbook does to the tasks of a case: planned, so that it can be shown before, and carried out as it was planned.

use super::case_work::tasks_of;
use crate::{
    domain::{
        access::{Permission, WorkTasks},
        branch::{self, Moved, Occasion},
        case::Contents,
        ids::TaskId,
        playbook::Playbook,
        task::Task,
        vocabulary::TaskStatus,
    },
    store::{self, Failure, Stored, Tx, records::Case},
};
use std::sync::Arc;

/// What changes among the tasks of a case, each task as it is afterwards.
#[derive(Debug, Clone)]
pub struct TaskChanges {
    /// The playbook from now on.
    pub playbook: Arc<Playbook>,
    /// The tasks as they were.
    pub before: Vec<Task>,
    /// The tasks that come into being.
    pub added: Vec<Task>,
    /// Dropped before, called for again.
    pub restored: Vec<Task>,
    /// Not begun, no longer called for: waived until they are again.
    pub dropped: Vec<Task>,
    /// All others. None of them is lost, whatever has been done in it.
    pub kept: Vec<Task>,
    /// Of those that stay or come back, the ones whose stage, weight or order is another one.
    pub altered: Vec<Task>,
    /// Of those that stay or come back, the ones that are due at another moment.
    pub rescheduled: Vec<Task>,
}

impl TaskChanges {
    /// Nothing changes.
    pub(super) fn none(contents: &Contents) -> Self {
        Self {
            playbook: Arc::clone(&contents.playbook),
            before: contents.tasks.clone(),
            added: Vec::new(),
            restored: Vec::new(),
            dropped: Vec::new(),
            kept: contents.tasks.clone(),
            altered: Vec::new(),
            rescheduled: Vec::new(),
        }
    }
}

/// A change that is decided and not yet written.
pub(super) struct Planned {
    pub(super) changes: TaskChanges,
    /// The tasks that are written whole, because more of them changes than all others have in common.
    rewritten: Vec<Task>,
    moved: Vec<Moved>,
    note: String,
}

/// Plans what becomes of the tasks of a case, of which `contents` has afterwards all as they are then. `from` is the playbook until now, `note` is
/// noted on the tasks that are dropped.
///
/// # Errors
/// When the tenant's calendars cannot be read.
pub(super) fn plan(
    tx: &mut Tx<'_, impl Permission>,
    case: &Case,
    contents: &mut Contents,
    from: &Playbook,
    note: &str,
) -> Result<Planned, Failure> {
    let (ground, content) = (tx.ground(), tx.content()?);
    let occasion = Occasion { by: tx.scope().member(), at: tx.now(), note };
    let playbook = Arc::clone(&contents.playbook);
    let before = contents.tasks.clone();
    let change = branch::change(from, &playbook, contents, case.platform, &content, occasion);
    contents.tasks = change.tasks;
    let added = tasks_of(&ground, case.id, contents, change.added, occasion.at);
    let those = |ids: &[TaskId]| contents.tasks.iter().filter(|task| ids.contains(&task.id)).cloned().collect::<Vec<_>>();
    let gone_or_back = |task: &&Task| change.dropped.contains(&task.id) || change.restored.contains(&task.id);
    let changes = TaskChanges {
        restored: those(&change.restored),
        dropped: those(&change.dropped),
        kept: contents.tasks.iter().filter(|task| !gone_or_back(task)).cloned().collect(),
        altered: those(&change.altered),
        rescheduled: those(&change.moved.iter().map(|moved| moved.task).collect::<Vec<_>>()),
        added: added.clone(),
        playbook: Arc::clone(&playbook),
        before,
    };
    let rewritten = those(&[change.altered, change.rewritten].concat());
    contents.tasks.extend(added);
    Ok(Planned { changes, rewritten, moved: change.moved, note: note.to_owned() })
}

impl Planned {
    /// Writes what was planned in a locked case.
    pub(super) fn carry_out(self, tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>) -> Result<TaskChanges, Failure> {
        let Self { changes, rewritten, moved, note } = self;
        for after in &rewritten {
            if let Some(before) = changes.before.iter().find(|task| task.id == after.id) {
                let kind = match after.status {
                    status if status == before.status => "task.changed",
                    TaskStatus::Waived => "task.dropped",
                    _ => "task.restored",
                };
                store::tasks::save(tx, case, before, after, kind)?;
            }
        }
        let is_written = |id: TaskId| rewritten.iter().any(|task| task.id == id);
        let others = |tasks: &[Task]| tasks.iter().map(|task| task.id).filter(|id| !is_written(*id)).collect::<Vec<_>>();
        let moved: Vec<Moved> = moved.into_iter().filter(|moved| !is_written(moved.task)).collect();
        store::tasks::leave_branch(tx, case, &others(&changes.dropped), &note)?;
        store::tasks::rejoin_branch(tx, case, &others(&changes.restored))?;
        store::tasks::reschedule(tx, case, &moved)?;
        store::tasks::insert(tx, case, &changes.added)?;
        Ok(changes)
    }
}
