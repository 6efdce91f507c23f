//! A competitor, told step by step: somebody reports the shop to the police with chat logs that are forged. In the middle of the case it turns
//! out that it was a competitor: what that changes is shown before it is done. Counsel works on this one case and on no other, the firm's own
//! playbook gets a task for forged chat logs, a handler leaves, a truthful counter-report goes out, the report is dismissed, the case closes.
//!
//! `cargo run --example competitor_story` starts a server of its own in a temporary folder;
//! `cargo run --example competitor_story -- --url http://127.0.0.1:8080` tells it to a running `rejoinder demo`.
#![expect(clippy::indexing_slicing, reason = "JSON answers null where there is nothing")]

mod story;

use rejoinder::demo;
use serde_json::{Value, json};
use std::{collections::BTreeSet, process::ExitCode};
use story::{Caller, DAY, Outcome, Reasons, ensure, find, in_seconds, list, text};

/// What the report does not put in question.
const NOT_AT_ISSUE: Reasons<'_> =
    &[("EV-05", "不适用于本案：争点是订单是否真实，与进货无关"), ("EV-06", "不适用于本案：争点是订单是否真实，与发票无关")];

/// Somebody new at the agency: invited by the manager, accepted, logged in.
async fn newcomer(manager: &Caller, url: &str, email: &str, role: &str, name: &str) -> Outcome<Caller> {
    let invitation = manager.post("/v1/invitations", json!({ "email": email, "role": role }), 201).await?;
    let acceptance = json!({ "token": invitation["token"], "name": name, "password": demo::PASSWORD });
    Caller::nobody(url)?.post("/v1/invitations/accept", acceptance, 204).await?;
    Caller::log_in(url, email).await
}

/// The keys of tasks.
fn keys(tasks: &Value) -> BTreeSet<String> {
    list(tasks).iter().map(|task| text(&task["key"]).to_owned()).collect()
}

/// What has been done in tasks: which, how it ended and what is noted.
fn work_in(tasks: &Value) -> BTreeSet<(String, String, String)> {
    let begun = list(tasks).iter().filter(|task| task["status"] != "todo" && task["dropped"] == false);
    begun.map(|task| (text(&task["id"]).to_owned(), text(&task["status"]).to_owned(), text(&task["note"]).to_owned())).collect()
}

/// Tells the story to this server.
pub(crate) async fn tell(url: &str) -> Outcome<()> {
    let manager = Caller::log_in(url, "manager@demo.example").await?;
    let handler = Caller::log_in(url, "handler@demo.example").await?;
    let client = Caller::log_in(url, "client@demo.example").await?;
    let mark = in_seconds(0).microseconds();
    let leaver = newcomer(&manager, url, &format!("handler-{mark}@demo.example"), "handler", "孙专员").await?;
    let counsel = newcomer(&manager, url, &format!("counsel-{mark}@demo.example"), "counsel", "吴律师").await?;
    let shop = json!({ "name": "晨光数码专营店", "platform": "taobao", "legal_entity": "杭州晨光家居有限公司" });
    let shop = manager.post("/v1/shops", shop, 201).await?;
    manager.post("/v1/grants", json!({ "member_id": client.member, "shop_id": shop["id"], "covers": ["write"] }), 201).await?;
    println!("201  the shop {} is registered, and the merchant's own member may work in its cases", text(&shop["name"]));

    let case = open(&leaver, &shop).await?;
    let complaint = format!("/v1/complaints/{}", text(&leaver.get(&format!("{case}/complaints")).await?["data"][0]["id"]));
    let engagement = engage_counsel(&manager, &counsel, &leaver, &case).await?;
    talk_in_confidence(&leaver, &counsel, &client, &case).await?;

    leaver.gate_is_shut(&case, "self_check", 2).await?;
    let basis = "86 单均有支付、称重、揽收和签收记录；举报所附聊天的账号不属于店铺人员，工作群的完整导出中没有这段对话。";
    let allegation = format!("/v1/allegations/{}", text(&leaver.get(&format!("{case}/allegations")).await?["data"][0]["id"]));
    let concluded = leaver.patch(&allegation, json!({ "conclusion": { "result": "explained", "basis": basis } })).await?;
    println!("200  concluded by hand: {}", text(&concluded["conclusion"]["result"]));
    leaver.finish_stage(&case, "self_check", &[]).await?;

    learn_who_reports(&leaver, &case, &complaint).await?;
    hand_over(&manager, &leaver, &handler, &case).await?;
    handler.gate_is_shut(&case, "reporter_analysis", 2).await?;
    handler.do_key(&case, "RA-06", "两店同类目、同价位；线索只来自公开页面和平台后台，来源逐项载明").await?;
    handler.finish_stage(&case, "reporter_analysis", &[]).await?;

    move_to_house_playbook(&manager, &handler, &case, mark).await?;
    handler.gate_is_shut(&case, "evidence", 2).await?;
    let checked = "原始导出与举报截图逐句比对：店铺账号从无这段对话，截图的头像和时间格式与平台不符；只写比对结果，不写猜测";
    let checked = handler.do_key(&case, "CHAT-01", checked).await?;
    println!("200  the chat logs are compared with the full export: {} is {}", text(&checked["title"]), text(&checked["status"]));
    handler.finish_stage(&case, "evidence", NOT_AT_ISSUE).await?;

    answer_the_police(&handler, &case).await?;
    report_the_forgery(&handler, &counsel, &case).await?;
    handler.gate_is_shut(&case, "legal", 2).await?;
    handler.finish_stage(&case, "legal", &[]).await?;

    let decided = json!({ "event": "no_filing_decided", "occurred_at": in_seconds(-60), "served_by": "派出所电话告知，已记录" });
    handler.post(&format!("{case}/triggers"), decided, 201).await?;
    let refused = manager.post(&format!("{case}/transitions"), json!({ "to": "closed" }), 409).await?;
    println!("409  closing is refused: {}", text(&refused["blockers"][0]["message"]));
    let dismissal = json!({ "outcome": "dismissed", "outcome_reason": "公安机关核查后不予立案：所附聊天记录与平台留存的原始数据不符" });
    let dismissed = handler.patch(&allegation, dismissal).await?;
    println!("200  the report is {}: {}", text(&dismissed["outcome"]), text(&dismissed["outcome_reason"]));
    handler.gate_is_shut(&case, "reputation_repair", 2).await?;
    let approved = counsel.do_key(&case, "RP-01", "声明逐句有文件依据，不指名任何人，予以批准").await?;
    println!("200  counsel approves the statement: {} is {}", text(&approved["title"]), text(&approved["status"]));
    handler.finish_stage(&case, "reputation_repair", &[]).await?;
    end_engagement(&manager, &counsel, &handler, &case, &engagement).await?;
    handler.gate_is_shut(&case, "prevention", 2).await?;
    handler.finish_stage(&case, "prevention", &[]).await?;
    let close = json!({ "to": "closed", "outcome": "举报不成立：不予立案；反映伪造聊天记录的控告由公安机关另行处理" });
    let closed = manager.post(&format!("{case}/transitions"), close, 200).await?;
    println!("200  the case is {}: {}", text(&closed["status"]), text(&closed["outcome"]));
    handler.all_stages_went_through_their_gates(&case).await
}

/// The police tell of the report. Who made it is not told, and nobody tries to find out.
async fn open(leaver: &Caller, shop: &Value) -> Outcome<String> {
    let report = json!({
        "shop_id": shop["id"], "title": "公安：被报案安排刷手补单 86 单", "priority": "high",
        "complaint": {
            "channel": "police", "kind": "police_report", "received_at": in_seconds(-2 * 3600),
            "authority": "杭州市公安局余杭区分局", "summary": "报案材料附聊天截图，称店铺在工作群安排刷手补单。",
            "allegations": [{ "kind": "fictitious_transaction", "description": "聊天截图所称的补单 86 单", "order_count": 86 }],
            "reporter": { "type": "anonymous", "confidence": "low", "basis": "民警未告知报案人身份" }
        }
    });
    let opened = leaver.post("/v1/cases", report, 201).await?;
    println!("201  case {} is open with {} tasks: {}", text(&opened["number"]), list(&opened["tasks"]).len(), text(&opened["title"]));
    Ok(format!("/v1/cases/{}", text(&opened["id"])))
}

/// Counsel is engaged for this one case, until a day; answers with the grant.
async fn engage_counsel(manager: &Caller, counsel: &Caller, leaver: &Caller, case: &str) -> Outcome<String> {
    counsel.get_refused(case, 404).await?;
    println!("404  to counsel the case is not there yet");
    let id = case.rsplit('/').next().unwrap_or_default();
    let engagement = json!({ "member_id": counsel.member, "case_id": id, "covers": ["write"], "ends_at": in_seconds(30 * DAY) });
    let engagement = manager.post("/v1/grants", engagement, 201).await?;
    let engaged = json!({ "event": "counsel_engaged", "occurred_at": in_seconds(0), "served_by": "委托合同" });
    leaver.post(&format!("{case}/triggers"), engaged, 201).await?;
    let all = leaver.get("/v1/cases?limit=200").await?;
    let mut others = list(&all["data"]).iter().filter(|other| text(&other["id"]) != id);
    let other = others.next_back().ok_or("there is no other case")?;
    counsel.get(case).await?;
    counsel.get_refused(&format!("/v1/cases/{}", text(&other["id"])), 404).await?;
    let seen = counsel.get("/v1/cases").await?;
    ensure(list(&seen["data"]).len() == 1 && text(&seen["data"][0]["id"]) == id, "counsel sees this case and no other")?;
    println!("201  counsel is engaged until {} and sees 1 case of {}", text(&engagement["ends_at"]), list(&all["data"]).len());
    Ok(format!("/v1/grants/{}", text(&engagement["id"])))
}

/// What counsel writes in confidence is read by the staff who instruct them, and is nowhere for the client's staff.
async fn talk_in_confidence(leaver: &Caller, counsel: &Caller, client: &Caller, case: &str) -> Outcome<()> {
    let comments = format!("{case}/comments");
    let advice = json!({ "body": "如实、完整地配合询问；自查若发现任何一单属实，必须如实说明。", "visibility": "privileged" });
    let advice = counsel.post(&comments, advice, 201).await?;
    let asked = json!({ "body": "请导出工作群和店铺账号的完整聊天记录，不筛选、不删改。", "visibility": "client" });
    leaver.post(&comments, asked, 201).await?;
    client.post(&comments, json!({ "body": "完整导出已放入案卷，含哈希值。" }), 201).await?;
    let (staff_reads, client_reads) = (leaver.get(&comments).await?, client.get(&comments).await?);
    find(&staff_reads["data"], "id", text(&advice["id"]))?;
    ensure(list(&client_reads["data"]).len() == 2, "the client reads two comments of three")?;
    client.get_refused(&format!("/v1/comments/{}", text(&advice["id"])), 404).await?;
    let timeline = format!("{case}/timeline?limit=200");
    let (counsel_sees, client_sees) = (counsel.get(&timeline).await?, client.get(&timeline).await?);
    find(&counsel_sees["data"], "subject_id", text(&advice["id"]))?;
    let told = [client_reads, client_sees].iter().any(|seen| seen.to_string().contains(text(&advice["id"])));
    ensure(!told, "the client's staff see nothing of what counsel writes in confidence")?;
    println!("201  counsel's advice is privileged: for the client it is not in the list, not at its id (404), not on the timeline");
    Ok(())
}

/// It turns out who reports: what that adds and drops is shown, and then done.
async fn learn_who_reports(leaver: &Caller, case: &str, complaint: &str) -> Outcome<()> {
    let before = leaver.tasks(case).await?;
    let basis = "办案民警告知报案方为同类目店铺；我方没有自行查探其身份";
    let learned = json!({ "reporter": { "type": "competitor", "confidence": "high", "basis": basis } });
    let preview = leaver.post(&format!("{complaint}/preview"), learned.clone(), 200).await?;
    let (adds, drops) = (keys(&preview["tasks"]["added"]), keys(&preview["tasks"]["dropped"]));
    println!("200  it is a competitor; shown before it is done: adds {adds:?}, drops {drops:?}");
    ensure(adds.contains("RA-06") && drops.contains("RA-11"), "the competitor's branch is entered and the anonymous one left")?;
    ensure(leaver.tasks(case).await? == before, "showing changes nothing")?;
    leaver.patch(complaint, learned).await?;
    let after = leaver.tasks(case).await?;
    let added: BTreeSet<String> = keys(&after).difference(&keys(&before)).cloned().collect();
    let dropped: Vec<Value> = list(&after).iter().filter(|task| task["dropped"] == true).cloned().collect();
    ensure(added == adds && keys(&json!(dropped)) == drops, "what was shown is what happened")?;
    ensure(work_in(&before).is_subset(&work_in(&after)), "nothing that was begun or done is lost")?;
    println!("200  what was shown is what happened; work that was begun or done stays: {} tasks", work_in(&after).len());
    Ok(())
}

/// A handler leaves: what they lead and have to do goes to another one, and they are out.
async fn hand_over(manager: &Caller, leaver: &Caller, handler: &Caller, case: &str) -> Outcome<()> {
    for key in ["RA-06", "EV-01"] {
        let task = format!("/v1/tasks/{}", text(&find(&leaver.tasks(case).await?, "key", key)?["id"]));
        leaver.patch(&task, json!({ "assignee_id": leaver.member })).await?;
    }
    let wanted = json!({ "to_member_id": handler.member, "reason": "孙专员离职" });
    let moved = manager.post(&format!("/v1/members/{}/hand_overs", leaver.member), wanted, 200).await?;
    ensure(moved == json!({ "cases": 1, "tasks": 2, "has_more": false }), "one case and two tasks change hands")?;
    let found = manager.get(case).await?;
    ensure(text(&found["lead_id"]) == handler.member, "the other handler leads the case")?;
    manager.patch(&format!("/v1/members/{}", leaver.member), json!({ "status": "suspended" })).await?;
    leaver.get_refused("/v1/me", 401).await?;
    println!(
        "200  a handler leaves: {} case and {} tasks are handed over, and their log-in is worth nothing any more",
        moved["cases"], moved["tasks"]
    );
    Ok(())
}

/// The firm's own playbook: the built-in one with a task for chat logs that may be forged. The case moves to it.
async fn move_to_house_playbook(manager: &Caller, handler: &Caller, case: &str, mark: i64) -> Outcome<()> {
    let seen = json!({ "event": "evidence_seen", "occurred_at": in_seconds(0), "served_by": "询问时民警出示聊天截图" });
    handler.post(&format!("{case}/triggers"), seen, 201).await?;
    let built_in = find(&manager.get("/v1/playbooks").await?["data"], "key", "standard")?["id"].clone();
    let copy = json!({ "based_on_id": built_in, "key": format!("house-{mark}"), "title": { "zh": "本所预案", "en": "The firm's own" } });
    let draft = manager.post("/v1/playbooks", copy, 201).await?;
    let playbook = format!("/v1/playbooks/{}", text(&draft["id"]));
    let task = json!({
        "stage": "evidence", "reporter_types": ["competitor"], "channels": ["police", "platform"],
        "title": { "zh": "核验举报所附聊天记录的真伪", "en": "Check whether the reported chat logs are genuine" },
        "wanted_documents": [{ "zh": "完整导出与哈希", "en": "Full export with its hash" }, { "zh": "逐句比对表", "en": "Comparison, line by line" }],
        "anchor": { "kind": "event", "of": ["evidence_seen"] }, "offset": { "amount": 3, "unit": "working_days" },
        "required": true, "blocks_closing": true,
        "done_means": {
            "zh": "截图与完整导出逐句比对，结论只写比对结果；我方记录若有对应内容，如实写明。",
            "en": "The screenshots are compared line by line with the full export; only results are stated, those against us too."
        }
    });
    let draft = manager.put_seen(&format!("{playbook}/tasks/CHAT-01"), &draft["version"], task).await?;
    let published = manager.post_seen(&format!("{playbook}/transitions"), &draft["version"], json!({ "to": "published" })).await?;
    println!(
        "200  the firm's own playbook is {} with {} tasks, one more than the built-in one",
        text(&published["status"]),
        published["task_count"]
    );

    let before = handler.tasks(case).await?;
    let wanted = json!({ "playbook_id": published["id"], "reason": "举报材料为聊天截图" });
    let preview = handler.post(&format!("{case}/playbook_moves/preview"), wanted.clone(), 200).await?;
    let adds = keys(&preview["tasks"]["added"]);
    ensure(adds == BTreeSet::from(["CHAT-01".to_owned()]) && list(&preview["tasks"]["dropped"]).is_empty(), "the move adds one task")?;
    ensure(handler.tasks(case).await? == before, "showing changes nothing")?;
    let moved = handler.post_seen(&format!("{case}/playbook_moves"), &preview["case_version"], wanted).await?;
    ensure(keys(&moved["tasks"]["added"]) == adds, "what was shown is what happened")?;
    let after = handler.tasks(case).await?;
    let added: BTreeSet<String> = keys(&after).difference(&keys(&before)).cloned().collect();
    ensure(added == adds && work_in(&after) == work_in(&before), "nothing done is lost")?;
    println!(
        "200  the case moves to it: adds {adds:?}, drops nothing; all {} tasks with work in them are as they were",
        work_in(&after).len()
    );
    Ok(())
}

/// The police ask for data in writing: exactly that is produced, in time, against a receipt.
async fn answer_the_police(handler: &Caller, case: &str) -> Outcome<()> {
    let stated = json!({ "rule_id": "CR-EVIDENCE", "key": "request_due", "due_at": in_seconds(3 * DAY) });
    let order = handler.post(&format!("{case}/deadlines"), stated, 201).await?;
    println!("201  the evidence order states until when: {} {}", text(&order["title"]), text(&order["due_at"]));
    let shut = handler.gate_is_shut(case, "cooperation", 2).await?;
    find(&shut["blockers"], "code", "deadline_open")?;
    let receipt = json!({ "note": "按通知书范围提供 86 单的订单、支付和物流数据及哈希清单，签字页已存档" });
    let met = handler.post(&format!("/v1/deadlines/{}/meet", text(&order["id"])), receipt, 200).await?;
    println!("200  the order is answered: {} at {}", text(&met["status"]), text(&met["met_at"]));
    handler.finish_stage(case, "cooperation", &[]).await
}

/// Counsel tests the other side's evidence, and reports the forgery: provable facts, nothing else.
async fn report_the_forgery(handler: &Caller, counsel: &Caller, case: &str) -> Outcome<()> {
    let tested = counsel.do_key(case, "LG-02", "真实性不予认可：与平台留存的原始数据不符；来源不明；与 86 单无对应关系").await?;
    println!("200  counsel does a task: {} is {}", text(&tested["title"]), text(&tested["status"]));
    let ready = json!({ "event": "evidence_ready", "occurred_at": in_seconds(0), "served_by": "比对表和平台回函齐备" });
    let started = handler.post(&format!("{case}/triggers"), ready, 201).await?;
    let task = find(&started["tasks"], "key", "LG-08")?;
    println!("201  the evidence is ready, which calls for {}: {}", text(&task["key"]), text(&task["title"]));
    counsel.do_task(task, "in_progress", "控告书只写可以证明的事实；是有意伪造还是误信，由公安机关认定").await?;
    let filed = counsel.do_task(task, "done", "控告书、损失计算和证据已提交，回执 YH-2026-0451").await?;
    println!("200  the counter-report is {}: {}", text(&filed["status"]), text(&filed["note"]));
    let reported = json!({ "event": "report_made_to_police", "occurred_at": in_seconds(0), "served_by": "我方控告，回执 YH-2026-0451" });
    let clocks = handler.post(&format!("{case}/triggers"), reported, 201).await?;
    ensure(list(&clocks["deadlines"]).iter().all(|clock| clock["owed_by"] == "them"), "the police owe what follows")?;
    println!("201  the police's clocks run on it: {} of them", list(&clocks["deadlines"]).len());
    Ok(())
}

/// Counsel's work is done: the engagement ends before its day, and the record tells who had access.
async fn end_engagement(manager: &Caller, counsel: &Caller, handler: &Caller, case: &str, engagement: &str) -> Outcome<()> {
    let version = manager.get(engagement).await?["version"].clone();
    manager.delete_seen(engagement, &version).await?;
    counsel.get_refused(case, 404).await?;
    counsel.get_refused(&format!("{case}/comments"), 404).await?;
    ensure(list(&counsel.get("/v1/cases").await?["data"]).is_empty(), "counsel sees no case any more")?;
    println!("404  the engagement ends early: with the next request the case is not there for counsel any more");
    let access = handler.get(&format!("{case}/grants")).await?;
    println!("200  who had access:");
    for grant in list(&access["data"]) {
        let reach = if grant["shop_id"].is_null() { "this case" } else { "the shop" };
        let end = [&grant["revoked_at"], &grant["ends_at"]].into_iter().find_map(Value::as_str).unwrap_or("further notice");
        println!("       {:<8}{:<8}{reach}, until {end}", text(&grant["member_role"]), text(&grant["member_name"]));
    }
    let ended = find(&access["data"], "member_id", &counsel.member)?;
    ensure(!ended["revoked_at"].is_null(), "the list tells that counsel's access has ended")?;
    find(&access["data"], "member_role", "client").map(drop)
}

#[actix_web::main]
async fn main() -> ExitCode {
    story::run("competitor_story", tell).await
}
