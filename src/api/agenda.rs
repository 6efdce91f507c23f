//! The agenda over all cases, and its calendar feeds.

use super::{
    body::Json,
    members::{BY_ID, PageQuery},
    parameters::{NoQuery, OneOf},
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    request::{PublicRequest, Request, by_id},
    views::{AgendaFeedPage, AgendaFeedView, AgendaItemView, AgendaPage},
};
use crate::{
    auth::{credential, feed_tokens, hash::sha256},
    domain::{
        access::{ReadCases, ReadSelf, WriteSelf},
        ids::{AgendaFeedId, CaseId, MemberId, ShopId},
        journal::hex,
        time::Instant,
        vocabulary::{OwedBy, Stage},
    },
    store::{
        Failure, Opening, StoreError, Tx, agenda_feeds,
        page::{Position, Sort, SortKey},
        records::{AgendaFeed, AgendaFilter},
    },
    usecases::{
        agenda::{self as usecase, AgendaEntry, AgendaKind},
        agenda_feeds::{self as feeds, NewAgendaFeed},
    },
};
use actix_web::{HttpResponse, http::header};
use serde::Deserialize;
use utoipa::IntoParams;

/// What of the agenda. It comes by when things are due.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct AgendaQuery {
    /// Due at this moment or later.
    #[param(nullable = false)]
    from: Option<Instant>,
    /// Due before this moment.
    #[param(nullable = false)]
    to: Option<Instant>,
    /// Only what was due before now (`true`), or is due from now on (`false`).
    #[param(nullable = false)]
    overdue: Option<bool>,
    /// Of this shop.
    #[param(nullable = false)]
    shop_id: Option<ShopId>,
    /// Of this case.
    #[param(nullable = false)]
    case_id: Option<CaseId>,
    /// For which this member answers, or that they do.
    #[param(nullable = false)]
    assignee_id: Option<MemberId>,
    /// Deadlines, tasks or both.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<AgendaKind>>)]
    kind: Option<OneOf<AgendaKind>>,
    /// In these stages.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Stage>>)]
    stage: Option<OneOf<Stage>>,
    /// Owed by these; leaves tasks out. What an authority owes us stands apart from what we owe.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<OwedBy>>)]
    owed_by: Option<OneOf<OwedBy>>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List what is to be done next over all cases: open deadlines and tasks with a date, why each cannot be done at once beside it.
#[utoipa::path(get, path = "/v1/agenda", tag = "deadlines", responses((status = 200, description = "A page of the agenda.", body = AgendaPage)))]
pub(super) async fn list_agenda(request: Request<ReadCases, (), AgendaQuery>) -> Answer {
    let (query, caller) = (request.query, request.caller);
    let now = caller.services.clock.now();
    let (from, before) = match query.overdue {
        Some(true) => (query.from, Some(query.to.map_or(now, |to| to.min(now)))),
        Some(false) => (Some(query.from.map_or(now, |from| from.max(now))), query.to),
        None => (query.from, query.to),
    };
    let filter = AgendaFilter {
        from,
        before,
        shop_id: query.shop_id,
        case_id: query.case_id,
        assignee_id: query.assignee_id,
        stages: query.stage.unwrap_or_default().0,
        owed_by: query.owed_by.unwrap_or_default().0,
    };
    let kinds = query.kind.unwrap_or_default().0;
    let page = caller.page(filter, Sort { by: SortKey::DueAt, descending: false }, query.limit, query.cursor.as_deref())?;
    let (limit, language) = (page.limit, caller.language());
    let place = |entry: &AgendaEntry| Position { at: entry.item.due_at, id: entry.item.id() };
    caller
        .list(limit, move |tx| usecase::page(tx, &page, &kinds), place, move |entry| AgendaItemView::new(entry, language), AgendaPage::new)
        .await
}

/// List the caller's calendar feeds.
#[utoipa::path(get, path = "/v1/agenda_feeds", tag = "deadlines", responses((status = 200, description = "A page of the feeds.", body = AgendaFeedPage)))]
pub(super) async fn list_agenda_feeds(request: Request<ReadSelf, (), PageQuery>) -> Answer {
    let page = request.caller.page((), BY_ID, request.query.limit, request.query.cursor.as_deref())?;
    let limit = page.limit;
    let place = |feed: &AgendaFeed| by_id(feed.id);
    request
        .caller
        .list(limit, |tx| Ok(agenda_feeds::list(tx, page)?), place, |feed| AgendaFeedView::new(feed, None), AgendaFeedPage::new)
        .await
}

/// Make a calendar feed of what the caller answers for. Its address is in this answer and never told again.
#[utoipa::path(post, path = "/v1/agenda_feeds", tag = "deadlines", responses((status = 201, description = "The feed with its address.", body = AgendaFeedView)))]
pub(super) async fn create_agenda_feed(request: Request<WriteSelf, (), NoQuery, Json<NewAgendaFeed>>) -> Answer {
    let (Json(new), public_url) = (request.body, request.caller.services.public_url.clone());
    request
        .caller
        .transact(move |tx| {
            let (feed, token) = feeds::create(tx, new)?;
            let url = format!("{public_url}/v1/agenda.ics?token={token}");
            Ok(Reply::created(AgendaFeedView::new(feed, Some(url)), String::new()).secret().unlisted())
        })
        .await
}

/// Revoke a calendar feed at once.
#[utoipa::path(delete, path = "/v1/agenda_feeds/{feed_id}", tag = "deadlines", responses((status = 204, description = "It is revoked.")))]
pub(super) async fn revoke_agenda_feed(request: Request<WriteSelf, AgendaFeedId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            feeds::revoke(tx, id)?;
            Ok(Reply::nothing())
        })
        .await
}

/// Whose feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedQuery {
    /// The token in the address of the feed.
    token: String,
}

/// Read a calendar feed, as calendar programs do (RFC 5545).
///
/// It shows the deadlines that its member may see, 90 days back and 400 days ahead: each with a lasting UID, a SEQUENCE that rises with each change,
/// and CANCELLED once it is met or waived.
#[utoipa::path(get, path = "/v1/agenda.ics", tag = "deadlines", responses((status = 200, description = "The calendar.", body = String, content_type = "text/calendar", headers(("ETag" = String, description = "What `If-None-Match` takes."))), (status = 304, description = "Nothing has changed since the answer that `If-None-Match` names.")))]
pub(super) async fn read_agenda_feed(request: PublicRequest<(), FeedQuery>) -> Answer {
    let credential = feed_tokens::verify(&request.query.token).ok_or_else(|| Problem::new(Kind::NotFound))?;
    let credential::Kind::Feed { feed_id, .. } = credential.kind() else { return Err(Problem::new(Kind::NotFound)) };
    let (feed_id, public_url) = (*feed_id, request.services.public_url.clone());
    let opening = Opening { credential, request_id: request.context.request_id.clone() };
    let read = request.services.store.transact(opening, move |tx: &mut Tx<'_, ReadCases>| feeds::read(tx, feed_id, &public_url)).await;
    // A token that no longer holds is told apart from no token by nobody.
    let text = read.map_err(|failure| match failure {
        Failure::Store(StoreError::Unauthenticated | StoreError::Forbidden) => Problem::new(Kind::NotFound),
        other => other.into(),
    })?;
    let tag = format!("\"{}\"", hex(&sha256(text.as_bytes())).get(..32).unwrap_or_default());
    let known =
        request.if_none_match.as_deref().is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, "private, max-age=300"));
    if known {
        return Ok(response.finish());
    }
    let inline = "inline; filename=\"rejoinder.ics\"";
    Ok(response
        .content_type("text/calendar; charset=utf-8; method=PUBLISH")
        .insert_header((header::CONTENT_DISPOSITION, inline))
        .body(text))
}
