//! Complaints, allegations and sealed identities.

use super::{
    body::{Json, MergePatch},
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::Request,
    views::{AddedComplaintView, AllegationPage, AllegationView, BranchPreviewView, ComplaintPage, ComplaintView, Showing},
};
use crate::{
    domain::{
        access::{OpenIdentity, ReadCases, ReadPlaybooks, WriteCases},
        ids::{AllegationId, CaseId, ComplaintId},
    },
    store::{allegations, cases, complaints},
    usecases::{
        self,
        allegations::{AddedAllegation, AllegationPatch},
        complaints::{ComplaintPatch, Identity, IdentityRequest, NewComplaint},
    },
};

/// List the complaints of a case.
#[utoipa::path(get, path = "/v1/cases/{case_id}/complaints", tag = "complaints", responses((status = 200, description = "All of them, in the order of entry.", body = ComplaintPage)))]
pub(super) async fn list_complaints(request: Request<ReadCases, CaseId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let case = cases::find(tx, id)?;
            let found = complaints::list(tx, &case)?;
            Ok(Reply::ok(ComplaintPage::new(found.into_iter().map(ComplaintView::from).collect(), None)).version(case.version))
        })
        .await
}

/// Add a complaint to a case: its clock starts, and the tasks of its branch come into being.
#[utoipa::path(post, path = "/v1/cases/{case_id}/complaints", tag = "complaints", responses((status = 201, description = "The complaint with its allegations.", body = AddedComplaintView)))]
pub(super) async fn add_complaint(request: Request<WriteCases, CaseId, NoQuery, Json<NewComplaint>>) -> Answer {
    let (id, Json(new), seen) = (request.path, request.body, request.caller.seen_if_told());
    request
        .caller
        .transact(move |tx| {
            let (complaint, added) = usecases::complaints::add(tx, id, seen, new)?;
            let location = format!("/v1/complaints/{}", complaint.id);
            let view =
                AddedComplaintView { complaint: complaint.into(), allegations: added.into_iter().map(AllegationView::from).collect() };
            Ok(Reply::created(view, location))
        })
        .await
}

/// Get a complaint.
#[utoipa::path(get, path = "/v1/complaints/{complaint_id}", tag = "complaints", responses((status = 200, description = "The complaint.", body = ComplaintView)))]
pub(super) async fn get_complaint(request: Request<ReadCases, ComplaintId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let complaint = complaints::find(tx, id)?;
            let version = complaint.version;
            Ok(Reply::ok(ComplaintView::from(complaint)).version(version))
        })
        .await
}

/// Change a complaint, and the assessment of who is behind it.
///
/// When the reporter turns out to be of another type, the tasks of that branch come into being, and those of the branch that is left are dropped as
/// far as nobody has begun them. The preview shows which.
#[utoipa::path(patch, path = "/v1/complaints/{complaint_id}", tag = "complaints", responses((status = 200, description = "The complaint as changed.", body = ComplaintView)))]
pub(super) async fn change_complaint(request: Request<WriteCases, ComplaintId, NoQuery, MergePatch<ComplaintPatch>>) -> Answer {
    let (id, MergePatch(patch), seen) = (request.path, request.body, request.caller.seen()?);
    request
        .caller
        .transact(move |tx| {
            let complaint = usecases::complaints::change(tx, id, seen, patch)?;
            let version = complaint.version;
            Ok(Reply::ok(ComplaintView::from(complaint)).version(version))
        })
        .await
}

/// Preview adding a complaint: the deadlines that it starts, the tasks that it adds.
#[utoipa::path(post, path = "/v1/cases/{case_id}/complaints/preview", tag = "complaints", responses((status = 200, description = "What would start and change.", body = BranchPreviewView)))]
pub(super) async fn preview_complaint(request: Request<ReadPlaybooks, CaseId, NoQuery, Json<NewComplaint>>) -> Answer {
    let (id, Json(new), language) = (request.path, request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let preview = usecases::complaints::preview_add(tx, id, new)?;
            Ok(Reply::ok(BranchPreviewView::new(preview, &Showing::of(tx, language)?)))
        })
        .await
}

/// Preview a change of a complaint: the tasks that it adds, drops and keeps.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/preview", tag = "complaints", responses((status = 200, description = "What would change.", body = BranchPreviewView)))]
pub(super) async fn preview_complaint_change(request: Request<ReadPlaybooks, ComplaintId, NoQuery, Json<ComplaintPatch>>) -> Answer {
    let (id, Json(patch), language) = (request.path, request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let preview = usecases::complaints::preview_change(tx, id, patch)?;
            Ok(Reply::ok(BranchPreviewView::new(preview, &Showing::of(tx, language)?)))
        })
        .await
}

/// Open a reporter's sealed identity. Who opened it, when and why goes on the record.
#[utoipa::path(post, path = "/v1/complaints/{complaint_id}/reporter_identity/openings", tag = "complaints", responses((status = 200, description = "Who the reporter is.", body = Identity)))]
pub(super) async fn open_reporter_identity(request: Request<OpenIdentity, ComplaintId, NoQuery, Json<IdentityRequest>>) -> Answer {
    let (id, Json(wanted)) = (request.path, request.body);
    request.caller.transact(move |tx| Ok(Reply::ok(usecases::complaints::open_identity(tx, id, &wanted)?).told_once())).await
}

/// List the allegations of a case.
#[utoipa::path(get, path = "/v1/cases/{case_id}/allegations", tag = "complaints", responses((status = 200, description = "All of them, in the order of entry.", body = AllegationPage)))]
pub(super) async fn list_allegations(request: Request<ReadCases, CaseId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let case = cases::find(tx, id)?;
            let found = allegations::list(tx, &case)?;
            Ok(Reply::ok(AllegationPage::new(found.into_iter().map(AllegationView::from).collect(), None)).version(case.version))
        })
        .await
}

/// Add an allegation under one of a case's complaints.
#[utoipa::path(post, path = "/v1/cases/{case_id}/allegations", tag = "complaints", responses((status = 201, description = "The allegation.", body = AllegationView)))]
pub(super) async fn add_allegation(request: Request<WriteCases, CaseId, NoQuery, Json<AddedAllegation>>) -> Answer {
    let (id, Json(new), seen) = (request.path, request.body, request.caller.seen_if_told());
    request
        .caller
        .transact(move |tx| {
            let allegation = usecases::allegations::add(tx, id, seen, new)?;
            let (location, version) = (format!("/v1/allegations/{}", allegation.id), allegation.version);
            Ok(Reply::created(AllegationView::from(allegation), location).version(version))
        })
        .await
}

/// Get an allegation.
#[utoipa::path(get, path = "/v1/allegations/{allegation_id}", tag = "complaints", responses((status = 200, description = "The allegation.", body = AllegationView)))]
pub(super) async fn get_allegation(request: Request<ReadCases, AllegationId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let allegation = allegations::find(tx, id)?;
            let version = allegation.version;
            Ok(Reply::ok(AllegationView::from(allegation)).version(version))
        })
        .await
}

/// Change an allegation: conclude on it, record how it ended.
///
/// A conclusion that confirms a violation, and the outcome of the last open allegation, are facts of the case: the tasks that hang on them come
/// into being.
#[utoipa::path(patch, path = "/v1/allegations/{allegation_id}", tag = "complaints", responses((status = 200, description = "The allegation as changed.", body = AllegationView)))]
pub(super) async fn change_allegation(request: Request<WriteCases, AllegationId, NoQuery, MergePatch<AllegationPatch>>) -> Answer {
    let (id, MergePatch(patch), seen) = (request.path, request.body, request.caller.seen()?);
    request
        .caller
        .transact(move |tx| {
            let allegation = usecases::allegations::change(tx, id, seen, patch)?;
            let version = allegation.version;
            Ok(Reply::ok(AllegationView::from(allegation)).version(version))
        })
        .await
}
