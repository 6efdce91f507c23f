//! Counting a period from its trigger to the day on which it ends, with every day that mattered on the way.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    calendar::{Calendar, DayKind},
    vocabulary::PauseGround,
};

/// What a period is measured in.
///
/// The same words mean different units in different statutes, so each rule states its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Hours from the moment stated, without a stop (Civil Code art. 201).
    Hours,
    /// Natural days, days off included.
    Days,
    /// Working days only (Administrative Penalty Law art. 85).
    WorkingDays,
    /// Months to the corresponding day (Civil Code art. 202).
    Months,
    /// Years to the corresponding day (Civil Code art. 202).
    Years,
}

impl Unit {
    /// The largest amount counted, in this unit and in either direction.
    #[must_use]
    pub const fn limit(self) -> u32 {
        match self {
            Self::Hours => 1_000_000,
            Self::Days => 36_500,
            Self::WorkingDays => 5_000,
            Self::Months => 1_200,
            Self::Years => 100,
        }
    }

    const fn check(self, amount: i32) -> Result<(), PeriodError> {
        if amount.unsigned_abs() > self.limit() {
            return Err(PeriodError::OutOfRange { unit: self, amount });
        }
        Ok(())
    }
}

/// Where an end goes that falls on a day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// It stays, as with a platform's countdown or a time in custody.
    #[default]
    None,
    /// To the next working day (Civil Code art. 203).
    Forward,
    /// To the working day before.
    Backward,
}

/// A length of time as a rule states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// How many units; a negative amount counts back from the trigger.
    #[schema(example = 5)]
    pub amount: i32,
    /// The unit counted.
    pub unit: Unit,
    /// What happens to an end on a day off; working days end on a working day by themselves.
    #[serde(default)]
    pub roll: Roll,
}

/// The end of a period and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The end before any roll; `None` for counted working days.
    pub raw_end: Option<Date>,
    /// The last day of the period.
    pub due_on: Date,
    /// Whether a day that decided the result lies in a year whose days off are not published.
    pub provisional: bool,
    /// The days that mattered, one step each, in the order of counting.
    ///
    /// Days and working days: the trigger, every day up to the end, then the days of the roll.
    /// Months, years and very many days: the trigger, the end, then the days of the roll.
    pub steps: Vec<Step>,
}

/// One day on the way, what it is and what the count did with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The day.
    pub date: Date,
    /// What the day is, with the name of its holiday.
    pub day: DayKind,
    /// What the count did with it.
    pub reason: StepReason,
}

impl Step {
    fn new(date: Date, reason: StepReason, calendar: &Calendar) -> Self {
        Self { date, day: calendar.day(date), reason }
    }
}

/// What a count did with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepReason {
    /// The day of the trigger is left out (Civil Code art. 201).
    TriggerNotCounted,
    /// The n-th day counted, from 1; among working days a working day or a make-up day.
    Counted(u32),
    /// A week-end or a holiday among working days.
    Skipped,
    /// The clock stands still.
    Paused(PauseGround),
    /// The period ends here by itself.
    Ends,
    /// The month has no corresponding day: the period ends on its last day (Civil Code art. 202).
    EndsWithoutCorrespondingDay,
    /// The end after that many days on which the clock stood still.
    EndsAfterPauses(u32),
    /// Another day off that the end passes over after the first.
    RolledOver,
    /// The working day to which the end moves (Civil Code art. 203).
    RolledTo,
}

/// A time during which a clock stands still: from a moment up to another one.
///
/// Days count as still from the day of the one up to the day before the other, in the calendar's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it stopped.
    pub from: Timestamp,
    /// When it went on.
    pub to: Timestamp,
    /// For what reason.
    pub ground: PauseGround,
}

/// The days of a pause: the first, and the one on which the clock goes on.
type StillDays = (Date, Date, PauseGround);

/// A clock that stops on the day of its trigger has counted nothing yet: the day on which it goes on is then its first one, which is left out like any
/// trigger's. So it ends later by just the days that it stood still, whenever it stops.
fn still_days(trigger: Date, pauses: &[Pause], zone: &TimeZone) -> Vec<StillDays> {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let next = |date: Date| date.tomorrow().unwrap_or(date);
    let days = pauses.iter().map(|pause| (day(pause.from), day(pause.to), pause.ground));
    days.map(|(from, to, ground)| if from == trigger { (next(from), next(to), ground) } else { (from, to, ground) }).collect()
}

/// Natural days up to this number are listed one by one; a longer period names its ends alone.
const LISTED_DAYS: u32 = 400;

/// Counts a period of days, working days, months or years; zero ends on the day of the trigger.
///
/// The day of the trigger is not counted (Civil Code art. 201); months and years end on the
/// corresponding day or else on the last day of the month (art. 202); an end on a day off rolls as
/// the period says (art. 203). A year without published data has week-ends only, and a result that
/// depends on it is provisional.
///
/// # Errors
///
/// [`PeriodError::OutOfRange`] above [`Unit::limit`], [`PeriodError::BeyondTime`] outside the years
/// -9999 to 9999, and [`PeriodError::NeedsAnInstant`] for hours, which [`end_of_hours`] counts.
pub fn end_of_period(trigger: Date, period: Period, calendar: &Calendar) -> Result<Counted, PeriodError> {
    end_of_paused_period(trigger, period, &[], calendar)
}

/// Counts a period as [`end_of_period`] does, with times during which its clock stands still; they do not overlap.
///
/// A day on which the clock stands still is not counted. Months and years end that many days later.
///
/// # Errors
///
/// As [`end_of_period`].
pub fn end_of_paused_period(trigger: Date, period: Period, pauses: &[Pause], calendar: &Calendar) -> Result<Counted, PeriodError> {
    let Period { amount, unit, roll } = period;
    unit.check(amount)?;
    let still = still_days(trigger, pauses, calendar.zone());
    let listed = amount != 0 && amount.unsigned_abs() <= LISTED_DAYS;
    let (mut steps, raw_end) = match unit {
        Unit::Hours => return Err(PeriodError::NeedsAnInstant),
        Unit::WorkingDays if amount != 0 => {
            let (steps, due_on) = count_days(trigger, amount, &still, calendar, DayKind::is_working)?;
            return Ok(Counted { raw_end: None, due_on, provisional: is_provisional(&steps, calendar), steps });
        }
        Unit::Days if listed => count_days(trigger, amount, &still, calendar, |_| true)?,
        Unit::WorkingDays | Unit::Days | Unit::Months | Unit::Years => end_of_span(trigger, period, &still, calendar)?,
    };
    let due_on = match roll {
        Roll::None => Some(raw_end),
        Roll::Forward => calendar.next_working_day(raw_end),
        Roll::Backward => calendar.previous_working_day(raw_end),
    }
    .ok_or(PeriodError::BeyondTime)?;
    let decides_from = steps.len().saturating_sub(1);
    let mut day = raw_end;
    while day != due_on {
        day = neighbour(day, due_on > raw_end)?;
        let reason = if day == due_on { StepReason::RolledTo } else { StepReason::RolledOver };
        steps.push(Step::new(day, reason, calendar));
    }
    let provisional = roll != Roll::None && is_provisional(steps.get(decides_from..).unwrap_or_default(), calendar);
    Ok(Counted { raw_end: Some(raw_end), due_on, provisional, steps })
}

/// Counts days one by one, those alone that `counts` accepts and on which the clock runs.
fn count_days(
    trigger: Date,
    amount: i32,
    still: &[StillDays],
    calendar: &Calendar,
    counts: impl Fn(&DayKind) -> bool,
) -> Result<(Vec<Step>, Date), PeriodError> {
    let mut steps = vec![Step::new(trigger, StepReason::TriggerNotCounted, calendar)];
    let mut end = trigger;
    let mut counted = 0;
    while counted < amount.unsigned_abs() {
        end = neighbour(end, amount > 0)?;
        let day = calendar.day(end);
        let pause = still.iter().find(|(from, to, _)| (*from..*to).contains(&end));
        let reason = match pause {
            Some((_, _, ground)) => StepReason::Paused(*ground),
            None if counts(&day) => {
                counted += 1;
                StepReason::Counted(counted)
            }
            None => StepReason::Skipped,
        };
        steps.push(Step { date: end, day, reason });
    }
    Ok((steps, end))
}

/// The end of months, years, and more days than are listed one by one.
fn end_of_span(trigger: Date, period: Period, still: &[StillDays], calendar: &Calendar) -> Result<(Vec<Step>, Date), PeriodError> {
    let Period { amount, unit, .. } = period;
    let span = match unit {
        Unit::Months => Span::new().try_months(amount),
        Unit::Years => Span::new().try_years(amount),
        Unit::Hours | Unit::Days | Unit::WorkingDays => Span::new().try_days(amount),
    };
    let corresponding = span.and_then(|span| trigger.checked_add(span)).map_err(beyond_time)?;
    let mut steps = Vec::new();
    if amount != 0 {
        steps.push(Step::new(trigger, StepReason::TriggerNotCounted, calendar));
    }
    let cut_short = matches!(unit, Unit::Months | Unit::Years) && corresponding.day() != trigger.day();
    let reason = if cut_short { StepReason::EndsWithoutCorrespondingDay } else { StepReason::Ends };
    steps.push(Step::new(corresponding, reason, calendar));
    let days_still = |until: Date| -> i32 {
        let within = |(from, to, _): &StillDays| {
            let first = (*from).max(trigger.tomorrow().unwrap_or(trigger));
            let end = (*to).min(until.tomorrow().unwrap_or(until));
            (end - first).get_days().max(0)
        };
        still.iter().map(within).sum()
    };
    // A pause may reach beyond the end that the pauses before it have made: on until nothing moves any more.
    let mut end = corresponding;
    let mut days = if amount > 0 { days_still(end) } else { 0 };
    loop {
        let later = corresponding.checked_add(Span::new().try_days(days).map_err(beyond_time)?).map_err(beyond_time)?;
        if later == end {
            break;
        }
        end = later;
        days = days_still(end);
    }
    if days > 0 {
        steps.push(Step::new(end, StepReason::EndsAfterPauses(days.unsigned_abs()), calendar));
    }
    Ok((steps, end))
}

fn neighbour(day: Date, forward: bool) -> Result<Date, PeriodError> {
    if forward { day.tomorrow() } else { day.yesterday() }.map_err(beyond_time)
}

fn is_provisional(steps: &[Step], calendar: &Calendar) -> bool {
    let mut deciding = steps.iter().filter(|step| step.reason != StepReason::TriggerNotCounted);
    deciding.any(|step| !calendar.is_published(step.date.year()))
}

/// Counts hours from the moment stated, through nights and holidays (Civil Code art. 201).
///
/// A negative amount counts back.
///
/// # Errors
///
/// [`PeriodError::OutOfRange`] above [`Unit::limit`], [`PeriodError::BeyondTime`] outside the years
/// -9999 to 9999.
pub fn end_of_hours(trigger: Timestamp, hours: i32) -> Result<Timestamp, PeriodError> {
    end_of_paused_hours(trigger, hours, &[])
}

/// Counts hours as [`end_of_hours`] does, with times during which the clock stands still: each ends the period later by just its length.
///
/// # Errors
///
/// As [`end_of_hours`].
pub fn end_of_paused_hours(trigger: Timestamp, hours: i32, pauses: &[Pause]) -> Result<Timestamp, PeriodError> {
    Unit::Hours.check(hours)?;
    let end = trigger.checked_add(SignedDuration::from_hours(hours.into())).map_err(beyond_time)?;
    let mut in_order: Vec<&Pause> = pauses.iter().filter(|_| hours > 0).collect();
    in_order.sort_by_key(|pause| pause.from);
    in_order.into_iter().try_fold(end, |end, pause| {
        let from = pause.from.max(trigger);
        if from >= end || pause.to <= from { Ok(end) } else { end.checked_add(pause.to.duration_since(from)).map_err(beyond_time) }
    })
}

/// The instant at which a day ends: 24:00 local time (Civil Code art. 203), that is 00:00 of the next day.
///
/// # Errors
///
/// [`PeriodError::BeyondTime`] for the last day of the year 9999.
pub fn end_of_day(date: Date, zone: &TimeZone) -> Result<Timestamp, PeriodError> {
    let next_day = neighbour(date, true)?;
    zone.to_timestamp(next_day.to_datetime(Time::midnight())).map_err(beyond_time)
}

/// The instant of a local time, such as the close of business (Civil Code art. 203).
///
/// `hour` is 0 to 23 and `minute` 0 to 59.
///
/// # Errors
///
/// [`PeriodError::NoSuchTime`] for another hour or minute, [`PeriodError::BeyondTime`] at the edges
/// of the years -9999 and 9999.
pub fn at_time(date: Date, hour: i8, minute: i8, zone: &TimeZone) -> Result<Timestamp, PeriodError> {
    let time = Time::new(hour, minute, 0, 0).map_err(|_| PeriodError::NoSuchTime { hour, minute })?;
    zone.to_timestamp(date.to_datetime(time)).map_err(beyond_time)
}

/// Why a period could not be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The amount is above the limit of its unit.
    #[error("an amount of {amount} is outside ±{}", unit.limit())]
    OutOfRange {
        /// The unit whose limit was passed.
        unit: Unit,
        /// The amount asked for.
        amount: i32,
    },
    /// The result lies outside the years -9999 to 9999.
    #[error("the end lies outside the years -9999 to 9999")]
    BeyondTime,
    /// A period of hours starts at an instant, not on a day.
    #[error("hours are counted from an instant, not from a day")]
    NeedsAnInstant,
    /// There is no such time of day.
    #[error("{hour}:{minute:02} is not a time of day")]
    NoSuchTime {
        /// The hour asked for.
        hour: i8,
        /// The minute asked for.
        minute: i8,
    },
}

/// Amounts and times are checked before any arithmetic, so that jiff fails only at the edge of time.
fn beyond_time(_: jiff::Error) -> PeriodError {
    PeriodError::BeyondTime
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::LazyLock;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    static CHINA: LazyLock<Calendar> =
        LazyLock::new(|| Calendar::from_csv("cn", "Asia/Shanghai", include_bytes!("../../content/calendars/cn.csv")).unwrap());

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        trigger: String,
        #[serde(flatten)]
        period: Period,
        raw_end: String,
        expected_due: String,
    }

    fn count(trigger: Date, amount: i32, unit: Unit, roll: Roll) -> Counted {
        end_of_period(trigger, Period { amount, unit, roll }, &CHINA).unwrap()
    }

    #[test]
    fn every_vector_ends_on_its_day() {
        let file = include_str!("../../content/calendars/test-vectors.csv");
        let mut read = 0;
        for vector in csv::Reader::from_reader(file.as_bytes()).into_deserialize() {
            let Vector { name, trigger, period, raw_end, expected_due } = vector.unwrap();
            if period.unit == Unit::Hours {
                let due = end_of_hours(trigger.parse().unwrap(), period.amount).unwrap();
                assert_eq!(due, expected_due.parse::<Timestamp>().unwrap(), "{name}");
            } else {
                let counted = end_of_period(trigger.parse().unwrap(), period, &CHINA).unwrap();
                let expected_end = (!raw_end.is_empty()).then(|| raw_end.parse::<Date>().unwrap());
                assert_eq!(counted.due_on, expected_due.parse::<Date>().unwrap(), "{name}");
                assert_eq!((counted.raw_end, counted.provisional), (expected_end, false), "{name}");
                assert_eq!(counted.steps.last().unwrap().date, counted.due_on, "{name}");
            }
            read += 1;
        }
        assert_eq!(read, 20);
    }

    #[test]
    fn the_steps_of_working_days_name_each_day() {
        let counted = count(date(2026, 10, 20), -7, Unit::WorkingDays, Roll::None);
        let reasons: Vec<_> = counted.steps.iter().map(|step| (step.date.day(), step.reason)).collect();
        let expected = [
            (20, StepReason::TriggerNotCounted),
            (19, StepReason::Counted(1)),
            (18, StepReason::Skipped),
            (17, StepReason::Skipped),
            (16, StepReason::Counted(2)),
            (15, StepReason::Counted(3)),
            (14, StepReason::Counted(4)),
            (13, StepReason::Counted(5)),
            (12, StepReason::Counted(6)),
            (11, StepReason::Skipped),
            (10, StepReason::Counted(7)),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(counted.steps.last().unwrap().day, DayKind::MakeUpDay("国庆节".to_owned()));
    }

    #[test]
    fn the_steps_of_a_roll_name_the_days_off() {
        let counted = count(date(2026, 4, 20), 12, Unit::Days, Roll::Forward);
        let labour_day = || DayKind::Holiday("劳动节".to_owned());
        let step = |month, day, kind, reason| Step { date: date(2026, month, day), day: kind, reason };
        let expected = [
            step(5, 2, labour_day(), StepReason::Counted(12)),
            step(5, 3, labour_day(), StepReason::RolledOver),
            step(5, 4, labour_day(), StepReason::RolledOver),
            step(5, 5, labour_day(), StepReason::RolledOver),
            step(5, 6, DayKind::WorkingDay, StepReason::RolledTo),
        ];
        assert_eq!(counted.steps.first().unwrap().reason, StepReason::TriggerNotCounted);
        assert_eq!(counted.steps.get(12..).unwrap(), expected, "after the trigger and eleven counted days");
        assert_eq!(count(date(2026, 4, 20), 12, Unit::Days, Roll::Backward).due_on, date(2026, 4, 30));
        assert_eq!(count(date(2026, 4, 20), 12, Unit::Days, Roll::None).due_on, date(2026, 5, 2));
    }

    #[test]
    fn a_missing_corresponding_day_is_the_last_of_the_month() {
        for (trigger, amount, unit, end) in [
            (date(2024, 2, 29), 1, Unit::Years, date(2025, 2, 28)),
            (date(2026, 3, 31), -1, Unit::Months, date(2026, 2, 28)),
            (date(2026, 3, 31), 1, Unit::Months, date(2026, 4, 30)),
        ] {
            let counted = count(trigger, amount, unit, Roll::None);
            assert_eq!(counted.raw_end, Some(end));
            assert_eq!(counted.steps.last().unwrap().reason, StepReason::EndsWithoutCorrespondingDay);
        }
        assert_eq!(count(date(2024, 2, 29), 4, Unit::Years, Roll::None).steps.last().unwrap().reason, StepReason::Ends);
    }

    #[test]
    fn zero_ends_on_the_day_of_the_trigger() {
        for unit in [Unit::Days, Unit::WorkingDays, Unit::Months, Unit::Years] {
            let stays = count(date(2026, 10, 3), 0, unit, Roll::None);
            assert_eq!((stays.due_on, stays.steps.len()), (date(2026, 10, 3), 1));
            assert_eq!(count(date(2026, 10, 3), 0, unit, Roll::Forward).due_on, date(2026, 10, 8));
        }
    }

    #[test]
    fn only_a_decision_in_an_unpublished_year_is_provisional() {
        let provisional = |trigger, amount, unit, roll| count(trigger, amount, unit, roll).provisional;
        assert!(!provisional(date(2026, 12, 30), 1, Unit::WorkingDays, Roll::None));
        assert!(provisional(date(2026, 12, 31), 1, Unit::WorkingDays, Roll::None));
        assert!(!provisional(date(2027, 1, 1), -1, Unit::WorkingDays, Roll::None), "the trigger decides nothing");
        assert!(provisional(date(2025, 12, 30), 300, Unit::WorkingDays, Roll::None));
        assert!(!provisional(date(2026, 12, 1), 60, Unit::Days, Roll::None));
        assert!(provisional(date(2026, 12, 1), 60, Unit::Days, Roll::Forward));
        assert!(!provisional(date(2026, 12, 1), 30, Unit::Days, Roll::Forward));
        assert!(provisional(date(2022, 12, 1), 30, Unit::Days, Roll::Forward), "rolls inside 2022 into 2023");
        assert!(provisional(date(2028, 1, 1), -1, Unit::Years, Roll::Backward));
        let last_day_off = "date,kind,name,source\n2026-12-31,holiday,元旦,x\n";
        let short = Calendar::from_csv("short", "Asia/Shanghai", last_day_off.as_bytes()).unwrap();
        let period = Period { amount: 1, unit: Unit::Days, roll: Roll::Forward };
        let crossing = end_of_period(date(2026, 12, 30), period, &short).unwrap();
        assert_eq!((crossing.due_on, crossing.provisional), (date(2027, 1, 1), true));
    }

    #[test]
    fn amounts_above_the_limit_are_refused() {
        for unit in [Unit::Days, Unit::WorkingDays, Unit::Months, Unit::Years] {
            let limit = i32::try_from(unit.limit()).unwrap();
            for amount in [limit + 1, -limit - 1, i32::MAX, i32::MIN] {
                let period = Period { amount, unit, roll: Roll::Forward };
                assert_eq!(end_of_period(date(2026, 1, 1), period, &CHINA), Err(PeriodError::OutOfRange { unit, amount }));
            }
            count(date(2026, 1, 1), limit, unit, Roll::Forward);
        }
        let hours = Period { amount: 1, unit: Unit::Hours, roll: Roll::None };
        assert_eq!(end_of_period(date(2026, 1, 1), hours, &CHINA), Err(PeriodError::NeedsAnInstant));
        assert!(matches!(end_of_hours(Timestamp::UNIX_EPOCH, i32::MIN), Err(PeriodError::OutOfRange { .. })));
        assert_eq!(end_of_hours(Timestamp::MAX, 1), Err(PeriodError::BeyondTime));
        assert!(end_of_hours(Timestamp::UNIX_EPOCH, -1_000_000).is_ok());
    }

    #[test]
    fn a_day_ends_at_24_hours_local_time() {
        let zone = CHINA.zone();
        let instant = |text: &str| Ok(text.parse::<Timestamp>().unwrap());
        assert_eq!(end_of_day(date(2026, 10, 10), zone), instant("2026-10-10T16:00:00Z"));
        assert_eq!(at_time(date(2026, 10, 10), 17, 30, zone), instant("2026-10-10T09:30:00Z"));
        assert_eq!(at_time(date(2026, 10, 10), 24, 0, zone), Err(PeriodError::NoSuchTime { hour: 24, minute: 0 }));
        assert_eq!(end_of_day(Date::MAX, zone), Err(PeriodError::BeyondTime));
        let leap_over_midnight = TimeZone::get("Africa/Cairo").unwrap();
        assert_eq!(end_of_day(date(2026, 4, 23), &leap_over_midnight), instant("2026-04-23T22:00:00Z"));
    }

    fn days_near_the_data() -> impl Strategy<Value = Date> {
        (0..2200).prop_map(|n| date(2022, 1, 1).checked_add(Span::new().days(n)).unwrap())
    }

    fn any_date() -> impl Strategy<Value = Date> {
        let spread = (-9999..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| date(year, month, day));
        prop_oneof![Just(Date::MIN), Just(Date::MAX), spread]
    }

    fn any_unit() -> impl Strategy<Value = Unit> {
        prop::sample::select(vec![Unit::Days, Unit::WorkingDays, Unit::Months, Unit::Years])
    }

    fn any_roll() -> impl Strategy<Value = Roll> {
        prop::sample::select(vec![Roll::None, Roll::Forward, Roll::Backward])
    }

    fn any_amount() -> impl Strategy<Value = i32> {
        prop_oneof![Just(i32::MIN), Just(i32::MAX), any::<i32>(), -40_000..=40_000, -6_000..=6_000, -1_300..=1_300, -110..=110]
    }

    /// A pause from one day of 2026 up to another, at the hours when people work.
    fn pause(from: Date, days: i32) -> Pause {
        let at = |day: Date| at_time(day, 10, 0, CHINA.zone()).unwrap();
        Pause { from: at(from), to: at(from.checked_add(Span::new().days(days)).unwrap()), ground: PauseGround::Appraisal }
    }

    #[test]
    fn a_pause_is_passed_over_and_named() {
        let period = Period { amount: 5, unit: Unit::WorkingDays, roll: Roll::None };
        let counted = end_of_paused_period(date(2026, 9, 28), period, &[pause(date(2026, 9, 30), 1)], &CHINA).unwrap();
        assert_eq!(counted.due_on, date(2026, 10, 12), "one working day later than V01");
        let paused = counted.steps.iter().filter(|step| step.reason == StepReason::Paused(PauseGround::Appraisal));
        assert_eq!(paused.map(|step| step.date).collect::<Vec<_>>(), [date(2026, 9, 30)]);
        let months = Period { amount: 6, unit: Unit::Months, roll: Roll::None };
        let later = end_of_paused_period(date(2026, 1, 31), months, &[pause(date(2026, 3, 2), 10)], &CHINA).unwrap();
        assert_eq!(later.due_on, date(2026, 8, 10));
        assert_eq!(later.steps.last().unwrap().reason, StepReason::EndsAfterPauses(10));
    }

    proptest! {
        #[test]
        fn suspend_and_resume_shift_by_the_actual_days(
            trigger in days_near_the_data(), amount in 1..100, after in 0..120_i32, days in 0..60_i32, unit in any_unit(),
        ) {
            let unit = if unit == Unit::WorkingDays { Unit::Days } else { unit };
            let from = trigger.checked_add(Span::new().days(after)).unwrap();
            let period = Period { amount, unit, roll: Roll::None };
            let plain = count(trigger, amount, unit, Roll::None).due_on;
            let paused = end_of_paused_period(trigger, period, &[pause(from, days)], &CHINA).unwrap().due_on;
            let expected = if from <= plain { plain.checked_add(Span::new().days(days)).unwrap() } else { plain };
            prop_assert_eq!(paused, expected);
        }

        #[test]
        fn working_days_of_a_pause_are_counted_after_it(trigger in days_near_the_data(), amount in 1..60, after in 1..60_i32, days in 0..60_i32) {
            let from = trigger.checked_add(Span::new().days(after)).unwrap();
            let period = Period { amount, unit: Unit::WorkingDays, roll: Roll::None };
            let counted = end_of_paused_period(trigger, period, &[pause(from, days)], &CHINA).unwrap();
            let until = from.checked_add(Span::new().days(days)).unwrap();
            let run = trigger.series(Span::new().days(1)).skip(1).take_while(|day| *day <= counted.due_on);
            let run = run.filter(|day| CHINA.is_working_day(*day) && !(from..until).contains(day)).count();
            prop_assert_eq!(run, usize::try_from(amount).unwrap());
            prop_assert!(CHINA.is_working_day(counted.due_on) && !(from..until).contains(&counted.due_on));
        }

        #[test]
        fn hours_go_on_where_they_stopped(start in 0..4_000_000_i64, hours in 1..2_000, after in 0..2_500_i64, still in 0..500_i64) {
            let at = |hours: i64| Timestamp::from_second(1_700_000_000 + start + hours * 3600).unwrap();
            let pause = Pause { from: at(after), to: at(after + still), ground: PauseGround::Other };
            let end = end_of_paused_hours(at(0), hours, &[pause]).unwrap();
            let shift = if after < i64::from(hours) { still } else { 0 };
            prop_assert_eq!(end, at(i64::from(hours) + shift));
        }

        #[test]
        fn one_more_working_day_ends_later(trigger in days_near_the_data(), amount in -300..300) {
            let end = |amount| count(trigger, amount, Unit::WorkingDays, Roll::None).due_on;
            prop_assert!(end(amount) < end(amount + 1));
        }

        #[test]
        fn a_later_trigger_never_ends_earlier(
            trigger in days_near_the_data(), amount in -90..90, unit in any_unit(), roll in any_roll(),
        ) {
            let end = |trigger| count(trigger, amount, unit, roll).due_on;
            prop_assert!(end(trigger) <= end(trigger.tomorrow().unwrap()));
        }

        #[test]
        fn a_roll_lands_on_the_nearest_working_day(
            trigger in days_near_the_data(), amount in -90..90, unit in any_unit(), forward in any::<bool>(),
        ) {
            let roll = if forward { Roll::Forward } else { Roll::Backward };
            let counted = count(trigger, amount, unit, roll);
            prop_assert!(CHINA.is_working_day(counted.due_on));
            if let Some(raw_end) = counted.raw_end {
                let (from, to) = (raw_end.min(counted.due_on), raw_end.max(counted.due_on));
                let passed = from.series(Span::new().days(1)).take_while(|day| *day <= to);
                prop_assert!(passed.filter(|day| CHINA.is_working_day(*day)).eq([counted.due_on]));
                prop_assert!(raw_end == counted.due_on || (counted.due_on > raw_end) == forward);
            }
        }

        #[test]
        fn counting_spans_exactly_the_working_days(trigger in days_near_the_data(), amount in 1..300_u32) {
            let counted = count(trigger, i32::try_from(amount).unwrap(), Unit::WorkingDays, Roll::None);
            let days = trigger.series(Span::new().days(1)).skip(1).take_while(|day| *day <= counted.due_on);
            prop_assert_eq!(days.filter(|day| CHINA.is_working_day(*day)).count(), usize::try_from(amount).unwrap());
            prop_assert_eq!(counted.steps.last().unwrap().reason, StepReason::Counted(amount));
        }

        #[test]
        fn nothing_panics(
            trigger in any_date(), amount in any_amount(), unit in any_unit(), roll in any_roll(),
            second in any::<i64>(), (hour, minute) in any::<(i8, i8)>(),
        ) {
            let counted = end_of_period(trigger, Period { amount, unit, roll }, &CHINA);
            prop_assert_eq!(amount.unsigned_abs() > unit.limit(), matches!(counted, Err(PeriodError::OutOfRange { .. })));
            let instant = Timestamp::from_second(second % 400_000_000_000).unwrap_or(Timestamp::MIN);
            let _ = end_of_hours(instant, amount);
            let _ = end_of_day(trigger, CHINA.zone());
            let _ = at_time(trigger, hour, minute, CHINA.zone());
        }
    }
}
