//! Members and invitations.

use super::{
    body::{Json, MergePatch},
    parameters::{NoQuery, OneOf},
    problem::{Kind, Place, Problem},
    reply::{Answer, Reply},
    request::{PublicRequest, Request, by_id},
    views::{HandOverView, InvitationPage, InvitationView, MemberPage, MemberView},
};
use crate::{
    domain::{
        access::{HandOver, ReadMembers, Role, WriteMembers},
        field_rule::FieldRule,
        ids::{InvitationId, MemberId},
        member::MemberStatus,
    },
    store::{
        members,
        page::{Sort, SortKey},
        records::MemberFilter,
    },
    usecases::{
        hand_overs::{self, NewHandOver},
        members::{self as usecase, Acceptance, Accepted, MemberPatch, NewInvitation},
    },
};
use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberQuery {
    /// In these roles.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Role>>)]
    role: Option<OneOf<Role>>,
    /// In this state.
    #[param(nullable = false)]
    status: Option<MemberStatus>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    pub(super) limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    pub(super) cursor: Option<String>,
}

/// In the order of entry.
pub(super) const BY_ID: Sort = Sort { by: SortKey::Id, descending: false };

/// List the members of the tenant.
#[utoipa::path(get, path = "/v1/members", tag = "people", responses((status = 200, description = "A page of members.", body = MemberPage)))]
pub(super) async fn list_members(request: Request<ReadMembers, (), MemberQuery>) -> Answer {
    let query = request.query;
    let filter = MemberFilter { roles: query.role.unwrap_or_default().0, status: query.status };
    let page = request.caller.page(filter, BY_ID, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    request.caller.list(limit, |tx| Ok(members::list(tx, page)?), |member| by_id(member.id), MemberView::from, MemberPage::new).await
}

/// Get a member.
#[utoipa::path(get, path = "/v1/members/{member_id}", tag = "people", responses((status = 200, description = "The member.", body = MemberView)))]
pub(super) async fn get_member(request: Request<ReadMembers, MemberId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            let member = members::find(tx, id)?.into_inner();
            Ok(Reply::ok(MemberView::from(member.clone())).version(member.version))
        })
        .await
}

/// Change a member's role, suspend a member or end the suspension.
#[utoipa::path(patch, path = "/v1/members/{member_id}", tag = "people", responses((status = 200, description = "The member as changed.", body = MemberView)))]
pub(super) async fn change_member(request: Request<WriteMembers, MemberId, NoQuery, MergePatch<MemberPatch>>) -> Answer {
    let (id, MergePatch(patch), seen) = (request.path, request.body, request.caller.seen()?);
    request
        .caller
        .transact(move |tx| {
            let member = usecase::change(tx, id, seen, &patch)?.into_inner();
            Ok(Reply::ok(MemberView::from(member.clone())).version(member.version))
        })
        .await
}

/// Hand a member's work over to another: the open cases that they lead or work on, and their open tasks.
///
/// Up to 200 cases at a time; ask again while there is more. Suspending the member is another call.
#[utoipa::path(post, path = "/v1/members/{member_id}/hand_overs", tag = "people", responses((status = 200, description = "What was handed over.", body = HandOverView)))]
pub(super) async fn hand_over_work(request: Request<HandOver, MemberId, NoQuery, Json<NewHandOver>>) -> Answer {
    let (id, Json(new), seen) = (request.path, request.body, request.caller.seen_if_told());
    request.caller.transact(move |tx| Ok(Reply::ok(HandOverView::from(hand_overs::hand_over(tx, id, seen, new)?)))).await
}

/// List the invitations.
#[utoipa::path(get, path = "/v1/invitations", tag = "people", responses((status = 200, description = "A page of invitations.", body = InvitationPage)))]
pub(super) async fn list_invitations(request: Request<ReadMembers, (), PageQuery>) -> Answer {
    let page = request.caller.page((), BY_ID, request.query.limit, request.query.cursor.as_deref())?;
    let limit = page.limit;
    request
        .caller
        .list(
            limit,
            |tx| Ok(members::list_invitations(tx, page)?),
            |invitation| by_id(invitation.id),
            |invitation| InvitationView::new(invitation, None),
            InvitationPage::new,
        )
        .await
}

/// Invite somebody; the link to hand over is in the answer.
#[utoipa::path(post, path = "/v1/invitations", tag = "people", responses((status = 201, description = "The invitation with its link.", body = InvitationView)))]
pub(super) async fn create_invitation(request: Request<WriteMembers, (), NoQuery, Json<NewInvitation>>) -> Answer {
    let Json(new) = request.body;
    let url = request.caller.services.public_url.clone();
    request
        .caller
        .transact(move |tx| {
            let (invitation, token) = usecase::invite(tx, new)?;
            let location = format!("/v1/invitations/{}", invitation.id);
            Ok(Reply::created(InvitationView::new(invitation, Some((token, &url))), location).unlisted().secret())
        })
        .await
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/v1/invitations/{invitation_id}", tag = "people", responses((status = 204, description = "It is taken back.")))]
pub(super) async fn revoke_invitation(request: Request<WriteMembers, InvitationId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            members::revoke_invitation(tx, id)?;
            Ok(Reply::nothing())
        })
        .await
}

/// Accept an invitation: single use, for the address that it was made for. Log in afterwards.
#[utoipa::path(post, path = "/v1/invitations/accept", tag = "people", responses((status = 204, description = "A member now.")))]
pub(super) async fn accept_invitation(request: PublicRequest<(), NoQuery, Json<Acceptance>>) -> Answer {
    let Json(acceptance) = request.body;
    let services = &request.services;
    let too_many = |wait: crate::auth::attempts::TooMany| Problem::new(Kind::TooManyRequests).retry_after(wait.retry_after);
    let request_id = request.context.request_id;
    let Some(invited) = usecase::invited(&services.store, request_id.clone(), &acceptance.token).await? else {
        services.attempts.begin(&acceptance.token, request.address, services.clock.now()).map_err(too_many)?;
        return Err(Problem::new(Kind::NotFound));
    };
    let attempt = services.attempts.begin(invited.email(), request.address, services.clock.now()).map_err(too_many)?;
    match usecase::accept(&services.store, &services.passwords, request_id, invited, acceptance).await? {
        Accepted::Member(_) => {
            services.attempts.succeeded(attempt);
            Ok(HttpResponse::NoContent().finish())
        }
        Accepted::NoInvitation => Err(Problem::new(Kind::NotFound)),
        Accepted::WrongPassword => Err(Problem::new(Kind::WrongCredentials)),
        Accepted::NameNeeded => {
            services.attempts.succeeded(attempt);
            Err(Problem::with_field(Kind::InvalidBody, Place::Pointer("/name".into()), FieldRule::Required, ""))
        }
    }
}
