//! A tenant's calendars: each revision is whole, the newest one holds.

use super::{At, Result, alarms, tenants};
use crate::{
    domain::{
        calendar::{CalendarRecord, OwnDay, PublishedYear, Zone},
        ids::{MemberId, TenantId},
        journal::Entry,
        language::Bilingual,
        time::{Day, Instant},
        vocabulary::WeekDay,
    },
    store::{error::StoreError, holes::Hole, schema::calendars, sql_types::AsJson},
};
use diesel::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendars)]
struct Row {
    tenant_id: TenantId,
    key: String,
    revision: i32,
    name: AsJson<Bilingual>,
    zone: String,
    rest_days: AsJson<Vec<WeekDay>>,
    ignores_make_up_days: bool,
    based_on_built_in: bool,
    years: AsJson<BTreeMap<i16, PublishedYear>>,
    days: AsJson<BTreeMap<Day, OwnDay>>,
    note: Option<String>,
    changed_by: MemberId,
    created_at: Instant,
}

impl TryFrom<Row> for CalendarRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            key: row.key,
            revision: row.revision,
            name: row.name.0,
            zone: Zone::try_from(row.zone).map_err(StoreError::Broken)?,
            rest_days: row.rest_days.0,
            ignores_make_up_days: row.ignores_make_up_days,
            based_on_built_in: row.based_on_built_in,
            years: row.years.0,
            days: row.days.0,
            note: row.note,
            changed_by: Some(row.changed_by),
            created_at: Some(row.created_at),
        })
    }
}

diesel::alias!(calendars as newer: Newer);

/// The newest revision of each.
pub(in crate::store) fn newest(at: &mut At<'_>) -> Result<Vec<CalendarRecord>> {
    let succeeded = newer
        .filter(newer.field(calendars::tenant_id).eq(calendars::tenant_id))
        .filter(newer.field(calendars::key).eq(calendars::key))
        .filter(newer.field(calendars::revision).gt(calendars::revision));
    let mut query = calendars::table.filter(diesel::dsl::not(diesel::dsl::exists(succeeded))).order(calendars::key).into_boxed();
    if !at.open(Hole::TenantOfRulebook) {
        query = query.filter(calendars::tenant_id.eq(at.tenant()));
    }
    at.load::<_, Row>(query.select(Row::as_select()))?.into_iter().map(CalendarRecord::try_from).collect()
}

/// One revision.
pub(in crate::store) fn find(at: &mut At<'_>, key: &str, revision: i32) -> Result<CalendarRecord> {
    let query = calendars::table
        .filter(calendars::tenant_id.eq(at.tenant()))
        .filter(calendars::key.eq(key))
        .filter(calendars::revision.eq(revision))
        .select(Row::as_select());
    at.first::<_, Row>(query)?.try_into()
}

/// Keeps the next revision.
pub(in crate::store) fn insert(at: &mut At<'_>, record: &CalendarRecord, event: &'static str, facts: &serde_json::Value) -> Result<()> {
    tenants::raise_rulebook(at)?;
    let row = Row {
        tenant_id: at.tenant(),
        key: record.key.clone(),
        revision: record.revision,
        name: AsJson(record.name.clone()),
        zone: record.zone.clone().into(),
        rest_days: AsJson(record.rest_days.clone()),
        ignores_make_up_days: record.ignores_make_up_days,
        based_on_built_in: record.based_on_built_in,
        years: AsJson(record.years.clone()),
        days: AsJson(record.days.clone()),
        note: record.note.clone(),
        changed_by: at.scope().member(),
        created_at: at.now(),
    };
    // A calendar has a key and no id; the entry is about the tenant.
    let subject = Uuid::from(at.tenant());
    let entry = Entry::of_tenant(event, subject).with("key", &record.key).with("revision", record.revision).with("facts", facts);
    diesel::insert_into(calendars::table).values(row).execute(at.record(entry))?;
    alarms::plan_anew(at)
}
