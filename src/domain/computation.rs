//! How a deadline comes to its date: from where it is counted, under which rule and calendar, how often its clock stood still, and what moved it.
//!
//! It is kept with the deadline, so that a date can be counted again, explained, and moved with its trigger without losing a pause.

use super::{
    calendar::{Calendar, CalendarVersion},
    content::Content,
    deadline_rule::Rule,
    ids::MemberId,
    period::{Counted, Pause, Period, PeriodError, Unit, end_of_day, end_of_paused_hours, end_of_paused_period},
    rule_choice::Chosen,
    time::{Day, Instant},
    trigger::Trigger,
    vocabulary::PauseGround,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// From where a period is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The civil day in the calendar's zone.
    #[serde(deserialize_with = "Day::read_kept")]
    pub on: Day,
    /// The moment, where it is known.
    #[serde(deserialize_with = "Instant::read_kept")]
    pub at: Option<Instant>,
}

impl Origin {
    /// When a trigger happened.
    #[must_use]
    pub fn of(trigger: &Trigger) -> Self {
        Self { on: trigger.occurred_on, at: trigger.occurred_at }
    }
}

/// When a deadline ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The last day.
    pub on: Day,
    /// The end of it.
    pub at: Instant,
    /// It may move when a calendar is published.
    pub provisional: bool,
}

/// A period as it is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// The rule that it is from; absent when a person gave it.
    pub rule: Option<AppliedRule>,
    /// How long.
    pub period: Period,
    /// Whether days are 24 hours each from the moment, where that is known.
    pub from_the_moment: bool,
}

/// The version of a rule that was applied, with what a later version may say otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppliedRule {
    /// Its id.
    pub id: String,
    /// Which version; 0 when it is built in.
    pub number: i32,
    /// Statute, regulation or platform text.
    pub source: String,
    /// The trigger is older than the earliest version.
    pub early: bool,
}

impl Applied {
    /// A rule's period; none when the notice states it.
    #[must_use]
    pub fn under(Chosen { rule, early }: Chosen<'_>) -> Option<Self> {
        Some(Self {
            period: rule.period?,
            from_the_moment: rule.counts_from_the_moment(),
            rule: Some(AppliedRule { id: rule.id.clone(), number: rule.number, source: rule.source.clone(), early }),
        })
    }
}

/// A time during which the clock of a deadline stood still, or stands still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// On what ground.
    pub ground: PauseGround,
    /// Since when.
    pub from: Instant,
    /// Until when; absent while it stands still.
    pub to: Option<Instant>,
    /// Why, in words.
    pub reason: String,
    /// Who stopped it.
    pub by: MemberId,
}

/// What moved the end of a deadline, after its rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DueChange {
    /// To when.
    pub to: DueChangeTo,
    /// On what it rests: the decision that extends it, the page that shows another countdown.
    pub basis: String,
    /// Who entered it.
    pub by: MemberId,
    /// When.
    pub at: Instant,
}

/// Where the end moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueChangeTo {
    /// By a further period, counted from the end until then.
    Period(Applied),
    /// To a date that was stated.
    Stated(Origin),
}

/// Another rule for the same act, and when it would end the deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Which rule.
    pub rule_id: String,
    /// The last day under it.
    pub due_on: Day,
    /// The end of it.
    pub due_at: Instant,
}

/// How a deadline comes to its date.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Computation {
    /// From where it is counted; for a stated deadline, the end that was stated.
    pub origin: Option<Origin>,
    /// The period; absent when the end was stated.
    pub applied: Option<Applied>,
    /// The calendar by which it counts.
    pub calendar: String,
    /// In which version.
    pub calendar_version: CalendarVersion,
    /// When its clock stood still, in order.
    pub stops: Vec<Stop>,
    /// What moved its end, in order.
    pub changes: Vec<DueChange>,
    /// The other rules for the same act.
    pub alternatives: Vec<Alternative>,
}

/// One leg on the way to the end: the rule's period, or what came after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// From where it is counted.
    pub from: Origin,
    /// The period; absent when its end was stated.
    pub applied: Option<Applied>,
    /// On what a further leg rests.
    pub basis: Option<String>,
    /// The days, where days were counted.
    pub counted: Option<Counted>,
    /// When it ends.
    pub due: Due,
}

impl Computation {
    /// Of an end that was stated.
    #[must_use]
    pub fn stated(on: Day, at: Instant, calendar: &Calendar) -> Self {
        Self {
            origin: Some(Origin { on, at: Some(at) }),
            calendar: calendar.key().to_owned(),
            calendar_version: calendar.version(),
            ..Self::default()
        }
    }

    /// Of a rule, from an origin.
    #[must_use]
    pub fn under(chosen: Chosen<'_>, origin: Origin, calendar: &Calendar) -> Self {
        Self {
            origin: Some(origin),
            applied: Applied::under(chosen),
            calendar: calendar.key().to_owned(),
            calendar_version: calendar.version(),
            ..Self::default()
        }
    }

    /// Since when the clock stands still, if it does.
    #[must_use]
    pub fn standing(&self) -> Option<&Stop> {
        self.stops.last().filter(|stop| stop.to.is_none())
    }

    /// Whether a person moved the end to a date of their own, which no trigger moves any more.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.to, DueChangeTo::Stated(_)))
    }

    /// The legs to the end; a clock that stands still counts as going on at `now`.
    ///
    /// # Errors
    /// When the arithmetic leaves the calendar, or there is nothing to count from.
    pub fn legs(&self, calendar: &Calendar, now: Instant) -> Result<Vec<Leg>, PeriodError> {
        let origin = self.origin.ok_or(PeriodError::NeedsAnInstant)?;
        let zone = calendar.zone();
        let pauses: Vec<Pause> = self
            .stops
            .iter()
            .map(|stop| Pause { from: stop.from.timestamp(), to: stop.to.unwrap_or(now.max(stop.from)).timestamp(), ground: stop.ground })
            .collect();
        let mut legs = vec![match &self.applied {
            Some(applied) => applied.leg(origin, None, &pauses, calendar)?,
            None => stated_leg(origin, None, &pauses, None, zone)?,
        }];
        for change in &self.changes {
            let until_now = legs.last().map_or(origin, |leg| Origin { on: leg.due.on, at: Some(leg.due.at) });
            let basis = Some(change.basis.clone());
            legs.push(match &change.to {
                // The pauses that fell into the legs before have moved their ends already.
                DueChangeTo::Period(applied) => {
                    let later = later_than(&pauses, until_now.at);
                    applied.leg(until_now, basis, &later, calendar)?
                }
                DueChangeTo::Stated(end) => stated_leg(*end, basis, &pauses, Some(change.at), zone)?,
            });
        }
        Ok(legs)
    }

    /// When it ends; a clock that stands still counts as going on at `now`.
    ///
    /// # Errors
    /// As [`Self::legs`].
    pub fn due(&self, calendar: &Calendar, now: Instant) -> Result<Due, PeriodError> {
        let legs = self.legs(calendar, now)?;
        let early = self.applied.as_ref().and_then(|applied| applied.rule.as_ref()).is_some_and(|rule| rule.early);
        let last = legs.last().ok_or(PeriodError::NeedsAnInstant)?;
        let provisional = match legs.iter().rposition(|leg| leg.applied.is_none()) {
            // A stated end makes everything before it certain.
            Some(stated) => legs.iter().skip(stated).any(|leg| leg.due.provisional),
            None => early || legs.iter().any(|leg| leg.due.provisional),
        };
        Ok(Due { provisional, ..last.due })
    }
}

fn later_than(pauses: &[Pause], end: Option<Instant>) -> Vec<Pause> {
    pauses.iter().filter(|pause| end.is_none_or(|end| pause.from >= end.timestamp())).copied().collect()
}

/// An end that was stated; what stood still after it was stated moves it on by just that time.
fn stated_leg(
    end: Origin,
    basis: Option<String>,
    pauses: &[Pause],
    stated_at: Option<Instant>,
    zone: &TimeZone,
) -> Result<Leg, PeriodError> {
    let at = match end.at {
        Some(at) => at.timestamp(),
        None => end_of_day(end.on.0, zone)?,
    };
    let since = later_than(pauses, stated_at);
    let mut due = at;
    for pause in since.iter().filter(|pause| pause.to > pause.from) {
        if pause.from < due {
            let day = |at: jiff::Timestamp| at.to_zoned(zone.clone()).date();
            let days = (day(pause.to) - day(pause.from)).get_days();
            due = due
                .to_zoned(zone.clone())
                .checked_add(jiff::Span::new().try_days(days).map_err(|_| PeriodError::BeyondTime)?)
                .map_err(|_| PeriodError::BeyondTime)?
                .timestamp();
        }
    }
    let on = if due == at { end.on } else { day_before_midnight(due, zone) };
    Ok(Leg { from: end, applied: None, basis, counted: None, due: Due { on, at: Instant::new(due), provisional: false } })
}

/// The day that a moment ends: 24:00 belongs to the day before.
fn day_before_midnight(at: jiff::Timestamp, zone: &TimeZone) -> Day {
    Day(at.checked_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(at).to_zoned(zone.clone()).date())
}

impl Applied {
    /// Counts it.
    fn leg(&self, from: Origin, basis: Option<String>, pauses: &[Pause], calendar: &Calendar) -> Result<Leg, PeriodError> {
        let period = self.period;
        let hours = match (period.unit, self.from_the_moment, from.at) {
            (Unit::Hours, _, _) => Some(period.amount),
            (Unit::Days, true, Some(_)) => Some(period.amount.saturating_mul(24)),
            _ => None,
        };
        let (counted, due) = if let Some(hours) = hours {
            let start = match from.at {
                Some(at) => at.timestamp(),
                None => end_of_day(from.on.0, calendar.zone())?,
            };
            let at = end_of_paused_hours(start, hours, pauses)?;
            (None, Due { on: Day(at.to_zoned(calendar.zone().clone()).date()), at: Instant::new(at), provisional: false })
        } else {
            let counted = end_of_paused_period(from.on.0, period, pauses, calendar)?;
            let due = Due {
                on: Day(counted.due_on),
                at: Instant::new(end_of_day(counted.due_on, calendar.zone())?),
                provisional: counted.provisional,
            };
            (Some(counted), due)
        };
        Ok(Leg { from, applied: Some(self.clone()), basis, counted, due })
    }
}

/// A deadline that a trigger starts: the rule that ends first, and the others for the same act.
#[derive(Debug, Clone)]
pub struct Started<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// How it comes to its date.
    pub computation: Computation,
    /// When it ends.
    pub due: Due,
}

/// Applies the rules for one act: the one that ends first is scheduled, the others are noted. None when no rule can be counted.
#[must_use]
pub fn schedule<'r>(act: &[Chosen<'r>], origin: Origin, content: &Content, now: Instant) -> Option<Started<'r>> {
    let counted = act.iter().filter_map(|chosen| {
        let calendar = content.calendar_of(&chosen.rule.calendar);
        let computation = Computation::under(*chosen, origin, calendar);
        let due = computation.due(calendar, now).ok().filter(|due| due.at.is_nameable())?;
        Some(Started { rule: chosen.rule, computation, due })
    });
    let mut all: Vec<Started<'r>> = counted.collect();
    // Between equals the main rule comes first.
    all.sort_by_key(|started| (started.due.at, started.rule.alternative_of.is_some()));
    let mut all = all.into_iter();
    let mut first = all.next()?;
    first.computation.alternatives =
        all.map(|other| Alternative { rule_id: other.rule.id.clone(), due_on: other.due.on, due_at: other.due.at }).collect();
    Some(first)
}
