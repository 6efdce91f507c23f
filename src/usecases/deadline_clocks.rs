//! Stopping the clocks of deadlines, letting them go on, extending them.

use super::{
    case_work::{self, DeadlineChange},
    deadlines::{computation_of, stated_end, take, uncountable},
};
use crate::{
    domain::{
        access::{ReadCases, WriteCases},
        case::{Case, Contents},
        computation::{Applied, Computation, DueChange, DueChangeTo, Origin},
        content::Content,
        deadline::Deadline,
        deadline_rule::{Rule, family_of},
        field_rule::FieldRule,
        ids::{CaseId, DeadlineId, MemberId},
        list::Distinct,
        period::Period,
        text::{Line, Prose},
        time::{Day, Instant},
        violation::RuleViolation,
        vocabulary::{DeadlineStatus, PauseGround, RegisterChange},
    },
    limits::SHORT_LIST,
    store::{self, Failure, Stored, Tx, records::CaseKey},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// That the clock of a deadline stands still.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// On what ground.
    pub ground: PauseGround,
    /// Since when; now when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub from: Option<Instant>,
    /// Why, and what proves it.
    pub reason: Prose<2000>,
}

/// That clocks of a case stand still: those whose rule does not count times of this ground, or those that are named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseSuspension {
    /// On what ground.
    pub ground: PauseGround,
    /// Since when; now when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub from: Option<Instant>,
    /// Why, and what proves it.
    pub reason: Prose<2000>,
    /// Just these deadlines. Required when the ground is `suspension` or `other`, of which no rule says what it stops.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DeadlineId>>, nullable = false, max_items = 50)]
    pub deadline_ids: Option<Distinct<DeadlineId, SHORT_LIST>>,
}

/// That a clock goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resumption {
    /// Since when; now when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub to: Option<Instant>,
}

/// That the clocks of a case go on: all that stand still, or those that are named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseResumption {
    /// Since when; now when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub to: Option<Instant>,
    /// Just these deadlines.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DeadlineId>>, nullable = false, max_items = 50)]
    pub deadline_ids: Option<Distinct<DeadlineId, SHORT_LIST>>,
}

/// That a deadline ends later: by the rule for it, by a further period, or at a date that was stated. Give one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The rule that extends the deadline's own, such as `SAMR-R-VERIFY-EXT`; it counts from the end until then.
    #[serde(default)]
    #[schema(nullable = false)]
    pub rule_id: Option<Line<64>>,
    /// A further period, counted from the end until then.
    #[serde(default)]
    #[schema(nullable = false)]
    pub period: Option<Period>,
    /// The moment at which it ends from now on.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_at: Option<Instant>,
    /// The last day from now on.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_on: Option<Day>,
    /// The decision or consent that it rests on.
    pub basis: Prose<2000>,
}

/// Which clocks of a case stop, or would, and which run on.
#[derive(Debug)]
pub struct Stopped {
    /// The version of the case that was looked at.
    pub case_version: i64,
    /// Those that stop, as they are afterwards.
    pub stopped: Vec<Deadline>,
    /// Those that run on.
    pub running: Vec<Deadline>,
}

fn must_not_lie_ahead(at: Instant, now: Instant, pointer: &'static str) -> Result<(), Failure> {
    if at > now { Err(RuleViolation::field(pointer, FieldRule::OutOfRange).into()) } else { Ok(()) }
}

/// A clock does not stop before it began, or before it last went on.
fn may_stop(computation: &Computation, from: Instant, pointer: &'static str) -> Result<(), Failure> {
    let began = computation.applied.as_ref().and(computation.origin).and_then(|origin| origin.at);
    let went_on = computation.stops.last().and_then(|stop| stop.to);
    match began.max(went_on) {
        Some(earliest) if from < earliest => Err(RuleViolation::field(pointer, FieldRule::TooEarly).into()),
        _ => Ok(()),
    }
}

struct Stop<'a> {
    ground: PauseGround,
    from: Instant,
    reason: &'a str,
    by: MemberId,
}

fn stopped(deadline: &Deadline, contents: &Contents, content: &Content, stop: &Stop<'_>, now: Instant) -> Result<Deadline, Failure> {
    let mut ready = deadline.clone();
    ready.computation = computation_of(deadline, contents, content);
    may_stop(&ready.computation, stop.from, "/from")?;
    if stop.from > deadline.due_at {
        // Its end has passed by then: there is nothing left to stop.
        return Err(RuleViolation::DeadlineMove { from: DeadlineStatus::Missed, to: DeadlineStatus::Suspended }.into());
    }
    let still = ready.suspended(stop.ground, stop.from, stop.reason.to_owned(), stop.by)?;
    // Its end is shown as if the clock went on at once; nothing is owed by then while it stands still.
    still.counted(content, now).map_err(uncountable("/from"))
}

/// Stops the clock of a deadline.
///
/// # Errors
/// When it does not run, or would stop in the future or before it began.
pub fn suspend(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>, wanted: &Suspension) -> Result<Deadline, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let from = wanted.from.unwrap_or(now);
    must_not_lie_ahead(from, now, "/from")?;
    let held = take(tx, id, seen)?;
    let stop = Stop { ground: wanted.ground, from, reason: &wanted.reason, by: tx.scope().member() };
    let after = stopped(&held.deadline, &held.contents, &content, &stop, now)?;
    held.save(tx, after, RegisterChange::Suspended)
}

fn gone_on(deadline: &Deadline, content: &Content, to: Instant, now: Instant) -> Result<Deadline, Failure> {
    let since = deadline.computation.standing().map(|stop| stop.from);
    if since.is_some_and(|since| to < since) {
        return Err(RuleViolation::field("/to", FieldRule::TooEarly).into());
    }
    deadline.resumed(to)?.counted(content, now).map_err(uncountable("/to"))
}

/// Lets the clock of a deadline go on; it ends later by just the time that it stood still.
///
/// # Errors
/// When it does not stand still, or would go on in the future or before it stopped.
pub fn resume(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>, wanted: &Resumption) -> Result<Deadline, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let to = wanted.to.unwrap_or(now);
    must_not_lie_ahead(to, now, "/to")?;
    let held = take(tx, id, seen)?;
    let after = gone_on(&held.deadline, &content, to, now)?;
    held.save(tx, after, RegisterChange::Resumed)
}

/// The rule under which a deadline was last counted, if it was by one.
fn rule_of<'c>(computation: &Computation, content: &'c Content) -> Option<&'c Rule> {
    let of_change = computation.changes.iter().rev().find_map(|change| match &change.to {
        DueChangeTo::Period(applied) => applied.rule.as_ref(),
        DueChangeTo::Stated(_) => None,
    });
    let applied = of_change.or(computation.applied.as_ref().and_then(|applied| applied.rule.as_ref()))?;
    content.rules.iter().find(|rule| rule.id == applied.id && rule.number == applied.number).or_else(|| content.rule(&applied.id))
}

/// Which of the deadlines a suspension stops.
fn those_that_stop(
    contents: &Contents,
    content: &Content,
    ground: PauseGround,
    named: Option<&[DeadlineId]>,
) -> Result<Vec<DeadlineId>, Failure> {
    let Some(named) = named else {
        if matches!(ground, PauseGround::Suspension | PauseGround::Other) {
            return Err(RuleViolation::field("/deadline_ids", FieldRule::Required).into());
        }
        let not_counted = |deadline: &&Deadline| {
            let computation = computation_of(deadline, contents, content);
            deadline.status == DeadlineStatus::Pending
                && rule_of(&computation, content).is_some_and(|rule| rule.not_counted.contains(&ground))
        };
        return Ok(contents.deadlines.iter().filter(not_counted).map(|deadline| deadline.id).collect());
    };
    must_be_in(contents, named)?;
    Ok(named.to_vec())
}

fn must_be_in(contents: &Contents, named: &[DeadlineId]) -> Result<(), Failure> {
    match named.iter().position(|id| !contents.deadlines.iter().any(|deadline| deadline.id == *id)) {
        Some(absent) => Err(RuleViolation::field(format!("/deadline_ids/{absent}"), FieldRule::NotFound).into()),
        None => Ok(()),
    }
}

/// The changes that a suspension of a case makes, and the deadlines that run on.
fn plan_suspension(
    contents: &Contents,
    content: &Content,
    wanted: &CaseSuspension,
    by: MemberId,
    now: Instant,
) -> Result<(Vec<DeadlineChange>, Vec<Deadline>), Failure> {
    let from = wanted.from.unwrap_or(now);
    must_not_lie_ahead(from, now, "/from")?;
    let stop = Stop { ground: wanted.ground, from, reason: &wanted.reason, by };
    let stopping = those_that_stop(contents, content, wanted.ground, wanted.deadline_ids.as_deref())?;
    let (stopping, others): (Vec<&Deadline>, Vec<&Deadline>) = contents.deadlines.iter().partition(|d| stopping.contains(&d.id));
    let changes = stopping.into_iter().map(|before| {
        let after = stopped(before, contents, content, &stop, now)?;
        Ok(DeadlineChange { before: before.clone(), after, change: RegisterChange::Suspended })
    });
    let running = others.into_iter().filter(|deadline| deadline.status == DeadlineStatus::Pending).cloned().collect();
    Ok((changes.collect::<Result<_, Failure>>()?, running))
}

/// Which clocks a suspension of a case would stop, and which run on.
///
/// # Errors
/// When the case is closed, or a deadline that is named is not in it or does not run.
pub fn preview_suspension(tx: &mut Tx<'_, ReadCases>, id: CaseId, wanted: &CaseSuspension) -> Result<Stopped, Failure> {
    let case = store::cases::find(tx, id)?;
    case.must_be_open()?;
    let (contents, content) = (store::cases::contents(tx, &case)?, tx.content()?);
    let (changes, running) = plan_suspension(&contents, &content, wanted, tx.scope().member(), tx.now())?;
    Ok(Stopped { case_version: case.version, stopped: changes.into_iter().map(|change| change.after).collect(), running })
}

/// Stops the clocks of a case that a ground stops.
///
/// # Errors
/// When the case is closed, or a deadline that is named is not in it or does not run.
pub fn suspend_case(tx: &mut Tx<'_, WriteCases>, id: CaseId, seen: Option<i64>, wanted: &CaseSuspension) -> Result<Stopped, Failure> {
    let (case, mut contents) = open_case(tx, id, seen)?;
    let content = tx.content()?;
    let (changes, running) = plan_suspension(&contents, &content, wanted, tx.scope().member(), tx.now())?;
    let stopped = case_work::save_deadlines(tx, &case, &mut contents, changes)?;
    Ok(Stopped { case_version: case.version, stopped, running })
}

fn open_case(tx: &mut Tx<'_, WriteCases>, id: CaseId, seen: Option<i64>) -> Result<(Stored<Case>, Contents), Failure> {
    let case = case_work::lock(tx, CaseKey::Case(id), seen)?;
    case.must_be_open()?;
    let contents = store::cases::contents(tx, &case)?;
    Ok((case, contents))
}

/// Lets the clocks of a case go on.
///
/// # Errors
/// When the case is closed, or a deadline that is named is not in it or does not stand still.
pub fn resume_case(tx: &mut Tx<'_, WriteCases>, id: CaseId, seen: Option<i64>, wanted: &CaseResumption) -> Result<Vec<Deadline>, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let to = wanted.to.unwrap_or(now);
    must_not_lie_ahead(to, now, "/to")?;
    let (case, mut contents) = open_case(tx, id, seen)?;
    let named = wanted.deadline_ids.as_deref();
    must_be_in(&contents, named.unwrap_or_default())?;
    let going_on = contents.deadlines.iter().filter(|deadline| match named {
        Some(named) => named.contains(&deadline.id),
        None => deadline.status == DeadlineStatus::Suspended,
    });
    let changes = going_on.map(|before| {
        let after = gone_on(before, &content, to, now)?;
        Ok(DeadlineChange { before: before.clone(), after, change: RegisterChange::Resumed })
    });
    let changes = changes.collect::<Result<_, Failure>>()?;
    case_work::save_deadlines(tx, &case, &mut contents, changes)
}

/// What an extension adds to a deadline.
fn further(wanted: &Extension, deadline: &Deadline, content: &Content) -> Result<DueChangeTo, Failure> {
    let calendar = content.calendar_of(&deadline.computation.calendar);
    let stated = stated_end(wanted.due_on, wanted.due_at, calendar.zone())?;
    match (&wanted.rule_id, wanted.period, stated) {
        (Some(id), None, None) => {
            let day = deadline.computation.origin.map_or(deadline.due_on, |origin| origin.on);
            let chosen = content.rule_on(id, day).ok_or(RuleViolation::field("/rule_id", FieldRule::NotFound))?;
            let of = chosen.rule.extends.as_deref().map(family_of);
            let current = rule_of(&deadline.computation, content).map(Rule::family).or(deadline.rule_id.as_deref().map(family_of));
            if of.is_none() || of != current {
                return Err(RuleViolation::field("/rule_id", FieldRule::NotAllowed).into());
            }
            let applied = Applied::under(chosen).ok_or(RuleViolation::field("/rule_id", FieldRule::NotAllowed))?;
            Ok(DueChangeTo::Period(applied))
        }
        (None, Some(period), None) if period.amount > 0 => Ok(DueChangeTo::Period(Applied { rule: None, period, from_the_moment: false })),
        (None, Some(_), None) => Err(RuleViolation::field("/period/amount", FieldRule::OutOfRange).into()),
        (None, None, Some((on, at))) => Ok(DueChangeTo::Stated(Origin { on, at: Some(at) })),
        (None, None, None) => Err(RuleViolation::field("/rule_id", FieldRule::Required).into()),
        _ => Err(RuleViolation::field("/rule_id", FieldRule::NotAllowed).into()),
    }
}

/// Extends a deadline.
///
/// # Errors
/// When it does not run, the rule does not extend its rule, or it would not end later.
pub fn extend(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>, wanted: &Extension) -> Result<Deadline, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let held = take(tx, id, seen)?;
    let mut after = held.deadline.clone();
    if !matches!(after.status, DeadlineStatus::Pending | DeadlineStatus::Missed) {
        return Err(RuleViolation::DeadlineMove { from: after.status, to: DeadlineStatus::Pending }.into());
    }
    after.computation = computation_of(&held.deadline, &held.contents, &content);
    let to = further(wanted, &after, &content)?;
    let pointer = match (&to, wanted.period) {
        (DueChangeTo::Stated(_), _) => "/due_on",
        (DueChangeTo::Period(_), Some(_)) => "/period/amount",
        (DueChangeTo::Period(_), None) => "/rule_id",
    };
    after.computation.changes.push(DueChange { to, basis: wanted.basis.to_string(), by: tx.scope().member(), at: now });
    let after = after.counted(&content, now).map_err(uncountable(pointer))?;
    if after.due_at <= held.deadline.due_at {
        return Err(RuleViolation::field(pointer, FieldRule::TooEarly).into());
    }
    held.save(tx, after, RegisterChange::Extended)
}
