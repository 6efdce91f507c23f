//! A misunderstanding, told step by step: a consumer takes an order that came late for a fake transaction and complains through 12315. The
//! agency and the merchant check, explain truthfully and answer the regulator in time; the consumer withdraws, for no reward; the case closes.
//!
//! `cargo run --example consumer_story` starts a server of its own in a temporary folder;
//! `cargo run --example consumer_story -- --url http://127.0.0.1:8080` tells it to a running `rejoinder demo`.
#![expect(clippy::indexing_slicing, reason = "JSON answers null where there is nothing")]

mod story;

use serde_json::json;
use std::process::ExitCode;
use story::{Caller, DAY, Outcome, Reasons, ensure, find, in_seconds, list, text};

/// What the complaint does not put in question.
const NOT_AT_ISSUE: Reasons<'_> =
    &[("EV-05", "不适用于本案：争点是货物是否真实交付，与进货无关"), ("EV-06", "不适用于本案：争点是货物是否真实交付，与发票无关")];
const NO_STATEMENT: Reasons<'_> = &[("RP-01", "不发布公开声明：事实已向主管机关和消费者说明清楚")];

/// Tells the story to this server.
pub(crate) async fn tell(url: &str) -> Outcome<()> {
    let handler = Caller::log_in(url, "handler@demo.example").await?;
    let manager = Caller::log_in(url, "manager@demo.example").await?;
    let client = Caller::log_in(url, "client@demo.example").await?;
    let shop = json!({ "name": "星河家居旗舰店", "platform": "tmall", "legal_entity": "杭州晨光家居有限公司" });
    let shop = manager.post("/v1/shops", shop, 201).await?;
    let grant = json!({ "member_id": client.member, "shop_id": shop["id"], "covers": ["write"] });
    manager.post("/v1/grants", grant, 201).await?;
    println!("201  the shop {} is registered, and the merchant's own member may work in its cases", text(&shop["name"]));

    let notice = in_seconds(-3600);
    let complaint = json!({
        "shop_id": shop["id"], "title": "12315：消费者认为迟到的订单是虚假交易",
        "complaint": {
            "channel": "regulator", "kind": "complaint", "received_at": notice, "reference_no": "12315-2026-118830",
            "authority": "杭州市余杭区市场监督管理局", "summary": "付款多日物流没有更新，消费者认为店铺虚假发货，要求查明货物去向。",
            "allegations": [{
                "kind": "fictitious_transaction", "description": "付款 9 天未收到货，物流无更新",
                "order_nos": ["TM-20261109-0042"], "order_count": 1
            }],
            "reporter": { "type": "consumer" }
        }
    });
    let opened = handler.post("/v1/cases", complaint, 201).await?;
    let case = format!("/v1/cases/{}", text(&opened["id"]));
    println!("201  case {} is open with {} tasks: {}", text(&opened["number"]), list(&opened["tasks"]).len(), text(&opened["title"]));

    let accepted = json!({ "event": "complaint_accepted", "occurred_at": notice, "served_by": "12315 平台受理告知" });
    let started = handler.post(&format!("{case}/triggers"), accepted, 201).await?;
    let mediation = find(&started["deadlines"], "rule_id", "SAMR-C-MEDIATE")?;
    ensure(mediation["owed_by"] == "them", "the regulator owes the mediation")?;
    println!(
        "201  the complaint is accepted; the regulator's own clock runs: {} {}",
        text(&mediation["title"]),
        text(&mediation["due_on"])
    );
    let stated = json!({ "rule_id": "SAMR-SUPPLY", "key": "request_due", "due_at": in_seconds(5 * DAY) });
    let request = handler.post(&format!("{case}/deadlines"), stated, 201).await?;
    println!("201  the notice asks for material and states until when: {} {}", text(&request["title"]), text(&request["due_at"]));
    let items = ["订单与支付凭证", "面单、称重和物流轨迹", "延误原因的书面说明"];
    let tasks = handler.get(&format!("{case}/tasks?stage=cooperation&limit=200")).await?;
    let answer = format!("/v1/tasks/{}", text(&find(&tasks["data"], "key", "CO-02")?["id"]));
    let answer = handler.patch(&answer, json!({ "checklist": items.map(|item| json!({ "text": item })) })).await?;
    println!("200  which called for a task, now with {} items: {}", items.len(), text(&answer["title"]));

    handler.gate_is_shut(&case, "self_check", 3).await?;
    let comments = format!("{case}/comments");
    let asked = json!({ "body": "请按实提供该订单的出库和物流记录，不补做、不改动；没有的写明没有。", "visibility": "client" });
    handler.post(&comments, asked, 201).await?;
    let told = json!({ "body": "大促爆单，这一单晚了五天出库。底单、称重和签收记录都在，已整理好。" });
    let told = client.post(&comments, told, 201).await?;
    ensure(told["visibility"] == "client", "what a client writes is seen by the client")?;
    let doubt = json!({ "body": "仓库的说法须与快递结算单核对一致后再采信。", "visibility": "internal" });
    let doubt = handler.post(&comments, doubt, 201).await?;
    let hidden = format!("/v1/comments/{}", text(&doubt["id"]));
    let (staff_reads, client_reads) = (handler.get(&comments).await?, client.get(&comments).await?);
    ensure(list(&staff_reads["data"]).len() == 3 && list(&client_reads["data"]).len() == 2, "the client reads two comments of three")?;
    println!("201  handler and client talk in comments: the client reads 2 of 3");
    client.get_refused(&hidden, 404).await?;
    println!("404  the internal comment is not there for the client, by its id either");

    let allegation = format!("/v1/allegations/{}", text(&opened["allegations"][0]["id"]));
    let basis = "下单后第 5 天出库揽收，第 9 天由收货地址签收；面单、称重、轨迹与快递结算单一致，确有实物交付，延误属实。";
    let concluded = handler.patch(&allegation, json!({ "conclusion": { "result": "explained", "basis": basis } })).await?;
    println!("200  concluded by hand: {}; that it came late is true and is said", text(&concluded["conclusion"]["result"]));
    handler.finish_stage(&case, "self_check", &[]).await?;

    let shut = handler.gate_is_shut(&case, "reporter_analysis", 3).await?;
    find(&shut["blockers"], "code", "reporter_not_assessed")?;
    let basis = "投诉内容与订单和售后记录一致，诉求是弄清货物去向";
    let complaint = format!("/v1/complaints/{}", text(&opened["complaints"][0]["id"]));
    let assessed = handler.patch(&complaint, json!({ "reporter": { "confidence": "high", "basis": basis } })).await?;
    println!(
        "200  the reporter is assessed: {}, {} confidence, with its basis",
        text(&assessed["reporter"]["type"]),
        text(&assessed["reporter"]["confidence"])
    );
    handler.do_key(&case, "RA-02", "订单、诉求和希望的解决方式均已填写").await?;
    handler.do_key(&case, "RA-03", "成因：发货迟延").await?;
    let offer = "致歉并如实说明延误经过，按平台规则赔付延迟发货；赔付与是否撤回投诉无关";
    let offered = handler.do_key(&case, "RA-04", offer).await?;
    println!("200  the consumer is told the truth, and paid what the rules owe for lateness: {}", text(&offered["title"]));
    handler.finish_stage(&case, "reporter_analysis", &[]).await?;

    handler.do_key(&case, "EV-01", "目录已编号，与指控对应").await?;
    let delivered = client.do_key(&case, "EV-03", "面单、称重截图、轨迹和签收记录各一份，均为原始导出").await?;
    println!("200  the client does a task: {} is {}", text(&delivered["title"]), text(&delivered["status"]));
    handler.finish_stage(&case, "evidence", NOT_AT_ISSUE).await?;

    let shut = handler.gate_is_shut(&case, "cooperation", 3).await?;
    find(&shut["blockers"], "code", "deadline_open")?;
    let checklist = items.map(|item| json!({ "text": item, "done": true }));
    let done = json!({ "status": "done", "note": "三项均已提供，签收回执已存档", "checklist": checklist });
    handler.patch(&format!("/v1/tasks/{}", text(&answer["id"])), done).await?;
    let receipt = json!({ "note": "签收回执 余市监收 2026-3301" });
    let met = handler.post(&format!("/v1/deadlines/{}/meet", text(&request["id"])), receipt, 200).await?;
    ensure(met["status"] == "met" && text(&met["met_at"]) < text(&met["due_at"]), "the request is answered in time")?;
    println!("200  every item is answered, the deadline is {} in time; receipt: {}", text(&met["status"]), text(&met["note"]));
    handler.finish_stage(&case, "cooperation", &[]).await?;
    handler.finish_stage(&case, "legal", &[]).await?;

    let refused = manager.post(&format!("{case}/transitions"), json!({ "to": "closed" }), 409).await?;
    find(&refused["blockers"], "code", "allegation_without_outcome")?;
    println!("409  closing is refused: {}", text(&refused["blockers"][0]["message"]));
    let reason = "消费者核对签收记录后自行撤回投诉；店铺没有为撤回提供或许诺任何好处";
    let withdrawn = handler.patch(&allegation, json!({ "outcome": "withdrawn", "outcome_reason": reason })).await?;
    println!("200  the consumer withdraws of their own will: {}", text(&withdrawn["outcome_reason"]));
    let ended = json!({ "event": "mediation_terminated", "occurred_at": in_seconds(-60), "served_by": "12315 平台终止调解告知" });
    handler.post(&format!("{case}/triggers"), ended, 201).await?;
    let moot = json!({ "reason": "投诉已撤回，调解终止" });
    let waived = handler.post(&format!("/v1/deadlines/{}/waive", text(&mediation["id"])), moot, 200).await?;
    println!("200  the mediation has ended, its deadline is {}: {}", text(&waived["status"]), text(&waived["note"]));
    let service = handler.do_key(&case, "RP-03", "大促期间发货时效如实公示，超时主动告知并按规则赔付").await?;
    println!("200  the service is mended: {} is {}", text(&service["title"]), text(&service["status"]));
    handler.finish_stage(&case, "reputation_repair", NO_STATEMENT).await?;
    let close = json!({ "to": "closed", "outcome": "误会：货物延迟交付属实，已说明并按规则赔付，消费者自行撤回" });
    let closed = manager.post(&format!("{case}/transitions"), close, 200).await?;
    ensure(closed["overridden"] == false, "the case closes with nothing open")?;
    println!("200  the case is {}: {}", text(&closed["status"]), text(&closed["outcome"]));
    handler.finish_stage(&case, "prevention", &[]).await?;
    handler.all_stages_went_through_their_gates(&case).await?;

    let timeline = format!("{case}/timeline?limit=200");
    let (staff_sees, client_sees) = (handler.get(&timeline).await?, client.get(&timeline).await?);
    let about_doubt = |entries: &serde_json::Value| list(entries).iter().any(|entry| entry["subject_id"] == doubt["id"]);
    ensure(about_doubt(&staff_sees["data"]), "the staff's timeline tells of the internal comment")?;
    let meant_for_client = list(&client_sees["data"]).iter().all(|entry| entry["visibility"] == "client");
    ensure(meant_for_client && !client_sees.to_string().contains(text(&doubt["id"])), "the client's timeline holds nothing internal")?;
    let (all, seen) = (list(&staff_sees["data"]).len(), list(&client_sees["data"]).len());
    println!("200  the client's timeline has {seen} of the {all} entries, nothing internal among them; those of tasks are left out here");
    for entry in list(&client_sees["data"]).iter().rev().filter(|entry| !text(&entry["kind"]).starts_with("task.")) {
        println!("       {}  {:<20}{}", text(&entry["at"]), text(&entry["kind"]), text(&entry["payload"]["stage"]));
    }
    Ok(())
}

#[actix_web::main]
async fn main() -> ExitCode {
    story::run("consumer_story", tell).await
}
