//! The register of deadlines: what was entered, changed, met and missed on each day, by whom. It is only ever added to.

use super::{At, Result};
use crate::{
    domain::{
        deadline::Deadline,
        ids::{CaseId, DeadlineId, MemberId, RegisterEntryId, TenantId},
        journal::ActorKind,
        time::{Day, Instant},
        vocabulary::{OwedBy, RegisterChange},
    },
    store::{schema::deadline_register, sql_types::AnyId},
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deadline_register)]
struct Row {
    tenant_id: TenantId,
    id: RegisterEntryId,
    day: Day,
    at: Instant,
    case_id: CaseId,
    deadline_id: DeadlineId,
    change: RegisterChange,
    actor_kind: ActorKind,
    actor_id: Option<AnyId>,
    member_id: Option<MemberId>,
    rule_id: Option<String>,
    title: Option<String>,
    owed_by: OwedBy,
    statutory: bool,
    due_on: Day,
    due_at: Instant,
    previous_due_at: Option<Instant>,
    note: Option<String>,
    checks_id: Option<RegisterEntryId>,
    correct: Option<bool>,
}

/// Notes what has become of deadlines, of which the journal tells in the same transaction. The end before is noted where it was another one.
pub(super) fn note<'d>(at: &mut At<'_>, changes: impl Iterator<Item = (&'d Deadline, RegisterChange, Option<Instant>)>) -> Result<()> {
    let (tenant, now, actor, day) = (at.tenant(), at.now(), at.scope().actor(), at.today());
    let member = at.scope().acting_member();
    let rows: Vec<Row> = changes
        .map(|(deadline, change, before)| Row {
            tenant_id: tenant,
            id: at.new_id(),
            day,
            at: now,
            case_id: deadline.case_id,
            deadline_id: deadline.id,
            change,
            actor_kind: actor.kind(),
            actor_id: actor.id().map(AnyId),
            member_id: member,
            rule_id: deadline.rule_id.clone(),
            title: deadline.title.clone(),
            owed_by: deadline.owed_by,
            statutory: deadline.statutory,
            due_on: deadline.due_on,
            due_at: deadline.due_at,
            previous_due_at: before.filter(|before| *before != deadline.due_at),
            note: deadline.note.clone(),
            checks_id: None,
            correct: None,
        })
        .collect();
    if !rows.is_empty() {
        diesel::insert_into(deadline_register::table).values(rows).execute(at.beside_the_record())?;
    }
    Ok(())
}
