//! Problems: every answer that is not the one that was asked for (RFC 9457), with stable codes and words in both languages.

use super::views::BlockerView;
use crate::{
    auth::passwords::PasswordError,
    domain::{field_rule::FieldRule, language::Language, violation::RuleViolation},
    store::{Failure, StoreError},
};
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! problems {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $status:literal, retry $retry:literal, $zh:literal, $en:literal;)+) => {
        /// The kinds of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $code)] $kind,)+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)+ }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$kind => $status,)+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// Whether the same request may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$kind => $retry,)+ }
            }

            /// What it is called.
            #[must_use]
            pub const fn title(self, language: Language) -> &'static str {
                match (self, language) { $((Self::$kind, Language::Chinese) => $zh, (Self::$kind, Language::English) => $en,)+ }
            }
        }

        impl PartialSchema for Kind {
            fn schema() -> RefOr<Schema> {
                let codes = ObjectBuilder::new().schema_type(Type::String).description(Some("The stable code of a kind of problem."));
                codes.enum_values(Some([$($code),+])).into()
            }
        }
    };
}

problems! {
    /// The body is not the JSON that it says it is.
    MalformedBody = "malformed_body", 400, retry false, "请求正文不是有效的 JSON", "The body is not valid JSON";
    /// A path or query parameter cannot be read, or is not known.
    InvalidParameter = "invalid_parameter", 400, retry false, "请求参数无效", "A parameter is not valid";
    /// A header cannot be read.
    InvalidHeader = "invalid_header", 400, retry false, "请求头无效", "A header is not valid";
    /// A cursor is not one of ours, or belongs to another list.
    InvalidCursor = "invalid_cursor", 400, retry false, "分页游标无效，或不属于此查询", "The cursor is not valid for this list";
    /// Nobody is logged in.
    Unauthenticated = "unauthenticated", 401, retry false, "需要登录，或登录已失效", "Log in first, or again";
    /// Address or password is wrong.
    WrongCredentials = "wrong_credentials", 401, retry false, "邮箱或密码错误", "The address or the password is wrong";
    /// It may be seen, but not done.
    Forbidden = "forbidden", 403, retry false, "没有执行此操作的权限", "You may not do this";
    /// It is not there, or out of reach.
    NotFound = "not_found", 404, retry false, "未找到", "Not found";
    /// There is no such route.
    UnknownRoute = "unknown_route", 404, retry false, "没有这个接口", "There is no such route";
    /// The route has no such method.
    MethodNotAllowed = "method_not_allowed", 405, retry false, "此接口不支持该方法", "The route does not have this method";
    /// The body came too slowly.
    TooSlow = "too_slow", 408, retry true, "请求正文发送过慢", "The body came too slowly";
    /// The person belongs to several tenants.
    TenantRequired = "tenant_required", 409, retry false, "请选择要登录的租户", "Say which tenant to log in to";
    /// A gate is shut.
    Blocked = "blocked", 409, retry false, "尚有未完成事项", "Something still stands in the way";
    /// The case is closed.
    CaseClosed = "case_closed", 409, retry false, "案件已结案", "The case is closed";
    /// It is in the wanted state already, or does not get there from here.
    InvalidTransition = "invalid_transition", 409, retry false, "当前状态不允许此变更", "It does not move that way from its state";
    /// Tasks that come first are open.
    DependenciesOpen = "dependencies_open", 409, retry false, "前置任务尚未完成", "Tasks that come first are still open";
    /// The checklist has open points.
    ChecklistOpen = "checklist_open", 409, retry false, "检查清单尚未完成", "The checklist has open points";
    /// Something was met or edited by hand: say what becomes of it.
    ConfirmationRequired = "confirmation_required", 409, retry false, "有期限已完成或经人工修改，请逐项确认", "Deadlines were met or edited by hand: say what becomes of each";
    /// The tenant would have no owner.
    LastOwner = "last_owner", 409, retry false, "租户至少需要一名所有者", "The tenant needs an owner";
    /// A published playbook does not change.
    PlaybookPublished = "playbook_published", 409, retry false, "预案版本已发布，不能再修改", "A published playbook does not change: copy it";
    /// Nothing works under a draft.
    PlaybookDraft = "playbook_draft", 409, retry false, "预案尚未发布", "The playbook is still a draft: publish it first";
    /// A draft cannot be published as it is.
    PlaybookFaulty = "playbook_faulty", 409, retry false, "预案草稿有误，不能发布", "The draft cannot be published as it is";
    /// It exists already.
    AlreadyExists = "already_exists", 409, retry false, "已经存在", "It exists already";
    /// A second person checks, not whoever made the entry.
    SamePerson = "same_person", 409, retry false, "须由他人复核，不能复核自己的登记", "A second person checks it, not whoever made the entry";
    /// Nobody has to check that entry.
    NoCheckNeeded = "no_check_needed", 409, retry false, "该登记无需复核", "The entry needs no check";
    /// The same idempotency key is being worked on.
    IdempotencyInFlight = "idempotency_in_flight", 409, retry true, "相同幂等键的请求正在处理", "A request with this idempotency key is being worked on";
    /// Somebody changed it since it was read.
    Stale = "stale", 412, retry false, "读取之后已被他人修改", "It was changed since it was read";
    /// The body is too large.
    TooLarge = "too_large", 413, retry false, "请求正文过大", "The body is too large";
    /// The URL is too long.
    UrlTooLong = "url_too_long", 414, retry false, "网址过长", "The URL is too long";
    /// The body has another media type, or is compressed.
    UnsupportedMediaType = "unsupported_media_type", 415, retry false, "不支持的媒体类型", "The media type is not supported";
    /// A field breaks a rule.
    InvalidBody = "invalid_body", 422, retry false, "请求内容不符合要求", "A field of the body breaks a rule";
    /// Tasks would wait for each other.
    DependencyCircle = "dependency_circle", 422, retry false, "任务之间形成循环依赖", "Tasks would wait for each other in a circle";
    /// A reason is needed.
    ReasonRequired = "reason_required", 422, retry false, "必须说明理由", "A reason must be given";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, retry false, "幂等键已用于其他请求", "The idempotency key was used for another request";
    /// `If-Match` is missing.
    PreconditionRequired = "precondition_required", 428, retry false, "需要 If-Match 请求头", "The header If-Match is required";
    /// Too many requests or attempts.
    TooManyRequests = "too_many_requests", 429, retry true, "请求过于频繁，请稍后再试", "Too many requests: come back later";
    /// The server failed.
    Internal = "internal", 500, retry true, "服务器内部错误", "The server failed";
    /// The server has too much to do.
    Busy = "busy", 503, retry true, "服务器繁忙，请稍后再试", "The server is busy: come back later";
    /// There is no space left.
    NoSpace = "no_space", 507, retry true, "存储空间不足", "There is no space left";
}

impl ToSchema for Kind {
    fn name() -> std::borrow::Cow<'static, str> {
        "ProblemCode".into()
    }
}

/// A problem, before it is put into a language.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    fields: Vec<Field>,
    extensions: Extensions,
    headers: Vec<(header::HeaderName, String)>,
    /// For the log alone.
    cause: Option<String>,
}

/// What a problem says besides its title.
#[derive(Debug, Clone, Default)]
enum Extensions {
    #[default]
    None,
    Facts(Map<String, Value>),
    Blockers(Vec<crate::domain::blocker::Blocker>, crate::domain::ids::CaseId),
}

/// Where a field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the body, as an RFC 6901 pointer.
    Pointer(String),
    /// In the path or the query.
    Parameter(String),
    /// In a header.
    Header(&'static str),
}

/// A field and the rule that it breaks.
#[derive(Debug, Clone)]
struct Field {
    place: Place,
    rule: FieldRule,
    parameter: String,
}

/// A problem on the wire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// What this kind of problem is, as a page of this server.
    #[schema(example = "/problems/not_found")]
    r#type: String,
    /// What it is called, in the caller's language.
    title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What happened here, in the caller's language.
    detail: String,
    /// The request, for the operator's log.
    #[schema(example = "/v1/cases/019ab000-0000-7000-8000-000000000000")]
    instance: String,
    code: Kind,
    /// The id of the request.
    request_id: String,
    /// The fields that break a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldView>,
    /// What stands in the way, when the code is `blocked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    blockers: Option<Vec<BlockerView>>,
    /// Facts that belong to the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<BTreeMap<String, Value>>)]
    facts: Option<Map<String, Value>>,
}

/// A field that breaks a rule: one of `pointer`, `parameter` and `header` says where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemField)]
pub struct FieldView {
    /// An RFC 6901 fragment into the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#/complaint/allegations/0/kind")]
    pointer: Option<String>,
    /// The name of a path or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// The name of a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<String>,
    /// The stable code of the rule.
    code: FieldRule,
    /// The rule in words, in the caller's language.
    detail: String,
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, fields: Vec::new(), extensions: Extensions::None, headers: Vec::new(), cause: None }
    }

    /// A problem with one field.
    #[must_use]
    pub fn with_field(kind: Kind, place: Place, rule: FieldRule, parameter: impl Into<String>) -> Self {
        let mut problem = Self::new(kind);
        problem.fields.push(Field { place, rule, parameter: parameter.into() });
        problem
    }

    /// A parameter that cannot be read, for the reason that its type gave.
    #[must_use]
    pub fn parameter(name: &str, reason: &str) -> Self {
        let (rule, parameter) = FieldRule::parse(reason).unwrap_or((FieldRule::Malformed, ""));
        Self::with_field(Kind::InvalidParameter, Place::Parameter(name.to_owned()), rule, parameter)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With `Retry-After`.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Self {
        self.header(header::RETRY_AFTER, seconds.max(1).to_string())
    }

    /// With facts.
    #[must_use]
    pub fn with_facts(mut self, facts: Value) -> Self {
        if let Value::Object(facts) = facts {
            self.extensions = Extensions::Facts(facts);
        }
        self
    }

    /// With a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Names the case in whose links the blockers point.
    #[must_use]
    pub fn in_case(mut self, case: crate::domain::ids::CaseId) -> Self {
        if let Extensions::Blockers(_, id) = &mut self.extensions {
            *id = case;
        }
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The body of the answer, in a language.
    #[must_use]
    pub fn view(&self, language: Language, request_id: &str, instance: &str) -> ProblemView {
        let fields: Vec<FieldView> = self.fields.iter().map(|field| field.view(language)).collect();
        let title = self.kind.title(language);
        let detail = match fields.first() {
            Some(first) => format!("{title}{}{} {}", if language == Language::Chinese { "：" } else { ": " }, first.name(), first.detail),
            None => title.to_owned(),
        };
        let (blockers, facts) = match &self.extensions {
            Extensions::None => (None, None),
            Extensions::Facts(facts) => (None, Some(facts.clone())),
            Extensions::Blockers(blockers, case) => (Some(blockers.iter().map(|b| BlockerView::new(b, *case, language)).collect()), None),
        };
        ProblemView {
            r#type: format!("/problems/{}", self.kind.code()),
            title: title.to_owned(),
            status: self.kind.status().as_u16(),
            detail,
            instance: instance.to_owned(),
            code: self.kind,
            request_id: request_id.to_owned(),
            errors: fields,
            blockers,
            facts,
        }
    }

    /// The answer, in a language.
    #[must_use]
    pub fn respond(&self, language: Language, request_id: &str, instance: &str) -> HttpResponse {
        if let Some(cause) = &self.cause {
            tracing::error!(request_id, cause, code = self.kind.code(), "a request failed");
        }
        let mut response = HttpResponse::build(self.kind.status());
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.insert_header((name.clone(), value));
            }
        }
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"rejoinder\""));
        }
        if self.kind.retryable() && !self.headers.iter().any(|(name, _)| *name == header::RETRY_AFTER) {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        response.content_type(MEDIA_TYPE).body(serde_json::to_vec(&self.view(language, request_id, instance)).unwrap_or_default())
    }
}

impl Field {
    fn view(&self, language: Language) -> FieldView {
        let (mut pointer, mut parameter, mut header) = (None, None, None);
        match &self.place {
            Place::Pointer(place) => pointer = Some(format!("#{place}")),
            Place::Parameter(name) => parameter = Some(name.clone()),
            Place::Header(name) => header = Some((*name).to_owned()),
        }
        FieldView { pointer, parameter, header, code: self.rule, detail: self.rule.message(language, &self.parameter) }
    }
}

impl FieldView {
    fn name(&self) -> &str {
        let pointer = self.pointer.as_deref().map(|p| p.trim_start_matches("#/"));
        pointer.or(self.parameter.as_deref()).or(self.header.as_deref()).unwrap_or_default()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// The bare answer; `frame.rs` puts it into the caller's language.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.kind.status())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::new(Kind::NotFound),
            StoreError::Forbidden => Self::new(Kind::Forbidden),
            StoreError::Unauthenticated => Self::new(Kind::Unauthenticated),
            StoreError::Stale { current } => Self::new(Kind::Stale).header(header::ETAG, format!("\"{current}\"")),
            StoreError::InFlight => Self::new(Kind::IdempotencyInFlight).retry_after(1),
            StoreError::Taken => Self::new(Kind::AlreadyExists),
            StoreError::Busy => Self::new(Kind::Busy).retry_after(1),
            StoreError::Full => Self::new(Kind::NoSpace).retry_after(60),
            StoreError::Refused(cause) | StoreError::Broken(cause) => Self::new(Kind::Internal).because(cause),
        }
    }
}

impl From<RuleViolation> for Problem {
    fn from(violation: RuleViolation) -> Self {
        match violation {
            RuleViolation::CaseClosed => Self::new(Kind::CaseClosed),
            RuleViolation::CaseAlready(status) => Self::new(Kind::InvalidTransition).with_facts(json!({ "status": status })),
            RuleViolation::Blocked(blockers) => {
                let mut problem = Self::new(Kind::Blocked);
                problem.extensions = Extensions::Blockers(blockers, uuid::Uuid::nil().into());
                problem
            }
            RuleViolation::StageMove { stage, from, to } => {
                Self::new(Kind::InvalidTransition).with_facts(json!({ "stage": stage, "from": from, "to": to }))
            }
            RuleViolation::TaskMove { from, to } => Self::new(Kind::InvalidTransition).with_facts(json!({ "from": from, "to": to })),
            RuleViolation::DeadlineMove { from, to } => Self::new(Kind::InvalidTransition).with_facts(json!({ "from": from, "to": to })),
            RuleViolation::DependenciesOpen(tasks) => Self::new(Kind::DependenciesOpen).with_facts(json!({ "task_ids": tasks })),
            RuleViolation::NoOwnVersion => Self::new(Kind::InvalidTransition),
            RuleViolation::ConfirmationRequired(deadlines) => {
                Self::new(Kind::ConfirmationRequired).with_facts(json!({ "deadline_ids": deadlines }))
            }
            RuleViolation::ChecklistOpen(open) => Self::new(Kind::ChecklistOpen).with_facts(json!({ "open": open })),
            RuleViolation::DependencyCircle(tasks) => {
                let mut problem = Self::new(Kind::DependencyCircle).with_facts(json!({ "task_ids": tasks }));
                problem.fields.push(Field {
                    place: Place::Pointer("/depends_on".into()),
                    rule: FieldRule::NotAllowed,
                    parameter: String::new(),
                });
                problem
            }
            RuleViolation::ReasonRequired(field) => {
                Self::with_field(Kind::ReasonRequired, Place::Pointer(field.into()), FieldRule::Required, "")
            }
            RuleViolation::OwnerOnly => Self::new(Kind::Forbidden),
            RuleViolation::LastOwner => Self::new(Kind::LastOwner),
            RuleViolation::AlreadyMember => Self::new(Kind::AlreadyExists),
            RuleViolation::AlreadyRecorded(event) => Self::new(Kind::AlreadyExists).with_facts(json!({ "event": event })),
            RuleViolation::PlaybookPublished => Self::new(Kind::PlaybookPublished),
            RuleViolation::PlaybookDraft => Self::new(Kind::PlaybookDraft),
            RuleViolation::PlaybookFaulty(faults) => Self::new(Kind::PlaybookFaulty).with_facts(json!({ "faults": faults })),
            RuleViolation::SamePerson => Self::new(Kind::SamePerson),
            RuleViolation::NoCheckNeeded => Self::new(Kind::NoCheckNeeded),
            RuleViolation::AlreadyChecked => Self::new(Kind::AlreadyExists),
            RuleViolation::CommentRetracted => Self::new(Kind::InvalidTransition).with_facts(json!({ "status": "retracted" })),
            RuleViolation::ReminderAcknowledged => Self::new(Kind::InvalidTransition).with_facts(json!({ "status": "acknowledged" })),
            RuleViolation::NotYours => Self::new(Kind::Forbidden),
            RuleViolation::WrongPassword => Self::new(Kind::WrongCredentials),
            RuleViolation::Field { pointer, code } => Self::with_field(Kind::InvalidBody, Place::Pointer(pointer), code, ""),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rule(violation) => violation.into(),
            Failure::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::new(Kind::TooManyRequests).retry_after(2),
            PasswordError::Broken(cause) => Self::new(Kind::Internal).because(cause),
        }
    }
}
