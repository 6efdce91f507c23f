//! Inviting people, changing their roles, suspending them.

use super::{must_have_seen, tenants};
use crate::{
    auth::{hash::same, secrets::NamedSecret},
    domain::{
        access::{Capability, ReadMembers, Role, WriteMembers},
        ids::{InvitationId, MemberId, PersonId, TenantId},
        member::{INVITATION_LIFETIME, Invitation, Member, MemberStatus},
        merge_patch::replacement,
        text::{Email, Line},
        violation::RuleViolation,
    },
    store::{self, Failure, Scope, Store, StoreError, Stored, Tx, records::Person},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// The prefix of an invitation's secret.
pub const INVITATION_PREFIX: &str = "rji";

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Their address.
    pub email: Email,
    /// As what.
    pub role: Role,
}

/// What changes on a membership.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    /// Another role.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub role: Option<Role>,
    /// Suspended or active again.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub status: Option<MemberStatus>,
}

/// Accepting an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The secret from the link.
    pub token: Line<128>,
    /// One's name; needed when the address is new here.
    #[serde(default)]
    #[schema(nullable = false)]
    pub name: Option<Line<120>>,
    /// A password: a new one when the address is new here, the one that one has otherwise.
    pub password: tenants::Password,
}

/// A key must not make anybody who may do more than the key itself.
fn must_not_exceed(scope: &Scope, role: Role) -> Result<(), Failure> {
    let exceeds = Capability::ALL.iter().any(|capability| role.may(*capability) && !scope.may(*capability));
    if scope.is_key() && exceeds { Err(StoreError::Forbidden.into()) } else { Ok(()) }
}

/// Changes a membership; suspending holds from the next request on.
///
/// # Errors
/// When an owner is concerned and the caller is none, or no owner would be left.
pub fn change(tx: &mut Tx<'_, WriteMembers>, id: MemberId, seen: i64, patch: &MemberPatch) -> Result<Stored<Member>, Failure> {
    let before = store::members::find(&mut tx.narrow::<ReadMembers>(), id)?;
    must_have_seen(Some(seen), before.version)?;
    let (role, status) = (patch.role.unwrap_or(before.role), patch.status.unwrap_or(before.status));
    if (role, status) == (before.role, before.status) {
        return Ok(before);
    }
    must_not_exceed(tx.scope(), role)?;
    let others = store::members::other_owners(tx, id)?;
    let after = before.changed(tx.scope().role(), role, status, others)?;
    Ok(store::members::save(tx, &before, &after)?)
}

/// Invites an address; the secret for the link is told once.
///
/// # Errors
/// When somebody else than an owner invites an owner.
pub fn invite(tx: &mut Tx<'_, WriteMembers>, new: NewInvitation) -> Result<(Invitation, String), Failure> {
    if new.role == Role::Owner && tx.scope().role() != Role::Owner {
        return Err(RuleViolation::OwnerOnly.into());
    }
    must_not_exceed(tx.scope(), new.role)?;
    let invitation = Invitation {
        id: tx.new_id(),
        email: new.email.into(),
        role: new.role,
        invited_by: tx.scope().member(),
        expires_at: tx.now().plus_seconds(INVITATION_LIFETIME),
        accepted_at: None,
        revoked_at: None,
        created_at: tx.now(),
    };
    let secret = NamedSecret::new(invitation.id, &tx.ground().clock);
    store::members::invite(tx, &invitation, secret.hash())?;
    Ok((invitation, secret.to_text(INVITATION_PREFIX)))
}

/// How an acceptance ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A member of the tenant now.
    Member(MemberId),
    /// The invitation is unknown, used, taken back or too old: nobody may tell which.
    NoInvitation,
    /// The address is known here and the password is not its password.
    WrongPassword,
    /// The address is new here and a name is needed.
    NameNeeded,
}

/// An invitation that is open, found by its secret.
#[derive(Debug)]
pub struct Invited {
    tenant: TenantId,
    invitation: Invitation,
    person: Option<Person>,
}

impl Invited {
    /// The address that was invited: attempts at its password are counted by it.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.invitation.email
    }
}

/// The open invitation that a secret is for.
///
/// # Errors
/// When the database fails.
pub async fn invited(store: &Store, request_id: String, token: &str) -> Result<Option<Invited>, Failure> {
    let Some(secret) = NamedSecret::parse(INVITATION_PREFIX, token) else { return Ok(None) };
    let id = InvitationId::from(secret.id);
    store
        .before_login(false, request_id, move |entrance| {
            let Some((tenant, invitation, hash)) = entrance.invitation(id)? else { return Ok(None) };
            let open = invitation.accepted_at.is_none() && invitation.revoked_at.is_none() && entrance.now() < invitation.expires_at;
            if !(same(&hash, &secret.hash()) && open) {
                return Ok(None);
            }
            let person = entrance.person_by_email(&invitation.email)?;
            Ok(Some(Invited { tenant, invitation, person }))
        })
        .await
}

/// Accepts an invitation. `passwords` hashes and checks off the database.
///
/// # Errors
/// When a database or the password pool fails.
pub async fn accept(
    store: &Store,
    passwords: &crate::auth::passwords::Passwords,
    request_id: String,
    Invited { tenant, invitation, person }: Invited,
    acceptance: Acceptance,
) -> Result<Accepted, tenants::Trouble> {
    let newcomer = match (&person, acceptance.name) {
        (Some(person), _) => {
            if !passwords.verify(acceptance.password.into(), Some(person.password_hash.clone())).await? {
                return Ok(Accepted::WrongPassword);
            }
            None
        }
        (None, None) => return Ok(Accepted::NameNeeded),
        (None, Some(name)) => Some((name, passwords.hash(acceptance.password.into(), store.ground().clock.random()).await?)),
    };
    let accepted = store
        .before_login(true, request_id, move |entrance| {
            let clock = entrance.ground().clock.clone();
            let person_id = match (&person, newcomer) {
                (Some(person), _) => person.id,
                (None, Some((name, hash))) => {
                    let id: PersonId = clock.new_id();
                    entrance.insert_person(id, &invitation.email, &name, &hash, false)?;
                    id
                }
                (None, None) => return Ok(Accepted::NameNeeded),
            };
            let member: MemberId = clock.new_id();
            match entrance.accept_invitation(tenant, &invitation, member, person_id) {
                Ok(true) => Ok(Accepted::Member(member)),
                Ok(false) => Ok(Accepted::NoInvitation),
                Err(Failure::Store(StoreError::Taken)) => Err(RuleViolation::AlreadyMember.into()),
                Err(failure) => Err(failure),
            }
        })
        .await?;
    Ok(accepted)
}
