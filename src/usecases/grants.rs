//! Granting access to shops and cases, and ending it.

use super::named_in_body;
use crate::{
    domain::{
        access::{ReadCases, ReadGrants, ReadMembers, ReadShops, WriteGrants},
        field_rule::FieldRule,
        grant::{Cover, Grant},
        ids::{CaseId, GrantId, MemberId, ShopId},
        time::Instant,
        violation::RuleViolation,
    },
    store::{self, Failure, Stored, Tx},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Access to give to a member: to one shop with its cases, or to one case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// To whom.
    pub member_id: MemberId,
    /// To which shop. Exactly one of `shop_id` and `case_id` is given.
    #[serde(default)]
    #[schema(nullable = false)]
    pub shop_id: Option<ShopId>,
    /// To which case.
    #[serde(default)]
    #[schema(nullable = false)]
    pub case_id: Option<CaseId>,
    /// What it covers beyond reading, always within the member's role.
    #[serde(default)]
    #[schema(required = false)]
    pub covers: Vec<Cover>,
    /// Until when; without an end when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub ends_at: Option<Instant>,
}

/// Gives access.
///
/// # Errors
/// When the body names somebody or something that is not there.
pub fn create(tx: &mut Tx<'_, WriteGrants>, new: NewGrant) -> Result<Grant, Failure> {
    let member = named_in_body(store::members::find(&mut tx.narrow::<ReadMembers>(), new.member_id), "/member_id")?;
    if !member.role.needs_grant() {
        // Everybody else reaches all of the tenant: a grant would pretend to matter.
        return Err(RuleViolation::field("/member_id", FieldRule::NotAllowed).into());
    }
    match (new.shop_id, new.case_id) {
        (Some(shop), None) => named_in_body(store::shops::find(&mut tx.narrow::<ReadShops>(), shop), "/shop_id").map(drop)?,
        (None, Some(case)) => named_in_body(store::cases::find(&mut tx.narrow::<ReadCases>(), case), "/case_id").map(drop)?,
        (None, None) => return Err(RuleViolation::field("/case_id", FieldRule::Required).into()),
        (Some(_), Some(_)) => return Err(RuleViolation::field("/case_id", FieldRule::NotAllowed).into()),
    }
    let now = tx.now();
    if new.ends_at.is_some_and(|end| end <= now) {
        return Err(RuleViolation::field("/ends_at", FieldRule::TooEarly).into());
    }
    let grant = Grant {
        id: tx.new_id(),
        member_id: new.member_id,
        shop_id: new.shop_id,
        case_id: new.case_id,
        covers: Cover::ALL.iter().copied().filter(|cover| new.covers.contains(cover)).collect(),
        ends_at: new.ends_at,
        revoked_at: None,
        granted_by: tx.scope().member(),
        created_at: now,
        version: 1,
    };
    store::grants::insert(tx, &grant)?;
    Ok(grant)
}

/// Ends a grant, from the next request on.
///
/// # Errors
/// When the caller has seen another version.
pub fn revoke(tx: &mut Tx<'_, WriteGrants>, id: GrantId, seen: i64) -> Result<Stored<Grant>, Failure> {
    let before = store::grants::find(&mut tx.narrow::<ReadGrants>(), id)?;
    super::must_have_seen(Some(seen), before.version)?;
    if before.revoked_at.is_some() {
        return Ok(before);
    }
    Ok(store::grants::revoke(tx, &before)?)
}
