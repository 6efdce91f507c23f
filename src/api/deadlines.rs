//! Triggers and the deadlines that they start.

use super::{
    body::Json,
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::Request,
    views::{DeadlinePage, DeadlineView, StartedView, TaskView, TriggerPage, TriggerView},
};
use crate::{
    domain::{
        access::{ReadCases, WriteCases},
        ids::{CaseId, DeadlineId},
    },
    store::{cases, deadlines, records::TaskInCase, triggers},
    usecases::{
        deadlines::{self as usecase, Meeting, NewDeadline, Waiver},
        triggers::{self as trigger_usecase, NewTrigger},
    },
};

/// List the triggers of a case.
#[utoipa::path(get, path = "/v1/cases/{case_id}/triggers", tag = "deadlines", responses((status = 200, description = "All of them, in the order of entry.", body = TriggerPage)))]
pub(super) async fn list_triggers(request: Request<ReadCases, CaseId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let case = cases::find(tx, id)?;
            let found = triggers::list(tx, &case)?;
            Ok(Reply::ok(TriggerPage::new(found.into_iter().map(TriggerView::from).collect(), None)).version(case.version))
        })
        .await
}

/// Record a dated fact; the deadlines and tasks that it makes are in the answer.
#[utoipa::path(post, path = "/v1/cases/{case_id}/triggers", tag = "deadlines", responses((status = 201, description = "The trigger with what it made.", body = StartedView)))]
pub(super) async fn record_trigger(request: Request<WriteCases, CaseId, NoQuery, Json<NewTrigger>>) -> Answer {
    let (id, Json(new), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let started = trigger_usecase::record(tx, id, seen, new)?;
            let ground = tx.ground();
            let task = |task| TaskView::new(TaskInCase { task, playbook: started.playbook.clone() }, language);
            let view = StartedView {
                trigger: started.trigger.into(),
                deadlines: started.deadlines.into_iter().map(|d| DeadlineView::new(d, &ground.content, language)).collect(),
                tasks: started.tasks.into_iter().map(task).collect(),
            };
            Ok(Reply::created(view, format!("/v1/cases/{id}/triggers")))
        })
        .await
}

/// List the deadlines of a case, by when they end.
#[utoipa::path(get, path = "/v1/cases/{case_id}/deadlines", tag = "deadlines", responses((status = 200, description = "All of them, by when they end.", body = DeadlinePage)))]
pub(super) async fn list_deadlines(request: Request<ReadCases, CaseId>) -> Answer {
    let (id, language) = (request.path, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let case = cases::find(tx, id)?;
            let found = deadlines::list(tx, &case)?;
            let ground = tx.ground();
            let views = found.into_iter().map(|d| DeadlineView::new(d, &ground.content, language)).collect();
            Ok(Reply::ok(DeadlinePage::new(views, None)).version(case.version))
        })
        .await
}

/// Type in a deadline that a notice or a platform's page states.
#[utoipa::path(post, path = "/v1/cases/{case_id}/deadlines", tag = "deadlines", responses((status = 201, description = "The deadline.", body = DeadlineView)))]
pub(super) async fn add_deadline(request: Request<WriteCases, CaseId, NoQuery, Json<NewDeadline>>) -> Answer {
    let (id, Json(new), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = usecase::add(tx, id, seen, new)?;
            let (location, version) = (format!("/v1/deadlines/{}", deadline.id), deadline.version);
            Ok(Reply::created(DeadlineView::new(deadline, &tx.ground().content, language), location).version(version))
        })
        .await
}

/// Get a deadline.
#[utoipa::path(get, path = "/v1/deadlines/{deadline_id}", tag = "deadlines", responses((status = 200, description = "The deadline.", body = DeadlineView)))]
pub(super) async fn get_deadline(request: Request<ReadCases, DeadlineId>) -> Answer {
    let (id, language) = (request.path, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = deadlines::find(tx, id)?;
            let version = deadline.version;
            Ok(Reply::ok(DeadlineView::new(deadline, &tx.ground().content, language)).version(version))
        })
        .await
}

/// Record that the act was done. A late act meets the deadline too; `met_at` shows that it was late.
#[utoipa::path(post, path = "/v1/deadlines/{deadline_id}/meet", tag = "deadlines", responses((status = 200, description = "The deadline as met.", body = DeadlineView)))]
pub(super) async fn meet_deadline(request: Request<WriteCases, DeadlineId, NoQuery, Json<Meeting>>) -> Answer {
    let (id, Json(meeting), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = usecase::meet(tx, id, seen, meeting)?;
            let version = deadline.version;
            Ok(Reply::ok(DeadlineView::new(deadline, &tx.ground().content, language)).version(version))
        })
        .await
}

/// Let a deadline go, with a reason.
#[utoipa::path(post, path = "/v1/deadlines/{deadline_id}/waive", tag = "deadlines", responses((status = 200, description = "The deadline as waived.", body = DeadlineView)))]
pub(super) async fn waive_deadline(request: Request<WriteCases, DeadlineId, NoQuery, Json<Waiver>>) -> Answer {
    let (id, Json(waiver), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = usecase::waive(tx, id, seen, waiver)?;
            let version = deadline.version;
            Ok(Reply::ok(DeadlineView::new(deadline, &tx.ground().content, language)).version(version))
        })
        .await
}
