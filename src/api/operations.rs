//! The operations: one list, from which the routes and the OpenAPI document both come.

use super::{
    body::BodySchema,
    examples,
    problem::{Kind, MEDIA_TYPE, Problem, ProblemView},
    request::{Described, Description},
    schemas, site,
};
use crate::domain::access::{Capability, Role};
use actix_web::{
    FromRequest, Handler, Responder, Route, guard,
    http::{Method, header},
    web,
};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{
    OpenApi, ToSchema as _,
    openapi::{
        self as document, Content, Ref, RefOr, Required, ResponseBuilder,
        extensions::ExtensionsBuilder,
        header::HeaderBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ObjectBuilder, Schema, Type},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

/// An operation: its route, and what its types say of it.
struct Entry {
    method: Method,
    path: String,
    route: Route,
    description: Description,
    /// The problems that its own rules bring, besides those that its types tell of.
    refusals: &'static [Kind],
}

fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        _ => Method::GET,
    }
}

/// A route of `GET` and `HEAD`.
fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn entry<D: utoipa::Path, F, A>(handler: F, refusals: &'static [Kind]) -> Entry
where
    F: Handler<(A,)>,
    F::Output: Responder + 'static,
    A: FromRequest + Described + 'static,
{
    let method = D::methods().first().map_or(Method::GET, method_of);
    let route = match method {
        Method::GET => reading(),
        _ => web::method(method.clone()),
    };
    Entry { path: D::path(), route: route.to(handler), description: A::describe(), method, refusals }
}

macro_rules! operations {
    ($($module:ident::$name:ident $(: $($kind:ident)+)?,)+) => {
        #[derive(OpenApi)]
        #[openapi(paths($(super::$module::$name),+), components(schemas(ProblemView)))]
        struct Collected;

        fn entries() -> Vec<Entry> {
            pastey::paste! { vec![$(entry::<super::$module::[<__path_ $name>], _, _>(super::$module::$name, &[$($(Kind::$kind),+)?])),+] }
        }
    };
}

// After a colon: the problems that an operation's own rules bring. A test that meets another one says so.
operations! {
    sessions::log_in,
    sessions::refresh_session: Unauthenticated,
    sessions::log_out,
    sessions::get_me,
    sessions::change_password: WrongCredentials,
    members::list_members,
    members::get_member,
    members::change_member: LastOwner,
    members::list_invitations,
    members::create_invitation: AlreadyExists,
    members::accept_invitation: AlreadyExists,
    members::revoke_invitation,
    grants::list_grants,
    grants::create_grant,
    grants::get_grant,
    grants::revoke_grant,
    grants::list_case_grants,
    members::hand_over_work,
    api_keys::list_api_keys,
    api_keys::create_api_key,
    api_keys::revoke_api_key,
    shops::list_shops,
    shops::create_shop,
    shops::get_shop,
    shops::change_shop,
    cases::list_cases,
    cases::open_case,
    cases::get_case,
    cases::change_case: CaseClosed,
    cases::transition_case: Blocked InvalidTransition ReasonRequired,
    cases::transition_stage: Blocked CaseClosed InvalidTransition ReasonRequired,
    cases::list_blockers,
    cases::list_timeline,
    complaints::list_complaints,
    complaints::add_complaint: CaseClosed,
    complaints::get_complaint,
    complaints::change_complaint: CaseClosed,
    complaints::preview_complaint: CaseClosed,
    complaints::preview_complaint_change: CaseClosed,
    complaints::open_reporter_identity,
    complaints::list_allegations,
    complaints::add_allegation: CaseClosed,
    complaints::get_allegation,
    complaints::change_allegation: CaseClosed,
    agenda::list_agenda,
    agenda::list_agenda_feeds,
    agenda::create_agenda_feed,
    agenda::revoke_agenda_feed,
    agenda::read_agenda_feed,
    calendars::list_calendars,
    calendars::create_calendar: AlreadyExists,
    calendars::get_calendar,
    calendars::change_calendar,
    calendars::get_calendar_year,
    calendars::publish_calendar_year,
    calendars::withdraw_calendar_year,
    calendars::get_calendar_day,
    calendars::set_calendar_day,
    calendars::unset_calendar_day,
    deadline_rules::list_deadline_rules,
    deadline_rules::create_deadline_rule,
    deadline_rules::list_deadline_rule_versions,
    deadline_rules::withdraw_deadline_rule: InvalidTransition,
    deadline_rules::preview_deadline_moves,
    deadline_rules::move_deadlines: CaseClosed,
    deadlines::list_triggers,
    deadlines::record_trigger: AlreadyExists CaseClosed,
    deadlines::get_trigger,
    deadlines::preview_trigger_move: AlreadyExists CaseClosed,
    deadlines::move_trigger: AlreadyExists CaseClosed ConfirmationRequired,
    deadlines::preview_deadline,
    deadlines::explain_deadline,
    deadlines::change_deadline: CaseClosed InvalidTransition ReasonRequired,
    deadlines::suspend_deadline: CaseClosed InvalidTransition,
    deadlines::resume_deadline: CaseClosed InvalidTransition,
    deadlines::extend_deadline: CaseClosed InvalidTransition,
    deadlines::preview_suspension: CaseClosed InvalidTransition,
    deadlines::suspend_case: CaseClosed InvalidTransition,
    deadlines::resume_case: CaseClosed InvalidTransition,
    deadlines::list_deadlines,
    deadlines::add_deadline: CaseClosed,
    deadlines::get_deadline,
    deadlines::meet_deadline: CaseClosed InvalidTransition,
    deadlines::waive_deadline: CaseClosed InvalidTransition,
    deadline_register::list_deadline_register,
    deadline_register::check_register_entry: AlreadyExists NoCheckNeeded ReasonRequired SamePerson,
    deadline_register::export_deadline_register: NotFound,
    reminders::list_reminders,
    reminders::acknowledge_reminder,
    reminders::snooze_reminder: InvalidTransition,
    reminders::list_case_reminders,
    reminder_ladders::list_reminder_ladders,
    reminder_ladders::get_reminder_ladder,
    reminder_ladders::replace_reminder_ladder,
    reminder_ladders::reset_reminder_ladder,
    availabilities::get_my_availability,
    availabilities::replace_my_availability,
    availabilities::get_availability,
    availabilities::replace_availability,
    notification_channels::list_notification_channels,
    notification_channels::add_notification_channel,
    notification_channels::remove_notification_channel,
    notification_channels::test_notification_channel,
    tasks::list_tasks,
    tasks::list_case_tasks,
    tasks::add_task: CaseClosed,
    tasks::get_task,
    tasks::change_task: CaseClosed ChecklistOpen DependenciesOpen DependencyCircle InvalidTransition ReasonRequired,
    comments::list_case_comments,
    comments::add_case_comment,
    comments::list_task_comments,
    comments::add_task_comment,
    comments::get_comment,
    comments::retract_comment: InvalidTransition,
    playbooks::list_playbooks,
    playbooks::create_playbook: AlreadyExists,
    playbooks::get_playbook,
    playbooks::change_playbook: PlaybookPublished,
    playbooks::discard_playbook: PlaybookPublished,
    playbooks::get_playbook_task,
    playbooks::put_playbook_task: PlaybookPublished,
    playbooks::remove_playbook_task: PlaybookPublished,
    playbooks::transition_playbook: PlaybookFaulty PlaybookPublished,
    playbooks::make_playbook_default: PlaybookDraft,
    playbooks::preview_case_move: CaseClosed,
    playbooks::move_case: CaseClosed,
    playbooks::preview_case_moves: CaseClosed PlaybookDraft,
    playbooks::move_cases: CaseClosed PlaybookDraft,
    site::get_livez,
    site::get_readyz,
    site::get_problem_kind,
}

/// Puts all routes into an application.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut by_path: BTreeMap<String, Vec<(Method, Route)>> = BTreeMap::new();
    for entry in entries() {
        by_path.entry(entry.path).or_default().push((entry.method, entry.route));
    }
    // A fixed segment goes before a parameter: `/v1/invitations/accept` before `/v1/invitations/{invitation_id}`.
    let mut paths: Vec<_> = by_path.into_iter().collect();
    paths.sort_by_key(|(path, _)| path.replace('{', "~"));
    for (path, routes) in paths {
        let mut allowed: Vec<&str> = routes.iter().map(|(method, _)| method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        let allow = allowed.join(", ");
        let mut resource = web::resource(path);
        for (_, route) in routes {
            resource = resource.route(route);
        }
        config.service(resource.default_service(web::to(move || {
            let problem = Problem::new(Kind::MethodNotAllowed).header(header::ALLOW, allow.clone());
            async move { Err::<actix_web::HttpResponse, _>(problem) }
        })));
    }
    config
        .route("/openapi.json", reading().to(site::openapi))
        .route("/docs", reading().to(site::docs_root))
        .route("/docs/{file:.*}", reading().to(site::docs))
        .route("/.well-known/api-catalog", reading().to(site::api_catalog))
        .route("/.well-known/jwks.json", reading().to(site::jwks))
        .default_service(web::to(site::unknown_route));
}

/// The OpenAPI document.
#[must_use]
pub fn document() -> document::OpenApi {
    let mut document = Collected::openapi();
    document.info = document::InfoBuilder::new()
        .title("Rejoinder")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("../../openapi/introduction.md")))
        .license(Some(document::LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .contact(Some(document::ContactBuilder::new().name(Some("Whoever runs this server")).build()))
        .build();
    document.servers = Some(vec![document::ServerBuilder::new().url("/").description(Some("This server")).build()]);
    document.tags =
        Some(TAGS.iter().map(|(name, about)| document::tag::TagBuilder::new().name(*name).description(Some(*about)).build()).collect());
    let with_version = schemas::with_version(&document);
    for entry in entries() {
        let item = document.paths.paths.get_mut(&entry.path);
        let operation = item.and_then(|item| match entry.method {
            Method::POST => item.post.as_mut(),
            Method::PUT => item.put.as_mut(),
            Method::DELETE => item.delete.as_mut(),
            Method::PATCH => item.patch.as_mut(),
            _ => item.get.as_mut(),
        });
        if let Some(operation) = operation {
            let schemas = describe(operation, (&entry.method, entry.description, entry.refusals), &with_version);
            let components = document.components.get_or_insert_with(Default::default);
            components.schemas.extend(schemas);
        }
    }
    let components = document.components.get_or_insert_with(Default::default);
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(
                    "An access token from `POST /v1/sessions`, or an API key (`rjk_…`). An operation's `x-permission` is what the role or the key must have.",
                ))
                .build(),
        ),
    );
    schemas::tidy(&mut document);
    examples::add(&mut document);
    schemas::share_refusals(&mut document);
    document
}

/// The document as it is served and checked in.
#[must_use]
pub fn document_text() -> String {
    serde_json::to_string_pretty(&document()).map(|text| text + "\n").unwrap_or_default()
}

/// The operations with what each needs, for the authorization test: method, path, capability.
#[must_use]
pub fn permissions() -> Vec<(String, String, Option<Capability>)> {
    entries().into_iter().map(|entry| (entry.method.to_string(), entry.path, entry.description.capability)).collect()
}

const TAGS: &[(&str, &str)] = &[
    ("sessions", "Logging in and out, and who one is."),
    ("people", "Members, invitations, grants and API keys."),
    ("shops", "Stores on platforms, and the legal entities behind them."),
    ("cases", "Cases, their stages, and what stands in their way."),
    ("complaints", "What came in: complaints, allegations, reporters."),
    ("deadlines", "Triggers, the deadlines that they start, and the rules and calendars by which they are counted."),
    ("reminders", "Reminders of deadlines: who is warned when, over which channels, and who stands in."),
    ("tasks", "What members do."),
    ("comments", "Comments on cases and tasks, each with a visibility."),
    ("playbooks", "Versioned templates of the tasks of a case, and moving cases between them."),
    ("site", "Health and explanations."),
];

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut id, word| {
        let mut letters = word.chars();
        id.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        id.push_str(letters.as_str());
        id
    })
}

/// Who may call an operation, in words.
fn who_may(capability: Option<Capability>) -> String {
    let Some(capability) = capability else { return "Needs no log-in.".into() };
    let words = |roles: Vec<&Role>| roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
    let (granted, free): (Vec<&Role>, Vec<&Role>) = capability.roles().iter().partition(|role| role.needs_grant());
    match (capability, granted.is_empty()) {
        (Capability::ReadSelf | Capability::WriteSelf, _) => format!("Needs `{capability}`, which every role has."),
        (_, true) => format!("Needs `{capability}`: {}.", words(free)),
        (_, false) => format!("Needs `{capability}`: {}; {} within what was granted.", words(free), words(granted)),
    }
}

/// Adds what an operation's types say of it: security, parameters, body, the headers and problems that it may answer with.
///
/// `with_version` names the schemas of what has a version.
fn describe(
    operation: &mut Operation,
    (method, description, refusals): (&Method, Description, &[Kind]),
    with_version: &BTreeSet<String>,
) -> Vec<(String, RefOr<Schema>)> {
    operation.operation_id = operation.operation_id.as_deref().map(camel_case);
    // Linters take words in `security` for OAuth scopes, so the permission is an extension.
    operation.security =
        Some(description.capability.map(|_| SecurityRequirement::new("bearer", Vec::<String>::new())).into_iter().collect());
    operation.extensions =
        description.capability.map(|capability| ExtensionsBuilder::new().add("x-permission", capability.as_str()).build());
    let told = operation.description.take().filter(|told| !told.is_empty());
    operation.description = Some(told.into_iter().chain([who_may(description.capability)]).collect::<Vec<_>>().join("\n\n"));
    let changes = *method == Method::PATCH || *method == Method::PUT || *method == Method::DELETE;
    let versioned = operation.responses.responses.contains_key("200");
    let in_path = !description.path.is_empty();
    let lists = description.query.iter().any(|parameter| parameter.name == "cursor");
    let mut parameters = [description.path, description.query].concat();
    if let Some(capability) = description.capability {
        if changes && versioned {
            parameters.push(text_header("If-Match", Required::True, "The version that was read, such as `\"17\"`."));
        }
        if *method == Method::POST && capability.writes() {
            let about = "Makes a retry safe for 72 hours: the same key gives the same answer, and the effect happens once. Each request has a key of its own, such as a UUID.";
            let needed = if description.needs_key { Required::True } else { Required::False };
            parameters.push(text_header("Idempotency-Key", needed, about));
            // An entry of the register never changes.
            if in_path && capability != Capability::OpenIdentity && capability != Capability::CheckRegister {
                parameters.push(text_header(
                    "If-Match",
                    Required::False,
                    "Refuse if what the path names, or its case, was changed since this version.",
                ));
            }
        }
    }
    parameters.push(text_header("Accept-Language", Required::False, "`zh-CN` (the default) or `en`."));
    operation.parameters = Some(parameters.into_iter().map(RefOr::T).collect());
    let mut problems = vec![Kind::InvalidParameter, Kind::UrlTooLong, Kind::TooManyRequests, Kind::Internal, Kind::Busy];
    if lists {
        problems.push(Kind::InvalidCursor);
    }
    if let Some(capability) = description.capability {
        problems.extend([Kind::InvalidHeader, Kind::Unauthenticated, Kind::Forbidden]);
        if capability.writes() {
            problems.extend([Kind::IdempotencyInFlight, Kind::NoSpace, Kind::InvalidHeader]);
        }
        if changes && versioned {
            problems.extend([Kind::Stale, Kind::PreconditionRequired]);
        }
        if *method == Method::POST && capability.writes() {
            problems.extend([Kind::Stale, Kind::IdempotencyKeyReused]);
        }
    } else if description.media_type.is_some() {
        problems.extend([Kind::WrongCredentials, Kind::TenantRequired]);
    }
    if in_path || description.capability.is_none() {
        problems.push(Kind::NotFound);
    }
    let mut schemas = Vec::new();
    if let Some((media_type, BodySchema { name, needed })) = description.media_type.zip(description.body) {
        problems.extend([Kind::MalformedBody, Kind::TooSlow, Kind::TooLarge, Kind::UnsupportedMediaType, Kind::InvalidBody]);
        let content = Content::new(Some(Ref::from_schema_name(name)));
        operation.request_body =
            Some(RefOr::T(RequestBodyBuilder::new().content(media_type, content).required(Some(Required::True)).build()));
        schemas = needed;
    }
    let reads = *method == Method::GET;
    let mut may_be_unchanged = false;
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.insert("X-Request-Id".into(), RefOr::T(header_of("The id of the request.")));
            let body = response.content.values().find_map(|content| match content {
                RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) => reference.ref_location.strip_prefix(schemas::PREFIX),
                _ => None,
            });
            if body.is_some_and(|body| with_version.contains(body) || (reads && in_path && !lists && description.capability.is_some())) {
                response.headers.insert("ETag".into(), RefOr::T(header_of("The version, for `If-Match` and `If-None-Match`.")));
                may_be_unchanged = reads;
            }
            if lists {
                response.headers.insert("Link".into(), RefOr::T(header_of("The next page, as `rel=\"next\"`.")));
            }
        }
    }
    if may_be_unchanged {
        let about = "Answer 304 if the version is still this one.";
        operation.parameters.get_or_insert_default().push(RefOr::T(text_header("If-None-Match", Required::False, about)));
        let unchanged = ResponseBuilder::new().description("Nothing has changed since the version of `If-None-Match`.");
        operation.responses.responses.insert("304".into(), RefOr::T(unchanged.build()));
    }
    problems.extend(refusals);
    add_problems(operation, &problems);
    schemas
}

fn header_of(about: &str) -> document::header::Header {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).description(Some(about)).build()
}

/// A header without an example: pages that try operations out would send it, the same key with every request.
fn text_header(name: &str, required: Required, about: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(about))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// One response for each status, naming the codes that it may carry.
fn add_problems(operation: &mut Operation, problems: &[Kind]) {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in problems {
        let kinds = by_status.entry(kind.status().as_u16()).or_default();
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    for (status, kinds) in by_status {
        let codes: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.code())).collect();
        let mut response = ResponseBuilder::new()
            .description(format!("{}.", codes.join(", ")))
            .content(MEDIA_TYPE, Content::new(Some(Ref::from_schema_name(ProblemView::name()))));
        if kinds.iter().any(|kind| kind.retryable()) {
            response = response.header("Retry-After", header_of("Seconds to wait."));
        }
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| RefOr::T(response.build()));
    }
}
