//! Members of a tenant, and invitations to become one.

use super::{
    access::Role,
    ids::{InvitationId, MemberId, PersonId},
    time::Instant,
    violation::RuleViolation,
    vocabulary::vocabulary,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// Whether a membership holds.
    MemberStatus {
        /// It does.
        Active = "active",
        /// It does not, from the next request on.
        Suspended = "suspended",
    }
}

/// A person's membership of a tenant.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Whose.
    pub person_id: PersonId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// What the member is to the tenant.
    pub role: Role,
    /// Whether it holds.
    pub status: MemberStatus,
    /// Rises with every change.
    pub version: i64,
    /// Since when.
    pub created_at: Instant,
}

impl Member {
    /// The membership with another role or status, if `actor` may make it so.
    ///
    /// # Errors
    /// [`RuleViolation::OwnerOnly`] when somebody else than an owner makes or changes an owner;
    /// [`RuleViolation::LastOwner`] when `other_owners` is 0 and this one would no longer be an active owner.
    pub fn changed(&self, actor: Role, role: Role, status: MemberStatus, other_owners: i64) -> Result<Self, RuleViolation> {
        let touches_owner = self.role == Role::Owner || role == Role::Owner;
        if touches_owner && actor != Role::Owner {
            return Err(RuleViolation::OwnerOnly);
        }
        let was_owner = self.role == Role::Owner && self.status == MemberStatus::Active;
        let stays_owner = role == Role::Owner && status == MemberStatus::Active;
        if was_owner && !stays_owner && other_owners == 0 {
            return Err(RuleViolation::LastOwner);
        }
        Ok(Self { role, status, ..self.clone() })
    }
}

/// How long an invitation may be accepted: 72 hours, in seconds.
pub const INVITATION_LIFETIME: i64 = 72 * 3600;

/// An invitation of one address into the tenant.
#[derive(Debug, Clone, Serialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Whom it invites.
    pub email: String,
    /// As what.
    pub role: Role,
    /// By whom.
    pub invited_by: MemberId,
    /// Until when it may be accepted.
    pub expires_at: Instant,
    /// When it was accepted.
    pub accepted_at: Option<Instant>,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
}
