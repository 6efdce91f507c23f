//! Computing deadlines without saving them, and explaining those that are saved.

use super::deadlines::{computation_of, look_at, uncountable};
use crate::{
    domain::{
        access::ReadCases,
        calendar::{BUILT_IN_CALENDAR, Calendar, CalendarVersion},
        computation::{Applied, Computation, Due, Origin, Stop, schedule},
        content::Content,
        deadline::Deadline,
        explanation::{Explained, explain},
        field_rule::FieldRule,
        ids::DeadlineId,
        list::List,
        period::Period,
        text::{Line, Slug},
        time::{Day, Instant},
        violation::RuleViolation,
        vocabulary::PauseGround,
    },
    limits::SHORT_LIST,
    store::{self, Failure, StoreError, Tx},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// What to compute. Give a rule or a period, and the moment or the day from which it runs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlinePreview {
    /// A rule; its version is the one that holds on the day of the trigger.
    #[serde(default)]
    #[schema(nullable = false)]
    pub rule_id: Option<Line<64>>,
    /// A period; a negative amount counts back.
    #[serde(default)]
    #[schema(nullable = false)]
    pub period: Option<Period>,
    /// The moment of the trigger.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_at: Option<Instant>,
    /// The day of the trigger.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_on: Option<Day>,
    /// The calendar of a period: `cn` when absent. A rule has its own.
    #[serde(default)]
    #[schema(nullable = false, value_type = Option<Slug>)]
    pub calendar: Option<Slug>,
    /// Times that are not counted.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<ExcludedTime>, max_items = 50)]
    pub excluded: List<ExcludedTime, SHORT_LIST>,
}

/// A time that is not counted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcludedTime {
    /// Since when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// On what ground; `other` when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub ground: Option<PauseGround>,
}

/// A computed end with the way to it.
#[derive(Debug)]
pub struct Explanation {
    /// When it ends; when it would if its clock went on now, while that stands still.
    pub due: Due,
    /// How it comes to its date.
    pub computation: Computation,
    /// The way, line by line.
    pub lines: Vec<Explained>,
}

/// Computes a deadline without saving it.
///
/// # Errors
/// When the body names no rule and no period, or both, or no trigger, or a calendar that is not there.
pub fn preview(tx: &mut Tx<'_, ReadCases>, wanted: DeadlinePreview) -> Result<Explanation, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let key = wanted.calendar.map_or_else(|| BUILT_IN_CALENDAR.to_owned(), String::from);
    if !content.knows_calendar(&key) {
        return Err(RuleViolation::field("/calendar", FieldRule::NotFound).into());
    }
    let mut stops = Vec::new();
    for (n, time) in wanted.excluded.iter().enumerate() {
        let overlaps = stops.iter().any(|known: &Stop| time.from < known.to.unwrap_or(known.from) && known.from < time.to);
        if time.to < time.from || overlaps {
            return Err(RuleViolation::field(format!("/excluded/{n}/to"), FieldRule::TooEarly).into());
        }
        let ground = time.ground.unwrap_or(PauseGround::Other);
        stops.push(Stop { ground, from: time.from, to: Some(time.to), reason: String::new(), by: tx.scope().member() });
    }
    let (pointer, zone) = match (wanted.occurred_on, wanted.occurred_at) {
        (Some(_), None) => ("/occurred_on", content.calendar_of(&key).zone()),
        (None, Some(_)) => ("/occurred_at", content.calendar_of(&key).zone()),
        (None, None) => return Err(RuleViolation::field("/occurred_on", FieldRule::Required).into()),
        (Some(_), Some(_)) => return Err(RuleViolation::field("/occurred_on", FieldRule::NotAllowed).into()),
    };
    let on = wanted.occurred_on.or(wanted.occurred_at.map(|at| at.day_in(zone)));
    let origin = Origin { on: on.ok_or(RuleViolation::field("/occurred_on", FieldRule::Required))?, at: wanted.occurred_at };
    let computation = match (wanted.rule_id, wanted.period) {
        (Some(id), None) => Computation { stops, ..of_rule(&id, origin, &content, now)? },
        (None, Some(period)) => {
            let calendar = content.calendar_of(&key);
            let applied = Applied { rule: None, period, from_the_moment: false };
            Computation {
                origin: Some(origin),
                applied: Some(applied),
                calendar: key.clone(),
                calendar_version: calendar.version(),
                stops,
                ..Computation::default()
            }
        }
        (None, None) => return Err(RuleViolation::field("/rule_id", FieldRule::Required).into()),
        (Some(_), Some(_)) => return Err(RuleViolation::field("/period", FieldRule::NotAllowed).into()),
    };
    let pointer = if computation.applied.as_ref().is_some_and(|applied| applied.rule.is_none()) { "/period/amount" } else { pointer };
    explained(computation, &content, None, now, pointer)
}

/// A rule applied for itself, with the others for the same act beside it.
fn of_rule(id: &str, origin: Origin, content: &Content, now: Instant) -> Result<Computation, Failure> {
    let not_found = || RuleViolation::field("/rule_id", FieldRule::NotFound);
    let chosen = content.rule_on(id, origin.on).ok_or_else(not_found)?;
    if chosen.rule.period.is_none() {
        return Err(RuleViolation::field("/rule_id", FieldRule::NotAllowed).into());
    }
    let started = schedule(&[chosen], origin, content, now).ok_or_else(|| RuleViolation::field("/occurred_on", FieldRule::OutOfRange))?;
    let act = chosen.rule.alternative_of.as_deref().unwrap_or(chosen.rule.family());
    let beside = content.rules.iter().filter(|rule| {
        let same_act = rule.alternative_of.as_deref() == Some(act) || rule.family() == act;
        same_act && rule.family() != chosen.rule.family() && rule.trigger_event == chosen.rule.trigger_event
    });
    let others: Vec<_> = beside.filter_map(|rule| content.rule_on(&rule.id, origin.on)).collect();
    let alternatives = others.iter().filter_map(|other| schedule(&[*other], origin, content, now)).map(|other| {
        crate::domain::computation::Alternative { rule_id: other.rule.id.clone(), due_on: other.due.on, due_at: other.due.at }
    });
    Ok(Computation { alternatives: alternatives.collect(), ..started.computation })
}

fn explained(
    computation: Computation,
    content: &Content,
    calendar: Option<&Calendar>,
    now: Instant,
    pointer: &'static str,
) -> Result<Explanation, Failure> {
    let calendar = calendar.unwrap_or_else(|| content.calendar_of(&computation.calendar));
    let due = computation.due(calendar, now).map_err(uncountable(pointer))?;
    if !due.at.is_nameable() {
        return Err(RuleViolation::field(pointer, FieldRule::OutOfRange).into());
    }
    let lines = explain(&computation, content, calendar, now).map_err(uncountable(pointer))?;
    Ok(Explanation { due, computation, lines })
}

/// The calendar as it was when a deadline was last counted: none when it still is that one.
fn calendar_then(tx: &mut Tx<'_, ReadCases>, key: &str, version: CalendarVersion, content: &Content) -> Result<Option<Calendar>, Failure> {
    if content.calendar_of(key).version() == version {
        return Ok(None);
    }
    let shipped = tx.ground();
    let base = &shipped.content.calendar;
    let mut of = |key: &str, revision: i32, base: &Calendar| -> Result<Calendar, Failure> {
        match store::calendars::find(tx, key, revision) {
            Ok(record) => Ok(record.calendar(base)),
            Err(StoreError::NotFound) => Ok(base.clone()),
            Err(error) => Err(error.into()),
        }
    };
    if key == BUILT_IN_CALENDAR {
        return Ok(Some(of(key, version.revision, base)?));
    }
    let base = of(BUILT_IN_CALENDAR, version.base_revision, base)?;
    Ok(Some(of(key, version.revision, &base)?))
}

/// Explains how a deadline comes to its date, by the versions of rule and calendar by which it was last counted.
///
/// # Errors
/// When it is not there.
pub fn explanation(tx: &mut Tx<'_, ReadCases>, id: DeadlineId) -> Result<(Deadline, Explanation), Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let (deadline, contents) = look_at(tx, id)?;
    let computation = computation_of(&deadline, &contents, &content);
    let then = calendar_then(tx, &computation.calendar, computation.calendar_version, &content)?;
    // What has come to its end is explained as it ended.
    let at = if deadline.is_open() { now } else { deadline.updated_at };
    let explanation = explained(computation, &content, then.as_ref(), at, "")?;
    Ok((deadline, explanation))
}
