//! Logging in and out, and who one is.

use super::{
    Services,
    body::Json,
    parameters::NoQuery,
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    request::{PublicRequest, Request},
    views::{MeView, SessionView, TenantView},
};
use crate::{
    auth::tokens::LIFETIME,
    domain::{
        access::{Capability, ReadSelf, WriteSelf},
        violation::RuleViolation,
    },
    store::{members, sessions},
    usecases::{
        sessions::{self as usecase, LogIn, LoggedIn, Open, PasswordChange, Refresh},
        tenants::Trouble,
    },
};
use actix_web::HttpResponse;
use serde_json::json;

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Failure(failure) => failure.into(),
            Trouble::Password(error) => error.into(),
        }
    }
}

fn opened(services: &Services, open: Open) -> Answer {
    let now = services.clock.now();
    let jti = uuid::Uuid::from_bytes(services.clock.random());
    let access_token = services.tokens.sign(open.subject, jti, now).map_err(|e| Problem::new(Kind::Internal).because(e))?;
    let view = SessionView {
        access_token,
        token_type: "Bearer",
        expires_in: LIFETIME,
        refresh_token: open.refresh_token,
        tenant: TenantView { id: open.membership.tenant_id, name: open.membership.tenant_name },
        member_id: open.membership.member_id,
        role: open.membership.role,
    };
    Ok(HttpResponse::Created().json(view))
}

/// Log in.
///
/// Somebody who belongs to several tenants and names none is answered 409 `tenant_required` with the list, once the password has matched.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", responses((status = 201, description = "Logged in.", body = SessionView)))]
pub(super) async fn log_in(request: PublicRequest<(), NoQuery, Json<LogIn>>) -> Answer {
    let Json(log_in) = request.body;
    let services = &request.services;
    let too_many = |wait: crate::auth::attempts::TooMany| Problem::new(Kind::TooManyRequests).retry_after(wait.retry_after);
    let attempt = services.attempts.begin(&log_in.email, request.address, services.clock.now()).map_err(too_many)?;
    match usecase::log_in(&services.store, &services.passwords, request.context.request_id, log_in).await? {
        LoggedIn::Refused => Err(Problem::new(Kind::WrongCredentials)),
        LoggedIn::Open(open) => {
            services.attempts.succeeded(attempt);
            opened(services, *open)
        }
        LoggedIn::ChooseTenant(memberships) => {
            services.attempts.succeeded(attempt);
            let tenants: Vec<_> = memberships.iter().map(|m| json!({ "id": m.tenant_id, "name": m.tenant_name, "role": m.role })).collect();
            Err(Problem::new(Kind::TenantRequired).with_facts(json!({ "tenants": tenants })))
        }
    }
}

/// Exchange a refresh token for the next access token.
///
/// A refresh token is good once. Using it again ends the session, unless that is within ten seconds, when the answer may have been lost.
#[utoipa::path(post, path = "/v1/sessions/refresh", tag = "sessions", responses((status = 201, description = "Still logged in.", body = SessionView)))]
pub(super) async fn refresh_session(request: PublicRequest<(), NoQuery, Json<Refresh>>) -> Answer {
    let Json(refresh) = request.body;
    match usecase::refresh(&request.services.store, request.context.request_id, refresh).await? {
        Some(open) => opened(&request.services, open),
        None => Err(Problem::new(Kind::Unauthenticated)),
    }
}

/// Log out.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", responses((status = 204, description = "Logged out.")))]
pub(super) async fn log_out(request: Request<WriteSelf>) -> Answer {
    request
        .caller
        .transact(|tx| {
            sessions::end(tx)?;
            Ok(Reply::nothing())
        })
        .await
}

/// Who am I, and what may I do?
#[utoipa::path(get, path = "/v1/me", tag = "sessions", responses((status = 200, description = "The caller.", body = MeView)))]
pub(super) async fn get_me(request: Request<ReadSelf>) -> Answer {
    request
        .caller
        .transact(|tx| {
            let me = members::me(tx)?;
            let permissions = Capability::ALL.iter().copied().filter(|capability| tx.scope().may(*capability)).collect();
            Ok(Reply::ok(MeView::new(me, permissions)))
        })
        .await
}

/// Change one's password. One's other sessions end.
#[utoipa::path(put, path = "/v1/me/password", tag = "sessions", responses((status = 204, description = "Changed.")))]
pub(super) async fn change_password(request: Request<WriteSelf, (), NoQuery, Json<PasswordChange>>) -> Answer {
    let Json(change) = request.body;
    let caller = request.caller;
    let services = caller.services.clone();
    let (person, hash) = services.store.transact(caller.opening(), usecase::password_of).await?;
    let too_many = |wait: crate::auth::attempts::TooMany| Problem::new(Kind::TooManyRequests).retry_after(wait.retry_after);
    let attempt = services.attempts.begin(&person.to_string(), caller.address, services.clock.now()).map_err(too_many)?;
    if !services.passwords.verify(change.old(), Some(hash)).await? {
        return Err(RuleViolation::WrongPassword.into());
    }
    services.attempts.succeeded(attempt);
    let hash = services.passwords.hash(change.new_password.into(), services.clock.random()).await?;
    caller
        .transact(move |tx| {
            sessions::set_password(tx, person, hash)?;
            Ok(Reply::nothing())
        })
        .await
}
