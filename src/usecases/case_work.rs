//! What every write in a case shares: locking it, recording facts, letting the playbook follow, settling what changed.

use super::must_have_seen;
use crate::{
    domain::{
        access::{Includes, Permission, WorkTasks, WriteCases},
        branch::{self, Called},
        case::{Case, Contents},
        computation::{Computation, Due, Started},
        content::Content,
        deadline::Deadline,
        ids::{CaseId, MemberId, ShopId, TaskId, TriggerId},
        journal::Entry,
        task::Task,
        time::{Day, Instant},
        trigger::{Proof, Trigger},
        vocabulary::{CaseStatus, DeadlineStatus, OwedBy, Platform, RegisterChange, Stage, TaskStatus},
    },
    store::{self, Failure, Ground, Stored, Tx, records::CaseKey},
};
use std::sync::Arc;

/// A fact to record as a trigger.
pub(super) struct Fact {
    pub(super) event: String,
    pub(super) occurred_at: Option<Instant>,
    pub(super) occurred_on: Option<Day>,
    pub(super) proof: Proof,
}

/// A fact whose moment is known.
pub(super) fn moment_trigger(event: &str, at: Instant) -> Fact {
    Fact { event: event.to_owned(), occurred_at: Some(at), occurred_on: None, proof: Proof::default() }
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

pub(super) fn trigger_of(tx: &Tx<'_, impl Permission>, content: &Content, case_id: CaseId, fact: Fact) -> Trigger {
    let (zone, now) = (content.calendar.zone(), tx.now());
    Trigger {
        id: tx.new_id(),
        case_id,
        occurred_on: fact.occurred_on.unwrap_or_else(|| fact.occurred_at.unwrap_or(now).day_in(zone)),
        occurred_at: fact.occurred_at,
        event: fact.event,
        proof: fact.proof,
        recorded_by: tx.scope().acting_member(),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// What the deadlines of a case have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct InCase {
    pub(super) id: CaseId,
    pub(super) shop_id: ShopId,
    pub(super) platform: Platform,
    pub(super) lead_id: Option<MemberId>,
    pub(super) rulebook_revision: i64,
}

impl InCase {
    pub(super) fn of(tx: &mut Tx<'_, impl Permission>, case: &Case) -> Result<Self, Failure> {
        let rulebook_revision = tx.rulebook_revision()?;
        Ok(Self { id: case.id, shop_id: case.shop_id, platform: case.platform, lead_id: case.lead_id, rulebook_revision })
    }

    /// A deadline that begins to run.
    pub(super) fn deadline(self, ground: &Ground, started: Started<'_>, trigger_id: Option<TriggerId>, now: Instant) -> Deadline {
        let Started { rule, computation, due } = started;
        let deadline = Deadline {
            stage: rule.stage,
            rule_id: Some(rule.id.clone()),
            trigger_id,
            owed_by: rule.owed_by,
            provisional: due.provisional,
            statutory: rule.is_statutory(),
            ..self.stated(ground, rule.stage, computation, due, now)
        };
        Deadline { as_stated: false, ..deadline }
    }

    /// A deadline whose end was stated.
    pub(super) fn stated(self, ground: &Ground, stage: Stage, computation: Computation, due: Due, now: Instant) -> Deadline {
        Deadline {
            id: ground.clock.new_id(),
            case_id: self.id,
            shop_id: self.shop_id,
            assignee_id: self.lead_id,
            stage,
            rule_id: None,
            key: None,
            title: None,
            trigger_id: None,
            owed_by: OwedBy::Us,
            due_on: due.on,
            due_at: due.at,
            as_stated: true,
            provisional: false,
            statutory: false,
            computation,
            rulebook_revision: self.rulebook_revision,
            reminded_until: None,
            wake_at: None,
            status: DeadlineStatus::Pending,
            missed_at: None,
            met_at: None,
            note: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

pub(super) fn deadlines_of(
    ground: &Ground,
    content: &Content,
    contents: &Contents,
    trigger: &Trigger,
    case: InCase,
    now: Instant,
) -> Vec<Deadline> {
    let started = contents.deadlines_of(trigger, case.platform, content, now);
    started.into_iter().map(|started| case.deadline(ground, started, Some(trigger.id), now)).collect()
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
    let (ground, content, now) = (tx.ground(), tx.content()?, tx.now());
    let trigger = trigger_of(tx, &content, case.id, fact);
    let started = deadlines_of(&ground, &content, contents, &trigger, InCase::of(tx, case)?, now);
    store::triggers::insert(tx, case, &trigger, &started)?;
    contents.triggers.push(trigger.clone());
    contents.deadlines.extend(started.iter().cloned());
    Ok((trigger, started))
}

/// A deadline as it was and as it is from now on.
pub(super) struct DeadlineChange {
    pub(super) before: Deadline,
    pub(super) after: Deadline,
    pub(super) change: RegisterChange,
}

/// Saves changed deadlines of a locked case; the tasks that hang on them follow.
pub(super) fn save_deadlines(
    tx: &mut Tx<'_, WriteCases>,
    case: &Stored<Case>,
    contents: &mut Contents,
    changes: Vec<DeadlineChange>,
) -> Result<Vec<Deadline>, Failure> {
    let mut saved = Vec::with_capacity(changes.len());
    let mut moved = false;
    for DeadlineChange { before, after, change } in changes {
        let after = store::deadlines::save(tx, case, &before, &after, change)?;
        moved |= (before.due_at, before.due_on) != (after.due_at, after.due_on);
        for deadline in contents.deadlines.iter_mut().filter(|deadline| deadline.id == after.id) {
            deadline.clone_from(&after);
        }
        saved.push(after);
    }
    if moved {
        follow(&mut tx.narrow(), case, contents)?;
    }
    settle(&mut tx.narrow(), case, Case::clone(case), contents)?;
    Ok(saved)
}

/// Lets the playbook follow what has changed in a locked case: new tasks come into being, due moments move with their anchors.
pub(super) fn follow(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, contents: &mut Contents) -> Result<Vec<Task>, Failure> {
    let (ground, content, now) = (tx.ground(), tx.content()?, tx.now());
    let playbook = Arc::clone(&contents.playbook);
    let moved = branch::rescheduled(&playbook, contents, case.platform, &content);
    store::tasks::reschedule(tx, case, &moved)?;
    for change in moved {
        for task in contents.tasks.iter_mut().filter(|task| task.id == change.task) {
            (task.due_at, task.version, task.updated_at) = (change.to, task.version + 1, now);
        }
    }
    let called = branch::called_for(&playbook, contents, case.platform, &content);
    let tasks = tasks_of(&ground, case.id, contents, called, now);
    store::tasks::insert(tx, case, &tasks)?;
    contents.tasks.extend(tasks.iter().cloned());
    Ok(tasks)
}

/// Gives a done task its repetition, if the playbook repeats it.
pub(super) fn repeat(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, contents: &mut Contents, done: &Task) -> Result<(), Failure> {
    let (ground, content, now) = (tx.ground(), tx.content()?, tx.now());
    let playbook = Arc::clone(&contents.playbook);
    let Some(called) = branch::repetition(&playbook, done, &content.calendar) else { return Ok(()) };
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
