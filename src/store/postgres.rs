//! PostgreSQL: a pool of connections in the role that serves, one transaction for each closure.

use super::{
    error::{Failure, StoreError},
    ground::{Ground, Statements},
    migrations::{Dialect, Migrate, Migrating, SERVING_ROLE, migrate},
};
use crate::domain::ids::TenantId;
use diesel::{
    Connection as _, RunQueryDsl as _,
    connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _},
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
};
use std::time::Duration;
use uuid::Uuid;

pub(super) type Conn = diesel::PgConnection;
pub(super) type Db = diesel::pg::Pg;

#[path = "queries/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "one source of queries, compiled for two databases")]
pub(super) mod queries;

/// Alone among all processes while migrating.
const MIGRATION_LOCK: i64 = 0x52_45_4a_4f_49_4e;

#[derive(Clone)]
pub(super) struct Engine {
    pool: Pool<ConnectionManager<Conn>>,
}

impl Engine {
    pub(super) fn open(url: &str, migrating: Migrating, ground: &Ground) -> Result<Self, StoreError> {
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(StoreError::Refused(
                "the database URL must begin with postgres:// (leave it out to use the embedded SQLite in the data directory)".into(),
            ));
        }
        let mut owner = Conn::establish(url).map_err(|e| StoreError::Refused(format!("the database cannot be reached: {e}")))?;
        migrate(&mut owner, migrating == Migrating::Check)?;
        let cores = u32::try_from(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)).unwrap_or(2);
        let pool = Pool::builder()
            .max_size((4 * cores).max(8))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(5))
            .connection_customizer(Box::new(Serving(ground.statements.clone())))
            .build(ConnectionManager::new(url))
            .map_err(|e| StoreError::Refused(format!("the database refuses the role {SERVING_ROLE}: {e}")))?;
        Ok(Self { pool })
    }

    /// Runs `work` on this thread: for opening the installation.
    pub(super) fn at_once<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut conn = self.pool.get().map_err(|_| StoreError::Busy)?;
        work(&mut conn)
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        tenant: Option<TenantId>,
        work: impl FnOnce(&mut Conn) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let pool = self.pool.clone();
        tokio::task::spawn_blocking(move || {
            let mut conn = pool.get().map_err(|_| StoreError::Busy)?;
            let broken = |e: diesel::result::Error| Failure::Store(e.into());
            // One round trip: the setting ends with the transaction and cannot leak to the next one.
            let begin = match tenant {
                Some(tenant) => format!("BEGIN; SELECT set_config('rejoinder.tenant', '{tenant}', true)"),
                None => "BEGIN".to_owned(),
            };
            AnsiTransactionManager::begin_transaction_sql(&mut *conn, &begin).map_err(broken)?;
            match work(&mut conn) {
                Ok(value) => {
                    AnsiTransactionManager::commit_transaction(&mut *conn).map_err(broken)?;
                    Ok(value)
                }
                Err(failure) => {
                    if let Err(error) = AnsiTransactionManager::rollback_transaction(&mut *conn) {
                        tracing::warn!(%error, "a transaction could not be rolled back");
                    }
                    Err(failure)
                }
            }
        })
        .await
        .map_err(|e| StoreError::Broken(format!("a transaction ended badly: {e}")))?
    }
}

#[derive(Clone)]
struct Serving(Statements);

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Serving")
    }
}

impl CustomizeConnection<Conn, diesel::r2d2::Error> for Serving {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(&format!("SET ROLE {SERVING_ROLE}; SET statement_timeout = '5s'; SET lock_timeout = '4s'"))
            .map_err(diesel::r2d2::Error::QueryError)?;
        conn.set_instrumentation(self.0.clone());
        Ok(())
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
    const DIALECT: Dialect = Dialect::Postgres;

    fn run(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.batch_execute(sql)?)
    }

    fn applied(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        #[derive(diesel::QueryableByName)]
        struct Present {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            present: bool,
        }
        let present: Present = diesel::sql_query("SELECT to_regclass('schema_migrations') IS NOT NULL AS present").get_result(self)?;
        if !present.present {
            // The role belongs to the whole server: another database may have made it, even at this moment. An owner who is no superuser
            // may take it on only as its member.
            self.batch_execute(&format!(
                "DO $$ BEGIN CREATE ROLE {SERVING_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS; GRANT {SERVING_ROLE} TO CURRENT_USER;
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
                 CREATE TABLE schema_migrations (name text COLLATE \"C\" NOT NULL PRIMARY KEY, checksum text NOT NULL);
                 GRANT SELECT ON schema_migrations TO {SERVING_ROLE}"
            ))?;
        }
        let rows: Vec<Applied> = diesel::sql_query("SELECT name, checksum FROM schema_migrations ORDER BY name").load(self)?;
        Ok(rows.into_iter().map(|row| (row.name, row.checksum)).collect())
    }

    fn note(&mut self, name: &str, checksum: &str) -> Result<(), StoreError> {
        self.batch_execute(&format!("INSERT INTO schema_migrations VALUES ('{name}', '{checksum}')"))?;
        Ok(())
    }

    fn alone(&mut self, work: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
        let outcome = work(self);
        self.batch_execute(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        outcome
    }
}

#[derive(diesel::QueryableByName)]
struct Locked {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    locked: bool,
}

/// Takes a lock until the transaction ends, without waiting for it.
pub(super) fn lock_key(conn: &mut Conn, key: i64) -> Result<(), StoreError> {
    let row: Locked =
        diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS locked").bind::<diesel::sql_types::BigInt, _>(key).get_result(conn)?;
    if row.locked { Ok(()) } else { Err(StoreError::InFlight) }
}

/// Shows the transaction one tenant's rows.
pub(super) fn enter_tenant(conn: &mut Conn, tenant: Uuid) -> Result<(), StoreError> {
    Ok(conn.batch_execute(&format!("SELECT set_config('rejoinder.tenant', '{tenant}', true)"))?)
}

/// Shows the transaction one person's memberships.
pub(super) fn enter_person(conn: &mut Conn, person: Uuid) -> Result<(), StoreError> {
    Ok(conn.batch_execute(&format!("SELECT set_config('rejoinder.person', '{person}', true)"))?)
}
