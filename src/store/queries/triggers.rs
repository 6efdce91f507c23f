//! Triggers.

use super::{At, Conn, Result, deadlines, of_cases};
use crate::{
    domain::{
        deadline::Deadline,
        ids::{CaseId, TenantId, TriggerId},
        journal::Entry,
        time::{Day, Instant},
        trigger::Trigger,
    },
    store::{records::Case, schema::triggers, tx::Stored},
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = triggers)]
struct Row {
    tenant_id: TenantId,
    id: TriggerId,
    case_id: CaseId,
    event: String,
    occurred_on: Day,
    occurred_at: Option<Instant>,
    served_by: Option<String>,
    created_at: Instant,
}

impl From<Row> for Trigger {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            event: row.event,
            occurred_on: row.occurred_on,
            occurred_at: row.occurred_at,
            served_by: row.served_by,
            created_at: row.created_at,
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
    let rows: Vec<Row> = triggers
        .iter()
        .cloned()
        .map(|trigger| Row {
            tenant_id,
            id: trigger.id,
            case_id: trigger.case_id,
            event: trigger.event,
            occurred_on: trigger.occurred_on,
            occurred_at: trigger.occurred_at,
            served_by: trigger.served_by,
            created_at: trigger.created_at,
        })
        .collect();
    diesel::insert_into(triggers::table).values(rows).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, trigger: &Trigger, deadlines: &[Deadline]) -> Result<()> {
    let tenant = at.tenant();
    let entry = Entry::of_case("trigger.recorded", case.id, trigger.id).with("trigger", trigger).with("deadlines", deadlines);
    let conn = at.record(entry);
    insert_rows(conn, tenant, std::slice::from_ref(trigger))?;
    deadlines::insert_rows(conn, tenant, deadlines)
}
