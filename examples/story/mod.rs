//! What the stories share: a server of their own, callers who say which answer they expect, and the work of a stage.
//!
//! An answer that a story does not expect is an error, so that a story that is told to its end is also a test.
#![allow(dead_code, clippy::allow_attributes, reason = "not every story needs all of it")]

use rejoinder::{
    clock::Clock,
    config::DatabaseSettings,
    demo,
    domain::time::Instant,
    limits::Limits,
    outbound::{Outbound, OutboundSettings},
    server,
    store::Migrating,
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::{error::Error, net::TcpListener, path::PathBuf, process::ExitCode};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Tells a story to the server that `--url` names, or to one of its own in a temporary folder.
pub(crate) async fn run(name: &str, tell: impl AsyncFn(&str) -> Outcome<()>) -> ExitCode {
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
    eprintln!("{name}: {error}");
    ExitCode::FAILURE
}

/// Starts a server with the demo agency in this folder; answers with its URL.
async fn start_server(data_dir: PathBuf) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let embedded = DatabaseSettings { data_dir, database_url: None, database_url_file: None, keys_file: None, clock_shift_file: None };
    let store = server::open_store(&embedded, Migrating::Apply)?;
    demo::prepare(&store).await?;
    let outbound = Outbound::new(&OutboundSettings::default())?;
    let services = server::services(store, Limits::default(), url.clone(), false, outbound)?;
    server::work_by_itself(&services);
    actix_web::rt::spawn(server::serve(listener, services, server::Front::default())?);
    Ok(url)
}

/// That many seconds from now.
pub(crate) fn in_seconds(seconds: i64) -> Instant {
    Clock::default().now().plus_seconds(seconds)
}

/// One day, in seconds.
pub(crate) const DAY: i64 = 24 * 3600;

/// What of a stage's playbook does not apply to a case: the key of a task, and why.
pub(crate) type Reasons<'a> = &'a [(&'a str, &'a str)];

/// A member of the demo agency, logged in.
pub(crate) struct Caller {
    http: Client,
    url: String,
    token: String,
    /// The member's id.
    pub(crate) member: String,
}

impl Caller {
    /// Somebody who is not logged in.
    pub(crate) fn nobody(url: &str) -> Outcome<Self> {
        Ok(Self { http: Client::builder().no_proxy().build()?, url: url.to_owned(), token: String::new(), member: String::new() })
    }

    /// Logs in; everybody has the demo's password.
    pub(crate) async fn log_in(url: &str, email: &str) -> Outcome<Self> {
        let nobody = Self::nobody(url)?;
        let session = nobody.post("/v1/sessions", json!({ "email": email, "password": demo::PASSWORD }), 201).await?;
        println!("201  {email} is logged in");
        Ok(Self { token: text(&session["access_token"]).to_owned(), member: text(&session["member_id"]).to_owned(), ..nobody })
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Value> {
        self.send(self.request(Method::GET, path), 200).await
    }

    /// Reads what the caller must be refused, with this status.
    pub(crate) async fn get_refused(&self, path: &str, expected: u16) -> Outcome<Value> {
        self.send(self.request(Method::GET, path), expected).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value, expected: u16) -> Outcome<Value> {
        self.send(self.request(Method::POST, path).json(&body), expected).await
    }

    /// Posts for what was seen in this version, so that nothing happens when something came between.
    pub(crate) async fn post_seen(&self, path: &str, seen: &Value, body: Value) -> Outcome<Value> {
        self.send(self.request(Method::POST, path).header("if-match", format!("\"{seen}\"")).json(&body), 200).await
    }

    pub(crate) async fn put_seen(&self, path: &str, seen: &Value, body: Value) -> Outcome<Value> {
        self.send(self.request(Method::PUT, path).header("if-match", format!("\"{seen}\"")).json(&body), 200).await
    }

    pub(crate) async fn delete_seen(&self, path: &str, seen: &Value) -> Outcome<Value> {
        self.send(self.request(Method::DELETE, path).header("if-match", format!("\"{seen}\"")), 200).await
    }

    /// Reads a resource, then changes it. The version that was read goes along, so that nobody else's change is overwritten.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Outcome<Value> {
        let seen = format!("\"{}\"", self.get(path).await?["version"]);
        let request = self.request(Method::PATCH, path).header("content-type", "application/merge-patch+json");
        self.send(request.header("if-match", seen).body(body.to_string()), 200).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("accept-language", "en");
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    async fn send(&self, request: RequestBuilder, expected: u16) -> Outcome<Value> {
        let answer = request.send().await?;
        let (status, path) = (answer.status().as_u16(), answer.url().path().to_owned());
        let body = answer.text().await?;
        if status != expected {
            return Err(format!("{path} answered {status} where {expected} was expected: {body}").into());
        }
        Ok(if body.is_empty() { Value::Null } else { serde_json::from_str(&body)? })
    }

    /// All tasks of a case.
    pub(crate) async fn tasks(&self, case: &str) -> Outcome<Value> {
        Ok(self.get(&format!("{case}/tasks?limit=200")).await?["data"].take())
    }

    pub(crate) async fn do_task(&self, task: &Value, status: &str, note: &str) -> Outcome<Value> {
        self.patch(&format!("/v1/tasks/{}", text(&task["id"])), json!({ "status": status, "note": note })).await
    }

    /// Does a task of the playbook by its key.
    pub(crate) async fn do_key(&self, case: &str, key: &str, note: &str) -> Outcome<Value> {
        let tasks = self.tasks(case).await?;
        self.do_task(find(&tasks, "key", key)?, "done", note).await
    }

    /// Begins a stage if nobody has, tries to complete it and is refused; says what blocks it, and shows so many of the reasons.
    pub(crate) async fn gate_is_shut(&self, case: &str, stage: &str, shown: usize) -> Outcome<Value> {
        self.begin(case, stage).await?;
        let shut = self.post(&format!("{case}/stages/{stage}/transitions"), json!({ "to": "completed" }), 409).await?;
        let blockers = list(&shut["blockers"]);
        ensure(shut["code"] == "blocked" && !blockers.is_empty(), "a shut gate says what blocks it")?;
        println!("409  {stage} cannot be completed yet; blockers: {}, such as", blockers.len());
        for blocker in blockers.iter().take(shown) {
            println!("       {:<26}{}", text(&blocker["code"]), text(&blocker["message"]));
        }
        Ok(shut)
    }

    async fn begin(&self, case: &str, stage: &str) -> Outcome<()> {
        if find(&self.get(case).await?["stages"], "stage", stage)?["status"] == "pending" {
            self.post(&format!("{case}/stages/{stage}/transitions"), json!({ "to": "active" }), 200).await?;
        }
        Ok(())
    }

    /// Does the required tasks of a stage, those first that others wait for, then completes the stage through its gate.
    pub(crate) async fn finish_stage(&self, case: &str, stage: &str, does_not_apply: Reasons<'_>) -> Outcome<()> {
        let (mut done, mut waived) = (0, 0);
        loop {
            let page = self.get(&format!("{case}/tasks?stage={stage}&status=todo,in_progress&limit=200")).await?;
            let open: Vec<&Value> = list(&page["data"]).iter().filter(|task| task["required"] == true).collect();
            let waits = |task: &Value| list(&task["depends_on"]).iter().any(|id| open.iter().any(|other| other["id"] == *id));
            let Some(task) = open.iter().find(|task| !waits(task)) else { break };
            let reason = does_not_apply.iter().find(|(key, _)| task["key"] == *key);
            let (count, status, note) = match reason {
                Some((_, reason)) => (&mut waived, "waived", *reason),
                None => (&mut done, "done", "已完成并留痕"),
            };
            self.do_task(task, status, note).await?;
            *count += 1;
        }
        self.begin(case, stage).await?;
        self.post(&format!("{case}/stages/{stage}/transitions"), json!({ "to": "completed" }), 200).await?;
        println!("200  {stage} is completed: tasks done {done}, waived with a reason {waived}");
        Ok(())
    }

    /// Makes sure that all seven stages of a case were completed, each through its own gate.
    pub(crate) async fn all_stages_went_through_their_gates(&self, case: &str) -> Outcome<()> {
        let found = self.get(case).await?;
        let through = |stage: &&Value| stage["status"] == "completed" && stage["overridden"] == false;
        let count = list(&found["stages"]).iter().filter(through).count();
        ensure(count == 7 && found["overridden"] == false, "seven stages are completed, and nothing was overridden")?;
        println!("200  all {count} stages went through their gates, none was overridden");
        Ok(())
    }
}

/// An error unless this holds.
pub(crate) fn ensure(holds: bool, what: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(format!("it does not hold that {what}").into()) }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn find<'a>(values: &'a Value, field: &str, wanted: &str) -> Outcome<&'a Value> {
    Ok(list(values).iter().find(|value| value[field] == wanted).ok_or_else(|| format!("there is no {field} {wanted}"))?)
}
