//! How many statements each operation runs: fixed, whatever the number of rows.

use crate::harness::{Caller, TestApp, a_platform_finding, on_both};
use reqwest::Method;
use serde_json::{Value, json};

/// Counts the statements of one request.
async fn count(app: &TestApp, request: crate::harness::Sending, status: u16) -> (u64, Value) {
    let before = app.store.statements();
    let answer = request.send().await.expect(status);
    (app.store.statements() - before, answer)
}

fn get(caller: &Caller, path: &str) -> crate::harness::Sending {
    caller.request(Method::GET, path)
}

on_both! {
    async fn operations_run_a_fixed_number_of_statements(app) {
        let agency = app.agency().await;
        let shop = agency.shop("douyin").await;
        let handler = agency.handler().await;
        let counsel = agency.member(rejoinder::domain::access::Role::Counsel).await;
        let new = a_platform_finding(&shop);
        let (opening, case) = count(&app, handler.request(Method::POST, "/v1/cases").json(&new), 201).await;
        let (safely, _) = count(&app, handler.request(Method::POST, "/v1/cases").header("idempotency-key", "k").json(&new), 201).await;
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        agency.manager().await.post("/v1/grants", json!({ "member_id": counsel.member, "case_id": case["id"], "covers": ["write"] })).await.expect(201);
        let mut found = vec![("open a case", opening), ("open a case, safe to retry", safely)];
        for (name, path) in [
            ("get a case", path.clone()),
            ("get a case with its contents", format!("{path}?expand=tasks,deadlines,complaints,allegations")),
            ("list cases", "/v1/cases?sort=next_due_at&status=open".into()),
            ("list tasks", "/v1/tasks?status=todo".into()),
            ("blockers", format!("{path}/blockers")),
            ("timeline", format!("{path}/timeline")),
            ("list shops", "/v1/shops".into()),
            ("who am I", "/v1/me".into()),
        ] {
            let (few, _) = count(&app, get(&handler, &path), 200).await;
            found.push((name, few));
        }
        found.push(("get a case as counsel", count(&app, get(&counsel, &path), 200).await.0));
        let task = format!("/v1/tasks/{}", case["tasks"].as_array().unwrap().iter().find(|t| t["key"] == "INT-06").unwrap()["id"].as_str().unwrap());
        let tag = handler.get(&task).await.etag();
        found.push(("start a task", count(&app, handler.request(Method::PATCH, &task).header("if-match", &tag).patch(&json!({ "status": "in_progress" })), 200).await.0));
        let tag = handler.get(&path).await.etag();
        found.push(("change a case", count(&app, handler.request(Method::PATCH, &path).header("if-match", &tag).patch(&json!({ "title": "另一个标题" })), 200).await.0));
        // More rows, the same number of statements.
        for _ in 0..5 {
            handler.post("/v1/cases", new.clone()).await.expect(201);
        }
        let (many, page) = count(&app, get(&handler, "/v1/cases?sort=next_due_at&status=open"), 200).await;
        assert!(page["data"].as_array().unwrap().len() >= 7);
        assert_eq!(Some(&("list cases", many)), found.iter().find(|(name, _)| *name == "list cases"));
        // A body is preceded by one statement that asks whether the caller may send it.
        let batch = |rows: u64| if app.database == crate::harness::Database::Sqlite { rows } else { 1 };
        let tasks = case["tasks"].as_array().unwrap().len() as u64;
        let deadlines = case["deadlines"].as_array().unwrap().len() as u64;
        // Each deadline is also in the register, and one statement sees to it that somebody wakes up for them.
        let opening = 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + batch(2) + 2 * batch(deadlines) + 1 + batch(tasks) + 1;
        assert_eq!(found, [
            ("open a case", opening),
            ("open a case, safe to retry", opening + if app.database == crate::harness::Database::Sqlite { 2 } else { 3 }),
            ("get a case", 2),
            ("get a case with its contents", 7),
            ("list cases", 2),
            ("list tasks", 2),
            ("blockers", 7),
            ("timeline", 3),
            ("list shops", 2),
            ("who am I", 2),
            ("get a case as counsel", 2),
            ("start a task", 10),
            ("change a case", 5),
        ]);
    }

    async fn every_other_operation_too(app) {
        let agency = app.agency().await;
        let owner = agency.member(rejoinder::domain::access::Role::Owner).await;
        let (handler, counsel) = (agency.handler().await, agency.member(rejoinder::domain::access::Role::Counsel).await);
        let case = agency.case().await;
        let id = |value: &Value| value.as_str().unwrap().to_owned();
        let (case_path, shop) = (format!("/v1/cases/{}", id(&case["id"])), id(&case["shop_id"]));
        let (complaint, allegation) = (id(&case["complaints"][0]["id"]), id(&case["allegations"][0]["id"]));
        let deadline = |number: usize| format!("/v1/deadlines/{}", id(&case["deadlines"][number]["id"]));
        let mut found = Vec::new();
        let mut made = std::collections::BTreeMap::new();
        let new = [
            ("POST /v1/invitations", "/v1/invitations".to_owned(), json!({ "email": "x@agency.example", "role": "handler" })),
            ("POST /v1/grants", "/v1/grants".into(), json!({ "member_id": counsel.member, "case_id": case["id"] })),
            ("POST /v1/api_keys", "/v1/api_keys".into(), json!({ "name": "x", "scopes": ["case:read"] })),
            ("POST /v1/shops", "/v1/shops".into(), json!({ "name": "x", "platform": "jd", "legal_entity": "x" })),
            ("POST complaints", format!("{case_path}/complaints"), json!({ "channel": "media", "kind": "media_report", "received_at": "2026-11-20T09:30:00+08:00" })),
            ("POST allegations", format!("{case_path}/allegations"), json!({ "complaint_id": complaint, "allegation": { "kind": "quality", "description": "x" } })),
            ("POST triggers", format!("{case_path}/triggers"), json!({ "event": "platform_notice", "occurred_on": "2026-11-20" })),
            ("POST deadlines", format!("{case_path}/deadlines"), json!({ "stage": "legal", "title": "x", "due_on": "2026-12-20" })),
            ("POST tasks", format!("{case_path}/tasks"), json!({ "stage": "legal", "title": "x" })),
        ];
        for (name, path, body) in new {
            let (statements, answer) = count(&app, owner.request(Method::POST, &path).json(&body), 201).await;
            found.push(format!("{name} {statements}"));
            made.insert(name, answer);
        }
        let grant = format!("/v1/grants/{}", id(&made["POST /v1/grants"]["id"]));
        for path in [
            "/v1/members", &format!("/v1/members/{}", handler.member.clone().unwrap()), "/v1/invitations", "/v1/grants", &grant, "/v1/api_keys",
            &format!("/v1/shops/{shop}"), &format!("{case_path}/complaints"), &format!("/v1/complaints/{complaint}"), &format!("{case_path}/allegations"),
            &format!("/v1/allegations/{allegation}"), &format!("{case_path}/triggers"), &format!("{case_path}/deadlines"), &deadline(0),
            &format!("{case_path}/tasks"), &format!("/v1/tasks/{}", id(&case["tasks"][0]["id"])),
        ] {
            let (statements, _) = count(&app, get(&owner, path), 200).await;
            found.push(format!("GET {} {statements}", path.split('/').map(|part| if part.len() == 36 { "*" } else { part }).collect::<Vec<_>>().join("/")));
        }
        for (name, path, patch) in [
            ("PATCH member", format!("/v1/members/{}", handler.member.clone().unwrap()), json!({ "role": "auditor" })),
            ("PATCH shop", format!("/v1/shops/{shop}"), json!({ "name": "y" })),
            ("PATCH complaint", format!("/v1/complaints/{complaint}"), json!({ "reporter": { "basis": "x", "identity": { "name": "x" } } })),
            ("PATCH allegation", format!("/v1/allegations/{allegation}"), json!({ "legal_basis": "x" })),
        ] {
            let tag = owner.get(&path).await.etag();
            found.push(format!("{name} {}", count(&app, owner.request(Method::PATCH, &path).header("if-match", &tag).patch(&patch), 200).await.0));
        }
        for (name, path, body) in [
            ("meet", format!("{}/meet", deadline(0)), json!({})),
            ("waive", format!("{}/waive", deadline(1)), json!({ "reason": "x" })),
            ("open identity", format!("/v1/complaints/{complaint}/reporter_identity/openings"), json!({ "reason": "x" })),
            ("move a stage", format!("{case_path}/stages/legal/transitions"), json!({ "to": "active" })),
            ("complete a stage", format!("{case_path}/stages/legal/transitions"), json!({ "to": "completed", "override": true, "reason": "x" })),
            ("close", format!("{case_path}/transitions"), json!({ "to": "closed", "override": true, "reason": "x" })),
            ("reopen", format!("{case_path}/transitions"), json!({ "to": "reopened", "reason": "x" })),
        ] {
            found.push(format!("{name} {}", count(&app, owner.request(Method::POST, &path).json(&body), 200).await.0));
        }
        let tag = owner.get(&grant).await.etag();
        found.push(format!("DELETE grant {}", count(&app, owner.request(Method::DELETE, &grant).header("if-match", &tag), 200).await.0));
        for name in ["/v1/invitations", "/v1/api_keys"] {
            let path = format!("{name}/{}", id(&made[format!("POST {name}").as_str()]["id"]));
            found.push(format!("DELETE {name} {}", count(&app, owner.request(Method::DELETE, &path), 204).await.0));
        }
        let login = json!({ "email": counsel.email, "password": crate::harness::PASSWORD });
        let (statements, session) = count(&app, app.nobody().request(Method::POST, "/v1/sessions").json(&login), 201).await;
        found.push(format!("log in {statements}"));
        let refresh = json!({ "refresh_token": session["refresh_token"] });
        found.push(format!("refresh {}", count(&app, app.nobody().request(Method::POST, "/v1/sessions/refresh").json(&refresh), 201).await.0));
        let change = json!({ "old_password": crate::harness::PASSWORD, "new_password": "another password" });
        found.push(format!("change password {}", count(&app, counsel.request(Method::PUT, "/v1/me/password").json(&change), 204).await.0));
        found.push(format!("log out {}", count(&app, counsel.request(Method::DELETE, "/v1/sessions/current"), 204).await.0));
        let on_sqlite = app.database == crate::harness::Database::Sqlite;
        let expected: Vec<String> = STATEMENTS.iter().map(|(name, sqlite, postgres)| format!("{name} {}", if on_sqlite { sqlite } else { postgres })).collect();
        assert_eq!(found, expected);
    }
}

on_both! {
    /// Comments, playbooks, previews, moves, hand-over: loading takes a fixed number of statements, for one case or for many.
    async fn what_stands_beside_a_case_too(app) {
        let agency = app.agency().await;
        let owner = agency.member(rejoinder::domain::access::Role::Owner).await;
        let (handler, taker) = (agency.handler().await, agency.newcomer(rejoinder::domain::access::Role::Handler, "taker").await);
        let id = |value: &Value| value.as_str().unwrap().to_owned();
        let post = |path: &str, body: Value| owner.request(Method::POST, path).header("idempotency-key", &format!("{path} {body}")).json(&body);
        let built_in = owner.get("/v1/playbooks?limit=1").await.expect(200)["data"][0]["id"].clone();
        let mut found = Vec::new();
        let (n, draft) = count(&app, post("/v1/playbooks", json!({ "based_on_id": built_in, "key": "house" })), 201).await;
        found.push(("copy a playbook", n));
        let playbook = format!("/v1/playbooks/{}", id(&draft["id"]));
        let task = json!({ "stage": "legal", "title": { "zh": "x" }, "done_means": { "zh": "x" }, "anchor": { "kind": "event", "of": ["case_opened"] } });
        let put = owner.request(Method::PUT, &format!("{playbook}/tasks/X-1")).header("if-match", "\"1\"").json(&task);
        found.push(("put a task", count(&app, put, 200).await.0));
        found.push(("publish", count(&app, post(&format!("{playbook}/transitions"), json!({ "to": "published" })), 200).await.0));
        found.push(("list playbooks", count(&app, get(&owner, "/v1/playbooks"), 200).await.0));
        found.push(("get a playbook", count(&app, get(&owner, &playbook), 200).await.0));
        let mut cases = Vec::new();
        for _ in 0..4 {
            cases.push(agency.case().await);
        }
        let case = format!("/v1/cases/{}", id(&cases[0]["id"]));
        let complaint = format!("/v1/complaints/{}", id(&cases[0]["complaints"][0]["id"]));
        found.push(("preview a branch", count(&app, post(&format!("{complaint}/preview"), json!({ "reporter": { "type": "competitor" } })), 200).await.0));
        found.push(("preview a move", count(&app, post(&format!("{case}/playbook_moves/preview"), json!({ "playbook_id": draft["id"] })), 200).await.0));
        let ids = |range: std::ops::Range<usize>| json!({ "case_ids": cases[range].iter().map(|case| case["id"].clone()).collect::<Vec<_>>() });
        let preview = format!("{playbook}/case_moves/preview");
        found.push(("preview two moves", count(&app, post(&preview, ids(0..2)), 200).await.0));
        found.push(("preview four moves", count(&app, post(&preview, ids(0..4)), 200).await.0));
        let one = count(&app, post(&format!("{playbook}/case_moves"), ids(0..1)), 200).await.0;
        let three = count(&app, post(&format!("{playbook}/case_moves"), ids(1..4)), 200).await.0;
        // What is written is written case by case: its task, its row; and on SQLite each entry of the journal.
        found.push(("move one", one));
        found.push(("move two more", three - one));
        let listed = format!("/v1/cases?playbook_id={}", id(&draft["id"]));
        found.push(("list cases of a playbook", count(&app, get(&owner, &listed), 200).await.0));
        found.push(("comment on a case", count(&app, post(&format!("{case}/comments"), json!({ "body": "x" })), 201).await.0));
        let (n, comment) = count(&app, post(&format!("/v1/tasks/{}/comments", id(&cases[0]["tasks"][0]["id"])), json!({ "body": "x" })), 201).await;
        found.push(("comment on a task", n));
        found.push(("list comments", count(&app, get(&owner, &format!("{case}/comments")), 200).await.0));
        let comment = format!("/v1/comments/{}", id(&comment["id"]));
        found.push(("get a comment", count(&app, get(&owner, &comment), 200).await.0));
        found.push(("retract", count(&app, post(&format!("{comment}/retract"), json!({ "reason": "x" })), 200).await.0));
        found.push(("list grants of a case", count(&app, get(&owner, &format!("{case}/grants")), 200).await.0));
        let hand_over = |from: &Caller, to: &Caller| post(&format!("/v1/members/{}/hand_overs", from.member.clone().unwrap()), json!({ "to_member_id": to.member }));
        let (n, done) = count(&app, hand_over(&handler, &taker), 200).await;
        assert_eq!(done["cases"], 4);
        found.push(("hand four cases over", n));
        assert_eq!(found, HELD_BESIDE.iter().map(|(name, sqlite, postgres)| (*name, if app.database == crate::harness::Database::Sqlite { *sqlite } else { *postgres })).collect::<Vec<_>>());
    }
}

/// What stands beside cases, as [`STATEMENTS`].
const HELD_BESIDE: &[(&str, u64, u64)] = &[
    ("copy a playbook", 7, 8),
    ("put a task", 5, 5),
    ("publish", 7, 8),
    ("list playbooks", 3, 3),
    ("get a playbook", 2, 2),
    ("preview a branch", 9, 9),
    ("preview a move", 9, 9),
    ("preview two moves", 9, 9),
    ("preview four moves", 9, 9),
    ("move one", 14, 15),
    ("move two more", 4, 4),
    ("list cases of a playbook", 2, 2),
    ("comment on a case", 8, 9),
    ("comment on a task", 8, 9),
    ("list comments", 3, 3),
    ("get a comment", 2, 2),
    ("retract", 8, 9),
    ("list grants of a case", 3, 3),
    ("hand four cases over", 16, 17),
];

/// The operations with their statements on SQLite and on PostgreSQL, which has one more where a tenant or person is entered or a list is empty,
/// and one for all rows of an insert.
const STATEMENTS: &[(&str, u64, u64)] = &[
    ("POST /v1/invitations", 4, 4),
    ("POST /v1/grants", 6, 6),
    ("POST /v1/api_keys", 4, 4),
    ("POST /v1/shops", 4, 4),
    ("POST complaints", 10, 11),
    ("POST allegations", 6, 6),
    ("POST triggers", 16, 14),
    ("POST deadlines", 12, 12),
    ("POST tasks", 5, 5),
    ("GET /v1/members", 2, 2),
    ("GET /v1/members/*", 2, 2),
    ("GET /v1/invitations", 2, 2),
    ("GET /v1/grants", 2, 2),
    ("GET /v1/grants/*", 2, 2),
    ("GET /v1/api_keys", 2, 2),
    ("GET /v1/shops/*", 2, 2),
    ("GET /v1/cases/*/complaints", 3, 3),
    ("GET /v1/complaints/*", 2, 2),
    ("GET /v1/cases/*/allegations", 3, 3),
    ("GET /v1/allegations/*", 2, 2),
    ("GET /v1/cases/*/triggers", 3, 3),
    ("GET /v1/cases/*/deadlines", 3, 3),
    ("GET /v1/deadlines/*", 2, 2),
    ("GET /v1/cases/*/tasks", 3, 3),
    ("GET /v1/tasks/*", 2, 2),
    ("PATCH member", 7, 7),
    ("PATCH shop", 5, 5),
    ("PATCH complaint", 10, 10),
    ("PATCH allegation", 10, 10),
    ("meet", 14, 14),
    ("waive", 13, 13),
    ("open identity", 4, 4),
    ("move a stage", 7, 7),
    ("complete a stage", 12, 12),
    ("close", 10, 10),
    ("reopen", 5, 5),
    ("DELETE grant", 4, 4),
    ("DELETE /v1/invitations", 3, 3),
    ("DELETE /v1/api_keys", 3, 3),
    ("log in", 4, 6),
    ("refresh", 3, 4),
    ("change password", 8, 9),
    ("log out", 3, 3),
];
