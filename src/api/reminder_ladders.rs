//! Ladders of reminders.

use super::{
    body::Json,
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::Request,
    views::{ReminderLadderPage, ReminderLadderView},
};
use crate::{
    domain::{
        access::{ReadCases, WriteRules},
        ladder::LadderRecord,
        vocabulary::LadderKind,
    },
    usecases::reminder_ladders::{self as usecase, NewReminderLadder},
};

fn reply(record: LadderRecord) -> Reply<ReminderLadderView> {
    let version = record.version;
    Reply::ok(ReminderLadderView::from(record)).version(version)
}

/// List the ladders of reminders, one for each kind of deadline.
#[utoipa::path(get, path = "/v1/reminder_ladders", tag = "reminders", responses((status = 200, description = "All of them.", body = ReminderLadderPage)))]
pub(super) async fn list_reminder_ladders(request: Request<ReadCases>) -> Answer {
    let all = |found: Vec<LadderRecord>| ReminderLadderPage::new(found.into_iter().map(ReminderLadderView::from).collect(), None);
    request.caller.transact(move |tx| Ok(Reply::ok(all(usecase::list(tx)?)))).await
}

/// Get the ladder of reminders of a kind of deadline.
#[utoipa::path(get, path = "/v1/reminder_ladders/{ladder_kind}", tag = "reminders", responses((status = 200, description = "The ladder.", body = ReminderLadderView)))]
pub(super) async fn get_reminder_ladder(request: Request<ReadCases, LadderKind>) -> Answer {
    let kind = request.path;
    request.caller.transact(move |tx| Ok(reply(usecase::find(tx, kind)?))).await
}

/// Replace the ladder of a kind of deadline by one of the tenant's own. The reminders of open deadlines are planned anew.
///
/// Steps that lie behind are not sent, but for the nearest critical one.
#[utoipa::path(put, path = "/v1/reminder_ladders/{ladder_kind}", tag = "reminders", responses((status = 200, description = "The ladder as it is now.", body = ReminderLadderView)))]
pub(super) async fn replace_reminder_ladder(request: Request<WriteRules, LadderKind, NoQuery, Json<NewReminderLadder>>) -> Answer {
    let (kind, Json(new), seen) = (request.path, request.body, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::replace(tx, kind, seen, &new)?))).await
}

/// Take the tenant's own ladder back: the built-in one holds again.
#[utoipa::path(delete, path = "/v1/reminder_ladders/{ladder_kind}", tag = "reminders", responses((status = 200, description = "The ladder as it is now.", body = ReminderLadderView)))]
pub(super) async fn reset_reminder_ladder(request: Request<WriteRules, LadderKind>) -> Answer {
    let (kind, seen) = (request.path, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::reset(tx, kind, seen)?))).await
}
