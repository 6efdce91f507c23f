//! From a credential to a scope: read again in every transaction, so that a revocation holds from the next request on.

use super::{error::StoreError, ground::Ground, holes::Hole, postgres, scope::Scope, sqlite, tx::Backend};
use crate::{
    auth::credential::{Credential, Kind},
    domain::{access::Capability, ids::TenantId, journal::Actor, member::MemberStatus},
};
use std::sync::PoisonError;

/// With what a transaction is opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What the caller has proved.
    pub credential: Credential,
    /// The request that it answers.
    pub request_id: String,
}

impl Opening {
    /// The tenant, as far as the credential itself tells.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        match self.credential.kind() {
            Kind::Session { tenant_id, .. } => Some(*tenant_id),
            Kind::ApiKey { .. } | Kind::Feed { .. } => None,
        }
    }
}

pub(super) fn authorize(backend: &mut Backend<'_>, opening: &Opening, wanted: Capability, ground: &Ground) -> Result<Scope, StoreError> {
    let credential = opening.credential.kind();
    let found = match backend {
        Backend::Sqlite(conn) => sqlite::queries::identity::principal(conn, credential)?,
        Backend::Postgres(conn) => postgres::queries::identity::principal(conn, credential)?,
    };
    let principal = found.ok_or(StoreError::Unauthenticated)?;
    let (now, holes) = (ground.clock.now(), &ground.holes);
    let (end, revocation) = match credential {
        Kind::Session { .. } => (Some(Hole::SessionEnd), Some(Hole::SessionRevocation)),
        Kind::ApiKey { .. } => (Some(Hole::KeyEnd), Some(Hole::KeyRevocation)),
        Kind::Feed { .. } => (None, None),
    };
    let open = |hole: Option<Hole>| hole.is_some_and(|hole| holes.open(hole));
    let in_time = principal.expires_at.is_none_or(|end| now < end) || open(end);
    let stands = principal.revoked_at.is_none() || open(revocation);
    let active = principal.status == MemberStatus::Active || holes.open(Hole::Suspension);
    if !(in_time && stands && active) {
        return Err(StoreError::Unauthenticated);
    }
    let (session, actor) = match credential {
        Kind::Session { session_id, member_id, .. } => (Some(*session_id), Actor::Member(*member_id)),
        Kind::Feed { .. } => (None, Actor::Member(principal.member)),
        Kind::ApiKey { .. } => {
            let id = principal.api_key.ok_or(StoreError::Unauthenticated)?;
            ground.used_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
            (None, Actor::ApiKey(id))
        }
    };
    let key_scopes = principal.scopes.filter(|_| !holes.open(Hole::KeyScopes));
    let scope = Scope {
        tenant: principal.tenant,
        member: principal.member,
        session,
        actor,
        role: principal.role,
        key_scopes,
        rulebook_revision: Some(principal.rulebook_revision),
    };
    if scope.may(wanted) || holes.open(Hole::Permission) { Ok(scope) } else { Err(StoreError::Forbidden) }
}
