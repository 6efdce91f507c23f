//! Playbooks of a tenant's own, and cases that move between branches and versions: what is shown before is what happens, and nothing done is lost.

use crate::harness::{Agency, Caller, on_both};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn built_in(caller: &Caller) -> Value {
    caller.get("/v1/playbooks?limit=1").await.expect(200)["data"][0].clone()
}

fn path(playbook: &Value) -> String {
    format!("/v1/playbooks/{}", playbook["id"].as_str().unwrap())
}

async fn with_version(caller: &Caller, method: Method, path: &str, body: Option<Value>) -> crate::harness::Received {
    let playbook: String = path.split('/').take(4).collect::<Vec<_>>().join("/");
    let sending = caller.request(method, path).header("if-match", &caller.get(&playbook).await.etag());
    match body {
        Some(body) => sending.json(&body).send().await,
        None => sending.send().await,
    }
}

fn task(anchor: Value) -> Value {
    json!({
        "stage": "evidence", "title": { "zh": "核对截图真伪" }, "anchor": anchor, "offset": { "amount": 1, "unit": "working_days" },
        "required": true, "blocks_closing": true, "wanted_documents": [{ "zh": "核对记录", "en": "Record of the check" }],
        "done_means": { "zh": "每张截图都有来源和结论。", "en": "Each screenshot has a source and a verdict." }
    })
}

/// A copy of the built-in playbook without some tasks and with one more, published.
async fn house(manager: &Caller, key: &str, without: &[&str]) -> Value {
    let draft = manager.post("/v1/playbooks", json!({ "based_on_id": built_in(manager).await["id"], "key": key })).await.expect(201);
    for key in without {
        with_version(manager, Method::DELETE, &format!("{}/tasks/{key}", path(&draft)), None).await.expect(200);
    }
    let on_opening = task(json!({ "kind": "event", "of": ["case_opened"] }));
    with_version(manager, Method::PUT, &format!("{}/tasks/HOUSE-01", path(&draft)), Some(on_opening)).await.expect(200);
    manager.post(&format!("{}/transitions", path(&draft)), json!({ "to": "published" })).await.expect(200)
}

/// A case about a consumer's complaint through the regulator.
async fn consumer_case(agency: &Agency<'_>, playbook: Option<&Value>) -> Value {
    let shop = agency.shop("tmall").await;
    let mut new = json!({
        "shop_id": shop["id"], "title": "12315：称延迟发货为虚假交易",
        "complaint": {
            "channel": "regulator", "kind": "complaint", "received_at": "2026-11-20T09:30:00+08:00",
            "allegations": [{ "kind": "fictitious_transaction", "description": "付款 9 天未收到货" }],
            "reporter": { "type": "consumer", "confidence": "medium", "basis": "订单与投诉单一致" }
        }
    });
    if let Some(playbook) = playbook {
        new["playbook_id"] = playbook["id"].clone();
    }
    agency.handler().await.post("/v1/cases", new).await.expect(201)
}

async fn tasks(caller: &Caller, case: &Value) -> Vec<Value> {
    let page = caller.get(&format!("/v1/cases/{}/tasks?limit=200", case["id"].as_str().unwrap())).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

fn keys(tasks: &Value) -> BTreeSet<String> {
    let key = |task: &Value| task["key"].as_str().or(task.as_str()).unwrap_or_default().to_owned();
    tasks.as_array().unwrap().iter().map(key).collect()
}

fn with_key<'a>(tasks: &'a [Value], key: &str) -> &'a Value {
    tasks.iter().find(|task| task["key"] == key).unwrap_or_else(|| panic!("{key} is not there"))
}

fn task_path(task: &Value) -> String {
    format!("/v1/tasks/{}", task["id"].as_str().unwrap())
}

on_both! {
    async fn a_playbook_is_copied_changed_and_published_for_ever(app) {
        let agency = app.agency().await;
        let (manager, handler) = (agency.manager().await, agency.handler().await);
        let built_in = built_in(&manager).await;
        assert_eq!((&built_in["key"], &built_in["number"], &built_in["built_in"], &built_in["is_default"], &built_in["task_count"]), (&json!("standard"), &json!(1), &json!(true), &json!(true), &json!(91)));
        handler.post("/v1/playbooks", json!({ "based_on_id": built_in["id"], "key": "house" })).await.problem(403, "forbidden");
        for (body, pointer, code) in [
            (json!({ "based_on_id": built_in["id"] }), "#/key", "required"),
            (json!({ "based_on_id": built_in["id"], "key": "standard" }), "#/key", "taken"),
            (json!({ "based_on_id": built_in["id"], "key": "a b" }), "#/key", "malformed"),
            (json!({ "based_on_id": agency.tenant, "key": "house" }), "#/based_on_id", "not_found"),
        ] {
            let problem = manager.post("/v1/playbooks", body).await.problem(422, "invalid_body");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        let draft = manager.post("/v1/playbooks", json!({ "based_on_id": built_in["id"], "key": "house", "title": { "zh": "本所预案" }, "note": "去掉抖音以外的步骤" })).await.expect(201);
        assert_eq!((&draft["status"], &draft["number"], &draft["title"], &draft["tasks"].as_array().unwrap().len()), (&json!("draft"), &json!(1), &json!({ "zh": "本所预案", "en": "本所预案" }), &91));
        manager.post("/v1/playbooks", json!({ "based_on_id": built_in["id"], "key": "house" })).await.problem(409, "already_exists");
        let at = path(&draft);

        // Tasks are typed objects, put in and taken out one by one; what cannot be is refused with its place.
        let there = format!("{at}/tasks/HOUSE-01");
        manager.request(Method::PUT, &there).json(&task(json!({ "kind": "none" }))).send().await.problem(428, "precondition_required");
        for (anchor, pointer) in [
            (json!({ "kind": "deadline", "of": ["NO-SUCH-RULE"] }), "#/anchor/of/0"),
            (json!({ "kind": "event", "of": [] }), "#/anchor/of"),
            (json!({ "kind": "none", "of": ["x"] }), "#/anchor/of"),
            (json!({ "kind": "event", "of": ["<script>"] }), "#/anchor/of/0"),
        ] {
            let problem = with_version(&manager, Method::PUT, &there, Some(task(anchor))).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
        let mut far = task(json!({ "kind": "none" }));
        far["offset"]["amount"] = json!(i32::MIN);
        with_version(&manager, Method::PUT, &there, Some(far)).await.problem(422, "invalid_body");
        let mut wordless = task(json!({ "kind": "none" }));
        wordless["title"] = json!({});
        let problem = with_version(&manager, Method::PUT, &there, Some(wordless)).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "#/title/zh");

        // Tasks that hang on nothing, or on each other, keep it from being published.
        for (key, anchor) in [("HOUSE-01", "HOUSE-02"), ("HOUSE-02", "HOUSE-01"), ("HOUSE-03", "NOTHING")] {
            with_version(&manager, Method::PUT, &format!("{at}/tasks/{key}"), Some(task(json!({ "kind": "task", "of": [anchor] })))).await.expect(200);
        }
        let problem = manager.post(&format!("{at}/transitions"), json!({ "to": "published" })).await.problem(409, "playbook_faulty");
        let faults: BTreeSet<String> = problem["facts"]["faults"].as_array().unwrap().iter().map(|f| format!("{} {}", f["task"].as_str().unwrap(), f["code"].as_str().unwrap())).collect();
        assert_eq!(faults, BTreeSet::from(["HOUSE-01 anchor_circle".into(), "HOUSE-02 anchor_circle".into(), "HOUSE-03 anchor_unknown".into()]));
        with_version(&manager, Method::DELETE, &format!("{at}/tasks/HOUSE-03"), None).await.expect(200);
        with_version(&manager, Method::DELETE, &format!("{at}/tasks/HOUSE-03"), None).await.problem(404, "not_found");
        with_version(&manager, Method::PUT, &format!("{at}/tasks/HOUSE-02"), Some(task(json!({ "kind": "event", "of": ["house_visit"] })))).await.expect(200);
        let one = manager.get(&format!("{at}/tasks/HOUSE-02")).await.expect(200);
        assert_eq!((&one["title"]["en"], &one["anchor"]), (&json!("核对截图真伪"), &json!({ "kind": "event", "of": ["house_visit"] })));
        assert_eq!(one["wanted_documents"], json!([{ "zh": "核对记录", "en": "Record of the check" }]));

        // What was read can be put back; another key than the path's is refused.
        with_version(&manager, Method::PUT, &format!("{at}/tasks/HOUSE-02"), Some(one.clone())).await.expect(200);
        let problem = with_version(&manager, Method::PUT, &there, Some(one)).await.problem(422, "invalid_body");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("#/key"), &json!("contradicts")));

        // No case is opened under a draft. Published, it stays as it is.
        let shop = agency.shop("tmall").await;
        let mut new = crate::harness::a_platform_finding(&shop);
        new["playbook_id"] = draft["id"].clone();
        let problem = handler.post("/v1/cases", new.clone()).await.problem(422, "invalid_body");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("#/playbook_id"), &json!("not_published")));
        let problem = manager.post("/v1/playbooks", json!({ "based_on_id": draft["id"], "key": "other" })).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], "not_published");
        manager.post(&format!("{at}/default"), json!({})).await.problem(409, "playbook_draft");
        let published = manager.post(&format!("{at}/transitions"), json!({ "to": "published", "make_default": true })).await.expect(200);
        assert_eq!((&published["status"], &published["is_default"]), (&json!("published"), &json!(true)));
        let order: Vec<&str> = published["tasks"].as_array().unwrap().iter().map(|t| t["key"].as_str().unwrap()).collect();
        let place = |key: &str| order.iter().position(|k| *k == key).unwrap();
        assert!(place("HOUSE-02") < place("HOUSE-01"), "what a task hangs on comes before it");
        manager.patch(&at, json!({ "note": "x" })).await.problem(409, "playbook_published");
        with_version(&manager, Method::PUT, &there, Some(task(json!({ "kind": "none" })))).await.problem(409, "playbook_published");
        with_version(&manager, Method::DELETE, &at, None).await.problem(409, "playbook_published");
        with_version(&manager, Method::DELETE, &path(&built_in), None).await.problem(409, "playbook_published");
        manager.post(&format!("{at}/transitions"), json!({ "to": "published" })).await.problem(409, "playbook_published");

        // It is the default now: cases are opened under it, its own trigger starts its own task, and titles come from it.
        new.as_object_mut().unwrap().remove("playbook_id");
        let case = handler.post("/v1/cases", new).await.expect(201);
        assert_eq!(case["playbook_id"], published["id"]);
        let started = handler.post(&format!("/v1/cases/{}/triggers", case["id"].as_str().unwrap()), json!({ "event": "house_visit", "occurred_on": "2026-11-20" })).await.expect(201);
        assert_eq!(keys(&started["tasks"]), BTreeSet::from(["HOUSE-01".into(), "HOUSE-02".into()]));
        assert_eq!(started["tasks"][0]["title"], "核对截图真伪");
        assert_eq!(with_key(&tasks(&handler, &case).await, "HOUSE-02")["done_means"], "Each screenshot has a source and a verdict.");
        let blockers = handler.get(&format!("/v1/cases/{}/blockers?stage=evidence", case["id"].as_str().unwrap())).await.expect(200);
        assert!(blockers["data"].as_array().unwrap().iter().any(|b| b["message"].as_str().unwrap().contains("核对截图真伪")), "{blockers}");
        assert_eq!(manager.get(&path(&built_in)).await.expect(200)["is_default"], false);
        assert_eq!(manager.post(&format!("{}/default", path(&built_in)), json!({})).await.expect(200)["is_default"], true);
        assert_eq!(manager.get(&at).await.expect(200)["is_default"], false);

        // The next version of it is a copy of this one; a draft can be thrown away, and its number is given again.
        let next = manager.post("/v1/playbooks", json!({ "based_on_id": published["id"] })).await.expect(201);
        assert_eq!((&next["key"], &next["number"], &next["based_on_id"]), (&json!("house"), &json!(2), &published["id"]));
        with_version(&manager, Method::DELETE, &path(&next), None).await.expect(200);
        manager.get(&path(&next)).await.problem(404, "not_found");
        let listed = handler.get("/v1/playbooks?key=house&status=published").await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert!(listed["data"][0]["tasks"].is_null(), "lists leave the tasks out");
        handler.get(&format!("/v1/cases?playbook_id={}", published["id"].as_str().unwrap())).await.expect(200)["data"].as_array().map(Vec::len).filter(|n| *n == 1).unwrap();
    }

    async fn learning_who_reports_shows_then_does_what_the_branch_adds_and_drops(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = consumer_case(&agency, None).await;
        let complaint = format!("/v1/complaints/{}", case["complaints"][0]["id"].as_str().unwrap());
        let before = tasks(&handler, &case).await;
        let of_consumers = keys(&json!(before));
        assert!(of_consumers.contains("RA-02") && !of_consumers.contains("RA-06"));
        // One task of the consumers' branch is begun, another has a step done: neither will be lost.
        let begun = with_key(&before, "RA-02");
        handler.patch(&task_path(begun), json!({ "status": "in_progress" })).await.expect(200);

        let version = handler.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).await.etag();
        let patch = json!({ "reporter": { "type": "competitor", "confidence": "high", "basis": "账号与同行客服手机号一致" } });
        let preview = handler.post(&format!("{complaint}/preview"), patch.clone()).await.expect(200);
        assert!(keys(&preview["tasks"]["added"]).contains("RA-06"), "{preview}");
        assert!(preview["tasks"]["added"][0]["task_id"].is_null());
        let dropped = keys(&preview["tasks"]["dropped"]);
        assert!(!dropped.is_empty() && !dropped.contains("RA-02"), "{dropped:?}");
        assert!(keys(&preview["tasks"]["kept"]).contains("RA-02") && keys(&preview["tasks"]["kept"]).contains("SC-01"));
        // Showing changes nothing.
        assert_eq!(handler.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).await.etag(), version);
        assert_eq!(preview["case_version"].to_string(), version.trim_matches('"'));
        assert_eq!(keys(&json!(tasks(&handler, &case).await)), of_consumers);

        handler.patch(&complaint, patch).await.expect(200);
        let after = tasks(&handler, &case).await;
        let added: BTreeSet<String> = keys(&json!(after)).difference(&of_consumers).cloned().collect();
        assert_eq!(added, keys(&preview["tasks"]["added"]), "what was shown is what happened");
        for task in &after {
            let key = task["key"].as_str().unwrap();
            let gone = dropped.contains(key);
            assert_eq!((task["dropped"] == json!(true), task["status"] == json!("waived")), (gone, gone), "{task}");
            if gone {
                assert_eq!(task["note"], "consumer → competitor");
            }
        }
        assert_eq!(with_key(&after, "RA-02")["status"], "in_progress");

        // It was a consumer after all: what was dropped comes back by itself, and what nobody has begun goes.
        let back = json!({ "reporter": { "type": "consumer" } });
        let preview = handler.post(&format!("{complaint}/preview"), back.clone()).await.expect(200);
        assert_eq!(keys(&preview["tasks"]["restored"]), dropped);
        assert_eq!(keys(&preview["tasks"]["dropped"]), added);
        handler.patch(&complaint, back).await.expect(200);
        for task in tasks(&handler, &case).await {
            let key = task["key"].as_str().unwrap();
            assert_eq!(task["dropped"] == json!(true), added.contains(key), "{task}");
            if dropped.contains(key) {
                assert_eq!((&task["status"], &task["note"], &task["ended_at"]), (&json!("todo"), &json!(null), &json!(null)));
            }
        }
        let timeline = handler.get(&format!("/v1/cases/{}/timeline?limit=200", case["id"].as_str().unwrap())).await.expect(200);
        let kinds: BTreeSet<&str> = timeline["data"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains("task.dropped") && kinds.contains("task.restored"), "{kinds:?}");
    }

    async fn what_a_preview_showed_is_done_or_refused(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = consumer_case(&agency, None).await;
        let complaint = format!("/v1/complaints/{}", case["complaints"][0]["id"].as_str().unwrap());
        let mut patch = json!({ "reporter": { "type": "competitor" } });
        let preview = handler.post(&format!("{complaint}/preview"), patch.clone()).await.expect(200);
        patch["case_version"] = preview["case_version"].clone();
        // Somebody begins a task meanwhile: what was shown is not what would happen any more.
        handler.patch(&task_path(with_key(&tasks(&handler, &case).await, "RA-02")), json!({ "status": "in_progress" })).await.expect(200);
        handler.patch(&complaint, patch.clone()).await.problem(412, "stale");
        patch["case_version"] = handler.post(&format!("{complaint}/preview"), patch.clone()).await.expect(200)["case_version"].clone();
        handler.patch(&complaint, patch).await.expect(200);
    }

    async fn a_dropped_task_that_a_person_brings_back_stays(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = consumer_case(&agency, None).await;
        let complaint = format!("/v1/complaints/{}", case["complaints"][0]["id"].as_str().unwrap());
        handler.patch(&complaint, json!({ "reporter": { "type": "competitor" } })).await.expect(200);
        let dropped = with_key(&tasks(&handler, &case).await, "RA-02").clone();
        assert_eq!(dropped["dropped"], true);
        handler.patch(&task_path(&dropped), json!({ "status": "todo" })).await.expect(200);
        handler.patch(&complaint, json!({ "reporter": { "type": "anonymous" } })).await.expect(200);
        let kept = with_key(&tasks(&handler, &case).await, "RA-02").clone();
        assert_eq!((&kept["status"], &kept["dropped"]), (&json!("todo"), &json!(false)), "what a person decided stays");
    }

    async fn a_task_comes_back_as_the_version_of_today_has_it(app) {
        let agency = app.agency().await;
        let (manager, handler) = (agency.manager().await, agency.handler().await);
        // Version 1 has the task, 2 has not, 3 has it in another stage; one case goes all the way, one with its branch left in between.
        let first = house(&manager, "house", &[]).await;
        let case = consumer_case(&agency, Some(&first)).await;
        let next = |change: Option<Value>| {
            let (manager, first) = (manager.clone(), first.clone());
            async move {
                let latest = manager.get("/v1/playbooks?key=house&status=published&limit=200").await.expect(200)["data"].as_array().unwrap().last().unwrap().clone();
                let draft = manager.post("/v1/playbooks", json!({ "based_on_id": latest["id"] })).await.expect(201);
                let at = format!("{}/tasks/HOUSE-01", path(&draft));
                match change {
                    Some(task) => with_version(&manager, Method::PUT, &at, Some(task)).await.expect(200),
                    None => with_version(&manager, Method::DELETE, &at, None).await.expect(200),
                };
                assert_eq!(draft["key"], first["key"]);
                manager.post(&format!("{}/transitions", path(&draft)), json!({ "to": "published" })).await.expect(200)
            }
        };
        let second = next(None).await;
        let mut heavier = task(json!({ "kind": "event", "of": ["case_opened"] }));
        (heavier["stage"], heavier["required"]) = (json!("legal"), json!(false));
        let third = next(Some(heavier)).await;
        let moves = format!("/v1/cases/{}/playbook_moves", case["id"].as_str().unwrap());
        let dropped = handler.post(&moves, json!({ "playbook_id": second["id"] })).await.expect(200);
        assert_eq!(keys(&dropped["tasks"]["dropped"]), BTreeSet::from(["HOUSE-01".into()]));
        let back = handler.post(&moves, json!({ "playbook_id": third["id"] })).await.expect(200);
        assert_eq!((keys(&back["tasks"]["restored"]), keys(&back["tasks"]["altered"])), (BTreeSet::from(["HOUSE-01".into()]), BTreeSet::from(["HOUSE-01".into()])));
        let task = with_key(&tasks(&handler, &case).await, "HOUSE-01").clone();
        assert_eq!((&task["status"], &task["stage"], &task["required"]), (&json!("todo"), &json!("legal"), &json!(false)));
        assert_eq!(task["title"], "核对截图真伪");
    }

    async fn a_second_channel_shows_then_does_what_it_adds(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = consumer_case(&agency, None).await;
        let at = format!("/v1/cases/{}/complaints", case["id"].as_str().unwrap());
        let before = keys(&json!(tasks(&handler, &case).await));
        let second = json!({ "channel": "platform", "kind": "platform_finding", "received_at": "2026-11-22T10:00:00+08:00", "reporter": { "type": "platform" } });
        let preview = handler.post(&format!("{at}/preview"), second.clone()).await.expect(200);
        assert!(!preview["deadlines"].as_array().unwrap().is_empty(), "{preview}");
        assert!(preview["tasks"]["dropped"].as_array().unwrap().is_empty());
        assert_eq!(keys(&json!(tasks(&handler, &case).await)), before);
        assert_eq!(handler.get(&at).await.expect(200)["data"].as_array().unwrap().len(), 1);
        handler.post(&at, second).await.expect(201);
        let added: BTreeSet<String> = keys(&json!(tasks(&handler, &case).await)).difference(&before).cloned().collect();
        assert_eq!(added, keys(&preview["tasks"]["added"]));
        let deadlines = handler.get(&format!("/v1/cases/{}/deadlines", case["id"].as_str().unwrap())).await.expect(200);
        for shown in preview["deadlines"].as_array().unwrap() {
            assert!(deadlines["data"].as_array().unwrap().iter().any(|d| d["rule_id"] == shown["rule_id"] && d["due_at"] == shown["due_at"]), "{shown}");
        }
        // A preview is safe to send with a key, and keeps nothing under it.
        let keyed = handler.request(Method::POST, &format!("{at}/preview")).header("idempotency-key", "k").json(&json!({ "channel": "media", "kind": "media_report", "received_at": "2026-11-22T10:00:00+08:00" })).send().await;
        keyed.expect(200);
    }

    async fn cases_move_to_another_version_and_nothing_done_is_lost(app) {
        let agency = app.agency().await;
        let (manager, handler) = (agency.manager().await, agency.handler().await);
        let case = consumer_case(&agency, None).await;
        let at = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let before = tasks(&handler, &case).await;
        let done = with_key(&before, "SC-06");
        handler.patch(&task_path(done), json!({ "status": "done", "note": "已存档" })).await.expect(200);
        // INT-01 is done, INT-06 untouched, INT-04 waived by hand; the house plays without the first two.
        handler.patch(&task_path(with_key(&before, "INT-04")), json!({ "status": "waived", "note": "已有负责人" })).await.expect(200);
        let house = house(&manager, "house", &["SC-06", "INT-05"]).await;
        let wanted = json!({ "playbook_id": house["id"] });
        let preview = handler.post(&format!("{at}/playbook_moves/preview"), wanted.clone()).await.expect(200);
        assert_eq!(keys(&preview["tasks"]["added"]), BTreeSet::from(["HOUSE-01".into()]));
        assert_eq!(keys(&preview["tasks"]["dropped"]), BTreeSet::from(["INT-05".into()]));
        assert!(keys(&preview["tasks"]["kept"]).contains("SC-06"), "what is done is kept");
        assert_eq!(keys(&json!(tasks(&handler, &case).await)), keys(&json!(before)), "showing changes nothing");

        let stale = handler.request(Method::POST, &format!("{at}/playbook_moves")).header("if-match", "\"1\"").json(&wanted).send().await;
        stale.problem(412, "stale");
        let seen = format!("\"{}\"", preview["case_version"]);
        let moved = handler.request(Method::POST, &format!("{at}/playbook_moves")).header("if-match", &seen).json(&wanted).send().await.expect(200);
        assert_eq!(keys(&moved["tasks"]["dropped"]), keys(&preview["tasks"]["dropped"]));
        assert_eq!(handler.get(&at).await.expect(200)["playbook_id"], house["id"]);
        let after = tasks(&handler, &case).await;
        assert_eq!((&with_key(&after, "SC-06")["status"], &with_key(&after, "SC-06")["note"]), (&json!("done"), &json!("已存档")));
        // The house says nothing of it any more: the case still does, in both languages.
        for field in ["title", "done_means", "wanted_documents"] {
            assert_eq!(with_key(&after, "SC-06")[field], with_key(&before, "SC-06")[field]);
            assert_eq!(with_key(&after, "INT-05")[field], with_key(&before, "INT-05")[field]);
        }
        let chinese = handler.client.get(format!("{}{}", handler.url, task_path(with_key(&after, "SC-06")))).bearer_auth(handler.token.clone().unwrap()).send().await.unwrap();
        let chinese: Value = serde_json::from_slice(&chinese.bytes().await.unwrap()).unwrap();
        assert!(chinese["title"].as_str().unwrap().chars().any(|c| c > '\u{2e80}'), "{chinese}");
        assert_eq!(with_key(&after, "INT-05")["note"], "standard 1 → house 1");
        assert_eq!(with_key(&after, "HOUSE-01")["title"], "核对截图真伪");

        // Back again: what was dropped is restored, what a person waived stays waived.
        let standard = built_in(&manager).await;
        let back = handler.post(&format!("{at}/playbook_moves"), json!({ "playbook_id": standard["id"], "reason": "客户要求" })).await.expect(200);
        assert_eq!(keys(&back["tasks"]["restored"]), BTreeSet::from(["INT-05".into()]));
        assert_eq!(keys(&back["tasks"]["dropped"]), BTreeSet::from(["HOUSE-01".into()]));
        let after = tasks(&handler, &case).await;
        assert_eq!((&with_key(&after, "INT-05")["status"], &with_key(&after, "INT-04")["status"], &with_key(&after, "HOUSE-01")["note"]), (&json!("todo"), &json!("waived"), &json!("客户要求")));
        assert_eq!(with_key(&after, "HOUSE-01")["title"], "核对截图真伪", "what was dropped keeps its words");
        handler.post(&format!("{at}/transitions"), json!({ "to": "closed" })).await.problem(409, "blocked");
        manager.post(&format!("{at}/transitions"), json!({ "to": "closed", "override": true, "reason": "x" })).await.expect(200);
        handler.post(&format!("{at}/playbook_moves"), wanted.clone()).await.problem(409, "case_closed");
        handler.post(&format!("{at}/playbook_moves/preview"), wanted).await.problem(409, "case_closed");
    }

    async fn a_weight_that_a_person_set_stays_when_the_version_changes(app) {
        let agency = app.agency().await;
        let (manager, handler) = (agency.manager().await, agency.handler().await);
        let house = house(&manager, "house", &[]).await;
        let (by_hand, untouched) = (consumer_case(&agency, Some(&house)).await, consumer_case(&agency, Some(&house)).await);
        let own = tasks(&handler, &by_hand).await;
        handler.patch(&task_path(with_key(&own, "HOUSE-01")), json!({ "required": false })).await.expect(200);
        let next = manager.post("/v1/playbooks", json!({ "based_on_id": house["id"] })).await.expect(201);
        let mut heavier = task(json!({ "kind": "event", "of": ["case_opened"] }));
        (heavier["stage"], heavier["blocks_closing"], heavier["offset"]["amount"]) = (json!("legal"), json!(false), json!(3));
        with_version(&manager, Method::PUT, &format!("{}/tasks/HOUSE-01", path(&next)), Some(heavier)).await.expect(200);
        manager.post(&format!("{}/transitions", path(&next)), json!({ "to": "published" })).await.expect(200);
        let all = json!({ "case_ids": [by_hand["id"], untouched["id"]] });
        let moves = format!("{}/case_moves", path(&next));
        manager.post(&moves, all.clone()).await.problem(400, "invalid_header");
        let preview = manager.post(&format!("{moves}/preview"), all.clone()).await.expect(200);
        for row in preview["data"].as_array().unwrap() {
            assert_eq!((keys(&row["altered"]), keys(&row["rescheduled"])), (BTreeSet::from(["HOUSE-01".into()]), BTreeSet::from(["HOUSE-01".into()])), "{row}");
        }
        let keyed = || manager.request(Method::POST, &moves).header("idempotency-key", "move-all").json(&all).send();
        let done = keyed().await.expect(200);
        assert_eq!(done["data"].as_array().unwrap().len(), 2);
        assert_eq!(keyed().await.header("idempotent-replayed"), "true");
        for (case, required) in [(&by_hand, false), (&untouched, true)] {
            let task = with_key(&tasks(&handler, case).await, "HOUSE-01").clone();
            assert_eq!((&task["stage"], &task["required"], &task["blocks_closing"]), (&json!("legal"), &json!(required), &json!(false)));
            assert_eq!(handler.get(&format!("/v1/cases/{}", case["id"].as_str().unwrap())).await.expect(200)["playbook_id"], next["id"]);
        }
    }

    async fn many_cases_move_all_or_none(app) {
        let agency = app.agency().await;
        let (manager, other) = (agency.manager().await, app.agency().await);
        let house = house(&manager, "house", &["INT-05"]).await;
        let cases = [consumer_case(&agency, None).await, consumer_case(&agency, None).await];
        let foreign = other.case().await;
        let moves = format!("{}/case_moves", path(&house));
        let send = |ids: Value| manager.request(Method::POST, &moves).header("idempotency-key", &uuid::Uuid::from_bytes(app.store.ground().clock.random()).to_string()).json(&json!({ "case_ids": ids })).send();
        let problem = send(json!([cases[0]["id"], foreign["id"], cases[1]["id"]])).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "#/case_ids/1");
        send(json!([])).await.problem(422, "invalid_body");
        send(json!([cases[0]["id"], cases[0]["id"]])).await.problem(422, "invalid_body");
        let close = json!({ "to": "closed", "override": true, "reason": "x" });
        manager.post(&format!("/v1/cases/{}/transitions", cases[1]["id"].as_str().unwrap()), close).await.expect(200);
        send(json!([cases[0]["id"], cases[1]["id"]])).await.problem(409, "case_closed");
        let standard = built_in(&manager).await;
        let untouched = manager.get(&format!("/v1/cases/{}", cases[0]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(untouched["playbook_id"], standard["id"], "one that cannot move keeps all where they are");
        let done = send(json!([cases[0]["id"]])).await.expect(200);
        assert_eq!((&done["data"][0]["added"], &done["data"][0]["dropped"]), (&json!(["HOUSE-01"]), &json!(["INT-05"])));
        // Nothing moves to a draft.
        let draft = manager.post("/v1/playbooks", json!({ "based_on_id": house["id"] })).await.expect(201);
        let to_draft = manager.request(Method::POST, &format!("{}/case_moves", path(&draft))).header("idempotency-key", "d").json(&json!({ "case_ids": [cases[0]["id"]] })).send().await;
        to_draft.problem(409, "playbook_draft");
    }

    async fn a_full_load_of_cases_moves_at_once(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let shop = agency.shop("tmall").await;
        let mut ids = Vec::new();
        for n in 0..100 {
            let new = json!({
                "shop_id": shop["id"], "title": format!("案件 {n}"),
                "complaint": { "channel": "regulator", "kind": "complaint", "received_at": "2026-11-20T09:30:00+08:00", "reporter": { "type": "consumer" } }
            });
            ids.push(manager.post("/v1/cases", new).await.expect(201)["id"].clone());
        }
        let without: Vec<String> = keys(&manager.get(&path(&built_in(&manager).await)).await.expect(200)["tasks"]).into_iter().collect();
        let bare = house(&manager, "bare", &without.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let moves = format!("{}/case_moves", path(&bare));
        let done = manager.request(Method::POST, &moves).header("idempotency-key", "all").json(&json!({ "case_ids": ids })).send().await.expect(200);
        let dropped: usize = done["data"].as_array().unwrap().iter().map(|case| case["dropped"].as_array().unwrap().len()).sum();
        assert!(dropped > 2730, "more entries than one statement can bind on SQLite: {dropped}");
    }

    async fn what_was_done_keeps_the_words_under_which_it_was_done(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let old = house(&manager, "words", &[]).await;
        let draft = manager.post("/v1/playbooks", json!({ "based_on_id": old["id"] })).await.expect(201);
        let mut other = task(json!({ "kind": "event", "of": ["case_opened"] }));
        other["title"] = json!({ "zh": "公证取证", "en": "Have a notary take the evidence" });
        with_version(&manager, Method::PUT, &format!("{}/tasks/HOUSE-01", path(&draft)), Some(other)).await.expect(200);
        let new = manager.post(&format!("{}/transitions", path(&draft)), json!({ "to": "published" })).await.expect(200);
        let (done, open) = (consumer_case(&agency, Some(&old)).await, consumer_case(&agency, Some(&old)).await);
        let doing = with_key(&tasks(&manager, &done).await, "HOUSE-01").clone();
        manager.patch(&task_path(&doing), json!({ "status": "done" })).await.expect(200);
        for case in [&done, &open] {
            manager.post(&format!("/v1/cases/{}/playbook_moves", case["id"].as_str().unwrap()), json!({ "playbook_id": new["id"] })).await.expect(200);
        }
        assert_eq!(with_key(&tasks(&manager, &done).await, "HOUSE-01")["title"], "核对截图真伪");
        assert_eq!(with_key(&tasks(&manager, &open).await, "HOUSE-01")["title"], "Have a notary take the evidence");
    }

    async fn a_task_that_comes_back_has_the_weight_that_its_playbook_gives_it(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let version = |without: bool, required: bool, channels: Value| {
            let manager = manager.clone();
            async move {
                let draft = manager.post("/v1/playbooks", json!({ "based_on_id": built_in(&manager).await["id"], "key": if without { "gone".to_owned() } else { format!("w-{required}-{}", channels.as_array().map_or(0, Vec::len)) } })).await.expect(201);
                if !without {
                    let mut weighed = task(json!({ "kind": "event", "of": ["case_opened"] }));
                    (weighed["required"], weighed["channels"]) = (json!(required), channels);
                    with_version(&manager, Method::PUT, &format!("{}/tasks/HOUSE-01", path(&draft)), Some(weighed)).await.expect(200);
                }
                manager.post(&format!("{}/transitions", path(&draft)), json!({ "to": "published" })).await.expect(200)
            }
        };
        let (light, elsewhere) = (version(false, false, json!([])).await, version(false, true, json!(["police"])).await);
        let (gone, heavy) = (version(true, true, json!([])).await, version(false, true, json!([])).await);
        for between in [&elsewhere, &gone] {
            let case = consumer_case(&agency, Some(&light)).await;
            for to in [between, &heavy] {
                manager.post(&format!("/v1/cases/{}/playbook_moves", case["id"].as_str().unwrap()), json!({ "playbook_id": to["id"] })).await.expect(200);
            }
            let back = with_key(&tasks(&manager, &case).await, "HOUSE-01").clone();
            assert_eq!((&back["status"], &back["required"]), (&json!("todo"), &json!(true)), "its stage waits for it now");
        }
    }

    async fn a_chain_beyond_all_dates_opens_without_dates(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let draft = manager.post("/v1/playbooks", json!({ "based_on_id": built_in(&manager).await["id"], "key": "far" })).await.expect(201);
        let mut anchor = json!({ "kind": "event", "of": ["case_opened"] });
        for n in 0..72 {
            let mut link = task(anchor);
            link["offset"] = json!({ "amount": -11, "unit": "years" });
            let too_far = with_version(&manager, Method::PUT, &format!("{}/tasks/FAR-{n}", path(&draft)), Some(link.clone())).await;
            assert_eq!(too_far.problem(422, "invalid_body")["errors"][0]["code"], "out_of_range");
            link["offset"] = json!({ "amount": -10, "unit": "years" });
            with_version(&manager, Method::PUT, &format!("{}/tasks/FAR-{n}", path(&draft)), Some(link)).await.expect(200);
            anchor = json!({ "kind": "task", "of": [format!("FAR-{n}")] });
        }
        let far = manager.post(&format!("{}/transitions", path(&draft)), json!({ "to": "published" })).await.expect(200);
        let case = consumer_case(&agency, Some(&far)).await;
        assert_eq!(with_key(&tasks(&manager, &case).await, "FAR-71")["due_at"], Value::Null);
    }

    async fn a_playbook_has_no_more_words_than_a_case_can_carry(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let draft = manager.post("/v1/playbooks", json!({ "based_on_id": built_in(&manager).await["id"], "key": "long" })).await.expect(201);
        let mut refused = None;
        for n in 0..9 {
            let mut wordy = task(json!({ "kind": "none" }));
            wordy["wanted_documents"] = json!(vec![json!({ "zh": "证".repeat(200), "en": "证".repeat(200) }); 50]);
            let answer = with_version(&manager, Method::PUT, &format!("{}/tasks/LONG-{n}", path(&draft)), Some(wordy)).await;
            if answer.status != 200 {
                refused = Some(answer.problem(422, "invalid_body"));
                break;
            }
        }
        assert_eq!(refused.unwrap()["errors"][0]["code"], "too_long");
        let names = task(json!({ "kind": "deadline", "of": vec!["platform_appeal"; 21] }));
        let problem = with_version(&manager, Method::PUT, &format!("{}/tasks/NAMES", path(&draft)), Some(names)).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], "too_many");
    }
}
