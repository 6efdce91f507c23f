//! Days off and make-up working days, as a government publishes them year by year.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

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
        Ok(Self { key: key.to_owned(), zone, rest_days: vec![Weekday::Saturday, Weekday::Sunday], published, years })
    }

    /// The short name by which rules refer to this calendar, such as `cn`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
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
