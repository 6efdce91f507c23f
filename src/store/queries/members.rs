//! Members and invitations.

use super::{At, Result, paged};
use crate::{
    domain::{
        access::Role,
        ids::{InvitationId, MemberId, PersonId},
        journal::Entry,
        member::{Invitation, Member, MemberStatus},
        time::Instant,
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::{Me, MemberFilter},
        schema::{invitations, members, persons, sessions, tenants},
        tx::Stored,
    },
};
use diesel::prelude::*;

type Row = (MemberId, PersonId, String, String, Role, MemberStatus, i64, Instant);

const COLUMNS: (
    members::id,
    members::person_id,
    persons::name,
    persons::email,
    members::role,
    members::status,
    members::version,
    members::created_at,
) = (members::id, members::person_id, persons::name, persons::email, members::role, members::status, members::version, members::created_at);

fn member((id, person_id, name, email, role, status, version, created_at): Row) -> Member {
    Member { id, person_id, name, email, role, status, version, created_at }
}

pub(in crate::store) fn me(at: &mut At<'_>) -> Result<Me> {
    let (tenant_id, id) = (at.tenant(), at.scope().member());
    let query = members::table
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .inner_join(tenants::table.on(tenants::id.eq(members::tenant_id)))
        .filter(members::tenant_id.eq(tenant_id))
        .filter(members::id.eq(id))
        .select((COLUMNS, tenants::name, persons::password_is_initial));
    let (row, tenant_name, password_is_initial): (Row, String, bool) = at.first(query)?;
    Ok(Me { member: member(row), tenant_id, tenant_name, password_is_initial })
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<MemberFilter>) -> Result<Vec<Member>> {
    let mut query = members::table
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .filter(members::tenant_id.eq(at.tenant()))
        .select(COLUMNS)
        .into_boxed();
    if !page.filter.roles.is_empty() {
        query = query.filter(members::role.eq_any(page.filter.roles.clone()));
    }
    if let Some(status) = page.filter.status {
        query = query.filter(members::status.eq(status));
    }
    let rows: Vec<Row> = at.load(paged!(query, page, members::id))?;
    Ok(rows.into_iter().map(member).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: MemberId) -> Result<Stored<Member>> {
    let query = members::table
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .filter(members::tenant_id.eq(at.tenant()))
        .filter(members::id.eq(id))
        .select(COLUMNS);
    at.first::<_, Row>(query).map(|row| Stored::new(member(row)))
}

pub(in crate::store) fn all_active(at: &mut At<'_>, ids: &[MemberId]) -> Result<bool> {
    let wanted: std::collections::BTreeSet<_> = ids.iter().copied().collect();
    if wanted.is_empty() {
        return Ok(true);
    }
    let mut query = members::table
        .filter(members::id.eq_any(wanted.iter().copied().collect::<Vec<_>>()))
        .filter(members::status.eq(MemberStatus::Active))
        .select(members::id)
        .into_boxed();
    if !at.open(Hole::TenantOfNamedMembers) {
        query = query.filter(members::tenant_id.eq(at.tenant()));
    }
    Ok(at.load::<_, MemberId>(query)?.len() == wanted.len())
}

pub(in crate::store) fn other_owners(at: &mut At<'_>, id: MemberId) -> Result<i64> {
    // Two owners who step down at once must not both see the other: whoever asks first holds the tenant's row.
    let held = tenants::table.find(at.tenant());
    diesel::update(held).set(tenants::name.eq(tenants::name)).execute(at.beside_the_record())?;
    let query = members::table
        .filter(members::tenant_id.eq(at.tenant()))
        .filter(members::role.eq(Role::Owner))
        .filter(members::status.eq(MemberStatus::Active))
        .filter(members::id.ne(id))
        .select(diesel::dsl::count_star());
    at.first(query)
}

pub(in crate::store) fn save(at: &mut At<'_>, before: &Stored<Member>, after: &Member) -> Result<Stored<Member>> {
    let (tenant, now) = (at.tenant(), at.now());
    let entry = Entry::of_tenant("member.changed", before.id).with_changes::<Member>(before, after);
    let version = before.version + 1;
    let row = members::table.find((tenant, before.id)).filter(members::version.eq(before.version));
    let conn = at.record(entry);
    let changed = diesel::update(row)
        .set((members::role.eq(after.role), members::status.eq(after.status), members::version.eq(version)))
        .execute(conn)?;
    if changed != 1 {
        return Err(StoreError::Stale { current: version });
    }
    if after.status == MemberStatus::Suspended {
        let running = sessions::table
            .filter(sessions::tenant_id.eq(tenant))
            .filter(sessions::member_id.eq(before.id))
            .filter(sessions::revoked_at.is_null());
        diesel::update(running).set(sessions::revoked_at.eq(now)).execute(conn)?;
    }
    Ok(Stored::new(Member { version, ..after.clone() }))
}

type InvitationRow = (InvitationId, String, Role, MemberId, Instant, Instant, Option<Instant>, Option<Instant>);

pub(in crate::store) fn list_invitations(at: &mut At<'_>, page: Page<()>) -> Result<Vec<Invitation>> {
    let mut query = invitations::table
        .filter(invitations::tenant_id.eq(at.tenant()))
        .select((
            invitations::id,
            invitations::email,
            invitations::role,
            invitations::invited_by,
            invitations::created_at,
            invitations::expires_at,
            invitations::accepted_at,
            invitations::revoked_at,
        ))
        .into_boxed();
    let rows: Vec<InvitationRow> = at.load(paged!(query, page, invitations::id))?;
    Ok(rows
        .into_iter()
        .map(|(id, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at)| Invitation {
            id,
            email,
            role,
            invited_by,
            expires_at,
            accepted_at,
            revoked_at,
            created_at,
        })
        .collect())
}

pub(in crate::store) fn invite(at: &mut At<'_>, invitation: &Invitation, secret_hash: Vec<u8>) -> Result<()> {
    let row = (
        invitations::id.eq(invitation.id),
        invitations::tenant_id.eq(at.tenant()),
        invitations::email.eq(&invitation.email),
        invitations::role.eq(invitation.role),
        invitations::secret_hash.eq(secret_hash),
        invitations::invited_by.eq(invitation.invited_by),
        invitations::created_at.eq(invitation.created_at),
        invitations::expires_at.eq(invitation.expires_at),
    );
    let entry = Entry::of_tenant("invitation.created", invitation.id).with("role", invitation.role).with("email", &invitation.email);
    diesel::insert_into(invitations::table).values(row).execute(at.record(entry))?;
    Ok(())
}

pub(in crate::store) fn revoke_invitation(at: &mut At<'_>, id: InvitationId) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let open = invitations::table
        .find(id)
        .filter(invitations::tenant_id.eq(tenant))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null());
    let changed =
        diesel::update(open).set(invitations::revoked_at.eq(now)).execute(at.record(Entry::of_tenant("invitation.revoked", id)))?;
    if changed == 1 { Ok(()) } else { Err(StoreError::NotFound) }
}
