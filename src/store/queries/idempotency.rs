//! Idempotency records.

use super::{At, Conn, Result, lock_key};
use crate::{
    auth::hash::sha256,
    domain::{ids::TenantId, time::Instant},
    store::{
        error::StoreError,
        records::{IdempotencyKey, KEPT_FOR, KeptAnswer},
        schema::idempotency_records as records,
        sql_types::{AnyId, AsJson},
    },
};
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Marks in which role the caller was answered; never sent.
const TOLD_AS: &str = "told_as";

type Row = (Vec<u8>, i32, AsJson<BTreeMap<String, String>>, Vec<u8>, Instant);

fn principal(at: &At<'_>) -> AnyId {
    AnyId(at.scope().actor().id().unwrap_or_else(|| at.scope().member().into()))
}

pub(in crate::store) fn claim(at: &mut At<'_>, key: &IdempotencyKey) -> Result<Option<KeptAnswer>> {
    let place =
        [at.tenant().to_string().as_bytes(), principal(at).0.as_bytes(), key.operation.as_bytes(), b"\0", key.key.as_bytes()].concat();
    let [a, b, c, d, e, f, g, h, ..] = sha256(&place);
    lock_key(at.beside_the_record(), i64::from_be_bytes([a, b, c, d, e, f, g, h]))?;
    let query = records::table.find((at.tenant(), principal(at), key.operation.clone(), key.key.clone())).select((
        records::fingerprint,
        records::status,
        records::headers,
        records::body,
        records::created_at,
    ));
    let rows: Vec<Row> = at.load(query)?;
    let now = at.now();
    let kept = rows.into_iter().next().map(|(fingerprint, status, AsJson(headers), body, created_at)| KeptAnswer {
        fingerprint,
        status: u16::try_from(status).unwrap_or(200),
        headers,
        body,
        created_at,
    });
    let Some(mut answer) = kept.filter(|answer| now < answer.created_at.plus_seconds(KEPT_FOR)) else { return Ok(None) };
    // What was told to somebody in one role is not told again in another.
    let as_another = answer.headers.remove(TOLD_AS).is_some_and(|role| role != at.scope().role().as_str());
    if as_another || at.lost_reach_since(answer.created_at)? { Err(StoreError::NotFound) } else { Ok(Some(answer)) }
}

/// Forgets a tenant's answers from before a moment.
pub(in crate::store) fn forget(conn: &mut Conn, tenant: TenantId, before: Instant) -> Result<()> {
    let old = records::table.filter(records::tenant_id.eq(tenant)).filter(records::created_at.lt(before));
    diesel::delete(old).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn keep(at: &mut At<'_>, key: &IdempotencyKey, answer: &KeptAnswer) -> Result<()> {
    let (tenant, principal) = (at.tenant(), principal(at));
    let mut headers = answer.headers.clone();
    headers.insert(TOLD_AS.into(), at.scope().role().as_str().into());
    let effect = || {
        (
            records::fingerprint.eq(&answer.fingerprint),
            records::status.eq(i32::from(answer.status)),
            records::headers.eq(AsJson(headers.clone())),
            records::body.eq(&answer.body),
            records::created_at.eq(answer.created_at),
        )
    };
    let place = (
        records::tenant_id.eq(tenant),
        records::principal_id.eq(principal),
        records::operation.eq(&key.operation),
        records::key.eq(&key.key),
    );
    // A record past its 72 hours gives way.
    diesel::insert_into(records::table)
        .values((place, effect()))
        .on_conflict((records::tenant_id, records::principal_id, records::operation, records::key))
        .do_update()
        .set(effect())
        .execute(at.beside_the_record())?;
    Ok(())
}
