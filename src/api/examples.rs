//! Examples: one of every body, composed from its schema, and one of every problem, as the server says it.
//!
//! All of them tell one story, in which every kind of thing has one id. What a property is like is said by its own `#[schema(example = ..)]`, or
//! by `told` where its type is a reference, at which utoipa has no place for an example. A request takes what the answer says of the same thing.
//! So an operation has its examples the moment it is in the document.

use super::{
    problem::{Kind, MEDIA_TYPE, Place, Problem},
    schemas::{PREFIX, operations},
};
use crate::domain::{
    blocker::Blocker,
    field_rule::FieldRule,
    language::{Bilingual, Language},
    violation::RuleViolation,
    vocabulary::{CaseStatus, Stage, StageStatus},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr,
    example::{Example, ExampleBuilder},
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
};
use uuid::Uuid;

/// What stands where nobody said what a text is like. A test refuses it.
const UNTOLD: &str = "…";

/// The properties that an example has beyond the required ones. Where nothing is required and nothing is said here, it has all.
const BESIDES: &[(&str, &[&str])] = &[
    ("Acceptance", &["name"]),
    ("AllegationPatch", &["conclusion"]),
    ("CasePatch", &["priority", "tags"]),
    ("CaseTransition", &["outcome"]),
    ("ChecklistItem", &["done"]),
    ("CaseMoves", &["reason"]),
    ("ComplaintPatch", &["reporter"]),
    ("Identity", &["name", "contact"]),
    ("CalendarPatch", &["note"]),
    ("CaseResumption", &["to"]),
    ("CaseSuspension", &["deadline_ids"]),
    ("DeadlineMoves", &["reason"]),
    ("DeadlinePatch", &["assignee_id"]),
    ("DeadlinePreview", &["rule_id", "occurred_on"]),
    ("Extension", &["period"]),
    ("Meeting", &["note"]),
    ("NewCalendar", &["ignores_make_up_days", "based_on_built_in"]),
    ("NewDeadlineRule", &["owed_by", "period", "effective_from", "confidence", "note"]),
    ("Resumption", &["to"]),
    ("TriggerMove", &["occurred_on"]),
    ("MemberPatch", &["role"]),
    ("NewAllegation", &["order_count", "amount", "legal_basis"]),
    ("NewCase", &["priority", "tags"]),
    ("NewComment", &["visibility"]),
    ("NewComplaint", &["reference_no", "summary", "allegations", "reporter"]),
    ("NewConclusion", &["confirmed_orders"]),
    ("NewDeadline", &["stage", "title", "due_on"]),
    ("NewGrant", &["case_id", "covers"]),
    ("NewHandOver", &["reason"]),
    ("NewPlaybook", &["key", "title", "note"]),
    ("NewPlaybookTask", &["reporter_types", "wanted_documents", "required", "offset"]),
    ("NewRegisterCheck", &["note"]),
    ("NewReporter", &["confidence", "basis"]),
    ("NewShop", &["credit_code"]),
    ("NewTask", &["done_means", "due_at", "checklist"]),
    ("NewTrigger", &["occurred_on", "served_by", "service_method", "document_reference"]),
    ("PlaybookMove", &["reason"]),
    ("PlaybookTransition", &["make_default"]),
    ("ReporterPatch", &["confidence", "basis"]),
    ("ShopPatch", &["legal_entity"]),
    ("TaskPatch", &["status", "note"]),
];

/// Bodies that are no JSON.
const TEXTS: &[(&str, &str)] = &[(
    "text/calendar",
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Rejoinder//Deadlines//EN\r\nMETHOD:PUBLISH\r\nNAME:手机日历\r\nEND:VCALENDAR\r\n",
)];

/// What the story says of a property of a schema (`Case.outcome`), of a schema (`Platform`), or of all properties of a name (`created_at`).
fn told(of: &str) -> Option<Value> {
    Some(match of {
        "Acceptance.name" => json!("李蕾"),
        "Acceptance.token" => json!("rji_AZoexyZ9cX2Sk4mQ"),
        "Capability" => json!("case:read"),
        "CasePatch.priority" | "NewCase.priority" | "Case.priority" => json!("high"),
        "CaseTransition.to" => json!("closed"),
        "CaseTransition.outcome" => json!("平台部分撤销认定：106 单恢复，14 单维持"),
        "ChecklistItem.text" => json!("核对 120 单的物流轨迹"),
        "Channel" | "ReporterType" => json!("platform"),
        "ComplaintKind" => json!("platform_finding"),
        "ConclusionResult" => json!("partly_confirmed"),
        "Confidence" => json!("high"),
        "FieldRule" => json!("too_long"),
        "Identity.contact" => json!("138****0001"),
        "Identity.name" => json!("王某"),
        "IdentityRequest.reason" => json!("需与举报人核实订单"),
        "Meeting.note" => json!("申诉已提交，回执号 SS20261124-0331"),
        "MemberPatch.role" => json!("manager"),
        "Platform" => json!("douyin"),
        "ProblemCode" => json!("not_found"),
        "Refresh.refresh_token" => json!("rjr_AZoexyZ9cX2Sk4mQ"),
        "Role" => json!("handler"),
        "PlannedTask.status" => json!("todo"),
        "StageStatus" | "StageTarget" => json!("active"),
        "TaskPatch.status" => json!("in_progress"),
        "TimelineEntry.actor_id" => id("member"),
        "TimelineEntry.subject_id" => id("task"),
        "TimelineEntry.visibility" => json!("client"),
        "year" => json!(2027),
        "date" => json!("2027-03-03"),
        "calendar_key" => json!("cn"),
        "rule_id" => json!("SAMR-HEARING-REQ"),
        "AppliesTo" => json!("platform:douyin"),
        "CalendarVersion" => json!({ "revision": 0, "base_revision": 0 }),
        "CalendarDay.date" | "NewCalendarDay.date" => json!("2027-01-01"),
        "CalendarDay.name" | "NewCalendarDay.name" => json!("元旦"),
        "Calendar.key" | "NewCalendar.key" => json!("cn_without_make_up_days"),
        "NewCalendar.name" | "CalendarPatch.name" => json!({ "zh": "不计调休的日历", "en": "Calendar without make-up days" }),
        "NewDeadlineRule.title" => json!({ "zh": "内部答复期限", "en": "House reply" }),
        "Calendar.note" => Value::Null,
        "CalendarPatch.note" => json!("按行业惯例不计调休"),
        "CalendarYear.source" | "NewCalendarYear.source" => json!("国务院办公厅关于2027年部分节假日安排的通知"),
        "CaseSuspension.ground" | "Suspension.ground" | "PauseGround" => json!("suspension"),
        "CaseSuspension.reason" | "Suspension.reason" => json!("法院裁定中止诉讼，裁定书 (2026)浙01民初17号"),
        "CaseResumption.to" | "Resumption.to" => json!("2026-11-24T01:00:00.000000Z"),
        "DeadlineMoves.reason" => json!("平台 2026-11-20 起将申诉期改为 8 日"),
        "Deadline.rule_id" => json!("PF-DOUYIN-APPEAL"),
        "Deadline.conflict" | "Deadline.projected" | "Deadline.missed_at" => Value::Null,
        "Extension.basis" => json!("平台客服同意延期，工单 2026-1120-88"),
        "Period" => json!({ "amount": 5, "unit": "working_days", "roll": "none" }),
        "NewDeadlineRule.rule_id" => json!("HOUSE-REPLY"),
        "NewDeadlineRule.source" | "DeadlineRule.source" => json!("服务合同第 4.2 条"),
        "NewDeadlineRule.trigger_event" | "DeadlineRule.trigger_event" => json!("platform_notice"),
        "NewDeadlineRule.confidence" => json!("secondary"),
        "NewDeadlineRule.note" | "DeadlineRule.note" => json!("约定的内部答复期限"),
        "DeadlineRule.extends" | "DeadlineRule.conflict" | "DeadlineRule.withdrawn_at" | "DeadlineRule.effective_to" => Value::Null,
        "effective_from" => json!("2026-01-01"),
        "SourceConfidence" => json!("secondary"),
        "ServiceMethod" => json!("platform_message"),
        "Trigger.note" => Value::Null,
        "TriggerMove.reason" => json!("送达回证显示为 20 日签收"),
        "ExplanationLine.code" => json!("counted"),
        "ExplanationLine.date" => json!("2026-10-10"),
        "ExplanationLine.at" => Value::Null,
        "OwnDay.date" => json!("2027-03-03"),
        "NewOwnDay.name" => json!("壮族三月三"),
        "NewOwnDay.source" => json!("广西壮族自治区人民政府公告"),
        "DayOff" => json!("holiday"),
        "WeekDay" => json!("sunday"),
        "Zone" => json!("Asia/Shanghai"),
        "from_due_on" | "stated_due_on" => json!("2026-11-27"),
        "from_due_at" | "stated_due_at" => json!("2026-11-27T16:00:00.000000Z"),
        "Pause.from" => json!("2026-11-21T01:00:00.000000Z"),
        "Pause.to" | "DueChange.stated_due_at" => Value::Null,
        "AgendaFeed.name" => json!("手机日历"),
        "AgendaItem.task_status" => Value::Null,
        "AgendaItem.deadline_status" | "DeadlineStatus" => json!("pending"),
        "AgendaItem.kind" => json!("deadline"),
        "AgendaItem.stage" => json!("cooperation"),
        "AgendaItem.id" => id("deadline"),
        "AgendaItem.link" => json!(format!("/v1/deadlines/{}", id("deadline").as_str().unwrap_or_default())),
        "BlockingCode" => json!("tasks_open"),
        "Blocking.link" => json!(format!("/v1/tasks/{}", id("task").as_str().unwrap_or_default())),
        "Language" => json!("zh-CN"),
        "NewAgendaFeed.language" => json!("zh-CN"),
        "NewAgendaFeed.only_mine" | "AgendaFeed.only_mine" => json!(true),
        "Waiver.reason" => json!("平台已撤回通知"),
        "Blocker.link" => json!(format!("/v1/tasks/{}", id("task").as_str().unwrap_or_default())),
        "NewTask.title" => json!("向快递公司调取 120 单的底单"),
        "NewTask.done_means" => json!("底单已到齐并归档，缺失的单号已注明。"),
        "Deadline.stage" => json!("cooperation"),
        "Grant.shop_id" => Value::Null,
        // A case in its second hour: open, with a task to do and a deadline ahead.
        "Allegation.outcome" | "Allegation.outcome_reason" | "Case.outcome" | "Case.reason" | "StageRecord.reason" => Value::Null,
        "Deadline.note" | "Task.note" | "Task.description" | "next_cursor" => Value::Null,
        "closed_at" | "first_closed_at" | "ended_at" | "first_ended_at" | "ended_by" | "met_at" | "revoked_at" | "accepted_at" => {
            Value::Null
        }
        "received_at" | "occurred_at" => json!("2026-11-20T01:05:00.000000Z"),
        "created_at" | "opened_at" | "started_at" => json!("2026-11-20T01:30:00.000000Z"),
        "updated_at" | "at" | "last_used_at" => json!("2026-11-20T03:10:00.000000Z"),
        "concluded_at" => json!("2026-11-20T03:05:00.000000Z"),
        "Invitation.expires_at" => json!("2026-11-23T01:30:00.000000Z"),
        "Task.due_at" => json!("2026-11-27T10:00:00.000000Z"),
        "due_at" | "due_before" | "was_due_at" => json!("2026-11-27T16:00:00.000000Z"),
        "expires_at" | "ends_at" => json!("2027-11-20T01:30:00.000000Z"),
        "occurred_on" => json!("2026-11-20"),
        "due_on" => json!("2026-11-27"),
        "period_from" => json!("2026-08-20"),
        "period_to" => json!("2026-11-17"),
        "CaseMoves.reason" | "PlaybookMove.reason" => json!("按新版预案补做截图真伪核验"),
        "Comment.retracted_at" | "Comment.retracted_by" | "Comment.retraction_reason" | "Comment.task_id" => Value::Null,
        "LocalLine.zh" | "LocalText.zh" => json!("核验举报截图的真伪"),
        "LocalLine.en" | "LocalText.en" => json!("Check whether the reported screenshots are genuine"),
        "NewComment.body" => json!("仓库确认 11 月 9 日爆单，底单已在整理。"),
        "NewComment.visibility" | "Comment.visibility" => json!("client"),
        "NewNotificationChannel.address" => json!("li.lei@agency.example"),
        "ChannelTest.error" | "Delivery.error" | "Delivery.next_at" => Value::Null,
        "Reminder.acknowledged_at" | "SentReminder.acknowledged_at" => Value::Null,
        "stands_in_for_id" | "snoozed_until" | "cancelled_at" | "away_from" | "away_until" | "stand_in_id" => Value::Null,
        "works_until" => json!("18:00"),
        "NewAvailability.calendar" => json!("cn"),
        "LadderStep.to" => json!(["assignee"]),
        "planned_at" | "shown_at" | "sent_at" => json!("2026-11-26T16:00:00.000000Z"),
        "SentReminder.visibility" => json!("internal"),
        "Delivery.state" => json!("sent"),
        "Snooze.until" => json!("2026-11-27T02:00:00.000000Z"),
        "NewHandOver.reason" => json!("离职交接"),
        "NewPlaybook.key" => json!("house"),
        "NewPlaybook.note" | "PlaybookPatch.note" | "Playbook.note" => json!("增加截图真伪核验"),
        "Playbook.built_in" | "Playbook.is_default" => json!(false),
        "PlaybookTransition.make_default" => json!(true),
        "Anchor" => json!({ "kind": "event", "of": ["case_opened"] }),
        "Slug" => json!("house"),
        "task_key" => json!("SC-01"),
        "PlannedTask.title" => json!("Record the rivalry and the signs of malice"),
        "MovedCase.dropped" => json!(["INT-05"]),
        "MovedCase.restored" | "MovedCase.altered" | "MovedCase.rescheduled" => json!([]),
        "MovedCase.kept_count" => json!(37),
        "task_count" => json!(92),
        "case_version" => json!(17),
        "RegisterEntry.day" => json!("2026-11-20"),
        "RegisterEntry.actor" => json!({ "kind": "member", "id": id("member") }),
        "RegisterEntry.checks_id" | "RegisterEntry.correct" | "RegisterEntry.note" | "previous_due_at" => Value::Null,
        "RegisterEntry.statutory" | "RegisterEntry.needs_check" => json!(true),
        "RegisterCheck.id" => id("register_check"),
        "RegisterCheck.by" => id("colleague"),
        "entry_id" => id("register_entry"),
        "Retraction.reason" => json!("发错对象"),
        "PlaybookTask.repeat" => Value::Null,
        "published_at" => json!("2026-11-20T03:10:00.000000Z"),
        "occurrence" => json!(1),
        "version" => json!(17),
        "required" | "blocks_closing" | "Me.needs_grant" => json!(of != "Me.needs_grant"),
        _ => return None,
    })
}

/// The id of a kind of thing, the same everywhere: a UUIDv7 of the story's first moment.
fn id(kind: &str) -> Value {
    let mixed = kind.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let moment = 0x01a1_f693_21c0_u128 << 80;
    let fields = 0x7000_0000_0000_0000_0000_u128 | 0x8000_0000_0000_0000_u128;
    let random = u128::from(mixed >> 52) << 64 | u128::from(mixed) & 0x3fff_ffff_ffff_ffff;
    json!(Uuid::from_u128(moment | fields | random))
}

/// Puts an example into every body, path parameter and problem of the document.
pub(super) fn add(document: &mut OpenApi) {
    let schemas = serde_json::to_value(document.components.as_ref().map(|components| &components.schemas)).unwrap_or_default();
    let story = Story { schemas: &schemas };
    let mut shared = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        story.tell(operation, &mut shared);
    }
    let shared = shared.into_iter().map(|(name, value)| (name, example(value)));
    document.components.get_or_insert_with(Default::default).examples.extend(shared);
}

fn example(value: Value) -> RefOr<Example> {
    ExampleBuilder::new().value(Some(value)).into()
}

fn refer(content: &mut RefOr<Content>, title: &str, name: &str) {
    if let RefOr::T(content) = content {
        content.examples.insert(title.to_owned(), RefOr::Ref(Ref::new(format!("#/components/examples/{name}"))));
    }
}

/// What an example is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Request,
    Answer,
    /// An answer with what is only sent when it is asked for, or once.
    InFull,
}

/// The story, and the schemas that it is told in.
struct Story<'a> {
    schemas: &'a Value,
}

impl Story<'_> {
    /// Tells it in an operation; what several operations say goes into `shared`.
    fn tell(&self, operation: &mut Operation, shared: &mut BTreeMap<String, Value>) {
        let mut expands = false;
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter {
                expands |= parameter.name == "expand";
                self.tell_parameter(parameter);
            }
        }
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            for content in body.content.values_mut() {
                self.tell_body(content, Use::Request, shared);
            }
        }
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            for (media_type, content) in &mut response.content {
                if media_type == MEDIA_TYPE {
                    for kind in Kind::ALL.iter().filter(|kind| response.description.contains(&format!("`{}`", kind.code()))) {
                        shared.entry(kind.code().to_owned()).or_insert_with(|| problem(*kind));
                        refer(content, kind.code(), kind.code());
                    }
                    continue;
                }
                if let (Some(text), RefOr::T(content)) = (TEXTS.iter().find(|(known, _)| known == media_type), &mut *content) {
                    content.examples.insert("example".to_owned(), example(json!(text.1)));
                    continue;
                }
                if status != "201" {
                    self.tell_body(content, Use::Answer, shared);
                }
                if status == "201" || expands {
                    self.tell_body(content, Use::InFull, shared);
                }
            }
        }
    }

    fn tell_parameter(&self, parameter: &mut Parameter) {
        if parameter.parameter_in == ParameterIn::Path {
            let schema = serde_json::to_value(&parameter.schema).unwrap_or_default();
            let value = self.value("", &parameter.name, &schema, Use::Request);
            *parameter = ParameterBuilder::from(std::mem::take(parameter)).example(Some(value)).build();
        }
    }

    fn tell_body(&self, content: &mut RefOr<Content>, wanted: Use, shared: &mut BTreeMap<String, Value>) {
        let RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) = content else { return };
        let name = reference.ref_location.trim_start_matches(PREFIX).to_owned();
        let value = self.named(&name, wanted);
        let (title, known) = match wanted {
            Use::InFull if value != self.named(&name, Use::Answer) => ("in_full", format!("{name}_in_full")),
            _ => ("example", name),
        };
        shared.entry(known.clone()).or_insert(value);
        refer(content, title, &known);
    }

    /// A value of a schema with a name.
    fn named(&self, name: &str, wanted: Use) -> Value {
        let schema = &self.schemas[name];
        let told =
            told(name).or_else(|| own(schema)).or_else(|| name.strip_suffix("Id").filter(|_| schema["format"] == "uuid").map(kind_id));
        told.unwrap_or_else(|| {
            if schema["type"] == "object" { self.object(name, schema, wanted) } else { self.plain(name, "", schema, wanted) }
        })
    }

    fn object(&self, name: &str, schema: &Value, wanted: Use) -> Value {
        let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let besides = BESIDES.iter().find(|(request, _)| *request == name).map_or(&[][..], |(_, besides)| besides);
        let all = wanted == Use::InFull || (required.is_empty() && besides.is_empty());
        let within = if wanted == Use::InFull { Use::Answer } else { wanted };
        let properties = schema["properties"].as_object().into_iter().flatten();
        let chosen =
            properties.filter(|(property, _)| all || required.contains(&property.as_str()) || besides.contains(&property.as_str()));
        chosen.map(|(property, schema)| (property.clone(), self.value(name, property, schema, within))).collect::<Map<_, _>>().into()
    }

    /// A value of a property: what is said of it, what the answer says of the same, what its name says, what its schema says.
    fn value(&self, owner: &str, property: &str, schema: &Value, wanted: Use) -> Value {
        let said = told(&format!("{owner}.{property}")).or_else(|| own(schema));
        let answer = ["New", "Added"].iter().find_map(|prefix| owner.strip_prefix(prefix)).or(owner.strip_suffix("Patch"));
        let same = || {
            let answer = answer?;
            let told = told(&format!("{answer}.{property}")).filter(|value| !value.is_null());
            told.or_else(|| own(self.schemas.pointer(&format!("/{answer}/properties/{property}"))?))
        };
        said.or_else(same).or_else(|| told(property)).unwrap_or_else(|| self.plain(owner, property, schema, wanted))
    }

    /// A value of a schema of which nothing is said.
    fn plain(&self, owner: &str, property: &str, schema: &Value, wanted: Use) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.named(reference.trim_start_matches(PREFIX), wanted);
        }
        if let Some(choice) = schema["oneOf"].get(0) {
            return self.plain(owner, property, choice, wanted);
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let is = |name: &str| schema["type"] == name || schema["type"].get(0).is_some_and(|first| first == name);
        match () {
            () if owner == "Case" && property == "stages" => self.stages(wanted),
            () if is("array") => json!([self.plain(owner, property, &schema["items"], wanted)]),
            () if is("object") => json!({}),
            () if is("boolean") => json!(false),
            () if is("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            () if schema["format"] == "uuid" => id(property.trim_end_matches("_id")),
            () => json!(UNTOLD),
        }
    }

    /// The first stage has begun, the others have not.
    fn stages(&self, wanted: Use) -> Value {
        let record = |stage: &Stage| {
            let mut record = self.named("StageRecord", wanted);
            if let Some(fields) = record.as_object_mut() {
                fields.insert("stage".into(), json!(stage));
                if Some(stage) != Stage::ALL.first() {
                    fields.extend([("status".into(), json!(StageStatus::Pending)), ("started_at".into(), Value::Null)]);
                }
            }
            record
        };
        Stage::ALL.iter().map(record).collect()
    }
}

/// What a schema says of itself.
fn own(schema: &Value) -> Option<Value> {
    schema.get("example").or_else(|| schema["examples"].get(0)).cloned()
}

/// The id behind the name of an id's type: `ApiKeyId` is the id of an `api_key`.
fn kind_id(name: &str) -> Value {
    let mut kind = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kind.is_empty() {
            kind.push('_');
        }
        kind.extend(letter.to_lowercase());
    }
    id(&kind)
}

/// A problem as the server says it.
fn problem(kind: Kind) -> Value {
    let case = id("case");
    let path = format!("/v1/cases/{}", case.as_str().unwrap_or_default());
    let request_id = id("request");
    let view = occasion(kind).view(Language::English, request_id.as_str().unwrap_or_default(), &path);
    serde_json::to_value(view).unwrap_or_default()
}

/// An occasion for a problem.
fn occasion(kind: Kind) -> Problem {
    let task = serde_json::from_value(id("task")).into_iter();
    match kind {
        Kind::InvalidParameter => Problem::parameter("limit", &FieldRule::OutOfRange.with("1–200")),
        Kind::InvalidHeader => Problem::with_field(kind, Place::Header("if-match"), FieldRule::Malformed, "\"17\""),
        Kind::PreconditionRequired => Problem::with_field(kind, Place::Header("if-match"), FieldRule::Required, ""),
        Kind::MalformedBody => Problem::new(kind).with_facts(json!({ "reason": "line 3, column 14" })),
        Kind::TooLarge => Problem::new(kind).with_facts(json!({ "limit_bytes": 262_144 })),
        Kind::InvalidBody => Problem::with_field(kind, Place::Pointer("/title".into()), FieldRule::TooLong, "200"),
        Kind::InvalidTransition => RuleViolation::CaseAlready(CaseStatus::Closed).into(),
        Kind::DependenciesOpen => RuleViolation::DependenciesOpen(task.collect()).into(),
        Kind::DependencyCircle => RuleViolation::DependencyCircle(task.collect()).into(),
        Kind::ChecklistOpen => RuleViolation::ChecklistOpen(2).into(),
        Kind::ReasonRequired => RuleViolation::ReasonRequired("/reason").into(),
        Kind::Blocked => {
            let title =
                Bilingual { zh: "逐条核查异常信号并作出结论".into(), en: "Review each signal and conclude on it".into() };
            RuleViolation::Blocked(task.map(|id| Blocker::TaskOpen { id, title: title.clone(), stage: Stage::SelfCheck }).collect()).into()
        }
        _ => Problem::new(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operations::document;

    #[test]
    fn what_requests_have_besides_is_in_their_schemas() {
        let schemas = serde_json::to_value(document().components.map(|components| components.schemas)).unwrap_or_default();
        for (request, besides) in BESIDES {
            for property in *besides {
                assert!(schemas.pointer(&format!("/{request}/properties/{property}")).is_some(), "{request}.{property}");
            }
        }
    }
}
