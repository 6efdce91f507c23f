//! The product beside the floors of the machine it runs on, measured in one go: `cargo bench --bench load`.
//!
//! Prints Markdown. Absolute figures move with the machine; the ratio to the floor is what counts. Each measurement takes five seconds, or
//! `REJOINDER_LOAD_SECONDS`. Client, server and database share the machine: `livez` shows what client and HTTP allow by themselves.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement that cannot go on stops")]

mod client;
mod floors;
mod moves;
mod postgres;
mod product;
mod statements;

use client::{measure, request};
use diesel::{Connection as _, connection::SimpleConnection as _};
use postgres::Cluster;
use product::Tenant;
use statements::Operation;
use std::{path::Path, time::Duration};

const OPERATIONS: [(Operation, &str); 4] = [
    (Operation::GetAll, "get a case with its tasks, deadlines, complaints, allegations"),
    (Operation::GetBare, "get a bare case"),
    (Operation::List, "list 50 of 2,000 open cases by next deadline"),
    (Operation::Open, "open a case"),
];

fn next(operation: Operation, tenant: &Tenant) -> Vec<u8> {
    let case = &tenant.case;
    let get = |path: &str| request("GET", path, &tenant.token, None, "");
    match operation {
        Operation::GetAll => get(&format!("/v1/cases/{case}?expand=tasks,deadlines,complaints,allegations")),
        Operation::GetBare => get(&format!("/v1/cases/{case}")),
        Operation::List => get("/v1/cases?status=open&sort=next_due_at&limit=50"),
        Operation::Open => tenant.opening().1,
    }
}

/// Measures the product on one database, each operation beside its floor.
fn measure_on(name: &str, folder: &Path, cluster: Option<&Cluster>, length: Duration) {
    std::fs::create_dir_all(folder).expect("a folder");
    let database = product::installation(&folder.join("data"), cluster.map(|cluster| &*cluster.url));
    let made = product::make_tenants(&database);
    let filling = product::Server::start(&database).0;
    let tenants = product::fill(filling.port, &made);
    drop(filling);
    let copy = folder.join("floor.db");
    match cluster {
        Some(cluster) => cluster.connect().expect("a connection").batch_execute("ANALYZE").expect("ANALYZE"),
        None => diesel::SqliteConnection::establish(&folder.join("data/rejoinder.db").display().to_string())
            .expect("the database")
            .batch_execute(&format!("VACUUM INTO '{}'", copy.display()))
            .expect("a copy"),
    }
    let (server, cold) = product::cold_starts(&database);
    println!("\n## {name}\n\nStart to the first 200: {:.0} ms (median of 10).\n", cold.as_secs_f64() * 1_000.0);
    println!("| operation | 16 clients: req/s | p50 ms | p99 ms | 1 client: p50 ms | floor/s | floor mean ms | of the floor |");
    println!("|---|---|---|---|---|---|---|---|");
    let livez = |clients| measure(server.port, clients, length, |_| request("GET", "/livez", "", None, ""));
    print_row("livez (client and HTTP alone)", &livez(16), &livez(1), None);
    for (operation, what) in OPERATIONS {
        // Only the first tenant has many cases.
        let tenants = if operation == Operation::List { &tenants[..1] } else { &tenants[..] };
        let run = |clients| measure(server.port, clients, length, |client| next(operation, &tenants[client % tenants.len()]));
        let many = run(16);
        let floor = match cluster {
            Some(cluster) => floors::on_postgres(operation, tenants, cluster, folder, length),
            None => Some(floors::on_sqlite(operation, tenants, &copy, length)),
        };
        print_row(what, &many, &run(1), floor);
    }
    println!("\nMemory of the server: {}.", server.memory());
    drop(server);
    moves::measure(&database, &tenants[0]);
}

fn print_row(what: &str, many: &client::Measured, one: &client::Measured, floor: Option<(f64, f64)>) {
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let floor = floor.map_or_else(|| "| | ".into(), |(rate, mean)| format!("{rate:.0} | {mean:.2} | {:.2}", many.rate / rate));
    let failed = many.failed + one.failed;
    let failed = if failed == 0 { String::new() } else { format!(" (**{failed} failed**)") };
    println!("| {what}{failed} | {:.0} | {:.2} | {:.2} | {:.2} | {floor} |", many.rate, ms(many.p50), ms(many.p99), ms(one.p50));
}

fn main() {
    // `cargo test --benches` runs this too, and shall not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let seconds = std::env::var_os("REJOINDER_LOAD_SECONDS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(5);
    let length = Duration::from_secs(seconds.clamp(1, 60));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("# Load, on {cores} cores, {} s each", length.as_secs());
    println!("\nFloors: on PostgreSQL pgbench with 16 clients in prepared mode; on SQLite one connection in process, synchronous=FULL.");
    let folder = std::env::temp_dir().join(format!("rejoinder-load-{}", std::process::id()));
    measure_on("SQLite", &folder.join("sqlite"), None, length);
    match Cluster::start(&folder.join("cluster")) {
        Some(cluster) => measure_on("PostgreSQL, fsync on", &folder.join("postgres"), Some(&cluster), length),
        None => println!("\n**Left out: PostgreSQL, because its server's binaries were not found.**"),
    }
    let _ = std::fs::remove_dir_all(&folder);
}
