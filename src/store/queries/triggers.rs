//! Triggers.

use super::{At, Conn, Result, deadlines, of_cases};
use crate::{
    domain::{
        deadline::Deadline,
        ids::{CaseId, MemberId, TenantId, TriggerId},
        journal::Entry,
        time::{Day, Instant},
        trigger::{Proof, Trigger},
        vocabulary::ServiceMethod,
    },
    store::{error::StoreError, holes::Hole, records::Case, schema::triggers, tx::Stored},
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = triggers, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: TriggerId,
    case_id: CaseId,
    event: String,
    occurred_on: Day,
    occurred_at: Option<Instant>,
    served_by: Option<String>,
    service_method: Option<ServiceMethod>,
    document_reference: Option<String>,
    note: Option<String>,
    recorded_by: Option<MemberId>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, trigger: &Trigger) -> Self {
        let proof = trigger.proof.clone();
        Self {
            tenant_id,
            id: trigger.id,
            case_id: trigger.case_id,
            event: trigger.event.clone(),
            occurred_on: trigger.occurred_on,
            occurred_at: trigger.occurred_at,
            served_by: proof.served_by,
            service_method: proof.service_method,
            document_reference: proof.document_reference,
            note: proof.note,
            recorded_by: trigger.recorded_by,
            version: trigger.version,
            created_at: trigger.created_at,
            updated_at: trigger.updated_at,
        }
    }
}

impl From<Row> for Trigger {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            event: row.event,
            occurred_on: row.occurred_on,
            occurred_at: row.occurred_at,
            proof: Proof {
                served_by: row.served_by,
                service_method: row.service_method,
                document_reference: row.document_reference,
                note: row.note,
            },
            recorded_by: row.recorded_by,
            version: row.version,
            created_at: row.created_at,
            // What was entered before changes were kept has never been changed.
            updated_at: row.updated_at.max(row.created_at),
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, case: &Stored<Case>) -> Result<Vec<Trigger>> {
    let query = triggers::table
        .filter(triggers::tenant_id.eq(at.tenant()))
        .filter(triggers::case_id.eq(case.id))
        .order(triggers::id)
        .select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(Trigger::from).collect())
}

/// Those of several cases.
pub(super) fn of_cases(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Trigger>> {
    Ok(of_cases!(at, triggers, ids, triggers::id)?.into_iter().map(Trigger::from).collect())
}

pub(super) fn insert_rows(conn: &mut Conn, tenant_id: TenantId, triggers: &[Trigger]) -> Result<()> {
    let rows: Vec<Row> = triggers.iter().map(|trigger| Row::of(tenant_id, trigger)).collect();
    diesel::insert_into(triggers::table).values(rows).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: TriggerId) -> Result<Trigger> {
    let mut query = triggers::table.filter(triggers::id.eq(id)).select(Row::as_select()).into_boxed();
    if !at.open(Hole::TenantOfTrigger) {
        query = query.filter(triggers::tenant_id.eq(at.tenant()));
    }
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(triggers::case_id.eq_any(within));
    }
    at.first::<_, Row>(query).map(Trigger::from)
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, trigger: &Trigger, deadlines: &[Deadline]) -> Result<()> {
    let tenant = at.tenant();
    let entry = Entry::of_case("trigger.recorded", case.id, trigger.id).with("trigger", trigger).with("deadlines", deadlines);
    insert_rows(at.record(entry), tenant, std::slice::from_ref(trigger))?;
    deadlines::insert_new(at, deadlines)
}

pub(in crate::store) fn save(at: &mut At<'_>, case: &Stored<Case>, before: &Trigger, after: &Trigger, reason: &str) -> Result<Trigger> {
    let tenant = at.tenant();
    let after = Trigger { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let entry = Entry::of_case("trigger.moved", case.id, before.id).with("reason", reason).with_changes(before, &after);
    let row = triggers::table.find((tenant, before.id)).filter(triggers::version.eq(before.version));
    match diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? {
        1 => Ok(after),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}
