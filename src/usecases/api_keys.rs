//! Keys for machines.

use crate::{
    auth::{api_keys, hash::sha256},
    domain::{
        access::{Capability, WriteApiKeys},
        field_rule::FieldRule,
        text::Line,
        time::Instant,
        violation::RuleViolation,
    },
    store::{self, Failure, Tx, records::ApiKey},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A key to make. It acts as the member who makes it, within its scopes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for.
    pub name: Line<100>,
    /// What it may do, within its member's role.
    #[schema(min_items = 1)]
    pub scopes: Vec<Capability>,
    /// Until when it holds.
    #[serde(default)]
    #[schema(nullable = false)]
    pub expires_at: Option<Instant>,
}

/// Makes a key; its secret is told once.
///
/// # Errors
/// When a scope goes beyond the member's role.
pub fn create(tx: &mut Tx<'_, WriteApiKeys>, new: NewApiKey) -> Result<(ApiKey, String), Failure> {
    if new.scopes.is_empty() {
        return Err(RuleViolation::field("/scopes", FieldRule::Empty).into());
    }
    if new.scopes.iter().any(|scope| !tx.scope().may(*scope)) {
        return Err(RuleViolation::field("/scopes", FieldRule::NotAllowed).into());
    }
    if new.expires_at.is_some_and(|end| end <= tx.now()) {
        return Err(RuleViolation::field("/expires_at", FieldRule::TooEarly).into());
    }
    let secret = api_keys::generate(&tx.ground().clock);
    let last_four = secret.get(secret.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    let key = ApiKey {
        id: tx.new_id(),
        member_id: tx.scope().member(),
        name: new.name.into(),
        last_four,
        scopes: Capability::ALL.iter().copied().filter(|scope| new.scopes.contains(scope)).collect(),
        created_at: tx.now(),
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    store::api_keys::insert(tx, &key, sha256(secret.as_bytes()).to_vec())?;
    Ok((key, secret))
}
