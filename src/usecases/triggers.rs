//! Recording the dated facts that start clocks, and moving them when they turn out to have happened at another time.

use super::{
    case_work::{self, DeadlineChange, Fact, InCase},
    deadlines::{computation_of, uncountable},
    must_have_seen,
};
use crate::{
    domain::{
        access::{Permission, ReadCases, WriteCases},
        branch::{self, Moved},
        case::{Case, Contents},
        computation::{Computation, DueChangeTo, Origin, schedule},
        content::Content,
        deadline::Deadline,
        deadline_rule::family_of,
        field_rule::FieldRule,
        ids::{CaseId, DeadlineId, TriggerId},
        list::Distinct,
        merge_patch::Patch,
        playbook::Playbook,
        task::Task,
        text::{Line, Prose},
        time::{Day, Instant},
        trigger::{CASE_OPENED, Proof, Trigger},
        violation::RuleViolation,
        vocabulary::{DeadlineStatus, RegisterChange, ServiceMethod},
    },
    limits::SHORT_LIST,
    store::{self, Failure, StoreError, Tx, records::CaseKey},
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A dated fact with its proof. Give the moment when it is known, the day otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrigger {
    /// What happened, as a word of the rules and the playbook.
    pub event: Line<64>,
    /// When it happened.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_at: Option<Instant>,
    /// On which day it happened, in China.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_on: Option<Day>,
    /// Who served it, or through whom it came to be known.
    #[serde(default)]
    #[schema(nullable = false)]
    pub served_by: Option<Line<200>>,
    /// How it was served.
    #[serde(default)]
    #[schema(nullable = false)]
    pub service_method: Option<ServiceMethod>,
    /// The document that proves it: its number, or where it lies.
    #[serde(default)]
    #[schema(nullable = false)]
    pub document_reference: Option<Line<500>>,
    /// What else is to be known of it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub note: Option<Prose<2000>>,
}

/// That a fact happened at another time, or is proved otherwise. Give the moment when it is known, the day otherwise; neither when only the proof
/// changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerMove {
    /// When it happened.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_at: Option<Instant>,
    /// On which day it happened, in China.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_on: Option<Day>,
    /// Why it is another time.
    pub reason: Prose<2000>,
    /// Who served it, or through whom it came to be known.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub served_by: Patch<Line<200>>,
    /// How it was served.
    #[serde(default)]
    #[schema(value_type = Option<ServiceMethod>)]
    pub service_method: Patch<ServiceMethod>,
    /// The document that proves it: its number, or where it lies.
    #[serde(default)]
    #[schema(value_type = Option<Line<500>>)]
    pub document_reference: Patch<Line<500>>,
    /// The deadlines that are moved too, although they were met or edited by hand. What was met stays met.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<DeadlineId>, max_items = 50)]
    pub move_too: Distinct<DeadlineId, SHORT_LIST>,
    /// The deadlines that stay as they are, because they were met or edited by hand.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<DeadlineId>, max_items = 50)]
    pub keep: Distinct<DeadlineId, SHORT_LIST>,
}

/// What a trigger made.
#[derive(Debug)]
pub struct Started {
    /// The trigger.
    pub trigger: Trigger,
    /// The deadlines that it started.
    pub deadlines: Vec<Deadline>,
    /// The tasks that came into being.
    pub tasks: Vec<Task>,
    /// The playbook of their case.
    pub playbook: Arc<Playbook>,
}

/// A deadline that hangs on a trigger that moves.
#[derive(Debug, Clone)]
pub struct Child {
    /// As it is.
    pub before: Deadline,
    /// As it is after the move.
    pub after: Deadline,
    /// Whether it was met or edited by hand, so that somebody has to say what becomes of it.
    pub to_confirm: bool,
}

/// What moving a trigger changes, or would.
#[derive(Debug)]
pub struct TriggerMoved {
    /// The version of the case that was looked at, or that it has now.
    pub case_version: i64,
    /// The trigger as it is after the move.
    pub trigger: Trigger,
    /// The deadlines that hang on it.
    pub deadlines: Vec<Child>,
    /// The deadlines that start because another rule holds.
    pub started: Vec<Deadline>,
    /// The tasks that are due at another moment.
    pub tasks: Vec<Moved>,
}

fn one_time(occurred_on: Option<Day>, occurred_at: Option<Instant>) -> Result<(), RuleViolation> {
    if occurred_at.is_some() && occurred_on.is_some() { Err(RuleViolation::field("/occurred_on", FieldRule::NotAllowed)) } else { Ok(()) }
}

/// Records a fact, with the deadlines and tasks that it makes.
///
/// # Errors
/// When the case is closed, nothing knows the event, or it has neither moment nor day.
pub fn record(tx: &mut Tx<'_, WriteCases>, case_id: CaseId, seen: Option<i64>, new: NewTrigger) -> Result<Started, Failure> {
    if new.occurred_at.is_none() && new.occurred_on.is_none() {
        return Err(RuleViolation::field("/occurred_on", FieldRule::Required).into());
    }
    one_time(new.occurred_on, new.occurred_at)?;
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    if !tx.content()?.knows_event(&new.event, &contents.playbook) {
        return Err(RuleViolation::field("/event", FieldRule::NotFound).into());
    }
    if &*new.event == CASE_OPENED {
        return Err(RuleViolation::AlreadyRecorded(new.event.into()).into());
    }
    let proof = Proof {
        served_by: new.served_by.map(Into::into),
        service_method: new.service_method,
        document_reference: new.document_reference.map(Into::into),
        note: new.note.map(Into::into),
    };
    let fact = Fact { event: new.event.into(), occurred_at: new.occurred_at, occurred_on: new.occurred_on, proof };
    let (trigger, deadlines) = case_work::record_trigger(&mut tx.narrow(), &case, &mut contents, fact)?;
    let tasks = case_work::follow(&mut tx.narrow(), &case, &mut contents)?;
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok(Started { trigger, deadlines, tasks, playbook: contents.playbook })
}

/// The trigger as it is after a move.
fn moved(trigger: &Trigger, wanted: &TriggerMove, content: &Content) -> Result<Trigger, Failure> {
    one_time(wanted.occurred_on, wanted.occurred_at)?;
    if trigger.event == CASE_OPENED {
        return Err(RuleViolation::AlreadyRecorded(trigger.event.clone()).into());
    }
    let mut after = trigger.clone();
    if let Some(at) = wanted.occurred_at {
        (after.occurred_at, after.occurred_on) = (Some(at), at.day_in(content.calendar.zone()));
    }
    if let Some(on) = wanted.occurred_on {
        (after.occurred_at, after.occurred_on) = (None, on);
    }
    wanted.served_by.clone().apply_with(&mut after.proof.served_by, Into::into);
    wanted.service_method.clone().apply(&mut after.proof.service_method);
    wanted.document_reference.clone().apply_with(&mut after.proof.document_reference, Into::into);
    Ok(after)
}

/// A deadline counted from a trigger that has moved, by the rule of its new day; its pauses and extensions stay.
fn counted_anew(
    deadline: &Deadline,
    trigger: &Trigger,
    contents: &Contents,
    content: &Content,
    case: &Case,
    now: Instant,
) -> Result<Deadline, Failure> {
    let kept = computation_of(deadline, contents, content);
    let origin = Origin::of(trigger);
    let acts = content.rules_for(&trigger.event, trigger.occurred_on, &contents.channels(), case.platform);
    let family = deadline.rule_id.as_deref().map(family_of);
    let act = acts.iter().find(|act| act.iter().any(|chosen| Some(chosen.rule.family()) == family));
    let mut after = deadline.clone();
    after.computation = match act.and_then(|act| schedule(act, origin, content, now)) {
        Some(started) => {
            after.rule_id = Some(started.rule.id.clone());
            after.statutory = started.rule.is_statutory();
            Computation { stops: kept.stops, changes: kept.changes, ..started.computation }
        }
        // No rule of the new day makes it: the one that made it is counted from there.
        None => Computation { origin: Some(origin), ..kept },
    };
    after.counted(content, now).map_err(uncountable("/occurred_on"))
}

/// Whether somebody has to say what becomes of a deadline when its trigger moves.
fn is_settled_by_hand(deadline: &Deadline) -> bool {
    deadline.status == DeadlineStatus::Met || deadline.computation.is_by_hand()
}

/// What a move does, and the contents of the case as they are then.
fn plan(
    tx: &mut Tx<'_, impl Permission>,
    case: &Case,
    contents: &mut Contents,
    trigger: &Trigger,
    wanted: &TriggerMove,
) -> Result<TriggerMoved, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let after = moved(trigger, wanted, &content)?;
    for (named, pointer) in [(&wanted.move_too, "/move_too"), (&wanted.keep, "/keep")] {
        let hangs_on_it = |id: &DeadlineId| contents.deadlines.iter().any(|d| d.id == *id && d.trigger_id == Some(trigger.id));
        if let Some(n) = named.iter().position(|id| !hangs_on_it(id)) {
            return Err(RuleViolation::field(format!("{pointer}/{n}"), FieldRule::NotFound).into());
        }
    }
    let when = |trigger: &Trigger| (trigger.occurred_on, trigger.occurred_at);
    let mut children = Vec::new();
    let mut started = Vec::new();
    if when(&after) != when(trigger) {
        let hanging = contents.deadlines.iter().filter(|d| d.trigger_id == Some(trigger.id) && d.status != DeadlineStatus::Waived);
        for before in hanging {
            let to_confirm = is_settled_by_hand(before);
            let mut free = before.clone();
            if wanted.move_too.contains(&before.id) {
                free.computation.changes.retain(|change| matches!(change.to, DueChangeTo::Period(_)));
            }
            let after =
                if wanted.keep.contains(&before.id) { before.clone() } else { counted_anew(&free, &after, contents, &content, case, now)? };
            children.push(Child { before: before.clone(), after, to_confirm });
        }
        let known = |rule: &str| contents.deadlines.iter().any(|d| d.trigger_id == Some(trigger.id) && d.rule_id.as_deref() == Some(rule));
        let in_case = InCase::of(tx, case)?;
        for new in case_work::deadlines_of(&tx.ground(), &content, contents, &after, in_case, now) {
            let rule = new.rule_id.as_deref().unwrap_or_default();
            if !known(rule) && !children.iter().any(|child| child.after.rule_id.as_deref() == Some(rule)) {
                started.push(new);
            }
        }
    }
    for kept in contents.triggers.iter_mut().filter(|kept| kept.id == after.id) {
        kept.clone_from(&after);
    }
    for child in &children {
        for kept in contents.deadlines.iter_mut().filter(|kept| kept.id == child.after.id) {
            kept.clone_from(&child.after);
        }
    }
    contents.deadlines.extend(started.iter().cloned());
    let playbook = Arc::clone(&contents.playbook);
    let tasks = branch::rescheduled(&playbook, contents, case.platform, &content);
    Ok(TriggerMoved { case_version: case.version, trigger: after, deadlines: children, started, tasks })
}

/// What moving a trigger would change.
///
/// # Errors
/// When the case is closed, or the trigger is the opening of the case.
pub fn preview_move(tx: &mut Tx<'_, ReadCases>, id: TriggerId, wanted: &TriggerMove) -> Result<TriggerMoved, Failure> {
    let trigger = store::triggers::find(tx, id)?;
    let case = store::cases::find(tx, trigger.case_id)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    plan(tx, &case, &mut contents, &trigger, wanted)
}

/// Moves a trigger; what hangs on it is counted anew.
///
/// # Errors
/// [`RuleViolation::ConfirmationRequired`] when a deadline was met or edited by hand and the caller has not said what becomes of it; when the case is
/// closed, or the trigger is the opening of the case.
pub fn apply_move(tx: &mut Tx<'_, WriteCases>, id: TriggerId, seen: Option<i64>, wanted: &TriggerMove) -> Result<TriggerMoved, Failure> {
    let case = case_work::lock(tx, CaseKey::Trigger(id), None)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    let trigger = contents.triggers.iter().find(|known| known.id == id).cloned().ok_or(StoreError::NotFound)?;
    must_have_seen(seen, trigger.version)?;
    let mut planned = plan(tx, &case, &mut contents, &trigger, wanted)?;
    let decided = |id: &DeadlineId| wanted.move_too.contains(id) || wanted.keep.contains(id);
    let open: Vec<DeadlineId> =
        planned.deadlines.iter().filter(|child| child.to_confirm).map(|child| child.before.id).filter(|id| !decided(id)).collect();
    if !open.is_empty() {
        return Err(RuleViolation::ConfirmationRequired(open).into());
    }
    planned.trigger = store::triggers::save(tx, &case, &trigger, &planned.trigger, &wanted.reason)?;
    for started in &planned.started {
        store::deadlines::insert(tx, &case, started)?;
    }
    let moves = planned.deadlines.iter().filter(|child| child.before != child.after).map(|child| DeadlineChange {
        before: child.before.clone(),
        after: child.after.clone(),
        change: RegisterChange::Changed,
    });
    let saved = case_work::save_deadlines(tx, &case, &mut contents, moves.collect())?;
    for child in &mut planned.deadlines {
        if let Some(saved) = saved.iter().find(|saved| saved.id == child.after.id) {
            child.after.clone_from(saved);
        }
    }
    if saved.is_empty() {
        // The trigger may be an anchor of tasks although no deadline hangs on it.
        case_work::follow(&mut tx.narrow(), &case, &mut contents)?;
        case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    }
    Ok(planned)
}
