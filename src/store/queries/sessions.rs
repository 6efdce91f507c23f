//! The caller's own session and password.

use super::{At, Result};
use crate::{
    domain::{ids::PersonId, journal::Entry},
    store::{
        error::StoreError,
        schema::{members, persons, sessions},
    },
};
use diesel::prelude::*;

pub(in crate::store) fn end(at: &mut At<'_>) -> Result<()> {
    let (session, now) = (at.scope().session.ok_or(StoreError::Forbidden)?, at.now());
    let conn = at.record(Entry::of_tenant("session.ended", session));
    diesel::update(sessions::table.find(session)).set(sessions::revoked_at.eq(now)).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn password_hash(at: &mut At<'_>) -> Result<(PersonId, String)> {
    let query = members::table
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .filter(members::tenant_id.eq(at.tenant()))
        .filter(members::id.eq(at.scope().member()))
        .select((persons::id, persons::password_hash));
    at.first(query)
}

pub(in crate::store) fn set_password(at: &mut At<'_>, person: PersonId, hash: String) -> Result<()> {
    let (own, member, tenant, now) = (at.scope().session, at.scope().member(), at.tenant(), at.now());
    let conn = at.record(Entry::of_tenant("password.changed", member));
    diesel::update(persons::table.find(person))
        .set((persons::password_hash.eq(hash), persons::password_is_initial.eq(false)))
        .execute(conn)?;
    // A person's sessions in other tenants end too: the secret behind them is gone.
    super::enter_person(conn, person.into())?;
    let memberships: Vec<_> = members::table.filter(members::person_id.eq(person)).select((members::tenant_id, members::id)).load(conn)?;
    for (of_tenant, of_member) in memberships {
        let of_tenant: crate::domain::ids::TenantId = of_tenant;
        let of_member: crate::domain::ids::MemberId = of_member;
        let mut others = diesel::update(
            sessions::table
                .filter(sessions::tenant_id.eq(of_tenant))
                .filter(sessions::member_id.eq(of_member))
                .filter(sessions::revoked_at.is_null()),
        )
        .into_boxed();
        if let Some(own) = own.filter(|_| of_tenant == tenant) {
            others = others.filter(sessions::id.ne(own));
        }
        others.set(sessions::revoked_at.eq(now)).execute(conn)?;
    }
    Ok(())
}
