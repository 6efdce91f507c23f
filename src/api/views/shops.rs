//! Shops on the wire.

use crate::domain::{
    ids::ShopId,
    shop::{CreditCode, Shop},
    time::Instant,
    vocabulary::Platform,
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A shop.
#[derive(Serialize, ToSchema)]
#[schema(as = Shop)]
pub(in crate::api) struct ShopView {
    id: ShopId,
    name: String,
    platform: Platform,
    #[schema(required)]
    platform_shop_id: Option<String>,
    legal_entity: String,
    #[schema(required)]
    credit_code: Option<CreditCode>,
    metadata: BTreeMap<String, String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<Shop> for ShopView {
    fn from(shop: Shop) -> Self {
        Self {
            id: shop.id,
            name: shop.name,
            platform: shop.platform,
            platform_shop_id: shop.platform_shop_id,
            legal_entity: shop.legal_entity,
            credit_code: shop.credit_code,
            metadata: shop.metadata,
            version: shop.version,
            created_at: shop.created_at,
            updated_at: shop.updated_at,
        }
    }
}
