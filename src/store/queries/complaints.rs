//! Complaints and the sealed identities behind them.

use super::{At, Conn, Db, Result, allegations, at::Wish, of_cases};
use crate::{
    domain::{
        complaint::{Allegation, Complaint, Reporter},
        ids::{CaseId, ComplaintId, TenantId},
        journal::Entry,
        time::Instant,
        vocabulary::{Channel, ComplaintKind, Confidence, ReporterType},
    },
    store::{
        error::StoreError,
        holes::Hole,
        records::Case,
        schema::{cases, complaints},
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = complaints, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: ComplaintId,
    case_id: CaseId,
    channel: Channel,
    kind: ComplaintKind,
    received_at: Instant,
    reference_no: Option<String>,
    authority: Option<String>,
    summary: Option<String>,
    reporter_type: ReporterType,
    reporter_confidence: Option<Confidence>,
    reporter_basis: Option<String>,
    sealed_identity: Option<Vec<u8>>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, complaint: &Complaint) -> Self {
        Self {
            tenant_id,
            id: complaint.id,
            case_id: complaint.case_id,
            channel: complaint.channel,
            kind: complaint.kind,
            received_at: complaint.received_at,
            reference_no: complaint.reference_no.clone(),
            authority: complaint.authority.clone(),
            summary: complaint.summary.clone(),
            reporter_type: complaint.reporter.r#type,
            reporter_confidence: complaint.reporter.confidence,
            reporter_basis: complaint.reporter.basis.clone(),
            sealed_identity: complaint.sealed_identity.clone(),
            version: complaint.version,
            created_at: complaint.created_at,
            updated_at: complaint.updated_at,
        }
    }
}

impl From<Row> for Complaint {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            channel: row.channel,
            kind: row.kind,
            received_at: row.received_at,
            reference_no: row.reference_no,
            authority: row.authority,
            summary: row.summary,
            reporter: Reporter { r#type: row.reporter_type, confidence: row.reporter_confidence, basis: row.reporter_basis },
            sealed_identity: row.sealed_identity,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, case: &Stored<Case>) -> Result<Vec<Complaint>> {
    let query = complaints::table
        .filter(complaints::tenant_id.eq(at.tenant()))
        .filter(complaints::case_id.eq(case.id))
        .order(complaints::id)
        .select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(Complaint::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: ComplaintId) -> Result<Complaint> {
    let mut query = complaints::table.filter(complaints::id.eq(id)).select(Row::as_select()).into_boxed();
    if !at.open(Hole::TenantOfComplaint) {
        query = query.filter(complaints::tenant_id.eq(at.tenant()));
    }
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(complaints::case_id.eq_any(within));
    }
    at.first::<_, Row>(query).map(Complaint::from)
}

/// Those of several cases.
pub(super) fn of_cases(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Complaint>> {
    Ok(of_cases!(at, complaints, ids, complaints::id)?.into_iter().map(Complaint::from).collect())
}

pub(super) fn insert_rows(conn: &mut Conn, tenant: TenantId, complaints: &[Complaint]) -> Result<()> {
    let rows: Vec<Row> = complaints.iter().map(|complaint| Row::of(tenant, complaint)).collect();
    diesel::insert_into(complaints::table).values(rows).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, complaint: &Complaint, allegations: &[Allegation]) -> Result<()> {
    let tenant = at.tenant();
    let entry = Entry::of_case("complaint.created", case.id, complaint.id).with("complaint", complaint).with("allegations", allegations);
    let conn = at.record(entry);
    insert_rows(conn, tenant, std::slice::from_ref(complaint))?;
    allegations::insert_rows(conn, tenant, allegations)
}

pub(in crate::store) fn save(at: &mut At<'_>, case: &Stored<Case>, before: &Complaint, after: &Complaint) -> Result<Complaint> {
    let tenant = at.tenant();
    let after = Complaint { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let identity_changed = before.sealed_identity != after.sealed_identity;
    let entry =
        Entry::of_case("complaint.changed", case.id, before.id).with_changes(before, &after).with("identity_changed", identity_changed);
    let row = complaints::table.find((tenant, before.id)).filter(complaints::version.eq(before.version));
    match diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? {
        1 => Ok(after),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}

pub(in crate::store) fn open_identity(at: &mut At<'_>, id: ComplaintId, reason: &str) -> Result<Option<Vec<u8>>> {
    let within = cases::table.filter(at.cases(Wish::OpenIdentity)).select(cases::id).into_boxed::<Db>();
    let query = complaints::table
        .find((at.tenant(), id))
        .filter(complaints::case_id.eq_any(within))
        .select((complaints::case_id, complaints::sealed_identity));
    let (case_id, sealed) = match at.first::<_, (CaseId, Option<Vec<u8>>)>(query) {
        Err(StoreError::NotFound) => {
            // What may be read but not opened is forbidden; what may not be read is not there.
            find(at, id)?;
            return Err(StoreError::Forbidden);
        }
        found => found?,
    };
    let entry = Entry::of_case("reporter_identity.opened", case_id, id).internal().with("reason", reason);
    at.record(entry);
    Ok(sealed)
}
