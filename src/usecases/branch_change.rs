//! What a change of branch or playbook does to the tasks of a case: planned, so that it can be shown before, and carried out as it was planned.

use super::case_work::tasks_of;
use crate::{
    domain::{
        access::WorkTasks,
        branch::{self, Moved},
        case::Contents,
        ids::{CaseId, TaskId},
        playbook::Playbook,
        task::Task,
        time::Instant,
        vocabulary::Platform,
    },
    store::{self, Failure, Ground, Stored, Tx, records::Case},
};
use std::sync::Arc;

/// What changes among the tasks of a case, each task as it is afterwards.
#[derive(Debug, Clone)]
pub struct TaskChanges {
    /// The playbook from now on.
    pub playbook: Arc<Playbook>,
    /// The tasks that come into being.
    pub added: Vec<Task>,
    /// Dropped before, called for again.
    pub restored: Vec<Task>,
    /// Not begun, no longer called for: waived until they are again.
    pub dropped: Vec<Task>,
    /// All others. None of them is lost, whatever has been done in it.
    pub kept: Vec<Task>,
    /// Of those that stay, the ones in another stage or of another weight.
    pub altered: Vec<Task>,
    /// Of those that stay, the ones that are due at another moment.
    pub rescheduled: Vec<Task>,
}

/// A change that is decided and not yet written.
pub(super) struct Planned {
    pub(super) changes: TaskChanges,
    before: Vec<Task>,
    moved: Vec<Moved>,
}

/// Plans what becomes of the tasks, of which `contents` has afterwards all as they are then. `from` is the playbook until now.
pub(super) fn plan(ground: &Ground, case: CaseId, platform: Platform, contents: &mut Contents, from: &Playbook, now: Instant) -> Planned {
    let playbook = Arc::clone(&contents.playbook);
    let before = contents.tasks.clone();
    let change = branch::change(from, &playbook, contents, platform, &ground.content);
    contents.tasks = change.tasks;
    let added = tasks_of(ground, case, contents, change.added, now);
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
    };
    contents.tasks.extend(added);
    Planned { changes, before, moved: change.moved }
}

impl Planned {
    /// Writes what was planned in a locked case. `note` says on each dropped task why.
    pub(super) fn carry_out(self, tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, note: &str) -> Result<TaskChanges, Failure> {
        let Self { changes, before, moved } = self;
        let ids = |tasks: &[Task]| tasks.iter().map(|task| task.id).collect::<Vec<_>>();
        let is_altered = |id: TaskId| changes.altered.iter().any(|task| task.id == id);
        // A task that alters is written whole, with its new moment and its return.
        for after in &changes.altered {
            if let Some(before) = before.iter().find(|task| task.id == after.id) {
                store::tasks::save(tx, case, before, after, "task.changed")?;
            }
        }
        let restored: Vec<TaskId> = ids(&changes.restored).into_iter().filter(|id| !is_altered(*id)).collect();
        let moved: Vec<Moved> = moved.into_iter().filter(|moved| !is_altered(moved.task)).collect();
        store::tasks::leave_branch(tx, case, &ids(&changes.dropped), note)?;
        store::tasks::rejoin_branch(tx, case, &restored)?;
        store::tasks::reschedule(tx, case, &moved)?;
        store::tasks::insert(tx, case, &changes.added)?;
        Ok(changes)
    }
}
