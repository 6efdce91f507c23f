//! What surrounds every request: its id, its language, its headers, its line in the log, and a problem for everything that goes wrong.

use super::{
    Services,
    problem::{Kind, Problem},
};
use crate::domain::language::Language;
use actix_web::{
    Error, HttpMessage as _,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use uuid::Uuid;

/// What a request carries from its beginning.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// Its id, also in problems and in the journal.
    pub request_id: String,
    /// The caller's language.
    pub language: Language,
}

/// How much of its pace a caller has used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limited {
    pub(super) quota: u32,
    pub(super) left: u32,
}

#[derive(Clone, Copy)]
struct AnyRequest(Uuid);

impl From<Uuid> for AnyRequest {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<AnyRequest> for Uuid {
    fn from(id: AnyRequest) -> Self {
        id.0
    }
}

impl crate::domain::ids::Id for AnyRequest {}

/// Surrounds a request.
///
/// # Errors
/// Never: what fails inside becomes a problem.
pub async fn frame(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let services = request.app_data::<Data<Services>>().cloned();
    let request_id = services.as_ref().map(|s| s.clock.new_id::<AnyRequest>().0.to_string()).unwrap_or_default();
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let language = Language::accepted(&header(header::ACCEPT_LANGUAGE));
    let trace = header(HeaderName::from_static("traceparent"));
    let context = RequestContext { request_id: request_id.clone(), language };
    let instance = request.path().to_owned();
    let method = request.method().clone();
    let started = std::time::Instant::now();
    request.extensions_mut().insert(context);

    let refused = refusal(&request, services.as_ref());
    let mut response = match refused {
        Some(problem) => request.into_response(problem.respond(language, &request_id, &instance)).map_into_boxed_body(),
        None => match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => in_language(response.map_into_boxed_body(), language, &request_id, &instance),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                // The request went down with the panic; the answer is made without it.
                let problem = Problem::new(Kind::Internal).because("a handler panicked");
                let answer = problem.respond(language, &request_id, &instance);
                return Err(actix_web::error::InternalError::from_response("panic", answer).into());
            }
        },
    };
    let route = response.request().match_pattern().unwrap_or_default();
    tracing::info!(
        request_id,
        %method,
        route,
        status = response.status().as_u16(),
        milliseconds = started.elapsed().as_millis(),
        trace = trace.get(..55).unwrap_or_default(),
        "request"
    );
    dress(&mut response, language, &request_id);
    Ok(response)
}

/// What is refused before any handler looks at it.
fn refusal(request: &ServiceRequest, services: Option<&Data<Services>>) -> Option<Problem> {
    let limits = &services?.limits;
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > limits.url_bytes) {
        return Some(Problem::new(Kind::UrlTooLong));
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING)?;
    // A compressed body could not be bounded before it is unpacked.
    (!encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
        .then(|| Problem::new(Kind::UnsupportedMediaType).header(header::ACCEPT_ENCODING, "identity"))
}

/// Writes the problem behind a failed answer in the caller's language.
fn in_language(response: ServiceResponse<BoxBody>, language: Language, request_id: &str, instance: &str) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else { return response };
    let answer = match error.as_error::<Problem>() {
        Some(problem) => problem.respond(language, request_id, instance),
        None => {
            let kind = if response.status().is_client_error() { Kind::MalformedBody } else { Kind::Internal };
            Problem::new(kind).because(error).respond(language, request_id, instance)
        }
    };
    response.into_response(answer)
}

/// Sets the headers that every answer has.
fn dress(response: &mut ServiceResponse<BoxBody>, language: Language, request_id: &str) {
    let limited = response.request().extensions().get::<Limited>().copied();
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", request_id);
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("content-language", language.tag());
    set("vary", "Authorization, Accept-Language");
    if let Some(Limited { quota, left }) = limited {
        set("ratelimit-policy", &format!("\"default\";q={quota};w=60"));
        set("ratelimit", &format!("\"default\";r={left}"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
