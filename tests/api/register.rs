//! The register of deadlines: one entry for every change with who made it, a second person's check, and days of it as files that prove themselves.

use crate::harness::{Agency, Caller, Database, Received, TestApp, a_platform_finding, on_both};
use rejoinder::domain::{
    access::Role,
    public_key::PublicKey,
    register_file::{Fault, verify},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A complaint that came in from the regulator: what is served in it starts statutory deadlines.
async fn regulators_case(agency: &Agency<'_>) -> Value {
    let shop = agency.shop("douyin").await;
    let mut new = a_platform_finding(&shop);
    new["complaint"]["channel"] = json!("regulator");
    new["complaint"]["kind"] = json!("report");
    agency.handler().await.post("/v1/cases", new).await.expect(201)
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// The entries that a query finds, page by page.
async fn entries(caller: &Caller, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/v1/deadline_register?limit=3{query}{cursor}")).await.expect(200);
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What is said of a deadline, in order: what happened, and who did it.
async fn said(caller: &Caller, deadline: &str) -> Vec<(String, String, Value)> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let of = entries(caller, &format!("&deadline_id={deadline}")).await;
    of.iter().map(|entry| (word(&entry["change"]), word(&entry["actor"]["kind"]), entry["member_id"].clone())).collect()
}

/// A deadline of a case as a notice states it.
async fn typed_in(caller: &Caller, case: &Value, rule: Option<&str>) -> String {
    let new = match rule {
        Some(rule) => json!({ "rule_id": rule, "due_on": "2027-03-01" }),
        None => json!({ "stage": "legal", "title": "=HYPERLINK(\"http://x.example\",\"答辩\")", "due_on": "2027-03-01" }),
    };
    id(&caller.post(&format!("/v1/cases/{}/deadlines", id(case)), new).await.expect(201))
}

async fn key_of(caller: &Caller, scopes: &[&str]) -> Caller {
    let key = caller.post("/v1/api_keys", json!({ "name": "ERP", "scopes": scopes })).await.expect(201);
    Caller { token: key["key"].as_str().map(str::to_owned), ..caller.clone() }
}

/// A file that is gone when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rejoinder-{name}-{}-{number}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What `rejoinder verify` says, and whether it is content.
fn verified(file: &Path, more: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_rejoinder")).arg("verify").arg(file).args(more).output().unwrap();
    (out.status.success(), String::from_utf8([out.stdout, out.stderr].concat()).unwrap())
}

/// The rows of an export, by the names of their fields, without the signature.
fn rows(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap().strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let all: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("as many cells in every row")).collect();
    let (last, rows) = all.split_last().unwrap();
    assert_eq!(&last[0], "signature");
    rows.iter().map(|row| names.iter().zip(row).map(|(name, cell)| (name.to_owned(), json!(cell))).collect()).collect()
}

/// An entry as a row of an export has it.
fn as_row(chinese: &Value, english: &Value) -> Value {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut row = json!({
        "title_zh": cell(&chinese["title"]), "title_en": cell(&english["title"]),
        "actor_kind": cell(&english["actor"]["kind"]), "actor_id": cell(&english["actor"]["id"]),
    });
    for name in [
        "id",
        "day",
        "at",
        "change",
        "case_id",
        "case_number",
        "deadline_id",
        "rule_id",
        "owed_by",
        "statutory",
        "due_on",
        "due_at",
        "previous_due_at",
        "member_id",
        "member_name",
        "note",
        "needs_check",
        "checks_id",
        "correct",
    ] {
        row[name] = json!(cell(&english[name]));
    }
    row
}

async fn export(caller: &Caller, query: &str) -> Received {
    let received = caller.get(&format!("/v1/deadline_register.csv{query}")).await;
    assert_eq!(received.status, 200, "{}", String::from_utf8_lossy(&received.bytes));
    received
}

/// What somebody is given who reads Chinese.
async fn in_chinese(caller: &Caller, path: &str) -> Vec<u8> {
    let asked = caller.client.get(format!("{}{path}", caller.url)).bearer_auth(caller.token.as_ref().unwrap());
    let answer = asked.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-language"].as_bytes()), (200, b"zh-CN".as_slice()));
    answer.bytes().await.unwrap().to_vec()
}

async fn keys(app: &TestApp) -> Vec<PublicKey> {
    PublicKey::set(&app.nobody().get("/.well-known/jwks.json").await.bytes).unwrap()
}

on_both! {
    /// Every way in which a deadline comes into being or changes leaves one entry, with who did it.
    async fn every_change_leaves_one_entry_with_who_made_it(app) {
        let agency = app.agency().await;
        let (manager, handler, auditor) = (agency.manager().await, agency.handler().await, agency.member(Role::Auditor).await);
        let key = key_of(&manager, &["case:write"]).await;
        let platform = agency.case().await;
        let by_opening = id(&platform["deadlines"][0]);
        let case = regulators_case(&agency).await;
        let path = format!("/v1/cases/{}", id(&case));
        let now = app.store.ground().clock.now();
        let served = json!({ "event": "penalty_notice_served", "occurred_at": now.plus_seconds(-2 * 86_400) });
        let started = manager.post(&format!("{path}/triggers"), served).await.expect(201);
        let of_rule = |rule: &str| id(started["deadlines"].as_array().unwrap().iter().find(|d| d["rule_id"] == rule).unwrap());
        let (statement, hearing) = (of_rule("SAMR-STATEMENT"), of_rule("SAMR-HEARING-REQ"));
        let deadline = |id: &str| format!("/v1/deadlines/{id}");

        // By hand, through a key, and all that can be done with one deadline.
        let own = typed_in(&key, &case, Some("SAMR-SUPPLY")).await;
        manager.patch(&deadline(&own), json!({ "due_on": "2027-03-05", "basis": "更正通知" })).await.expect(200);
        handler.post(&format!("{}/suspend", deadline(&own)), json!({ "ground": "suspension", "reason": "中止" })).await.expect(200);
        app.advance(3600);
        let (manager, handler, auditor) = (agency.log_in(&manager.email).await, agency.log_in(&handler.email).await, agency.log_in(&auditor.email).await);
        manager.post(&format!("{}/resume", deadline(&own)), json!({})).await.expect(200);
        handler.post(&format!("{}/extend", deadline(&own)), json!({ "due_on": "2027-04-01", "basis": "延期决定" })).await.expect(200);
        manager.post(&format!("{}/meet", deadline(&own)), json!({ "note": "+86 571 已提交" })).await.expect(200);
        let (of_handler, of_manager) = (json!(handler.member), json!(manager.member));
        let expected = |list: &[(&str, &str, &Value)]| -> Vec<(String, String, Value)> {
            list.iter().map(|(change, kind, member)| ((*change).to_owned(), (*kind).to_owned(), (*member).clone())).collect()
        };
        assert_eq!(said(&auditor, &own).await, expected(&[
            ("entered", "api_key", &of_manager),
            ("changed", "member", &of_manager),
            ("suspended", "member", &of_handler),
            ("resumed", "member", &of_manager),
            ("extended", "member", &of_handler),
            ("met", "member", &of_manager),
        ]));
        let told = entries(&auditor, &format!("&deadline_id={own}")).await;
        assert_eq!((&told[1]["previous_due_at"], &told[0]["previous_due_at"]), (&told[0]["due_at"], &Value::Null));
        assert_eq!((&told[5]["note"], &told[5]["needs_check"], &told[0]["case_number"]), (&json!("+86 571 已提交"), &json!(false), &case["number"]));
        assert!(told.iter().all(|entry| entry["statutory"] == true && entry["title"] == "Produce material within the period stated"));
        assert_eq!(told.iter().map(|entry| entry["member_name"].clone()).collect::<Vec<_>>(), vec![json!("Somebody"); 6]);

        // The whole case stands still and goes on; the trigger moves; a rule is let go.
        let both = json!({ "ground": "suspension", "reason": "中止", "deadline_ids": [statement, hearing] });
        handler.post(&format!("{path}/suspensions"), both).await.expect(200);
        handler.post(&format!("{path}/resumptions"), json!({})).await.expect(200);
        let at = json!({ "occurred_at": now.plus_seconds(-86_400), "reason": "送达回证上是次日" });
        manager.post(&format!("/v1/triggers/{}/moves", id(&started["trigger"])), at).await.expect(200);
        handler.post(&format!("{}/waive", deadline(&hearing)), json!({ "reason": "不申请听证" })).await.expect(200);
        assert_eq!(said(&auditor, &hearing).await, expected(&[
            ("entered", "member", &of_manager),
            ("suspended", "member", &of_handler),
            ("resumed", "member", &of_handler),
            ("changed", "member", &of_manager),
            ("waived", "member", &of_handler),
        ]));

        // A new version of the rule moves it: that is what it is called from then on, and what was said before stays as it was said.
        let rule = json!({
            "rule_id": "SAMR-STATEMENT", "stage": "cooperation", "applies_to": ["regulator"], "title": { "zh": "陈述申辩(本所)", "en": "Statement (house rule)" },
            "trigger_event": "penalty_notice_served", "period": { "amount": 4, "unit": "working_days" }, "source": "行政处罚法", "confidence": "statute",
        });
        manager.post("/v1/deadline_rules", rule).await.expect(201);
        let moving = manager.request(Method::POST, "/v1/deadline_rules/SAMR-STATEMENT/deadline_moves").header("idempotency-key", "move");
        moving.json(&json!({ "deadline_ids": [statement] })).send().await.expect(200);
        let titles: Vec<Value> = entries(&auditor, &format!("&deadline_id={statement}")).await.iter().map(|entry| entry["title"].clone()).collect();
        assert_eq!((titles.len(), &titles[4]), (5, &json!("Statement (house rule)")));
        assert!(titles[..4].iter().all(|title| title == &titles[0] && title != &titles[4]), "{titles:?}");

        // By itself: a provisional end is counted anew when the year's holidays are published, and what passes is missed.
        let filed = json!({ "event": "case_filed", "occurred_on": "2026-11-20" });
        let filed = handler.post(&format!("{path}/triggers"), filed).await.expect(201);
        let decision = id(filed["deadlines"].as_array().unwrap().iter().find(|d| d["rule_id"] == "SAMR-CASE").unwrap());
        let tag = manager.get("/v1/calendars/cn").await.etag();
        let year = json!({ "source": "国办发明电〔2026〕99号", "days": [{ "date": "2027-02-18", "kind": "holiday", "name": "春节" }] });
        let publishing = manager.request(Method::PUT, "/v1/calendars/cn/years/2027").header("if-match", &tag).header("content-type", "application/json");
        publishing.json(&year).send_untold().await.expect(200);
        app.advance(8 * 86_400);
        app.run_jobs().await;
        let auditor = agency.log_in(&auditor.email).await;
        assert_eq!(said(&auditor, &decision).await, expected(&[("entered", "member", &of_handler), ("changed", "system", &Value::Null)]));
        assert_eq!(said(&auditor, &by_opening).await, expected(&[("entered", "member", &of_handler), ("missed", "system", &Value::Null)]));
        app.run_jobs().await;
        assert_eq!(said(&auditor, &by_opening).await.len(), 2);

        // What was refused, or only looked at, is nowhere.
        let handler = agency.log_in(&handler.email).await;
        let before = entries(&auditor, &format!("&case_id={}", id(&case))).await;
        handler.post(&format!("{}/waive", deadline(&hearing)), json!({ "reason": "x" })).await.problem(409, "invalid_transition");
        handler.post(&format!("{path}/suspensions/preview"), json!({ "ground": "suspension", "reason": "x", "deadline_ids": [statement] })).await;
        assert_eq!(entries(&auditor, &format!("&case_id={}", id(&case))).await, before);

        // Each day has its own entries, and what is asked for besides narrows them.
        let today = entries(&auditor, "").await;
        let first_day = before[0]["day"].as_str().unwrap();
        assert!(!today.is_empty() && today.iter().all(|entry| entry["day"] != first_day && entry["change"] != "entered"));
        let of_first_day = entries(&auditor, &format!("&on={first_day}")).await;
        assert!(of_first_day.len() > 10 && of_first_day.iter().all(|entry| entry["day"] == first_day));
        assert!(of_first_day.is_sorted_by_key(|entry| entry["id"].as_str().unwrap().to_owned()));
        let waived = entries(&auditor, &format!("&on={first_day}&change=waived,met&case_id={}", id(&case))).await;
        assert_eq!(waived.iter().map(|entry| entry["change"].as_str().unwrap()).collect::<Vec<_>>(), ["met", "waived"]);
        for wrong in ["on=2026-13-01", "change=nothing", "unchecked=maybe", "deadline_id=x", "colour=red", "limit=0"] {
            auditor.get(&format!("/v1/deadline_register?{wrong}")).await.problem(400, "invalid_parameter");
        }
    }

    /// What a statute sets is checked once, by somebody else; a wrong entry stays visible as wrong.
    async fn a_second_person_checks_what_was_entered(app) {
        let agency = app.agency().await;
        let (manager, handler) = (agency.manager().await, agency.handler().await);
        let (auditor, counsel, client) = (agency.member(Role::Auditor).await, agency.member(Role::Counsel).await, agency.member(Role::Client).await);
        let case = regulators_case(&agency).await;
        let deadline = typed_in(&manager, &case, Some("SAMR-SUPPLY")).await;
        let plain = typed_in(&manager, &case, None).await;
        let of = |deadline: &str| format!("&deadline_id={deadline}");
        let entry = entries(&auditor, &of(&deadline)).await.remove(0);
        let checks = |entry: &Value| format!("/v1/deadline_register/{}/checks", id(entry));
        assert_eq!((&entry["needs_check"], &entry["check"]), (&json!(true), &Value::Null));
        let open = entries(&auditor, "&unchecked=true").await;
        assert!(open.iter().any(|other| other == &entry) && open.iter().all(|entry| entry["deadline_id"] != plain.as_str()));

        // Not by whoever made it, in person or by a key; not by those who only read, or see nothing of it; not without words when it is wrong.
        let own_key = key_of(&manager, &["register:check"]).await;
        for same in [&manager, &own_key] {
            same.post(&checks(&entry), json!({ "correct": true })).await.problem(409, "same_person");
        }
        auditor.post(&checks(&entry), json!({ "correct": true })).await.problem(403, "forbidden");
        for stranger in [&counsel, &client] {
            stranger.get("/v1/deadline_register").await.problem(403, "forbidden");
            stranger.post(&checks(&entry), json!({ "correct": true })).await.problem(403, "forbidden");
        }
        let problem = handler.post(&checks(&entry), json!({ "correct": false })).await.problem(422, "reason_required");
        assert_eq!(problem["errors"][0]["pointer"], "#/note");
        handler.post(&checks(&entry), json!({})).await.problem(422, "invalid_body");
        let entered = entries(&auditor, &of(&plain)).await.remove(0);
        handler.post(&checks(&entered), json!({ "correct": true })).await.problem(409, "no_check_needed");
        assert_eq!(entries(&auditor, &of(&deadline)).await.len(), 1, "nothing of that was entered");

        // It is wrong: that is said of it for ever, once.
        let wrong = json!({ "correct": false, "note": "送达日应为次日" });
        let again = || handler.request(Method::POST, &checks(&entry)).header("idempotency-key", "k").json(&wrong).send();
        let told = again().await.expect(201);
        assert_eq!((&told["id"], &told["check"]["correct"], &told["check"]["by"]), (&entry["id"], &json!(false), &json!(handler.member)));
        assert_eq!((&told["check"]["note"], &told["check"]["by_name"]), (&wrong["note"], &json!("Somebody")));
        assert_eq!(again().await.expect(201), told);
        handler.post(&checks(&entry), json!({ "correct": true })).await.problem(409, "already_exists");
        let both = entries(&auditor, &of(&deadline)).await;
        assert_eq!((&both[0], both.len()), (&told, 2));
        assert_eq!((&both[1]["change"], &both[1]["checks_id"], &both[1]["correct"]), (&json!("checked"), &entry["id"], &json!(false)));
        assert_eq!((&both[1]["id"], &both[1]["needs_check"], &both[1]["member_id"]), (&told["check"]["id"], &json!(false), &json!(handler.member)));
        handler.post(&checks(&both[1]), json!({ "correct": true })).await.problem(409, "no_check_needed");

        // The correction is a change of the deadline, and is checked in its turn; the list of what is open grows shorter.
        handler.patch(&format!("/v1/deadlines/{deadline}"), json!({ "due_on": "2027-03-02", "basis": "送达回证" })).await.expect(200);
        let correction = entries(&auditor, &format!("{}&unchecked=true", of(&deadline))).await;
        assert_eq!((correction.len(), &correction[0]["change"]), (1, &json!("changed")));
        handler.post(&checks(&correction[0]), json!({ "correct": true })).await.problem(409, "same_person");
        manager.post(&checks(&correction[0]), json!({ "correct": true })).await.expect(201);
        assert!(entries(&auditor, &format!("{}&unchecked=true", of(&deadline))).await.is_empty());
        let timeline = format!("/v1/cases/{}/timeline?limit=200", id(&case));
        let checked = |page: Value| page["data"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "deadline.checked").count();
        assert_eq!(checked(auditor.get(&timeline).await.expect(200)), 2);
        manager.post("/v1/grants", json!({ "member_id": client.member, "case_id": case["id"] })).await.expect(201);
        assert_eq!(checked(client.get(&timeline).await.expect(200)), 0);
    }

    /// Of two who check at once, one is told that it is done.
    async fn two_who_check_at_once_leave_one_check(app) {
        let agency = app.agency().await;
        let (manager, owner) = (agency.manager().await, agency.member(Role::Owner).await);
        let case = regulators_case(&agency).await;
        for _ in 0..4 {
            let deadline = typed_in(&agency.handler().await, &case, Some("SAMR-SUPPLY")).await;
            let entry = entries(&manager, &format!("&deadline_id={deadline}")).await.remove(0);
            let path = format!("/v1/deadline_register/{}/checks", id(&entry));
            let third = agency.newcomer(Role::Handler, &format!("third-{}", &deadline[24..])).await;
            let check = |caller: &Caller, correct: bool| {
                let (caller, path) = (caller.clone(), path.clone());
                async move { caller.post(&path, json!({ "correct": correct, "note": "x" })).await }
            };
            let (one, two, three) = futures_util::future::join3(check(&manager, true), check(&owner, false), check(&third, true)).await;
            let mut statuses = [one.status.as_u16(), two.status.as_u16(), three.status.as_u16()];
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409, 409]);
            for refused in [one, two, three].into_iter().filter(|answer| answer.status == 409) {
                refused.problem(409, "already_exists");
            }
            assert_eq!(entries(&manager, &format!("&deadline_id={deadline}")).await.len(), 2);
        }
    }

    /// Another tenant's register is absent, whatever of it is named.
    async fn another_tenants_register_is_absent(app) {
        let (here, there) = (app.agency().await, app.agency().await);
        let case = regulators_case(&here).await;
        let deadline = typed_in(&here.handler().await, &case, Some("SAMR-SUPPLY")).await;
        let owner = here.member(Role::Owner).await;
        let entry = entries(&owner, &format!("&deadline_id={deadline}")).await.remove(0);
        let rival = there.member(Role::Owner).await;
        for query in [String::new(), "&unchecked=true".into(), format!("&deadline_id={deadline}"), format!("&case_id={}", id(&case))] {
            assert_eq!(entries(&rival, &query).await, Vec::<Value>::new(), "{query}");
        }
        let check = |entry: String| rival.request(Method::POST, &format!("/v1/deadline_register/{entry}/checks")).json(&json!({ "correct": true })).send();
        let absent = app.store.ground().clock.new_id::<rejoinder::domain::ids::RegisterEntryId>();
        let foreign = check(id(&entry)).await.problem(404, "not_found");
        let nothing = check(absent.to_string()).await.problem(404, "not_found");
        assert_eq!((&foreign["title"], &foreign["detail"]), (&nothing["title"], &nothing["detail"]));
        let file = export(&rival, "").await;
        assert!(rows(&file.bytes).is_empty());
        let told = verify(&file.bytes, &keys(&app).await).unwrap();
        assert_eq!((told.rows, told.covered.tenant_id), (0, there.tenant));
        assert_eq!(entries(&owner, &format!("&deadline_id={deadline}")).await, [entry]);
    }

    /// A file holds what the list shows, is on the record before anybody has it, and never changes once its day is over.
    async fn a_day_is_a_file_that_proves_itself(app) {
        let agency = app.agency().await;
        let (owner, handler, auditor) = (agency.member(Role::Owner).await, agency.handler().await, agency.member(Role::Auditor).await);
        let case = regulators_case(&agency).await;
        let plain = typed_in(&handler, &case, None).await;
        let statutory = typed_in(&handler, &case, Some("SAMR-SUPPLY")).await;
        handler.post(&format!("/v1/deadlines/{plain}/meet"), json!({ "note": "@来电，\n\"已提交\"" })).await.expect(200);
        let entry = entries(&owner, &format!("&deadline_id={statutory}")).await.remove(0);
        let day = entry["day"].as_str().unwrap().to_owned();
        for refused in [&handler, &auditor, &key_of(&owner, &["register:read"]).await] {
            refused.get("/v1/deadline_register.csv").await.problem(403, "forbidden");
        }
        owner.get("/v1/deadline_register.csv?part=0").await.problem(400, "invalid_parameter");
        owner.get("/v1/deadline_register.csv?part=2").await.problem(404, "not_found");

        let of_today = export(&key_of(&owner, &["register:export"]).await, "").await;
        assert_eq!(of_today.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert_eq!(of_today.header("content-disposition"), format!("attachment; filename=\"deadline-register-{day}.csv\""));
        assert_eq!((of_today.header("x-content-type-options"), of_today.header("cache-control")), ("nosniff".into(), "no-store".into()));
        use base64::Engine as _;
        let digest = base64::engine::general_purpose::STANDARD.encode(rejoinder::auth::hash::sha256(&of_today.bytes));
        assert_eq!(of_today.header("repr-digest"), format!("sha-256=:{digest}:"));
        let english = entries(&owner, "").await;
        let chinese = in_chinese(&owner, "/v1/deadline_register?limit=200").await;
        let chinese: Value = serde_json::from_slice(&chinese).unwrap();
        let listed: Vec<Value> = chinese["data"].as_array().unwrap().iter().zip(&english).map(|(zh, en)| as_row(zh, en)).collect();
        for (row, entry) in rows(&of_today.bytes).iter().zip(&listed) {
            assert_eq!(row, entry);
        }
        assert_eq!(rows(&of_today.bytes).len(), listed.len());
        let cells: Vec<&Value> = listed.iter().filter(|row| row["deadline_id"] == plain.as_str()).map(|row| &row["title_zh"]).collect();
        assert_eq!(cells, ["'=HYPERLINK(\"http://x.example\",\"答辩\")"; 2]);
        let set = app.nobody().get("/.well-known/jwks.json").await;
        assert_eq!((set.header("content-type"), set.header("cache-control")), ("application/jwk-set+json".into(), "public, max-age=3600".into()));
        let set: Value = serde_json::from_slice(&set.bytes).unwrap();
        assert_eq!((&set["keys"][0]["kty"], &set["keys"][0]["crv"], &set["keys"][0]["d"]), (&json!("OKP"), &json!("Ed25519"), &Value::Null));
        assert!(String::from_utf8_lossy(&of_today.bytes).contains(&format!("\r\nsignature,alg=Ed25519,kid={},", set["keys"][0]["kid"].as_str().unwrap())));
        let told = verify(&of_today.bytes, &keys(&app).await).unwrap();
        assert_eq!((told.rows, told.covered.day.to_string(), told.covered.complete), (listed.len() as u64, day.clone(), false));

        // A week later the day is what it was, whatever was done with its entries since, and whoever takes it out.
        app.advance(7 * 86_400);
        let (owner, handler) = (agency.log_in(&owner.email).await, agency.log_in(&handler.email).await);
        let manager = agency.log_in(&agency.newcomer(Role::Manager, "later").await.email).await;
        let first = export(&owner, &format!("?on={day}")).await;
        assert_eq!(rows(&first.bytes), listed);
        assert!(verify(&first.bytes, &keys(&app).await).unwrap().covered.complete);
        manager.post(&format!("/v1/deadline_register/{}/checks", id(&entry)), json!({ "correct": true })).await.expect(201);
        handler.post(&format!("/v1/deadlines/{statutory}/waive"), json!({ "reason": "x" })).await.expect(200);
        assert_eq!(in_chinese(&manager, &format!("/v1/deadline_register.csv?on={day}")).await, first.bytes);
        let of_this_day = rows(&export(&owner, "").await.bytes);
        assert!(of_this_day.iter().any(|row| row["change"] == "checked" && row["checks_id"] == entry["id"] && row["correct"] == "true"));

        // On the record, with the hash that is signed.
        let signature = String::from_utf8(first.bytes.clone()).unwrap();
        let hash = signature.rsplit("sha256=").next().unwrap().get(..64).unwrap().to_owned();
        let exports = app.journal("deadline_register.exported");
        let of_day = exports.iter().filter(|told| told["day"] == day.as_str() && told["sha256"] == hash.as_str() && told["rows"] == listed.len());
        assert_eq!(of_day.map(|told| told["complete"] == true).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(exports.len(), 4);
    }

    /// How much is asked of the database does not hang on how many entries there are.
    async fn the_register_runs_a_fixed_number_of_statements(app) {
        let agency = app.agency().await;
        let (owner, handler) = (agency.member(Role::Owner).await, agency.handler().await);
        let case = regulators_case(&agency).await;
        let mut first = None;
        for deadlines in [1, 12] {
            let mut found = Vec::new();
            for _ in 0..deadlines {
                typed_in(&handler, &case, Some("SAMR-SUPPLY")).await;
            }
            for path in ["/v1/deadline_register?limit=200", "/v1/deadline_register?unchecked=true", "/v1/deadline_register.csv"] {
                let before = app.store.statements();
                assert_eq!(owner.get(path).await.status, 200);
                found.push(app.store.statements() - before);
            }
            let entry = entries(&owner, "&unchecked=true").await.remove(0);
            let before = app.store.statements();
            owner.post(&format!("/v1/deadline_register/{}/checks", id(&entry)), json!({ "correct": true })).await.expect(201);
            found.push(app.store.statements() - before);
            assert_eq!(first.get_or_insert_with(|| found.clone()), &found);
        }
        assert_eq!(first.unwrap(), [2, 2, 5, 7]);
    }
}

/// A file with a sound signature, and the keys of the installation.
async fn a_file() -> (Vec<u8>, Vec<PublicKey>) {
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let agency = app.agency().await;
    let case = regulators_case(&agency).await;
    for rule in [Some("SAMR-SUPPLY"), None, Some("SAMR-SUPPLY"), None] {
        typed_in(&agency.handler().await, &case, rule).await;
    }
    (export(&agency.member(Role::Owner).await, "").await.bytes, keys(&app).await)
}

#[actix_web::test]
async fn no_change_of_a_file_goes_unnoticed() {
    let (file, keys) = a_file().await;
    let signed = verify(&file, &keys).unwrap().rows;
    assert_eq!(signed, 4);
    let text = String::from_utf8(file.clone()).unwrap();
    let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    let without = |left_out: usize| lines.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, line)| *line).collect::<String>();
    let swapped = |a: usize, b: usize| {
        let mut lines = lines.clone();
        lines.swap(a, b);
        lines.concat()
    };
    let last = lines.len() - 1;
    let (other, _) = a_file().await;
    let others_last = String::from_utf8(other.clone()).unwrap().split_inclusive("\r\n").last().unwrap().to_owned();
    for (what, changed, fault) in [
        ("a date is edited", text.replacen("2027-03-01", "2027-03-02", 1), Fault::Changed),
        ("the first row ends otherwise", text.replacen("\r\n01", "\n01", 1), Fault::OtherFile),
        ("a row is deleted", without(2), Fault::Missing { found: signed - 1, signed }),
        ("a row is inserted", text.replacen(lines[2], &lines[2].repeat(2), 1), Fault::Added { found: signed + 1, signed }),
        ("two rows change places", swapped(1, 2), Fault::Reordered),
        ("it is cut off among its rows", lines[..3].concat(), Fault::Unsigned),
        ("it is cut off in its last row", text[..text.len() - 40].to_owned(), Fault::CutOff),
        ("its last row is taken away", without(last), Fault::Unsigned),
        ("a row follows the signature", format!("{text}{}", lines[1]), Fault::GoesOn),
        ("two signatures", format!("{text}{}", lines[last]), Fault::Added { found: signed + 1, signed }),
        ("the number of rows is edited", text.replace(&format!("rows={signed}"), "rows=1"), Fault::Forged),
        ("the day is edited", text.replace("complete=false", "complete=true"), Fault::Forged),
        ("the signature is another file's", format!("{}{others_last}", without(last)), Fault::Changed),
        ("the last row is in another form", text.replace("complete=false", "complete=no"), Fault::Garbled),
        ("the first row is edited", text.replacen("title_zh", "title", 1), Fault::OtherFile),
        ("the byte order mark is gone", text.trim_start_matches('\u{feff}').to_owned(), Fault::OtherFile),
        ("nothing is left", String::new(), Fault::OtherFile),
    ] {
        assert_ne!(changed, text, "{what}");
        assert_eq!(verify(changed.as_bytes(), &[]), Err(fault), "{what}");
    }
    // Every single byte counts.
    for at in (0..file.len()).step_by(7) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(verify(&changed, &[]).is_err(), "byte {at}");
    }
    for length in (0..file.len()).step_by(11) {
        assert!(verify(&file[..length], &[]).is_err(), "{length} bytes");
    }
    // Whoever signs with a key of their own is whole, and nobody whom one trusts.
    assert!(verify(&other, &[]).is_ok());
    assert!(matches!(verify(&other, &keys), Err(Fault::UnknownKey(_))));
}

#[actix_web::test]
async fn the_command_line_says_whether_a_file_is_whole_and_by_which_key() {
    let (bytes, keys) = a_file().await;
    let (own, (_, others)) = (keys[0], a_file().await);
    let file = File::new("register.csv", &bytes);
    let set = File::new("jwks.json", json!({ "keys": [own.jwk()] }).to_string().as_bytes());
    let (set, other) = (set.0.to_str().unwrap(), others[0].x());
    for (arguments, whose) in [
        (vec!["--keys", set], "(a key that was given)"),
        (vec!["--key", &own.x()], "(a key that was given)"),
        (vec![], "/.well-known/jwks.json"),
    ] {
        let (good, sentence) = verified(&file.0, &arguments);
        let key = format!("signed with the key {}", own.id());
        assert!(good && sentence.contains("is whole: ") && sentence.contains(&key) && sentence.contains(whose), "{sentence}");
        assert!(sentence.contains("which was not over yet") && sentence.lines().count() == 1, "{sentence}");
    }
    let changed = File::new("changed.csv", String::from_utf8(bytes).unwrap().replacen("2027-03-01", "2027-03-02", 1).as_bytes());
    for (path, arguments, why) in [
        (&changed.0, vec![], "is not whole: it was changed"),
        (&changed.0, vec!["--keys", set], "is not whole: it was changed"),
        (&file.0, vec!["--key", other.as_str()], "which is none of those given"),
        (&file.0, vec!["--key", "x"], "--key: a key"),
        (&file.0, vec!["--keys", file.0.to_str().unwrap()], "no JSON"),
        (&PathBuf::from("/nowhere/register.csv"), vec![], "/nowhere/register.csv: "),
    ] {
        let (good, sentence) = verified(path, &arguments);
        assert!(!good && sentence.contains(why) && sentence.lines().count() == 1, "{sentence}");
    }
}

#[actix_web::test]
async fn a_large_day_has_parts() {
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let agency = app.agency().await;
    let case = regulators_case(&agency).await;
    typed_in(&agency.handler().await, &case, None).await;
    let owner = agency.member(Role::Owner).await;
    let made = entries(&owner, "").await.len();
    let mut sqlite = <diesel::SqliteConnection as diesel::Connection>::establish(app.database_file().to_str().unwrap()).unwrap();
    diesel::connection::SimpleConnection::batch_execute(
        &mut sqlite,
        "PRAGMA busy_timeout = 5000;
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
         INSERT INTO deadline_register SELECT tenant_id, randomblob(16), day, at, case_id, deadline_id, change, actor_kind, actor_id, member_id, member_name,
             rule_id, title, owed_by, statutory, due_on, due_at, previous_due_at, note, NULL, NULL
         FROM n, (SELECT * FROM deadline_register ORDER BY id LIMIT 1)",
    )
    .unwrap();
    let keys = keys(&app).await;
    let mut seen = std::collections::BTreeSet::new();
    for (part, rows_in_it) in [(1, 10_000), (2, made)] {
        let file = export(&owner, &format!("?part={part}")).await;
        let told = verify(&file.bytes, &keys).unwrap();
        assert_eq!((told.rows as usize, told.covered.part, told.covered.parts), (rows_in_it, part, 2));
        assert!(file.header("content-disposition").ends_with(&format!("-{part}-of-2.csv\"")));
        seen.extend(rows(&file.bytes).iter().map(id));
    }
    assert_eq!(seen.len(), 10_000 + made);
    owner.get("/v1/deadline_register.csv?part=3").await.problem(404, "not_found");
}
