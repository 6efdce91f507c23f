//! The real binary: what an operator types, and what it answers.

use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rejoinder-binary-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn rejoinder(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rejoinder"));
    command.args(arguments).stdin(Stdio::null()).env("REJOINDER_LOG", "error");
    command
}

/// A server that is ended when the test ends.
struct Server {
    child: Child,
    url: String,
    greeting: String,
}

impl Server {
    fn start(command: &str, folder: &Path, more: &[&str]) -> Self {
        let mut arguments = vec![command, "--data-dir", folder.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        let mut child = rejoinder(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.next().expect("a greeting");
        let url: String =
            first.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").trim_end_matches(':').to_owned();
        let greeting =
            if command == "demo" { lines.take_while(|line| !line.starts_with("  curl")).collect::<Vec<_>>().join("\n") } else { first };
        Self { child, url, greeting }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn log_in(url: &str, email: &str, password: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = json!({ "email": email, "password": password }).to_string();
    let answer = client.post(format!("{url}/v1/sessions")).header("content-type", "application/json").body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[actix_web::test]
async fn an_empty_machine_serves_after_one_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("serve");
    let server = Server::start("serve", &folder.0, &[]);
    assert!(server.greeting.contains("listens on"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder.0), mode(&folder.0.join("keys.json"))), (0o700, 0o600));
    // A tenant is made while the server runs.
    let made = rejoinder(&[
        "tenant",
        "create",
        "--data-dir",
        folder.0.to_str().unwrap(),
        "--name",
        "一家代理",
        "--owner-email",
        "Owner@Example.com",
        "--json",
    ])
    .output()
    .unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)));
    assert_eq!(made["email"], "owner@example.com");
    let (status, session) = log_in(&server.url, "owner@example.com", made["password"].as_str().unwrap()).await;
    assert_eq!((status, &session["tenant"]["id"]), (201, &made["tenant_id"]));
    // What was answered is there after a kill.
    drop(server);
    let server = Server::start("serve", &folder.0, &[]);
    let (status, _) = log_in(&server.url, "owner@example.com", made["password"].as_str().unwrap()).await;
    assert_eq!(status, 201);
}

#[actix_web::test]
async fn the_demo_is_alive_and_made_once() {
    let folder = Folder::new("demo");
    let server = Server::start("demo", &folder.0, &[]);
    assert!(server.greeting.contains(rejoinder::demo::PASSWORD));
    for person in ["owner", "manager", "handler", "counsel", "client", "auditor"] {
        let (status, session) = log_in(&server.url, &format!("{person}@demo.example"), rejoinder::demo::PASSWORD).await;
        assert_eq!((status, &session["role"]), (201, &json!(person)));
    }
    drop(server);
    let server = Server::start("demo", &folder.0, &[]);
    let (_, session) = log_in(&server.url, "handler@demo.example", rejoinder::demo::PASSWORD).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let cases = client.get(format!("{}/v1/cases", server.url)).bearer_auth(session["access_token"].as_str().unwrap()).send().await.unwrap();
    let cases: Value = cases.json().await.unwrap();
    assert_eq!(cases["data"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn the_clock_of_the_binary_can_be_moved() {
    let folder = Folder::new("clock");
    std::fs::create_dir_all(&folder.0).unwrap();
    let shift = folder.0.join("shift");
    std::fs::write(&shift, "0").unwrap();
    let data = folder.0.join("data");
    let server = Server::start("demo", &data, &["--clock-shift-file", shift.to_str().unwrap()]);
    let (_, session) = log_in(&server.url, "handler@demo.example", rejoinder::demo::PASSWORD).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let me = || client.get(format!("{}/v1/me", server.url)).bearer_auth(session["access_token"].as_str().unwrap()).send();
    assert_eq!(me().await.unwrap().status(), 200);
    std::fs::write(&shift, "601").unwrap();
    assert_eq!(me().await.unwrap().status(), 401);
}

#[actix_web::test]
async fn the_binary_reminds_by_itself() {
    let folder = Folder::new("reminds");
    std::fs::create_dir_all(&folder.0).unwrap();
    let shift = folder.0.join("shift");
    std::fs::write(&shift, "0").unwrap();
    let mail = crate::outbound::MailServer::start(&[]).await;
    let (data, smtp) = (folder.0.join("data"), mail.url(""));
    let settings = ["--clock-shift-file", shift.to_str().unwrap(), "--smtp-url", &smtp, "--smtp-from", "no-reply@cases.example"];
    let server = Server::start("demo", &data, &settings);
    let (_, session) = log_in(&server.url, "handler@demo.example", rejoinder::demo::PASSWORD).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let channel = json!({ "kind": "email", "name": "邮箱", "address": "handler@demo.example" }).to_string();
    let added = client.post(format!("{}/v1/notification_channels", server.url)).bearer_auth(session["access_token"].as_str().unwrap());
    assert_eq!(added.header("content-type", "application/json").body(channel).send().await.unwrap().status(), 201);
    // Thirty days later something is due in a demo, and nobody has asked for anything.
    std::fs::write(&shift, (30 * 24 * 3600).to_string()).unwrap();
    for _ in 0..120 {
        if mail.mails().iter().any(|mail| mail.contains("To: handler@demo.example")) {
            return;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("no mail came");
}

#[test]
fn health_is_an_exit_code_and_a_sentence() {
    use std::io::{Read as _, Write as _};
    let asked = |arguments: &[&str]| {
        let out = rejoinder(&[&["health"], arguments].concat()).output().unwrap();
        (out.status.code(), String::from_utf8([out.stdout, out.stderr].concat()).unwrap())
    };
    let folder = Folder::new("health");
    let server = Server::start("serve", &folder.0, &[]);
    assert_eq!(asked(&["--url", &server.url]), (Some(0), format!("{} is ready\n", server.url)));
    assert_eq!(asked(&["--listen", server.url.trim_start_matches("http://")]), (Some(0), format!("{} is ready\n", server.url)));
    let url = server.url.clone();
    drop(server);
    let (code, said) = asked(&["--url", &url]);
    assert!(code == Some(1) && said.starts_with(&format!("rejoinder: no answer from {url}/readyz")), "{said}");
    // Whoever is there, but not ready or no server of ours.
    for (answer, sentence) in [
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", "is not ready: /readyz answers 503"),
        ("SSH-2.0-OpenSSH\r\n", "does not speak HTTP"),
        ("", "does not speak HTTP"),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let (code, said) = asked(&["--url", &url]);
        assert!(code == Some(1) && said.contains(sentence), "{said}");
        assert!(answering.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\n"));
    }
    for url in ["127.0.0.1:8080", "https://cases.example", "http://", "http://cases.example/v1"] {
        let (code, said) = asked(&["--url", url]);
        assert!(code == Some(1) && said.contains("is no address of a server"), "{said}");
    }
}

#[test]
fn mistakes_are_answered_with_a_sentence_that_helps() {
    let folder = Folder::new("mistakes");
    let data = folder.0.to_str().unwrap();
    let fails = |arguments: &[&str], sentence: &str| {
        let out = rejoinder(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains(sentence), "{arguments:?}: {said}");
    };
    fails(&["tenant", "create", "--data-dir", data, "--name", "x", "--owner-email", "a@b.example"], "there is no installation");
    fails(&["migrate", "--data-dir", data, "--database-url", "postgre://localhost/x"], "must begin with postgres://");
    fails(&["migrate", "--data-dir", data, "--database-url", "rejoinder.db"], "must begin with postgres://");
    fails(&["migrate", "--data-dir", data, "--database-url", "postgres://nobody@127.0.0.1:1/x"], "cannot be reached");
    fails(&["serve", "--data-dir", data, "--listen", "0.0.0.0:0"], "--behind-proxy");
    fails(&["serve", "--data-dir", data, "--rate-limit", "fast"], "requests per minute");
    fails(&["tenant", "create", "--data-dir", data, "--name", "x", "--owner-email", "nobody"], "not_an_email");
    assert!(rejoinder(&["migrate", "--data-dir", data]).output().unwrap().status.success());
    let create = ["tenant", "create", "--data-dir", data, "--name", "x", "--owner-email", "a@b.example"];
    assert!(rejoinder(&create).output().unwrap().status.success());
    fails(&create, "--existing-person");
    std::fs::remove_file(folder.0.join("keys.json")).unwrap();
    fails(&["migrate", "--data-dir", data], "keys.json");
    let help = rejoinder(&["serve", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for word in ["--database-url", "REJOINDER_DATA_DIR", "--behind-proxy", "--rate-limit"] {
        assert!(help.contains(word), "{word} is not in the help");
    }
    assert!(!help.contains("clock-shift"));
}
