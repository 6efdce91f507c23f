//! A PostgreSQL of our own: started once for each run on a port of its own, gone when the run ends.

use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Where the server's binaries are: `REJOINDER_TEST_PG_BIN`, the path, or where Debian puts them.
fn binaries() -> Option<PathBuf> {
    let told = std::env::var_os("REJOINDER_TEST_PG_BIN").map(PathBuf::from);
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut packaged: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin")).collect();
    packaged.sort();
    told.into_iter()
        .chain(on_path)
        .chain(packaged.into_iter().rev())
        .find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: drop to its own user then.
fn as_server_user(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

struct Server {
    port: u16,
    template: String,
}

fn start() -> Option<Server> {
    let bin = binaries()?;
    let dir = std::env::temp_dir().join(format!("rejoinder-pg-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder for PostgreSQL");
    if Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n") {
        assert!(Command::new("chown").arg("postgres").arg(&dir).status().expect("chown").success(), "there is no user postgres");
    }
    let data = dir.join("data");
    let made = as_server_user(&bin.join("initdb"))
        .current_dir(&dir)
        .args(["--auth=trust", "--username=owner", "--locale=C", "--encoding=UTF8", "--no-sync", "-D"])
        .arg(&data)
        .stdout(Stdio::null())
        .status();
    assert!(made.expect("initdb").success(), "initdb failed");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    // A shell between us ends the server when this process ends, however it ends: its standard input closes then.
    let script = format!("\"$@\" & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf '{}'", dir.display());
    let postgres = as_server_user(&bin.join("postgres"));
    let mut watch = Command::new("sh");
    watch.current_dir(&dir).args(["-c", &script, "sh"]).arg(postgres.get_program()).args(postgres.get_args());
    watch.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k", ""]);
    for setting in [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "listen_addresses=127.0.0.1",
        "max_connections=400",
        "shared_buffers=64MB",
    ] {
        watch.args(["-c", setting]);
    }
    let log = std::fs::File::create(dir.join("log")).expect("a log");
    watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
    // The pipe to it stays open until this process ends.
    std::mem::forget(watch.spawn().expect("PostgreSQL starts"));
    let server = Server { port, template: "template_rejoinder".into() };
    for _ in 0..200 {
        if sql(&server, "SELECT 1").is_ok() {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("PostgreSQL does not answer: {}", std::fs::read_to_string(dir.join("log")).unwrap_or_default());
}

fn url(server: &Server, database: &str) -> String {
    format!("postgres://owner@127.0.0.1:{}/{database}", server.port)
}

fn sql(server: &Server, statement: &str) -> Result<(), String> {
    use diesel::{Connection as _, connection::SimpleConnection as _};
    let mut conn = diesel::PgConnection::establish(&url(server, "postgres")).map_err(|e| e.to_string())?;
    conn.batch_execute(statement).map_err(|e| e.to_string())
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// The URL of a fresh, migrated database; none when there is no PostgreSQL, which is said loudly once, and is a failure when
/// `REJOINDER_TEST_REQUIRE_ALL` is set.
pub(crate) fn fresh_database() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(|| {
        let server = start();
        match &server {
            Some(server) => {
                sql(server, &format!("CREATE DATABASE {}", server.template)).expect("a template");
                migrate(&url(server, &server.template));
            }
            None => {
                let sentence = "\n*** LEFT OUT: every test on PostgreSQL, because its server's binaries were not found. Install PostgreSQL, or name their folder in REJOINDER_TEST_PG_BIN. ***\n";
                // Past the test runner's capture.
                let _ = std::io::stderr().write_all(sentence.as_bytes());
                let _ = std::fs::OpenOptions::new().write(true).open("/dev/tty").and_then(|mut tty| tty.write_all(sentence.as_bytes()));
            }
        }
        server
    });
    let Some(server) = server else {
        assert!(std::env::var_os("REJOINDER_TEST_REQUIRE_ALL").is_none(), "PostgreSQL is required here and was not found");
        return None;
    };
    let database = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    static COPY: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = COPY.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let copy = format!("CREATE DATABASE {database} TEMPLATE {} STRATEGY file_copy", server.template);
    // The connections that made the template may still be going.
    for _ in 0..100 {
        match sql(server, &copy) {
            Err(error) if error.contains("being accessed by other users") => std::thread::sleep(Duration::from_millis(50)),
            made => {
                made.expect("a database");
                return Some(url(server, &database));
            }
        }
    }
    panic!("the template stays in use")
}

fn migrate(url: &str) {
    use rejoinder::store::{Location, Migrating, Store};
    let keys = std::env::temp_dir().join(format!("rejoinder-template-keys-{}.json", std::process::id()));
    drop(Store::open(Location::Server(url), Migrating::Apply, crate::harness::ground(&keys)).expect("the schema"));
    // Each test brings keys of its own.
    use diesel::{Connection as _, connection::SimpleConnection as _};
    diesel::PgConnection::establish(url).expect("the template").batch_execute("DELETE FROM installation").expect("no keys");
    let _ = std::fs::remove_file(keys);
}
