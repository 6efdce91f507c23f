//! What a handler is given: the caller with their permission, the parameters and the body, each read and checked in that order.

use super::{
    Services,
    body::{self, Body, BodySchema, NoBody},
    cursor,
    frame::{Limited, RequestContext},
    parameters::{NoQuery, PathParameters, read_query},
    problem::{Kind, Place, Problem},
    reply::{Answer, Reply, Wishes},
};
use crate::{
    auth::{api_keys, credential::Credential},
    domain::{
        access::{Capability, Permission},
        field_rule::FieldRule,
        language::Language,
        time::Instant,
    },
    limits::PAGE,
    store::{
        Failure, Opening, Tx, idempotency,
        page::{Page, Position, Sort},
        records::{IdempotencyKey, KeptAnswer},
    },
};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload, http::header, web::Data};
use futures_util::future::LocalBoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use std::{marker::PhantomData, net::IpAddr};
use utoipa::IntoParams;

/// A request of somebody with the permission `P`.
pub(super) struct Request<P, Path = (), Query = NoQuery, B = NoBody> {
    pub(super) caller: Caller<P>,
    pub(super) path: Path,
    pub(super) query: Query,
    pub(super) body: B,
}

/// A request of anybody.
pub(super) struct PublicRequest<Path = (), Query = NoQuery, B = NoBody> {
    pub(super) services: Data<Services>,
    pub(super) context: RequestContext,
    pub(super) address: IpAddr,
    pub(super) path: Path,
    pub(super) body: B,
    pub(super) query: Query,
    /// What the caller has already, where the answer is no version of a resource.
    pub(super) if_none_match: Option<String>,
}

/// Somebody who has proved who they are; whether it still holds, the transaction says.
pub(super) struct Caller<P> {
    pub(super) services: Data<Services>,
    pub(super) context: RequestContext,
    pub(super) address: IpAddr,
    opening: Opening,
    wishes: Wishes,
    if_match: Option<i64>,
    idempotency: Option<IdempotencyKey>,
    /// Path and filters, which a cursor is bound to.
    list: String,
    permission: PhantomData<P>,
}

/// What the document says of an operation because of its types.
pub(super) struct Description {
    pub(super) capability: Option<Capability>,
    pub(super) path: Vec<utoipa::openapi::path::Parameter>,
    pub(super) query: Vec<utoipa::openapi::path::Parameter>,
    pub(super) media_type: Option<&'static str>,
    pub(super) body: Option<BodySchema>,
    /// Whether an idempotency key must be sent.
    pub(super) needs_key: bool,
}

/// A type of request that the document can describe.
pub(super) trait Described {
    fn describe() -> Description;
}

impl<P: Permission, Path: PathParameters, Query: IntoParams, B: Body> Described for Request<P, Path, Query, B> {
    fn describe() -> Description {
        Description { capability: Some(P::CAPABILITY), ..PublicRequest::<Path, Query, B>::describe() }
    }
}

impl<Path: PathParameters, Query: IntoParams, B: Body> Described for PublicRequest<Path, Query, B> {
    fn describe() -> Description {
        Description {
            capability: None,
            path: Path::describe(),
            query: Query::into_params(|| Some(utoipa::openapi::path::ParameterIn::Query)),
            media_type: B::MEDIA_TYPE,
            body: B::schemas(),
            needs_key: B::NEEDS_KEY,
        }
    }
}

fn services(request: &HttpRequest) -> Result<Data<Services>, Problem> {
    request.app_data::<Data<Services>>().cloned().ok_or_else(|| Problem::new(Kind::Internal).because("no services"))
}

fn context(request: &HttpRequest) -> RequestContext {
    request.extensions().get::<RequestContext>().cloned().unwrap_or_default()
}

/// The address that a request came from: the proxy's word only when there is a proxy.
fn address(request: &HttpRequest, services: &Services) -> IpAddr {
    let forwarded = || request.headers().get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
    let told = if services.behind_proxy { forwarded() } else { None };
    told.or_else(|| request.peer_addr().map(|peer| peer.ip())).unwrap_or(IpAddr::from([0, 0, 0, 0]))
}

/// What the `Authorization` header proves.
fn credential(request: &HttpRequest, services: &Services) -> Result<Credential, Problem> {
    let refused = || Problem::new(Kind::Unauthenticated);
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let value = headers.next().filter(|_| headers.next().is_none()).and_then(|value| value.to_str().ok()).ok_or_else(refused)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let credential = if token.starts_with("rjk_") { api_keys::verify(token) } else { services.tokens.verify(token, services.clock.now()) };
    credential.ok_or_else(refused)
}

/// Counts the request against its caller's pace.
fn keep_pace(request: &HttpRequest, services: &Services, who: &[u8]) -> Result<(), Problem> {
    let Some(pace) = &services.pace else { return Ok(()) };
    let hash = crate::auth::hash::sha256(who);
    let mut key = [0; 16];
    key.copy_from_slice(hash.split_at(16).0);
    match pace.check_key(&key) {
        Ok(state) => {
            let limited = Limited { quota: state.quota().burst_size().get(), left: state.remaining_burst_capacity() };
            request.extensions_mut().insert(limited);
            Ok(())
        }
        Err(wait) => {
            let now = governor::clock::Clock::now(&governor::clock::DefaultClock::default());
            let seconds = i64::try_from(wait.wait_time_from(now).as_secs() + 1).unwrap_or(60);
            Err(Problem::new(Kind::TooManyRequests).retry_after(seconds))
        }
    }
}

fn header_text<'r>(request: &'r HttpRequest, name: &'static str) -> Result<Option<&'r str>, Problem> {
    let malformed = || Problem::with_field(Kind::InvalidHeader, Place::Header(name), FieldRule::Malformed, "");
    let mut values = request.headers().get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| malformed()),
        (Some(_), Some(_)) => Err(Problem::with_field(Kind::InvalidHeader, Place::Header(name), FieldRule::Twice, "")),
    }
}

/// The version in an entity tag: `"17"`, or `W/"17"` after a proxy that compresses.
fn version(tag: &str) -> Option<i64> {
    tag.trim().trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn if_match(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(text) = header_text(request, "if-match")? else { return Ok(None) };
    let malformed = || Problem::with_field(Kind::InvalidHeader, Place::Header("if-match"), FieldRule::Malformed, "\"17\"");
    version(text).map(Some).ok_or_else(malformed)
}

fn wishes(request: &HttpRequest) -> Result<Wishes, Problem> {
    let none_match = header_text(request, "if-none-match")?.map(|tags| tags.split(',').filter_map(version).collect()).unwrap_or_default();
    let minimal = header_text(request, "prefer")?.is_some_and(|p| p.split(',').any(|wish| wish.trim() == "return=minimal"));
    let reads = request.method().is_safe();
    Ok(Wishes { if_none_match: if reads { none_match } else { Vec::new() }, minimal: minimal && !reads })
}

/// The idempotency key with its scope and the fingerprint of the request.
fn idempotency_key(request: &HttpRequest, services: &Services, body: &[u8]) -> Result<Option<IdempotencyKey>, Problem> {
    if request.method() != actix_web::http::Method::POST {
        return Ok(None);
    }
    let Some(text) = header_text(request, "idempotency-key")? else { return Ok(None) };
    let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    if key.is_empty() || key.len() > 255 || key.chars().any(|c| c.is_control()) {
        return Err(Problem::with_field(Kind::InvalidHeader, Place::Header("idempotency-key"), FieldRule::TooLong, "255"));
    }
    let target = request.uri().path_and_query().map_or("", |t| t.as_str());
    let fingerprint = services.store.ground().vault.keyed_hash("idempotency", &[target.as_bytes(), b"\0", body].concat()).to_vec();
    Ok(Some(IdempotencyKey { operation: format!("POST {}", request.path()), key: key.to_owned(), fingerprint }))
}

/// The path and the filters of a list, in a fixed order: what a cursor is good for.
fn list_of(request: &HttpRequest) -> String {
    let mut filters: Vec<&str> =
        request.query_string().split('&').filter(|pair| !pair.starts_with("cursor=") && !pair.starts_with("limit=")).collect();
    filters.sort_unstable();
    format!("{}?{}", request.path(), filters.join("&"))
}

async fn read_body<B: Body>(request: &HttpRequest, payload: Payload, services: &Services) -> Result<(B, Vec<u8>), Problem> {
    let bytes = match B::MEDIA_TYPE {
        Some(media_type) => body::read(request, payload, media_type, services).await?.to_vec(),
        None => Vec::new(),
    };
    Ok((B::parse(&bytes, &services.limits)?, bytes))
}

impl<P: Permission, Path: PathParameters, Query: DeserializeOwned + 'static, B: Body> FromRequest for Request<P, Path, Query, B> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let services = services(&request)?;
            let context = context(&request);
            let credential = match credential(&request, &services) {
                Ok(credential) => {
                    keep_pace(&request, &services, &credential.name())?;
                    credential
                }
                Err(problem) => {
                    keep_pace(&request, &services, address(&request, &services).to_string().as_bytes())?;
                    return Err(problem);
                }
            };
            let opening = Opening { credential, request_id: context.request_id.clone() };
            if B::MEDIA_TYPE.is_some() {
                // 401 and 403 come before a body is read.
                services.store.authorize(opening.clone(), P::CAPABILITY).await?;
            }
            let path = Path::read(&request)?;
            let query = read_query(&request)?;
            let (if_match, wishes) = (if_match(&request)?, wishes(&request)?);
            let (body, bytes) = read_body::<B>(&request, payload, &services).await?;
            // What changes nothing needs no key, and has nowhere to keep one.
            let idempotency = if P::WRITES { idempotency_key(&request, &services, &bytes)? } else { None };
            if B::NEEDS_KEY && idempotency.is_none() {
                return Err(Problem::with_field(Kind::InvalidHeader, Place::Header("idempotency-key"), FieldRule::Required, ""));
            }
            let caller = Caller {
                list: list_of(&request),
                address: address(&request, &services),
                services,
                context,
                opening,
                wishes,
                if_match,
                idempotency,
                permission: PhantomData,
            };
            Ok(Self { caller, path, query, body })
        })
    }
}

impl<Path: PathParameters, Query: DeserializeOwned + 'static, B: Body> FromRequest for PublicRequest<Path, Query, B> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let services = services(&request)?;
            let context = context(&request);
            let address = address(&request, &services);
            keep_pace(&request, &services, address.to_string().as_bytes())?;
            let path = Path::read(&request)?;
            let query = read_query(&request)?;
            let if_none_match = header_text(&request, "if-none-match")?.map(str::to_owned);
            let (body, _) = read_body::<B>(&request, payload, &services).await?;
            Ok(Self { services, context, address, path, body, query, if_none_match })
        })
    }
}

impl<P: Permission> Caller<P> {
    /// The caller's language.
    pub(super) fn language(&self) -> Language {
        self.context.language
    }

    /// With what a transaction of the caller is opened.
    pub(super) fn opening(&self) -> Opening {
        self.opening.clone()
    }

    /// The version that the caller has seen, which must be given.
    pub(super) fn seen(&self) -> Result<i64, Problem> {
        self.if_match.ok_or_else(|| Problem::with_field(Kind::PreconditionRequired, Place::Header("if-match"), FieldRule::Required, ""))
    }

    /// The version that the caller has seen, if they say so.
    pub(super) fn seen_if_told(&self) -> Option<i64> {
        self.if_match
    }

    /// The page that the caller asks for.
    pub(super) fn page<F>(&self, filter: F, sort: Sort, limit: Option<i64>, cursor: Option<&str>) -> Result<Page<F>, Problem> {
        let limit = limit.unwrap_or(50);
        if !(1..=PAGE).contains(&limit) {
            return Err(Problem::parameter("limit", &FieldRule::OutOfRange.with("1–200")));
        }
        let after = cursor.map(|cursor| cursor::read(&self.services, &self.list, cursor)).transpose()?;
        Ok(Page { filter, sort, after, limit })
    }

    /// Runs `work` as one transaction and answers with what it gives.
    pub(super) async fn transact<T: Serialize + Send + 'static>(
        self,
        work: impl FnOnce(&mut Tx<'_, P>) -> Result<Reply<T>, Failure> + Send + 'static,
    ) -> Answer {
        let (key, wishes) = (self.idempotency, self.wishes);
        let outcome = self
            .services
            .store
            .transact(self.opening, move |tx: &mut Tx<'_, P>| {
                if let Some(key) = &key
                    && let Some(kept) = idempotency::claim(tx, key)?
                {
                    return Ok(Outcome::Replayed(kept, key.clone()));
                }
                let made = work(tx)?.written()?;
                if let Some(key) = &key {
                    let ground = tx.ground();
                    if let Some(kept) = made.to_keep(key, tx.now(), &ground) {
                        idempotency::keep(tx, key, &kept)?;
                    }
                }
                Ok(Outcome::Made(made))
            })
            .await?;
        match outcome {
            Outcome::Made(written) => Ok(written.respond(&wishes)),
            Outcome::Replayed(kept, key) => super::reply::replay(kept, &key, self.services.store.ground(), &wishes),
        }
    }

    /// Runs `work` as one transaction that lists, and answers with the page.
    ///
    /// `place` tells where in the list an element stands.
    pub(super) async fn list<T: Send + 'static, V: Serialize + Send + 'static, L: Serialize + Send + 'static>(
        self,
        limit: i64,
        work: impl FnOnce(&mut Tx<'_, P>) -> Result<Vec<T>, Failure> + Send + 'static,
        place: impl FnOnce(&T) -> Position + Send + 'static,
        view: impl Fn(T) -> V + Send + 'static,
        page: impl FnOnce(Vec<V>, Option<String>) -> L + Send + 'static,
    ) -> Answer {
        let services = self.services.clone();
        let list = self.list.clone();
        let (path, filters) = list.split_once('?').map(|(p, f)| (p.to_owned(), f.to_owned())).unwrap_or_default();
        self.transact(move |tx| {
            let mut rows = work(tx)?;
            let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
            let has_more = rows.len() > wanted;
            rows.truncate(wanted);
            let next = rows.last().filter(|_| has_more).map(|last| cursor::write(&services, &list, place(last)));
            let link = next.as_ref().map(|cursor| {
                let filters = if filters.is_empty() { String::new() } else { format!("{filters}&") };
                format!("<{path}?{filters}limit={limit}&cursor={cursor}>; rel=\"next\"")
            });
            let body = page(rows.into_iter().map(view).collect(), next);
            Ok(Reply::ok(body).link(link))
        })
        .await
    }
}

enum Outcome {
    Made(super::reply::Written),
    Replayed(KeptAnswer, IdempotencyKey),
}

/// The stand-in for a moment in lists that are sorted by id.
pub(super) fn by_id(id: impl Into<uuid::Uuid>) -> Position {
    Position { at: Instant::from_microseconds(0), id: id.into() }
}
