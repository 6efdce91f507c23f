//! Grants.

use super::{At, Result, cases, paged};
use crate::{
    domain::{
        access::Role,
        grant::{Cover, Grant},
        ids::{CaseId, GrantId, MemberId, ShopId, TenantId},
        journal::Entry,
        time::Instant,
    },
    store::{
        error::StoreError,
        page::Page,
        records::{GrantFilter, HeldGrant},
        schema::{grants, members, persons},
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = grants)]
struct Row {
    tenant_id: TenantId,
    id: GrantId,
    member_id: MemberId,
    shop_id: Option<ShopId>,
    case_id: Option<CaseId>,
    may_write: bool,
    may_open_identity: bool,
    ends_at: Instant,
    revoked_at: Option<Instant>,
    granted_by: MemberId,
    version: i64,
    created_at: Instant,
}

impl From<Row> for Grant {
    fn from(row: Row) -> Self {
        let covers = [(row.may_write, Cover::Write), (row.may_open_identity, Cover::Identity)];
        Self {
            id: row.id,
            member_id: row.member_id,
            shop_id: row.shop_id,
            case_id: row.case_id,
            covers: covers.into_iter().filter_map(|(may, cover)| may.then_some(cover)).collect(),
            ends_at: row.ends_at.real(),
            revoked_at: row.revoked_at,
            granted_by: row.granted_by,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<GrantFilter>) -> Result<Vec<Grant>> {
    let mut query = grants::table.filter(grants::tenant_id.eq(at.tenant())).select(Row::as_select()).into_boxed();
    if let Some(member) = page.filter.member_id {
        query = query.filter(grants::member_id.eq(member));
    }
    if let Some(case) = page.filter.case_id {
        query = query.filter(grants::case_id.eq(case));
    }
    if let Some(shop) = page.filter.shop_id {
        query = query.filter(grants::shop_id.eq(shop));
    }
    Ok(at.load::<_, Row>(paged!(query, page, grants::id))?.into_iter().map(Grant::from).collect())
}

/// The grants that reach a case, by itself or by its shop, with who holds them; those that have ended too.
pub(in crate::store) fn reaching(at: &mut At<'_>, case: CaseId, page: Page<()>) -> Result<Vec<HeldGrant>> {
    let case = cases::find(at, case)?;
    let mut query = grants::table
        .inner_join(members::table.on(members::tenant_id.eq(grants::tenant_id).and(members::id.eq(grants::member_id))))
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .filter(grants::tenant_id.eq(at.tenant()))
        .filter(grants::case_id.eq(case.id).or(grants::shop_id.eq(case.shop_id)))
        .select((Row::as_select(), persons::name, members::role))
        .into_boxed();
    let rows: Vec<(Row, String, Role)> = at.load(paged!(query, page, grants::id))?;
    Ok(rows.into_iter().map(|(row, member_name, member_role)| HeldGrant { grant: row.into(), member_name, member_role }).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: GrantId) -> Result<Stored<Grant>> {
    let query = grants::table.find((at.tenant(), id)).select(Row::as_select());
    at.first::<_, Row>(query).map(|row| Stored::new(row.into()))
}

pub(in crate::store) fn insert(at: &mut At<'_>, grant: &Grant) -> Result<()> {
    let row = Row {
        tenant_id: at.tenant(),
        id: grant.id,
        member_id: grant.member_id,
        shop_id: grant.shop_id,
        case_id: grant.case_id,
        may_write: grant.covers.contains(&Cover::Write),
        may_open_identity: grant.covers.contains(&Cover::Identity),
        ends_at: grant.ends_at.unwrap_or(Instant::FAR_FUTURE),
        revoked_at: grant.revoked_at,
        granted_by: grant.granted_by,
        version: grant.version,
        created_at: grant.created_at,
    };
    let mut entry = Entry::of_tenant("grant.created", grant.id).with("grant", grant);
    entry.case_id = grant.case_id;
    diesel::insert_into(grants::table).values(row).execute(at.record(entry))?;
    Ok(())
}

pub(in crate::store) fn revoke(at: &mut At<'_>, before: &Stored<Grant>) -> Result<Stored<Grant>> {
    let (tenant, now) = (at.tenant(), at.now());
    let version = before.version + 1;
    let mut entry = Entry::of_tenant("grant.revoked", before.id).with("member_id", before.member_id);
    entry.case_id = before.case_id;
    let row = grants::table.find((tenant, before.id)).filter(grants::version.eq(before.version));
    let changed = diesel::update(row).set((grants::revoked_at.eq(now), grants::version.eq(version))).execute(at.record(entry))?;
    if changed == 1 {
        Ok(Stored::new(Grant { revoked_at: Some(now), version, ..Grant::clone(before) }))
    } else {
        Err(StoreError::Stale { current: version })
    }
}
