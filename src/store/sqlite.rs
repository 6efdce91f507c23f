//! SQLite: one writer thread that commits in groups, and readers that cannot write.

use super::{
    error::{Failure, StoreError},
    ground::{Ground, Statements},
    migrations::{Dialect, Migrate, Migrating, migrate},
};
use crate::limits::{WRITE_GROUP, WRITE_QUEUE};
use diesel::{
    Connection as _, RunQueryDsl as _,
    connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _, TransactionManagerStatus},
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

pub(super) type Conn = diesel::SqliteConnection;
pub(super) type Db = diesel::sqlite::Sqlite;

#[path = "queries/mod.rs"]
pub(super) mod queries;

/// Set on each connection, and read back.
const PRAGMAS: &[(&str, &str)] = &[
    ("busy_timeout", "5000"),
    ("journal_mode", "wal"),
    ("synchronous", "2"),
    ("foreign_keys", "1"),
    ("recursive_triggers", "1"),
    ("trusted_schema", "0"),
    ("secure_delete", "1"),
    ("cell_size_check", "1"),
    ("cache_size", "-8000"),
];

/// Runs on the writer's connection, or is told why there is no transaction to run in.
type Job = Box<dyn FnOnce(Result<&mut Conn, StoreError>) -> Settle + Send>;
/// Sends a job's answer once the group is committed, or the reason why it was not.
type Settle = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

#[derive(Clone)]
pub(super) struct Engine {
    writer: mpsc::Sender<Job>,
    readers: Pool<ConnectionManager<Conn>>,
}

impl Engine {
    pub(super) fn open(path: &Path, migrating: Migrating, ground: &Ground) -> Result<Self, StoreError> {
        let url = path.to_str().ok_or_else(|| StoreError::Refused("the data directory's path is not UTF-8".into()))?;
        let mut writer = Conn::establish(url).map_err(|e| StoreError::Refused(format!("{url} cannot be opened: {e}")))?;
        prepare(&mut writer, &ground.statements)?;
        // Opening a case touches many index pages; the one writer may keep them at hand.
        writer.batch_execute("PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 4000")?;
        migrate(&mut writer, migrating == Migrating::Check)?;
        let (sender, jobs) = mpsc::channel(WRITE_QUEUE);
        let thread = std::thread::Builder::new().name("sqlite-writer".into());
        thread.spawn(move || write_in_groups(writer, jobs)).map_err(|e| StoreError::Refused(format!("no thread for the writer: {e}")))?;
        let cores = u32::try_from(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)).unwrap_or(2);
        let readers = Pool::builder()
            .max_size(2 * cores)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(5))
            .connection_customizer(Box::new(Reader(ground.statements.clone())))
            .build(ConnectionManager::new(url))
            .map_err(|e| StoreError::Refused(format!("{url} cannot be read: {e}")))?;
        Ok(Self { writer: sender, readers })
    }

    /// Runs `work` on the writer and waits for it on this thread: for opening the installation.
    pub(super) fn at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let job = job(
            move |conn| work(conn).map_err(Failure::Store),
            move |answer| {
                let _ = sender.send(answer);
            },
        );
        self.writer.try_send(job).map_err(|_| StoreError::Busy)?;
        match receiver.recv() {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Failure::Store(error))) => Err(error),
            Ok(Err(Failure::Rule(rule))) => Err(StoreError::Broken(rule.to_string())),
            Err(_) => Err(StoreError::Broken("the writer is gone".into())),
        }
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        writes: bool,
        work: impl FnOnce(&mut Conn) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        if !writes {
            let readers = self.readers.clone();
            return tokio::task::spawn_blocking(move || {
                let mut conn = readers.get().map_err(|_| StoreError::Busy)?;
                conn.transaction::<_, Through, _>(|conn| Ok(work(conn)?)).map_err(|Through(failure)| failure)
            })
            .await
            .map_err(|e| StoreError::Broken(format!("a read ended badly: {e}")))?;
        }
        let (sender, receiver) = oneshot::channel();
        let job = job(work, move |answer| {
            let _ = sender.send(answer);
        });
        self.writer.try_send(job).map_err(|_| StoreError::Busy)?;
        receiver.await.map_err(|_| StoreError::Broken("the writer is gone".into()))?
    }
}

/// Lets Diesel's own errors of `BEGIN` and `COMMIT` pass through a [`Failure`].
struct Through(Failure);

impl From<diesel::result::Error> for Through {
    fn from(error: diesel::result::Error) -> Self {
        Self(Failure::Store(error.into()))
    }
}

impl From<Failure> for Through {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// A job that runs in a savepoint of its own, so that its failure leaves its neighbours alone.
fn job<T: Send + 'static>(
    work: impl FnOnce(&mut Conn) -> Result<T, Failure> + Send + 'static,
    answer: impl FnOnce(Result<T, Failure>) + Send + 'static,
) -> Job {
    Box::new(move |conn| {
        let outcome = conn.map_err(Failure::Store).and_then(|conn| in_savepoint(conn, work));
        Box::new(move |committed| {
            answer(match (outcome, committed) {
                (Ok(_), Err(error)) => Err(Failure::Store(error)),
                (outcome, _) => outcome,
            });
        })
    })
}

fn in_savepoint<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, Failure>) -> Result<T, Failure> {
    let panicked = |_| Err(Failure::Store(StoreError::Broken("a write panicked".into())));
    let guarded = |conn: &mut Conn| -> Result<T, Through> {
        // A panic must not end the writer: it is one request's failure.
        Ok(catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or_else(panicked)?)
    };
    conn.transaction(guarded).map_err(|Through(failure)| failure)
}

/// The writer: takes what waits, runs it in one transaction, and lets answers go only after the COMMIT.
fn write_in_groups(mut conn: Conn, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        if let Err(error) = AnsiTransactionManager::begin_transaction_sql(&mut conn, "BEGIN IMMEDIATE") {
            // Without the transaction a job would commit by itself: it must not run at all.
            start_over(&mut conn);
            first(Err(error.into()))(Ok(()));
            continue;
        }
        let mut settles = vec![first(Ok(&mut conn))];
        while settles.len() < WRITE_GROUP
            && let Ok(next) = jobs.try_recv()
        {
            settles.push(next(Ok(&mut conn)));
        }
        let committed = AnsiTransactionManager::commit_transaction(&mut conn).map_err(StoreError::from);
        if let Err(error) = &committed {
            tracing::error!(%error, "a group of writes was not committed");
            if error.to_string().contains("disk I/O error") {
                // After a failed sync nobody knows what is on the disk: recover from the log on the next start, never try again.
                std::process::abort();
            }
            start_over(&mut conn);
        }
        for settle in settles {
            settle(match &committed {
                Ok(()) => Ok(()),
                Err(StoreError::Full) => Err(StoreError::Full),
                Err(error) => Err(StoreError::Broken(error.to_string())),
            });
        }
    }
}

/// Ends whatever transaction SQLite or Diesel still believes in, after one of them has given up on it.
fn start_over(conn: &mut Conn) {
    let _ = conn.batch_execute("ROLLBACK");
    *AnsiTransactionManager::transaction_manager_status_mut(conn) = TransactionManagerStatus::default();
}

#[derive(diesel::QueryableByName)]
struct Pragma {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

fn prepare(conn: &mut Conn, statements: &Statements) -> Result<(), StoreError> {
    for (name, value) in PRAGMAS {
        conn.batch_execute(&format!("PRAGMA {name} = {value}"))?;
        let table = if *name == "busy_timeout" { "timeout" } else { name };
        let query = format!("SELECT CAST({table} AS TEXT) AS value FROM pragma_{name}");
        let read: Pragma = diesel::sql_query(query).get_result(conn)?;
        if read.value != *value {
            return Err(StoreError::Refused(format!("SQLite keeps {name} at {} where {value} is needed", read.value)));
        }
    }
    conn.set_instrumentation(statements.clone());
    Ok(())
}

#[derive(Clone)]
struct Reader(Statements);

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl CustomizeConnection<Conn, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        let refused = |e: StoreError| diesel::r2d2::Error::QueryError(diesel::result::Error::QueryBuilderError(e.to_string().into()));
        prepare(conn, &self.0).map_err(refused)?;
        conn.batch_execute("PRAGMA query_only = 1").map_err(diesel::r2d2::Error::QueryError)
    }
}

#[derive(diesel::QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    checksum: String,
}

impl Migrate for Conn {
    const DIALECT: Dialect = Dialect::Sqlite;

    fn run(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.batch_execute(sql)?)
    }

    fn applied(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        self.batch_execute("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL) STRICT")?;
        let rows: Vec<Applied> = diesel::sql_query("SELECT name, checksum FROM schema_migrations ORDER BY name").load(self)?;
        Ok(rows.into_iter().map(|row| (row.name, row.checksum)).collect())
    }

    fn note(&mut self, name: &str, checksum: &str) -> Result<(), StoreError> {
        self.batch_execute(&format!("INSERT INTO schema_migrations VALUES ('{name}', '{checksum}')"))?;
        Ok(())
    }

    fn alone(&mut self, work: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.batch_execute("BEGIN IMMEDIATE")?;
        let outcome = work(self);
        self.batch_execute(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        outcome
    }
}

/// The writer works alone: nothing to lock.
#[expect(clippy::unnecessary_wraps, reason = "the other database has something to say")]
pub(super) fn lock_key(_conn: &mut Conn, _key: i64) -> Result<(), StoreError> {
    Ok(())
}

/// There is one file and no row security.
#[expect(clippy::unnecessary_wraps, reason = "the other database has something to say")]
pub(super) fn enter_tenant(_conn: &mut Conn, _tenant: uuid::Uuid) -> Result<(), StoreError> {
    Ok(())
}

/// There is one file and no row security.
#[expect(clippy::unnecessary_wraps, reason = "the other database has something to say")]
pub(super) fn enter_person(_conn: &mut Conn, _person: uuid::Uuid) -> Result<(), StoreError> {
    Ok(())
}
