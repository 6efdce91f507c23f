//! Playbooks, and moving cases between their versions.

use super::{
    body::{Bulk, Json, MergePatch},
    members::BY_ID,
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{MovedCasePage, MovedCaseView, PlaybookChangeView, PlaybookPage, PlaybookView},
};
use crate::{
    domain::{
        access::{OpenCases, ReadPlaybooks, WritePlaybooks},
        ids::{CaseId, PlaybookId},
        playbook::{PlaybookRecord, Template},
        text::Slug,
        vocabulary::PlaybookStatus,
    },
    store::{
        StoreError,
        records::{ListedPlaybook, PlaybookFilter},
    },
    usecases::{
        playbook_moves::{self as moves, CaseMoves, PlaybookMove},
        playbooks::{self as usecase, NewPlaybook, NewPlaybookTask, PlaybookPatch, PlaybookTransition},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which playbooks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaybookQuery {
    /// The versions of this playbook.
    #[param(nullable = false, value_type = Option<Slug>)]
    key: Option<Slug>,
    /// In this state.
    #[param(nullable = false)]
    status: Option<PlaybookStatus>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

fn reply(record: PlaybookRecord) -> Reply<PlaybookView> {
    let version = record.version;
    Reply::ok(PlaybookView::whole(record)).version(version)
}

/// List the playbooks: the built-in one, then the tenant's own, each version by itself.
#[utoipa::path(get, path = "/v1/playbooks", tag = "playbooks", responses((status = 200, description = "A page of playbooks.", body = PlaybookPage)))]
pub(super) async fn list_playbooks(request: Request<ReadPlaybooks, (), PlaybookQuery>) -> Answer {
    let query = request.query;
    let filter = PlaybookFilter { key: query.key.map(Into::into), status: query.status };
    let page = request.caller.page(filter, BY_ID, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    let place = |listed: &ListedPlaybook| by_id(listed.record.playbook.id);
    request.caller.list(limit, |tx| usecase::list(tx, page), place, PlaybookView::listed, PlaybookPage::new).await
}

/// Copy a playbook into a draft.
///
/// A playbook has one draft at a time. Its tasks are then put in and taken out one by one, and it is published.
#[utoipa::path(post, path = "/v1/playbooks", tag = "playbooks", responses((status = 201, description = "The draft.", body = PlaybookView)))]
pub(super) async fn create_playbook(request: Request<WritePlaybooks, (), NoQuery, Json<NewPlaybook>>) -> Answer {
    let Json(new) = request.body;
    request
        .caller
        .transact(move |tx| {
            let draft = usecase::create(tx, new)?;
            let (location, version) = (format!("/v1/playbooks/{}", draft.playbook.id), draft.version);
            Ok(Reply::created(PlaybookView::whole(draft), location).version(version))
        })
        .await
}

/// Get a playbook with its tasks.
#[utoipa::path(get, path = "/v1/playbooks/{playbook_id}", tag = "playbooks", responses((status = 200, description = "The playbook.", body = PlaybookView)))]
pub(super) async fn get_playbook(request: Request<ReadPlaybooks, PlaybookId>) -> Answer {
    let id = request.path;
    request.caller.transact(move |tx| Ok(reply(usecase::find(tx, id)?))).await
}

/// Change the title and the note of a draft.
#[utoipa::path(patch, path = "/v1/playbooks/{playbook_id}", tag = "playbooks", responses((status = 200, description = "The draft as changed.", body = PlaybookView)))]
pub(super) async fn change_playbook(request: Request<WritePlaybooks, PlaybookId, NoQuery, MergePatch<PlaybookPatch>>) -> Answer {
    let (id, MergePatch(patch), seen) = (request.path, request.body, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::change(tx, id, seen, patch)?))).await
}

/// Discard a draft.
#[utoipa::path(delete, path = "/v1/playbooks/{playbook_id}", tag = "playbooks", responses((status = 200, description = "The draft as it was.", body = PlaybookView)))]
pub(super) async fn discard_playbook(request: Request<WritePlaybooks, PlaybookId>) -> Answer {
    let (id, seen) = (request.path, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::discard(tx, id, seen)?))).await
}

/// Get a task of a playbook; its `ETag` is the playbook's.
#[utoipa::path(get, path = "/v1/playbooks/{playbook_id}/tasks/{task_key}", tag = "playbooks", responses((status = 200, description = "The task.", body = Template)))]
pub(super) async fn get_playbook_task(request: Request<ReadPlaybooks, (PlaybookId, Slug)>) -> Answer {
    let (id, key) = request.path;
    request
        .caller
        .transact(move |tx| {
            let record = usecase::find(tx, id)?;
            let task = record.playbook.template(&key).cloned().ok_or(StoreError::NotFound)?;
            Ok(Reply::ok(task).version(record.version))
        })
        .await
}

/// Put a task into a draft: in the place of the one with this key, or behind all others.
#[utoipa::path(put, path = "/v1/playbooks/{playbook_id}/tasks/{task_key}", tag = "playbooks", responses((status = 200, description = "The draft as changed.", body = PlaybookView)))]
pub(super) async fn put_playbook_task(request: Request<WritePlaybooks, (PlaybookId, Slug), NoQuery, Json<NewPlaybookTask>>) -> Answer {
    let ((id, key), Json(new), seen) = (request.path, request.body, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::put_task(tx, id, seen, key, new)?))).await
}

/// Take a task out of a draft.
#[utoipa::path(delete, path = "/v1/playbooks/{playbook_id}/tasks/{task_key}", tag = "playbooks", responses((status = 200, description = "The draft as changed.", body = PlaybookView)))]
pub(super) async fn remove_playbook_task(request: Request<WritePlaybooks, (PlaybookId, Slug)>) -> Answer {
    let ((id, key), seen) = (request.path, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::remove_task(tx, id, seen, &key)?))).await
}

/// Publish a draft, for ever.
///
/// Refused with 409 `playbook_faulty` and all faults when it has no tasks, or tasks that hang on nothing or on each other.
#[utoipa::path(post, path = "/v1/playbooks/{playbook_id}/transitions", tag = "playbooks", responses((status = 200, description = "The playbook as published.", body = PlaybookView)))]
pub(super) async fn transition_playbook(request: Request<WritePlaybooks, PlaybookId, NoQuery, Json<PlaybookTransition>>) -> Answer {
    let (id, Json(wanted), seen) = (request.path, request.body, request.caller.seen_if_told());
    request.caller.transact(move |tx| Ok(reply(usecase::publish(tx, id, seen, wanted)?))).await
}

/// Make this version the default for new cases.
#[utoipa::path(post, path = "/v1/playbooks/{playbook_id}/default", tag = "playbooks", responses((status = 200, description = "The playbook, now the default.", body = PlaybookView)))]
pub(super) async fn make_playbook_default(request: Request<WritePlaybooks, PlaybookId>) -> Answer {
    let (id, seen) = (request.path, request.caller.seen_if_told());
    request.caller.transact(move |tx| Ok(reply(usecase::make_default(tx, id, seen)?))).await
}

/// Preview moving a case to another version.
#[utoipa::path(post, path = "/v1/cases/{case_id}/playbook_moves/preview", tag = "playbooks", responses((status = 200, description = "What would change.", body = PlaybookChangeView)))]
pub(super) async fn preview_case_move(request: Request<ReadPlaybooks, CaseId, NoQuery, Json<PlaybookMove>>) -> Answer {
    let (id, Json(wanted), language) = (request.path, request.body, request.caller.language());
    request.caller.transact(move |tx| Ok(Reply::ok(PlaybookChangeView::new(moves::preview(tx, id, &wanted)?, language, false)))).await
}

/// Move a case to another version of a playbook.
///
/// Tasks that the version calls for come into being. Tasks that it does not call for are dropped if nobody has begun them; all others stay.
#[utoipa::path(post, path = "/v1/cases/{case_id}/playbook_moves", tag = "playbooks", responses((status = 200, description = "What has changed.", body = PlaybookChangeView)))]
pub(super) async fn move_case(request: Request<OpenCases, CaseId, NoQuery, Json<PlaybookMove>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request.caller.transact(move |tx| Ok(Reply::ok(PlaybookChangeView::new(moves::apply(tx, id, seen, &wanted)?, language, true)))).await
}

/// Preview moving many cases to this version.
#[utoipa::path(post, path = "/v1/playbooks/{playbook_id}/case_moves/preview", tag = "playbooks", responses((status = 200, description = "What would change, by the id of the case.", body = MovedCasePage)))]
pub(super) async fn preview_case_moves(request: Request<ReadPlaybooks, PlaybookId, NoQuery, Json<CaseMoves>>) -> Answer {
    let (id, Json(wanted)) = (request.path, request.body);
    request
        .caller
        .transact(move |tx| {
            let moved = moves::preview_many(tx, id, &wanted)?;
            Ok(Reply::ok(MovedCasePage::new(moved.into_iter().map(MovedCaseView::from).collect(), None)))
        })
        .await
}

/// Move many cases to this version, all or none.
///
/// `GET /v1/cases?playbook_id=` finds the cases on another version.
#[utoipa::path(post, path = "/v1/playbooks/{playbook_id}/case_moves", tag = "playbooks", responses((status = 200, description = "What has changed, by the id of the case.", body = MovedCasePage)))]
pub(super) async fn move_cases(request: Request<OpenCases, PlaybookId, NoQuery, Bulk<CaseMoves>>) -> Answer {
    let (id, Bulk(wanted), seen) = (request.path, request.body, request.caller.seen_if_told());
    request
        .caller
        .transact(move |tx| {
            let moved = moves::apply_many(tx, id, seen, &wanted)?;
            Ok(Reply::ok(MovedCasePage::new(moved.into_iter().map(MovedCaseView::from).collect(), None)))
        })
        .await
}
