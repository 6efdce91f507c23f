//! Days off and make-up working days, as a government publishes them year by year.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    ids::MemberId,
    language::Bilingual,
    time::{Day, Instant},
    vocabulary::{DayOff, WeekDay},
};

/// The key of the calendar that ships with the product.
pub const BUILT_IN_CALENDAR: &str = "cn";

const COLUMNS: [&str; 4] = ["date", "kind", "name", "source"];

/// What a day is, for whoever counts days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayKind {
    /// A day of the working week on which nothing special was published.
    WorkingDay,
    /// A rest day turned into a working day (调休上班日), with the holiday that it makes up for.
    MakeUpDay(String),
    /// A weekly rest day.
    WeekEnd,
    /// A published day off, with the name of the holiday.
    Holiday(String),
}

impl DayKind {
    /// Whether authorities work on such a day.
    #[must_use]
    pub const fn is_working(&self) -> bool {
        matches!(self, Self::WorkingDay | Self::MakeUpDay(_))
    }
}

/// One published row: what the day is, and which notice says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDay {
    /// [`DayKind::Holiday`] or [`DayKind::MakeUpDay`].
    pub day: DayKind,
    /// The notice: an address or a document number.
    pub source: String,
}

/// A calendar of working days in one time zone.
///
/// A day off (法定休假日, Civil Code art. 203) is a weekly rest day or a published holiday; a make-up
/// day is a working day. In a year without published rows only the weekly rest days are known, see
/// [`Calendar::is_published`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    key: String,
    version: CalendarVersion,
    zone: TimeZone,
    rest_days: Vec<Weekday>,
    published: BTreeMap<Date, PublishedDay>,
    years: BTreeSet<i16>,
}

impl Calendar {
    /// Reads the columns `date,kind,name,source`, with kind `holiday` or `workday`.
    ///
    /// `zone` is an IANA name such as `Asia/Shanghai`. Saturday and Sunday are the rest days.
    /// A year counts as published once one row lies in it.
    ///
    /// # Errors
    ///
    /// Refuses the whole file at the first fault, with its line: see [`CalendarError`].
    pub fn from_csv(key: &str, zone: &str, bytes: &[u8]) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(zone).map_err(|_| CalendarError::UnknownZone(zone.to_owned()))?;
        let mut reader = csv::Reader::from_reader(bytes);
        if reader.headers()?.iter().ne(COLUMNS) {
            return Err(CalendarError::Columns);
        }
        let mut published = BTreeMap::new();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(1, csv::Position::line);
            let (date, kind, name, source): (&str, &str, &str, &str) = record.deserialize(None)?;
            let date = parse_date(date).ok_or_else(|| CalendarError::BadDate { line, found: date.to_owned() })?;
            if name.is_empty() || source.is_empty() {
                return Err(CalendarError::Malformed { line, reason: "name and source must be given".to_owned() });
            }
            let day = match kind {
                "holiday" => DayKind::Holiday(name.to_owned()),
                "workday" => DayKind::MakeUpDay(name.to_owned()),
                _ => {
                    return Err(CalendarError::UnknownKind { line, found: kind.to_owned() });
                }
            };
            if published.insert(date, PublishedDay { day, source: source.to_owned() }).is_some() {
                return Err(CalendarError::Duplicate { line, date });
            }
        }
        let years = published.keys().map(|date| date.year()).collect();
        Ok(Self {
            key: key.to_owned(),
            version: CalendarVersion::default(),
            zone,
            rest_days: vec![Weekday::Saturday, Weekday::Sunday],
            published,
            years,
        })
    }

    /// The short name by which rules refer to this calendar, such as `cn`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Which revision of it this is.
    #[must_use]
    pub const fn version(&self) -> CalendarVersion {
        self.version
    }

    /// The zone in which its days begin and end.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The days of every week on which nobody works, unless a make-up day is published.
    #[must_use]
    pub fn rest_days(&self) -> &[Weekday] {
        &self.rest_days
    }

    /// The published rows in order of date.
    pub fn published_days(&self) -> impl Iterator<Item = (Date, &PublishedDay)> {
        self.published.iter().map(|(date, day)| (*date, day))
    }

    /// The years with published rows, in order.
    pub fn years(&self) -> impl Iterator<Item = i16> {
        self.years.iter().copied()
    }

    /// Whether the days off of a year are known; a count through any other year is provisional.
    #[must_use]
    pub fn is_published(&self, year: i16) -> bool {
        self.years.contains(&year)
    }

    /// What a day is; a published row outranks the weekly rest days.
    #[must_use]
    pub fn day(&self, date: Date) -> DayKind {
        match self.published.get(&date) {
            Some(published) => published.day.clone(),
            None if self.rest_days.contains(&date.weekday()) => DayKind::WeekEnd,
            None => DayKind::WorkingDay,
        }
    }

    /// Whether a day is a working day (工作日): neither a rest day nor a holiday, or a make-up day.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        self.day(date).is_working()
    }

    /// The first working day on or after a date; `None` when the year 9999 ends before one comes.
    #[must_use]
    pub fn next_working_day(&self, on_or_after: Date) -> Option<Date> {
        iter::successors(Some(on_or_after), |date| date.tomorrow().ok()).find(|date| self.is_working_day(*date))
    }

    /// The last working day on or before a date; `None` when there is none back to the year -9999.
    #[must_use]
    pub fn previous_working_day(&self, on_or_before: Date) -> Option<Date> {
        iter::successors(Some(on_or_before), |date| date.yesterday().ok()).find(|date| self.is_working_day(*date))
    }

    /// The same calendar and published years for those who rest on make-up days.
    #[must_use]
    pub fn without_make_up_days(mut self) -> Self {
        self.published.retain(|_, published| !published.day.is_working());
        self
    }

    /// The notices that a year's days come from.
    #[must_use]
    pub fn sources_of(&self, year: i16) -> BTreeSet<&str> {
        self.published.iter().filter(|(date, _)| date.year() == year).map(|(_, day)| day.source.as_str()).collect()
    }
}

/// Which revision of a calendar a date was counted by. Each revision is kept, so that it can be counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CalendarVersion {
    /// The tenant's revision of the calendar; 0 when it is as it ships.
    #[schema(example = 0)]
    pub revision: i32,
    /// The tenant's revision of the built-in calendar below it; 0 when that is as it ships.
    #[schema(example = 0)]
    pub base_revision: i32,
}

/// A revision of a calendar as a tenant keeps it: a layer over the built-in one, or a calendar by itself. It never changes; the next one replaces it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalendarRecord {
    /// The short name by which rules refer to it.
    pub key: String,
    /// 1, 2, 3: which revision.
    pub revision: i32,
    /// What it is called.
    pub name: Bilingual,
    /// The zone in which its days begin and end.
    pub zone: Zone,
    /// The days of every week on which nobody works.
    pub rest_days: Vec<WeekDay>,
    /// Whether rest days stay rest days on which the state makes up for a holiday.
    pub ignores_make_up_days: bool,
    /// Whether the days of the built-in calendar hold where it has none of its own.
    pub based_on_built_in: bool,
    /// The years that were published for it, each whole.
    pub years: BTreeMap<i16, PublishedYear>,
    /// Single days that are otherwise than their year says.
    pub days: BTreeMap<Day, OwnDay>,
    /// What is new in this revision.
    pub note: Option<String>,
    /// Who made it.
    pub changed_by: Option<MemberId>,
    /// When.
    pub created_at: Option<Instant>,
}

/// A zone by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(String);

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let known = name.len() <= 64 && TimeZone::get(&name).is_ok_and(|zone| zone.iana_name() == Some(name.as_str()));
        if known { Ok(Self(name)) } else { Err(super::field_rule::FieldRule::Malformed.with("Asia/Shanghai")) }
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

impl Zone {
    /// A zone of the database of zones; UTC when it has no name there.
    #[must_use]
    pub fn of(zone: &TimeZone) -> Self {
        Self(zone.iana_name().unwrap_or("UTC").to_owned())
    }

    /// The zone itself; UTC when the database of zones has dropped it.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl utoipa::PartialSchema for Zone {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("A time zone by its IANA name."))
            .examples(["Asia/Shanghai"])
            .max_length(Some(64))
            .into()
    }
}

impl utoipa::ToSchema for Zone {}

/// The days off and the make-up working days of a year, as they were published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedYear {
    /// The notice: an address or a document number.
    pub source: String,
    /// The days.
    pub days: BTreeMap<Day, NamedDay>,
}

/// A day off or a make-up working day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedDay {
    /// Which of both.
    pub kind: DayOff,
    /// The name of its holiday.
    pub name: String,
}

/// A day that a tenant has set by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnDay {
    /// What it is.
    #[serde(flatten)]
    pub day: NamedDay,
    /// Why.
    pub source: String,
}

impl NamedDay {
    fn kind_of_day(&self) -> DayKind {
        match self.kind {
            DayOff::Holiday => DayKind::Holiday(self.name.clone()),
            DayOff::Workday => DayKind::MakeUpDay(self.name.clone()),
        }
    }
}

const fn weekday(day: WeekDay) -> Weekday {
    match day {
        WeekDay::Monday => Weekday::Monday,
        WeekDay::Tuesday => Weekday::Tuesday,
        WeekDay::Wednesday => Weekday::Wednesday,
        WeekDay::Thursday => Weekday::Thursday,
        WeekDay::Friday => Weekday::Friday,
        WeekDay::Saturday => Weekday::Saturday,
        WeekDay::Sunday => Weekday::Sunday,
    }
}

impl CalendarRecord {
    /// The calendar that ships with the product, as a tenant that has changed nothing sees it.
    #[must_use]
    pub fn built_in(calendar: &Calendar) -> Self {
        let mut years: BTreeMap<i16, PublishedYear> = BTreeMap::new();
        for (date, published) in calendar.published_days() {
            let kind = if published.day.is_working() { DayOff::Workday } else { DayOff::Holiday };
            let (DayKind::Holiday(name) | DayKind::MakeUpDay(name)) = &published.day else { continue };
            let year =
                years.entry(date.year()).or_insert_with(|| PublishedYear { source: published.source.clone(), days: BTreeMap::new() });
            year.days.insert(Day(date), NamedDay { kind, name: name.clone() });
        }
        Self {
            key: calendar.key.clone(),
            revision: 0,
            name: Bilingual { zh: "中国工作日".into(), en: "Working days of China".into() },
            zone: Zone::of(&calendar.zone),
            rest_days: vec![WeekDay::Saturday, WeekDay::Sunday],
            ignores_make_up_days: false,
            based_on_built_in: false,
            years,
            days: BTreeMap::new(),
            note: None,
            changed_by: None,
            created_at: None,
        }
    }

    /// What to count by: this revision, over `base` where it is based on the built-in calendar.
    #[must_use]
    pub fn calendar(&self, base: &Calendar) -> Calendar {
        let mut published = BTreeMap::new();
        let mut years: BTreeSet<i16> = self.years.keys().copied().collect();
        if self.based_on_built_in {
            published.extend(base.published.iter().filter(|(date, _)| !years.contains(&date.year())).map(|(d, p)| (*d, p.clone())));
            years.extend(base.years.iter().copied());
        }
        for year in self.years.values() {
            let days = year.days.iter();
            published.extend(days.map(|(day, named)| (day.0, PublishedDay { day: named.kind_of_day(), source: year.source.clone() })));
        }
        if self.ignores_make_up_days {
            published.retain(|_, day| !day.day.is_working());
        }
        let own = self.days.iter();
        published.extend(own.map(|(day, own)| (day.0, PublishedDay { day: own.day.kind_of_day(), source: own.source.clone() })));
        let base_revision = if self.based_on_built_in && self.key != base.key { base.version.revision } else { 0 };
        Calendar {
            key: self.key.clone(),
            version: CalendarVersion { revision: self.revision, base_revision },
            zone: self.zone.time_zone(),
            rest_days: self.rest_days.iter().map(|day| weekday(*day)).collect(),
            published,
            years,
        }
    }
}

/// `YYYY-MM-DD` and nothing else: jiff alone would also take `20260101` or a date with a time.
fn parse_date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

/// Why a calendar file was refused; lines count from 1, the header included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The time zone is not in the IANA database.
    #[error("unknown time zone {0:?}")]
    UnknownZone(String),
    /// The header is another one.
    #[error("line 1: the columns must be {}", COLUMNS.join(","))]
    Columns,
    /// The row is not UTF-8, has another number of fields, or leaves the name or the source empty.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The date is not a day of the calendar written `YYYY-MM-DD`.
    #[error("line {line}: {found:?} is not a date such as 2026-10-01")]
    BadDate {
        /// Where.
        line: u64,
        /// The text found.
        found: String,
    },
    /// The kind is neither `holiday` nor `workday`.
    #[error("line {line}: {found:?} is neither holiday nor workday")]
    UnknownKind {
        /// Where.
        line: u64,
        /// The text found.
        found: String,
    },
    /// The date was given before.
    #[error("line {line}: {date} is given twice")]
    Duplicate {
        /// Where the second row is.
        line: u64,
        /// The day given twice.
        date: Date,
    },
}

impl From<csv::Error> for CalendarError {
    fn from(error: csv::Error) -> Self {
        Self::Malformed { line: error.position().map_or(1, csv::Position::line), reason: error.to_string() }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn china() -> Calendar {
        Calendar::from_csv("cn", "Asia/Shanghai", include_bytes!("../../content/calendars/cn.csv")).unwrap()
    }

    fn read(rows: &str) -> Result<Calendar, CalendarError> {
        Calendar::from_csv("cn", "Asia/Shanghai", format!("date,kind,name,source\n{rows}").as_bytes())
    }

    #[test]
    fn every_year_has_its_number_of_working_days() {
        let china = china();
        for (year, expected) in [(2023, 249), (2024, 251), (2025, 248), (2026, 248)] {
            let days = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
            assert_eq!(days.filter(|day| china.is_working_day(*day)).count(), expected, "{year}");
        }
        assert_eq!(china.years().collect::<Vec<_>>(), [2023, 2024, 2025, 2026]);
        assert_eq!(china.published_days().count(), 141);
        assert!(china.is_published(2026) && !china.is_published(2027) && !china.is_published(2022));
    }

    #[test]
    fn a_day_knows_what_it_is() {
        let china = china();
        assert_eq!(china.day(date(2026, 10, 1)), DayKind::Holiday("国庆节".to_owned()));
        assert_eq!(china.day(date(2026, 10, 10)), DayKind::MakeUpDay("国庆节".to_owned()));
        assert_eq!(china.day(date(2026, 10, 11)), DayKind::WeekEnd);
        assert_eq!(china.day(date(2026, 10, 12)), DayKind::WorkingDay);
        assert_eq!(china.next_working_day(date(2026, 10, 1)), Some(date(2026, 10, 8)));
        assert_eq!(china.previous_working_day(date(2026, 10, 7)), Some(date(2026, 9, 30)));
        assert_eq!(china.next_working_day(date(2026, 10, 10)), Some(date(2026, 10, 10)));
        assert_eq!((china.key(), china.zone().iana_name()), ("cn", Some("Asia/Shanghai")));
        let (first, row) = china.published_days().next().unwrap();
        assert_eq!(first, date(2023, 1, 1));
        assert!(row.source.starts_with("https://www.gov.cn/"));
    }

    #[test]
    fn without_make_up_days_a_saturday_is_a_rest_day_again() {
        let resting = china().without_make_up_days();
        assert_eq!(resting.day(date(2026, 10, 10)), DayKind::WeekEnd);
        assert!(!resting.is_working_day(date(2026, 10, 1)) && resting.is_published(2026));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let china = china();
        assert_eq!(china.next_working_day(Date::MAX), Some(Date::MAX));
        assert_eq!(china.previous_working_day(Date::MIN), Some(Date::MIN));
        let closed = read("9999-12-31,holiday,岁末,x\n").unwrap();
        assert_eq!(closed.next_working_day(Date::MAX), None);
    }

    #[test]
    fn a_faulty_file_is_refused_with_its_line() {
        let row = "2026-10-01,holiday,国庆节,notice\n";
        for found in ["2026-02-30", "20261001", "2026-10-1", "2026-10-01T00:00", ""] {
            let error = read(&format!("{row}{found},holiday,国庆节,notice\n")).unwrap_err();
            assert_eq!(error, CalendarError::BadDate { line: 3, found: found.to_owned() });
        }
        assert_eq!(
            read(&format!("{row}2026-10-02,Holiday,国庆节,notice\n")),
            Err(CalendarError::UnknownKind { line: 3, found: "Holiday".to_owned() })
        );
        assert_eq!(read(&format!("{row}{row}")), Err(CalendarError::Duplicate { line: 3, date: date(2026, 10, 1) }));
        for short in ["2026-10-02,holiday,国庆节\n", "2026-10-02,holiday,,notice\n", "2026-10-02,holiday,国庆节,\n"] {
            let error = read(&format!("{row}{short}")).unwrap_err();
            assert!(matches!(error, CalendarError::Malformed { line: 3, .. }), "{error}");
        }
        let latin1 = Calendar::from_csv("cn", "Asia/Shanghai", b"date,kind,name,source\n2026-10-01,holiday,\xff,x\n");
        assert!(matches!(latin1, Err(CalendarError::Malformed { line: 2, .. })), "{latin1:?}");
        for header in ["", "date,kind,name\n", "day,kind,name,source\n"] {
            assert_eq!(Calendar::from_csv("cn", "Asia/Shanghai", header.as_bytes()), Err(CalendarError::Columns));
        }
        assert_eq!(Calendar::from_csv("cn", "Asia/Nowhere", b""), Err(CalendarError::UnknownZone("Asia/Nowhere".to_owned())));
        let with_mark = format!("\u{feff}date,kind,name,source\r\n{row}");
        assert!(Calendar::from_csv("cn", "Asia/Shanghai", with_mark.as_bytes()).is_ok());
    }
}
