//! Allegations.

use super::{At, Conn, Result, of_cases};
use crate::{
    domain::{
        complaint::{Allegation, Conclusion, Money},
        ids::{AllegationId, CaseId, ComplaintId, TenantId},
        journal::Entry,
        time::{Day, Instant},
        vocabulary::{AllegationKind, AllegationOutcome},
    },
    store::{error::StoreError, records::Case, schema::allegations, sql_types::AsJson, tx::Stored},
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = allegations, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: AllegationId,
    case_id: CaseId,
    complaint_id: ComplaintId,
    kind: AllegationKind,
    description: String,
    period_from: Option<Day>,
    period_to: Option<Day>,
    order_nos: AsJson<Vec<String>>,
    order_count: Option<i32>,
    amount: Option<AsJson<Money>>,
    legal_basis: Option<String>,
    conclusion: Option<AsJson<Conclusion>>,
    outcome: Option<AllegationOutcome>,
    outcome_reason: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, allegation: &Allegation) -> Self {
        Self {
            tenant_id,
            id: allegation.id,
            case_id: allegation.case_id,
            complaint_id: allegation.complaint_id,
            kind: allegation.kind,
            description: allegation.description.clone(),
            period_from: allegation.period_from,
            period_to: allegation.period_to,
            order_nos: AsJson(allegation.order_nos.clone()),
            order_count: allegation.order_count,
            amount: allegation.amount.clone().map(AsJson),
            legal_basis: allegation.legal_basis.clone(),
            conclusion: allegation.conclusion.clone().map(AsJson),
            outcome: allegation.outcome,
            outcome_reason: allegation.outcome_reason.clone(),
            version: allegation.version,
            created_at: allegation.created_at,
            updated_at: allegation.updated_at,
        }
    }
}

impl From<Row> for Allegation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            complaint_id: row.complaint_id,
            kind: row.kind,
            description: row.description,
            period_from: row.period_from,
            period_to: row.period_to,
            order_nos: row.order_nos.0,
            order_count: row.order_count,
            amount: row.amount.map(|json| json.0),
            legal_basis: row.legal_basis,
            conclusion: row.conclusion.map(|json| json.0),
            outcome: row.outcome,
            outcome_reason: row.outcome_reason,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, case: &Stored<Case>) -> Result<Vec<Allegation>> {
    let query = allegations::table
        .filter(allegations::tenant_id.eq(at.tenant()))
        .filter(allegations::case_id.eq(case.id))
        .order(allegations::id)
        .select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(Allegation::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: AllegationId) -> Result<Allegation> {
    let mut query = allegations::table.find((at.tenant(), id)).select(Row::as_select()).into_boxed();
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(allegations::case_id.eq_any(within));
    }
    at.first::<_, Row>(query).map(Allegation::from)
}

/// Those of several cases.
pub(super) fn of_cases(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Allegation>> {
    Ok(of_cases!(at, allegations, ids, allegations::id)?.into_iter().map(Allegation::from).collect())
}

pub(super) fn insert_rows(conn: &mut Conn, tenant: TenantId, allegations: &[Allegation]) -> Result<()> {
    let rows: Vec<Row> = allegations.iter().map(|allegation| Row::of(tenant, allegation)).collect();
    diesel::insert_into(allegations::table).values(rows).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, allegation: &Allegation) -> Result<()> {
    let tenant = at.tenant();
    let entry = Entry::of_case("allegation.created", case.id, allegation.id).with("allegation", allegation);
    insert_rows(at.record(entry), tenant, std::slice::from_ref(allegation))
}

pub(in crate::store) fn save(at: &mut At<'_>, case: &Stored<Case>, before: &Allegation, after: &Allegation) -> Result<Allegation> {
    let tenant = at.tenant();
    let after = Allegation { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let entry = Entry::of_case("allegation.changed", case.id, before.id).with_changes(before, &after);
    let row = allegations::table.find((tenant, before.id)).filter(allegations::version.eq(before.version));
    match diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? {
        1 => Ok(after),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}
