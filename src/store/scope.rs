//! Within what a caller works: the tenant, and for narrow roles the grants.

use crate::domain::{
    access::{Capability, Role, scopes_allow},
    ids::{MemberId, SessionId, TenantId},
    journal::Actor,
};

/// A caller's reach. Only `authorize.rs` makes one for requests.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(super) tenant: TenantId,
    pub(super) member: MemberId,
    pub(super) session: Option<SessionId>,
    pub(super) actor: Actor,
    pub(super) role: Role,
    pub(super) key_scopes: Option<Vec<Capability>>,
    /// The tenant's revision of its calendars and rules, as far as it was read with the credential.
    pub(super) rulebook_revision: Option<i64>,
}

impl Scope {
    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The member who acts, or whose key acts.
    #[must_use]
    pub fn member(&self) -> MemberId {
        self.member
    }

    /// The member's role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The member who acts; none when the product acts by itself.
    #[must_use]
    pub fn acting_member(&self) -> Option<MemberId> {
        (self.actor != Actor::System).then_some(self.member)
    }

    /// Who is on the record.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Whether a key acts.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.key_scopes.is_some()
    }

    /// Whether the role, and the key if one is used, have the capability.
    #[must_use]
    pub fn may(&self, capability: Capability) -> bool {
        self.role.may(capability)
            && self.key_scopes.as_ref().is_none_or(|scopes| capability == Capability::ReadSelf || scopes_allow(scopes, capability))
    }
}
