//! Reminders of deadlines: when each step of a ladder is due, and what was sent.

use super::{
    availability::{Availability, TimeOfDay},
    content::Content,
    deadline::Deadline,
    ids::{CaseId, DeadlineId, MemberId, ReminderId},
    ladder::{Before, LadderStep},
    period::{Period, Roll, Unit, end_of_period},
    time::Instant,
    vocabulary::{DeadlineStatus, LadderKind, OwedBy, StepUnit},
};

/// The longest period, in days, that counts as a countdown.
const COUNTDOWN_DAYS: i32 = 7;

/// After how many seconds a reminder is late: a quarter of an hour.
const LATE: i64 = 15 * 60;

/// A step of a ladder at the moment at which it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned<'c> {
    /// The step.
    pub step: &'c LadderStep,
    /// When.
    pub at: Instant,
    /// Whether its time is long over: the server was down meanwhile.
    pub late: bool,
}

/// A reminder of a deadline to one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// The case.
    pub case_id: CaseId,
    /// The deadline.
    pub deadline_id: DeadlineId,
    /// Whom it reminds.
    pub member_id: MemberId,
    /// For whom they stand in.
    pub stands_in_for_id: Option<MemberId>,
    /// The step of the ladder.
    pub step: String,
    /// When the deadline ended then.
    pub due_at: Instant,
    /// Whether it was shown at once.
    pub critical: bool,
    /// When the step was planned.
    pub planned_at: Instant,
    /// When it is shown.
    pub shown_at: Instant,
    /// Whether the server was down when it was planned.
    pub late: bool,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Instant>,
    /// Until when it was put off.
    pub snoozed_until: Option<Instant>,
    /// When it was cancelled, before it was shown.
    pub cancelled_at: Option<Instant>,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
}

impl Deadline {
    /// By which ladder it is reminded of.
    #[must_use]
    pub fn ladder_kind(&self, content: &Content) -> LadderKind {
        match self.owed_by {
            OwedBy::Them => return LadderKind::Counterpart,
            OwedBy::System => return LadderKind::System,
            OwedBy::Us => {}
        }
        let applied = self.computation.applied.as_ref();
        let began = match self.computation.origin.filter(|_| applied.is_some()) {
            Some(origin) => origin.on,
            None => self.created_at.day_in(content.calendar_of(&self.computation.calendar).zone()),
        };
        let in_hours = applied.is_some_and(|applied| applied.period.unit == Unit::Hours);
        match () {
            () if in_hours || (self.due_on.0 - began.0).get_days() <= COUNTDOWN_DAYS => LadderKind::Countdown,
            () if self.statutory => LadderKind::Statutory,
            () => LadderKind::Ordinary,
        }
    }

    /// Whether anybody is reminded of it: while it runs, and when it was missed.
    #[must_use]
    pub fn is_reminded(&self) -> bool {
        matches!(self.status, DeadlineStatus::Pending | DeadlineStatus::Missed)
    }

    /// When a step that far from its end lies: hours exactly, days at nine in the morning in the zone of its calendar.
    fn moment(&self, before: Before, content: &Content) -> Option<Instant> {
        let calendar = content.calendar_of(&self.computation.calendar);
        let unit = match before.unit {
            StepUnit::Hours => return Some(self.due_at.plus_seconds(i64::from(before.amount).saturating_mul(-3600))),
            StepUnit::Days => Unit::Days,
            StepUnit::WorkingDays => Unit::WorkingDays,
        };
        let period = Period { amount: before.amount.saturating_neg(), unit, roll: Roll::None };
        let day = end_of_period(self.due_on.0, period, calendar).ok()?.due_on;
        let at = TimeOfDay::NINE.on(day, calendar.zone())?;
        // The last day itself may end before nine.
        Some(if before.amount >= 0 { at.min(self.due_at) } else { at })
    }

    /// The steps of its ladder, each at its moment.
    fn steps<'c>(&self, content: &'c Content) -> impl Iterator<Item = Planned<'c>> {
        let ladder = if self.is_reminded() { content.ladder(self.ladder_kind(content)) } else { &[] };
        ladder.iter().filter_map(|step| Some(Planned { step, at: self.moment(step.before, content)?, late: false }))
    }

    /// The critical step that announced more time than was left when the deadline was planned: it is sent at once.
    fn at_once<'c>(&self, planned: Instant, content: &'c Content) -> Option<Planned<'c>> {
        let steps = self.steps(content).filter(|step| step.step.critical && step.at <= planned && planned < self.due_at);
        steps.max_by_key(|step| step.at)
    }

    /// Whether a step is to be sent at once: it was planned for a moment up to which everything counts as dealt with.
    fn waits_for_at_once(&self) -> bool {
        match (self.wake_at, self.reminded_until) {
            (Some(wake_at), Some(until)) => wake_at <= until,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// When something is next to be done about it: its end, while it runs, or the next step of its ladder.
    #[must_use]
    pub fn next_wake(&self, content: &Content) -> Option<Instant> {
        let end = (self.status == DeadlineStatus::Pending).then_some(self.due_at);
        let step = self.steps(content).map(|step| step.at).filter(|at| self.reminded_until.is_none_or(|until| *at > until)).min();
        [end, step].into_iter().flatten().min()
    }

    /// The deadline with its reminders planned from `now` on: steps that lie behind are left out, but for the nearest critical one.
    #[must_use]
    pub fn planned(&self, content: &Content, now: Instant) -> Self {
        let next = Self { reminded_until: Some(now), ..self.clone() };
        let wake_at = if next.at_once(now, content).is_some() { Some(now) } else { next.next_wake(content) };
        Self { wake_at, ..next }
    }

    /// The deadline as it follows on `before`, with its reminders planned anew when its end has moved or its clock goes on again.
    #[must_use]
    pub fn planned_after(&self, before: &Self, content: &Content, now: Instant) -> Self {
        let goes_on = self.is_reminded() && !before.is_reminded();
        if before.due_at != self.due_at || goes_on {
            return self.planned(content, now);
        }
        let wake_at = if self.is_reminded() && before.waits_for_at_once() { before.wake_at } else { self.next_wake(content) };
        Self { wake_at, ..self.clone() }
    }

    /// The steps that are due now, in order.
    #[must_use]
    pub fn due_steps<'c>(&self, content: &'c Content, now: Instant) -> Vec<Planned<'c>> {
        let since = self.reminded_until.unwrap_or(now);
        let at_once = if self.waits_for_at_once() { self.at_once(since, content) } else { None };
        let due = self.steps(content).filter(|step| since < step.at && step.at <= now);
        let due = due.map(|step| Planned { late: step.at.plus_seconds(LATE) < now, ..step });
        let mut steps: Vec<Planned<'c>> = at_once.into_iter().chain(due).collect();
        steps.sort_by_key(|step| step.at);
        steps
    }

    /// The deadline with everything up to `now` dealt with.
    #[must_use]
    pub fn reminded(&self, content: &Content, now: Instant) -> Self {
        let next = Self { reminded_until: Some(now), ..self.clone() };
        Self { wake_at: next.next_wake(content), ..next }
    }

    /// When a step that is due now is shown: in the working hours of whoever it reminds, unless it is critical or its end would pass meanwhile.
    #[must_use]
    pub fn shown_at(&self, step: &LadderStep, availability: &Availability, content: &Content, now: Instant) -> Instant {
        if step.critical {
            return now;
        }
        let held = availability.next_working_moment(now, content.calendar_of(&availability.calendar));
        if now < self.due_at && self.due_at <= held { now } else { held }
    }
}
