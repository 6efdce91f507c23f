//! Calendar feeds: who subscribes to what, and what is in them.

use super::{At, Result, deadlines, paged};
use crate::{
    domain::{
        ids::{AgendaFeedId, MemberId},
        journal::Entry,
        language::Language,
        time::Instant,
        vocabulary::CaseStatus,
    },
    limits::FEED_EVENTS,
    store::{
        error::StoreError,
        page::Page,
        records::{AgendaFeed, DeadlineInFeed},
        schema::{agenda_feeds, cases, deadlines as table, shops},
    },
};
use diesel::prelude::*;

type Row = (AgendaFeedId, String, bool, String, Instant);

fn feed((id, name, only_mine, language, created_at): Row) -> AgendaFeed {
    AgendaFeed { id, name, only_mine, language: Language::accepted(&language), created_at }
}

/// The caller's own that are not revoked.
pub(in crate::store) fn list(at: &mut At<'_>, page: Page<()>) -> Result<Vec<AgendaFeed>> {
    let mut query = agenda_feeds::table
        .filter(agenda_feeds::tenant_id.eq(at.tenant()))
        .filter(agenda_feeds::member_id.eq(at.scope().member()))
        .filter(agenda_feeds::revoked_at.is_null())
        .select((agenda_feeds::id, agenda_feeds::name, agenda_feeds::only_mine, agenda_feeds::language, agenda_feeds::created_at))
        .into_boxed();
    Ok(at.load::<_, Row>(paged!(query, page, agenda_feeds::id))?.into_iter().map(feed).collect())
}

/// One of the caller's own.
pub(in crate::store) fn find(at: &mut At<'_>, id: AgendaFeedId) -> Result<AgendaFeed> {
    let query = agenda_feeds::table
        .filter(agenda_feeds::id.eq(id))
        .filter(agenda_feeds::tenant_id.eq(at.tenant()))
        .filter(agenda_feeds::member_id.eq(at.scope().member()))
        .filter(agenda_feeds::revoked_at.is_null())
        .select((agenda_feeds::id, agenda_feeds::name, agenda_feeds::only_mine, agenda_feeds::language, agenda_feeds::created_at));
    at.first::<_, Row>(query).map(feed)
}

pub(in crate::store) fn insert(at: &mut At<'_>, feed: &AgendaFeed, secret_hash: Vec<u8>) -> Result<()> {
    let row = (
        agenda_feeds::id.eq(feed.id),
        agenda_feeds::tenant_id.eq(at.tenant()),
        agenda_feeds::member_id.eq(at.scope().member()),
        agenda_feeds::name.eq(&feed.name),
        agenda_feeds::secret_hash.eq(secret_hash),
        agenda_feeds::only_mine.eq(feed.only_mine),
        agenda_feeds::language.eq(feed.language.tag()),
        agenda_feeds::created_at.eq(feed.created_at),
    );
    let entry = Entry::of_tenant("agenda_feed.created", feed.id).with("name", &feed.name).with("only_mine", feed.only_mine);
    diesel::insert_into(agenda_feeds::table).values(row).execute(at.record(entry))?;
    Ok(())
}

pub(in crate::store) fn revoke(at: &mut At<'_>, id: AgendaFeedId) -> Result<()> {
    let (tenant, member, now) = (at.tenant(), at.scope().member(), at.now());
    let live = agenda_feeds::table
        .find(id)
        .filter(agenda_feeds::tenant_id.eq(tenant))
        .filter(agenda_feeds::member_id.eq(member))
        .filter(agenda_feeds::revoked_at.is_null());
    let entry = Entry::of_tenant("agenda_feed.revoked", id);
    match diesel::update(live).set(agenda_feeds::revoked_at.eq(now)).execute(at.record(entry))? {
        1 => Ok(()),
        _ => Err(StoreError::NotFound),
    }
}

/// What is read of the case: its number, status and version, when that rose, and the name of its shop.
type OfCase = (String, CaseStatus, i64, Instant, String);

/// What is in a feed: the open deadlines of a span that lie ahead, those that lie behind, and those that ended, so that calendar programs hear of
/// it. At most [`FEED_EVENTS`] of each, those nearest to now first: old ones crowd out nothing that is still to be done.
pub(in crate::store) fn deadlines(at: &mut At<'_>, only: Option<MemberId>, from: Instant, to: Instant) -> Result<Vec<DeadlineInFeed>> {
    let mut found = Vec::new();
    let now = at.now();
    for (open, from, to) in [(true, now, to), (true, from, now), (false, from, to)] {
        let mut query = table::table
            .inner_join(cases::table.on(cases::tenant_id.eq(table::tenant_id).and(cases::id.eq(table::case_id))))
            .inner_join(shops::table.on(shops::tenant_id.eq(table::tenant_id).and(shops::id.eq(table::shop_id))))
            .filter(table::tenant_id.eq(at.tenant()))
            .filter(table::due_at.ge(from))
            .filter(table::due_at.lt(to))
            .select((deadlines::Row::as_select(), (cases::number, cases::status, cases::version, cases::updated_at, shops::name)))
            .into_boxed();
        query = if open { query.filter(table::is_open) } else { query.filter(diesel::dsl::not(table::is_open)) };
        if let Some(member) = only {
            query = query.filter(table::assignee_id.eq(member));
        }
        if let Some(within) = at.narrow_case_ids() {
            query = query.filter(table::case_id.eq_any(within));
        }
        query = if open && from == now {
            query.order((table::due_at, table::id))
        } else {
            query.order((table::due_at.desc(), table::id.desc()))
        };
        let rows: Vec<(deadlines::Row, OfCase)> = at.load(query.limit(FEED_EVENTS))?;
        found.extend(rows.into_iter().map(|(row, (case_number, case_status, case_version, case_updated_at, shop_name))| DeadlineInFeed {
            deadline: row.into(),
            case_number,
            shop_name,
            case_is_open: case_status == CaseStatus::Open,
            case_version,
            case_updated_at,
        }));
    }
    Ok(found)
}
