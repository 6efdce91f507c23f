//! What every write in a case shares: locking it, recording facts, letting the playbook follow, settling what changed.

use super::must_have_seen;
use crate::{
    domain::{
        access::{Includes, WorkTasks},
        branch::{self, Called},
        case::{Case, Contents},
        deadline::Deadline,
        ids::{CaseId, TaskId},
        journal::Entry,
        task::Task,
        time::{Day, Instant},
        trigger::Trigger,
        vocabulary::{CaseStatus, DeadlineStatus, Platform, TaskStatus},
    },
    store::{self, Failure, Ground, Stored, Tx, records::CaseKey},
};
use std::sync::Arc;

/// A fact to record as a trigger.
pub(super) struct Fact {
    pub(super) event: String,
    pub(super) occurred_at: Option<Instant>,
    pub(super) occurred_on: Option<Day>,
    pub(super) served_by: Option<String>,
}

/// A fact whose moment is known.
pub(super) fn moment_trigger(event: &str, at: Instant) -> Fact {
    Fact { event: event.to_owned(), occurred_at: Some(at), occurred_on: None, served_by: None }
}

/// Locks a case for a write, which the caller must have seen in its last version if they say which they saw.
pub(super) fn lock<P>(tx: &mut Tx<'_, P>, key: CaseKey, seen: Option<i64>) -> Result<Stored<Case>, Failure>
where
    P: Includes<WorkTasks>,
{
    let case = store::cases::lock(tx, key)?;
    must_have_seen(seen, case.version - 1)?;
    Ok(case)
}

pub(super) fn trigger_of(ground: &Ground, case_id: CaseId, fact: Fact, now: Instant) -> Trigger {
    let zone = ground.content.calendar.zone().clone();
    let day_of = |at: Instant| Day(at.timestamp().to_zoned(zone.clone()).date());
    Trigger {
        id: ground.clock.new_id(),
        case_id,
        occurred_on: fact.occurred_on.or(fact.occurred_at.map(day_of)).unwrap_or_else(|| day_of(now)),
        occurred_at: fact.occurred_at,
        event: fact.event,
        served_by: fact.served_by,
        created_at: now,
    }
}

pub(super) fn deadlines_of(ground: &Ground, contents: &Contents, trigger: &Trigger, platform: Platform, now: Instant) -> Vec<Deadline> {
    contents
        .deadlines_of(trigger, platform, &ground.content)
        .into_iter()
        .map(|started| Deadline {
            id: ground.clock.new_id(),
            case_id: trigger.case_id,
            stage: started.stage,
            rule_id: Some(started.rule_id),
            key: None,
            title: None,
            trigger_id: Some(trigger.id),
            owed_by: started.owed_by,
            due_on: started.due_on,
            due_at: started.due_at,
            as_stated: false,
            provisional: started.provisional,
            status: DeadlineStatus::Pending,
            met_at: None,
            note: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
        .collect()
}

/// Tasks as a case is given them.
pub(super) fn tasks_of(ground: &Ground, case_id: CaseId, contents: &Contents, called: Vec<Called<'_>>, now: Instant) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::with_capacity(called.len());
    for call in called {
        let id_of =
            |key: &str| -> Option<TaskId> { contents.tasks.iter().chain(&tasks).find(|task| task.is_first_of(key)).map(|task| task.id) };
        let depends_on = call.after.and_then(id_of).into_iter().collect();
        tasks.push(Task {
            id: ground.clock.new_id(),
            case_id,
            stage: call.template.stage,
            key: Some(call.template.key.clone()),
            occurrence: call.occurrence,
            title: None,
            description: None,
            done_means: None,
            wanted_documents: None,
            status: TaskStatus::Todo,
            // The first time satisfies a gate; what repeats after it would keep the gate shut for ever.
            required: call.template.required && call.occurrence == 1,
            blocks_closing: call.template.blocks_closing && call.occurrence == 1,
            assignee_id: None,
            due_at: call.due_at,
            due_by_hand: false,
            dropped: false,
            kept_text: None,
            kept_by_hand: false,
            depends_on,
            checklist: Vec::new(),
            note: None,
            ended_at: None,
            ended_by: None,
            version: 1,
            created_at: now,
            updated_at: now,
        });
    }
    tasks
}

/// Records a fact of a locked case with the deadlines that it starts.
pub(super) fn record_trigger(
    tx: &mut Tx<'_, WorkTasks>,
    case: &Stored<Case>,
    contents: &mut Contents,
    fact: Fact,
) -> Result<(Trigger, Vec<Deadline>), Failure> {
    let (ground, now) = (tx.ground(), tx.now());
    let trigger = trigger_of(&ground, case.id, fact, now);
    let started = deadlines_of(&ground, contents, &trigger, case.platform, now);
    store::triggers::insert(tx, case, &trigger, &started)?;
    contents.triggers.push(trigger.clone());
    contents.deadlines.extend(started.iter().cloned());
    Ok((trigger, started))
}

/// Lets the playbook follow what has changed in a locked case: new tasks come into being, due moments move with their anchors.
pub(super) fn follow(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, contents: &mut Contents) -> Result<Vec<Task>, Failure> {
    let (ground, now) = (tx.ground(), tx.now());
    let playbook = Arc::clone(&contents.playbook);
    let moved = branch::rescheduled(&playbook, contents, case.platform, &ground.content);
    store::tasks::reschedule(tx, case, &moved)?;
    for change in moved {
        for task in contents.tasks.iter_mut().filter(|task| task.id == change.task) {
            (task.due_at, task.version, task.updated_at) = (change.to, task.version + 1, now);
        }
    }
    let called = branch::called_for(&playbook, contents, case.platform, &ground.content);
    let tasks = tasks_of(&ground, case.id, contents, called, now);
    store::tasks::insert(tx, case, &tasks)?;
    contents.tasks.extend(tasks.iter().cloned());
    Ok(tasks)
}

/// Gives a done task its repetition, if the playbook repeats it.
pub(super) fn repeat(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, contents: &mut Contents, done: &Task) -> Result<(), Failure> {
    let (ground, now) = (tx.ground(), tx.now());
    let playbook = Arc::clone(&contents.playbook);
    let Some(called) = branch::repetition(&playbook, done, &ground.content.calendar) else { return Ok(()) };
    let known = contents.tasks.iter().any(|task| task.key == done.key && task.occurrence == called.occurrence);
    if case.status == CaseStatus::Open && !known {
        let tasks = tasks_of(&ground, case.id, contents, vec![called], now);
        store::tasks::insert(tx, case, &tasks)?;
        contents.tasks.extend(tasks);
    }
    Ok(())
}

/// Saves what has changed on a locked case itself, if anything has.
pub(super) fn settle(tx: &mut Tx<'_, WorkTasks>, before: &Stored<Case>, after: Case, contents: &Contents) -> Result<Stored<Case>, Failure> {
    let after = Case { next_deadline: contents.next_deadline(), ..after };
    if after == **before {
        return Ok(before.clone());
    }
    Ok(store::cases::save(tx, before, &after, Entry::of_case("case.changed", before.id, before.id))?)
}
