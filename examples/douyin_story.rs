//! The main job, told step by step: Douyin finds 120 fake transactions and gives seven days to appeal. The shop's self-check confirms 14 of
//! them, the practice is stopped, a truthful partial appeal goes out in time, the statement is approved, prevention is set, the case closes.
//!
//! `cargo run --example douyin_story` starts a server of its own in a temporary folder;
//! `cargo run --example douyin_story -- --url http://127.0.0.1:8080` tells it to a running `rejoinder demo`.
#![expect(clippy::indexing_slicing, reason = "JSON answers null where there is nothing")]

use rejoinder::{clock::Clock, config::DatabaseSettings, demo, limits::Limits, server, store::Migrating};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::{error::Error, net::TcpListener, path::PathBuf, process::ExitCode};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Starts a server with the demo agency in this folder; answers with its URL.
async fn start_server(data_dir: PathBuf) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let embedded = DatabaseSettings { data_dir, database_url: None, database_url_file: None, keys_file: None, clock_shift_file: None };
    let store = server::open_store(&embedded, Migrating::Apply)?;
    demo::prepare(&store).await?;
    let services = server::services(store, Limits::default(), url.clone(), false)?;
    actix_web::rt::spawn(server::serve(listener, services, server::Front::default())?);
    Ok(url)
}

/// A member of the demo agency, logged in.
struct Caller {
    http: Client,
    url: String,
    token: String,
}

impl Caller {
    async fn log_in(url: &str, email: &str) -> Outcome<Self> {
        let nobody = Self { http: Client::builder().no_proxy().build()?, url: url.to_owned(), token: String::new() };
        let session = nobody.post("/v1/sessions", json!({ "email": email, "password": demo::PASSWORD }), 201).await?;
        println!("201  {email} is logged in");
        Ok(Self { token: text(&session["access_token"]).to_owned(), ..nobody })
    }

    async fn get(&self, path: &str) -> Outcome<Value> {
        self.send(self.http.get(format!("{}{path}", self.url)), 200).await
    }

    async fn post(&self, path: &str, body: Value, expected: u16) -> Outcome<Value> {
        self.send(self.http.post(format!("{}{path}", self.url)).json(&body), expected).await
    }

    /// Reads a resource, then changes it. The version that was read goes along, so that nobody else's change is overwritten.
    async fn patch(&self, path: &str, body: Value) -> Outcome<Value> {
        let seen = format!("\"{}\"", self.get(path).await?["version"]);
        let request = self.http.patch(format!("{}{path}", self.url)).header("content-type", "application/merge-patch+json");
        self.send(request.header("if-match", seen).json(&body), 200).await
    }

    async fn send(&self, request: RequestBuilder, expected: u16) -> Outcome<Value> {
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let answer = request.header("accept-language", "en").send().await?;
        let (status, path) = (answer.status().as_u16(), answer.url().path().to_owned());
        let body = answer.text().await?;
        if status != expected {
            return Err(format!("{path} answered {status} where {expected} was expected: {body}").into());
        }
        Ok(serde_json::from_str(&body)?)
    }

    async fn do_task(&self, task: &Value, status: &str, note: &str) -> Outcome<Value> {
        self.patch(&format!("/v1/tasks/{}", text(&task["id"])), json!({ "status": status, "note": note })).await
    }

    /// Does the required tasks of a stage, those first that others wait for, then completes the stage.
    async fn finish_stage(&self, case: &str, stage: &str, does_not_apply: &[&str]) -> Outcome<()> {
        let (mut done, mut waived) = (0, 0);
        loop {
            let page = self.get(&format!("{case}/tasks?stage={stage}&status=todo,in_progress&limit=200")).await?;
            let open: Vec<&Value> = list(&page["data"]).iter().filter(|task| task["required"] == true).collect();
            let waits = |task: &Value| list(&task["depends_on"]).iter().any(|id| open.iter().any(|other| other["id"] == *id));
            let Some(task) = open.iter().find(|task| !waits(task)) else { break };
            let (count, status, note) = match does_not_apply.contains(&text(&task["key"])) {
                true => (&mut waived, "waived", "不适用于本案：争点是订单是否真实，与进货和发票无关"),
                false => (&mut done, "done", "已完成并留痕"),
            };
            self.do_task(task, status, note).await?;
            *count += 1;
        }
        let transitions = format!("{case}/stages/{stage}/transitions");
        if find(&self.get(case).await?["stages"], "stage", stage)?["status"] == "pending" {
            self.post(&transitions, json!({ "to": "active" }), 200).await?;
        }
        self.post(&transitions, json!({ "to": "completed" }), 200).await?;
        println!("200  {stage} is completed: tasks done {done}, waived with a reason {waived}");
        Ok(())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn find<'a>(values: &'a Value, field: &str, wanted: &str) -> Outcome<&'a Value> {
    Ok(list(values).iter().find(|value| value[field] == wanted).ok_or_else(|| format!("there is no {field} {wanted}"))?)
}

async fn tell(url: &str) -> Outcome<()> {
    let handler = Caller::log_in(url, "handler@demo.example").await?;
    let manager = Caller::log_in(url, "manager@demo.example").await?;
    let shop = json!({ "name": "星河家居抖音店", "platform": "douyin", "legal_entity": "杭州晨光家居有限公司" });
    let shop = manager.post("/v1/shops", shop, 201).await?;
    println!("201  the shop {} is registered", text(&shop["name"]));

    let notice = Clock::default().now().plus_seconds(-3600);
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

    let shut = handler.post(&format!("{case}/stages/self_check/transitions"), json!({ "to": "completed" }), 409).await?;
    println!("409  the self-check cannot be completed yet, {} things block it, such as", list(&shut["blockers"]).len());
    for blocker in list(&shut["blockers"]).iter().take(3) {
        println!("       {:<26}{}", text(&blocker["code"]), text(&blocker["message"]));
    }
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
    handler.finish_stage(&case, "evidence", &["EV-05", "EV-06"]).await?;

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
    let told = match std::env::args().skip_while(|word| word != "--url").nth(1) {
        Some(url) => tell(url.trim_end_matches('/')).await,
        None => {
            let folder = std::env::temp_dir().join(format!("rejoinder-story-{}", std::process::id()));
            let told = async { tell(&start_server(folder.clone()).await?).await }.await;
            let _ = std::fs::remove_dir_all(folder);
            told
        }
    };
    let Err(error) = told else { return ExitCode::SUCCESS };
    eprintln!("douyin_story: {error}");
    ExitCode::FAILURE
}
