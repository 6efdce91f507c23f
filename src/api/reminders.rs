//! Reminders: one's own, and the record of a case's.

use super::{
    body::Json,
    members::PageQuery,
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{ReminderPage, ReminderView, SentReminderPage, SentReminderView},
};
use crate::{
    domain::{
        access::{ReadCases, WriteSelf},
        ids::{CaseId, ReminderId},
    },
    store::{
        cases,
        page::{Position, Sort, SortKey},
        records::{ReminderFilter, ShownReminder},
        reminders,
    },
    usecases::reminders::{self as usecase, Snooze},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which reminders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ReminderQuery {
    /// Only those that are not acknowledged; with `false`, only those that are.
    #[param(nullable = false)]
    open: Option<bool>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List the reminders that the caller was shown, newest first.
#[utoipa::path(get, path = "/v1/reminders", tag = "reminders", responses((status = 200, description = "A page of reminders.", body = ReminderPage)))]
pub(super) async fn list_reminders(request: Request<ReadCases, (), ReminderQuery>) -> Answer {
    let query = request.query;
    let newest_first = Sort { by: SortKey::ShownAt, descending: true };
    let page = request.caller.page(ReminderFilter { open: query.open }, newest_first, query.limit, query.cursor.as_deref())?;
    let (limit, language) = (page.limit, request.caller.language());
    let place = |shown: &ShownReminder| Position { at: shown.reminder.shown_at, id: shown.reminder.id.into() };
    request
        .caller
        .list(limit, |tx| Ok(reminders::list(tx, page)?), place, move |shown| ReminderView::new(shown, language), ReminderPage::new)
        .await
}

/// Acknowledge a reminder of one's own. Steps that go on only without that are then left out.
#[utoipa::path(post, path = "/v1/reminders/{reminder_id}/acknowledge", tag = "reminders", responses((status = 200, description = "The reminder as acknowledged.", body = ReminderView)))]
pub(super) async fn acknowledge_reminder(request: Request<WriteSelf, ReminderId>) -> Answer {
    let (id, seen, language) = (request.path, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let shown = usecase::acknowledge(tx, id, seen)?.into_inner();
            let version = shown.reminder.version;
            Ok(Reply::ok(ReminderView::new(shown, language)).version(version))
        })
        .await
}

/// Put a reminder of one's own off: it comes again at that moment, over every channel.
#[utoipa::path(post, path = "/v1/reminders/{reminder_id}/snooze", tag = "reminders", responses((status = 200, description = "The reminder as put off.", body = ReminderView)))]
pub(super) async fn snooze_reminder(request: Request<WriteSelf, ReminderId, NoQuery, Json<Snooze>>) -> Answer {
    let (id, Json(wanted), seen, language) = (request.path, request.body, request.caller.seen_if_told(), request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let shown = usecase::snooze(tx, id, seen, &wanted)?.into_inner();
            let version = shown.reminder.version;
            Ok(Reply::ok(ReminderView::new(shown, language)).version(version))
        })
        .await
}

/// List the reminders that were sent in a case, newest first: who was warned when, over which channels, with what result.
///
/// They are internal: the client's staff see none.
#[utoipa::path(get, path = "/v1/cases/{case_id}/reminders", tag = "reminders", responses((status = 200, description = "A page of reminders.", body = SentReminderPage)))]
pub(super) async fn list_case_reminders(request: Request<ReadCases, CaseId, PageQuery>) -> Answer {
    let (id, query) = (request.path, request.query);
    let newest_first = Sort { by: SortKey::Id, descending: true };
    let page = request.caller.page((), newest_first, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    let work = move |tx: &mut crate::store::Tx<'_, ReadCases>| {
        let case = cases::find(tx, id)?;
        Ok(reminders::of_case(tx, &case, page)?)
    };
    request.caller.list(limit, work, |sent| by_id(sent.reminder.id), SentReminderView::from, SentReminderPage::new).await
}
