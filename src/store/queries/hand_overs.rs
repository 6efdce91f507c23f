//! Handing one member's work over to another.

use super::{At, Result, cases};
use crate::{
    domain::{
        ids::{CaseId, MemberId, TaskId},
        journal::Entry,
        vocabulary::{CaseStatus, TaskStatus},
    },
    store::{
        records::{Case, WorkInCase},
        schema::{self, deadlines, tasks},
    },
};
use diesel::{
    prelude::*,
    sql_types::{Bool, Text},
};
use std::collections::BTreeMap;

const OPEN: [TaskStatus; 3] = [TaskStatus::Todo, TaskStatus::InProgress, TaskStatus::Blocked];

/// The cases in which a member has work, at most `limit`, locked, and whether there are more: those that they lead or work on while open, and those
/// with open tasks of theirs or open deadlines that they answer for.
pub(in crate::store) fn work_of(at: &mut At<'_>, member: MemberId, limit: usize) -> Result<(Vec<WorkInCase>, bool)> {
    let tenant = at.tenant();
    let theirs =
        || tasks::table.filter(tasks::tenant_id.eq(tenant)).filter(tasks::assignee_id.eq(member)).filter(tasks::status.eq_any(OPEN));
    // Who works on a case stands in a list of ids within its row: the tenant's open cases are looked through, which a hand-over may take.
    let works_on = diesel::dsl::sql::<Bool>("CAST(member_ids AS TEXT) LIKE ").bind::<Text, _>(format!("%{member}%"));
    // A case without a lead compares to NULL, which `OR` takes for no.
    let leads = schema::cases::lead_id.eq(member).assume_not_null();
    let open = schema::cases::status.eq(CaseStatus::Open).and(leads.or(works_on));
    let answers_for = deadlines::table
        .filter(deadlines::tenant_id.eq(tenant))
        .filter(deadlines::assignee_id.eq(member))
        .filter(deadlines::is_open)
        .select(deadlines::case_id);
    let with_work = schema::cases::table
        .filter(schema::cases::tenant_id.eq(tenant))
        .filter(open.or(schema::cases::id.eq_any(theirs().select(tasks::case_id))).or(schema::cases::id.eq_any(answers_for)))
        .order(schema::cases::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1)
        .select(schema::cases::id);
    let mut ids: Vec<CaseId> = at.load(with_work)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let locked = cases::lock_all(at, &ids)?;
    let mut of_case: BTreeMap<CaseId, Vec<TaskId>> = BTreeMap::new();
    let open_tasks = theirs().filter(tasks::case_id.eq_any(ids)).select((tasks::case_id, tasks::id));
    for (case, task) in at.load::<_, (CaseId, TaskId)>(open_tasks)? {
        of_case.entry(case).or_default().push(task);
    }
    let work = locked.into_iter().map(|case| WorkInCase { tasks: of_case.remove(&case.id).unwrap_or_default(), case });
    Ok((work.collect(), more))
}

/// Gives the work in these cases to another member. `cases` are the cases as they are from now on, in the same order.
pub(in crate::store) fn save(
    at: &mut At<'_>,
    work: &[WorkInCase],
    after: &[Case],
    from: MemberId,
    to: MemberId,
    reason: Option<&str>,
) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let cases_of_work: Vec<CaseId> = work.iter().map(|work| work.case.id).collect();
    for (WorkInCase { case, tasks }, after) in work.iter().zip(after) {
        let entry = Entry::of_case("case.handed_over", case.id, case.id)
            .internal()
            .with("from", from)
            .with("to", to)
            .with("reason", reason)
            .with("task_ids", tasks);
        cases::save(at, case, after, entry)?;
    }
    // The cases are locked: these are the tasks that the entries name.
    let rows = tasks::table
        .filter(tasks::tenant_id.eq(tenant))
        .filter(tasks::case_id.eq_any(cases_of_work.clone()))
        .filter(tasks::assignee_id.eq(from))
        .filter(tasks::status.eq_any(OPEN));
    diesel::update(rows)
        .set((tasks::assignee_id.eq(to), tasks::version.eq(tasks::version + 1), tasks::updated_at.eq(now)))
        .execute(at.beside_the_record())?;
    super::deadlines::reassign(at, &cases_of_work, Some(from), Some(to))
}
