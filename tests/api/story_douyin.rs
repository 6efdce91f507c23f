//! The main job: Douyin finds 120 fake transactions and gives 7 days to appeal. The self-check confirms 14 orders by an employee, the practice is
//! stopped, a truthful partial appeal goes out in time, the statement is approved, prevention tasks are set, the case closes.

use crate::harness::{Caller, on_both};
use serde_json::{Value, json};

/// All open tasks of a case in a stage that block it.
async fn open_tasks(caller: &Caller, case: &str, stage: &str) -> Vec<Value> {
    let page = caller.get(&format!("/v1/cases/{case}/tasks?stage={stage}&status=todo,in_progress&limit=200")).await.expect(200);
    page["data"].as_array().expect("tasks").iter().filter(|task| task["required"] == true).cloned().collect()
}

/// Does the required tasks of a stage, those first that others wait for; what does not apply is waived with a reason.
async fn do_stage(caller: &Caller, case: &str, stage: &str, waived: &[&str]) {
    loop {
        let open = open_tasks(caller, case, stage).await;
        if open.is_empty() {
            return;
        }
        let mut moved = false;
        for task in open {
            let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
            let skip = waived.contains(&task["key"].as_str().unwrap_or_default());
            let patch = if skip {
                json!({ "status": "waived", "note": "不适用于本案" })
            } else {
                json!({ "status": "done", "note": "已完成并留痕" })
            };
            let answer = caller.patch(&path, patch).await;
            if answer.status == 200 {
                moved = true;
            } else {
                answer.problem(409, "dependencies_open");
            }
        }
        assert!(moved, "the tasks of {stage} wait for each other");
    }
}

async fn complete(caller: &Caller, case: &str, stage: &str) {
    let path = format!("/v1/cases/{case}/stages/{stage}/transitions");
    let status = caller.get(&format!("/v1/cases/{case}")).await.expect(200)["stages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|record| record["stage"] == stage)
        .map(|record| record["status"].clone());
    if status == Some(json!("pending")) {
        caller.post(&path, json!({ "to": "active" })).await.expect(200);
    }
    caller.post(&path, json!({ "to": "completed" })).await.expect(200);
}

on_both! {
    async fn a_finding_is_answered_truthfully_and_in_time(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let manager = agency.manager().await;
        let shop = agency.shop("douyin").await;
        let notice = app.store.ground().clock.now().plus_seconds(-3600);
        let case = handler.post("/v1/cases", json!({
            "shop_id": shop["id"], "title": "抖音：涉嫌虚假交易 120 单", "priority": "urgent",
            "complaint": {
                "channel": "platform", "kind": "platform_finding", "received_at": notice, "reference_no": "DY20261118-7781",
                "summary": "平台认定近 90 天内 120 单涉嫌虚假交易，7 天内可申诉。",
                "allegations": [{ "kind": "fictitious_transaction", "description": "120 单涉嫌虚假交易", "order_count": 120, "legal_basis": "【虚假交易】处置细则" }],
                "reporter": { "type": "platform" }
            }
        })).await.expect(201);
        let id = case["id"].as_str().unwrap();

        // The platform's clock runs: seven days of 24 hours from the notice, and the appeal task 12 hours before that.
        let appeal = case["deadlines"].as_array().unwrap().iter().find(|d| d["rule_id"] == "PF-DOUYIN-APPEAL").unwrap().clone();
        assert_eq!(appeal["due_at"], json!(notice.plus_seconds(7 * 24 * 3600)));
        assert_eq!(case["next_deadline"]["id"], appeal["id"]);
        let task = case["tasks"].as_array().unwrap().iter().find(|t| t["key"] == "CO-12").unwrap().clone();
        assert_eq!(task["due_at"], json!(notice.plus_seconds(7 * 24 * 3600 - 12 * 3600)));
        assert_eq!(task["title"], "File the platform appeal");

        // The gate of the self-check is shut, and says why.
        let shut = handler.post(&format!("/v1/cases/{id}/stages/self_check/transitions"), json!({ "to": "completed" })).await.problem(409, "blocked");
        let codes: Vec<_> = shut["blockers"].as_array().unwrap().iter().map(|b| b["code"].as_str().unwrap()).collect();
        assert!(codes.contains(&"allegation_not_concluded") && codes.contains(&"task_open"), "{shut}");

        // The self-check is concluded by hand: 14 of the 120 are true. That is a fact of the case and makes the task to stop and correct.
        let allegation = format!("/v1/allegations/{}", case["allegations"][0]["id"].as_str().unwrap());
        handler.patch(&allegation, json!({ "conclusion": { "result": "partly_confirmed", "basis": "运营员工自买" } })).await.problem(422, "invalid_body");
        handler.patch(&allegation, json!({ "conclusion": {
            "result": "partly_confirmed", "confirmed_orders": 14,
            "basis": "14 单由一名运营员工用亲友账号下单，无实物发出；其余 106 单有称重、揽收和签收记录。"
        } })).await.expect(200);
        let tasks = handler.get(&format!("/v1/cases/{id}/tasks?stage=self_check&limit=200")).await.expect(200);
        let correct = tasks["data"].as_array().unwrap().iter().find(|t| t["key"] == "SC-12").expect("the task to stop and correct").clone();
        handler.patch(&format!("/v1/tasks/{}", correct["id"].as_str().unwrap()), json!({ "status": "done", "note": "停止令已签发，14 单已报备" })).await.expect(200);
        do_stage(&handler, id, "self_check", &[]).await;
        complete(&handler, id, "self_check").await;

        // Who reports: the platform itself, on the record with a basis.
        let complaint = format!("/v1/complaints/{}", case["complaints"][0]["id"].as_str().unwrap());
        handler.patch(&complaint, json!({ "reporter": { "confidence": "high", "basis": "罚单页注明为模型识别" } })).await.expect(200);
        do_stage(&handler, id, "reporter_analysis", &[]).await;
        complete(&handler, id, "reporter_analysis").await;
        do_stage(&handler, id, "evidence", &["EV-05", "EV-06"]).await;
        complete(&handler, id, "evidence").await;

        // The truthful partial appeal goes out on the third day; the deadline is met with its receipt.
        app.advance(2 * 24 * 3600);
        let handler = agency.log_in(&handler.email).await;
        let manager = agency.log_in(&manager.email).await;
        do_stage(&handler, id, "cooperation", &[]).await;
        let met = handler.post(&format!("/v1/deadlines/{}/meet", appeal["id"].as_str().unwrap()), json!({ "note": "申诉单号 SS-20261121-3301；承认 14 单，其余 106 单举证" })).await.expect(200);
        assert_eq!(met["status"], "met");
        assert!(met["met_at"].as_str() < met["due_at"].as_str());
        handler.post(&format!("/v1/deadlines/{}/meet", appeal["id"].as_str().unwrap()), json!({})).await.problem(409, "invalid_transition");
        complete(&handler, id, "cooperation").await;
        do_stage(&handler, id, "legal", &[]).await;
        complete(&handler, id, "legal").await;

        // The platform upholds 14 and drops the rest. Closing is still refused: the statement is not approved.
        handler.patch(&allegation, json!({ "outcome": "partly_upheld", "outcome_reason": "14 单维持处罚，106 单撤销认定" })).await.expect(200);
        let refused = handler.post(&format!("/v1/cases/{id}/transitions"), json!({ "to": "closed" })).await.problem(409, "blocked");
        assert!(refused["blockers"].as_array().unwrap().iter().all(|b| b["code"] == "task_open" && b["stage"] == "reputation_repair"), "{refused}");
        assert!(refused["blockers"][0]["link"].as_str().unwrap().starts_with("/v1/tasks/"));
        do_stage(&handler, id, "reputation_repair", &[]).await;

        // Prevention is set and outlives the case.
        handler.post(&format!("/v1/cases/{id}/tasks"), json!({
            "stage": "prevention", "title": "员工亲友下单申报制度", "required": true, "due_at": "2027-01-15T18:00:00+08:00",
            "checklist": [{ "text": "制度发布" }, { "text": "全员签收" }]
        })).await.expect(201);
        let closed = manager.post(&format!("/v1/cases/{id}/transitions"), json!({ "to": "closed", "outcome": "申诉部分成功：14 单认错整改，106 单撤销认定" })).await.expect(200);
        assert_eq!(closed["status"], "closed");
        assert_eq!(closed["overridden"], false);
        manager.post(&format!("/v1/cases/{id}/transitions"), json!({ "to": "closed" })).await.problem(409, "invalid_transition");
        manager.patch(&format!("/v1/cases/{id}"), json!({ "title": "另一个标题" })).await.problem(409, "case_closed");
        let prevention = open_tasks(&handler, id, "prevention").await;
        assert!(prevention.len() > 3, "prevention goes on: {prevention:?}");
        let own = prevention.iter().find(|t| t["key"].is_null()).unwrap();
        let path = format!("/v1/tasks/{}", own["id"].as_str().unwrap());
        handler.patch(&path, json!({ "status": "done" })).await.problem(409, "checklist_open");
        handler.patch(&path, json!({ "status": "done", "checklist": [{ "text": "制度发布", "done": true }, { "text": "全员签收", "done": true }] })).await.expect(200);

        // Reopening keeps the first dates.
        let reopened = manager.post(&format!("/v1/cases/{id}/transitions"), json!({ "to": "reopened", "reason": "平台补发罚单" })).await.expect(200);
        assert_eq!(reopened["first_closed_at"], closed["closed_at"]);
        assert_eq!(reopened["opened_at"], case["opened_at"]);

        // The record tells it all, newest first.
        let timeline = manager.get(&format!("/v1/cases/{id}/timeline?limit=200")).await.expect(200);
        let kinds: Vec<_> = timeline["data"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds[0], "case.reopened");
        assert_eq!(*kinds.last().unwrap(), "case.opened");
        for kind in ["task.done", "task.waived", "stage.completed", "deadline.met", "allegation.changed", "complaint.changed", "case.closed", "trigger.recorded"] {
            assert!(kinds.contains(&kind), "{kind} is not on the record");
        }
    }
}
