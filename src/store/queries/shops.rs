//! Shops.

use super::{At, Result, at::shops_within, paged};
use crate::{
    domain::{
        ids::{ShopId, TenantId},
        journal::Entry,
        shop::{CreditCode, Shop},
        time::Instant,
        vocabulary::Platform,
    },
    store::{error::StoreError, page::Page, records::ShopFilter, schema::shops, sql_types::AsJson, tx::Stored},
};
use diesel::prelude::*;
use std::collections::BTreeMap;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = shops, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: ShopId,
    name: String,
    platform: Platform,
    platform_shop_id: Option<String>,
    legal_entity: String,
    credit_code: Option<CreditCode>,
    metadata: AsJson<BTreeMap<String, String>>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, shop: &Shop) -> Self {
        Self {
            tenant_id,
            id: shop.id,
            name: shop.name.clone(),
            platform: shop.platform,
            platform_shop_id: shop.platform_shop_id.clone(),
            legal_entity: shop.legal_entity.clone(),
            credit_code: shop.credit_code.clone(),
            metadata: AsJson(shop.metadata.clone()),
            version: shop.version,
            created_at: shop.created_at,
            updated_at: shop.updated_at,
        }
    }
}

impl From<Row> for Shop {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            platform: row.platform,
            platform_shop_id: row.platform_shop_id,
            legal_entity: row.legal_entity,
            credit_code: row.credit_code,
            metadata: row.metadata.0,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<ShopFilter>) -> Result<Vec<Shop>> {
    let mut query = shops::table.filter(shops_within(at)).select(Row::as_select()).into_boxed();
    if !page.filter.platforms.is_empty() {
        query = query.filter(shops::platform.eq_any(page.filter.platforms.clone()));
    }
    Ok(at.load::<_, Row>(paged!(query, page, shops::id))?.into_iter().map(Shop::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: ShopId) -> Result<Stored<Shop>> {
    let query = shops::table.filter(shops_within(at)).filter(shops::id.eq(id)).select(Row::as_select());
    at.first::<_, Row>(query).map(|row| Stored::new(row.into()))
}

pub(in crate::store) fn insert(at: &mut At<'_>, shop: &Shop) -> Result<()> {
    let row = Row::of(at.tenant(), shop);
    diesel::insert_into(shops::table).values(row).execute(at.record(Entry::of_tenant("shop.created", shop.id).with("shop", shop)))?;
    Ok(())
}

pub(in crate::store) fn save(at: &mut At<'_>, before: &Stored<Shop>, after: &Shop) -> Result<Stored<Shop>> {
    let tenant = at.tenant();
    let after = Shop { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let entry = Entry::of_tenant("shop.changed", before.id).with_changes::<Shop>(before, &after);
    let row = shops::table.find((tenant, before.id)).filter(shops::version.eq(before.version));
    match diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? {
        1 => Ok(Stored::new(after)),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}
