//! Shops.

use super::{
    body::{Json, MergePatch},
    members::BY_ID,
    parameters::{NoQuery, OneOf},
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{ShopPage, ShopView},
};
use crate::{
    domain::{
        access::{ReadShops, WriteShops},
        ids::ShopId,
        vocabulary::Platform,
    },
    store::{records::ShopFilter, shops},
    usecases::shops::{self as usecase, NewShop, ShopPatch},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which shops.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ShopQuery {
    /// On these platforms.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Platform>>)]
    platform: Option<OneOf<Platform>>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List the shops.
#[utoipa::path(get, path = "/v1/shops", tag = "shops", responses((status = 200, description = "A page of shops.", body = ShopPage)))]
pub(super) async fn list_shops(request: Request<ReadShops, (), ShopQuery>) -> Answer {
    let query = request.query;
    let page =
        request.caller.page(ShopFilter { platforms: query.platform.unwrap_or_default().0 }, BY_ID, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    request.caller.list(limit, |tx| Ok(shops::list(tx, page)?), |shop| by_id(shop.id), ShopView::from, ShopPage::new).await
}

/// Get a shop.
#[utoipa::path(get, path = "/v1/shops/{shop_id}", tag = "shops", responses((status = 200, description = "The shop.", body = ShopView)))]
pub(super) async fn get_shop(request: Request<ReadShops, ShopId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let shop = shops::find(tx, id)?.into_inner();
            let version = shop.version;
            Ok(Reply::ok(ShopView::from(shop)).version(version))
        })
        .await
}

/// Register a shop.
#[utoipa::path(post, path = "/v1/shops", tag = "shops", responses((status = 201, description = "The shop.", body = ShopView)))]
pub(super) async fn create_shop(request: Request<WriteShops, (), NoQuery, Json<NewShop>>) -> Answer {
    let Json(new) = request.body;
    request
        .caller
        .transact(move |tx| {
            let shop = usecase::create(tx, new)?;
            let (location, version) = (format!("/v1/shops/{}", shop.id), shop.version);
            Ok(Reply::created(ShopView::from(shop), location).version(version))
        })
        .await
}

/// Change a shop.
#[utoipa::path(patch, path = "/v1/shops/{shop_id}", tag = "shops", responses((status = 200, description = "The shop as changed.", body = ShopView)))]
pub(super) async fn change_shop(request: Request<WriteShops, ShopId, NoQuery, MergePatch<ShopPatch>>) -> Answer {
    let (id, MergePatch(patch), seen) = (request.path, request.body, request.caller.seen()?);
    request
        .caller
        .transact(move |tx| {
            let shop = usecase::change(tx, id, seen, patch)?.into_inner();
            let version = shop.version;
            Ok(Reply::ok(ShopView::from(shop)).version(version))
        })
        .await
}
