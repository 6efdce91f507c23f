//! Registering and changing shops.

use super::{Metadata, metadata, must_have_seen, replace};
use crate::{
    domain::{
        access::{ReadShops, WriteShops},
        field_rule::FieldRule,
        ids::ShopId,
        merge_patch::{Patch, replacement},
        shop::{CreditCode, Shop},
        text::Line,
        violation::RuleViolation,
        vocabulary::Platform,
    },
    store::{Failure, StoreError, Stored, Tx, shops},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A shop to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShop {
    /// Its name.
    pub name: Line<120>,
    /// Where it trades.
    pub platform: Platform,
    /// Its id on the platform.
    #[serde(default)]
    #[schema(nullable = false)]
    pub platform_shop_id: Option<Line<80>>,
    /// The name of the legal entity behind it.
    pub legal_entity: Line<200>,
    /// The entity's 统一社会信用代码.
    #[serde(default)]
    #[schema(nullable = false)]
    pub credit_code: Option<CreditCode>,
    /// What your own systems keep with it.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, String>, required = false)]
    pub metadata: Metadata,
}

/// What changes on a shop. Its platform does not.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopPatch {
    /// Its name.
    #[serde(default)]
    #[schema(value_type = Option<Line<120>>, nullable = false)]
    pub name: Patch<Line<120>>,
    /// Its id on the platform.
    #[serde(default)]
    #[schema(value_type = Option<Line<80>>)]
    pub platform_shop_id: Patch<Line<80>>,
    /// The name of the legal entity behind it.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>, nullable = false)]
    pub legal_entity: Patch<Line<200>>,
    /// The entity's 统一社会信用代码.
    #[serde(default)]
    #[schema(value_type = Option<CreditCode>)]
    pub credit_code: Patch<CreditCode>,
    /// All of what your own systems keep with it.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    pub metadata: Option<Metadata>,
}

/// Registers a shop.
///
/// # Errors
/// When the platform's id is registered already.
pub fn create(tx: &mut Tx<'_, WriteShops>, new: NewShop) -> Result<Shop, Failure> {
    let now = tx.now();
    let shop = Shop {
        id: tx.new_id(),
        name: new.name.into(),
        platform: new.platform,
        platform_shop_id: new.platform_shop_id.map(Into::into),
        legal_entity: new.legal_entity.into(),
        credit_code: new.credit_code,
        metadata: metadata(new.metadata)?,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    shops::insert(tx, &shop).map_err(taken)?;
    Ok(shop)
}

/// Changes a shop.
///
/// # Errors
/// When the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WriteShops>, id: ShopId, seen: i64, patch: ShopPatch) -> Result<Stored<Shop>, Failure> {
    let before = shops::find(&mut tx.narrow::<ReadShops>(), id)?;
    must_have_seen(Some(seen), before.version)?;
    let mut after = Shop::clone(&before);
    replace(patch.name, &mut after.name, "/name", Into::into)?;
    replace(patch.legal_entity, &mut after.legal_entity, "/legal_entity", Into::into)?;
    patch.platform_shop_id.apply_with(&mut after.platform_shop_id, Into::into);
    patch.credit_code.apply(&mut after.credit_code);
    if let Some(given) = patch.metadata {
        after.metadata = metadata(given)?;
    }
    if after == *before {
        return Ok(before);
    }
    shops::save(tx, &before, &after).map_err(taken)
}

fn taken(error: StoreError) -> Failure {
    match error {
        StoreError::Taken => RuleViolation::field("/platform_shop_id", FieldRule::Taken).into(),
        other => other.into(),
    }
}
