//! The main job, told step by step: Douyin finds 120 fake transactions and gives seven days to appeal. The shop's self-check confirms 14 of
//! them, the practice is stopped, a truthful partial appeal goes out in time, the statement is approved, prevention is set, the case closes.
//!
//! `cargo run --example douyin_story` starts a server of its own in a temporary folder;
//! `cargo run --example douyin_story -- --url http://127.0.0.1:8080` tells it to a running `rejoinder demo`.
#![expect(clippy::indexing_slicing, reason = "JSON answers null where there is nothing")]

mod story;

use serde_json::json;
use std::process::ExitCode;
use story::{Caller, Outcome, Reasons, find, in_seconds, list, text};

/// What the finding does not put in question.
const NOT_AT_ISSUE: Reasons<'_> =
    &[("EV-05", "不适用于本案：争点是订单是否真实，与进货无关"), ("EV-06", "不适用于本案：争点是订单是否真实，与发票无关")];

/// Tells the story to this server.
pub(crate) async fn tell(url: &str) -> Outcome<()> {
    let handler = Caller::log_in(url, "handler@demo.example").await?;
    let manager = Caller::log_in(url, "manager@demo.example").await?;
    let shop = json!({ "name": "星河家居抖音店", "platform": "douyin", "legal_entity": "杭州晨光家居有限公司" });
    let shop = manager.post("/v1/shops", shop, 201).await?;
    println!("201  the shop {} is registered", text(&shop["name"]));

    let notice = in_seconds(-3600);
    let finding = json!({
        "shop_id": shop["id"], "title": "抖音：涉嫌虚假交易 120 单", "priority": "urgent",
        "complaint": {
            "channel": "platform", "kind": "platform_finding", "received_at": notice, "reference_no": "DY20261118-7781",
            "summary": "平台认定近 90 天内 120 单涉嫌虚假交易，7 天内可申诉。",
            "allegations": [{ "kind": "fictitious_transaction", "description": "120 单涉嫌虚假交易", "order_count": 120 }],
            "reporter": { "type": "platform", "confidence": "high", "basis": "罚单页注明为模型识别" }
        }
    });
    let opened = handler.post("/v1/cases", finding, 201).await?;
    let case = format!("/v1/cases/{}", text(&opened["id"]));
    println!("201  case {} is open with {} tasks: {}", text(&opened["number"]), list(&opened["tasks"]).len(), text(&opened["title"]));
    let appeal = find(&opened["deadlines"], "rule_id", "PF-DOUYIN-APPEAL")?;
    println!("     seven days run since {notice}: {} ends {}", appeal["title"], text(&appeal["due_at"]));
    let (next, task) = (&opened["next_deadline"]["due_at"], find(&opened["tasks"], "key", "CO-12")?);
    println!("     the next deadline is {}; its task {} is due {}", text(next), task["title"], text(&task["due_at"]));

    handler.gate_is_shut(&case, "self_check", 3).await?;
    let allegation = format!("/v1/allegations/{}", text(&opened["allegations"][0]["id"]));
    let basis = "14 单由一名运营员工用亲友账号下单，无实物发出；其余 106 单有称重、揽收和签收记录。";
    let conclusion = json!({ "conclusion": { "result": "partly_confirmed", "confirmed_orders": 14, "basis": basis } });
    let concluded = handler.patch(&allegation, conclusion).await?;
    println!("200  concluded by hand: {} of 120 orders are confirmed", concluded["conclusion"]["confirmed_orders"]);
    let tasks = handler.get(&format!("{case}/tasks?stage=self_check&limit=200")).await?;
    let stop = handler.do_task(find(&tasks["data"], "key", "SC-12")?, "done", "停止令已签发，14 单已报备").await?;
    println!("200  which called for a task, now {}: {}", text(&stop["status"]), text(&stop["title"]));
    handler.finish_stage(&case, "self_check", &[]).await?;
    handler.finish_stage(&case, "reporter_analysis", &[]).await?;
    handler.finish_stage(&case, "evidence", NOT_AT_ISSUE).await?;

    let filed = handler.do_task(task, "done", "部分申诉：承认 14 单，其余 106 单举证").await?;
    println!("200  {} is {}: {}", filed["title"], text(&filed["status"]), text(&filed["note"]));
    let receipt = json!({ "note": "申诉单号 SS-20261121-3301" });
    let met = handler.post(&format!("/v1/deadlines/{}/meet", text(&appeal["id"])), receipt, 200).await?;
    println!("200  the deadline is {} at {}; receipt: {}", text(&met["status"]), text(&met["met_at"]), text(&met["note"]));
    handler.finish_stage(&case, "cooperation", &[]).await?;
    handler.finish_stage(&case, "legal", &[]).await?;
    let decision = json!({ "outcome": "partly_upheld", "outcome_reason": "14 单维持处罚，106 单撤销认定" });
    let decided = handler.patch(&allegation, decision).await?;
    println!("200  the platform decides {}: {}", text(&decided["outcome"]), text(&decided["outcome_reason"]));
    let refused = manager.post(&format!("{case}/transitions"), json!({ "to": "closed" }), 409).await?;
    println!("409  closing is refused: {}", text(&refused["blockers"][0]["message"]));
    let repair = handler.get(&format!("{case}/tasks?stage=reputation_repair")).await?;
    let statement = handler.do_task(find(&repair["data"], "key", "RP-01")?, "done", "声明稿已逐句核对并批准").await?;
    println!("200  the statement is approved: {} is {}", statement["title"], text(&statement["status"]));
    handler.finish_stage(&case, "reputation_repair", &[]).await?;

    let prevention = json!({ "stage": "prevention", "title": "员工亲友下单申报制度" });
    let prevention = handler.post(&format!("{case}/tasks"), prevention, 201).await?;
    println!("201  prevention is set and outlives the case: {}", text(&prevention["title"]));
    let close = json!({ "to": "closed", "outcome": "申诉部分成功：14 单认错整改，106 单撤销认定" });
    let closed = manager.post(&format!("{case}/transitions"), close, 200).await?;
    println!("200  the case is {}: {}", text(&closed["status"]), text(&closed["outcome"]));
    let timeline = manager.get(&format!("{case}/timeline?limit=200")).await?;
    println!("200  the timeline has {} entries, oldest first; those of tasks are left out here", list(&timeline["data"]).len());
    for entry in list(&timeline["data"]).iter().rev().filter(|entry| !text(&entry["kind"]).starts_with("task.")) {
        println!("       {}  {:<20}{}", text(&entry["at"]), text(&entry["kind"]), text(&entry["payload"]["stage"]));
    }
    Ok(())
}

#[actix_web::main]
async fn main() -> ExitCode {
    story::run("douyin_story", tell).await
}
