//! The authorization matrix, made from the OpenAPI document: every operation, every place for an id, every kind of caller.
//!
//! What a caller may do is computed from the policy table in `domain/access.rs`, never listed here, so that a new operation is covered the moment
//! it is in the document. What this file does list is reviewed: which operations are public, and the few values that no example tells.

use crate::harness::{Agency, Caller, Database, PASSWORD, Received, TestApp, a_platform_finding, on_both};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rejoinder::{
    api::operations,
    auth::tokens::{Subject, Tokens},
    domain::{
        access::{Capability, Role, scopes_allow},
        grant::Cover,
    },
    store::Hole,
};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};
use uuid::Uuid;

/// Operations that ask for no token, and why.
const PUBLIC: &[(&str, &str)] = &[
    ("GET /livez", "health"),
    ("GET /v1/agenda.ics", "the feed's token is the proof"),
    ("GET /readyz", "health"),
    ("GET /problems/{code}", "explanations"),
    ("POST /v1/sessions", "the password is the proof"),
    ("POST /v1/sessions/refresh", "the refresh token is the proof"),
    ("POST /v1/invitations/accept", "the invitation's secret is the proof"),
];

/// Operations with a permission that the owner is not brought to 2xx in, and why. It may only shrink.
const NOT_EXERCISED: &[(&str, &str)] = &[];

/// What the document's example of a body cannot know. `$kind` stands for what is of that kind.
const BODIES: &[(&str, &str)] = &[
    ("POST /v1/playbooks", r#"{"key": "$fresh key"}"#),
    ("POST /v1/calendars", r#"{"key": "$fresh key"}"#),
    ("POST /v1/deadline_rules", r#"{"rule_id": "$fresh key"}"#),
    ("POST /v1/reminders/{reminder_id}/snooze", r#"{"until": "$soon"}"#),
    ("PUT /v1/me/password", r#"{"old_password": "$password", "new_password": "$password"}"#),
    ("POST /v1/sessions", r#"{"email": "$email", "password": "$password"}"#),
];

/// What the owner's body has besides, where the plain one is rightly refused with 409.
const TO_SUCCEED: &[(&str, &str)] = &[
    ("POST /v1/cases/{case_id}/transitions", r#"{"override": true, "reason": "To see it close"}"#),
    ("POST /v1/deadlines/{deadline_id}/suspend", WHILE_IT_RAN),
    ("POST /v1/cases/{case_id}/suspensions", WHILE_IT_RAN),
    ("POST /v1/cases/{case_id}/suspensions/preview", WHILE_IT_RAN),
];

/// A moment between the notice of a case and the end of its deadline.
const WHILE_IT_RAN: &str = r#"{"from": "2026-11-21T09:30:00+08:00"}"#;

/// What the owner does first, so that there is something to do.
const FIRST: &[(&str, &str, &str)] = &[
    (
        "POST /v1/deadlines/{deadline_id}/resume",
        "/v1/deadlines/{deadline_id}/suspend",
        r#"{"ground": "other", "reason": "x", "from": "2026-11-21T09:30:00+08:00"}"#,
    ),
    (
        "POST /v1/cases/{case_id}/resumptions",
        "/v1/deadlines/{deadline_id}/suspend",
        r#"{"ground": "other", "reason": "x", "from": "2026-11-21T09:30:00+08:00"}"#,
    ),
];

/// Fields of which a body has only one: naming the first leaves the second out.
const EITHER: &[(&str, &str, &str)] = &[("POST /v1/grants", "shop_id", "case_id")];

/// Fields that need more than their operation does.
const BEYOND: &[(&str, &str, Capability)] = &[
    ("PATCH /v1/tasks/{task_id}", "assignee_id", Capability::WriteCases),
    ("PATCH /v1/tasks/{task_id}", "depends_on", Capability::WriteCases),
];

/// Lists of what a tenant works by: whoever has the permission sees all of it, within no grant.
const OF_THE_TENANT: &[&str] = &["/v1/calendars", "/v1/deadline_rules", "/v1/deadline_rules/{rule_id}", "/v1/reminder_ladders"];

/// Lists that show each caller what is their own, and what of it.
const PERSONAL: &[(&str, &str)] = &[
    ("GET /v1/agenda_feeds", "one's own calendar feeds"),
    ("GET /v1/reminders", "one's own reminders"),
    ("GET /v1/notification_channels", "one's own channels, and a manager the groups'"),
];

/// Kinds of which each caller reaches only what is their own: here, the owner's.
const OWN: &[&str] = &["feed", "reminder", "notification_channel"];

/// Operations on a draft: nothing else of a playbook changes.
const ON_DRAFTS: &[&str] = &[
    "PATCH /v1/playbooks/{playbook_id}",
    "DELETE /v1/playbooks/{playbook_id}",
    "PUT /v1/playbooks/{playbook_id}/tasks/{task_key}",
    "DELETE /v1/playbooks/{playbook_id}/tasks/{task_key}",
    "POST /v1/playbooks/{playbook_id}/transitions",
];

/// Where each planted hole shows: to which caller, under which path.
const HOLES: &[(Hole, &str, &str)] = &[
    (Hole::Permission, "auditor", "/v1/shops"),
    (Hole::KeyScopes, "an API key of the owner for shops", "/v1/members/"),
    (Hole::KeyRevocation, "an API key that was revoked", "/v1/shops"),
    (Hole::KeyEnd, "an API key past its end", "/v1/shops"),
    (Hole::SessionRevocation, "a session that was ended", "/v1/shops"),
    (Hole::SessionEnd, "a session past its end", "/v1/shops"),
    (Hole::Suspension, "an API key of a suspended member", "/v1/shops"),
    (Hole::Reach, "client without a grant", "/v1/tasks/"),
    (Hole::GrantEnd, "counsel with a grant past its end", "/v1/shops/"),
    (Hole::GrantRevocation, "counsel with a grant that was revoked", "/v1/tasks/"),
    (Hole::WriteCover, "counsel with a grant to read", "/v1/tasks/"),
    (Hole::IdentityCover, "counsel with a grant to write", "/v1/complaints/"),
    (Hole::Visibility, "client with a grant to read", "/v1/cases/{case_id}/timeline"),
    (Hole::TenantOfCases, "the owner of another tenant", "/v1/cases/{case_id}/timeline"),
    (Hole::TenantOfShops, "the owner of another tenant", "/v1/shops/"),
    (Hole::TenantOfTask, "the owner of another tenant", "/v1/tasks/"),
    (Hole::TenantOfDeadline, "the owner of another tenant", "/v1/deadlines/"),
    (Hole::TenantOfTrigger, "the owner of another tenant", "/v1/triggers/"),
    (Hole::TenantOfRulebook, "the owner of another tenant", "/v1/calendars"),
    (Hole::TenantOfRegisterEntry, "the owner of another tenant", "/v1/deadline_register"),
    (Hole::TenantOfComplaint, "the owner of another tenant", "/v1/complaints/"),
    (Hole::TenantOfNamedMembers, "the owner of another tenant", "/v1/tasks/"),
    (Hole::TenantOfPlaybook, "the owner of another tenant", "/v1/playbooks/"),
    (Hole::TenantOfComment, "the owner of another tenant", "/v1/comments/"),
    (Hole::CommentVisibility, "client with a grant to read", "/v1/cases/{case_id}/comments"),
    (Hole::OwnerOfReminder, "manager", "/v1/reminders/"),
    (Hole::OwnerOfChannel, "manager", "/v1/notification_channels/"),
    (Hole::CursorSignature, "manager", "/v1/shops"),
];

/// Ids by kind: `case`, `shop`, `task`.
type Graph = BTreeMap<&'static str, String>;

/// The kinds that a grant reaches.
const IN_REACH_OF_GRANTS: &[&str] = &["shop", "case", "complaint", "allegation", "deadline", "trigger", "task", "comment"];

/// The kind of thing that a name stands for: `lead_id` names a member.
fn kind_of(name: &str) -> &'static str {
    match name {
        "lead_id" | "assignee_id" => "member",
        "to_member_id" | "stand_in_id" => "colleague",
        "depends_on" => "task that comes first",
        "based_on_id" => "playbook",
        "move_too" | "keep" => "deadline",
        _ => {
            let noun = name.trim_end_matches("_ids").trim_end_matches("_id");
            const KINDS: &[&str] = &[
                "tenant",
                "member",
                "invitation",
                "grant",
                "api_key",
                "shop",
                "case",
                "complaint",
                "allegation",
                "deadline",
                "trigger",
                "feed",
                "calendar_key",
                "year",
                "date",
                "rule",
                "entry",
                "task",
                "task_key",
                "stage",
                "playbook",
                "comment",
                "reminder",
                "notification_channel",
                "ladder_kind",
            ];
            KINDS.iter().find(|kind| **kind == noun).unwrap_or_else(|| panic!("teach `kind_of` and `graph` what `{name}` names"))
        }
    }
}

/// A field of a body that holds ids.
#[derive(Debug, Clone)]
struct Field {
    name: String,
    many: bool,
}

/// An operation of the document.
struct Operation {
    name: String,
    method: Method,
    path: String,
    capability: Option<Capability>,
    path_ids: Vec<String>,
    query_ids: Vec<String>,
    query: Vec<String>,
    /// Whether `If-Match` is asked for; none when it is not known.
    if_match: Option<bool>,
    /// Whether an idempotency key must be sent.
    needs_key: bool,
    media_type: Option<String>,
    /// The document's example of the body.
    example: Value,
    fields: Vec<Field>,
    lists: bool,
}

/// The OpenAPI document.
struct Document(Value);

impl Document {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.resolve(self.0.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} is not in the document")));
        }
        let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
        match choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
            Some(choice) => self.resolve(choice),
            None => schema,
        }
    }

    fn is_id(&self, schema: &Value) -> bool {
        self.resolve(schema)["format"] == "uuid"
    }

    fn fields(&self, schema: &Value) -> Vec<Field> {
        let properties = self.resolve(schema)["properties"].as_object().cloned().unwrap_or_default();
        let field = |(name, schema): (&String, &Value)| {
            let many = self.resolve(schema)["type"] == "array";
            let is_id = self.is_id(if many { &self.resolve(schema)["items"] } else { schema });
            is_id.then(|| Field { name: name.clone(), many })
        };
        properties.iter().filter_map(field).collect()
    }

    fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().expect("paths");
        let all = paths.iter().flat_map(|(path, item)| {
            item.as_object().expect("operations").iter().map(move |(method, operation)| self.operation(path, method, operation))
        });
        all.collect()
    }

    fn operation(&self, path: &str, method: &str, operation: &Value) -> Operation {
        let method: Method = method.to_uppercase().parse().expect("a method");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let names = |place: &str, only_ids: bool| -> Vec<String> {
            let wanted = parameters.iter().filter(|p| p["in"] == place && (!only_ids || self.is_id(&p["schema"])));
            wanted.map(|p| p["name"].as_str().expect("a name").to_owned()).collect()
        };
        let (media_type, schema, example) = match operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next())
        {
            Some((media_type, content)) => {
                let example = self.resolve(&content["examples"]["example"])["value"].clone();
                (Some(media_type.clone()), content["schema"].clone(), example)
            }
            None => (None, Value::Null, Value::Null),
        };
        let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        Operation {
            name: format!("{method} {path}"),
            path: path.to_owned(),
            capability: operation["x-permission"].as_str().map(|word| word.parse().expect("a permission of the policy table")),
            path_ids: names("path", true),
            query_ids: names("query", true),
            query: names("query", false),
            needs_key: parameters.iter().any(|p| p["name"] == "Idempotency-Key" && p["required"] == true),
            if_match: parameters.iter().find(|p| p["name"] == "If-Match").map(|p| p["required"] == true),
            fields: self.fields(&schema),
            lists: method == Method::GET && self.resolve(answer)["properties"]["data"]["type"] == "array",
            method,
            media_type,
            example,
        }
    }
}

impl Operation {
    /// The kind of thing that a parameter of the path stands for.
    fn kind_in_path(&self, name: &str) -> &'static str {
        if name == "playbook_id" && ON_DRAFTS.contains(&self.name.as_str()) { "draft" } else { kind_of(name) }
    }

    /// The path with the ids of a graph in it.
    fn path(&self, graph: &Graph) -> String {
        let mut path = self.path.clone();
        while let Some((start, end)) = path.find('{').zip(path.find('}')) {
            let id = graph[self.kind_in_path(&path[start + 1..end])].clone();
            path.replace_range(start..=end, &id);
        }
        path
    }

    /// The document's example of a body with the ids of a graph in it, and with this field if it is asked for.
    fn body(&self, graph: &Graph, field: Option<(&Field, &str)>, besides: &[(&str, &str)]) -> Option<Value> {
        self.media_type.as_ref()?;
        let mut body = self.example.clone();
        name_ids(&mut body, "", graph);
        let tables = BODIES.iter().chain(besides).filter(|(name, _)| *name == self.name);
        for (_, more) in tables {
            let more: Map<String, Value> = serde_json::from_str(more).expect("JSON");
            for (name, value) in more {
                let meant = |value: &Value| value.as_str().and_then(|text| text.strip_prefix('$')).map(|kind| json!(graph[kind]));
                body[name] = match value.as_array() {
                    Some(values) => values.iter().map(|value| meant(value).unwrap_or_else(|| value.clone())).collect(),
                    None => meant(&value).unwrap_or(value),
                };
            }
        }
        if let Some((field, id)) = field {
            body[&field.name] = if field.many { json!([id]) } else { json!(id) };
            let left_out = EITHER.iter().filter(|(name, given, _)| *name == self.name && *given == field.name);
            for (_, _, other) in left_out {
                body.as_object_mut().expect("an object").remove(*other);
            }
        }
        Some(body)
    }

    /// What a grant must cover for it, besides reading.
    fn cover(&self) -> Option<Cover> {
        match self.capability? {
            Capability::OpenIdentity => Some(Cover::Identity),
            capability => capability.writes().then_some(Cover::Write),
        }
    }

    fn takes(&self, name: &str) -> bool {
        self.query.iter().any(|known| known == name)
    }
}

/// How a caller stands to our tenant.
enum Standing {
    /// Their proof does not hold.
    Unproven,
    /// A member.
    Member { role: Role, scopes: Option<Vec<Capability>>, grant: Option<Live> },
    /// The owner of another tenant.
    Rival,
}

/// A grant that holds.
struct Live {
    covers: Vec<Cover>,
    to_shop: bool,
}

/// A kind of caller.
struct Principal {
    name: String,
    caller: Caller,
    standing: Standing,
    /// Ids that no answer to them may hold, unless they named them.
    hidden: BTreeSet<String>,
}

/// What a request should come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Unauthenticated,
    Forbidden,
    Absent,
    Allowed,
}

/// Whose ids a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Those of their own tenant, within the grants.
    Home,
    /// Those of their own tenant, in another shop.
    Beyond,
    /// Those of another tenant, or of nobody.
    Away,
}

impl Principal {
    fn narrow(&self) -> bool {
        matches!(&self.standing, Standing::Member { role, .. } if role.needs_grant())
    }

    fn has(&self, capability: Capability) -> bool {
        match &self.standing {
            Standing::Unproven => false,
            Standing::Rival => Role::Owner.may(capability),
            Standing::Member { role, scopes, .. } => {
                let in_scope = |scopes: &Vec<Capability>| capability == Capability::ReadSelf || scopes_allow(scopes, capability);
                role.may(capability) && scopes.as_ref().is_none_or(in_scope)
            }
        }
    }

    /// What the policy table says.
    fn expected(&self, operation: &Operation, place: Place) -> Verdict {
        let grant = match &self.standing {
            Standing::Unproven => return Verdict::Unauthenticated,
            Standing::Member { grant, .. } => grant.as_ref(),
            Standing::Rival => None,
        };
        if !operation.capability.is_some_and(|capability| self.has(capability)) {
            return Verdict::Forbidden;
        }
        if operation.path_ids.is_empty() {
            return Verdict::Allowed;
        }
        let own = operation.path_ids.iter().any(|name| OWN.contains(&kind_of(name)));
        match (place, grant) {
            (Place::Away, _) => Verdict::Absent,
            _ if own && self.name != Role::Owner.as_str() && !matches!(self.standing, Standing::Rival) => Verdict::Absent,
            _ if !self.narrow() => Verdict::Allowed,
            (Place::Beyond, _) | (_, None) => Verdict::Absent,
            (Place::Home, Some(grant)) if operation.cover().is_some_and(|cover| !grant.covers.contains(&cover)) => Verdict::Forbidden,
            (Place::Home, Some(_)) => Verdict::Allowed,
        }
    }

    /// Whether an element of a list is within reach. `shops` tells the shop of each case.
    fn reaches(&self, operation: &Operation, item: &Value, home: &Graph, shops: &BTreeMap<String, String>) -> bool {
        let Standing::Member { grant, .. } = &self.standing else { return false };
        if OF_THE_TENANT.contains(&operation.path.as_str()) {
            return true;
        }
        let (Some(grant), id) = (grant, item["id"].as_str().unwrap_or_default()) else { return !self.narrow() };
        let case = if operation.path == "/v1/cases" { Some(id) } else { item["case_id"].as_str() };
        match case {
            Some(case) if grant.to_shop => shops.get(case) == home.get("shop"),
            Some(case) => case == home["case"],
            None if operation.path == "/v1/shops" => id == home["shop"],
            None => true,
        }
    }
}

/// What a test run looks at; all of it when nothing is said.
#[derive(Clone, Copy, Default)]
struct Only {
    principal: Option<&'static str>,
    path: Option<&'static str>,
}

/// What came out: what is wrong, and how much was asked.
#[derive(Default)]
struct Report {
    violations: Vec<String>,
    requests: usize,
    slots: BTreeSet<String>,
}

/// What is in a list.
struct Listed {
    items: Vec<Value>,
    shops: BTreeMap<String, String>,
}

/// An installation with two tenants and one caller of each kind.
struct Installation<'a> {
    app: &'a TestApp,
    agency: Agency<'a>,
    operations: Vec<Operation>,
    owner: Caller,
    rival: Caller,
    home: Graph,
    beyond: Graph,
    foreign: Graph,
    absent: Graph,
    principals: Vec<Principal>,
    report: Mutex<Report>,
}

/// All ids in a text.
fn ids_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    words.filter(|word| word.len() == 36 && Uuid::parse_str(word).is_ok()).map(str::to_owned).collect()
}

/// Puts the ids of a graph where a value has ids.
fn name_ids(value: &mut Value, name: &str, graph: &Graph) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| name_ids(member, name, graph)),
        Value::Array(elements) => elements.iter_mut().for_each(|element| name_ids(element, name, graph)),
        Value::String(text) if Uuid::parse_str(text).is_ok() => text.clone_from(&graph[kind_of(name)]),
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A shop, a case in it and all that can be named besides.
async fn graph(agency: &Agency<'_>, owner: &Caller, guest: &str) -> Graph {
    let new = json!({ "name": "晨光家居", "platform": "douyin", "legal_entity": "杭州晨光家居有限公司" });
    let shop = owner.post("/v1/shops", new).await.expect(201);
    let draft = draft(owner).await;
    let publishing = format!("/v1/playbooks/{draft}/transitions");
    owner.post(&publishing, json!({ "to": "published" })).await.expect(200);
    let mut graph = case_in(owner, &shop, guest, &draft).await;
    let mut more = Vec::new();
    for _ in 0..2 {
        let grant = owner.post("/v1/grants", json!({ "member_id": guest, "case_id": graph["case"] })).await.expect(201);
        owner.post("/v1/grants", json!({ "member_id": guest, "shop_id": shop["id"] })).await.expect(201);
        let invitation = owner.post("/v1/invitations", json!({ "email": "new@agency.example", "role": "handler" })).await.expect(201);
        let key = owner.post("/v1/api_keys", json!({ "name": "ERP", "scopes": ["case:read"] })).await.expect(201);
        more = vec![("grant", text(&grant["id"])), ("invitation", text(&invitation["id"])), ("api_key", text(&key["id"]))];
    }
    graph.extend(more);
    let on_task = format!("/v1/tasks/{}/comments", graph["task"]);
    for visibility in ["internal", "privileged", "client", "client"] {
        let comment = owner.post(&on_task, json!({ "body": "x", "visibility": visibility })).await.expect(201);
        graph.insert("comment", text(&comment["id"]));
    }
    for _ in 0..2 {
        let reminded = reminded(agency, owner, &graph["case"]).await;
        graph.extend(reminded);
    }
    let colleague = agency.newcomer(Role::Handler, &format!("colleague-{}", fresh_key())).await;
    // An entry of the register that others have to check.
    let stated = json!({ "rule_id": "SAMR-SUPPLY", "due_on": "2027-03-01" });
    let deadline = colleague.post(&format!("/v1/cases/{}/deadlines", graph["case"]), stated).await.expect(201);
    let entries = owner.get(&format!("/v1/deadline_register?deadline_id={}", text(&deadline["id"]))).await.expect(200);
    graph.insert("entry", text(&entries["data"][0]["id"]));
    graph.insert("colleague", colleague.member.expect("a member"));
    // Something for the timeline that a client may not see.
    let identity = format!("/v1/complaints/{}/reporter_identity/openings", graph["complaint"]);
    owner.post(&identity, json!({ "reason": "To call back" })).await.expect(200);
    // A version of the rule by which the case's deadline was made: the deadline would follow it.
    owner.post("/v1/deadline_rules", a_rule("PF-DOUYIN-APPEAL")).await.expect(201);
    for _ in 0..2 {
        let feed = owner.post("/v1/agenda_feeds", json!({ "name": "x" })).await.expect(201);
        graph.insert("feed", text(&feed["id"]));
    }
    graph.insert("calendar_key", a_calendar(owner).await);
    graph.insert("tenant", agency.tenant.to_string());
    graph.insert("email", owner.email.clone());
    graph
}

/// A version of a rule for notices on Douyin, each a day longer than the last.
fn a_rule(id: &str) -> Value {
    static DAYS: AtomicU32 = AtomicU32::new(8);
    json!({
        "rule_id": id, "stage": "cooperation", "applies_to": ["platform:douyin"], "title": { "zh": "抖音申诉" }, "trigger_event": "platform_notice",
        "period": { "amount": DAYS.fetch_add(1, Ordering::Relaxed), "unit": "days" }, "source": "x", "effective_from": "2026-01-01"
    })
}

/// A calendar with a year and a single day of its own.
async fn a_calendar(owner: &Caller) -> String {
    let key = fresh_key();
    owner.post("/v1/calendars", json!({ "key": key, "name": { "zh": "x" } })).await.expect(201);
    let put = |path: String, version: &'static str, body: Value| owner.request(Method::PUT, &path).header("if-match", version).json(&body);
    let year = json!({ "source": "x", "days": [{ "date": "2027-01-01", "kind": "holiday", "name": "元旦" }] });
    put(format!("/v1/calendars/{key}/years/2027"), "\"1\"", year).send().await.expect(200);
    let day = json!({ "kind": "holiday", "name": "x", "source": "x" });
    put(format!("/v1/calendars/{key}/days/2027-03-03"), "\"2\"", day).send().await.expect(200);
    key
}

/// A reminder and a channel of the owner's own: of a deadline of this case that is nearly over.
async fn reminded(agency: &Agency<'_>, owner: &Caller, case: &str) -> Graph {
    let now = agency.app.store.ground().clock.now();
    let new = json!({ "stage": "legal", "title": "x", "due_at": now.plus_seconds(3_600), "assignee_id": owner.member });
    owner.post(&format!("/v1/cases/{case}/deadlines"), new).await.expect(201);
    agency.app.run_jobs().await;
    let channel = json!({ "kind": "email", "name": "x", "address": "owner@agency.example" });
    let channel = owner.post("/v1/notification_channels", channel).await.expect(201);
    let reminders = owner.get("/v1/reminders").await.expect(200);
    Graph::from([
        ("reminder", text(&reminders["data"][0]["id"])),
        ("notification_channel", text(&channel["id"])),
        ("soon", now.plus_seconds(1_800).to_string()),
    ])
}

/// A key that no playbook has.
fn fresh_key() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("house-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A draft of a playbook.
async fn draft(owner: &Caller) -> String {
    let built_in = owner.get("/v1/playbooks?limit=1").await.expect(200)["data"][0]["id"].clone();
    let new = json!({ "based_on_id": built_in, "key": fresh_key() });
    text(&owner.post("/v1/playbooks", new).await.expect(201)["id"])
}

/// A case in a shop and what is in it, and a draft beside it.
async fn case_in(owner: &Caller, shop: &Value, guest: &str, playbook: &str) -> Graph {
    let mut new = a_platform_finding(shop);
    new["playbook_id"] = json!(playbook);
    new["lead_id"] = json!(guest);
    new["complaint"]["reporter"]["identity"] = json!({ "name": "王某" });
    let case = owner.post("/v1/cases", new).await.expect(201);
    let task = format!("/v1/tasks/{}", text(&case["tasks"][0]["id"]));
    owner.patch(&task, json!({ "assignee_id": guest })).await.expect(200);
    Graph::from([
        ("shop", text(&shop["id"])),
        ("case", text(&case["id"])),
        ("complaint", text(&case["complaints"][0]["id"])),
        ("allegation", text(&case["allegations"][0]["id"])),
        ("deadline", text(&case["deadlines"][0]["id"])),
        ("trigger", text(&case["deadlines"][0]["trigger_id"])),
        ("year", "2027".to_owned()),
        ("date", "2027-03-03".to_owned()),
        ("rule", "PF-DOUYIN-APPEAL".to_owned()),
        ("task", text(&case["tasks"][0]["id"])),
        ("task that comes first", text(&case["tasks"][1]["id"])),
        ("member", guest.to_owned()),
        ("stage", "evidence".to_owned()),
        ("playbook", playbook.to_owned()),
        ("draft", draft(owner).await),
        ("task_key", "SC-01".to_owned()),
        ("ladder_kind", "ordinary".to_owned()),
        ("fresh key", fresh_key()),
        ("password", PASSWORD.to_owned()),
    ])
}

/// A fresh access token of the session behind another, which may have run out.
fn renewed(app: &TestApp, caller: &Caller) -> Caller {
    let token = caller.token.clone().expect("a token");
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("claims");
    let id = |name: &str| claims[name].as_str().and_then(|id| Uuid::parse_str(id).ok()).expect("an id");
    let subject =
        Subject { person_id: id("sub").into(), session_id: id("sid").into(), tenant_id: id("tid").into(), member_id: id("mid").into() };
    let ground = app.store.ground();
    let jti = Uuid::from_bytes(ground.clock.random());
    let token = Tokens::new(&ground.vault, app.url.clone()).sign(subject, jti, ground.clock.now()).expect("a token");
    Caller { token: Some(token), ..caller.clone() }
}

impl<'a> Installation<'a> {
    async fn seed(app: &'a TestApp) -> Self {
        let document = Document(serde_json::from_str(&operations::document_text()).expect("JSON"));
        let (agency, other) = (app.agency().await, app.agency().await);
        let sleeper = agency.newcomer(Role::Handler, "sleeper").await;
        // Sessions last 30 days unless they are refreshed.
        app.advance(31 * 24 * 3600);
        let (owner, rival) = (agency.member(Role::Owner).await, other.member(Role::Owner).await);
        let guest = agency.newcomer(Role::Counsel, "guest").await.member.expect("a member");
        let stranger = other.newcomer(Role::Counsel, "guest").await.member.expect("a member");
        let home = graph(&agency, &owner, &guest).await;
        let beyond = graph(&agency, &owner, &guest).await;
        let foreign = graph(&other, &rival, &stranger).await;
        let absent =
            home.keys().map(|kind| (*kind, app.store.ground().clock.new_id::<rejoinder::domain::ids::CaseId>().to_string())).collect();
        case_in(&owner, &json!({ "id": home["shop"] }), &guest, &home["playbook"]).await;
        let mut seeded = Self {
            app,
            agency,
            operations: document.operations(),
            owner,
            rival,
            home,
            beyond,
            foreign,
            absent,
            principals: Vec::new(),
            report: Mutex::default(),
        };
        seeded.principals = seeded.everybody(sleeper).await;
        seeded
    }

    /// One caller of each kind.
    async fn everybody(&self, sleeper: Caller) -> Vec<Principal> {
        let (agency, owner) = (&self.agency, &self.owner);
        let mut all = Vec::new();
        let mut add = |name: &str, caller: &Caller, standing: Standing| {
            all.push(Principal { name: name.to_owned(), caller: caller.clone(), standing, hidden: BTreeSet::new() });
        };
        let with_token = |token: String| Caller { token: Some(token), ..self.app.nobody() };
        add("nobody", &self.app.nobody(), Standing::Unproven);
        add("a malformed token", &with_token("nonsense".to_owned()), Standing::Unproven);
        let own = owner.token.clone().expect("a token");
        add("a token with another's signature", &with_token(format!("{}AAAA", &own[..own.len() - 4])), Standing::Unproven);
        add("a session past its end", &renewed(self.app, &sleeper), Standing::Unproven);
        let leaver = agency.newcomer(Role::Handler, "logged-out").await;
        leaver.request(Method::DELETE, "/v1/sessions/current").send().await.expect(204);
        add("a session that was ended", &leaver, Standing::Unproven);

        let suspended = agency.newcomer(Role::Manager, "suspended").await;
        let key = self.key(&suspended, json!({ "name": "x", "scopes": all_scopes(Role::Manager) })).await;
        let path = format!("/v1/members/{}", suspended.member.clone().expect("a member"));
        owner.patch(&path, json!({ "status": "suspended" })).await.expect(200);
        add("a suspended member", &suspended, Standing::Unproven);
        add("an API key of a suspended member", &key, Standing::Unproven);
        let key = self.key(owner, json!({ "name": "x", "scopes": all_scopes(Role::Owner) })).await;
        let path = format!("/v1/api_keys/{}", key.member.clone().expect("an id"));
        owner.request(Method::DELETE, &path).send().await.expect(204);
        add("an API key that was revoked", &key, Standing::Unproven);
        let soon = self.app.store.ground().clock.now().plus_seconds(60);
        let key = self.key(owner, json!({ "name": "x", "scopes": all_scopes(Role::Owner), "expires_at": soon })).await;
        add("an API key past its end", &key, Standing::Unproven);

        let scopes = vec![Capability::ReadShops];
        let key = self.key(owner, json!({ "name": "x", "scopes": scopes })).await;
        add("an API key of the owner for shops", &key, Standing::Member { role: Role::Owner, scopes: Some(scopes), grant: None });
        for role in Role::ALL.iter().copied().filter(|role| !role.needs_grant()) {
            add(role.as_str(), &agency.member(role).await, Standing::Member { role, scopes: None, grant: None });
        }
        for role in Role::ALL.iter().copied().filter(|role| role.needs_grant()) {
            for (what, covers, live, to_shop) in [
                ("without a grant", None, false, false),
                ("with a grant to write", Some(vec![Cover::Write]), true, false),
                ("with a grant to read", Some(vec![]), true, true),
                ("with a grant to open identities", Some(vec![Cover::Identity]), true, false),
                ("with a grant past its end", Some(Cover::ALL.to_vec()), false, true),
                ("with a grant that was revoked", Some(Cover::ALL.to_vec()), false, false),
            ] {
                let caller = agency.newcomer(role, &format!("{role}-{}", what.replace(' ', "-"))).await;
                if let Some(covers) = &covers {
                    let mut new = json!({ "member_id": caller.member, "covers": covers });
                    let kind = if to_shop { "shop" } else { "case" };
                    new[format!("{kind}_id")] = json!(self.home[kind]);
                    if what.ends_with("past its end") {
                        new["ends_at"] = json!(soon);
                    }
                    let grant = owner.post("/v1/grants", new).await.expect(201);
                    if what.ends_with("revoked") {
                        let path = format!("/v1/grants/{}", text(&grant["id"]));
                        owner.request(Method::DELETE, &path).header("if-match", "\"1\"").send().await.expect(200);
                    }
                }
                let grant = covers.filter(|_| live).map(|covers| Live { covers, to_shop });
                add(&format!("{role} {what}"), &caller, Standing::Member { role, scopes: None, grant });
            }
        }
        add("the owner of another tenant", &self.rival, Standing::Rival);
        self.app.advance(120);

        let contents = |graph: &Graph| format!("/v1/cases/{}?expand=complaints,allegations,tasks,deadlines", graph["case"]);
        let ours = ids_in(&owner.get(&contents(&self.home)).await.expect(200).to_string());
        let others = ids_in(&owner.get(&contents(&self.beyond)).await.expect(200).to_string());
        for principal in &mut all {
            match principal.standing {
                Standing::Rival => principal.hidden = ours.union(&others).cloned().collect(),
                _ if principal.narrow() => principal.hidden = others.difference(&ours).cloned().collect(),
                _ => {}
            }
        }
        all
    }

    /// A caller with a new API key; its id stands where a member's does.
    async fn key(&self, maker: &Caller, new: Value) -> Caller {
        let key = maker.post("/v1/api_keys", new).await.expect(201);
        Caller { token: Some(text(&key["key"])), member: Some(text(&key["id"])), ..self.app.nobody() }
    }

    fn violation(&self, what: String) {
        self.report.lock().expect("the report").violations.push(what);
    }

    /// The graph that is a principal's own, whose owner that is, and the graph of the others.
    fn sides(&self, principal: &Principal) -> (&Graph, &Caller, &Graph) {
        match principal.standing {
            Standing::Rival => (&self.foreign, &self.rival, &self.home),
            _ => (&self.home, &self.owner, &self.foreign),
        }
    }

    /// Sends a request, counts it, and looks for ids in the answer that must not be there.
    async fn send(&self, who: &Principal, operation: &Operation, path: &str, body: Option<&Value>, version: Option<&str>) -> Received {
        let mut sending = who.caller.request(operation.method.clone(), path);
        if let Some((media_type, body)) = operation.media_type.as_ref().zip(body) {
            sending = sending.bytes(media_type, body.to_string());
        }
        if let Some(version) = version {
            sending = sending.header("if-match", version);
        }
        if operation.needs_key {
            sending = sending.header("idempotency-key", &fresh_key());
        }
        let received = sending.send().await;
        self.report.lock().expect("the report").requests += 1;
        if received.status.is_server_error() {
            self.violation(format!("{} {path} as {}: {}", operation.method, who.name, received.status));
        }
        let asked = ids_in(&format!("{path} {}", body.map(Value::to_string).unwrap_or_default()));
        let told = ids_in(&String::from_utf8_lossy(&received.bytes));
        if let Some(leak) = told.intersection(&who.hidden).find(|id| !asked.contains(*id)) {
            self.violation(format!("{} {path} as {}: the answer holds {leak}, which is out of reach", operation.method, who.name));
        }
        received
    }

    fn check(&self, what: &str, expected: Verdict, received: &Received) {
        let found = match received.status.as_u16() {
            401 => Verdict::Unauthenticated,
            403 => Verdict::Forbidden,
            404 => Verdict::Absent,
            200..=299 | 409 | 412 => Verdict::Allowed,
            status => return self.violation(format!("{what}: {status}, so nothing was put to the test")),
        };
        if found != expected {
            self.violation(format!("{what}: {found:?}, but the policy says {expected:?}"));
        }
    }

    fn check_same(&self, what: &str, absent: &Received, other: &Received) {
        if masked(absent) != masked(other) {
            self.violation(format!("{what}: told apart from absent: {} / {}", masked(absent), masked(other)));
        }
    }

    /// All that is wrong with the part of the matrix that is asked for.
    async fn matrix(&self, only: Only) -> Report {
        *self.report.lock().expect("the report") = Report::default();
        for operation in self.operations.iter().filter(|o| o.capability.is_some() && only.path.is_none_or(|path| o.path.starts_with(path)))
        {
            // What is due is done first: a deadline that is missed meanwhile would be written by nobody who is asked here.
            self.app.run_jobs().await;
            let mut written = self.app.written();
            let listed = if operation.lists { Some(self.listed(operation).await) } else { None };
            for who in self.principals.iter().filter(|p| only.principal.is_none_or(|name| p.name.contains(name))) {
                self.paths(who, operation).await;
                if !matches!(who.standing, Standing::Unproven) {
                    self.fields(who, operation).await;
                    self.queries(who, operation).await;
                    if let Some(listed) = listed.as_ref().filter(|_| who.expected(operation, Place::Home) == Verdict::Allowed) {
                        self.lists(who, operation, listed).await;
                    }
                }
                let now = self.app.written();
                if now != written && who.expected(operation, Place::Home) != Verdict::Allowed {
                    self.violation(format!("{} as {}: refused, but something was written", operation.name, who.name));
                }
                written = now;
            }
        }
        std::mem::take(&mut self.report.lock().expect("the report"))
    }

    fn slot(&self, operation: &Operation, slot: &str) {
        self.report.lock().expect("the report").slots.insert(format!("{} {slot}", operation.name));
    }

    /// Ids in the path. A version that never was keeps what is allowed from taking effect.
    async fn paths(&self, who: &Principal, operation: &Operation) {
        let (home, owner, away) = self.sides(who);
        let version = operation.if_match.map(|_| "\"0\"");
        let expected = who.expected(operation, Place::Home);
        let (mut graph, mut caller) = (home.clone(), who.caller.clone());
        if operation.method == Method::DELETE && operation.if_match.is_none() && expected == Verdict::Allowed {
            // It takes effect: on something made for it, or on a session of its own.
            match operation.path.rsplit_once("/{") {
                Some((list, name)) => {
                    let kind = kind_of(name.trim_end_matches('}'));
                    let maker = self.operations.iter().find(|o| o.name == format!("POST {list}")).expect("what makes it");
                    let body = maker.body(home, None, &[]).expect("a body");
                    graph.insert(kind, text(&owner.post(list, body).await.expect(201)["id"]));
                }
                None => caller = self.agency_of(who).log_in(&who.caller.email).await,
            }
        }
        let acting = Principal { name: who.name.clone(), caller, standing: Standing::Unproven, hidden: who.hidden.clone() };
        let body = operation.body(&graph, None, &[]);
        let what = format!("{} as {}", operation.name, who.name);
        let received = self.send(&acting, operation, &operation.path(&graph), body.as_ref(), version).await;
        self.check(&what, expected, &received);
        if matches!(who.standing, Standing::Unproven) {
            return;
        }
        for name in &operation.path_ids {
            self.slot(operation, name);
            let kind = operation.kind_in_path(name);
            let naming = |id: &String| operation.path(&Graph::from_iter(home.clone().into_iter().chain([(kind, id.clone())])));
            let absent = self.send(who, operation, &naming(&self.absent[kind]), body.as_ref(), version).await;
            self.check(&format!("{what} with an absent {name}"), who.expected(operation, Place::Away), &absent);
            let foreign = self.send(who, operation, &naming(&away[kind]), body.as_ref(), version).await;
            self.check_same(&format!("{what} with another tenant's {name}"), &absent, &foreign);
            if who.narrow() && IN_REACH_OF_GRANTS.contains(&kind) {
                let beyond = self.send(who, operation, &naming(&self.beyond[kind]), body.as_ref(), version).await;
                self.check(&format!("{what} with a {name} out of reach"), who.expected(operation, Place::Beyond), &beyond);
                self.check_same(&format!("{what} with a {name} out of reach"), &absent, &beyond);
            }
        }
    }

    fn agency_of(&self, who: &Principal) -> Agency<'a> {
        let tenant = if matches!(who.standing, Standing::Rival) { &self.foreign } else { &self.home };
        self.agency.sibling(tenant["tenant"].parse().expect("a tenant"))
    }

    /// Ids in the body: one that is absent, of another tenant or of another case is refused on its field.
    async fn fields(&self, who: &Principal, operation: &Operation) {
        let (home, owner, away) = self.sides(who);
        for field in &operation.fields {
            self.slot(operation, &field.name);
            let kind = kind_of(&field.name);
            let path = operation.path(home);
            let version = if operation.if_match == Some(true) { Some(owner.get(&path).await.etag()) } else { None };
            let more = BEYOND.iter().find(|(name, known, _)| *name == operation.name && *known == field.name);
            let lacks = more.is_some_and(|(_, _, capability)| !who.has(*capability));
            let expected = if lacks { Verdict::Forbidden } else { who.expected(operation, Place::Home) };
            let mut answers = Vec::new();
            let of_a_case = !operation.path_ids.is_empty() && ["task that comes first", "complaint", "deadline"].contains(&kind);
            let beyond = (of_a_case && !matches!(who.standing, Standing::Rival)).then_some(("another case's", &self.beyond[kind]));
            let named = [("an absent", &self.absent[kind]), ("another tenant's", &away[kind])];
            for (whose, id) in named.into_iter().chain(beyond) {
                let what = format!("{} as {} with {whose} {} in the body", operation.name, who.name, field.name);
                let body = operation.body(home, Some((field, id)), &[]);
                let received = self.send(who, operation, &path, body.as_ref(), version.as_deref()).await;
                if expected != Verdict::Allowed {
                    self.check(&what, expected, &received);
                } else if !refuses(&received, &field.name) {
                    self.violation(format!("{what}: {} {}", received.status, String::from_utf8_lossy(&received.bytes)));
                }
                answers.push((what, received));
            }
            for (what, other) in &answers[1..] {
                self.check_same(what, &answers[0].1, other);
            }
        }
    }

    /// Ids in the query: another tenant's filters like an absent one.
    async fn queries(&self, who: &Principal, operation: &Operation) {
        let (home, _, away) = self.sides(who);
        for name in &operation.query_ids {
            self.slot(operation, &format!("?{name}"));
            let kind = kind_of(name);
            let what = format!("{}?{name} as {}", operation.name, who.name);
            let filtered = |id: &str| format!("{}?{name}={id}", operation.path(home));
            let absent = self.send(who, operation, &filtered(&self.absent[kind]), None, None).await;
            self.check(&what, who.expected(operation, Place::Home), &absent);
            let foreign = self.send(who, operation, &filtered(&away[kind]), None, None).await;
            self.check_same(&format!("{what} of another tenant"), &absent, &foreign);
            if who.narrow() && ["shop", "case"].contains(&kind) {
                let beyond = self.send(who, operation, &filtered(&self.beyond[kind]), None, None).await;
                self.check_same(&format!("{what} out of reach"), &absent, &beyond);
            }
        }
    }

    /// All elements of a list, page by page.
    async fn all(&self, who: &Principal, operation: &Operation, path: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let query = match (operation.takes("limit"), &cursor) {
                (false, _) => String::new(),
                (true, None) => "?limit=200".to_owned(),
                (true, Some(cursor)) => format!("?limit=200&cursor={cursor}"),
            };
            let received = self.send(who, operation, &format!("{path}{query}"), None, None).await;
            if received.status != 200 {
                return all;
            }
            let page: Value = serde_json::from_slice(&received.bytes).expect("JSON");
            all.extend(page["data"].as_array().expect("data").iter().cloned());
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return all;
            }
        }
    }

    /// What the owner sees in a list, and the shop of each case.
    async fn listed(&self, operation: &Operation) -> Listed {
        let owner = self.principals.iter().find(|principal| principal.name == Role::Owner.as_str()).expect("the owner");
        let items = self.all(owner, operation, &operation.path(&self.home)).await;
        let cases = self.operations.iter().find(|o| o.name == "GET /v1/cases").expect("the list of cases");
        let cases = self.all(owner, cases, "/v1/cases").await;
        Listed { items, shops: cases.iter().map(|case| (text(&case["id"]), text(&case["shop_id"]))).collect() }
    }

    /// Lists show what is within reach, all of it and nothing else; so do their cursors.
    async fn lists(&self, who: &Principal, operation: &Operation, listed: &Listed) {
        let (home, ..) = self.sides(who);
        let path = operation.path(home);
        let what = format!("{} as {}", operation.name, who.name);
        let personal = PERSONAL.iter().any(|(name, _)| *name == operation.name);
        let key = |item: &Value| item["id"].as_str().map_or_else(|| item.to_string(), str::to_owned);
        let seen: BTreeSet<String> = self.all(who, operation, &path).await.iter().map(key).collect();
        if matches!(who.standing, Standing::Rival) {
            let ours = listed.items.iter().filter(|item| item["built_in"] != true);
            if let Some(leak) = ours.map(key).find(|id| seen.contains(id)) {
                self.violation(format!("{what}: lists {leak}, which is another tenant's"));
            }
        } else if personal {
            // A key acts as its member.
            let mine = who.name.contains(Role::Owner.as_str());
            let leak = listed.items.iter().filter(|_| !mine).map(key).find(|id| seen.contains(id));
            if let Some(leak) = leak {
                self.violation(format!("{what}: lists {leak}, which is the owner's"));
            }
        } else {
            // Not everybody may see every entry of a timeline.
            let may_see = |item: &Value| match (&who.standing, item["visibility"].as_str()) {
                (Standing::Member { role: Role::Client, .. }, Some(visibility)) => visibility == "client",
                (Standing::Member { role: Role::Auditor, .. }, Some(visibility)) => visibility != "privileged",
                _ => true,
            };
            let wanted: BTreeSet<String> = listed
                .items
                .iter()
                .filter(|item| may_see(item) && who.reaches(operation, item, &self.home, &listed.shops))
                .map(key)
                .collect();
            if seen != wanted {
                self.violation(format!("{what}: lists {} of the {} within reach", seen.intersection(&wanted).count(), wanted.len()));
                if let Some(leak) = seen.difference(&wanted).next() {
                    self.violation(format!("{what}: lists {leak}, which is out of reach"));
                }
            }
        }
        if operation.takes("cursor") {
            self.slot(operation, "?cursor");
            self.cursors(who, operation, &path, &seen).await;
        }
    }

    async fn cursors(&self, who: &Principal, operation: &Operation, path: &str, seen: &BTreeSet<String>) {
        let what = format!("{} as {}", operation.name, who.name);
        let first = self.owner.get(&format!("{}?limit=1", operation.path(&self.home))).await.expect(200);
        let Some(cursor) = first["next_cursor"].as_str() else {
            return self.violation(format!("{what}: too few elements for a cursor"));
        };
        let theirs = self.send(who, operation, &format!("{path}?limit=200&cursor={cursor}"), None, None).await;
        match serde_json::from_slice::<Value>(&theirs.bytes) {
            Ok(page) if theirs.status == 200 => {
                let told = page["data"].as_array().expect("data").iter().filter_map(|item| item["id"].as_str());
                if let Some(leak) = told.into_iter().find(|id| !seen.contains(*id)) {
                    self.violation(format!("{what}: the owner's cursor shows {leak}"));
                }
            }
            // A cursor is good for one path only, and theirs is another.
            _ => self.check_refused_cursor(&format!("{what} with the owner's cursor"), &theirs),
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).expect("base64");
        *bytes.last_mut().expect("a signature") ^= 1;
        let other_list = if operation.path == "/v1/shops" { "/v1/members" } else { "/v1/shops" };
        let other = self.owner.get(&format!("{other_list}?limit=1")).await.expect(200);
        for (which, cursor) in [("a forged", URL_SAFE_NO_PAD.encode(bytes)), ("another list's", text(&other["next_cursor"]))] {
            let received = self.send(who, operation, &format!("{path}?cursor={cursor}"), None, None).await;
            self.check_refused_cursor(&format!("{what} with {which} cursor"), &received);
        }
    }

    fn check_refused_cursor(&self, what: &str, received: &Received) {
        let problem: Value = serde_json::from_slice(&received.bytes).unwrap_or_default();
        if received.status != 400 || problem["code"] != "invalid_cursor" {
            self.violation(format!("{what}: {} {problem}", received.status));
        }
    }
}

/// The scopes that a role may give to a key.
fn all_scopes(role: Role) -> Vec<Capability> {
    Capability::ALL.iter().copied().filter(|capability| role.may(*capability)).collect()
}

/// Whether a body was refused because what this field names is not there.
fn refuses(received: &Received, field: &str) -> bool {
    let problem: Value = serde_json::from_slice(&received.bytes).unwrap_or_default();
    let error = &problem["errors"][0];
    let at = format!("#/{field}");
    let names_it = error["pointer"]
        .as_str()
        .is_some_and(|pointer| pointer == at || pointer.strip_prefix(&at).is_some_and(|rest| rest.starts_with('/')));
    received.status == 422 && error["code"] == "not_found" && names_it
}

/// An answer without what differs between two requests for the same thing.
fn masked(received: &Received) -> String {
    let body = match serde_json::from_slice::<Value>(&received.bytes) {
        Ok(Value::Object(mut body)) => {
            body.retain(|name, _| name != "request_id" && name != "instance");
            Value::Object(body).to_string()
        }
        _ => String::from_utf8_lossy(&received.bytes).into_owned(),
    };
    let headers: BTreeMap<_, _> = received.headers.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let headers: Vec<_> = headers.iter().filter(|(name, _)| !["connection", "date", "x-request-id"].contains(name)).collect();
    format!("{} {headers:?} {body}", received.status)
}

#[test]
fn every_operation_names_its_permission_or_is_reviewed_as_public() {
    let document = Document(serde_json::from_str(&operations::document_text()).expect("JSON"));
    let told: BTreeMap<_, _> = document.operations().into_iter().map(|operation| (operation.name, operation.capability)).collect();
    let coded: BTreeMap<_, _> = operations::permissions().into_iter().map(|(m, p, capability)| (format!("{m} {p}"), capability)).collect();
    assert_eq!(told, coded, "the document and the code differ in what is needed");
    let public: BTreeSet<_> = told.iter().filter(|(_, capability)| capability.is_none()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(public, PUBLIC.iter().map(|(name, _)| *name).collect(), "review what asks for no token");
}

on_both! {
    /// Nobody gets further than the policy table says, and what is out of reach answers as if it were absent.
    async fn the_matrix_holds(app) {
        let installation = Installation::seed(&app).await;
        let report = installation.matrix(Only::default()).await;
        assert!(report.violations.is_empty(), "{} violations:\n{}", report.violations.len(), report.violations.join("\n"));
        println!(
            "{} operations, {} principals, {} slots, {} requests",
            installation.operations.len(), installation.principals.len(), report.slots.len(), report.requests
        );
    }

    /// What the matrix sends is valid: the owner gets through, with every id that a body or a query can name.
    async fn the_owner_gets_through_everywhere(app) {
        let installation = Installation::seed(&app).await;
        let Installation { owner, home, .. } = &installation;
        let mut stuck = BTreeMap::new();
        for operation in installation.operations.iter().filter(|operation| operation.capability.is_some()) {
            for field in std::iter::once(None).chain(operation.fields.iter().map(Some)) {
                let fresh = case_in(owner, &json!({ "id": home["shop"] }), &home["member"], &home["playbook"]).await;
                let mut graph = Graph::from_iter(home.clone().into_iter().chain(fresh));
                if operation.path.contains("{calendar_key}") {
                    graph.insert("calendar_key", a_calendar(owner).await);
                }
                if operation.path_ids.iter().any(|name| ["reminder", "notification_channel"].contains(&kind_of(name))) {
                    graph.extend(reminded(&installation.agency, owner, &graph["case"]).await);
                }
                for (_, path, body) in FIRST.iter().filter(|(name, ..)| *name == operation.name) {
                    let path = path.replace("{deadline_id}", &graph["deadline"]);
                    owner.post(&path, serde_json::from_str(body).expect("JSON")).await.expect(200);
                }
                let path = operation.path(&graph);
                let body = operation.body(&graph, field.map(|field| (field, graph[kind_of(&field.name)].as_str())), TO_SUCCEED);
                let caller = if operation.name == "DELETE /v1/sessions/current" { installation.agency.log_in(&owner.email).await } else { owner.clone() };
                let mut sending = caller.request(operation.method.clone(), &path);
                if operation.if_match == Some(true) {
                    sending = sending.header("if-match", &owner.get(&path).await.etag());
                }
                if operation.needs_key {
                    sending = sending.header("idempotency-key", &fresh_key());
                }
                if let Some((media_type, body)) = operation.media_type.as_ref().zip(body) {
                    sending = sending.bytes(media_type, body.to_string());
                }
                let received = sending.send().await;
                if !received.status.is_success() {
                    stuck.insert(operation.name.as_str(), format!("{field:?} {}", String::from_utf8_lossy(&received.bytes)));
                }
            }
            for name in &operation.query_ids {
                let page = owner.get(&format!("{}?{name}={}", operation.path(home), home[kind_of(name)])).await.expect(200);
                assert!(page["data"].as_array().is_some_and(|data| !data.is_empty()), "{}?{name} finds nothing to hide", operation.name);
            }
        }
        let names: BTreeSet<_> = stuck.keys().copied().collect();
        assert_eq!(names, NOT_EXERCISED.iter().map(|(name, _)| *name).collect(), "{stuck:#?}");
    }

    /// With any guard taken away, the matrix does not hold: it sees what it is there to see. PostgreSQL keeps tenants apart by itself.
    async fn every_planted_hole_is_found(app) {
        let installation = Installation::seed(&app).await;
        let planted: Vec<_> = HOLES.iter().map(|(hole, ..)| *hole).collect();
        assert_eq!(planted, Hole::ALL, "a hole without a place to look for it");
        let ground = app.store.ground();
        for (hole, principal, path) in HOLES {
            let only = Only { principal: Some(principal), path: Some(path) };
            ground.plant(Some(*hole));
            let found = installation.matrix(only).await.violations;
            ground.plant(None);
            let held = app.database == Database::Postgres && format!("{hole:?}").starts_with("TenantOf");
            assert_eq!(found.is_empty(), held, "{hole:?} on {:?}: {found:#?}", app.database);
            let closed = installation.matrix(only).await;
            assert!(closed.requests > 0 && closed.violations.is_empty(), "{hole:?} closed again: {:#?}", closed.violations);
        }
    }

    /// A kept answer is told again to its own caller alone, and only while they reach what it tells.
    async fn kept_answers_are_told_only_to_who_may_still_know(app) {
        let installation = Installation::seed(&app).await;
        let Installation { agency, owner, rival, home, .. } = &installation;
        let keyed = |caller: &Caller, path: &str, body: &Value| caller.request(Method::POST, path).header("idempotency-key", "k").json(body).send();
        let shop = json!({ "name": "晨光家居", "platform": "douyin", "legal_entity": "杭州晨光家居有限公司" });
        let first = keyed(owner, "/v1/shops", &shop).await.expect(201);
        assert_eq!(keyed(owner, "/v1/shops", &shop).await.expect(201)["id"], first["id"]);
        for other in [rival, &agency.manager().await] {
            assert_ne!(keyed(other, "/v1/shops", &shop).await.expect(201)["id"], first["id"]);
        }

        let path = format!("/v1/complaints/{}/reporter_identity/openings", home["complaint"]);
        let reason = json!({ "reason": "To answer the reporter" });
        for ends_early in [true, false] {
            let counsel = agency.newcomer(Role::Counsel, &format!("leaving-{ends_early}")).await;
            let end = app.store.ground().clock.now().plus_seconds(60);
            let new = json!({ "member_id": counsel.member, "case_id": home["case"], "covers": ["identity"], "ends_at": end });
            let grant = owner.post("/v1/grants", new).await.expect(201);
            let told = keyed(&counsel, &path, &reason).await.expect(200);
            assert_eq!(keyed(&counsel, &path, &reason).await.expect(200), told);
            if ends_early {
                let grant = format!("/v1/grants/{}", text(&grant["id"]));
                owner.request(Method::DELETE, &grant).header("if-match", "\"1\"").send().await.expect(200);
            } else {
                app.advance(60);
            }
            keyed(&counsel, &path, &reason).await.problem(404, "not_found");
        }
    }

    /// A log-in does not tell whether a tenant exists.
    async fn public_bodies_do_not_tell_tenants_apart(app) {
        let installation = Installation::seed(&app).await;
        for operation in installation.operations.iter().filter(|operation| operation.capability.is_none()) {
            for field in &operation.fields {
                let kind = kind_of(&field.name);
                let mut answers = Vec::new();
                for id in [&installation.absent[kind], &installation.foreign[kind], &installation.home[kind]] {
                    let body = operation.body(&installation.home, Some((field, id)), &[]).expect("a body");
                    answers.push(app.nobody().post(&operation.path, body).await);
                }
                assert!(answers[2].status.is_success(), "{}: {:?}", operation.name, answers[2]);
                assert_eq!(answers[0].status, 401, "{}", operation.name);
                assert_eq!(masked(&answers[0]), masked(&answers[1]), "{}", operation.name);
            }
        }
    }
}
