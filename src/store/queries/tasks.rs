//! Tasks.

use super::{At, Conn, Result, of_cases, paged, playbooks};
use crate::{
    domain::{
        branch::Moved,
        ids::{CaseId, MemberId, PlaybookId, TaskId, TenantId},
        journal::Entry,
        task::{ChecklistItem, Task, TaskText},
        time::Instant,
        vocabulary::{Stage, TaskStatus},
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::{Case, TaskFilter, TaskInCase},
        schema::{cases, tasks},
        sql_types::AsJson,
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tasks, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: TaskId,
    case_id: CaseId,
    stage: Stage,
    key: Option<String>,
    occurrence: i32,
    title: Option<String>,
    description: Option<String>,
    done_means: Option<String>,
    wanted_documents: Option<AsJson<Vec<String>>>,
    status: TaskStatus,
    required: bool,
    blocks_closing: bool,
    assignee_id: Option<MemberId>,
    due_at: Instant,
    due_by_hand: bool,
    dropped: bool,
    kept_text: Option<AsJson<TaskText>>,
    kept_by_hand: bool,
    depends_on: AsJson<Vec<TaskId>>,
    checklist: AsJson<Vec<ChecklistItem>>,
    note: Option<String>,
    ended_at: Option<Instant>,
    ended_by: Option<MemberId>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, task: &Task) -> Self {
        Self {
            tenant_id,
            id: task.id,
            case_id: task.case_id,
            stage: task.stage,
            key: task.key.clone(),
            occurrence: task.occurrence,
            title: task.title.clone(),
            description: task.description.clone(),
            done_means: task.done_means.clone(),
            wanted_documents: task.wanted_documents.clone().map(AsJson),
            status: task.status,
            required: task.required,
            blocks_closing: task.blocks_closing,
            assignee_id: task.assignee_id,
            due_at: task.due_at.unwrap_or(Instant::FAR_FUTURE),
            due_by_hand: task.due_by_hand,
            dropped: task.dropped,
            kept_text: task.kept_text.clone().map(AsJson),
            kept_by_hand: task.kept_by_hand,
            depends_on: AsJson(task.depends_on.clone()),
            checklist: AsJson(task.checklist.clone()),
            note: task.note.clone(),
            ended_at: task.ended_at,
            ended_by: task.ended_by,
            version: task.version,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

impl From<Row> for Task {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            stage: row.stage,
            key: row.key,
            occurrence: row.occurrence,
            title: row.title,
            description: row.description,
            done_means: row.done_means,
            wanted_documents: row.wanted_documents.map(|json| json.0),
            status: row.status,
            required: row.required,
            blocks_closing: row.blocks_closing,
            assignee_id: row.assignee_id,
            due_at: row.due_at.real(),
            due_by_hand: row.due_by_hand,
            dropped: row.dropped,
            kept_text: row.kept_text.map(|json| json.0),
            kept_by_hand: row.kept_by_hand,
            depends_on: row.depends_on.0,
            checklist: row.checklist.0,
            note: row.note,
            ended_at: row.ended_at,
            ended_by: row.ended_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

type RowInCase = (Row, PlaybookId);

fn in_cases(at: &mut At<'_>, rows: Vec<RowInCase>) -> Result<Vec<TaskInCase>> {
    let known = playbooks::published(at, rows.iter().map(|(_, playbook)| *playbook))?;
    let in_case = |(row, id): RowInCase| {
        let playbook = known.get(&id).cloned().ok_or_else(|| playbooks::lost(id))?;
        Ok(TaskInCase { task: row.into(), playbook })
    };
    rows.into_iter().map(in_case).collect()
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<TaskFilter>) -> Result<Vec<TaskInCase>> {
    let filter = &page.filter;
    let mut query = tasks::table
        .inner_join(cases::table.on(cases::tenant_id.eq(tasks::tenant_id).and(cases::id.eq(tasks::case_id))))
        .filter(tasks::tenant_id.eq(at.tenant()))
        .select((Row::as_select(), cases::playbook_id))
        .into_boxed();
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(tasks::case_id.eq_any(within));
    }
    if let Some(case) = filter.case_id {
        query = query.filter(tasks::case_id.eq(case));
    }
    if !filter.stages.is_empty() {
        query = query.filter(tasks::stage.eq_any(filter.stages.clone()));
    }
    if !filter.statuses.is_empty() {
        query = query.filter(tasks::status.eq_any(filter.statuses.clone()));
    }
    if let Some(assignee) = filter.assignee_id {
        query = query.filter(tasks::assignee_id.eq(assignee));
    }
    if let Some(before) = filter.due_before {
        query = query.filter(tasks::due_at.lt(before));
    }
    let rows: Vec<RowInCase> = at.load(paged!(query, page, tasks::due_at, tasks::id))?;
    in_cases(at, rows)
}

pub(in crate::store) fn find(at: &mut At<'_>, id: TaskId) -> Result<TaskInCase> {
    let mut query = tasks::table
        .inner_join(cases::table.on(cases::tenant_id.eq(tasks::tenant_id).and(cases::id.eq(tasks::case_id))))
        .filter(tasks::id.eq(id))
        .select((Row::as_select(), cases::playbook_id))
        .into_boxed();
    if !at.open(Hole::TenantOfTask) {
        query = query.filter(tasks::tenant_id.eq(at.tenant()));
    }
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(tasks::case_id.eq_any(within));
    }
    let row = at.first::<_, RowInCase>(query)?;
    in_cases(at, vec![row])?.pop().ok_or(StoreError::NotFound)
}

/// All tasks of a case, by when they are due.
pub(super) fn of_case(at: &mut At<'_>, case: &Stored<Case>) -> Result<Vec<Task>> {
    let query = tasks::table
        .filter(tasks::tenant_id.eq(at.tenant()))
        .filter(tasks::case_id.eq(case.id))
        .order((tasks::due_at, tasks::id))
        .select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(Task::from).collect())
}

/// Those of several cases.
pub(super) fn of_cases(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Task>> {
    Ok(of_cases!(at, tasks, ids, tasks::due_at, tasks::id)?.into_iter().map(Task::from).collect())
}

pub(super) fn insert_rows(conn: &mut Conn, tenant: TenantId, tasks: &[Task]) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = tasks.iter().map(|task| Row::of(tenant, task)).collect();
    diesel::insert_into(tasks::table).values(rows).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, tasks: &[Task]) -> Result<()> {
    let tenant = at.tenant();
    let mut conn = None;
    for task in tasks {
        conn = Some(at.record(Entry::of_case("task.created", case.id, task.id).with("task", task)));
    }
    match conn {
        Some(conn) => insert_rows(conn, tenant, tasks),
        None => Ok(()),
    }
}

pub(in crate::store) fn save(at: &mut At<'_>, case: &Stored<Case>, before: &Task, after: &Task, kind: &'static str) -> Result<Task> {
    let tenant = at.tenant();
    let after = Task { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let entry = Entry::of_case(kind, case.id, before.id).with_changes(before, &after);
    let row = tasks::table.find((tenant, before.id)).filter(tasks::version.eq(before.version));
    match diesel::update(row).set(Row::of(tenant, &after)).execute(at.record(entry))? {
        1 => Ok(after),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}

pub(in crate::store) fn reschedule(at: &mut At<'_>, case: &Stored<Case>, moved: &[Moved]) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    for Moved { task, from, to } in moved {
        let changes = serde_json::json!({ "due_at": { "from": from, "to": to } });
        let entry = Entry::of_case("task.rescheduled", case.id, *task).with("changes", changes);
        diesel::update(tasks::table.find((tenant, task)))
            .set((tasks::due_at.eq(to.unwrap_or(Instant::FAR_FUTURE)), tasks::version.eq(tasks::version + 1), tasks::updated_at.eq(now)))
            .execute(at.record(entry))?;
    }
    Ok(())
}

/// Waives tasks that no branch calls for any more, all for one reason.
pub(in crate::store) fn leave_branch(at: &mut At<'_>, case: &Stored<Case>, ids: &[TaskId], note: &str) -> Result<()> {
    let (tenant, now, member) = (at.tenant(), at.now(), at.scope().member());
    let rows = tasks::table.filter(tasks::tenant_id.eq(tenant)).filter(tasks::id.eq_any(ids.to_vec()));
    let mut conn = None;
    for id in ids {
        conn = Some(at.record(Entry::of_case("task.dropped", case.id, *id).with("note", note)));
    }
    if let Some(conn) = conn {
        diesel::update(rows)
            .set((
                tasks::status.eq(TaskStatus::Waived),
                tasks::dropped.eq(true),
                tasks::note.eq(note),
                tasks::ended_at.eq(now),
                tasks::ended_by.eq(member),
                tasks::version.eq(tasks::version + 1),
                tasks::updated_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Brings tasks back that a branch calls for again.
pub(in crate::store) fn rejoin_branch(at: &mut At<'_>, case: &Stored<Case>, ids: &[TaskId]) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let rows = tasks::table.filter(tasks::tenant_id.eq(tenant)).filter(tasks::id.eq_any(ids.to_vec()));
    let mut conn = None;
    for id in ids {
        conn = Some(at.record(Entry::of_case("task.restored", case.id, *id)));
    }
    if let Some(conn) = conn {
        diesel::update(rows)
            .set((
                tasks::status.eq(TaskStatus::Todo),
                tasks::dropped.eq(false),
                tasks::note.eq(None::<String>),
                tasks::ended_at.eq(None::<Instant>),
                tasks::ended_by.eq(None::<MemberId>),
                tasks::version.eq(tasks::version + 1),
                tasks::updated_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}
