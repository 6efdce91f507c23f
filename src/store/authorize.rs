//! From a credential to a scope: read again in every transaction, so that a revocation holds from the next request on.

use super::{error::StoreError, postgres, scope::Scope, sqlite, tx::Backend};
use crate::{
    auth::credential::{Credential, Kind},
    domain::{access::Capability, ids::TenantId, journal::Actor, member::MemberStatus, time::Instant},
};

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
            Kind::ApiKey { .. } => None,
        }
    }
}

pub(super) fn authorize(backend: &mut Backend<'_>, opening: &Opening, wanted: Capability, now: Instant) -> Result<Scope, StoreError> {
    let credential = opening.credential.kind();
    let found = match backend {
        Backend::Sqlite(conn) => sqlite::queries::identity::principal(conn, credential)?,
        Backend::Postgres(conn) => postgres::queries::identity::principal(conn, credential)?,
    };
    let principal = found.ok_or(StoreError::Unauthenticated)?;
    let in_time = principal.expires_at.is_none_or(|end| now < end) && principal.revoked_at.is_none();
    if !in_time || principal.status != MemberStatus::Active {
        return Err(StoreError::Unauthenticated);
    }
    let (session, actor) = match credential {
        Kind::Session { session_id, member_id, .. } => (Some(*session_id), Actor::Member(*member_id)),
        Kind::ApiKey { .. } => (None, Actor::ApiKey(principal.api_key.ok_or(StoreError::Unauthenticated)?)),
    };
    let scope =
        Scope { tenant: principal.tenant, member: principal.member, session, actor, role: principal.role, key_scopes: principal.scopes };
    if scope.may(wanted) { Ok(scope) } else { Err(StoreError::Forbidden) }
}
