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
    #[schema(example = "晨光家居旗舰店")]
    name: String,
    platform: Platform,
    #[schema(required, example = "24681357")]
    platform_shop_id: Option<String>,
    #[schema(example = "杭州晨光家居有限公司")]
    legal_entity: String,
    #[schema(required)]
    credit_code: Option<CreditCode>,
    #[schema(example = json!({ "erp_id": "HZ-0017" }))]
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
