//! Where nobody is logged in yet: log-in, refreshing, accepting an invitation, making a tenant.

use super::{
    error::{Failure, StoreError},
    frame::Frame,
    ground::Ground,
    postgres,
    records::{Invitation, Membership, Person, Role, SessionRow},
    scope::Scope,
    sqlite,
    tx::{self, Backend},
};
use crate::domain::{
    ids::{InvitationId, MemberId, PersonId, SessionId, TenantId},
    journal::{Actor, Entry},
    time::Instant,
};
use std::sync::Arc;

/// A transaction of somebody who is not logged in.
pub struct Entrance<'c> {
    backend: Backend<'c>,
    ground: Arc<Ground>,
    request_id: String,
    now: Instant,
}

/// Asks both backends the same question.
macro_rules! ask {
    ($entrance:ident, $query:ident($($arg:expr),*)) => {
        match &mut $entrance.backend {
            Backend::Sqlite(conn) => sqlite::queries::identity::$query(conn, $($arg),*),
            Backend::Postgres(conn) => postgres::queries::identity::$query(conn, $($arg),*),
        }
    };
}

impl<'c> Entrance<'c> {
    pub(super) fn new(backend: Backend<'c>, ground: Arc<Ground>, request_id: String) -> Self {
        Self { now: ground.clock.now(), backend, ground, request_id }
    }

    /// The moment of the transaction.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What surrounds the transaction.
    #[must_use]
    pub fn ground(&self) -> Arc<Ground> {
        Arc::clone(&self.ground)
    }

    /// The person with this address.
    ///
    /// # Errors
    /// When the database fails.
    pub fn person_by_email(&mut self, email: &str) -> Result<Option<Person>, StoreError> {
        ask!(self, person_by_email(email))
    }

    /// The person's active memberships.
    ///
    /// # Errors
    /// When the database fails.
    pub fn memberships(&mut self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        ask!(self, memberships(person))
    }

    /// The active membership behind a session.
    ///
    /// # Errors
    /// When the database fails.
    pub fn membership(&mut self, tenant: TenantId, member: MemberId) -> Result<Option<Membership>, StoreError> {
        ask!(self, membership(tenant, member))
    }

    /// A session.
    ///
    /// # Errors
    /// When the database fails.
    pub fn session(&mut self, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
        ask!(self, session(id))
    }

    /// Begins a session, on the record.
    ///
    /// # Errors
    /// When the database fails.
    pub fn insert_session(&mut self, session: &SessionRow, role: Role) -> Result<(), Failure> {
        self.on_record(session.tenant_id, session.member_id, role, Entry::of_tenant("session.started", session.id))?;
        Ok(ask!(self, insert_session(session))?)
    }

    /// Saves a rotated session; false when another rotation or its end came first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn rotate_session(&mut self, before: &SessionRow, after: &SessionRow) -> Result<bool, StoreError> {
        ask!(self, rotate_session(before, after))
    }

    /// Ends a session whose refresh token was used twice, on the record.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revoke_session(&mut self, session: &SessionRow, role: Role) -> Result<(), Failure> {
        let now = self.now;
        let entry = Entry::of_tenant("session.revoked", session.id).with("reason", "refresh_token_reused");
        self.on_record(session.tenant_id, session.member_id, role, entry)?;
        Ok(ask!(self, revoke_session(session.id, now))?)
    }

    /// An invitation with its tenant and the hash of its secret.
    ///
    /// # Errors
    /// When the database fails.
    pub fn invitation(&mut self, id: InvitationId) -> Result<Option<(TenantId, Invitation, Vec<u8>)>, StoreError> {
        ask!(self, invitation(id))
    }

    /// Makes a person.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when somebody has the address.
    pub fn insert_person(&mut self, id: PersonId, email: &str, name: &str, password_hash: &str, initial: bool) -> Result<(), StoreError> {
        let now = self.now;
        ask!(self, insert_person(id, email, name, password_hash, initial, now))
    }

    /// Makes a tenant with its first owner, on the record.
    ///
    /// # Errors
    /// When the database fails.
    pub fn insert_tenant(&mut self, id: TenantId, name: &str, owner: MemberId, person: PersonId) -> Result<(), Failure> {
        let now = self.now;
        ask!(self, insert_tenant(id, name, now))?;
        ask!(self, enter(id))?;
        ask!(self, insert_member(id, owner, person, Role::Owner, now))?;
        let entry = Entry::of_tenant("tenant.created", id).with("name", name).with("owner", owner);
        self.write(
            Scope {
                tenant: id,
                member: owner,
                session: None,
                actor: Actor::Operator,
                role: Role::Owner,
                key_scopes: None,
                rulebook_revision: None,
            },
            entry,
        )
    }

    /// Makes a member without an invitation, on the operator's record.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the person is a member already.
    pub fn insert_member(&mut self, tenant: TenantId, member: MemberId, person: PersonId, role: Role) -> Result<(), Failure> {
        let now = self.now;
        ask!(self, enter(tenant))?;
        ask!(self, insert_member(tenant, member, person, role, now))?;
        let entry = Entry::of_tenant("member.joined", member).with("role", role);
        self.write(Scope { tenant, member, session: None, actor: Actor::Operator, role, key_scopes: None, rulebook_revision: None }, entry)
    }

    /// Makes the member that an invitation was for, on the record; false when the invitation was used or taken back meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the person is a member already.
    pub fn accept_invitation(
        &mut self,
        tenant: TenantId,
        invitation: &Invitation,
        member: MemberId,
        person: PersonId,
    ) -> Result<bool, Failure> {
        let now = self.now;
        if !ask!(self, accept_invitation(invitation.id, now))? {
            return Ok(false);
        }
        ask!(self, enter(tenant))?;
        ask!(self, insert_member(tenant, member, person, invitation.role, now))?;
        let entry = Entry::of_tenant("member.joined", member).with("role", invitation.role).with("invitation_id", invitation.id);
        self.on_record(tenant, member, invitation.role, entry)?;
        Ok(true)
    }

    fn on_record(&mut self, tenant: TenantId, member: MemberId, role: Role, entry: Entry) -> Result<(), Failure> {
        ask!(self, enter(tenant))?;
        self.write(
            Scope { tenant, member, session: None, actor: Actor::Member(member), role, key_scopes: None, rulebook_revision: None },
            entry,
        )
    }

    fn write(&mut self, scope: Scope, entry: Entry) -> Result<(), Failure> {
        let mut frame = Frame::new(Arc::clone(&self.ground), scope, self.request_id.clone());
        frame.record(entry);
        tx::write_entries(self.backend.reborrow(), &mut frame)?;
        Ok(())
    }
}
