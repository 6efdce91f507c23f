//! Deadlines, and how each moves.

use super::{
    computation::{Computation, Due, Stop},
    content::Content,
    ids::{CaseId, DeadlineId, MemberId, ShopId, TriggerId},
    language::Bilingual,
    period::PeriodError,
    time::{Day, Instant},
    violation::RuleViolation,
    vocabulary::{DeadlineStatus, OwedBy, PauseGround, RegisterChange, Stage},
};
use serde::Serialize;

/// The day or hour by which something must have happened in a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deadline {
    /// Its id.
    pub id: DeadlineId,
    /// Its case.
    pub case_id: CaseId,
    /// The shop of its case.
    pub shop_id: ShopId,
    /// Who answers for it.
    pub assignee_id: Option<MemberId>,
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
    /// Whether its rule rests on a statute: a second person then checks what was entered.
    pub statutory: bool,
    /// How it comes to its date.
    pub computation: Computation,
    /// The state of the tenant's calendars and rules under which it was last counted.
    #[serde(skip)]
    pub rulebook_revision: i64,
    /// Up to when reminders of it have been dealt with.
    #[serde(skip)]
    pub reminded_until: Option<Instant>,
    /// When something is next to be done about it.
    #[serde(skip)]
    pub wake_at: Option<Instant>,
    /// Its state.
    pub status: DeadlineStatus,
    /// When it passed without the act.
    pub missed_at: Option<Instant>,
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

    /// Its title in both languages: its own, or its rule's.
    #[must_use]
    pub fn title(&self, content: &Content) -> Bilingual {
        let rule = self.rule_id.as_deref().and_then(|id| content.rule(id));
        Bilingual::own_or(self.title.as_deref(), rule.map(|rule| &rule.title))
    }

    /// Whether it has not come to its end: it runs, stands still, or was missed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status, DeadlineStatus::Pending | DeadlineStatus::Suspended | DeadlineStatus::Missed)
    }

    /// The deadline met by an act done at `met_at`; a late act meets it too, and `met_at` shows that it was late.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] when it is met or waived already.
    pub fn met(&self, met_at: Instant, note: Option<String>) -> Result<Self, RuleViolation> {
        self.moved(DeadlineStatus::Met, Self { met_at: Some(met_at), note, ..self.going_on(met_at) })
    }

    /// The deadline let go.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] when it is met or waived already.
    pub fn waived(&self, reason: String, now: Instant) -> Result<Self, RuleViolation> {
        self.moved(DeadlineStatus::Waived, Self { note: Some(reason), ..self.going_on(now) })
    }

    /// The deadline as passed without the act.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] unless it runs.
    pub fn missed(&self) -> Result<Self, RuleViolation> {
        match self.status {
            DeadlineStatus::Pending => Ok(Self { status: DeadlineStatus::Missed, missed_at: Some(self.due_at), ..self.clone() }),
            from => Err(RuleViolation::DeadlineMove { from, to: DeadlineStatus::Missed }),
        }
    }

    /// The deadline with its clock stopped.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] unless it runs.
    pub fn suspended(&self, ground: PauseGround, from: Instant, reason: String, by: MemberId) -> Result<Self, RuleViolation> {
        if self.status != DeadlineStatus::Pending {
            return Err(RuleViolation::DeadlineMove { from: self.status, to: DeadlineStatus::Suspended });
        }
        let mut next = Self { status: DeadlineStatus::Suspended, ..self.clone() };
        next.computation.stops.push(Stop { ground, from, to: None, reason, by });
        Ok(next)
    }

    /// The deadline with its clock going on since `to`; its end is still to be counted.
    ///
    /// # Errors
    /// [`RuleViolation::DeadlineMove`] unless it stands still.
    pub fn resumed(&self, to: Instant) -> Result<Self, RuleViolation> {
        match self.status {
            DeadlineStatus::Suspended => Ok(Self { status: DeadlineStatus::Pending, ..self.going_on(to) }),
            from => Err(RuleViolation::DeadlineMove { from, to: DeadlineStatus::Pending }),
        }
    }

    fn going_on(&self, to: Instant) -> Self {
        let mut next = self.clone();
        if let Some(stop) = next.computation.stops.last_mut().filter(|stop| stop.to.is_none()) {
            stop.to = Some(to.max(stop.from));
        }
        next
    }

    /// The deadline with its end counted anew under the tenant's calendars; one that was missed runs again when its end now lies ahead.
    ///
    /// # Errors
    /// When the arithmetic leaves the calendar.
    pub fn counted(&self, content: &Content, now: Instant) -> Result<Self, PeriodError> {
        let due = self.projected(content, now)?;
        let mut next = Self { due_on: due.on, due_at: due.at, provisional: due.provisional, ..self.clone() };
        next.computation.calendar_version = content.calendar_of(&self.computation.calendar).version();
        if next.status == DeadlineStatus::Missed && next.due_at > now {
            (next.status, next.missed_at) = (DeadlineStatus::Pending, None);
        }
        Ok(next)
    }

    /// When it would end if its clock went on now.
    ///
    /// # Errors
    /// When the arithmetic leaves the calendar.
    pub fn projected(&self, content: &Content, now: Instant) -> Result<Due, PeriodError> {
        let due = self.computation.due(content.calendar_of(&self.computation.calendar), now)?;
        if due.at.is_nameable() { Ok(due) } else { Err(PeriodError::BeyondTime) }
    }

    fn moved(&self, to: DeadlineStatus, next: Self) -> Result<Self, RuleViolation> {
        match self.status {
            DeadlineStatus::Pending | DeadlineStatus::Suspended | DeadlineStatus::Missed => Ok(Self { status: to, ..next }),
            from => Err(RuleViolation::DeadlineMove { from, to }),
        }
    }
}

impl RegisterChange {
    /// The kind of the journal's entry that tells of the same.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Entered => "deadline.created",
            Self::Changed => "deadline.changed",
            Self::Suspended => "deadline.suspended",
            Self::Resumed => "deadline.resumed",
            Self::Extended => "deadline.extended",
            Self::Met => "deadline.met",
            Self::Missed => "deadline.missed",
            Self::Waived => "deadline.waived",
            Self::Checked => "deadline.checked",
        }
    }
}

/// The deadline that comes next on our side.
#[must_use]
pub fn next_of(deadlines: &[Deadline]) -> Option<&Deadline> {
    deadlines.iter().filter(|d| d.owed_by == OwedBy::Us && d.status == DeadlineStatus::Pending).min_by_key(|d| (d.due_at, d.id))
}
