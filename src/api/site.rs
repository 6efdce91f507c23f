//! What is not the product itself: health, the document, its pages, and what problems mean.

use super::{
    Services, operations,
    parameters::{NoQuery, ProblemCode},
    problem::{Kind, Problem},
    reply::Answer,
    request::PublicRequest,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, OnceLock};
use utoipa::ToSchema;

/// The state of a server.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(super) struct HealthView {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// What a kind of problem means.
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemKind)]
pub(super) struct ProblemKindView {
    code: Kind,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What it is called, in the caller's language.
    #[schema(example = "Not found")]
    title: &'static str,
    /// Whether the same request may succeed later.
    retryable: bool,
}

/// Is the process alive?
#[utoipa::path(get, path = "/livez", tag = "site", responses((status = 200, description = "It is.", body = HealthView)))]
pub(super) async fn get_livez(_: PublicRequest) -> Answer {
    Ok(HttpResponse::Ok().json(HealthView { status: "ok" }))
}

/// Can the server do its work?
#[utoipa::path(get, path = "/readyz", tag = "site", responses((status = 200, description = "It can.", body = HealthView)))]
pub(super) async fn get_readyz(request: PublicRequest) -> Answer {
    match request.services.store.ready().await {
        Ok(()) => Ok(HttpResponse::Ok().json(HealthView { status: "ok" })),
        Err(error) => Err(Problem::new(Kind::Busy).because(error).retry_after(1)),
    }
}

/// What does a kind of problem mean?
#[utoipa::path(get, path = "/problems/{code}", tag = "site", responses((status = 200, description = "What it means.", body = ProblemKindView)))]
pub(super) async fn get_problem_kind(request: PublicRequest<ProblemCode, NoQuery>) -> Answer {
    let kind = Kind::ALL.iter().find(|kind| kind.code() == request.path.0).ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok().json(ProblemKindView {
        code: *kind,
        status: kind.status().as_u16(),
        title: kind.title(request.context.language),
        retryable: kind.retryable(),
    }))
}

/// The document, with an `ETag`.
pub(super) async fn openapi(request: HttpRequest) -> HttpResponse {
    static DOCUMENT: OnceLock<(String, String)> = OnceLock::new();
    let (text, tag) = DOCUMENT.get_or_init(|| {
        let text = operations::document_text();
        let hash = crate::domain::journal::hex(&crate::auth::hash::sha256(text.as_bytes()));
        (text, format!("\"{}\"", hash.get(..16).unwrap_or_default()))
    });
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|value| value.to_str().is_ok_and(|v| v.contains(tag.as_str())));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag.clone())).insert_header((header::CACHE_CONTROL, "no-cache"));
    if known { response.finish() } else { response.content_type("application/json").body(text.clone()) }
}

/// What the pages may load: their own assets, and nothing from anywhere else.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages that show the document; all of their assets are inside the binary.
pub(super) async fn docs(path: Path<String>) -> Result<HttpResponse, Problem> {
    static CONFIG: OnceLock<Arc<utoipa_swagger_ui::Config<'static>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| Arc::new(utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none").use_base_layout()));
    match utoipa_swagger_ui::serve(&path, Arc::clone(config)) {
        Ok(Some(file)) => Ok(HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((header::CONTENT_SECURITY_POLICY, DOCS_POLICY))
            .body(file.bytes.into_owned())),
        Ok(None) => Err(Problem::new(Kind::UnknownRoute)),
        Err(error) => Err(Problem::new(Kind::Internal).because(error)),
    }
}

/// `/docs` without the slash, on which its relative links rest.
pub(super) async fn docs_root() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// Where the API is described (RFC 9727).
pub(super) async fn api_catalog(services: Data<Services>) -> HttpResponse {
    let url = &services.public_url;
    let body = json!({ "linkset": [{ "anchor": format!("{url}/v1"), "service-desc": [{ "href": format!("{url}/openapi.json"), "type": "application/json" }],
        "service-doc": [{ "href": format!("{url}/docs/"), "type": "text/html" }] }] });
    HttpResponse::Ok().content_type("application/linkset+json").body(body.to_string())
}

/// The public keys that verify the files that this installation has signed (RFC 7517).
pub(super) async fn jwks(services: Data<Services>) -> HttpResponse {
    let set = json!({ "keys": [services.store.ground().vault.register_key().jwk()] });
    let response = &mut HttpResponse::Ok();
    response.content_type("application/jwk-set+json").insert_header((header::CACHE_CONTROL, "public, max-age=3600")).body(set.to_string())
}

/// There is no such route.
pub(super) async fn unknown_route() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Kind::UnknownRoute))
}
