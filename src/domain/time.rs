//! Instants and civil days as they are kept and shown.

use super::field_rule::FieldRule;
use jiff::{Timestamp, civil::Date, fmt::temporal::DateTimePrinter};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, SchemaFormat,
        schema::{Schema, Type},
    },
};

/// The first and last year that input may name: wide enough for every limitation period, narrow enough that no arithmetic overflows.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// A moment, to the microsecond; on the wire `2026-11-22T01:30:00.000000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);

impl Instant {
    /// Stands where there is no date, so that a sort key is never NULL: it sorts after everything real.
    pub const FAR_FUTURE: Self = Self(Timestamp::constant(253_370_764_800, 0));

    /// The moment, cut to whole microseconds.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self::from_microseconds(at.as_microsecond())
    }

    /// The moment that many microseconds after 1970-01-01T00:00:00Z; what cannot be shown becomes [`Self::FAR_FUTURE`].
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Self {
        Timestamp::from_microsecond(microseconds).map_or(Self::FAR_FUTURE, Self)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn microseconds(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The same moment as the library's type.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// That many seconds later, or earlier when negative.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_microseconds(self.microseconds().saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The civil day in a zone.
    #[must_use]
    pub fn day_in(self, zone: &jiff::tz::TimeZone) -> Day {
        Day(self.0.to_zoned(zone.clone()).date())
    }

    /// Whether input may name it: what is computed from input and lies beyond is no date that anybody can meet.
    #[must_use]
    pub fn is_nameable(self) -> bool {
        YEARS.contains(&self.0.to_zoned(jiff::tz::TimeZone::UTC).year())
    }

    /// Reads a moment that was kept: what was computed from input may lie beyond what input may name.
    ///
    /// # Errors
    /// When it is no moment.
    pub fn read_kept<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| text.parse().map(Self::new).map_err(D::Error::custom)).transpose()
    }

    /// The moment, unless it is the stand-in for "none".
    #[must_use]
    pub fn real(self) -> Option<Self> {
        (self != Self::FAR_FUTURE).then_some(self)
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        f.write_str(&PRINTER.timestamp_to_string(&self.0))
    }
}

impl std::str::FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at: Timestamp = text.parse().map_err(|_| FieldRule::NotAMoment.to_string())?;
        let at = Self::new(at);
        if at.is_nameable() { Ok(at) } else { Err(FieldRule::OutOfRange.with("1900–2200")) }
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A civil day, without a zone; on the wire `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Day {
    /// Reads a day that was kept, out of JSON.
    ///
    /// # Errors
    /// When it is no day.
    pub fn read_kept<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::kept(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    /// Reads a day that was kept: what was computed from input may lie beyond what input may name.
    ///
    /// # Errors
    /// When it is no day.
    pub fn kept(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| FieldRule::NotADay.to_string())
    }
}

impl std::str::FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Only the plain form: a moment's day depends on its zone.
        let day: Date = text.parse().ok().filter(|_| text.len() == 10).ok_or_else(|| FieldRule::NotADay.to_string())?;
        if YEARS.contains(&day.year()) { Ok(Self(day)) } else { Err(FieldRule::OutOfRange.with("1900–2200")) }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

macro_rules! string_schema {
    ($name:ident, $format:ident, $about:literal, $example:literal) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::$format)))
                    .description(Some($about))
                    .examples([$example])
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

string_schema!(Instant, DateTime, "A moment, to the microsecond, in UTC. With any offset when it is sent.", "2026-11-22T01:30:00.000000Z");
string_schema!(Day, Date, "A civil day in China.", "2026-11-22");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn instants_always_show_microseconds_and_z() {
        let at: Instant = "2026-11-22T09:30:00+08:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-22T01:30:00.000000Z");
    }

    #[test]
    fn days_and_instants_outside_reason_are_refused() {
        assert!("9999-12-31".parse::<Day>().is_err());
        assert!("0001-01-01T00:00:00Z".parse::<Instant>().is_err());
        assert!("2026-02-30".parse::<Day>().is_err());
        assert!("2026-11-22T10:00:00Z".parse::<Day>().is_err());
    }
}
