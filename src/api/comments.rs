//! Comments on cases and tasks.

use super::{
    body::Json,
    members::PageQuery,
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::{Caller, Request, by_id},
    views::{CommentPage, CommentView},
};
use crate::{
    domain::{
        access::{ReadCases, WorkTasks},
        ids::{CaseId, CommentId, TaskId},
    },
    store::{
        Failure, Tx, cases, comments,
        page::{Sort, SortKey},
        records::{AuthoredComment, CommentFilter},
        tasks,
    },
    usecases::comments::{self as usecase, NewComment, Retraction},
};

async fn list(caller: Caller<ReadCases>, filter: CommentFilter, query: PageQuery) -> Answer {
    let newest_first = Sort { by: SortKey::Id, descending: true };
    let page = caller.page(filter, newest_first, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    let work = move |tx: &mut Tx<'_, ReadCases>| {
        match filter {
            CommentFilter::OfCase(id) => drop(cases::find(tx, id)?),
            CommentFilter::OfTask(id) => drop(tasks::find(tx, id)?),
        }
        Ok(comments::list(tx, page)?)
    };
    caller.list(limit, work, |found| by_id(found.comment.id), CommentView::new, CommentPage::new).await
}

/// List the comments on a case and its tasks, newest first, as far as the caller may see them.
#[utoipa::path(get, path = "/v1/cases/{case_id}/comments", tag = "comments", responses((status = 200, description = "A page of comments.", body = CommentPage)))]
pub(super) async fn list_case_comments(request: Request<ReadCases, CaseId, PageQuery>) -> Answer {
    list(request.caller, CommentFilter::OfCase(request.path), request.query).await
}

/// List the comments on a task, newest first, as far as the caller may see them.
#[utoipa::path(get, path = "/v1/tasks/{task_id}/comments", tag = "comments", responses((status = 200, description = "A page of comments.", body = CommentPage)))]
pub(super) async fn list_task_comments(request: Request<ReadCases, TaskId, PageQuery>) -> Answer {
    list(request.caller, CommentFilter::OfTask(request.path), request.query).await
}

async fn written(
    caller: Caller<WorkTasks>,
    write: impl FnOnce(&mut Tx<'_, WorkTasks>) -> Result<AuthoredComment, Failure> + Send + 'static,
) -> Answer {
    caller
        .transact(move |tx| {
            let made = write(tx)?;
            let (location, version) = (format!("/v1/comments/{}", made.comment.id), made.comment.version);
            Ok(Reply::created(CommentView::new(made), location).version(version))
        })
        .await
}

/// Comment on a case.
///
/// A comment is never edited. It does not change the case: the case's version stays.
#[utoipa::path(post, path = "/v1/cases/{case_id}/comments", tag = "comments", responses((status = 201, description = "The comment.", body = CommentView)))]
pub(super) async fn add_case_comment(request: Request<WorkTasks, CaseId, NoQuery, Json<NewComment>>) -> Answer {
    let (id, Json(new), seen) = (request.path, request.body, request.caller.seen_if_told());
    written(request.caller, move |tx| usecase::on_case(tx, id, seen, new)).await
}

/// Comment on a task.
#[utoipa::path(post, path = "/v1/tasks/{task_id}/comments", tag = "comments", responses((status = 201, description = "The comment.", body = CommentView)))]
pub(super) async fn add_task_comment(request: Request<WorkTasks, TaskId, NoQuery, Json<NewComment>>) -> Answer {
    let (id, Json(new), seen) = (request.path, request.body, request.caller.seen_if_told());
    written(request.caller, move |tx| usecase::on_task(tx, id, seen, new)).await
}

/// Get a comment.
#[utoipa::path(get, path = "/v1/comments/{comment_id}", tag = "comments", responses((status = 200, description = "The comment.", body = CommentView)))]
pub(super) async fn get_comment(request: Request<ReadCases, CommentId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let found = comments::find(tx, id)?.into_inner();
            let version = found.comment.version;
            Ok(Reply::ok(CommentView::new(found)).version(version))
        })
        .await
}

/// Retract a comment, with a reason on the record.
///
/// Its words stay for the tenant's staff and are gone for everybody else.
#[utoipa::path(post, path = "/v1/comments/{comment_id}/retract", tag = "comments", responses((status = 200, description = "The comment as retracted.", body = CommentView)))]
pub(super) async fn retract_comment(request: Request<WorkTasks, CommentId, NoQuery, Json<Retraction>>) -> Answer {
    let (id, Json(retraction), seen) = (request.path, request.body, request.caller.seen_if_told());
    request
        .caller
        .transact(move |tx| {
            let retracted = usecase::retract(tx, id, seen, retraction)?;
            let version = retracted.comment.version;
            Ok(Reply::ok(CommentView::new(retracted)).version(version))
        })
        .await
}
