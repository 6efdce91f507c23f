//! Logging in, staying logged in, inviting, suspending, granting: what is taken away is gone with the next request.

use crate::harness::{Caller, PASSWORD, on_both};
use rejoinder::domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn log_in(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

on_both! {
    async fn a_refresh_token_is_good_once(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let nobody = app.nobody();
        let session = nobody.post("/v1/sessions", log_in(&handler.email, PASSWORD)).await.expect(201);
        assert_eq!((&session["expires_in"], &session["role"]), (&json!(600), &json!("handler")));
        let first = session["refresh_token"].clone();
        let refresh = |token: &Value| nobody.post("/v1/sessions/refresh", json!({ "refresh_token": token }));
        let second = refresh(&first).await.expect(201)["refresh_token"].clone();
        // Within ten seconds the answer may have been lost: the first is good once more.
        let third = refresh(&first).await.expect(201)["refresh_token"].clone();
        let fourth = refresh(&third).await.expect(201)["refresh_token"].clone();
        refresh(&json!("rjr_nonsense")).await.problem(401, "unauthenticated");
        // One that we never made ends nothing.
        let made_up: String = fourth.as_str().unwrap().chars().enumerate().map(|(n, c)| if n == 40 { if c == 'A' { 'B' } else { 'A' } } else { c }).collect();
        refresh(&json!(made_up)).await.problem(401, "unauthenticated");
        let fifth = refresh(&fourth).await.expect(201)["refresh_token"].clone();
        // One of long ago is a theft: the whole session ends.
        refresh(&second).await.problem(401, "unauthenticated");
        refresh(&fifth).await.problem(401, "unauthenticated");
    }

    async fn tokens_end_with_their_time_and_their_session(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        handler.get("/v1/me").await.expect(200);
        app.advance(601);
        handler.get("/v1/me").await.problem(401, "unauthenticated");
        let handler = agency.log_in(&handler.email).await;
        handler.request(Method::DELETE, "/v1/sessions/current").send().await.expect(204);
        handler.get("/v1/me").await.problem(401, "unauthenticated");
    }

    async fn forged_tokens_are_refused(app) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let agency = app.agency().await;
        let token = agency.handler().await.token.unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        let header_with = |field: &str, value: Value| { let mut header = header.clone(); header[field] = value; encode(header) };
        let claims_with = |field: &str, value: Value| { let mut claims = claims.clone(); claims[field] = value; encode(claims) };
        let forged = [
            String::new(),
            "x".into(),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", header_with("alg", json!("none")), parts[1], parts[2]),
            format!("{}.{}.", header_with("alg", json!("none")), parts[1]),
            format!("{}.{}.{}", header_with("alg", json!("HS256")), parts[1], parts[2]),
            format!("{}.{}.{}", header_with("typ", json!("JWT")), parts[1], parts[2]),
            format!("{}.{}.{}", header_with("kid", json!("../../keys.json")), parts[1], parts[2]),
            format!("{}.{}.{}", header_with("jku", json!("http://127.0.0.1/jwks")), parts[1], parts[2]),
            format!("{}.{}.{}", parts[0], claims_with("exp", json!(4_000_000_000_i64)), parts[2]),
            format!("{}.{}.{}", parts[0], claims_with("tid", json!(uuid::Uuid::nil())), parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
            format!("{token}{}", "A".repeat(5000)),
            token.to_uppercase(),
        ];
        for forged in forged {
            let caller = Caller { token: Some(forged.clone()), ..app.nobody() };
            caller.get("/v1/me").await.problem(401, "unauthenticated");
            caller.post("/v1/cases", json!({})).await.problem(401, "unauthenticated");
        }
        let basic = app.nobody().request(Method::GET, "/v1/me").header("authorization", "Basic b3duZXI6eA==").send().await;
        assert!(basic.header("www-authenticate").starts_with("Bearer"));
        basic.problem(401, "unauthenticated");
    }

    async fn an_invitation_is_single_use_and_ends_after_72_hours(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let nobody = app.nobody();
        manager.post("/v1/invitations", json!({ "email": "x@agency.example", "role": "owner" })).await.problem(403, "forbidden");
        let invite = |email: &'static str| manager.post("/v1/invitations", json!({ "email": email, "role": "handler" }));
        let invited = invite("New.Person@agency.example").await.expect(201);
        assert_eq!(invited["email"], "new.person@agency.example");
        let token = invited["token"].clone();
        assert!(invited["link"].as_str().unwrap().ends_with(token.as_str().unwrap()));
        let accept = |token: &Value, name: Option<&str>| {
            let mut body = json!({ "token": token, "password": "a new password" });
            if let Some(name) = name { body["name"] = json!(name); }
            let nobody = nobody.clone();
            async move { nobody.post("/v1/invitations/accept", body).await }
        };
        accept(&token, None).await.problem(422, "invalid_body");
        accept(&token, Some("新同事")).await.expect(204);
        accept(&token, Some("新同事")).await.problem(404, "not_found");
        accept(&json!("rji_nonsense"), Some("x")).await.problem(404, "not_found");
        nobody.post("/v1/sessions", log_in("new.person@agency.example", "a new password")).await.expect(201);
        let late = invite("late@agency.example").await.expect(201)["token"].clone();
        let taken_back = invite("back@agency.example").await.expect(201);
        manager.request(Method::DELETE, &format!("/v1/invitations/{}", taken_back["id"].as_str().unwrap())).send().await.expect(204);
        accept(&taken_back["token"], Some("x")).await.problem(404, "not_found");
        app.advance(72 * 3600 + 1);
        accept(&late, Some("x")).await.problem(404, "not_found");
    }

    async fn a_person_of_two_tenants_says_which(app) {
        let (here, there) = (app.agency().await, app.agency().await);
        let handler = here.handler().await;
        let owner = there.member(Role::Owner).await;
        let invited = owner.post("/v1/invitations", json!({ "email": handler.email, "role": "counsel" })).await.expect(201);
        let nobody = app.nobody();
        nobody.post("/v1/invitations/accept", json!({ "token": invited["token"], "password": "not the password" })).await.problem(401, "wrong_credentials");
        nobody.post("/v1/invitations/accept", json!({ "token": invited["token"], "password": PASSWORD })).await.expect(204);
        nobody.post("/v1/sessions", log_in(&handler.email, "wrong password")).await.problem(401, "wrong_credentials");
        let asked = nobody.post("/v1/sessions", log_in(&handler.email, PASSWORD)).await.problem(409, "tenant_required");
        let tenants = asked["facts"]["tenants"].as_array().unwrap();
        assert_eq!(tenants.len(), 2, "{asked}");
        assert!(tenants.iter().any(|t| t["id"] == json!(there.tenant) && t["role"] == "counsel"));
        let mut choice = log_in(&handler.email, PASSWORD);
        choice["tenant_id"] = json!(there.tenant);
        assert_eq!(nobody.post("/v1/sessions", choice.clone()).await.expect(201)["role"], "counsel");
        choice["tenant_id"] = json!(uuid::Uuid::nil());
        nobody.post("/v1/sessions", choice).await.problem(401, "wrong_credentials");
    }

    async fn a_key_makes_nobody_who_may_do_more_than_itself(app) {
        let agency = app.agency().await;
        let manager = agency.manager().await;
        let key = manager.post("/v1/api_keys", json!({ "name": "HR", "scopes": ["member:write"] })).await.expect(201)["key"].clone();
        let machine = Caller { token: key.as_str().map(str::to_owned), ..app.nobody() };
        machine.post("/v1/invitations", json!({ "email": "x@agency.example", "role": "manager" })).await.problem(403, "forbidden");
        let handler = agency.handler().await;
        machine.patch(&format!("/v1/members/{}", handler.member.unwrap()), json!({ "role": "manager" })).await.problem(403, "forbidden");
        manager.post("/v1/api_keys", json!({ "name": "x", "scopes": ["identity:open", "gate:override"] })).await.expect(201);
        agency.handler().await.post("/v1/api_keys", json!({ "name": "x", "scopes": ["case:read"] })).await.problem(403, "forbidden");
    }

    async fn refreshing_never_brings_an_ended_session_back(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let nobody = app.nobody();
        for _ in 0..8 {
            let session = nobody.post("/v1/sessions", log_in(&handler.email, PASSWORD)).await.expect(201);
            let caller = Caller { token: session["access_token"].as_str().map(str::to_owned), ..app.nobody() };
            let log_out = caller.request(Method::DELETE, "/v1/sessions/current").send();
            let refresh = nobody.post("/v1/sessions/refresh", json!({ "refresh_token": session["refresh_token"] }));
            let (log_out, _) = futures_util::future::join(log_out, refresh).await;
            log_out.expect(204);
            caller.get("/v1/me").await.problem(401, "unauthenticated");
        }
    }

    async fn suspending_holds_from_the_next_request_on(app) {
        let agency = app.agency().await;
        let (owner, handler) = (agency.member(Role::Owner).await, agency.handler().await);
        let path = format!("/v1/members/{}", handler.member.clone().unwrap());
        handler.get("/v1/me").await.expect(200);
        owner.patch(&path, json!({ "status": "suspended" })).await.expect(200);
        handler.get("/v1/me").await.problem(401, "unauthenticated");
        app.nobody().post("/v1/sessions", log_in(&handler.email, PASSWORD)).await.problem(401, "wrong_credentials");
        owner.patch(&path, json!({ "status": "active" })).await.expect(200);
        handler.get("/v1/me").await.problem(401, "unauthenticated");
        agency.log_in(&handler.email).await.get("/v1/me").await.expect(200);
        // A role changes at once too, and the last owner stays.
        let handler = agency.log_in(&handler.email).await;
        owner.patch(&path, json!({ "role": "auditor" })).await.expect(200);
        let refused = handler.post("/v1/shops", json!({ "name": "x", "platform": "jd", "legal_entity": "x" })).await;
        refused.problem(403, "forbidden");
        let own = format!("/v1/members/{}", agency.owner);
        owner.patch(&own, json!({ "role": "manager" })).await.problem(409, "last_owner");
        agency.manager().await.patch(&own, json!({ "status": "suspended" })).await.problem(403, "forbidden");
    }

    async fn changing_the_password_ends_the_other_sessions(app) {
        let agency = app.agency().await;
        let here = agency.handler().await;
        let elsewhere = agency.log_in(&here.email).await;
        let change = |old: &str, new: &str| here.request(Method::PUT, "/v1/me/password").json(&json!({ "old_password": old, "new_password": new })).send();
        change("not the password", "a better password").await.problem(401, "wrong_credentials");
        change(PASSWORD, "short").await.problem(422, "invalid_body");
        change(PASSWORD, "a better password").await.expect(204);
        here.get("/v1/me").await.expect(200);
        elsewhere.get("/v1/me").await.problem(401, "unauthenticated");
        app.nobody().post("/v1/sessions", log_in(&here.email, PASSWORD)).await.problem(401, "wrong_credentials");
        app.nobody().post("/v1/sessions", log_in(&here.email, "a better password")).await.expect(201);
    }

    async fn counsel_sees_a_case_only_while_engaged(app) {
        let agency = app.agency().await;
        let (manager, counsel) = (agency.manager().await, agency.member(Role::Counsel).await);
        let (case, other) = (agency.case().await, agency.case().await);
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        counsel.get(&path).await.problem(404, "not_found");
        let ends = app.store.ground().clock.now().plus_seconds(300);
        let grant = json!({ "member_id": counsel.member, "case_id": case["id"], "covers": ["write"], "ends_at": ends });
        manager.post("/v1/grants", grant).await.expect(201);
        counsel.get(&path).await.expect(200);
        counsel.get(&format!("/v1/shops/{}", case["shop_id"].as_str().unwrap())).await.expect(200);
        counsel.get(&format!("/v1/cases/{}", other["id"].as_str().unwrap())).await.problem(404, "not_found");
        assert_eq!(counsel.get("/v1/cases").await.expect(200)["data"].as_array().unwrap().len(), 1);
        let task = format!("/v1/tasks/{}", case["tasks"][0]["id"].as_str().unwrap());
        counsel.patch(&task, json!({ "status": "in_progress" })).await.expect(200);
        app.advance(301);
        counsel.get(&path).await.problem(404, "not_found");
        counsel.get(&task).await.problem(404, "not_found");
        assert_eq!(counsel.get("/v1/tasks").await.expect(200)["data"], json!([]));
    }

    async fn a_members_work_is_handed_over_whole(app) {
        let agency = app.agency().await;
        let (owner, manager, leaver, taker) = (agency.member(Role::Owner).await, agency.manager().await, agency.newcomer(Role::Handler, "leaver").await, agency.newcomer(Role::Handler, "taker").await);
        let shop = agency.shop("douyin").await;
        let open = |lead: &Caller, members: Value| {
            let mut new = crate::harness::a_platform_finding(&shop);
            (new["lead_id"], new["member_ids"]) = (json!(lead.member), members);
            let owner = owner.clone();
            async move { owner.post("/v1/cases", new).await.expect(201) }
        };
        let led = open(&leaver, json!([leaver.member, taker.member])).await;
        let worked_on = open(&manager, json!([leaver.member])).await;
        let assigned = open(&manager, json!([])).await;
        let closed = open(&leaver, json!([])).await;
        let untouched = open(&manager, json!([])).await;
        let task = |case: &Value, n: usize| format!("/v1/tasks/{}", case["tasks"][n]["id"].as_str().unwrap());
        for path in [task(&assigned, 0), task(&assigned, 1), task(&led, 0)] {
            owner.patch(&path, json!({ "assignee_id": leaver.member })).await.expect(200);
        }
        owner.patch(&task(&assigned, 1), json!({ "status": "waived", "note": "不适用" })).await.expect(200);
        let case_path = |case: &Value| format!("/v1/cases/{}", case["id"].as_str().unwrap());
        // In a closed case only prevention goes on.
        let prevention = owner.post(&format!("{}/tasks", case_path(&closed)), json!({ "stage": "prevention", "title": "培训", "assignee_id": leaver.member })).await.expect(201);
        manager.post(&format!("{}/transitions", case_path(&closed)), json!({ "to": "closed", "override": true, "reason": "x" })).await.expect(200);

        let hand_over = format!("/v1/members/{}/hand_overs", leaver.member.clone().unwrap());
        leaver.post(&hand_over, json!({ "to_member_id": taker.member })).await.problem(403, "forbidden");
        let (auditor, counsel) = (agency.member(Role::Auditor).await, agency.member(Role::Counsel).await);
        for wrong in [&leaver, &auditor, &counsel] {
            let problem = manager.post(&hand_over, json!({ "to_member_id": wrong.member })).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["code"], "not_allowed");
        }
        let done = manager.post(&hand_over, json!({ "to_member_id": taker.member, "reason": "离职" })).await.expect(200);
        assert_eq!(done, json!({ "cases": 4, "tasks": 3, "has_more": false }));
        let led_now = manager.get(&case_path(&led)).await.expect(200);
        assert_eq!((&led_now["lead_id"], &led_now["member_ids"]), (&json!(taker.member), &json!([taker.member])), "nobody is listed twice");
        assert_eq!(manager.get(&case_path(&worked_on)).await.expect(200)["member_ids"], json!([taker.member]));
        assert_eq!(manager.get(&case_path(&assigned)).await.expect(200)["lead_id"], json!(manager.member));
        for (path, who) in [(task(&assigned, 0), &taker), (task(&led, 0), &taker), (task(&assigned, 1), &leaver), (format!("/v1/tasks/{}", prevention["id"].as_str().unwrap()), &taker)] {
            assert_eq!(manager.get(&path).await.expect(200)["assignee_id"], json!(who.member), "what is ended stays with whoever ended it");
        }
        assert_eq!(manager.get(&case_path(&closed)).await.expect(200)["lead_id"], json!(leaver.member), "a closed case keeps its lead");
        assert_eq!(manager.get(&case_path(&untouched)).await.expect(200)["version"], untouched["version"]);
        assert!(manager.get(&case_path(&led)).await.expect(200)["version"].as_i64() > led["version"].as_i64());
        let timeline = manager.get(&format!("{}/timeline", case_path(&led))).await.expect(200);
        let entry = &timeline["data"][0];
        assert_eq!((&entry["kind"], &entry["payload"]["reason"], &entry["visibility"]), (&json!("case.handed_over"), &json!("离职"), &json!("internal")));
        let again = manager.post(&hand_over, json!({ "to_member_id": taker.member })).await.expect(200);
        assert_eq!(again, json!({ "cases": 0, "tasks": 0, "has_more": false }));
    }

    async fn grants_are_listed_per_case_whether_by_case_or_by_shop(app) {
        let agency = app.agency().await;
        let (manager, handler, counsel, client) = (agency.manager().await, agency.handler().await, agency.member(Role::Counsel).await, agency.member(Role::Client).await);
        let (case, other) = (agency.case().await, agency.case().await);
        let ends = app.store.ground().clock.now().plus_seconds(3600);
        manager.post("/v1/grants", json!({ "member_id": counsel.member, "case_id": case["id"], "covers": ["write"], "ends_at": ends })).await.expect(201);
        manager.post("/v1/grants", json!({ "member_id": client.member, "shop_id": case["shop_id"] })).await.expect(201);
        manager.post("/v1/grants", json!({ "member_id": client.member, "case_id": other["id"] })).await.expect(201);
        let listed = handler.get(&format!("/v1/cases/{}/grants", case["id"].as_str().unwrap())).await.expect(200);
        let grants = listed["data"].as_array().unwrap();
        assert_eq!(grants.len(), 2, "{listed}");
        assert_eq!((&grants[0]["member_role"], &grants[0]["covers"], &grants[0]["ends_at"], &grants[0]["shop_id"]), (&json!("counsel"), &json!(["write"]), &json!(ends), &json!(null)));
        assert_eq!((&grants[1]["member_role"], &grants[1]["shop_id"], &grants[1]["member_name"]), (&json!("client"), &case["shop_id"], &json!("Somebody")));
        counsel.get(&format!("/v1/cases/{}/grants", case["id"].as_str().unwrap())).await.problem(403, "forbidden");
    }

    async fn a_client_sees_their_shop_and_works_only_where_granted(app) {
        let agency = app.agency().await;
        let (manager, client) = (agency.manager().await, agency.member(Role::Client).await);
        let (case, other) = (agency.case().await, agency.case().await);
        let grant = |covers: Value| json!({ "member_id": client.member, "shop_id": case["shop_id"], "covers": covers });
        let reading = manager.post("/v1/grants", grant(json!([]))).await;
        let (tag, reading) = (reading.etag(), reading.expect(201));
        let task = case["tasks"].as_array().unwrap().iter().find(|t| t["key"] == "SC-01").unwrap();
        let task = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
        client.get(&task).await.expect(200);
        client.patch(&task, json!({ "status": "done" })).await.problem(403, "forbidden");
        client.get(&format!("/v1/cases/{}", other["id"].as_str().unwrap())).await.problem(404, "not_found");
        manager.request(Method::DELETE, &format!("/v1/grants/{}", reading["id"].as_str().unwrap())).header("if-match", &tag).send().await.expect(200);
        client.get(&task).await.problem(404, "not_found");
        manager.post("/v1/grants", grant(json!(["write"]))).await.expect(201);
        client.patch(&task, json!({ "assignee_id": client.member })).await.problem(403, "forbidden");
        client.patch(&task, json!({ "status": "waived", "note": "x" })).await.problem(403, "forbidden");
        client.patch(&task, json!({ "status": "done", "note": "导出行数 1204" })).await.expect(200);
        client.patch(&format!("/v1/cases/{}", case["id"].as_str().unwrap()), json!({ "title": "x" })).await.problem(403, "forbidden");
        assert_eq!(client.get("/v1/shops").await.expect(200)["data"].as_array().unwrap().len(), 1);
        let handler = agency.handler().await;
        manager.post("/v1/grants", json!({ "member_id": handler.member, "case_id": case["id"] })).await.problem(422, "invalid_body");
    }
}
