//! Comments: told to those alone for whom they were meant, never edited, retracted with a reason.

use crate::harness::{Caller, on_both};
use rejoinder::domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

async fn bodies(caller: &Caller, path: &str) -> Vec<String> {
    let page = caller.get(path).await.expect(200);
    page["data"].as_array().unwrap().iter().map(|c| c["body"].as_str().unwrap_or("(retracted)").to_owned()).collect()
}

on_both! {
    async fn privileged_comments_are_invisible_to_the_clients_staff_everywhere(app) {
        let agency = app.agency().await;
        let (manager, handler, counsel, client, auditor) =
            (agency.manager().await, agency.handler().await, agency.member(Role::Counsel).await, agency.member(Role::Client).await, agency.member(Role::Auditor).await);
        let case = agency.case().await;
        for (member, covers) in [(&counsel, json!(["write"])), (&client, json!(["write"]))] {
            manager.post("/v1/grants", json!({ "member_id": member.member, "case_id": case["id"], "covers": covers })).await.expect(201);
        }
        let on_case = format!("/v1/cases/{}/comments", case["id"].as_str().unwrap());
        let on_task = format!("/v1/tasks/{}/comments", case["tasks"][0]["id"].as_str().unwrap());
        let version = handler.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).await.etag();
        let say = |who: &Caller, path: &str, body: &str, visibility: Option<&str>| {
            let mut new = json!({ "body": body });
            if let Some(visibility) = visibility { new["visibility"] = json!(visibility); }
            let (who, path) = (who.clone(), path.to_owned());
            async move { who.post(&path, new).await }
        };
        let internal = say(&handler, &on_case, "底单还差三张", None).await.expect(201);
        assert_eq!((&internal["visibility"], &internal["author"]["role"]), (&json!("internal"), &json!("handler")));
        let privileged = say(&counsel, &on_case, "自认范围建议限于 14 单", Some("privileged")).await.expect(201);
        say(&handler, &on_task, "律师意见见案件评论", Some("privileged")).await.expect(201);
        say(&handler, &on_task, "请补签收记录", Some("client")).await.expect(201);
        let clients = say(&client, &on_case, "明天上传", None).await.expect(201);
        assert_eq!(clients["visibility"], "client");
        for visibility in ["internal", "privileged"] {
            let problem = say(&client, &on_case, "x", Some(visibility)).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["code"], "not_allowed");
        }
        say(&auditor, &on_case, "x", None).await.problem(403, "forbidden");
        say(&handler, &on_case, "", None).await.problem(422, "invalid_body");

        // Lists, by id, and the timeline: each sees what was meant for them. The words themselves are in no entry.
        assert_eq!(bodies(&handler, &on_case).await.len(), 5);
        assert_eq!(bodies(&counsel, &on_case).await.len(), 5);
        assert_eq!(bodies(&auditor, &on_case).await, ["明天上传", "请补签收记录", "底单还差三张"]);
        assert_eq!(bodies(&client, &on_case).await, ["明天上传", "请补签收记录"]);
        assert_eq!(bodies(&client, &on_task).await, ["请补签收记录"]);
        for hidden in [&internal, &privileged] {
            client.get(&format!("/v1/comments/{}", hidden["id"].as_str().unwrap())).await.problem(404, "not_found");
            client.post(&format!("/v1/comments/{}/retract", hidden["id"].as_str().unwrap()), json!({ "reason": "x" })).await.problem(404, "not_found");
        }
        let timeline = format!("/v1/cases/{}/timeline?limit=200", case["id"].as_str().unwrap());
        for (who, seen) in [(&handler, 5), (&counsel, 5), (&auditor, 3), (&client, 2)] {
            let told = who.get(&timeline).await.expect(200);
            let entries: Vec<&Value> = told["data"].as_array().unwrap().iter().filter(|e| e["kind"] == "comment.created").collect();
            assert_eq!(entries.len(), seen, "{}", who.email);
            assert!(!told.to_string().contains("自认范围"));
        }
        let told = client.get(&timeline).await.expect(200).to_string();
        assert!(!told.contains(privileged["id"].as_str().unwrap()) && !told.contains("privileged"));
        // A comment stands beside the case: nothing shown of the case changes, so its version does not tell either.
        assert_eq!(client.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).await.etag(), version);
    }

    async fn a_comment_is_retracted_once_by_its_author_or_a_manager(app) {
        let agency = app.agency().await;
        let (manager, handler, client) = (agency.manager().await, agency.handler().await, agency.member(Role::Client).await);
        let case = agency.case().await;
        manager.post("/v1/grants", json!({ "member_id": client.member, "case_id": case["id"], "covers": ["write"] })).await.expect(201);
        let on_case = format!("/v1/cases/{}/comments", case["id"].as_str().unwrap());
        let said = handler.post(&on_case, json!({ "body": "误发给客户的内部意见", "visibility": "client" })).await;
        let tag = said.etag();
        let said = said.expect(201);
        let at = format!("/v1/comments/{}", said["id"].as_str().unwrap());
        let retract = format!("{at}/retract");
        client.post(&retract, json!({ "reason": "x" })).await.problem(403, "forbidden");
        handler.post(&retract, json!({})).await.problem(422, "invalid_body");
        let stale = handler.request(Method::POST, &retract).header("if-match", "\"9\"").json(&json!({ "reason": "x" })).send().await;
        stale.problem(412, "stale");
        let gone = handler.request(Method::POST, &retract).header("if-match", &tag).json(&json!({ "reason": "发错对象" })).send().await.expect(200);
        assert_eq!((&gone["retraction_reason"], &gone["retracted_by"], &gone["body"]), (&json!("发错对象"), &json!(handler.member), &json!("误发给客户的内部意见")));
        manager.post(&retract, json!({ "reason": "x" })).await.problem(409, "invalid_transition");
        // Staff still see what was said; the client does not.
        assert_eq!(bodies(&client, &on_case).await, ["(retracted)"]);
        assert_eq!(bodies(&manager, &on_case).await, ["误发给客户的内部意见"]);
        let own = client.post(&on_case, json!({ "body": "好的" })).await.expect(201);
        manager.post(&format!("/v1/comments/{}/retract", own["id"].as_str().unwrap()), json!({ "reason": "重复" })).await.expect(200);
        // Closed cases can still be talked about, and those who may only read may not.
        manager.post(&format!("/v1/cases/{}/transitions", case["id"].as_str().unwrap()), json!({ "to": "closed", "override": true, "reason": "x" })).await.expect(200);
        handler.post(&on_case, json!({ "body": "结案后补记" })).await.expect(201);
        let reader = agency.newcomer(Role::Client, "reader").await;
        manager.post("/v1/grants", json!({ "member_id": reader.member, "shop_id": case["shop_id"] })).await.expect(201);
        reader.post(&on_case, json!({ "body": "x" })).await.problem(403, "forbidden");
        assert!(bodies(&reader, &on_case).await.len() == 2);
    }

    async fn an_answer_is_not_told_again_to_somebody_whose_role_has_changed(app) {
        let agency = app.agency().await;
        let (manager, counsel) = (agency.manager().await, agency.member(Role::Counsel).await);
        let case = agency.case().await;
        manager.post("/v1/grants", json!({ "member_id": counsel.member, "case_id": case["id"], "covers": ["write"] })).await.expect(201);
        let on_case = format!("/v1/cases/{}/comments", case["id"].as_str().unwrap());
        let advise = || counsel.request(Method::POST, &on_case).header("idempotency-key", "advice").json(&json!({ "body": "建议和解", "visibility": "privileged" })).send();
        advise().await.expect(201);
        advise().await.expect(201);
        let member = format!("/v1/members/{}", counsel.member.as_deref().unwrap());
        manager.patch(&member, json!({ "role": "client" })).await.expect(200);
        advise().await.problem(404, "not_found");
    }
}
