//! API keys.

use super::{
    body::Json,
    members::{BY_ID, PageQuery},
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{ApiKeyPage, ApiKeyView},
};
use crate::{
    domain::{
        access::{ReadApiKeys, WriteApiKeys},
        ids::ApiKeyId,
    },
    store::api_keys,
    usecases::api_keys::{self as usecase, NewApiKey},
};

/// List the API keys.
#[utoipa::path(get, path = "/v1/api_keys", tag = "people", responses((status = 200, description = "A page of keys, without their secrets.", body = ApiKeyPage)))]
pub(super) async fn list_api_keys(request: Request<ReadApiKeys, (), PageQuery>) -> Answer {
    let page = request.caller.page((), BY_ID, request.query.limit, request.query.cursor.as_deref())?;
    let limit = page.limit;
    request
        .caller
        .list(limit, |tx| Ok(api_keys::list(tx, page)?), |key| by_id(key.id), |key| ApiKeyView::new(key, None), ApiKeyPage::new)
        .await
}

/// Make an API key; the key itself is told once, in this answer.
#[utoipa::path(post, path = "/v1/api_keys", tag = "people", responses((status = 201, description = "The key.", body = ApiKeyView)))]
pub(super) async fn create_api_key(request: Request<WriteApiKeys, (), NoQuery, Json<NewApiKey>>) -> Answer {
    let Json(new) = request.body;
    request
        .caller
        .transact(move |tx| {
            let (key, secret) = usecase::create(tx, new)?;
            let location = format!("/v1/api_keys/{}", key.id);
            Ok(Reply::created(ApiKeyView::new(key, Some(secret)), location).unlisted().secret())
        })
        .await
}

/// Revoke an API key, from the next request on.
#[utoipa::path(delete, path = "/v1/api_keys/{api_key_id}", tag = "people", responses((status = 204, description = "It is revoked.")))]
pub(super) async fn revoke_api_key(request: Request<WriteApiKeys, ApiKeyId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            api_keys::revoke(tx, id)?;
            Ok(Reply::nothing())
        })
        .await
}
