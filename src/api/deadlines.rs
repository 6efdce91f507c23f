//! Triggers and the deadlines that they start.

use super::{
    body::{Json, MergePatch},
    parameters::{NoQuery, OneOf},
    reply::{Answer, Reply},
    request::Request,
    views::{
        DeadlinePage, DeadlineView, ExplanationView, MovedTriggerView, Showing, StartedView, StoppedView, TaskView, TriggerPage,
        TriggerView,
    },
};
use crate::{
    domain::{
        access::{Permission, ReadCases, WriteCases},
        deadline::Deadline,
        ids::{CaseId, DeadlineId, TriggerId},
        language::Language,
        vocabulary::OwedBy,
    },
    store::{Failure, Tx, cases, deadlines, records::TaskInCase, triggers},
    usecases::{
        deadline_clocks::{self as clocks, CaseResumption, CaseSuspension, Extension, Resumption, Suspension},
        deadline_explanations::{self as explanations, DeadlinePreview},
        deadlines::{self as usecase, DeadlinePatch, Meeting, NewDeadline, Waiver},
        triggers::{self as trigger_usecase, NewTrigger, TriggerMove},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which deadlines of a case.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadlineQuery {
    /// Owed by these: what an authority owes us stands apart from what we owe.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<OwedBy>>)]
    owed_by: Option<OneOf<OwedBy>>,
}

fn reply<P: Permission>(tx: &mut Tx<'_, P>, deadline: Deadline, language: Language) -> Result<Reply<DeadlineView>, Failure> {
    let version = deadline.version;
    Ok(Reply::ok(DeadlineView::new(deadline, &Showing::of(tx, language)?)).version(version))
}

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
            let showing = Showing::of(tx, language)?;
            let task = |task| TaskView::new(TaskInCase { task, playbook: started.playbook.clone() }, language);
            let location = format!("/v1/triggers/{}", started.trigger.id);
            let view = StartedView {
                trigger: started.trigger.into(),
                deadlines: started.deadlines.into_iter().map(|d| DeadlineView::new(d, &showing)).collect(),
                tasks: started.tasks.into_iter().map(task).collect(),
            };
            Ok(Reply::created(view, location))
        })
        .await
}

/// Get a trigger.
#[utoipa::path(get, path = "/v1/triggers/{trigger_id}", tag = "deadlines", responses((status = 200, description = "The trigger.", body = TriggerView)))]
pub(super) async fn get_trigger(request: Request<ReadCases, TriggerId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let trigger = triggers::find(tx, id)?;
            let version = trigger.version;
            Ok(Reply::ok(TriggerView::from(trigger)).version(version))
        })
        .await
}

/// Preview moving a trigger: every deadline and task that hangs on it, as it is and as it would be.
#[utoipa::path(post, path = "/v1/triggers/{trigger_id}/moves/preview", tag = "deadlines", responses((status = 200, description = "What would change.", body = MovedTriggerView)))]
pub(super) async fn preview_trigger_move(request: Request<ReadCases, TriggerId, NoQuery, Json<TriggerMove>>) -> Answer {
    let (id, Json(wanted), language) = (request.path, request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let moved = trigger_usecase::preview_move(tx, id, &wanted)?;
            Ok(Reply::ok(MovedTriggerView::new(moved, &Showing::of(tx, language)?)))
        })
        .await
}

/// Move a trigger to another time, with a reason; what hangs on it is counted anew, pauses and extensions stay.
///
/// Refused with 409 `confirmation_required` when a deadline that hangs on it was met or edited by hand, until the move names it in `move_too` or
/// `keep`.
#[utoipa::path(post, path = "/v1/triggers/{trigger_id}/moves", tag = "deadlines", responses((status = 200, description = "What has changed.", body = MovedTriggerView)))]
pub(super) async fn move_trigger(request: Request<WriteCases, TriggerId, NoQuery, Json<TriggerMove>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let moved = trigger_usecase::apply_move(tx, id, seen, &wanted)?;
            Ok(Reply::ok(MovedTriggerView::new(moved, &Showing::of(tx, language)?)))
        })
        .await
}

/// Compute a deadline without saving it, with every counted and skipped day.
#[utoipa::path(post, path = "/v1/deadlines/preview", tag = "deadlines", responses((status = 200, description = "The end, and the way to it.", body = ExplanationView)))]
pub(super) async fn preview_deadline(request: Request<ReadCases, (), NoQuery, Json<DeadlinePreview>>) -> Answer {
    let (Json(wanted), language) = (request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let explanation = explanations::preview(tx, wanted)?;
            Ok(Reply::ok(ExplanationView::new(explanation, &Showing::of(tx, language)?)))
        })
        .await
}

/// Explain how a deadline comes to its date: every counted and skipped day, the versions of rule and calendar, their sources.
#[utoipa::path(get, path = "/v1/deadlines/{deadline_id}/explanation", tag = "deadlines", responses((status = 200, description = "The end, and the way to it.", body = ExplanationView)))]
pub(super) async fn explain_deadline(request: Request<ReadCases, DeadlineId>) -> Answer {
    let (id, language) = (request.path, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let (deadline, explanation) = explanations::explanation(tx, id)?;
            Ok(Reply::ok(ExplanationView::new(explanation, &Showing::of(tx, language)?)).version(deadline.version))
        })
        .await
}

/// List the deadlines of a case, by when they end.
#[utoipa::path(get, path = "/v1/cases/{case_id}/deadlines", tag = "deadlines", responses((status = 200, description = "All of them, by when they end.", body = DeadlinePage)))]
pub(super) async fn list_deadlines(request: Request<ReadCases, CaseId, DeadlineQuery>) -> Answer {
    let (id, owed_by, language) = (request.path, request.query.owed_by, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let case = cases::find(tx, id)?;
            let found = deadlines::list(tx, &case)?;
            let showing = Showing::of(tx, language)?;
            let wanted = |deadline: &Deadline| owed_by.as_ref().is_none_or(|wanted| wanted.0.contains(&deadline.owed_by));
            let views = found.into_iter().filter(wanted).map(|d| DeadlineView::new(d, &showing)).collect();
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
            Ok(Reply::created(DeadlineView::new(deadline, &Showing::of(tx, language)?), location).version(version))
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
            reply(tx, deadline, language)
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
            reply(tx, deadline, language)
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
            reply(tx, deadline, language)
        })
        .await
}

/// Change a deadline: who answers for it, or its end, when the platform's page or a decision states another one.
#[utoipa::path(patch, path = "/v1/deadlines/{deadline_id}", tag = "deadlines", responses((status = 200, description = "The deadline as changed.", body = DeadlineView)))]
pub(super) async fn change_deadline(request: Request<WriteCases, DeadlineId, NoQuery, MergePatch<DeadlinePatch>>) -> Answer {
    let (id, MergePatch(patch), seen, language) = (request.path, request.body, request.caller.seen()?, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = usecase::change(tx, id, seen, patch)?;
            reply(tx, deadline, language)
        })
        .await
}

/// Stop the clock of a deadline.
#[utoipa::path(post, path = "/v1/deadlines/{deadline_id}/suspend", tag = "deadlines", responses((status = 200, description = "The deadline, standing still.", body = DeadlineView)))]
pub(super) async fn suspend_deadline(request: Request<WriteCases, DeadlineId, NoQuery, Json<Suspension>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = clocks::suspend(tx, id, seen, &wanted)?;
            reply(tx, deadline, language)
        })
        .await
}

/// Let the clock of a deadline go on: it ends later by just the days that it stood still.
#[utoipa::path(post, path = "/v1/deadlines/{deadline_id}/resume", tag = "deadlines", responses((status = 200, description = "The deadline with its new end.", body = DeadlineView)))]
pub(super) async fn resume_deadline(request: Request<WriteCases, DeadlineId, NoQuery, Json<Resumption>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = clocks::resume(tx, id, seen, &wanted)?;
            reply(tx, deadline, language)
        })
        .await
}

/// Extend a deadline: by the rule for it, by a further period, or to a date that was stated.
#[utoipa::path(post, path = "/v1/deadlines/{deadline_id}/extend", tag = "deadlines", responses((status = 200, description = "The deadline with its new end.", body = DeadlineView)))]
pub(super) async fn extend_deadline(request: Request<WriteCases, DeadlineId, NoQuery, Json<Extension>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let deadline = clocks::extend(tx, id, seen, &wanted)?;
            reply(tx, deadline, language)
        })
        .await
}

/// Preview stopping the clocks of a case: which stop, which run on, and where those that stop would end if they went on now.
#[utoipa::path(post, path = "/v1/cases/{case_id}/suspensions/preview", tag = "deadlines", responses((status = 200, description = "What would stop and what would run on.", body = StoppedView)))]
pub(super) async fn preview_suspension(request: Request<ReadCases, CaseId, NoQuery, Json<CaseSuspension>>) -> Answer {
    let (id, Json(wanted), language) = (request.path, request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let stopped = clocks::preview_suspension(tx, id, &wanted)?;
            Ok(Reply::ok(StoppedView::new(stopped, &Showing::of(tx, language)?)))
        })
        .await
}

/// Stop the clocks of a case: those whose rule does not count times of this ground, or those that are named. The others run on.
#[utoipa::path(post, path = "/v1/cases/{case_id}/suspensions", tag = "deadlines", responses((status = 200, description = "What has stopped and what runs on.", body = StoppedView)))]
pub(super) async fn suspend_case(request: Request<WriteCases, CaseId, NoQuery, Json<CaseSuspension>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let stopped = clocks::suspend_case(tx, id, seen, &wanted)?;
            Ok(Reply::ok(StoppedView::new(stopped, &Showing::of(tx, language)?)))
        })
        .await
}

/// Let the clocks of a case go on: all that stand still, or those that are named.
#[utoipa::path(post, path = "/v1/cases/{case_id}/resumptions", tag = "deadlines", responses((status = 200, description = "The deadlines with their new ends.", body = DeadlinePage)))]
pub(super) async fn resume_case(request: Request<WriteCases, CaseId, NoQuery, Json<CaseResumption>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let going_on = clocks::resume_case(tx, id, seen, &wanted)?;
            let showing = Showing::of(tx, language)?;
            Ok(Reply::ok(DeadlinePage::new(going_on.into_iter().map(|d| DeadlineView::new(d, &showing)).collect(), None)))
        })
        .await
}
