//! Grants.

use super::{
    body::Json,
    members::{BY_ID, PageQuery},
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{CaseGrantPage, CaseGrantView, GrantPage, GrantView},
};
use crate::{
    domain::{
        access::{ReadGrants, WriteGrants},
        ids::{CaseId, GrantId, MemberId, ShopId},
    },
    store::{grants, records::GrantFilter},
    usecases::grants::{self as usecase, NewGrant},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantQuery {
    /// To this member.
    #[param(nullable = false)]
    member_id: Option<MemberId>,
    /// To this case.
    #[param(nullable = false)]
    case_id: Option<CaseId>,
    /// To this shop.
    #[param(nullable = false)]
    shop_id: Option<ShopId>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List the grants.
#[utoipa::path(get, path = "/v1/grants", tag = "people", responses((status = 200, description = "A page of grants.", body = GrantPage)))]
pub(super) async fn list_grants(request: Request<ReadGrants, (), GrantQuery>) -> Answer {
    let query = request.query;
    let filter = GrantFilter { member_id: query.member_id, case_id: query.case_id, shop_id: query.shop_id };
    let page = request.caller.page(filter, BY_ID, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    request.caller.list(limit, |tx| Ok(grants::list(tx, page)?), |grant| by_id(grant.id), GrantView::from, GrantPage::new).await
}

/// List the grants that reach a case, directly or through its shop. Those that have ended are listed too.
#[utoipa::path(get, path = "/v1/cases/{case_id}/grants", tag = "people", responses((status = 200, description = "A page of grants.", body = CaseGrantPage)))]
pub(super) async fn list_case_grants(request: Request<ReadGrants, CaseId, PageQuery>) -> Answer {
    let id = request.path;
    let page = request.caller.page((), BY_ID, request.query.limit, request.query.cursor.as_deref())?;
    let limit = page.limit;
    request
        .caller
        .list(limit, move |tx| Ok(grants::reaching(tx, id, page)?), |held| by_id(held.grant.id), CaseGrantView::from, CaseGrantPage::new)
        .await
}

/// Get a grant.
#[utoipa::path(get, path = "/v1/grants/{grant_id}", tag = "people", responses((status = 200, description = "The grant.", body = GrantView)))]
pub(super) async fn get_grant(request: Request<ReadGrants, GrantId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let grant = grants::find(tx, id)?.into_inner();
            let version = grant.version;
            Ok(Reply::ok(GrantView::from(grant)).version(version))
        })
        .await
}

/// Give counsel or a client access to a shop or a case.
#[utoipa::path(post, path = "/v1/grants", tag = "people", responses((status = 201, description = "The grant.", body = GrantView)))]
pub(super) async fn create_grant(request: Request<WriteGrants, (), NoQuery, Json<NewGrant>>) -> Answer {
    let Json(new) = request.body;
    request
        .caller
        .transact(move |tx| {
            let grant = usecase::create(tx, new)?;
            let (location, version) = (format!("/v1/grants/{}", grant.id), grant.version);
            Ok(Reply::created(GrantView::from(grant), location).version(version))
        })
        .await
}

/// End a grant, from the next request on.
#[utoipa::path(delete, path = "/v1/grants/{grant_id}", tag = "people", responses((status = 200, description = "The grant as ended.", body = GrantView)))]
pub(super) async fn revoke_grant(request: Request<WriteGrants, GrantId>) -> Answer {
    let (id, seen) = (request.path, request.caller.seen()?);
    request
        .caller
        .transact(move |tx| {
            let grant = usecase::revoke(tx, id, seen)?.into_inner();
            let version = grant.version;
            Ok(Reply::ok(GrantView::from(grant)).version(version))
        })
        .await
}
