//! Deadlines, the rules that make them, and how each moves.

use super::{
    calendar::Calendar,
    ids::{CaseId, DeadlineId, TriggerId},
    language::Bilingual,
    period::{Period, PeriodError, Roll, Unit, end_of_day, end_of_hours, end_of_period},
    time::{Day, Instant},
    trigger::Trigger,
    violation::RuleViolation,
    vocabulary::{Channel, DeadlineStatus, OwedBy, Platform, Stage},
};
use serde::Serialize;

/// The day or hour by which something must have happened in a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deadline {
    /// Its id.
    pub id: DeadlineId,
    /// Its case.
    pub case_id: CaseId,
    /// The stage that it belongs to.
    pub stage: Stage,
    /// The rule that made it, or under which its stated date falls.
    pub rule_id: Option<String>,
    /// A word by which tasks of the playbook refer to a stated deadline, such as `request_due`.
    pub key: Option<String>,
    /// Its title, when it is not the rule's.
    pub title: Option<String>,
    /// The trigger that started it.
    pub trigger_id: Option<TriggerId>,
    /// Who owes the act.
    pub owed_by: OwedBy,
    /// The last day, in the calendar's zone.
    pub due_on: Day,
    /// The moment at which it ends.
    pub due_at: Instant,
    /// Copied from the notice instead of computed.
    pub as_stated: bool,
    /// Computed through a year whose holidays are not published, or under a rule that was not yet in force.
    pub provisional: bool,
    /// Its state.
    pub status: DeadlineStatus,
    /// When the act was done.
    pub met_at: Option<Instant>,
    /// Why it was waived, or how it was met.
    pub note: Option<String>,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Deadline {
    /// Whether it still runs, or was missed, on our side.
    #[must_use]
    pub fn is_open_for_us(&self) -> bool {
        self.owed_by == OwedBy::Us && !matches!(self.status, DeadlineStatus::Met | DeadlineStatus::Waived)
    }

    /// The deadline met by an act done at `met_at`; a late act meets it too, and `met_at` shows that it was late.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] when it is met or waived already.
    pub fn met(&self, met_at: Instant, note: Option<String>) -> Result<Self, RuleViolation> {
        self.moved(DeadlineStatus::Met, Self { met_at: Some(met_at), note, ..self.clone() })
    }

    /// The deadline let go.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] when it is met or waived already.
    pub fn waived(&self, reason: String) -> Result<Self, RuleViolation> {
        self.moved(DeadlineStatus::Waived, Self { note: Some(reason), ..self.clone() })
    }

    fn moved(&self, to: DeadlineStatus, next: Self) -> Result<Self, RuleViolation> {
        match self.status {
            DeadlineStatus::Pending | DeadlineStatus::Suspended | DeadlineStatus::Missed => Ok(Self { status: to, ..next }),
            from => Err(RuleViolation::DeadlineMove { from, to }),
        }
    }
}

/// The deadline that comes next on our side.
#[must_use]
pub fn next_of(deadlines: &[Deadline]) -> Option<&Deadline> {
    deadlines.iter().filter(|d| d.owed_by == OwedBy::Us && d.status == DeadlineStatus::Pending).min_by_key(|d| (d.due_at, d.id))
}

/// A rule that makes a deadline from a trigger.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id, such as `SAMR-HEARING-REQ`.
    pub id: String,
    /// The rule for the same act that is scheduled instead.
    pub alternative_of: Option<String>,
    /// The stage of its deadlines.
    pub stage: Stage,
    /// Where it applies.
    pub applies_to: Vec<AppliesTo>,
    /// Its title.
    pub title: Bilingual,
    /// The trigger that starts it; `X.due` is the due date of rule X.
    pub trigger_event: String,
    /// Who owes the act.
    pub owed_by: OwedBy,
    /// How long it is; absent when the notice states it.
    pub period: Option<Period>,
    /// Statute, regulation or platform text.
    pub source: String,
    /// First day of triggers that it governs.
    pub effective_from: Option<Day>,
    /// Last day of triggers that it governs.
    pub effective_to: Option<Day>,
    /// How well the source was read: V statute, P platform text, S secondary, U unverified.
    pub confidence: String,
    /// What to know of it.
    pub note: String,
}

/// Where a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppliesTo {
    /// In cases with a complaint from this channel.
    Channel(Channel),
    /// In cases with a complaint from the platform, for shops on this one.
    Platform(Platform),
}

impl Rule {
    /// The rule without the mark of an older version.
    fn family(&self) -> &str {
        self.id.strip_suffix("-OLD").unwrap_or(&self.id)
    }

    /// Whether the rule governs cases of these channels for shops on this platform.
    #[must_use]
    pub fn applies(&self, channels: &[Channel], platform: Platform) -> bool {
        self.applies_to.iter().any(|target| match target {
            AppliesTo::Channel(channel) => channels.contains(channel),
            AppliesTo::Platform(on) => channels.contains(&Channel::Platform) && *on == platform,
        })
    }

    fn in_force(&self, day: Day) -> bool {
        self.effective_from.is_none_or(|from| from <= day) && self.effective_to.is_none_or(|to| day <= to)
    }

    /// When a deadline under this rule ends that the trigger started.
    ///
    /// A platform's countdown is natural time from the moment of the notice, so its days are 24 hours each when that moment is known.
    ///
    /// # Errors
    /// When the arithmetic leaves the calendar.
    pub fn due(&self, trigger: &Trigger, calendar: &Calendar) -> Result<Option<Due>, PeriodError> {
        let Some(period) = self.period else { return Ok(None) };
        let hours = match (period.unit, self.counts_from_the_moment(), trigger.occurred_at) {
            (Unit::Hours, _, _) => Some(period.amount),
            (Unit::Days, true, Some(_)) => Some(period.amount.saturating_mul(24)),
            _ => None,
        };
        if let Some(hours) = hours {
            let from = match trigger.occurred_at {
                Some(at) => at.timestamp(),
                None => end_of_day(trigger.occurred_on.0, calendar.zone())?,
            };
            let due_at = end_of_hours(from, hours)?;
            let due_on = due_at.to_zoned(calendar.zone().clone()).date();
            return Ok(Some(Due { on: Day(due_on), at: Instant::new(due_at), provisional: false }));
        }
        let counted = end_of_period(trigger.occurred_on.0, period, calendar)?;
        Ok(Some(Due {
            on: Day(counted.due_on),
            at: Instant::new(end_of_day(counted.due_on, calendar.zone())?),
            provisional: counted.provisional,
        }))
    }

    fn counts_from_the_moment(&self) -> bool {
        self.applies_to.iter().any(|target| matches!(target, AppliesTo::Platform(_))) && self.period.is_some_and(|p| p.roll == Roll::None)
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

/// The rules that a trigger sets going: each in the version that its day falls under, alternatives left to their main rule, stated periods left out.
///
/// A trigger older than the earliest version of a rule falls under that version, marked provisional.
#[must_use]
pub fn rules_for<'r>(rules: &'r [Rule], event: &str, day: Day, channels: &[Channel], platform: Platform) -> Vec<(&'r Rule, bool)> {
    let candidates: Vec<&Rule> = rules
        .iter()
        .filter(|rule| {
            rule.trigger_event == event && rule.alternative_of.is_none() && rule.period.is_some() && rule.applies(channels, platform)
        })
        .collect();
    candidates
        .iter()
        .filter_map(|rule| {
            if rule.in_force(day) {
                return Some((*rule, false));
            }
            let family = || candidates.iter().filter(|other| other.family() == rule.family());
            let is_earliest = family().all(|other| rule.effective_from <= other.effective_from);
            let nothing_in_force = family().all(|other| !other.in_force(day));
            (is_earliest && nothing_in_force && rule.effective_from.is_some_and(|from| day < from)).then_some((*rule, true))
        })
        .collect()
}
