//! Tasks, of one case and across cases.

use super::{
    body::{Json, MergePatch},
    parameters::{NoQuery, OneOf},
    reply::{Answer, Reply},
    request::{Caller, Request},
    views::{TaskPage, TaskView},
};
use crate::{
    domain::{
        access::{ReadCases, WorkTasks, WriteCases},
        ids::{CaseId, MemberId, TaskId},
        time::Instant,
        vocabulary::{Stage, TaskStatus},
    },
    store::{
        cases,
        page::{Position, Sort, SortKey},
        records::{TaskFilter, TaskInCase},
        tasks,
    },
    usecases::tasks::{self as usecase, NewTask, TaskPatch},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which tasks. They come by when they are due, those without a date last.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskQuery {
    /// In these stages.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Stage>>)]
    stage: Option<OneOf<Stage>>,
    /// In these states.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<TaskStatus>>)]
    status: Option<OneOf<TaskStatus>>,
    /// Assigned to this member.
    #[param(nullable = false)]
    assignee_id: Option<MemberId>,
    /// Due before this moment.
    #[param(nullable = false)]
    due_before: Option<Instant>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

async fn list(caller: Caller<ReadCases>, case: Option<CaseId>, query: TaskQuery) -> Answer {
    let filter = TaskFilter {
        case_id: case,
        stages: query.stage.unwrap_or_default().0,
        statuses: query.status.unwrap_or_default().0,
        assignee_id: query.assignee_id,
        due_before: query.due_before,
    };
    let by_due = Sort { by: SortKey::DueAt, descending: false };
    let page = caller.page(filter, by_due, query.limit, query.cursor.as_deref())?;
    let (limit, language) = (page.limit, caller.language());
    caller
        .list(
            limit,
            move |tx| {
                if let Some(case) = case {
                    cases::find(tx, case)?;
                }
                Ok(tasks::list(tx, page)?)
            },
            |found| Position { at: found.task.due_at.unwrap_or(Instant::FAR_FUTURE), id: found.task.id.into() },
            move |found| TaskView::new(found, language),
            TaskPage::new,
        )
        .await
}

/// List tasks across cases.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", responses((status = 200, description = "A page of tasks.", body = TaskPage)))]
pub(super) async fn list_tasks(request: Request<ReadCases, (), TaskQuery>) -> Answer {
    list(request.caller, None, request.query).await
}

/// List the tasks of a case.
#[utoipa::path(get, path = "/v1/cases/{case_id}/tasks", tag = "tasks", responses((status = 200, description = "A page of tasks.", body = TaskPage)))]
pub(super) async fn list_case_tasks(request: Request<ReadCases, CaseId, TaskQuery>) -> Answer {
    list(request.caller, Some(request.path), request.query).await
}

/// Add a task to a case by hand.
#[utoipa::path(post, path = "/v1/cases/{case_id}/tasks", tag = "tasks", responses((status = 201, description = "The task.", body = TaskView)))]
pub(super) async fn add_task(request: Request<WriteCases, CaseId, NoQuery, Json<NewTask>>) -> Answer {
    let (id, Json(new), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let added = usecase::add(tx, id, seen, new)?;
            let (location, version) = (format!("/v1/tasks/{}", added.task.id), added.task.version);
            Ok(Reply::created(TaskView::new(added, language), location).version(version))
        })
        .await
}

/// Get a task.
#[utoipa::path(get, path = "/v1/tasks/{task_id}", tag = "tasks", responses((status = 200, description = "The task.", body = TaskView)))]
pub(super) async fn get_task(request: Request<ReadCases, TaskId>) -> Answer {
    let (id, language) = (request.path, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let found: TaskInCase = tasks::find(tx, id)?;
            let version = found.task.version;
            Ok(Reply::ok(TaskView::new(found, language)).version(version))
        })
        .await
}

/// Change a task: assign it, begin it, finish it, waive it with a reason.
#[utoipa::path(patch, path = "/v1/tasks/{task_id}", tag = "tasks", responses((status = 200, description = "The task as changed.", body = TaskView)))]
pub(super) async fn change_task(request: Request<WorkTasks, TaskId, NoQuery, MergePatch<TaskPatch>>) -> Answer {
    let (id, MergePatch(patch), seen, language) = (request.path, request.body, request.caller.seen()?, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let changed = usecase::change(tx, id, seen, patch)?;
            let version = changed.task.version;
            Ok(Reply::ok(TaskView::new(changed, language)).version(version))
        })
        .await
}
