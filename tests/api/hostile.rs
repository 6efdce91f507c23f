//! Bad input: each answered with the right problem, and nothing written.

use crate::harness::{Caller, Database, TestApp, a_platform_finding, on_both};
use rejoinder::limits::Limits;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

async fn number_of_cases(caller: &Caller) -> usize {
    caller.get("/v1/cases?limit=200").await.expect(200)["data"].as_array().unwrap().len()
}

/// A case to open, with one field of it replaced.
fn case_with(shop: &Value, pointer: &str, value: Value) -> Value {
    let mut case = a_platform_finding(shop);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() { &mut case } else { case.pointer_mut(parent).unwrap() };
    parent[field] = value;
    case
}

on_both! {
    async fn failures_of_the_framework_are_problems_too(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        handler.get("/v1/nothing").await.problem(404, "unknown_route");
        let refused = handler.request(Method::DELETE, "/v1/cases").send().await;
        assert_eq!(refused.header("allow"), "GET, POST, HEAD");
        refused.problem(405, "method_not_allowed");
        for (query, parameter) in [("nonsense=1", "nonsense"), ("limit=0", "limit"), ("limit=x", "limit"), ("limit=1&limit=2", "limit"), ("stage=nope", "stage"), ("due_before=tomorrow", "due_before")] {
            let problem = handler.get(&format!("/v1/cases?{query}")).await.problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
        }
        handler.get("/v1/cases?cursor=AAAA").await.problem(400, "invalid_cursor");
        handler.get("/v1/cases/nope").await.problem(400, "invalid_parameter");
        handler.get(&format!("/v1/cases?number={}", "x".repeat(5000))).await.problem(414, "url_too_long");
        let head = handler.request(Method::HEAD, "/v1/cases").send().await;
        assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
        for answer in [handler.get("/v1/nothing").await, handler.get("/v1/cases").await] {
            assert!(!answer.header("x-request-id").is_empty());
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
        let chinese = handler.request(Method::GET, "/v1/nothing").header("accept-language", "zh-CN").send().await;
        // The harness asks for English first; the later header is the second value of a list.
        assert!(["en", "zh-CN"].contains(&chinese.header("content-language").as_str()));
    }

    async fn bodies_that_are_not_what_they_say_are_refused(app) {
        let agency = app.agency().await;
        let shop = agency.shop("douyin").await;
        let handler = agency.handler().await;
        let post = |content_type: &'static str, body: Vec<u8>| handler.request(Method::POST, "/v1/cases").bytes(content_type, body).send();
        let good = a_platform_finding(&shop).to_string().into_bytes();
        post("text/plain", good.clone()).await.problem(415, "unsupported_media_type");
        post("application/json; charset=gbk", good.clone()).await.problem(415, "unsupported_media_type");
        let packed = handler.request(Method::POST, "/v1/cases").header("content-encoding", "gzip").bytes("application/json", good.clone()).send().await;
        packed.problem(415, "unsupported_media_type");
        for body in [b"".to_vec(), b"{".to_vec(), [good.clone(), b" {}".to_vec()].concat(), b"{\"title\": \"\xff\xfe\"}".to_vec(), vec![b'['; 100_000], b"nul".to_vec()] {
            post("application/json", body).await.problem(400, "malformed_body");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000 / 5), "}".repeat(100_000 / 5));
        post("application/json", deep.into_bytes()).await.problem(400, "malformed_body");
        let wide = format!("{{\"tags\":[{}\"x\"]}}", "\"x\",".repeat(20_000));
        post("application/json", wide.into_bytes()).await.problem(400, "malformed_body");
        let large = format!("{{\"title\":\"{}\"}}", "x".repeat(1024 * 1024));
        post("application/json", large.into_bytes()).await.problem(413, "too_large");
        let patch = handler.request(Method::PATCH, &format!("/v1/shops/{}", shop["id"].as_str().unwrap())).header("if-match", "\"1\"").json(&json!({})).send().await;
        assert_eq!(patch.header("accept-patch"), "application/merge-patch+json");
        patch.problem(415, "unsupported_media_type");
        assert_eq!(number_of_cases(&handler).await, 0);
    }

    async fn a_field_that_breaks_a_rule_is_named(app) {
        let agency = app.agency().await;
        let shop = agency.shop("douyin").await;
        let handler = agency.handler().await;
        for (pointer, value, code) in [
            ("/title", json!(""), "empty"),
            ("/title", json!("x".repeat(201)), "too_long"),
            ("/title", json!("a\u{0}b"), "forbidden_character"),
            ("/title", json!("photo\u{202e}gpj.exe"), "forbidden_character"),
            ("/title", json!(7), "wrong_type"),
            ("/title", json!(null), "wrong_type"),
            ("/nonsense", json!(1), "unknown_field"),
            ("/tenant_id", shop["id"].clone(), "unknown_field"),
            ("/status", json!("closed"), "unknown_field"),
            ("/number", json!("2026-000001"), "unknown_field"),
            ("/shop_id", json!("nope"), "wrong_type"),
            ("/shop_id", json!("019ab000-0000-7000-8000-000000000000"), "not_found"),
            ("/lead_id", json!("019ab000-0000-7000-8000-000000000000"), "not_found"),
            ("/complaint/channel", json!("pigeon"), "unknown_word"),
            ("/complaint/received_at", json!("yesterday"), "not_a_moment"),
            ("/complaint/received_at", json!("2026-11-20T09:30:00"), "not_a_moment"),
            ("/complaint/received_at", json!("9999-11-20T09:30:00Z"), "out_of_range"),
            ("/complaint/reporter/type", json!("spy"), "unknown_word"),
            ("/complaint/allegations/0/amount", json!({ "amount": -1, "currency": "CNY" }), "out_of_range"),
            ("/complaint/allegations/0/amount", json!({ "amount": 1, "currency": "yuan" }), "malformed"),
            ("/complaint/allegations/0/period_to", json!("2026-02-30"), "not_a_day"),
            ("/tags", json!(vec!["x"; 51]), "too_many"),
        ] {
            let problem = handler.post("/v1/cases", case_with(&shop, pointer, value.clone())).await.problem(422, "invalid_body");
            let error = &problem["errors"][0];
            // An id that is no id has the reason of its own parser.
            let code = if pointer == "/shop_id" && value == json!("nope") { error["code"].as_str().unwrap() } else { code };
            assert_eq!(error["code"], code, "{pointer}: {problem}");
            assert!(error["pointer"].as_str().unwrap().starts_with(&format!("#{pointer}")), "{pointer}: {problem}");
            assert!(!error["detail"].as_str().unwrap().is_empty());
        }
        let mut without = a_platform_finding(&shop);
        without["complaint"].as_object_mut().unwrap().remove("kind");
        let problem = handler.post("/v1/cases", without).await.problem(422, "invalid_body");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("#/complaint/kind"), &json!("required")));
        let mistyped = json!({ "name": "店", "platform": "jd", "legal_entity": "公司", "credit_code": "91350100M000100Y44" });
        let problem = handler.post("/v1/shops", mistyped).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], "check_character");
        assert_eq!(number_of_cases(&handler).await, 0);
    }

    async fn two_writers_do_not_overwrite_each_other(app) {
        let agency = app.agency().await;
        let case = agency.case().await;
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let (one, two) = (agency.handler().await, agency.manager().await);
        let seen = one.get(&path).await.etag();
        let patch = |caller: &Caller, title: &str| caller.request(Method::PATCH, &path).header("if-match", &seen).patch(&json!({ "title": title })).send();
        one.request(Method::PATCH, &path).patch(&json!({ "title": "x" })).send().await.problem(428, "precondition_required");
        one.request(Method::PATCH, &path).header("if-match", "17").patch(&json!({ "title": "x" })).send().await.problem(400, "invalid_header");
        let changed = patch(&one, "first").await;
        assert_ne!(changed.etag(), seen);
        let current = changed.etag();
        changed.expect(200);
        let stale = patch(&two, "second").await;
        assert_eq!(stale.etag(), current, "the current version is told");
        stale.problem(412, "stale");
        let read = one.get(&path).await;
        assert_eq!(read.etag(), current);
        assert_eq!(read.expect(200)["title"], "first");
        let unchanged = one.request(Method::GET, &path).header("if-none-match", &format!("W/{current}")).send().await;
        assert_eq!((unchanged.status.as_u16(), unchanged.bytes.len()), (304, 0));
        // 16 writers at once on one version: one gets through.
        let outcomes = futures_util::future::join_all((0..16).map(|n| {
            let request = one.request(Method::PATCH, &path).header("if-match", &current);
            async move { request.patch(&json!({ "title": format!("writer {n}") })).send().await.status.as_u16() }
        })).await;
        assert_eq!(outcomes.iter().filter(|status| **status == 200).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|status| **status == 412).count(), 15, "{outcomes:?}");
    }

    async fn a_retry_has_one_effect_and_the_same_answer(app) {
        let agency = app.agency().await;
        let shop = agency.shop("douyin").await;
        let handler = agency.handler().await;
        let new = a_platform_finding(&shop);
        let send = |caller: &Caller, body: &Value| caller.request(Method::POST, "/v1/cases").header("idempotency-key", "\"open-1\"").json(body).send();
        let first = send(&handler, &new).await;
        let again = send(&handler, &new).await;
        assert_eq!(first.bytes, again.bytes);
        assert_eq!((first.etag(), first.header("location")), (again.etag(), again.header("location")));
        assert_eq!(again.header("idempotent-replayed"), "true");
        first.expect(201);
        again.expect(201);
        send(&handler, &case_with(&shop, "/title", json!("another"))).await.problem(422, "idempotency_key_reused");
        assert_eq!(number_of_cases(&handler).await, 1);
        // Another member's key is another key.
        send(&agency.manager().await, &new).await.expect(201);
        assert_eq!(number_of_cases(&handler).await, 2);
        // A storm with one key: one effect; who comes while it is being worked on is told so.
        let outcomes = futures_util::future::join_all((0..20).map(|_| {
            let request = handler.request(Method::POST, "/v1/cases").header("idempotency-key", "storm").json(&new);
            async move { request.send().await }
        })).await;
        for outcome in outcomes {
            match outcome.status.as_u16() {
                201 => {}
                _ => { outcome.problem(409, "idempotency_in_flight"); }
            }
        }
        assert_eq!(number_of_cases(&handler).await, 3);
        // A refused request is not kept: its key is free.
        let bad = handler.request(Method::POST, "/v1/cases").header("idempotency-key", "later").json(&json!({})).send().await;
        bad.problem(422, "invalid_body");
        let good = handler.request(Method::POST, "/v1/cases").header("idempotency-key", "later").json(&new).send().await;
        good.expect(201);
        // After 72 hours the key is forgotten.
        app.advance(73 * 3600);
        let handler = agency.log_in(&handler.email).await;
        send(&handler, &new).await.expect(201);
        assert_eq!(number_of_cases(&handler).await, 5);
    }

    async fn secrets_are_not_kept_in_the_clear(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let new = json!({ "name": "ERP", "scopes": ["case:read"] });
        let send = || manager.request(Method::POST, "/v1/api_keys").header("idempotency-key", "k").json(&new).send();
        let (first, again) = (send().await, send().await);
        assert_eq!(first.bytes, again.bytes, "a replay opens the sealed answer");
        let key = first.expect(201)["key"].as_str().unwrap().to_owned();
        if app.database == Database::Sqlite {
            let found = app.files().into_iter().any(|bytes| bytes.windows(key.len()).any(|window| window == key.as_bytes()));
            assert!(!found, "the key stands in the database");
        }
        let machine = Caller { token: Some(key.clone()), ..app.nobody() };
        machine.get("/v1/cases").await.expect(200);
        machine.get("/v1/shops").await.expect(200);
        machine.get("/v1/members").await.problem(403, "forbidden");
        assert_eq!(manager.get("/v1/api_keys").await.expect(200)["data"][0]["last_used_at"], Value::Null);
        app.store.note_used_keys().await.unwrap();
        assert!(manager.get("/v1/api_keys").await.expect(200)["data"][0]["last_used_at"].is_string());
        let id = manager.get("/v1/api_keys").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
        manager.request(Method::DELETE, &format!("/v1/api_keys/{id}")).send().await.expect(204);
        machine.get("/v1/cases").await.problem(401, "unauthenticated");
        let mistyped = Caller { token: Some(format!("{}x", &key[..key.len() - 1])), ..app.nobody() };
        mistyped.get("/v1/cases").await.problem(401, "unauthenticated");
    }

    async fn tasks_do_not_wait_in_circles_or_across_cases(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let (case, other) = (agency.case().await, agency.case().await);
        let add = |title: &str| json!({ "stage": "evidence", "title": title, "required": true });
        let tasks = format!("/v1/cases/{}/tasks", case["id"].as_str().unwrap());
        let a = handler.post(&tasks, add("a")).await.expect(201)["id"].clone();
        let b = handler.post(&tasks, json!({ "stage": "evidence", "title": "b", "depends_on": [a] })).await.expect(201)["id"].clone();
        let path = |id: &Value| format!("/v1/tasks/{}", id.as_str().unwrap());
        handler.patch(&path(&a), json!({ "depends_on": [b] })).await.problem(422, "dependency_circle");
        handler.patch(&path(&a), json!({ "depends_on": [a] })).await.problem(422, "dependency_circle");
        handler.patch(&path(&b), json!({ "status": "done" })).await.problem(409, "dependencies_open");
        handler.patch(&path(&b), json!({ "status": "waived" })).await.problem(422, "reason_required");
        let foreign = other["tasks"][0]["id"].clone();
        handler.patch(&path(&a), json!({ "depends_on": [foreign] })).await.problem(422, "invalid_body");
        handler.post(&tasks, json!({ "stage": "evidence", "title": "c", "depends_on": [foreign] })).await.problem(422, "invalid_body");
        let complaint = other["complaints"][0]["id"].clone();
        let stray = json!({ "complaint_id": complaint, "allegation": { "kind": "other", "description": "x" } });
        handler.post(&format!("/v1/cases/{}/allegations", case["id"].as_str().unwrap()), stray).await.problem(422, "invalid_body");
        handler.post(&format!("/v1/cases/{}/stages/nonsense/transitions", case["id"].as_str().unwrap()), json!({ "to": "active" })).await.problem(400, "invalid_parameter");
        assert_eq!(handler.get(&path(&a)).await.expect(200)["depends_on"], json!([]));
    }

    async fn far_dates_leave_a_case_readable(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let shop = agency.shop("douyin").await;
        handler.post("/v1/cases", case_with(&shop, "/complaint/received_at", json!("2200-12-31T20:00:00Z"))).await.problem(422, "invalid_body");
        let case = handler.post("/v1/cases", case_with(&shop, "/complaint/channel", json!("regulator"))).await.expect(201);
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        for far in [json!({ "event": "penalty_notice_served", "occurred_at": "2200-12-31T16:00:00Z" }), json!({ "event": "penalty_published", "occurred_on": "2200-12-31" })] {
            handler.post(&format!("{path}/triggers"), far).await.expect(201);
        }
        handler.post(&format!("{path}/deadlines"), json!({ "stage": "legal", "title": "x", "due_at": "2200-12-31T23:59:59Z" })).await.expect(201);
        handler.get(&format!("{path}?expand=tasks,deadlines")).await.expect(200);
        handler.get(&format!("{path}/blockers")).await.expect(200);
        handler.get(&format!("{path}/triggers")).await.expect(200);
        handler.post(&format!("{path}/triggers"), json!({ "event": "hearing_day", "occurred_on": "1900-01-01" })).await.expect(201);
    }

    async fn null_is_refused_where_nothing_can_be_cleared(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = agency.case().await;
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        for field in ["title", "priority", "member_ids", "tags", "metadata"] {
            let mut patch = json!({});
            patch[field] = Value::Null;
            handler.patch(&path, patch).await.problem(422, "invalid_body");
        }
        let task = case["tasks"].as_array().unwrap().iter().find(|t| t["key"] == "INT-06").unwrap();
        let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
        for field in ["status", "required", "depends_on", "checklist"] {
            let mut patch = json!({});
            patch[field] = Value::Null;
            handler.patch(&path, patch).await.problem(422, "invalid_body");
        }
        // A due moment set by hand goes back to the playbook's, and the answer says which that is.
        handler.patch(&path, json!({ "due_at": "2027-01-01T18:00:00+08:00" })).await.expect(200);
        let back = handler.patch(&path, json!({ "due_at": null })).await;
        let read = handler.get(&path).await;
        assert_eq!((back.etag(), &back.bytes), (read.etag(), &read.bytes));
        assert_eq!(read.expect(200)["due_at"], task["due_at"]);
    }

    async fn a_reporters_identity_is_sealed_and_opened_on_the_record(app) {
        let agency = app.agency().await;
        let (handler, manager) = (agency.handler().await, agency.manager().await);
        let shop = agency.shop("douyin").await;
        let mut new = a_platform_finding(&shop);
        new["complaint"]["reporter"] = json!({ "type": "consumer", "identity": { "name": "韩梅梅", "contact": "13800001234" } });
        let case = handler.post("/v1/cases", new).await;
        assert!(!String::from_utf8_lossy(&case.bytes).contains("韩梅梅"));
        let case = case.expect(201);
        let (id, complaint) = (case["id"].as_str().unwrap(), case["complaints"][0]["id"].as_str().unwrap());
        assert_eq!(case["complaints"][0]["reporter"]["has_identity"], true);
        let open = format!("/v1/complaints/{complaint}/reporter_identity/openings");
        handler.post(&open, json!({ "reason": "联系和解" })).await.problem(403, "forbidden");
        manager.post(&open, json!({})).await.problem(422, "invalid_body");
        assert_eq!(manager.post(&open, json!({ "reason": "联系和解" })).await.expect(200)["name"], "韩梅梅");
        // A retry is another disclosure, and a forgotten identity is not told again.
        let again = || manager.request(Method::POST, &open).header("idempotency-key", "o").json(&json!({ "reason": "联系和解" })).send();
        again().await.expect(200);
        manager.patch(&format!("/v1/complaints/{complaint}"), json!({ "reporter": { "identity": null } })).await.expect(200);
        again().await.problem(404, "not_found");
        let timeline = manager.get(&format!("/v1/cases/{id}/timeline")).await;
        assert!(!String::from_utf8_lossy(&timeline.bytes).contains("韩梅梅"));
        let timeline = timeline.expect(200);
        let newest = timeline["data"].as_array().unwrap().iter().find(|entry| entry["kind"] == "reporter_identity.opened").unwrap().clone();
        assert_eq!((&newest["kind"], &newest["payload"]["reason"]), (&json!("reporter_identity.opened"), &json!("联系和解")));
        if app.database == Database::Sqlite {
            assert!(!app.files().into_iter().any(|bytes| bytes.windows(9).any(|window| window == "韩梅梅".as_bytes())), "the name stands in the database");
        }
    }
}

/// Reads one answer from a raw connection.
fn raw(app: &TestApp, send: impl FnOnce(&mut TcpStream)) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    send(&mut stream);
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[actix_web::test]
async fn a_body_of_one_byte_at_a_time_is_cut_off() {
    let limits = Limits { body_total: Duration::from_millis(600), body_pause: Duration::from_millis(400), ..Limits::default() };
    let app = TestApp::start_with(Database::Sqlite, limits).await.unwrap();
    let agency = app.agency().await;
    let token = agency.handler().await.token.unwrap();
    let started = Instant::now();
    let answer = actix_web::rt::task::spawn_blocking(move || {
        let answer = raw(&app, |stream| {
            write!(stream, "POST /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n").unwrap();
            for _ in 0..8 {
                let _ = stream.write_all(b"{");
                std::thread::sleep(Duration::from_millis(120));
            }
        });
        (answer, app)
    });
    let (answer, _app) = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("too_slow"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[actix_web::test]
async fn guessing_passwords_is_limited_and_tells_nothing() {
    let app = TestApp::start_with(Database::Sqlite, Limits::default()).await.unwrap();
    let agency = app.agency().await;
    let handler = agency.handler().await;
    let nobody = app.nobody();
    let guess = |email: &str| nobody.post("/v1/sessions", json!({ "email": email, "password": "wrong password" }));
    let known = guess(&handler.email).await.problem(401, "wrong_credentials");
    let unknown = guess("nobody@agency.example").await.problem(401, "wrong_credentials");
    for field in ["type", "title", "detail", "status"] {
        assert_eq!(known[field], unknown[field], "an account's existence shows");
    }
    for _ in 0..9 {
        guess("nobody@agency.example").await.problem(401, "wrong_credentials");
    }
    let refused = guess("nobody@agency.example").await;
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    refused.problem(429, "too_many_requests");
}

#[actix_web::test]
async fn a_caller_who_hurries_is_told_to_wait() {
    let limits = Limits { requests_per_minute: Some(5), ..Limits::default() };
    let app = TestApp::start_with(Database::Sqlite, limits).await.unwrap();
    let nobody = app.nobody();
    let first = nobody.get("/livez").await;
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=5;w=60");
    for _ in 0..4 {
        nobody.get("/livez").await.expect(200);
    }
    let refused = nobody.get("/livez").await;
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    refused.problem(429, "too_many_requests");
}

#[actix_web::test]
async fn a_write_that_finds_no_transaction_leaves_nothing_behind() {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let agency = app.agency().await;
    let shop = agency.shop("douyin").await;
    let handler = agency.handler().await;
    let mut somebody = SqliteConnection::establish(app.database_file().to_str().unwrap()).unwrap();
    somebody.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = handler.post("/v1/cases", a_platform_finding(&shop)).await;
    assert!(!refused.header("retry-after").is_empty());
    refused.problem(503, "busy");
    somebody.batch_execute("ROLLBACK").unwrap();
    assert_eq!(number_of_cases(&handler).await, 0);
    handler.post("/v1/cases", a_platform_finding(&shop)).await.expect(201);
    assert_eq!(number_of_cases(&handler).await, 1);
}
