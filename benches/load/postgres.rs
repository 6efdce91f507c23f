//! A PostgreSQL of our own with fsync on, stopped and removed at the end, however that comes.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

/// A cluster on a port of its own.
pub(crate) struct Cluster {
    pub(crate) url: String,
    port: u16,
    bin: PathBuf,
    watch: Child,
    open: Option<ChildStdin>,
}

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
    if !Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n") {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

impl Cluster {
    /// Starts it in a folder; none when there is no PostgreSQL.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let bin = binaries()?;
        std::fs::create_dir_all(folder).expect("a folder");
        let _ = Command::new("chown").arg("postgres").arg(folder).stderr(Stdio::null()).status();
        let data = folder.join("data");
        let mut init = as_server_user(&bin.join("initdb"));
        init.current_dir(folder).args(["--auth=trust", "--username=owner", "--locale=C", "--encoding=UTF8", "-D"]).arg(&data);
        assert!(init.stdout(Stdio::null()).status().expect("initdb").success(), "initdb failed");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        // A shell between us ends the server when this process ends: its standard input closes then.
        let script = format!("\"$@\" & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf '{}'", folder.display());
        let postgres = as_server_user(&bin.join("postgres"));
        let mut watch = Command::new("sh");
        watch.current_dir(folder).args(["-c", &script, "sh"]).arg(postgres.get_program()).args(postgres.get_args());
        watch.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=on"]);
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        let mut watch = watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn().expect("PostgreSQL starts");
        let open = watch.stdin.take();
        let cluster = Self { url: format!("postgres://owner@127.0.0.1:{port}/postgres"), port, bin, watch, open };
        for _ in 0..200 {
            if cluster.connect().is_ok() {
                return Some(cluster);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL does not answer: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    pub(crate) fn connect(&self) -> diesel::ConnectionResult<diesel::PgConnection> {
        diesel::Connection::establish(&self.url)
    }

    /// Runs scripts with pgbench, 16 clients, in the role that serves; gives transactions per second and their mean milliseconds.
    pub(crate) fn pgbench(&self, scripts: &[PathBuf], length: Duration) -> Option<(f64, f64)> {
        let beside = self.bin.join("pgbench");
        let mut command = Command::new(if beside.is_file() { beside } else { PathBuf::from("pgbench") });
        command.env("PGOPTIONS", "-c role=rejoinder_app").args([
            "-h",
            "127.0.0.1",
            "-U",
            "owner",
            "-n",
            "-M",
            "prepared",
            "-c",
            "16",
            "-j",
            "2",
        ]);
        command.args(["-p", &self.port.to_string(), "-T", &length.as_secs().max(1).to_string(), "-D", "n=0"]);
        for script in scripts {
            command.arg("-f").arg(script);
        }
        let out = command.arg("postgres").output().ok()?;
        let (told, wrong) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "pgbench failed: {}", wrong.get(..2_000).unwrap_or(&wrong));
        let after = |label: &str| told.lines().find_map(|line| line.strip_prefix(label)?.split_whitespace().next()?.parse().ok());
        Some((after("tps = ")?, after("latency average = ")?))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.open.take());
        let _ = self.watch.wait();
    }
}
