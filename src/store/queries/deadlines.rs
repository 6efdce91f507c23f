//! Deadlines.

use super::{At, Conn, Result, deadline_register, of_cases, reminders, rulebooks, tenants};
use crate::{
    domain::{
        computation::Computation,
        content::CONTENT_REVISION,
        deadline::Deadline,
        ids::{CaseId, DeadlineId, MemberId, ShopId, TenantId, TriggerId},
        journal::Entry,
        time::{Day, Instant},
        vocabulary::{DeadlineStatus, OwedBy, Stage},
    },
    limits::PAGE,
    store::{
        error::StoreError,
        holes::Hole,
        records::{Case, RegisterChange},
        schema::deadlines,
        sql_types::AsJson,
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deadlines, primary_key(tenant_id, id), treat_none_as_null = true)]
pub(super) struct Row {
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
    shop_id: ShopId,
    assignee_id: Option<MemberId>,
    is_open: bool,
    statutory: bool,
    missed_at: Option<Instant>,
    computation: AsJson<Computation>,
    rulebook_revision: i64,
    wake_at: Option<Instant>,
    reminded_until: Option<Instant>,
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
            shop_id: deadline.shop_id,
            assignee_id: deadline.assignee_id,
            is_open: deadline.is_open(),
            statutory: deadline.statutory,
            missed_at: deadline.missed_at,
            computation: AsJson(deadline.computation.clone()),
            rulebook_revision: deadline.rulebook_revision,
            wake_at: deadline.wake_at,
            reminded_until: deadline.reminded_until,
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
            shop_id: row.shop_id,
            assignee_id: row.assignee_id,
            statutory: row.statutory,
            missed_at: row.missed_at,
            computation: row.computation.0,
            rulebook_revision: row.rulebook_revision,
            wake_at: row.wake_at,
            reminded_until: row.reminded_until,
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

/// The cases with deadlines for which something is due now, those first that wait longest.
pub(in crate::store) fn waking_cases(at: &mut At<'_>, limit: i64) -> Result<Vec<CaseId>> {
    let due = deadlines::table
        .filter(deadlines::tenant_id.eq(at.tenant()))
        .filter(deadlines::wake_at.is_not_null())
        .filter(deadlines::wake_at.le(at.now()))
        .order(deadlines::wake_at)
        .limit(limit)
        .select(deadlines::case_id);
    Ok(without_repetition(at.load(due)?))
}

/// The deadlines for which something is due now, those first that wait longest.
pub(in crate::store) fn waking(at: &mut At<'_>, limit: i64) -> Result<Vec<DeadlineId>> {
    let due = deadlines::table
        .filter(deadlines::tenant_id.eq(at.tenant()))
        .filter(deadlines::wake_at.is_not_null())
        .filter(deadlines::wake_at.le(at.now()))
        .order(deadlines::wake_at)
        .limit(limit)
        .select(deadlines::id);
    at.load(due)
}

/// Takes on what is due about a deadline, unless somebody else has or it has changed since. Neither its version nor its case's rises.
pub(in crate::store) fn claim(at: &mut At<'_>, before: &Deadline, after: &Deadline) -> Result<bool> {
    let row = deadlines::table
        .find((at.tenant(), before.id))
        .filter(deadlines::version.eq(before.version))
        .filter(deadlines::wake_at.eq(before.wake_at));
    let change = (deadlines::wake_at.eq(after.wake_at), deadlines::reminded_until.eq(after.reminded_until));
    Ok(diesel::update(row).set(change).execute(at.beside_the_record())? == 1)
}

/// The cases with provisional deadlines that were counted before calendars or rules last changed.
pub(in crate::store) fn cases_to_recount(at: &mut At<'_>, limit: i64) -> Result<Vec<CaseId>> {
    let revision = rulebooks::revision(at)? + CONTENT_REVISION;
    let old = deadlines::table
        .filter(deadlines::tenant_id.eq(at.tenant()))
        .filter(deadlines::provisional)
        .filter(deadlines::is_open)
        .filter(deadlines::rulebook_revision.lt(revision))
        .limit(limit)
        .select(deadlines::case_id);
    Ok(without_repetition(at.load(old)?))
}

fn without_repetition(mut ids: Vec<CaseId>) -> Vec<CaseId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// When something is next due about a deadline; at once when some are still to be counted anew.
pub(in crate::store) fn next_wake(at: &mut At<'_>) -> Result<Option<Instant>> {
    if !cases_to_recount(at, 1)?.is_empty() {
        return Ok(Some(at.now()));
    }
    let waiting = deadlines::table.filter(deadlines::tenant_id.eq(at.tenant())).filter(deadlines::wake_at.is_not_null());
    Ok(at.load::<_, Option<Instant>>(waiting.order(deadlines::wake_at).limit(1).select(deadlines::wake_at))?.pop().flatten())
}

/// The open ones under rules of these ids, as far as they are within reach.
pub(in crate::store) fn open_under(at: &mut At<'_>, rules: &[String]) -> Result<Vec<Deadline>> {
    let mut query = deadlines::table
        .filter(deadlines::tenant_id.eq(at.tenant()))
        .filter(deadlines::is_open)
        .filter(deadlines::rule_id.eq_any(rules.to_vec()))
        .order(deadlines::id)
        .limit(PAGE)
        .select(Row::as_select())
        .into_boxed();
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(deadlines::case_id.eq_any(within));
    }
    Ok(at.load::<_, Row>(query)?.into_iter().map(Deadline::from).collect())
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

/// Keeps new deadlines, which an entry already tells of, puts them into the register and sees to it that somebody wakes up for them.
pub(super) fn insert_new(at: &mut At<'_>, deadlines: &[Deadline]) -> Result<()> {
    if deadlines.is_empty() {
        return Ok(());
    }
    let (tenant, content, now) = (at.tenant(), rulebooks::content(at)?, at.now());
    let deadlines: Vec<Deadline> = deadlines.iter().map(|deadline| deadline.planned(&content, now)).collect();
    insert_rows(at.beside_the_record(), tenant, &deadlines)?;
    deadline_register::note(at, deadlines.iter().map(|deadline| (deadline, RegisterChange::Entered, None)))?;
    tenants::wake(at, deadlines.iter().filter_map(|deadline| deadline.wake_at).min())
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, deadline: &Deadline) -> Result<()> {
    at.record(Entry::of_case("deadline.created", case.id, deadline.id).with("deadline", deadline));
    insert_new(at, std::slice::from_ref(deadline))
}

/// Saves a changed deadline; `change` is what the register says of it, if anything.
pub(in crate::store) fn save(
    at: &mut At<'_>,
    case: &Stored<Case>,
    before: &Deadline,
    after: &Deadline,
    change: RegisterChange,
) -> Result<Deadline> {
    let (tenant, content, now) = (at.tenant(), rulebooks::content(at)?, at.now());
    let after = Deadline { version: before.version + 1, updated_at: now, ..after.planned_after(before, &content, now) };
    let entry = Entry::of_case(change.event(), case.id, before.id).with_changes(before, &after);
    let row = deadlines::table.find((tenant, before.id)).filter(deadlines::version.eq(before.version));
    if diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? != 1 {
        return Err(StoreError::Stale { current: after.version });
    }
    if before.due_at != after.due_at || (before.is_reminded() && !after.is_reminded()) {
        reminders::cancel(at, after.id)?;
    }
    deadline_register::note(at, [(&after, change, Some(before.due_at))].into_iter())?;
    tenants::wake(at, after.wake_at.filter(|wake| before.wake_at != Some(*wake)))?;
    Ok(after)
}

/// Gives the open deadlines in cases that one member answers for to another; the entries of the cases tell of it.
pub(in crate::store) fn reassign(at: &mut At<'_>, cases: &[CaseId], from: Option<MemberId>, to: Option<MemberId>) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let open = deadlines::table
        .filter(deadlines::tenant_id.eq(tenant))
        .filter(deadlines::case_id.eq_any(cases.to_vec()))
        .filter(deadlines::is_open);
    let change = (deadlines::assignee_id.eq(to), deadlines::version.eq(deadlines::version + 1), deadlines::updated_at.eq(now));
    let conn = at.beside_the_record();
    match from {
        Some(from) => diesel::update(open.filter(deadlines::assignee_id.eq(from))).set(change).execute(conn)?,
        None => diesel::update(open.filter(deadlines::assignee_id.is_null())).set(change).execute(conn)?,
    };
    Ok(())
}
