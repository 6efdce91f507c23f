//! A server in this process on a port of its own, and callers who talk to it over HTTP.

use crate::outbound::{MailServer, Robots};
use rejoinder::{
    auth::{attempts::AttemptLimits, passwords, vault::Vault},
    clock::Clock,
    domain::{
        access::Role,
        content::Content,
        ids::{MemberId, TenantId},
    },
    jobs::Jobs,
    limits::Limits,
    outbound::{Outbound, OutboundSettings, Smtp},
    server,
    store::{Ground, Location, Migrating, Store},
    usecases::tenants,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The origin of a page that may call the API.
pub(crate) const CONSOLE: &str = "https://console.example";

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Tells a story on both databases.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every story needs all")]
            use super::*;

            async fn story($app: crate::harness::TestApp) $body

            #[actix_web::test]
            async fn on_sqlite() {
                if let Some(app) = crate::harness::TestApp::start(crate::harness::Database::Sqlite).await {
                    story(app).await;
                }
            }

            #[actix_web::test]
            async fn on_postgres() {
                if let Some(app) = crate::harness::TestApp::start(crate::harness::Database::Postgres).await {
                    story(app).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;

/// What a store of the tests stands on, with keys of its own.
pub(crate) fn ground(keys: &Path) -> Ground {
    let clock = Clock::default();
    let vault = Vault::open_or_create(keys, &clock).expect("keys");
    Ground::new(clock, Arc::new(Content::embedded().expect("content")), Arc::new(vault))
}

/// A connection to the database that the server knows nothing of.
enum Direct {
    Sqlite(diesel::SqliteConnection),
    Postgres(diesel::PgConnection),
}

impl Direct {
    fn open(url: Option<&str>, file: &Path) -> Self {
        use diesel::Connection as _;
        match url {
            None => Self::Sqlite(diesel::SqliteConnection::establish(&file.display().to_string()).expect("the file")),
            Some(url) => Self::Postgres(diesel::PgConnection::establish(url).expect("the server")),
        }
    }
}

/// What sends messages to these servers.
fn outbound(robots: &Robots, mail: &MailServer) -> Outbound {
    let settings = OutboundSettings {
        smtp: Some(Smtp { url: mail.url(""), from: "Rejoinder <no-reply@cases.example>".into() }),
        wecom_url: robots.url.clone(),
        dingtalk_url: robots.url.clone(),
        feishu_url: robots.url.clone(),
        ..OutboundSettings::default()
    };
    Outbound::new(&settings).expect("settings")
}

/// A server with its database.
pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) database: Database,
    pub(crate) store: Store,
    client: reqwest::Client,
    folder: PathBuf,
    /// The database, past the server.
    direct: Mutex<Direct>,
    /// What the server does by itself, to be done at once.
    pub(crate) jobs: Jobs,
    /// The robots that messages go to.
    pub(crate) robots: Robots,
    /// The mail server that messages go to.
    pub(crate) mail: MailServer,
    handle: actix_web::dev::ServerHandle,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl TestApp {
    /// A server on an empty database; none when the database is left out.
    pub(crate) async fn start(database: Database) -> Option<Self> {
        let generous =
            Limits { requests_per_minute: None, attempts: AttemptLimits { per_account: 1000, per_address: 100_000 }, ..Limits::default() };
        Self::start_with(database, generous).await
    }

    /// A server with these limits.
    pub(crate) async fn start_with(database: Database, limits: Limits) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = std::env::temp_dir().join(format!("rejoinder-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let url = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(crate::postgres::fresh_database()?),
        };
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("rejoinder.db");
        let place = url.as_deref().map_or(Location::Embedded(&file), Location::Server);
        let store = Store::open(place, Migrating::Apply, ground(&folder.join("keys.json"))).expect("the store opens");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let direct = Mutex::new(Direct::open(url.as_deref(), &file));
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (robots, mail) = (Robots::start().await, MailServer::start(&[]).await);
        let services = server::services(store.clone(), limits, url.clone(), false, outbound(&robots, &mail)).expect("services");
        let jobs = Jobs::new(store.clone(), Arc::clone(&services.outbound), url.clone());
        let front = server::Front { workers: Some(1), allow_origins: vec![CONSOLE.to_owned()] };
        let server = server::serve(listener, services, front).expect("a server");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Some(Self {
            url,
            database,
            store,
            client: reqwest::Client::builder().no_proxy().build().expect("a client"),
            folder,
            direct,
            jobs,
            robots,
            mail,
            handle,
        })
    }

    /// Moves the server's clock ahead.
    pub(crate) fn advance(&self, seconds: i64) {
        self.store.ground().clock.advance(seconds);
    }

    /// The jobs of another process on the same database.
    pub(crate) fn other_jobs(&self) -> Jobs {
        Jobs::new(self.store.clone(), Arc::new(outbound(&self.robots, &self.mail)), self.url.clone())
    }

    /// Does all that is due, and sends all messages.
    pub(crate) async fn run_jobs(&self) {
        self.jobs.run().await.expect("the jobs");
    }

    /// A number that rises with whatever is written: entries of the journal, versions, kept answers.
    pub(crate) fn written(&self) -> i64 {
        use diesel::RunQueryDsl as _;
        #[derive(diesel::QueryableByName)]
        struct Written {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            written: i64,
        }
        let query = diesel::sql_query(
            "SELECT (SELECT count(*) FROM journal_entries) + (SELECT count(*) FROM idempotency_records)
                  + (SELECT cast(coalesce(sum(version), 0) AS bigint) FROM cases) AS written",
        );
        let row: Written = match &mut *self.direct.lock().expect("the database") {
            Direct::Sqlite(conn) => query.get_result(conn),
            Direct::Postgres(conn) => query.get_result(conn),
        }
        .expect("a number");
        row.written
    }

    /// What the entries of a kind in the journal say, in their order.
    pub(crate) fn journal(&self, kind: &str) -> Vec<Value> {
        use diesel::RunQueryDsl as _;
        #[derive(diesel::QueryableByName)]
        struct Payload {
            #[diesel(sql_type = diesel::sql_types::Binary)]
            payload: Vec<u8>,
        }
        let query = diesel::sql_query(format!("SELECT payload FROM journal_entries WHERE kind = '{kind}' ORDER BY id"));
        let rows: Vec<Payload> = match &mut *self.direct.lock().expect("the database") {
            Direct::Sqlite(conn) => query.load(conn),
            Direct::Postgres(conn) => query.load(conn),
        }
        .expect("entries");
        rows.iter().map(|row| serde_json::from_slice(&row.payload).expect("JSON")).collect()
    }

    /// A request by nobody.
    pub(crate) fn nobody(&self) -> Caller {
        Caller { url: self.url.clone(), client: self.client.clone(), token: None, member: None, email: String::new() }
    }

    /// A new agency.
    pub(crate) async fn agency(&self) -> Agency<'_> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let email = format!("owner{number}@agency.example");
        let made = tenants::create(
            &self.store,
            format!("Agency {number}").try_into().expect("a name"),
            email.clone().try_into().expect("an address"),
            Some(PASSWORD.to_owned()),
            tenants::Known::Refuse,
        )
        .await
        .expect("a tenant");
        Agency { app: self, number, tenant: made.tenant_id, owner: made.member_id, members: Mutex::default() }
    }
}

/// A tenant with its people.
pub(crate) struct Agency<'a> {
    pub(crate) app: &'a TestApp,
    number: u32,
    pub(crate) tenant: TenantId,
    pub(crate) owner: MemberId,
    members: Mutex<HashMap<&'static str, Caller>>,
}

fn password_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| passwords::hash_now(PASSWORD, [7; 16]).expect("a hash")).clone()
}

impl<'a> Agency<'a> {
    /// Another tenant of the same installation, for logging in to it.
    pub(crate) fn sibling(&self, tenant: TenantId) -> Self {
        Self { app: self.app, number: self.number, tenant, owner: self.owner, members: Mutex::default() }
    }

    /// The agency's member in this role, logged in.
    pub(crate) async fn member(&self, role: Role) -> Caller {
        if let Some(known) = self.members.lock().expect("members").get(role.as_str()) {
            return known.clone();
        }
        let caller = if role == Role::Owner {
            self.log_in(&format!("owner{}@agency.example", self.number)).await
        } else {
            self.newcomer(role, role.as_str()).await
        };
        self.members.lock().expect("members").insert(role.as_str(), caller.clone());
        caller
    }

    /// One more member in this role, logged in.
    pub(crate) async fn newcomer(&self, role: Role, name: &str) -> Caller {
        let email = format!("{name}{}@agency.example", self.number);
        let (address, tenant) = (email.clone(), self.tenant);
        self.app
            .store
            .before_login(true, "test".into(), move |entrance| {
                let clock = entrance.ground().clock.clone();
                let (person, member) = (clock.new_id(), clock.new_id());
                entrance.insert_person(person, &address, "Somebody", &password_hash(), false)?;
                entrance.insert_member(tenant, member, person, role)
            })
            .await
            .expect("a member");
        self.log_in(&email).await
    }

    /// Logs in.
    pub(crate) async fn log_in(&self, email: &str) -> Caller {
        let nobody = self.app.nobody();
        let session =
            nobody.post("/v1/sessions", json!({ "email": email, "password": PASSWORD, "tenant_id": self.tenant })).await.expect(201);
        Caller {
            token: Some(session["access_token"].as_str().expect("a token").to_owned()),
            member: session["member_id"].as_str().map(str::to_owned),
            email: email.to_owned(),
            ..nobody
        }
    }

    pub(crate) async fn manager(&self) -> Caller {
        self.member(Role::Manager).await
    }

    pub(crate) async fn handler(&self) -> Caller {
        self.member(Role::Handler).await
    }

    /// A new shop.
    pub(crate) async fn shop(&self, platform: &str) -> Value {
        let new = json!({ "name": "晨光家居", "platform": platform, "legal_entity": "杭州晨光家居有限公司", "credit_code": "91350100M000100Y43" });
        self.manager().await.post("/v1/shops", new).await.expect(201)
    }

    /// A new case about fake transactions on Douyin.
    pub(crate) async fn case(&self) -> Value {
        let shop = self.shop("douyin").await;
        self.handler().await.post("/v1/cases", a_platform_finding(&shop)).await.expect(201)
    }
}

/// A finding of 120 fake transactions that arrived just now.
pub(crate) fn a_platform_finding(shop: &Value) -> Value {
    json!({
        "shop_id": shop["id"], "title": "抖音：涉嫌虚假交易 120 单",
        "complaint": {
            "channel": "platform", "kind": "platform_finding", "received_at": "2026-11-20T09:30:00+08:00", "reference_no": "DY-7781",
            "allegations": [{ "kind": "fictitious_transaction", "description": "120 单涉嫌虚假交易", "order_count": 120 }],
            "reporter": { "type": "platform" }
        }
    })
}

/// Somebody who sends requests.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    pub(crate) token: Option<String>,
    pub(crate) member: Option<String>,
    pub(crate) email: String,
}

/// A request before it is sent.
pub(crate) struct Sending {
    builder: reqwest::RequestBuilder,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Caller {
    /// A request, to be dressed with headers and a body.
    pub(crate) fn request(&self, method: Method, path: &str) -> Sending {
        let mut builder = self.client.request(method, format!("{}{path}", self.url)).header("accept-language", "en");
        if let Some(token) = &self.token {
            builder = builder.bearer_auth(token);
        }
        Sending { builder }
    }

    pub(crate) async fn get(&self, path: &str) -> Received {
        self.request(Method::GET, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Received {
        self.request(Method::POST, path).json(&body).send().await
    }

    /// Reads the resource for its version, then replaces it.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Received {
        let version = self.get(path).await.etag();
        self.request(Method::PUT, path).header("if-match", &version).json(&body).send().await
    }

    /// Reads the resource for its version, then patches it.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Received {
        let version = self.get(path).await.etag();
        self.request(Method::PATCH, path).header("if-match", &version).patch(&body).send().await
    }
}

impl Sending {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    pub(crate) fn patch(mut self, body: &Value) -> Self {
        self.builder = self.builder.header("content-type", "application/merge-patch+json").body(body.to_string());
        self
    }

    pub(crate) fn bytes(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body);
        self
    }

    pub(crate) async fn send(self) -> Received {
        let (client, request) = self.builder.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let received = Self { builder: reqwest::RequestBuilder::from_parts(client, request) }.send_untold().await;
        crate::conformance::check(&method, &path, &received);
        received
    }

    /// Sends what is no operation of the document.
    pub(crate) async fn send_untold(self) -> Received {
        let response = self.builder.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Received { status, headers, bytes: response.bytes().await.expect("a body").to_vec() }
    }
}

impl Received {
    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).expect("JSON") }
    }

    /// The problem, after checking its status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.headers.get("content-type").map(|v| v.as_bytes()), Some(b"application/problem+json".as_slice()), "{self:?}");
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag")
    }
}

impl TestApp {
    /// The bytes of every file of an embedded installation but the keys.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(&self.folder).expect("the folder").flatten();
        files.filter(|file| file.file_name() != "keys.json").filter_map(|file| std::fs::read(file.path()).ok()).collect()
    }
}

impl TestApp {
    /// The file of an embedded database.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.folder.join("rejoinder.db")
    }
}
