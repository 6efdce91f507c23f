//! When a member works, when not, and who stands in.

use super::{
    calendar::{BUILT_IN_CALENDAR, Calendar, Zone},
    field_rule::FieldRule,
    ids::MemberId,
    language::Language,
    time::Instant,
};
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// A time of day, to the minute; on the wire `09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(Time);

impl TimeOfDay {
    /// At nine, when people begin to work and reminders of a day are planned.
    pub const NINE: Self = Self(Time::constant(9, 0, 0, 0));
    /// At six in the evening.
    pub const SIX_IN_THE_EVENING: Self = Self(Time::constant(18, 0, 0, 0));

    /// The moment on a day in a zone; the first one after it where the zone's clock leaves it out.
    #[must_use]
    pub fn on(self, day: Date, zone: &jiff::tz::TimeZone) -> Option<Instant> {
        zone.to_ambiguous_zoned(day.to_datetime(self.0)).later().ok().map(|at| Instant::new(at.timestamp()))
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || FieldRule::Malformed.with("09:00");
        let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5).ok_or_else(malformed)?;
        let number = |digits: &str| digits.parse().ok().filter(|_| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()));
        let (hour, minute): (Option<i8>, Option<i8>) = (number(hour), number(minute));
        hour.zip(minute).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).map(Self).ok_or_else(malformed)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl PartialSchema for TimeOfDay {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A time of day, to the minute."))
            .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"))
            .examples(["09:00"])
            .into()
    }
}

impl ToSchema for TimeOfDay {}

/// When a member works and can be reminded, and who stands in while they are away.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Availability {
    /// Whose.
    #[serde(skip)]
    pub member_id: MemberId,
    /// The zone in which they work.
    pub zone: Zone,
    /// The calendar of their working days.
    pub calendar: String,
    /// When their working day begins.
    pub works_from: TimeOfDay,
    /// When it ends.
    pub works_until: TimeOfDay,
    /// The language in which they are written to.
    pub language: Language,
    /// Since when they are away.
    pub away_from: Option<Instant>,
    /// Until when.
    pub away_until: Option<Instant>,
    /// Who stands in meanwhile.
    pub stand_in_id: Option<MemberId>,
    /// Rises with every change; 1 when nothing was ever said.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Option<Instant>,
}

impl Availability {
    /// Of a member who has said nothing: nine to six in China.
    #[must_use]
    pub fn unsaid(member_id: MemberId, china: &Calendar) -> Self {
        Self {
            member_id,
            zone: Zone::of(china.zone()),
            calendar: BUILT_IN_CALENDAR.to_owned(),
            works_from: TimeOfDay::NINE,
            works_until: TimeOfDay::SIX_IN_THE_EVENING,
            language: Language::default(),
            away_from: None,
            away_until: None,
            stand_in_id: None,
            version: 1,
            updated_at: None,
        }
    }

    /// Whether they are away at a moment.
    #[must_use]
    pub fn is_away(&self, at: Instant) -> bool {
        self.away_from.is_some_and(|from| from <= at) && self.away_until.is_none_or(|until| at < until)
    }

    /// The first moment from `at` on at which they work, by the calendar that is theirs; `at` itself when there is none before the calendar ends.
    #[must_use]
    pub fn next_working_moment(&self, at: Instant, calendar: &Calendar) -> Instant {
        let zone = self.zone.time_zone();
        let here = at.timestamp().to_zoned(zone.clone());
        let today = calendar.is_working_day(here.date());
        let time = TimeOfDay(here.time());
        if today && (self.works_from..self.works_until).contains(&time) {
            return at;
        }
        let day = if today && time < self.works_from { Some(here.date()) } else { here.date().tomorrow().ok() };
        let day = day.and_then(|day| calendar.next_working_day(day));
        day.and_then(|day| self.works_from.on(day, &zone)).unwrap_or(at)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::domain::content::Content;

    #[test]
    fn whoever_rests_is_reached_when_they_work_again() {
        let calendar = Content::embedded().unwrap().calendar;
        let availability = Availability::unsaid(uuid::Uuid::nil().into(), &calendar);
        for (at, expected) in [
            ("2026-11-25T10:00:00+08:00", "2026-11-25T10:00:00+08:00"),
            ("2026-11-25T03:00:00+08:00", "2026-11-25T09:00:00+08:00"),
            ("2026-11-25T18:00:00+08:00", "2026-11-26T09:00:00+08:00"),
            ("2026-11-27T20:00:00+08:00", "2026-11-30T09:00:00+08:00"),
            ("2026-11-28T10:00:00+08:00", "2026-11-30T09:00:00+08:00"),
            // A holiday of seven days, with a Saturday after it that is worked.
            ("2026-09-30T18:30:00+08:00", "2026-10-08T09:00:00+08:00"),
            ("2026-10-10T10:00:00+08:00", "2026-10-10T10:00:00+08:00"),
        ] {
            let expected: Instant = expected.parse().unwrap();
            assert_eq!(availability.next_working_moment(at.parse().unwrap(), &calendar), expected, "{at}");
        }
    }

    #[test]
    fn times_of_day_have_one_form() {
        assert_eq!("07:30".parse::<TimeOfDay>().unwrap().to_string(), "07:30");
        for text in ["7:30", "24:00", "07:60", "07-30", "+7:30", "07:30:00", ""] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }
}
