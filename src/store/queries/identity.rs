//! Queries on the identity tables, which are read before a tenant is known.

use super::{Conn, Result, enter_person, enter_tenant};
use crate::{
    auth::credential::Kind,
    domain::{
        access::{Capability, Role},
        ids::{InvitationId, MemberId, PersonId, SessionId, TenantId},
        member::{Invitation, MemberStatus},
        time::Instant,
    },
    store::{
        records::{Alarm, Membership, Person, Principal, SessionRow},
        schema::{agenda_feeds, api_keys, installation, invitations, members, persons, sessions, tenants},
        sql_types::AsJson,
    },
};
use diesel::prelude::*;
use uuid::Uuid;

/// The fingerprint of the keys that the database was made with; ours when it was made just now.
pub(in crate::store) fn installation(conn: &mut Conn, fingerprint: &str, now: Instant) -> Result<String> {
    diesel::insert_into(installation::table)
        .values((installation::id.eq(1), installation::key_fingerprint.eq(fingerprint), installation::created_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(installation::table.select(installation::key_fingerprint).first(conn)?)
}

pub(in crate::store) fn ping(conn: &mut Conn) -> Result<()> {
    let _: Vec<i64> = installation::table.select(installation::id).load(conn)?;
    Ok(())
}

/// All tenants.
pub(in crate::store) fn tenants(conn: &mut Conn) -> Result<Vec<TenantId>> {
    Ok(tenants::table.select(tenants::id).load(conn)?)
}

/// Runs the same statement on the column of an alarm.
macro_rules! on_alarm {
    ($alarm:expr, |$column:ident| $statement:expr) => {
        match $alarm {
            Alarm::Deadlines => {
                use tenants::wake_at as $column;
                $statement
            }
            Alarm::Messages => {
                use tenants::send_at as $column;
                $statement
            }
        }
    };
}

/// Tenants for whom something is due, those first that wait longest.
pub(in crate::store) fn waking_tenants(conn: &mut Conn, alarm: Alarm, now: Instant, limit: i64) -> Result<Vec<TenantId>> {
    Ok(on_alarm!(alarm, |at| tenants::table.filter(at.le(now)).order(at).limit(limit).select(tenants::id).load(conn))?)
}

/// Lets a tenant sleep until something wakes it.
pub(in crate::store) fn let_sleep(conn: &mut Conn, tenant: TenantId, alarm: Alarm) -> Result<()> {
    on_alarm!(alarm, |at| diesel::update(tenants::table.find(tenant)).set(at.eq(Instant::FAR_FUTURE)).execute(conn))?;
    Ok(())
}

/// Wakes a tenant at this moment at the latest.
pub(in crate::store) fn wake(conn: &mut Conn, tenant: TenantId, alarm: Alarm, moment: Instant) -> Result<()> {
    on_alarm!(alarm, |at| diesel::update(tenants::table.find(tenant).filter(at.gt(moment))).set(at.eq(moment)).execute(conn))?;
    Ok(())
}

/// Whoever holds the credential, if anybody does.
pub(in crate::store) fn principal(conn: &mut Conn, credential: &Kind) -> Result<Option<Principal>> {
    match credential {
        Kind::Session { session_id, tenant_id, member_id } => {
            type Row = (Role, MemberStatus, Instant, Option<Instant>, i64);
            let row: Option<Row> = sessions::table
                .inner_join(members::table.on(members::tenant_id.eq(sessions::tenant_id).and(members::id.eq(sessions::member_id))))
                .inner_join(tenants::table.on(tenants::id.eq(sessions::tenant_id)))
                .filter(sessions::id.eq(session_id))
                .filter(sessions::tenant_id.eq(tenant_id))
                .filter(sessions::member_id.eq(member_id))
                .select((members::role, members::status, sessions::expires_at, sessions::revoked_at, tenants::rulebook_revision))
                .first(conn)
                .optional()?;
            Ok(row.map(|(role, status, expires_at, revoked_at, rulebook_revision)| Principal {
                tenant: *tenant_id,
                member: *member_id,
                role,
                status,
                expires_at: Some(expires_at),
                revoked_at,
                api_key: None,
                scopes: None,
                rulebook_revision,
            }))
        }
        Kind::Feed { feed_id, hash } => {
            let row: Option<(TenantId, MemberId, Option<Instant>)> = agenda_feeds::table
                .find(*feed_id)
                .filter(agenda_feeds::secret_hash.eq(hash))
                .select((agenda_feeds::tenant_id, agenda_feeds::member_id, agenda_feeds::revoked_at))
                .first(conn)
                .optional()?;
            let Some((tenant, member, revoked_at)) = row else { return Ok(None) };
            let found = standing(conn, tenant, member)?;
            Ok(found.map(|(role, status, rulebook_revision)| Principal {
                tenant,
                member,
                role,
                status,
                expires_at: None,
                revoked_at,
                api_key: None,
                // Its token goes about in calendar programs: it reads, and does nothing else.
                scopes: Some(vec![Capability::ReadCases]),
                rulebook_revision,
            }))
        }
        Kind::ApiKey { hash } => {
            let row = api_keys::table
                .filter(api_keys::secret_hash.eq(hash.as_slice()))
                .select((
                    api_keys::id,
                    api_keys::tenant_id,
                    api_keys::member_id,
                    api_keys::scopes,
                    api_keys::expires_at,
                    api_keys::revoked_at,
                ))
                .first(conn)
                .optional()?;
            let Some((id, tenant, member, AsJson(scopes), expires_at, revoked_at)) = row else { return Ok(None) };
            let found = standing(conn, tenant, member)?;
            Ok(found.map(|(role, status, rulebook_revision)| Principal {
                tenant,
                member,
                role,
                status,
                expires_at,
                revoked_at,
                api_key: Some(id),
                scopes: Some(scopes),
                rulebook_revision,
            }))
        }
    }
}

/// What a member is to the tenant, and the tenant's revision of its calendars and rules.
fn standing(conn: &mut Conn, tenant: TenantId, member: MemberId) -> Result<Option<(Role, MemberStatus, i64)>> {
    enter_tenant(conn, Uuid::from(tenant))?;
    let found = members::table
        .inner_join(tenants::table.on(tenants::id.eq(members::tenant_id)))
        .filter(members::tenant_id.eq(tenant))
        .filter(members::id.eq(member))
        .select((members::role, members::status, tenants::rulebook_revision));
    Ok(found.first(conn).optional()?)
}

pub(in crate::store) fn person_by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>> {
    let row: Option<(PersonId, String)> =
        persons::table.filter(persons::email.eq(email)).select((persons::id, persons::password_hash)).first(conn).optional()?;
    Ok(row.map(|(id, password_hash)| Person { id, password_hash }))
}

/// The person's active memberships.
pub(in crate::store) fn memberships(conn: &mut Conn, person: PersonId) -> Result<Vec<Membership>> {
    enter_person(conn, person.into())?;
    let rows: Vec<(TenantId, String, MemberId, Role)> = members::table
        .inner_join(tenants::table.on(tenants::id.eq(members::tenant_id)))
        .filter(members::person_id.eq(person))
        .filter(members::status.eq(MemberStatus::Active))
        .order(members::id)
        .limit(200)
        .select((members::tenant_id, tenants::name, members::id, members::role))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(tenant_id, tenant_name, member_id, role)| Membership { tenant_id, tenant_name, member_id, person_id: person, role })
        .collect())
}

pub(in crate::store) fn enter(conn: &mut Conn, tenant: TenantId) -> Result<()> {
    enter_tenant(conn, tenant.into())
}

pub(in crate::store) fn insert_tenant(conn: &mut Conn, id: TenantId, name: &str, now: Instant) -> Result<()> {
    diesel::insert_into(tenants::table).values((tenants::id.eq(id), tenants::name.eq(name), tenants::created_at.eq(now))).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert_person(
    conn: &mut Conn,
    id: PersonId,
    email: &str,
    name: &str,
    password_hash: &str,
    initial: bool,
    now: Instant,
) -> Result<()> {
    diesel::insert_into(persons::table)
        .values((
            persons::id.eq(id),
            persons::email.eq(email),
            persons::name.eq(name),
            persons::password_hash.eq(password_hash),
            persons::password_is_initial.eq(initial),
            persons::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert_member(
    conn: &mut Conn,
    tenant: TenantId,
    id: MemberId,
    person: PersonId,
    role: Role,
    now: Instant,
) -> Result<()> {
    diesel::insert_into(members::table)
        .values((
            members::tenant_id.eq(tenant),
            members::id.eq(id),
            members::person_id.eq(person),
            members::role.eq(role),
            members::status.eq(MemberStatus::Active),
            members::version.eq(1),
            members::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert_session(conn: &mut Conn, session: &SessionRow) -> Result<()> {
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn session(conn: &mut Conn, id: SessionId) -> Result<Option<SessionRow>> {
    Ok(sessions::table.find(id).select(SessionRow::as_select()).first(conn).optional()?)
}

/// The person and membership behind a session.
pub(in crate::store) fn membership(conn: &mut Conn, tenant: TenantId, member: MemberId) -> Result<Option<Membership>> {
    enter_tenant(conn, tenant.into())?;
    let row: Option<(String, PersonId, Role)> = members::table
        .inner_join(tenants::table.on(tenants::id.eq(members::tenant_id)))
        .filter(members::tenant_id.eq(tenant))
        .filter(members::id.eq(member))
        .filter(members::status.eq(MemberStatus::Active))
        .select((tenants::name, members::person_id, members::role))
        .first(conn)
        .optional()?;
    Ok(row.map(|(tenant_name, person_id, role)| Membership { tenant_id: tenant, tenant_name, member_id: member, person_id, role }))
}

/// Saves a rotated session, unless another rotation or its end came first.
pub(in crate::store) fn rotate_session(conn: &mut Conn, before: &SessionRow, after: &SessionRow) -> Result<bool> {
    let unchanged =
        sessions::table.find(after.id).filter(sessions::refresh_hash.eq(&before.refresh_hash)).filter(sessions::revoked_at.is_null());
    let changed = diesel::update(unchanged)
        .set((
            sessions::refresh_hash.eq(&after.refresh_hash),
            sessions::previous_refresh_hash.eq(&after.previous_refresh_hash),
            sessions::rotated_at.eq(after.rotated_at),
            sessions::expires_at.eq(after.expires_at),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Ends a session for good.
pub(in crate::store) fn revoke_session(conn: &mut Conn, id: SessionId, now: Instant) -> Result<()> {
    diesel::update(sessions::table.find(id).filter(sessions::revoked_at.is_null())).set(sessions::revoked_at.eq(now)).execute(conn)?;
    Ok(())
}

type InvitationRow = (InvitationId, TenantId, String, Role, MemberId, Instant, Instant, Option<Instant>, Option<Instant>, Vec<u8>);

/// An invitation with its tenant and the hash of its secret.
pub(in crate::store) fn invitation(conn: &mut Conn, id: InvitationId) -> Result<Option<(TenantId, Invitation, Vec<u8>)>> {
    let row: Option<InvitationRow> = invitations::table
        .find(id)
        .select((
            invitations::id,
            invitations::tenant_id,
            invitations::email,
            invitations::role,
            invitations::invited_by,
            invitations::created_at,
            invitations::expires_at,
            invitations::accepted_at,
            invitations::revoked_at,
            invitations::secret_hash,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, tenant, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at, hash)| {
        (tenant, Invitation { id, email, role, invited_by, expires_at, accepted_at, revoked_at, created_at }, hash)
    }))
}

/// Marks an invitation as accepted; false when it was accepted or taken back meanwhile.
pub(in crate::store) fn accept_invitation(conn: &mut Conn, id: InvitationId, now: Instant) -> Result<bool> {
    let open = invitations::table.find(id).filter(invitations::accepted_at.is_null()).filter(invitations::revoked_at.is_null());
    Ok(diesel::update(open).set(invitations::accepted_at.eq(now)).execute(conn)? == 1)
}
