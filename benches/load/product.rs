//! The product: its release binary on an installation of its own, with tenants and cases in it.

use crate::client::{Client, request};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// So many that the counter of case numbers is no single lock.
pub(crate) const TENANTS: usize = 8;
/// Cases of the first tenant, over which is listed.
const CASES: usize = 2_000;

/// A tenant with its owner logged in, a shop and a case.
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) member: String,
    pub(crate) shop: String,
    pub(crate) case: String,
    pub(crate) key: u64,
    pub(crate) token: String,
}

impl Tenant {
    /// A case to open, under a key that was never used.
    pub(crate) fn opening(&self) -> (u64, Vec<u8>) {
        static KEYS: AtomicU64 = AtomicU64::new(1);
        let key = KEYS.fetch_add(1, Ordering::Relaxed);
        let body = json!({
            "shop_id": self.shop, "title": "抖音：涉嫌虚假交易 120 单", "priority": "urgent",
            "complaint": {
                "channel": "platform", "kind": "platform_finding", "received_at": "2026-11-20T09:30:00+08:00", "reference_no": "DY20261118-7781",
                "summary": "平台认定近 90 天内 120 单涉嫌虚假交易，7 天内可申诉。",
                "allegations": [{ "kind": "fictitious_transaction", "description": "120 单涉嫌虚假交易", "order_count": 120 }],
                "reporter": { "type": "platform", "confidence": "high", "basis": "罚单页注明为模型识别" }
            }
        });
        (key, request("POST", "/v1/cases", &self.token, Some(key), &body.to_string()))
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Child,
}

impl Server {
    /// Starts the binary; gives also how long it took until the first 200.
    pub(crate) fn start(database: &[String]) -> (Self, Duration) {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rejoinder"));
        command.arg("serve").args(database).args(["--rate-limit", "off", "--listen", &format!("127.0.0.1:{port}")]);
        // Tokens are good for one issuer, and the port differs with each start.
        command.args(["--public-url", "http://load.example"]);
        let mut server = Self { port, child: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts") };
        let livez = request("GET", "/livez", "", None, "");
        while !Client::connect(port).and_then(|mut client| client.exchange(&livez)).is_ok_and(|(status, _)| status == 200) {
            assert!(server.child.try_wait().expect("a status").is_none(), "the server ended");
            assert!(began.elapsed() < Duration::from_secs(20), "the server does not answer");
            std::thread::sleep(Duration::from_micros(500));
        }
        (server, began.elapsed())
    }

    /// Peak and present memory, as the kernel tells it.
    pub(crate) fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let megabytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
        };
        format!("{} MB at its peak, {} MB at the end", megabytes("VmHWM:"), megabytes("VmRSS:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(15);
        while told.is_ok() && Instant::now() < deadline && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request that must succeed.
pub(crate) fn ask(client: &mut Client, request: &[u8]) -> Value {
    let (status, body) = client.exchange(request).expect("an answer");
    assert!((200..300).contains(&status), "{status}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Makes tenants on an installation that no server uses yet.
pub(crate) fn make_tenants(database: &[String]) -> Vec<Value> {
    let make = |number: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rejoinder"));
        command.args(["tenant", "create", "--json", "--name", "Load"]).args(["--owner-email", &format!("owner{number}@load.example")]);
        let made = command.args(database).output().expect("the command line");
        serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)))
    };
    let migrated = Command::new(env!("CARGO_BIN_EXE_rejoinder")).arg("migrate").args(database).output().expect("the command line");
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    (0..TENANTS).map(make).collect()
}

/// Logs the owners in, gives each a shop and a case, and the first one many cases.
pub(crate) fn fill(port: u16, made: &[Value]) -> Vec<Tenant> {
    let mut client = Client::connect(port).expect("a connection");
    let mut tenant = |made: &Value| {
        let login = json!({ "email": made["email"], "password": made["password"] }).to_string();
        let session = ask(&mut client, &request("POST", "/v1/sessions", "", None, &login));
        let token = text(&session["access_token"]);
        let shop = json!({ "name": "晨光家居", "platform": "douyin", "legal_entity": "杭州晨光家居有限公司" }).to_string();
        let shop = text(&ask(&mut client, &request("POST", "/v1/shops", &token, None, &shop))["id"]);
        let (id, member) = (text(&made["tenant_id"]), text(&session["member_id"]));
        let mut tenant = Tenant { id, member, shop, token, case: String::new(), key: 0 };
        let (key, opening) = tenant.opening();
        (tenant.case, tenant.key) = (text(&ask(&mut client, &opening)["id"]), key);
        tenant
    };
    let tenants: Vec<Tenant> = made.iter().map(&mut tenant).collect();
    let (first, clients) = (&tenants[0], 16);
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(move || {
                let mut client = Client::connect(port).expect("a connection");
                for _ in 0..CASES / clients {
                    ask(&mut client, &first.opening().1);
                }
            });
        }
    });
    tenants
}

/// Starts the server ten times; gives the last one and the median.
pub(crate) fn cold_starts(database: &[String]) -> (Server, Duration) {
    let mut times: Vec<Duration> = (0..9).map(|_| Server::start(database).1).collect();
    let (server, time) = Server::start(database);
    times.push(time);
    times.sort_unstable();
    (server, times[times.len() / 2])
}

/// The arguments that name an installation.
pub(crate) fn installation(folder: &Path, url: Option<&str>) -> Vec<String> {
    let mut arguments = vec!["--data-dir".to_owned(), folder.display().to_string()];
    arguments.extend(url.into_iter().flat_map(|url| ["--database-url".to_owned(), url.to_owned()]));
    arguments
}
