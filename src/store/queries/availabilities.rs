//! When members work, when not, and who stands in.

use super::{At, Result};
use crate::{
    domain::{
        availability::{Availability, TimeOfDay},
        calendar::Zone,
        ids::{MemberId, TenantId},
        journal::Entry,
        language::Language,
        member::MemberStatus,
        time::Instant,
    },
    store::{
        error::StoreError,
        holes::Hole,
        schema::{availabilities, members},
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = availabilities, primary_key(tenant_id, member_id), treat_none_as_null = true)]
pub(super) struct Row {
    tenant_id: TenantId,
    member_id: MemberId,
    zone: String,
    calendar: String,
    works_from: TimeOfDay,
    works_until: TimeOfDay,
    language: Language,
    away_from: Option<Instant>,
    away_until: Option<Instant>,
    stand_in_id: Option<MemberId>,
    version: i64,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, availability: &Availability, updated_at: Instant) -> Self {
        Self {
            tenant_id,
            member_id: availability.member_id,
            zone: availability.zone.clone().into(),
            calendar: availability.calendar.clone(),
            works_from: availability.works_from,
            works_until: availability.works_until,
            language: availability.language,
            away_from: availability.away_from,
            away_until: availability.away_until,
            stand_in_id: availability.stand_in_id,
            version: availability.version,
            updated_at,
        }
    }
}

impl TryFrom<Row> for Availability {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            member_id: row.member_id,
            zone: Zone::try_from(row.zone).map_err(StoreError::Broken)?,
            calendar: row.calendar,
            works_from: row.works_from,
            works_until: row.works_until,
            language: row.language,
            away_from: row.away_from,
            away_until: row.away_until,
            stand_in_id: row.stand_in_id,
            version: row.version,
            updated_at: Some(row.updated_at),
        })
    }
}

/// What a member has said, or what holds for somebody who has said nothing.
pub(super) fn said(at: &At<'_>, member: MemberId, row: Option<Row>) -> Result<Availability> {
    row.map_or_else(|| Ok(Availability::unsaid(member, &at.built_in_content().calendar)), Availability::try_from)
}

fn find(at: &mut At<'_>, member: MemberId) -> Result<Availability> {
    let query = availabilities::table
        .filter(availabilities::tenant_id.eq(at.tenant()))
        .filter(availabilities::member_id.eq(member))
        .select(Row::as_select());
    let row = at.load::<_, Row>(query)?.pop();
    said(at, member, row)
}

pub(in crate::store) fn mine(at: &mut At<'_>) -> Result<Availability> {
    let member = at.scope().member();
    find(at, member)
}

pub(in crate::store) fn of_member(at: &mut At<'_>, id: MemberId) -> Result<Availability> {
    super::members::find(at, id)?;
    find(at, id)
}

fn save(at: &mut At<'_>, before: &Availability, after: &Availability) -> Result<Availability> {
    let (tenant, now) = (at.tenant(), at.now());
    if let Some(id) = after.stand_in_id {
        let mut known = members::table.filter(members::id.eq(id)).filter(members::status.eq(MemberStatus::Active)).into_boxed();
        if !at.open(Hole::TenantOfNamedMembers) {
            known = known.filter(members::tenant_id.eq(tenant));
        }
        at.first::<_, MemberId>(known.select(members::id))?;
    }
    let after = Availability { version: before.version + 1, updated_at: Some(now), ..after.clone() };
    let row = Row::of(tenant, &after, now);
    let entry = Entry::of_tenant("availability.changed", before.member_id).with_changes(before, &after);
    let known = availabilities::table.find((tenant, before.member_id)).filter(availabilities::version.eq(before.version));
    let conn = at.record(entry);
    let changed = match before.updated_at {
        Some(_) => diesel::update(known).set(&row).execute(conn)?,
        None => diesel::insert_into(availabilities::table).values(&row).on_conflict_do_nothing().execute(conn)?,
    };
    if changed == 1 { Ok(after) } else { Err(StoreError::Stale { current: after.version }) }
}

pub(in crate::store) fn save_mine(at: &mut At<'_>, before: &Availability, after: &Availability) -> Result<Availability> {
    save(at, before, after)
}

pub(in crate::store) fn save_of_member(at: &mut At<'_>, before: &Availability, after: &Availability) -> Result<Availability> {
    save(at, before, after)
}
