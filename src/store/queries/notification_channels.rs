//! The channels over which reminders go out: a member's own, and those of groups.

use super::{At, Result, paged};
use crate::{
    domain::{
        ids::{MemberId, NotificationChannelId, TenantId},
        journal::Entry,
        language::Language,
        notification_channel::NotificationChannel,
        time::Instant,
        vocabulary::{ChannelKind, DeliveryState},
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::ChannelFilter,
        schema::{deliveries, notification_channels},
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = notification_channels)]
pub(super) struct Row {
    tenant_id: TenantId,
    id: NotificationChannelId,
    member_id: Option<MemberId>,
    kind: ChannelKind,
    name: String,
    language: Language,
    sealed_address: Vec<u8>,
    hint: String,
    created_by: MemberId,
    created_at: Instant,
}

impl From<Row> for NotificationChannel {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            member_id: row.member_id,
            kind: row.kind,
            name: row.name,
            language: row.language,
            sealed_address: row.sealed_address,
            hint: row.hint,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// Those in use that are the caller's own, or a group's.
macro_rules! theirs {
    ($at:expr, $groups:expr) => {{
        let mut query =
            notification_channels::table.filter(notification_channels::revoked_at.is_null()).select(Row::as_select()).into_boxed();
        if !$at.open(Hole::OwnerOfChannel) {
            query = query.filter(notification_channels::tenant_id.eq($at.tenant()));
            let own = notification_channels::member_id.eq($at.scope().member());
            query = if $groups { query.filter(own.or(notification_channels::member_id.is_null())) } else { query.filter(own) };
        }
        query
    }};
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<ChannelFilter>) -> Result<Vec<NotificationChannel>> {
    let mut query = theirs!(at, page.filter.groups);
    Ok(at.load::<_, Row>(paged!(query, page, notification_channels::id))?.into_iter().map(NotificationChannel::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: NotificationChannelId) -> Result<Stored<NotificationChannel>> {
    let query = theirs!(at, true).filter(notification_channels::id.eq(id));
    at.first::<_, Row>(query).map(|row| Stored::new(row.into()))
}

pub(in crate::store) fn count(at: &mut At<'_>, of_groups: bool) -> Result<i64> {
    let query = notification_channels::table
        .filter(notification_channels::tenant_id.eq(at.tenant()))
        .filter(notification_channels::revoked_at.is_null())
        .select(diesel::dsl::count_star());
    if of_groups {
        at.first(query.filter(notification_channels::member_id.is_null()))
    } else {
        let member = at.scope().member();
        at.first(query.filter(notification_channels::member_id.eq(member)))
    }
}

fn entry(kind: &'static str, channel: &NotificationChannel) -> Entry {
    Entry::of_tenant(kind, channel.id)
        .with("member_id", channel.member_id)
        .with("kind", channel.kind)
        .with("name", &channel.name)
        .with("hint", &channel.hint)
}

pub(in crate::store) fn insert(at: &mut At<'_>, channel: &NotificationChannel) -> Result<()> {
    let row = Row {
        tenant_id: at.tenant(),
        id: channel.id,
        member_id: channel.member_id,
        kind: channel.kind,
        name: channel.name.clone(),
        language: channel.language,
        sealed_address: channel.sealed_address.clone(),
        hint: channel.hint.clone(),
        created_by: channel.created_by,
        created_at: channel.created_at,
    };
    diesel::insert_into(notification_channels::table).values(row).execute(at.record(entry("notification_channel.created", channel)))?;
    Ok(())
}

pub(in crate::store) fn note_trial(at: &mut At<'_>, channel: &Stored<NotificationChannel>, error: Option<&str>) -> Result<()> {
    at.record(entry("notification_channel.tested", channel).with("error", error));
    Ok(())
}

pub(in crate::store) fn revoke(at: &mut At<'_>, channel: &Stored<NotificationChannel>) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let row = notification_channels::table.find((tenant, channel.id)).filter(notification_channels::revoked_at.is_null());
    let conn = at.record(entry("notification_channel.revoked", channel));
    if diesel::update(row).set(notification_channels::revoked_at.eq(now)).execute(conn)? != 1 {
        return Err(StoreError::NotFound);
    }
    let waiting = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant))
        .filter(deliveries::next_at.is_not_null())
        .filter(deliveries::channel_id.eq(channel.id))
        .filter(deliveries::state.eq(DeliveryState::Queued));
    let cancelled = (deliveries::state.eq(DeliveryState::Cancelled), deliveries::next_at.eq(None::<Instant>));
    diesel::update(waiting).set(cancelled).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn reaching(at: &mut At<'_>, members: &[MemberId], groups: bool) -> Result<Vec<NotificationChannel>> {
    let in_use = notification_channels::table
        .filter(notification_channels::tenant_id.eq(at.tenant()))
        .filter(notification_channels::revoked_at.is_null())
        .order(notification_channels::id)
        .select(Row::as_select());
    let theirs = notification_channels::member_id.eq_any(members.to_vec()).assume_not_null();
    let rows: Vec<Row> = if groups {
        at.load(in_use.filter(theirs.or(notification_channels::member_id.is_null())))?
    } else {
        at.load(in_use.filter(theirs))?
    };
    Ok(rows.into_iter().map(NotificationChannel::from).collect())
}
