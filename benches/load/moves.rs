//! A playbook that changes under 1,000 open cases: how long the preview and the move of all of them take, and how much memory.

use crate::{
    client::{Client, request},
    product::{Server, Tenant, ask},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CASES: usize = 1_000;
/// As many as one request may name.
const AT_ONCE: usize = 100;

/// Copies the built-in playbook, takes a task out, puts another in, publishes it; gives its id.
fn next_playbook(client: &mut Client, token: &str) -> String {
    let built_in = ask(client, &request("GET", "/v1/playbooks?limit=1", token, None, ""))["data"][0]["id"].clone();
    let new = json!({ "based_on_id": built_in, "key": "house" }).to_string();
    let draft = ask(client, &request("POST", "/v1/playbooks", token, None, &new));
    let path = format!("/v1/playbooks/{}", draft["id"].as_str().expect("an id"));
    let task = json!({ "stage": "evidence", "title": { "zh": "核验截图" }, "done_means": { "zh": "有结论" }, "required": true,
        "anchor": { "kind": "event", "of": ["case_opened"] }, "offset": { "amount": 2, "unit": "working_days" } });
    for (version, method, key, body) in [(1, "PUT", "HOUSE-01", task.to_string()), (2, "DELETE", "SC-06", String::new())] {
        let plain = String::from_utf8(request(method, &format!("{path}/tasks/{key}"), token, None, &body)).expect("text");
        ask(client, plain.replacen("\r\n", &format!("\r\nIf-Match: \"{version}\"\r\n"), 1).as_bytes());
    }
    ask(client, &request("POST", &format!("{path}/transitions"), token, None, &json!({ "to": "published" }).to_string()));
    path
}

fn cases(client: &mut Client, token: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    while found.len() < CASES {
        let page = ask(client, &request("GET", &format!("/v1/cases?status=open&limit=200{cursor}"), token, None, ""));
        found.extend(page["data"].as_array().expect("cases").iter().map(|case| case["id"].clone()));
        cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("more cases"));
    }
    found.truncate(CASES);
    found
}

/// Sends all cases to a path, so many at once; gives the time of all and of the longest request.
fn send_all(client: &mut Client, token: &str, path: &str, cases: &[Value]) -> (Duration, Duration) {
    let times: Vec<Duration> = (cases.chunks(AT_ONCE).enumerate())
        .map(|(n, some)| {
            let began = Instant::now();
            let body = json!({ "case_ids": some }).to_string();
            let answer = ask(client, &request("POST", path, token, u64::try_from(1_000_000_000 + n).ok(), &body));
            let rows = answer["data"].as_array().expect("rows");
            let changed = |row: &Value| row["added"] == json!(["HOUSE-01"]) && row["dropped"] == json!(["SC-06"]);
            assert!(rows.len() == some.len() && rows.iter().all(changed), "{}", rows[0]);
            began.elapsed()
        })
        .collect();
    (times.iter().sum(), times.into_iter().max().unwrap_or_default())
}

/// Prints what the change takes, on a server that has done nothing else.
pub(crate) fn measure(database: &[String], tenant: &Tenant) {
    let (server, _) = Server::start(database);
    let mut client = Client::connect(server.port).expect("a connection");
    let path = next_playbook(&mut client, &tenant.token);
    let cases = cases(&mut client, &tenant.token);
    let idle = server.memory();
    let (preview, longest_preview) = send_all(&mut client, &tenant.token, &format!("{path}/case_moves/preview"), &cases);
    let (moved, longest_move) = send_all(&mut client, &tenant.token, &format!("{path}/case_moves"), &cases);
    println!(
        "\nPlaybook change over {CASES} open cases, {AT_ONCE} in each request: preview {:.2} s (longest request {:.0} ms), move {:.2} s ({:.0} ms).",
        preview.as_secs_f64(),
        longest_preview.as_secs_f64() * 1_000.0,
        moved.as_secs_f64(),
        longest_move.as_secs_f64() * 1_000.0
    );
    println!("Memory before: {idle}; after: {}.", server.memory());
}
