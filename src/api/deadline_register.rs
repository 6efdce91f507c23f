//! The register of deadlines.

use super::{
    body::Json,
    parameters::{NoQuery, OneOf},
    problem::Problem,
    reply::{Answer, Reply},
    request::Request,
    views::{RegisterEntryPage, RegisterEntryView},
};
use crate::{
    auth::hash::sha256,
    domain::{
        access::{CheckRegister, ExportRegister, ReadRegister},
        field_rule::FieldRule,
        ids::{CaseId, DeadlineId, RegisterEntryId},
        register_file::{MEDIA_TYPE, SignedFile},
        time::Day,
        vocabulary::RegisterChange,
    },
    store::{
        Tx, deadline_register,
        page::{Position, Sort, SortKey},
        records::RegisterFilter,
    },
    usecases::deadline_register::{self as usecase, NewRegisterCheck},
};
use actix_web::{HttpResponse, http::header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which entries of the register.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterQuery {
    /// Made on this day, in China. When absent: today; every day when `deadline_id`, `case_id` or `unchecked` says which entries are wanted.
    #[param(nullable = false)]
    on: Option<Day>,
    /// About this deadline.
    #[param(nullable = false)]
    deadline_id: Option<DeadlineId>,
    /// About this case.
    #[param(nullable = false)]
    case_id: Option<CaseId>,
    /// Of these kinds.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<RegisterChange>>)]
    change: Option<OneOf<RegisterChange>>,
    /// Only those that a second person still has to check.
    #[param(nullable = false)]
    unchecked: Option<bool>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportQuery {
    /// The day, in China; today when absent.
    #[param(nullable = false)]
    on: Option<Day>,
    /// Which part of a day with more than 10,000 entries; the first when absent.
    #[param(nullable = false, minimum = 1)]
    part: Option<i64>,
}

/// List the register of deadlines: what was entered, changed, met, missed and checked, by whom, in that order.
///
/// Entries are appended with the day on which they were made and never change, so a day that is over stays as it is; a check is an entry of the day on
/// which it was made.
#[utoipa::path(get, path = "/v1/deadline_register", tag = "deadlines", responses((status = 200, description = "A page of entries.", body = RegisterEntryPage)))]
pub(super) async fn list_deadline_register(request: Request<ReadRegister, (), RegisterQuery>) -> Answer {
    let Request { caller, query, .. } = request;
    let filter = RegisterFilter {
        day: query.on,
        case_id: query.case_id,
        deadline_id: query.deadline_id,
        changes: query.change.unwrap_or_default().0,
        unchecked: query.unchecked.unwrap_or(false),
    };
    let mut page = caller.page(filter, Sort { by: SortKey::Id, descending: false }, query.limit, query.cursor.as_deref())?;
    let filter = &mut page.filter;
    if filter.day.is_none() && filter.case_id.is_none() && filter.deadline_id.is_none() && !filter.unchecked {
        let ground = caller.services.store.ground();
        // Whoever turns the page after midnight goes on with the day on which they began.
        let moment = page.after.map_or_else(|| ground.clock.now(), |after| after.at);
        filter.day = Some(moment.day_in(ground.content.calendar.zone()));
    }
    let (limit, language) = (page.limit, caller.language());
    let place = |entry: &crate::domain::register::RegisterEntry| Position { at: entry.at, id: entry.id.into() };
    let view = move |entry| RegisterEntryView::new(entry, language);
    caller.list(limit, move |tx| Ok(deadline_register::list(tx, page)?), place, view, RegisterEntryPage::new).await
}

/// Check an entry of the register as a second person.
///
/// Statutory deadlines are checked when they are entered, changed, extended or resumed, once and not by whoever did it, in person or by an API key. An
/// entry that is not correct stays in the register, marked so; the deadline is then changed, and that is checked in its turn.
#[utoipa::path(post, path = "/v1/deadline_register/{entry_id}/checks", tag = "deadlines", responses((status = 201, description = "The entry that was checked.", body = RegisterEntryView)))]
pub(super) async fn check_register_entry(request: Request<CheckRegister, RegisterEntryId, NoQuery, Json<NewRegisterCheck>>) -> Answer {
    let (id, Json(new), language) = (request.path, request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let checked = usecase::check(tx, id, new)?;
            Ok(Reply::created(RegisterEntryView::new(checked, language), String::new()).unlisted())
        })
        .await
}

/// Take a day of the register out as a signed CSV file; that goes on the record, with the file's hash.
///
/// RFC 4180 in UTF-8 with a byte order mark; texts that a spreadsheet would take for formulas begin with an apostrophe. The last row is the signature:
/// `signature`, then `alg`, `kid`, `x`, `tenant_id`, `day`, `part`, `parts`, `complete`, `rows`, `sha256` (of all bytes before that row) and `signature`,
/// each as `name=value`. It is Ed25519 over `rejoinder deadline register v1`, a line feed, and the row up to the comma before `signature=`; the keys are at
/// `/.well-known/jwks.json`, and `rejoinder verify FILE` checks it without a server. A file has at most 10,000 entries; a day with more has several
/// parts. Entries are appended with the day on which they were made: as soon as the day has been over for a minute the file says `complete=true`, and every
/// later export of the day is the same, byte for byte.
#[utoipa::path(
    get,
    path = "/v1/deadline_register.csv",
    tag = "deadlines",
    responses((
        status = 200,
        description = "The file.",
        body = String,
        content_type = "text/csv",
        headers(("Content-Disposition" = String, description = "The name of the file."), ("Repr-Digest" = String, description = "The SHA-256 of the file (RFC 9530).")),
        examples(("example" = (value = json!("\u{feff}id,day,at,change,case_id,case_number,…\r\n019ab0c4-…,2026-11-20,2026-11-20T03:10:00.000000Z,entered,…\r\nsignature,alg=Ed25519,kid=kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k,…\r\n"))))
    ))
)]
pub(super) async fn export_deadline_register(request: Request<ExportRegister, (), ExportQuery>) -> Answer {
    let (caller, on, part) = (request.caller, request.query.on, request.query.part.unwrap_or(1));
    if part < 1 {
        return Err(Problem::parameter("part", &FieldRule::OutOfRange.to_string()));
    }
    // It is read on a reader, so that nobody who writes waits for it, and sent only when it is on the record.
    let store = &caller.services.store;
    let file: SignedFile = store.transact(caller.opening(), move |tx: &mut Tx<'_, ReadRegister>| usecase::export(tx, on, part)).await?;
    let recording = move |tx: &mut Tx<'_, ExportRegister>| usecase::record_export(tx, &file).map(|()| file);
    let SignedFile { bytes, covered, .. } = store.transact(caller.opening(), recording).await?;
    let which = if covered.parts > 1 { format!("-{}-of-{}", covered.part, covered.parts) } else { String::new() };
    Ok(HttpResponse::Ok()
        .content_type(MEDIA_TYPE)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"deadline-register-{}{which}.csv\"", covered.day)))
        .insert_header(("repr-digest", format!("sha-256=:{}:", STANDARD.encode(sha256(&bytes)))))
        .body(bytes))
}
