//! A tenant's calendars: publishing years, setting single days, making calendars of its own.

use super::{must_have_seen, playbooks::LocalLine};
use crate::{
    domain::{
        access::{ReadCases, WriteRules},
        calendar::{BUILT_IN_CALENDAR, CalendarRecord, NamedDay, OwnDay, PublishedYear, Zone},
        field_rule::FieldRule,
        list::{Distinct, List},
        merge_patch::replacement,
        text::{Line, Prose, Slug},
        time::Day,
        violation::RuleViolation,
        vocabulary::{DayOff, WeekDay},
    },
    limits::{CALENDAR_DAYS, CALENDAR_YEARS, OWN_CALENDARS},
    store::{self, Failure, StoreError, Tx},
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A calendar of the tenant's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCalendar {
    /// The short name by which rules refer to it.
    pub key: Slug,
    /// What it is called.
    pub name: LocalLine,
    /// The zone in which its days begin and end; China's when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub zone: Option<Zone>,
    /// The days of every week on which nobody works; Saturday and Sunday when absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<WeekDay>>, nullable = false, max_items = 6)]
    pub rest_days: Option<Distinct<WeekDay, 6>>,
    /// Whether rest days stay rest days on which the state makes up for a holiday.
    #[serde(default)]
    pub ignores_make_up_days: bool,
    /// Whether the days of the calendar `cn` hold in years that it has not published itself.
    #[serde(default)]
    pub based_on_built_in: bool,
}

/// The days off and the make-up working days of a year, all of them. They take the place of those that the year had.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCalendarYear {
    /// The notice that publishes them: an address or a document number.
    pub source: Line<500>,
    /// The days.
    #[schema(value_type = Vec<NewCalendarDay>, max_items = 366)]
    pub days: List<NewCalendarDay, CALENDAR_DAYS>,
}

/// A day off or a make-up working day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCalendarDay {
    /// The day.
    pub date: Day,
    /// Which of both.
    pub kind: DayOff,
    /// The name of its holiday.
    pub name: Line<100>,
}

/// A single day that is otherwise than its year says: a local holiday, a make-up day of the tenant's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwnDay {
    /// What it is.
    pub kind: DayOff,
    /// What it is called.
    pub name: Line<100>,
    /// Why: a notice, a contract, a practice.
    pub source: Line<500>,
}

/// What changes on a calendar.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarPatch {
    /// What it is called.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub name: Option<LocalLine>,
    /// Whether rest days stay rest days on which the state makes up for a holiday.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub ignores_make_up_days: Option<bool>,
    /// What is new.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub note: Option<Prose<1000>>,
}

/// The tenant's calendars: the built-in one first, as the tenant has it.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_, ReadCases>) -> Result<Vec<CalendarRecord>, Failure> {
    let mut own = store::calendars::newest(tx)?;
    let ground = tx.ground();
    let shipped = CalendarRecord::built_in(&ground.content.calendar);
    let first = match own.iter().position(|record| record.key == BUILT_IN_CALENDAR) {
        Some(changed) => over(shipped, own.remove(changed)),
        None => shipped,
    };
    own.insert(0, first);
    Ok(own)
}

/// The built-in calendar with a tenant's changes, as it is shown: all its years.
fn over(shipped: CalendarRecord, own: CalendarRecord) -> CalendarRecord {
    let mut years = shipped.years;
    years.extend(own.years.clone());
    CalendarRecord { years, ..own }
}

/// A calendar as it is now, or as it was in a revision.
///
/// # Errors
/// When it is not there.
pub fn find(tx: &mut Tx<'_, ReadCases>, key: &str, revision: Option<i32>) -> Result<CalendarRecord, Failure> {
    match revision {
        None => list(tx)?.into_iter().find(|record| record.key == key).ok_or_else(|| StoreError::NotFound.into()),
        Some(0) if key == BUILT_IN_CALENDAR => Ok(CalendarRecord::built_in(&tx.ground().content.calendar)),
        Some(revision) => {
            let own = store::calendars::find(tx, key, revision)?;
            Ok(if key == BUILT_IN_CALENDAR { over(CalendarRecord::built_in(&tx.ground().content.calendar), own) } else { own })
        }
    }
}

/// The tenant's own layer of a calendar, before a change. Whoever changes it must have seen its revision.
fn layer(tx: &mut Tx<'_, WriteRules>, key: &str, seen: Option<i64>) -> Result<CalendarRecord, Failure> {
    let own = store::calendars::newest(tx)?.into_iter().find(|record| record.key == key);
    let record = match own {
        Some(record) => record,
        None if key == BUILT_IN_CALENDAR => {
            let shipped = CalendarRecord::built_in(&tx.ground().content.calendar);
            CalendarRecord { years: BTreeMap::new(), based_on_built_in: true, ..shipped }
        }
        None => return Err(StoreError::NotFound.into()),
    };
    must_have_seen(seen, record.revision.into())?;
    Ok(record)
}

fn next(
    tx: &mut Tx<'_, WriteRules>,
    record: CalendarRecord,
    event: &'static str,
    facts: &serde_json::Value,
) -> Result<CalendarRecord, Failure> {
    let record =
        CalendarRecord { revision: record.revision + 1, changed_by: Some(tx.scope().member()), created_at: Some(tx.now()), ..record };
    store::calendars::insert(tx, &record, event, facts)?;
    find(&mut tx.narrow(), &record.key, None)
}

/// Makes a calendar of the tenant's own.
///
/// # Errors
/// When the key is taken, or there are too many.
pub fn create(tx: &mut Tx<'_, WriteRules>, new: NewCalendar) -> Result<CalendarRecord, Failure> {
    let known = list(&mut tx.narrow())?;
    let key = String::from(new.key);
    if known.iter().any(|record| record.key == key) {
        return Err(RuleViolation::AlreadyRecorded(key).into());
    }
    if known.len() > OWN_CALENDARS {
        return Err(RuleViolation::field("", FieldRule::TooMany).into());
    }
    let shipped = CalendarRecord::built_in(&tx.ground().content.calendar);
    let record = CalendarRecord {
        key,
        revision: 0,
        name: new.name.both("/name")?,
        zone: new.zone.unwrap_or(shipped.zone),
        rest_days: new.rest_days.map_or(shipped.rest_days, Distinct::into_vec),
        ignores_make_up_days: new.ignores_make_up_days,
        based_on_built_in: new.based_on_built_in,
        years: BTreeMap::new(),
        days: BTreeMap::new(),
        note: None,
        changed_by: None,
        created_at: None,
    };
    let facts = json!({ "based_on_built_in": record.based_on_built_in, "ignores_make_up_days": record.ignores_make_up_days });
    next(tx, record, "calendar.created", &facts)
}

/// Changes a calendar's name, or whether it knows make-up days.
///
/// # Errors
/// When it is not there, or the caller has seen another revision.
pub fn change(tx: &mut Tx<'_, WriteRules>, key: &str, seen: i64, patch: CalendarPatch) -> Result<CalendarRecord, Failure> {
    let mut record = layer(tx, key, Some(seen))?;
    if let Some(name) = patch.name {
        record.name = name.both("/name")?;
    }
    record.ignores_make_up_days = patch.ignores_make_up_days.unwrap_or(record.ignores_make_up_days);
    record.note = patch.note.map(Into::into);
    let facts = json!({ "ignores_make_up_days": record.ignores_make_up_days });
    next(tx, record, "calendar.changed", &facts)
}

/// Publishes a year in a calendar; deadlines that were provisional for want of it are counted anew.
///
/// # Errors
/// When a day lies in another year or is given twice, or there are too many years.
pub fn publish_year(tx: &mut Tx<'_, WriteRules>, key: &str, seen: i64, year: i16, new: NewCalendarYear) -> Result<CalendarRecord, Failure> {
    let mut days = BTreeMap::new();
    for (n, day) in new.days.iter().enumerate() {
        if day.date.0.year() != year {
            return Err(RuleViolation::field(format!("/days/{n}/date"), FieldRule::Contradicts).into());
        }
        if days.insert(day.date, NamedDay { kind: day.kind, name: day.name.to_string() }).is_some() {
            return Err(RuleViolation::field(format!("/days/{n}/date"), FieldRule::Twice).into());
        }
    }
    if days.is_empty() {
        return Err(RuleViolation::field("/days", FieldRule::Empty).into());
    }
    let mut record = layer(tx, key, Some(seen))?;
    let published = PublishedYear { source: new.source.into(), days };
    let facts = json!({ "year": year, "was": record.years.get(&year), "is": &published });
    record.years.insert(year, published);
    if record.years.len() > CALENDAR_YEARS {
        return Err(RuleViolation::field("", FieldRule::TooMany).into());
    }
    next(tx, record, "calendar.year_published", &facts)
}

/// Takes a published year back; the built-in calendar's own days hold again where there are any.
///
/// # Errors
/// When the tenant has not published it.
pub fn withdraw_year(tx: &mut Tx<'_, WriteRules>, key: &str, seen: i64, year: i16) -> Result<CalendarRecord, Failure> {
    let mut record = layer(tx, key, Some(seen))?;
    let was = record.years.remove(&year).ok_or(StoreError::NotFound)?;
    next(tx, record, "calendar.year_withdrawn", &json!({ "year": year, "was": was }))
}

/// Sets a single day.
///
/// # Errors
/// When there are too many.
pub fn set_day(tx: &mut Tx<'_, WriteRules>, key: &str, seen: i64, date: Day, new: NewOwnDay) -> Result<CalendarRecord, Failure> {
    let mut record = layer(tx, key, Some(seen))?;
    let own = OwnDay { day: NamedDay { kind: new.kind, name: new.name.into() }, source: new.source.into() };
    let facts = json!({ "date": date, "was": record.days.get(&date), "is": &own });
    record.days.insert(date, own);
    if record.days.len() > CALENDAR_DAYS {
        return Err(RuleViolation::field("", FieldRule::TooMany).into());
    }
    next(tx, record, "calendar.day_set", &facts)
}

/// Takes a single day back.
///
/// # Errors
/// When it was not set.
pub fn unset_day(tx: &mut Tx<'_, WriteRules>, key: &str, seen: i64, date: Day) -> Result<CalendarRecord, Failure> {
    let mut record = layer(tx, key, Some(seen))?;
    let was = record.days.remove(&date).ok_or(StoreError::NotFound)?;
    next(tx, record, "calendar.day_unset", &json!({ "date": date, "was": was }))
}
