//! Deadlines: counted by dated rules and calendars, explained day by day, stopped, extended, moved with their trigger, never missed unseen.

use crate::harness::{Agency, Caller, TestApp, on_both};
use reqwest::Method;
use serde_json::{Value, json};

/// A report that a regulator looks into.
async fn a_regulators_case(agency: &Agency<'_>) -> Value {
    let shop = agency.shop("tmall").await;
    let new = json!({
        "shop_id": shop["id"], "title": "监管：涉嫌虚假交易",
        "complaint": {
            "channel": "regulator", "kind": "report", "received_at": "2026-09-01T09:30:00+08:00",
            "allegations": [{ "kind": "fictitious_transaction", "description": "刷单" }], "reporter": { "type": "regulator" }
        }
    });
    agency.handler().await.post("/v1/cases", new).await.expect(201)
}

fn id(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Records a trigger; gives the deadline that it makes under a rule.
async fn trigger(caller: &Caller, case: &Value, event: &str, day: &str, rule: &str) -> (Value, Value) {
    let path = format!("/v1/cases/{}/triggers", id(&case["id"]));
    let started = caller.post(&path, json!({ "event": event, "occurred_on": day })).await.expect(201);
    let made = started["deadlines"].as_array().expect("deadlines").iter().find(|deadline| deadline["rule_id"] == rule);
    (started["trigger"].clone(), made.unwrap_or_else(|| panic!("{rule} in {started}")).clone())
}

async fn preview(caller: &Caller, body: Value) -> Value {
    caller.post("/v1/deadlines/preview", body).await.expect(200)
}

async fn due_on(caller: &Caller, body: Value) -> String {
    id(&preview(caller, body).await["due_on"]).to_owned()
}

fn codes(explanation: &Value) -> Vec<&str> {
    explanation["explanation"].as_array().expect("lines").iter().map(|line| id(&line["code"])).collect()
}

/// Publishes a year in the calendar `cn`.
async fn publish(caller: &Caller, year: i16, days: Value) -> Value {
    let version = caller.get("/v1/calendars/cn").await.etag();
    let put = caller.request(Method::PUT, &format!("/v1/calendars/cn/years/{year}")).header("if-match", &version);
    put.json(&json!({ "source": "国办发明电", "days": days })).send().await.expect(200)
}

on_both! {
    /// The 20 computed examples, over HTTP.
    async fn every_vector_comes_out(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let mut read = 0;
        for vector in csv::Reader::from_reader(include_str!("../../content/calendars/test-vectors.csv").as_bytes()).records() {
            let vector = vector.unwrap();
            let field = |n: usize| vector.get(n).unwrap().to_owned();
            let [name, rule, start, amount, unit, roll, _, due] = std::array::from_fn(field);
            let start_key = if unit == "hours" { "occurred_at" } else { "occurred_on" };
            let period = json!({ "amount": amount.parse::<i32>().unwrap(), "unit": unit, "roll": roll });
            let by_period = preview(&handler, json!({ "period": period, start_key: start })).await;
            let found = |answer: &Value| if unit == "hours" { answer["due_at"].clone() } else { answer["due_on"].clone() };
            let expected = if unit == "hours" { json!(due.parse::<rejoinder::domain::time::Instant>().unwrap()) } else { json!(due) };
            assert_eq!(found(&by_period), expected, "{name}: {by_period}");
            assert_eq!(by_period["provisional"], false, "{name}");
            if rule != "month-end" {
                let by_rule = preview(&handler, json!({ "rule_id": rule, start_key: start })).await;
                assert_eq!(found(&by_rule), expected, "{name}: {by_rule}");
            }
            read += 1;
        }
        assert_eq!(read, 20);
    }

    /// The day of the trigger chooses the version of a rule.
    async fn rules_change_by_date(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        for (rule, day, due) in [
            ("PF-WECHAT-REPLY", "2024-03-24", "2024-03-27"),
            ("PF-WECHAT-REPLY", "2024-03-25", "2024-03-27"),
            ("SAMR-C-MEDIATE", "2024-05-31", "2024-08-05"),
            ("SAMR-C-MEDIATE", "2024-07-01", "2024-08-30"),
            ("SAMR-PUBLISH-END", "2025-12-24", "2028-12-24"),
            ("SAMR-PUBLISH-END", "2025-12-25", "2026-12-25"),
        ] {
            let start = if rule == "PF-WECHAT-REPLY" { json!({ "rule_id": rule, "occurred_at": format!("{day}T08:00:00+08:00") }) } else { json!({ "rule_id": rule, "occurred_on": day }) };
            assert_eq!(due_on(&handler, start).await, due, "{rule} {day}");
        }
        let early = preview(&handler, json!({ "rule_id": "PS-CASE", "occurred_on": "2010-05-05" })).await;
        assert_eq!((&early["provisional"], &early["rule_id"]), (&json!(true), &json!("PS-CASE-OLD")), "the earliest version, marked");
        let all = handler.get("/v1/deadline_rules").await.expect(200);
        assert_eq!(all["data"].as_array().unwrap().len(), 145);
        assert!(all["data"].as_array().unwrap().iter().all(|rule| !id(&rule["source"]).is_empty() && rule["confidence"].is_string()));
        let of_wechat = handler.get("/v1/deadline_rules?applies_to=platform:wechat&in_force_on=2024-03-24").await.expect(200);
        let of_wechat: Vec<_> = of_wechat["data"].as_array().unwrap().iter().map(|rule| rule["rule_id"].clone()).collect();
        assert_eq!(of_wechat, [json!("PF-WECHAT-REPLY-OLD")]);
        let versions = handler.get("/v1/deadline_rules/PF-WECHAT-REPLY").await.expect(200);
        assert_eq!(versions["data"].as_array().unwrap().len(), 2);
        handler.get("/v1/deadline_rules/NO-SUCH").await.problem(404, "not_found");
    }

    /// The shorter of two readings is scheduled, the other one shown.
    async fn a_conflict_is_shown(app) {
        let agency = app.agency().await;
        let (handler, shop) = (agency.handler().await, agency.shop("tmall").await);
        let case = handler.post("/v1/cases", json!({ "shop_id": shop["id"], "title": "x", "complaint": { "channel": "police", "kind": "police_report", "received_at": "2026-09-01T09:30:00+08:00" } })).await.expect(201);
        let (_, made) = trigger(&handler, &case, "penalty_notice_served", "2026-09-28", "PS-HEARING-REQ").await;
        assert_eq!(made["due_on"], "2026-10-01");
        assert_eq!(made["alternatives"][0]["rule_id"], "PS-HEARING-REQ-LAW");
        assert_eq!(made["alternatives"][0]["due_on"], "2026-10-10");
        assert!(id(&made["conflict"]).contains("3 days"), "{made}");
        let explained = handler.get(&format!("/v1/deadlines/{}/explanation", id(&made["id"]))).await.expect(200);
        assert!(codes(&explained).contains(&"conflict") && codes(&explained).contains(&"alternative"), "{explained}");
        let listed = handler.get(&format!("/v1/cases/{}/deadlines?owed_by=us", id(&case["id"]))).await.expect(200);
        assert!(listed["data"].as_array().unwrap().iter().all(|deadline| deadline["rule_id"] != "PS-HEARING-REQ-LAW" && deadline["owed_by"] == "us"));
    }

    /// Every counted and skipped day has its reason, in both languages.
    async fn every_date_explains_itself(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = a_regulators_case(&agency).await;
        let (_, made) = trigger(&handler, &case, "penalty_notice_served", "2026-09-28", "SAMR-HEARING-REQ").await;
        assert_eq!((&made["due_on"], &made["statutory"]), (&json!("2026-10-10"), &json!(true)));
        let path = format!("/v1/deadlines/{}/explanation", id(&made["id"]));
        let english = handler.get(&path).await.expect(200);
        let days: Vec<(String, String, Value)> = english["explanation"].as_array().unwrap().iter()
            .filter(|line| line["date"].is_string() && ["counted", "skipped", "trigger_not_counted"].contains(&id(&line["code"])))
            .map(|line| (id(&line["date"]).to_owned(), id(&line["code"]).to_owned(), line["counted"].clone())).collect();
        let expected = |day: u8, month: u8, code: &str, n: Option<u8>| (format!("2026-{month:02}-{day:02}"), code.to_owned(), json!(n));
        let mut wanted = vec![expected(28, 9, "trigger_not_counted", None), expected(29, 9, "counted", Some(1)), expected(30, 9, "counted", Some(2))];
        wanted.extend((1..=7).map(|day| expected(day, 10, "skipped", None)));
        wanted.extend([expected(8, 10, "counted", Some(3)), expected(9, 10, "counted", Some(4)), expected(10, 10, "counted", Some(5))]);
        assert_eq!(days, wanted);
        let text = english.to_string();
        for words in ["make-up working day", "gov.cn", "行政处罚法 art.63", "Calendar cn (version"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let chinese = handler.client.get(format!("{}{path}", app.url)).bearer_auth(handler.token.clone().unwrap()).send().await.unwrap();
        let chinese = chinese.text().await.unwrap();
        assert!(chinese.contains("调休上班日（国庆节），第5日"), "{chinese}");
        let excluded = json!([{ "from": "2026-09-29T10:00:00+08:00", "to": "2026-09-30T10:00:00+08:00", "ground": "appraisal" }]);
        assert_eq!(due_on(&handler, json!({ "rule_id": "SAMR-HEARING-REQ", "occurred_on": "2026-09-28", "excluded": excluded })).await, "2026-10-12");
    }

    /// A year that is not published gives a provisional date, which is counted anew when the year is published.
    async fn a_missing_year_is_never_guessed(app) {
        let agency = app.agency().await;
        let (handler, manager) = (agency.handler().await, agency.manager().await);
        let case = a_regulators_case(&agency).await;
        let (_, made) = trigger(&handler, &case, "penalty_notice_served", "2026-12-30", "SAMR-HEARING-REQ").await;
        assert_eq!((&made["due_on"], &made["provisional"]), (&json!("2027-01-06"), &json!(true)), "week-ends alone");
        let path = format!("/v1/deadlines/{}", id(&made["id"]));
        assert!(codes(&handler.get(&format!("{path}/explanation")).await.expect(200)).contains(&"provisional"));
        let new_year = json!([{ "date": "2027-01-01", "kind": "holiday", "name": "元旦" }, { "date": "2027-01-04", "kind": "holiday", "name": "元旦" }]);
        let calendar = publish(&manager, 2027, new_year).await;
        assert_eq!((&calendar["version"], &calendar["built_in"]), (&json!(1), &json!(true)));
        assert_eq!(handler.get(&path).await.expect(200)["due_on"], "2027-01-06", "not before somebody has looked");
        app.run_jobs().await;
        let moved = handler.get(&path).await.expect(200);
        assert_eq!((&moved["due_on"], &moved["provisional"]), (&json!("2027-01-08"), &json!(false)));
        let timeline = handler.get(&format!("/v1/cases/{}/timeline", id(&case["id"]))).await.expect(200);
        let change = timeline["data"].as_array().unwrap().iter().find(|entry| entry["kind"] == "deadline.changed" && entry["subject_id"] == made["id"]).expect("on the record");
        assert_eq!((&change["payload"]["changes"]["due_on"]["from"], &change["payload"]["changes"]["due_on"]["to"], &change["actor_kind"]), (&json!("2027-01-06"), &json!("2027-01-08"), &json!("system")));
        let before = handler.get(&format!("{path}/explanation")).await.expect(200);
        assert_eq!(before["calendar_version"]["revision"], 1);
        let version = moved["version"].clone();
        app.run_jobs().await;
        assert_eq!(handler.get(&path).await.expect(200)["version"], version, "once");
        // Another tenant's calendar is another tenant's.
        let other = app.agency().await;
        assert_eq!(other.handler().await.get("/v1/calendars/cn").await.expect(200)["version"], 0);
    }

    /// Tenants have calendars of their own, single days, and may ignore make-up days; what a date was counted by stays to be seen.
    async fn calendars_have_layers(app) {
        let agency = app.agency().await;
        let (handler, manager) = (agency.handler().await, agency.manager().await);
        manager.post("/v1/calendars", json!({ "key": "resting", "name": { "zh": "不调休" }, "ignores_make_up_days": true, "based_on_built_in": true })).await.expect(201);
        let count = |calendar: &'static str| json!({ "period": { "amount": 5, "unit": "working_days" }, "occurred_on": "2026-09-28", "calendar": calendar });
        assert_eq!(due_on(&handler, count("cn")).await, "2026-10-10");
        assert_eq!(due_on(&handler, count("resting")).await, "2026-10-12");
        let put = manager.request(Method::PUT, "/v1/calendars/cn/days/2026-10-08").header("if-match", "\"0\"");
        put.json(&json!({ "kind": "holiday", "name": "本地", "source": "公告" })).send().await.expect(200);
        assert_eq!(due_on(&handler, count("cn")).await, "2026-10-12");
        assert_eq!(due_on(&handler, count("resting")).await, "2026-10-13", "the layer below has changed");
        let case = a_regulators_case(&agency).await;
        let (_, made) = trigger(&handler, &case, "penalty_notice_served", "2026-09-28", "SAMR-HEARING-REQ").await;
        let delete = manager.request(Method::DELETE, "/v1/calendars/cn/days/2026-10-08").header("if-match", "\"1\"");
        assert_eq!(delete.send().await.expect(200)["version"], 2);
        assert_eq!(due_on(&handler, count("cn")).await, "2026-10-10");
        let explained = handler.get(&format!("/v1/deadlines/{}/explanation", id(&made["id"]))).await.expect(200);
        assert_eq!((&explained["due_on"], &explained["calendar_version"]["revision"]), (&json!("2026-10-12"), &json!(1)), "as it was counted");
        assert!(handler.get("/v1/calendars/cn?version=1").await.expect(200)["days"].to_string().contains("本地"));
        for (body, pointer) in [
            (json!({ "source": "x", "days": [{ "date": "2028-01-01", "kind": "holiday", "name": "x" }] }), "#/days/0/date"),
            (json!({ "source": "x", "days": [{ "date": "2027-01-01", "kind": "holiday", "name": "x" }, { "date": "2027-01-01", "kind": "workday", "name": "x" }] }), "#/days/1/date"),
            (json!({ "source": "x", "days": [] }), "#/days"),
        ] {
            let put = manager.request(Method::PUT, "/v1/calendars/cn/years/2027").header("if-match", "\"2\"").json(&body);
            assert_eq!(put.send().await.problem(422, "invalid_body")["errors"][0]["pointer"], pointer);
        }
        handler.request(Method::PUT, "/v1/calendars/cn/days/2027-01-01").header("if-match", "\"2\"").json(&json!({ "kind": "holiday", "name": "x", "source": "x" })).send().await.problem(403, "forbidden");
        let stale = manager.request(Method::PUT, "/v1/calendars/cn/days/2027-01-01").header("if-match", "\"1\"").json(&json!({ "kind": "holiday", "name": "x", "source": "x" }));
        stale.send().await.problem(412, "stale");
    }

    /// A clock that stands still moves its end by just the days that it stood.
    async fn clocks_stop_and_go_on(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = a_regulators_case(&agency).await;
        let today = app.store.ground().clock.now().plus_seconds(8 * 3600).to_string()[..10].to_owned();
        let (_, verify) = trigger(&handler, &case, "report_received_by_regulator", &today, "SAMR-R-VERIFY").await;
        let (_, deciding) = trigger(&handler, &case, "case_filed", &today, "SAMR-CASE").await;
        let (_, ours) = trigger(&handler, &case, "penalty_decision_received", &today, "SAMR-FINE").await;
        let suspension = json!({ "ground": "testing", "reason": "送检" });
        let planned = handler.post(&format!("/v1/cases/{}/suspensions/preview", id(&case["id"])), suspension.clone()).await.expect(200);
        let stopped: Vec<&Value> = planned["stopped"].as_array().unwrap().iter().map(|deadline| &deadline["rule_id"]).collect();
        assert_eq!(stopped, ["SAMR-R-VERIFY", "SAMR-CASE"]);
        assert!(planned["running"].as_array().unwrap().iter().any(|deadline| deadline["id"] == ours["id"]));
        assert_eq!(handler.get(&format!("/v1/deadlines/{}", id(&verify["id"]))).await.expect(200)["status"], "pending", "a preview changes nothing");
        handler.post(&format!("/v1/cases/{}/suspensions", id(&case["id"])), suspension).await.expect(200);
        app.advance(10 * 24 * 3600);
        let handler = agency.log_in(&handler.email).await;
        let path = format!("/v1/deadlines/{}", id(&deciding["id"]));
        let standing = handler.get(&path).await.expect(200);
        assert_eq!((&standing["status"], &standing["overdue"]), (&json!("suspended"), &json!(false)));
        let projected = standing["projected"]["due_on"].clone();
        let went_on = handler.post(&format!("/v1/cases/{}/resumptions", id(&case["id"])), json!({})).await.expect(200);
        let after = went_on["data"].as_array().unwrap().iter().find(|deadline| deadline["id"] == deciding["id"]).unwrap();
        assert_eq!((&after["due_on"], &after["status"]), (&projected, &json!("pending")));
        let plain = due_on(&handler, json!({ "period": { "amount": 100, "unit": "days", "roll": "forward" }, "occurred_on": today })).await;
        assert_eq!(after["due_on"], plain, "90 days and the ten that it stood still");
        assert_eq!(after["pauses"][0]["ground"], "testing");
        assert!(codes(&handler.get(&format!("{path}/explanation")).await.expect(200)).iter().filter(|code| **code == "paused").count() == 10);
        // The extension begins at the first end; the pause before it is not counted twice.
        let version = handler.get(&path).await.etag();
        let extend = |body: Value| handler.request(Method::POST, &format!("{path}/extend")).header("if-match", &version).json(&body);
        assert_eq!(extend(json!({ "rule_id": "SAMR-SEIZE-EXT", "basis": "x" })).send().await.problem(422, "invalid_body")["errors"][0]["pointer"], "#/rule_id");
        extend(json!({ "basis": "x" })).send().await.problem(422, "invalid_body");
        let extended = extend(json!({ "rule_id": "SAMR-CASE-EXT", "basis": "局长批准" })).send().await.expect(200);
        let chained = due_on(&handler, json!({ "period": { "amount": 30, "unit": "days", "roll": "forward" }, "occurred_on": after["due_on"] })).await;
        assert_eq!((&extended["due_on"], &extended["changes"][0]["rule_id"]), (&json!(chained), &json!("SAMR-CASE-EXT")));
        handler.post(&format!("{path}/resume"), json!({})).await.problem(409, "invalid_transition");
        let ahead = json!({ "ground": "other", "reason": "x", "from": "2100-01-01T00:00:00Z" });
        assert_eq!(handler.post(&format!("{path}/suspend"), ahead).await.problem(422, "invalid_body")["errors"][0]["pointer"], "#/from");
        handler.post(&format!("/v1/cases/{}/suspensions", id(&case["id"])), json!({ "ground": "other", "reason": "x" })).await.problem(422, "invalid_body");
    }

    /// A new version of a rule moves no deadline that runs until that is accepted; a pause survives the change.
    async fn rules_of_a_tenant_move_nothing_by_themselves(app) {
        let agency = app.agency().await;
        let (handler, manager) = (agency.handler().await, agency.manager().await);
        let case = a_regulators_case(&agency).await;
        let now = app.store.ground().clock.now();
        let today = now.plus_seconds(8 * 3600).to_string()[..10].to_owned();
        let (_, fine) = trigger(&handler, &case, "penalty_decision_received", &today, "SAMR-FINE").await;
        let path = format!("/v1/deadlines/{}", id(&fine["id"]));
        handler.post(&format!("{path}/suspend"), json!({ "ground": "other", "reason": "x" })).await.expect(200);
        app.advance(4 * 24 * 3600);
        let (handler, manager) = (agency.log_in(&handler.email).await, agency.log_in(&manager.email).await);
        let before = handler.post(&format!("{path}/resume"), json!({})).await.expect(200);
        let version = json!({
            "rule_id": "SAMR-FINE", "stage": "legal", "applies_to": ["regulator"], "title": { "zh": "缴款" }, "trigger_event": "penalty_decision_received",
            "period": { "amount": 20, "unit": "days", "roll": "forward" }, "source": "地方规定", "effective_from": "2026-01-01", "confidence": "statute"
        });
        let made = manager.post("/v1/deadline_rules", version).await.expect(201);
        assert_eq!((&made["number"], &made["built_in"]), (&json!(1), &json!(false)));
        assert_eq!(handler.get(&path).await.expect(200)["due_on"], before["due_on"]);
        let listed = manager.get("/v1/deadline_rules/SAMR-FINE/deadline_moves/preview").await.expect(200);
        assert_eq!((&listed["data"][0]["from_due_on"], &listed["data"][0]["deadline"]["id"]), (&before["due_on"], &fine["id"]));
        let accept = manager.request(Method::POST, "/v1/deadline_rules/SAMR-FINE/deadline_moves").header("idempotency-key", "a").json(&json!({ "deadline_ids": [fine["id"]] }));
        let moved = accept.send().await.expect(200)["data"][0]["deadline"].clone();
        let expected = due_on(&handler, json!({ "period": { "amount": 24, "unit": "days", "roll": "forward" }, "occurred_on": today })).await;
        assert_eq!(moved["due_on"], expected, "20 days and the four that it stood still");
        assert_eq!(moved["pauses"].as_array().unwrap().len(), 1);
        assert_eq!(manager.get("/v1/deadline_rules/SAMR-FINE/deadline_moves/preview").await.expect(200)["data"], json!([]));
        assert_eq!(due_on(&handler, json!({ "rule_id": "SAMR-FINE", "occurred_on": "2026-01-05" })).await, "2026-01-26");
        assert!(manager.request(Method::POST, "/v1/deadline_rules/SAMR-FINE/withdrawals").send().await.expect(200)["withdrawn_at"].is_string());
        assert_eq!(due_on(&handler, json!({ "rule_id": "SAMR-FINE", "occurred_on": "2026-01-05" })).await, "2026-01-20");
        manager.request(Method::POST, "/v1/deadline_rules/SAMR-FINE/withdrawals").send().await.problem(409, "invalid_transition");
    }

    /// A trigger that moves takes what hangs on it along, and asks where somebody has decided otherwise.
    async fn a_trigger_moves_with_all_that_hangs_on_it(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = a_regulators_case(&agency).await;
        let case_path = format!("/v1/cases/{}", id(&case["id"]));
        let proof = json!({ "event": "penalty_notice_served", "occurred_on": "2026-09-28", "served_by": "余杭区局", "service_method": "direct", "document_reference": "杭余市监罚告〔2026〕7号" });
        let started = handler.post(&format!("{case_path}/triggers"), proof).await.expect(201);
        assert_eq!((&started["trigger"]["service_method"], &started["trigger"]["recorded_by"]), (&json!("direct"), &json!(handler.member)));
        let of = |rule: &str| started["deadlines"].as_array().unwrap().iter().find(|deadline| deadline["rule_id"] == rule).unwrap().clone();
        let (hearing, statement) = (of("SAMR-HEARING-REQ"), of("SAMR-STATEMENT"));
        let path = format!("/v1/triggers/{}", id(&started["trigger"]["id"]));
        let to_next_day = json!({ "occurred_on": "2026-09-29", "reason": "回证为 29 日" });
        let shown = handler.post(&format!("{path}/moves/preview"), to_next_day.clone()).await.expect(200);
        assert!(shown["deadlines"].as_array().unwrap().iter().all(|child| child["moves"] == true && child["to_confirm"] == false), "{shown}");
        assert_eq!(shown["deadlines"][0]["deadline"]["due_on"], "2026-10-12");
        assert!(!shown["tasks"].as_array().unwrap().is_empty(), "tasks of the playbook hang on it");
        handler.patch(&format!("/v1/deadlines/{}", id(&hearing["id"])), json!({ "due_on": "2026-10-09", "basis": "告知书写明" })).await.expect(200);
        handler.post(&format!("/v1/deadlines/{}/meet", id(&statement["id"])), json!({ "note": "已提交" })).await.expect(200);
        let refused = handler.post(&format!("{path}/moves"), to_next_day.clone()).await.problem(409, "confirmation_required");
        assert_eq!(refused["facts"]["deadline_ids"].as_array().unwrap().len(), 2, "{refused}");
        let mut decided = to_next_day.clone();
        decided["keep"] = json!([hearing["id"]]);
        decided["move_too"] = json!([statement["id"]]);
        let moved = handler.post(&format!("{path}/moves"), decided).await.expect(200);
        assert_eq!(moved["trigger"]["occurred_on"], "2026-09-29");
        assert_eq!(handler.get(&format!("/v1/deadlines/{}", id(&hearing["id"]))).await.expect(200)["due_on"], "2026-10-09");
        let met = handler.get(&format!("/v1/deadlines/{}", id(&statement["id"]))).await.expect(200);
        assert_eq!((&met["due_on"], &met["status"]), (&json!("2026-10-12"), &json!("met")), "what was met stays met");
        let strange = json!({ "occurred_on": "2026-09-30", "reason": "x", "keep": [case["id"]] });
        assert_eq!(handler.post(&format!("{path}/moves"), strange).await.problem(422, "invalid_body")["errors"][0]["pointer"], "#/keep/0");
        let opened = handler.get(&format!("{case_path}/triggers")).await.expect(200)["data"].as_array().unwrap().iter().find(|t| t["event"] == "case_opened").unwrap().clone();
        handler.post(&format!("/v1/triggers/{}/moves", id(&opened["id"])), to_next_day).await.problem(409, "already_exists");
    }

    /// What has passed is marked as missed by itself, once, on the record; a late act still meets it, an extension lets it run again.
    async fn what_has_passed_is_missed(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = agency.case().await;
        let path = format!("/v1/cases/{}", id(&case["id"]));
        app.advance(40 * 24 * 3600);
        let handler = agency.log_in(&handler.email).await;
        let before = handler.get(&format!("{path}/deadlines")).await.expect(200);
        let ours = before["data"].as_array().unwrap().iter().find(|d| d["rule_id"] == "PF-DOUYIN-APPEAL").unwrap().clone();
        assert_eq!((&ours["status"], &ours["overdue"]), (&json!("pending"), &json!(true)));
        let other = app.other_jobs();
        let (one, two) = tokio::join!(async { app.run_jobs().await }, other.run());
        let () = one;
        two.unwrap();
        let missed = handler.get(&format!("/v1/deadlines/{}", id(&ours["id"]))).await.expect(200);
        assert_eq!((&missed["status"], &missed["missed_at"], &missed["version"]), (&json!("missed"), &ours["due_at"], &json!(2)));
        let timeline = handler.get(&format!("{path}/timeline?limit=200")).await.expect(200);
        let told = timeline["data"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "deadline.missed" && entry["subject_id"] == ours["id"]);
        assert_eq!(told.count(), 1);
        let version = handler.get(&path).await.etag();
        app.run_jobs().await;
        assert_eq!(handler.get(&path).await.etag(), version, "nothing is left to do");
        let extended = handler.post(&format!("/v1/deadlines/{}/extend", id(&ours["id"])), json!({ "period": { "amount": 100, "unit": "days" }, "basis": "平台同意" })).await.expect(200);
        assert_eq!(extended["status"], "pending");
        app.advance(200 * 24 * 3600);
        app.run_jobs().await;
        let handler = agency.log_in(&handler.email).await;
        let met = handler.post(&format!("/v1/deadlines/{}/meet", id(&ours["id"])), json!({ "note": "迟到" })).await.expect(200);
        assert_eq!(met["status"], "met");
        assert!(met["missed_at"].is_string(), "that it was late stays to be seen");
    }

    /// What the law ties to the passing of a deadline starts by itself: the surcharge on a fine that was not paid.
    async fn what_follows_a_missed_deadline_starts(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = a_regulators_case(&agency).await;
        let (_, fine) = trigger(&handler, &case, "penalty_decision_received", "2026-09-28", "SAMR-FINE").await;
        app.advance(30 * 24 * 3600);
        app.run_jobs().await;
        app.run_jobs().await;
        let handler = agency.log_in(&handler.email).await;
        let now = handler.get(&format!("/v1/cases/{}/deadlines?owed_by=system", id(&case["id"]))).await.expect(200);
        let late: Vec<&Value> = now["data"].as_array().unwrap().iter().filter(|deadline| deadline["rule_id"] == "SAMR-FINE-LATE").collect();
        assert_eq!(late.len(), 1, "once");
        let next_day = preview(&handler, json!({ "period": { "amount": 1, "unit": "days" }, "occurred_on": fine["due_on"] })).await;
        assert_eq!(late[0]["due_on"], next_day["due_on"]);
    }

    /// Whoever leads the case answers for its deadlines, until somebody else is named.
    async fn somebody_answers_for_each_deadline(app) {
        let agency = app.agency().await;
        let (handler, manager) = (agency.handler().await, agency.manager().await);
        let case = agency.case().await;
        let (first, second) = (format!("/v1/deadlines/{}", id(&case["deadlines"][0]["id"])), format!("/v1/deadlines/{}", id(&case["deadlines"][1]["id"])));
        assert_eq!(case["deadlines"][0]["assignee_id"], json!(handler.member));
        let auditor = agency.member(rejoinder::domain::access::Role::Auditor).await;
        handler.patch(&first, json!({ "assignee_id": auditor.member })).await.expect(200);
        handler.patch(&format!("/v1/cases/{}", id(&case["id"])), json!({ "lead_id": manager.member })).await.expect(200);
        assert_eq!(handler.get(&first).await.expect(200)["assignee_id"], json!(auditor.member));
        assert_eq!(handler.get(&second).await.expect(200)["assignee_id"], json!(manager.member));
        let taker = agency.newcomer(rejoinder::domain::access::Role::Handler, "taker").await;
        manager.post(&format!("/v1/members/{}/hand_overs", auditor.member.clone().unwrap()), json!({ "to_member_id": taker.member })).await.expect(200);
        assert_eq!(handler.get(&first).await.expect(200)["assignee_id"], json!(taker.member));
    }

    /// Bad input names its field and changes nothing.
    async fn bad_input_is_refused_by_name(app) {
        let agency = app.agency().await;
        let (handler, manager) = (agency.handler().await, agency.manager().await);
        let case = agency.case().await;
        let written = app.written();
        for (body, pointer) in [
            (json!({ "occurred_on": "2026-01-01" }), "#/rule_id"),
            (json!({ "rule_id": "NO-SUCH", "occurred_on": "2026-01-01" }), "#/rule_id"),
            (json!({ "rule_id": "PF-JD", "occurred_on": "2026-01-01" }), "#/rule_id"),
            (json!({ "rule_id": "AR-APPLY" }), "#/occurred_on"),
            (json!({ "rule_id": "AR-APPLY", "period": { "amount": 1, "unit": "days" }, "occurred_on": "2026-01-01" }), "#/period"),
            (json!({ "period": { "amount": 99_999_999, "unit": "days" }, "occurred_on": "2026-01-01" }), "#/period/amount"),
            (json!({ "period": { "amount": 1, "unit": "fortnights" }, "occurred_on": "2026-01-01" }), "#/period/unit"),
            (json!({ "period": { "amount": 200, "unit": "years" }, "occurred_on": "2199-01-01" }), "#/period/amount"),
            (json!({ "period": { "amount": 1, "unit": "days" }, "occurred_on": "2026-01-01", "calendar": "mars" }), "#/calendar"),
            (json!({ "period": { "amount": 1, "unit": "days" }, "occurred_on": "2026-01-01", "excluded": [{ "from": "2026-02-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" }] }), "#/excluded/0/to"),
        ] {
            let problem = handler.post("/v1/deadlines/preview", body.clone()).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        }
        let rule = json!({ "rule_id": "X", "stage": "legal", "applies_to": ["regulator"], "title": { "zh": "x" }, "trigger_event": "x", "source": "x" });
        for (field, value, pointer) in [
            ("applies_to", json!([]), "#/applies_to"),
            ("applies_to", json!(["mars"]), "#/applies_to/0"),
            ("calendar", json!("mars"), "#/calendar"),
            ("extends", json!("X"), "#/extends"),
            ("effective_to", json!("2025-01-01"), "#/effective_to"),
        ] {
            let mut body = rule.clone();
            body["effective_from"] = json!("2026-01-01");
            body[field] = value;
            let problem = manager.post("/v1/deadline_rules", body.clone()).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        }
        let deadline = format!("/v1/deadlines/{}", id(&case["deadlines"][0]["id"]));
        handler.patch(&deadline, json!({ "due_on": "2027-01-01" })).await.problem(422, "reason_required");
        handler.patch(&deadline, json!({ "basis": "x" })).await.problem(422, "invalid_body");
        handler.post(&format!("{deadline}/extend"), json!({ "due_on": "2020-01-01", "basis": "x" })).await.problem(422, "invalid_body");
        assert_eq!(app.written(), written, "nothing was written");
    }
}

/// A tenant's content is read anew only when it has changed.
#[actix_web::test]
async fn what_a_tenant_works_by_is_read_once() {
    let app = TestApp::start(crate::harness::Database::Sqlite).await.unwrap();
    let agency = app.agency().await;
    let (handler, manager) = (agency.handler().await, agency.manager().await);
    let ask = || preview(&handler, json!({ "rule_id": "AR-APPLY", "occurred_on": "2026-01-01" }));
    let statements = async || {
        let before = app.store.statements();
        ask().await;
        app.store.statements() - before
    };
    assert_eq!(statements().await, 2, "nothing of its own, nothing to read");
    publish(&manager, 2027, json!([{ "date": "2027-01-01", "kind": "holiday", "name": "元旦" }])).await;
    assert_eq!((statements().await, statements().await), (5, 2), "calendars, rules and ladders once");
}
