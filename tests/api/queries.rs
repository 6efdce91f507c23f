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
        let opening = 2 + 1 + 1 + 1 + 1 + 1 + 1 + batch(2) + batch(deadlines) + batch(tasks) + 1;
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
}
