//! Deadlines.

use super::{At, Conn, Result, of_cases};
use crate::{
    domain::{
        deadline::Deadline,
        ids::{CaseId, DeadlineId, TenantId, TriggerId},
        journal::Entry,
        time::{Day, Instant},
        vocabulary::{DeadlineStatus, OwedBy, Stage},
    },
    store::{error::StoreError, holes::Hole, records::Case, schema::deadlines, tx::Stored},
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deadlines, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: DeadlineId,
    case_id: CaseId,
    stage: Stage,
    rule_id: Option<String>,
    key: Option<String>,
    title: Option<String>,
    trigger_id: Option<TriggerId>,
    owed_by: OwedBy,
    due_on: Day,
    due_at: Instant,
    as_stated: bool,
    provisional: bool,
    status: DeadlineStatus,
    met_at: Option<Instant>,
    note: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, deadline: &Deadline) -> Self {
        Self {
            tenant_id,
            id: deadline.id,
            case_id: deadline.case_id,
            stage: deadline.stage,
            rule_id: deadline.rule_id.clone(),
            key: deadline.key.clone(),
            title: deadline.title.clone(),
            trigger_id: deadline.trigger_id,
            owed_by: deadline.owed_by,
            due_on: deadline.due_on,
            due_at: deadline.due_at,
            as_stated: deadline.as_stated,
            provisional: deadline.provisional,
            status: deadline.status,
            met_at: deadline.met_at,
            note: deadline.note.clone(),
            version: deadline.version,
            created_at: deadline.created_at,
            updated_at: deadline.updated_at,
        }
    }
}

impl From<Row> for Deadline {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            stage: row.stage,
            rule_id: row.rule_id,
            key: row.key,
            title: row.title,
            trigger_id: row.trigger_id,
            owed_by: row.owed_by,
            due_on: row.due_on,
            due_at: row.due_at,
            as_stated: row.as_stated,
            provisional: row.provisional,
            status: row.status,
            met_at: row.met_at,
            note: row.note,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, case: &Stored<Case>) -> Result<Vec<Deadline>> {
    let query = deadlines::table
        .filter(deadlines::tenant_id.eq(at.tenant()))
        .filter(deadlines::case_id.eq(case.id))
        .order((deadlines::due_at, deadlines::id))
        .select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(Deadline::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: DeadlineId) -> Result<Deadline> {
    let mut query = deadlines::table.filter(deadlines::id.eq(id)).select(Row::as_select()).into_boxed();
    if !at.open(Hole::TenantOfDeadline) {
        query = query.filter(deadlines::tenant_id.eq(at.tenant()));
    }
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(deadlines::case_id.eq_any(within));
    }
    at.first::<_, Row>(query).map(Deadline::from)
}

/// Those of several cases.
pub(super) fn of_cases(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Deadline>> {
    Ok(of_cases!(at, deadlines, ids, deadlines::due_at, deadlines::id)?.into_iter().map(Deadline::from).collect())
}

pub(super) fn insert_rows(conn: &mut Conn, tenant: TenantId, deadlines: &[Deadline]) -> Result<()> {
    if deadlines.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = deadlines.iter().map(|deadline| Row::of(tenant, deadline)).collect();
    diesel::insert_into(deadlines::table).values(rows).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, deadline: &Deadline) -> Result<()> {
    let tenant = at.tenant();
    let entry = Entry::of_case("deadline.created", case.id, deadline.id).with("deadline", deadline);
    insert_rows(at.record(entry), tenant, std::slice::from_ref(deadline))
}

pub(in crate::store) fn save(
    at: &mut At<'_>,
    case: &Stored<Case>,
    before: &Deadline,
    after: &Deadline,
    kind: &'static str,
) -> Result<Deadline> {
    let tenant = at.tenant();
    let after = Deadline { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let entry = Entry::of_case(kind, case.id, before.id).with_changes(before, &after);
    let row = deadlines::table.find((tenant, before.id)).filter(deadlines::version.eq(before.version));
    match diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? {
        1 => Ok(after),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}
