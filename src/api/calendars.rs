//! Calendars of working days.

use super::{
    body::{Json, MergePatch},
    parameters::{CalendarKey, NoQuery, Year},
    reply::{Answer, Reply},
    request::Request,
    views::{CalendarPage, CalendarView, CalendarYearView, OwnDayView},
};
use crate::{
    domain::{
        access::{ReadCases, WriteRules},
        calendar::CalendarRecord,
        language::Language,
        time::Day,
    },
    store::StoreError,
    usecases::calendars::{self as usecase, CalendarPatch, NewCalendar, NewCalendarYear, NewOwnDay},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionQuery {
    /// The calendar as it was in this version.
    #[param(nullable = false, minimum = 0)]
    version: Option<i32>,
}

fn reply(record: CalendarRecord, language: Language) -> Reply<CalendarView> {
    let version = record.revision;
    Reply::ok(CalendarView::new(record, language, true)).version(version.into())
}

/// List the calendars, without their days: the built-in one first.
#[utoipa::path(get, path = "/v1/calendars", tag = "deadlines", responses((status = 200, description = "All of them.", body = CalendarPage)))]
pub(super) async fn list_calendars(request: Request<ReadCases>) -> Answer {
    let language = request.caller.language();
    let view = move |record| CalendarView::new(record, language, false);
    request.caller.transact(move |tx| Ok(Reply::ok(CalendarPage::new(usecase::list(tx)?.into_iter().map(view).collect(), None)))).await
}

/// Make a calendar of the tenant's own: another zone, other rest days, or one that knows no make-up days.
#[utoipa::path(post, path = "/v1/calendars", tag = "deadlines", responses((status = 201, description = "The calendar.", body = CalendarView)))]
pub(super) async fn create_calendar(request: Request<WriteRules, (), NoQuery, Json<NewCalendar>>) -> Answer {
    let (Json(new), language) = (request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let record = usecase::create(tx, new)?;
            let (location, version) = (format!("/v1/calendars/{}", record.key), record.revision);
            Ok(Reply::created(CalendarView::new(record, language, true), location).version(version.into()))
        })
        .await
}

/// Get a calendar with its days, as it is now or was in a version.
#[utoipa::path(get, path = "/v1/calendars/{calendar_key}", tag = "deadlines", responses((status = 200, description = "The calendar.", body = CalendarView)))]
pub(super) async fn get_calendar(request: Request<ReadCases, CalendarKey, VersionQuery>) -> Answer {
    let (CalendarKey(key), revision, language) = (request.path, request.query.version, request.caller.language());
    request.caller.transact(move |tx| Ok(reply(usecase::find(tx, &key, revision)?, language))).await
}

/// Change a calendar's name, or whether it knows make-up days.
#[utoipa::path(patch, path = "/v1/calendars/{calendar_key}", tag = "deadlines", responses((status = 200, description = "The calendar in its new version.", body = CalendarView)))]
pub(super) async fn change_calendar(request: Request<WriteRules, CalendarKey, NoQuery, MergePatch<CalendarPatch>>) -> Answer {
    let (CalendarKey(key), MergePatch(patch), seen, language) =
        (request.path, request.body, request.caller.seen()?, request.caller.language());
    request.caller.transact(move |tx| Ok(reply(usecase::change(tx, &key, seen, patch)?, language))).await
}

/// Get a year of a calendar; its `ETag` is the calendar's.
#[utoipa::path(get, path = "/v1/calendars/{calendar_key}/years/{year}", tag = "deadlines", responses((status = 200, description = "The year.", body = CalendarYearView)))]
pub(super) async fn get_calendar_year(request: Request<ReadCases, (CalendarKey, Year)>) -> Answer {
    let (CalendarKey(key), Year(year)) = request.path;
    request
        .caller
        .transact(move |tx| {
            let mut record = usecase::find(tx, &key, None)?;
            let published = record.years.remove(&year).ok_or(StoreError::NotFound)?;
            Ok(Reply::ok(CalendarYearView::new(year, published, true)).version(record.revision.into()))
        })
        .await
}

/// Publish a year in a calendar, also in the built-in one.
///
/// Deadlines that were provisional for want of it are counted anew at once, the old and the new end on the record.
#[utoipa::path(put, path = "/v1/calendars/{calendar_key}/years/{year}", tag = "deadlines", responses((status = 200, description = "The calendar in its new version.", body = CalendarView)))]
pub(super) async fn publish_calendar_year(request: Request<WriteRules, (CalendarKey, Year), NoQuery, Json<NewCalendarYear>>) -> Answer {
    let ((CalendarKey(key), Year(year)), Json(new), seen, language) =
        (request.path, request.body, request.caller.seen()?, request.caller.language());
    request.caller.transact(move |tx| Ok(reply(usecase::publish_year(tx, &key, seen, year, new)?, language))).await
}

/// Take a year back that the tenant has published.
#[utoipa::path(delete, path = "/v1/calendars/{calendar_key}/years/{year}", tag = "deadlines", responses((status = 200, description = "The calendar in its new version.", body = CalendarView)))]
pub(super) async fn withdraw_calendar_year(request: Request<WriteRules, (CalendarKey, Year)>) -> Answer {
    let ((CalendarKey(key), Year(year)), seen, language) = (request.path, request.caller.seen()?, request.caller.language());
    request.caller.transact(move |tx| Ok(reply(usecase::withdraw_year(tx, &key, seen, year)?, language))).await
}

/// Get a single day that was set; its `ETag` is the calendar's.
#[utoipa::path(get, path = "/v1/calendars/{calendar_key}/days/{date}", tag = "deadlines", responses((status = 200, description = "The day.", body = OwnDayView)))]
pub(super) async fn get_calendar_day(request: Request<ReadCases, (CalendarKey, Day)>) -> Answer {
    let (CalendarKey(key), date) = request.path;
    request
        .caller
        .transact(move |tx| {
            let mut record = usecase::find(tx, &key, None)?;
            let own = record.days.remove(&date).ok_or(StoreError::NotFound)?;
            Ok(Reply::ok(OwnDayView::new(date, own)).version(record.revision.into()))
        })
        .await
}

/// Set a single day: a local holiday, or a make-up day of the tenant's own.
#[utoipa::path(put, path = "/v1/calendars/{calendar_key}/days/{date}", tag = "deadlines", responses((status = 200, description = "The calendar in its new version.", body = CalendarView)))]
pub(super) async fn set_calendar_day(request: Request<WriteRules, (CalendarKey, Day), NoQuery, Json<NewOwnDay>>) -> Answer {
    let ((CalendarKey(key), date), Json(new), seen, language) =
        (request.path, request.body, request.caller.seen()?, request.caller.language());
    request.caller.transact(move |tx| Ok(reply(usecase::set_day(tx, &key, seen, date, new)?, language))).await
}

/// Take a single day back.
#[utoipa::path(delete, path = "/v1/calendars/{calendar_key}/days/{date}", tag = "deadlines", responses((status = 200, description = "The calendar in its new version.", body = CalendarView)))]
pub(super) async fn unset_calendar_day(request: Request<WriteRules, (CalendarKey, Day)>) -> Answer {
    let ((CalendarKey(key), date), seen, language) = (request.path, request.caller.seen()?, request.caller.language());
    request.caller.transact(move |tx| Ok(reply(usecase::unset_day(tx, &key, seen, date)?, language))).await
}
