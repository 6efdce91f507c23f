//! API keys.

use super::{At, Conn, Result, paged};
use crate::{
    domain::{
        access::Capability,
        ids::{ApiKeyId, MemberId},
        journal::Entry,
        time::Instant,
    },
    store::{error::StoreError, page::Page, records::ApiKey, schema::api_keys, sql_types::AsJson},
};
use diesel::prelude::*;

type Row = (ApiKeyId, MemberId, String, String, AsJson<Vec<Capability>>, Instant, Option<Instant>, Option<Instant>, Option<Instant>);

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<()>) -> Result<Vec<ApiKey>> {
    let mut query = api_keys::table
        .filter(api_keys::tenant_id.eq(at.tenant()))
        .select((
            api_keys::id,
            api_keys::member_id,
            api_keys::name,
            api_keys::last_four,
            api_keys::scopes,
            api_keys::created_at,
            api_keys::expires_at,
            api_keys::revoked_at,
            api_keys::last_used_at,
        ))
        .into_boxed();
    let rows: Vec<Row> = at.load(paged!(query, page, api_keys::id))?;
    Ok(rows
        .into_iter()
        .map(|(id, member_id, name, last_four, AsJson(scopes), created_at, expires_at, revoked_at, last_used_at)| ApiKey {
            id,
            member_id,
            name,
            last_four,
            scopes,
            created_at,
            expires_at,
            revoked_at,
            last_used_at,
        })
        .collect())
}

pub(in crate::store) fn insert(at: &mut At<'_>, key: &ApiKey, secret_hash: Vec<u8>) -> Result<()> {
    let row = (
        api_keys::id.eq(key.id),
        api_keys::tenant_id.eq(at.tenant()),
        api_keys::member_id.eq(key.member_id),
        api_keys::name.eq(&key.name),
        api_keys::secret_hash.eq(secret_hash),
        api_keys::last_four.eq(&key.last_four),
        api_keys::scopes.eq(AsJson(key.scopes.clone())),
        api_keys::created_at.eq(key.created_at),
        api_keys::expires_at.eq(key.expires_at),
    );
    let entry = Entry::of_tenant("api_key.created", key.id).with("name", &key.name).with("scopes", &key.scopes);
    diesel::insert_into(api_keys::table).values(row).execute(at.record(entry))?;
    Ok(())
}

pub(in crate::store) fn revoke(at: &mut At<'_>, id: ApiKeyId) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let live = api_keys::table.find(id).filter(api_keys::tenant_id.eq(tenant)).filter(api_keys::revoked_at.is_null());
    let changed = diesel::update(live).set(api_keys::revoked_at.eq(now)).execute(at.record(Entry::of_tenant("api_key.revoked", id)))?;
    if changed == 1 { Ok(()) } else { Err(StoreError::NotFound) }
}

/// Notes when keys were last used.
pub(in crate::store) fn note_used(conn: &mut Conn, used: &[(ApiKeyId, Instant)]) -> Result<()> {
    for (id, at) in used {
        diesel::update(api_keys::table.find(id)).set(api_keys::last_used_at.eq(at)).execute(conn)?;
    }
    Ok(())
}
