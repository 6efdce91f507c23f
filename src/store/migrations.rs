//! Migrations: one portable tree, written for each database when it is applied.

use super::error::StoreError;
use crate::domain::content::BUILT_IN_PLAYBOOK;

/// What was built into the binary, in order.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_spine", include_str!("../../migrations/0001_spine.sql")),
    ("0002_playbooks_and_comments", include_str!("../../migrations/0002_playbooks_and_comments.sql")),
    ("0003_deadlines", include_str!("../../migrations/0003_deadlines.sql")),
];

/// What opening does about migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrating {
    /// Apply what is missing.
    Apply,
    /// Refuse a schema that is behind.
    Check,
}

/// Which SQL the words in braces become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite: STRICT tables, ids as 16 bytes, instants as microseconds.
    Sqlite,
    /// PostgreSQL: row security for every tenant table, rights for the role that serves.
    Postgres,
}

/// The role that serves: it owns nothing and passes no row security.
pub(super) const SERVING_ROLE: &str = "rejoinder_app";

/// What a migration needs of a connection.
pub(super) trait Migrate {
    /// The dialect it speaks.
    const DIALECT: Dialect;
    /// Runs statements that return nothing.
    fn run(&mut self, sql: &str) -> Result<(), StoreError>;
    /// The names and checksums of the migrations that were applied, in order; makes the table that holds them.
    fn applied(&mut self) -> Result<Vec<(String, String)>, StoreError>;
    /// Notes a migration as applied.
    fn note(&mut self, name: &str, checksum: &str) -> Result<(), StoreError>;
    /// Runs `work` in one transaction, alone among all processes.
    fn alone(&mut self, work: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError>;
}

/// Applies what is missing. With `only_check` it applies nothing and refuses a schema that is behind.
///
/// # Errors
/// When the schema is newer than this binary, or differs from what was applied, or is behind while only checking.
pub(super) fn migrate<C: Migrate>(connection: &mut C, only_check: bool) -> Result<(), StoreError> {
    connection.alone(|connection| {
        let applied = connection.applied()?;
        for (position, (name, checksum)) in applied.iter().enumerate() {
            let Some((known, text)) = MIGRATIONS.get(position) else {
                return Err(StoreError::Refused(format!("the database was migrated by a newer version of rejoinder ({name})")));
            };
            if known != name || *checksum != checksum_of(text) {
                return Err(StoreError::Refused(format!("the database's migration {name} is not the one this version knows")));
            }
        }
        for (name, text) in MIGRATIONS.iter().skip(applied.len()) {
            if only_check {
                return Err(StoreError::Refused(format!("the database lacks the migration {name}: run `rejoinder migrate` as its owner")));
            }
            connection.run(&write_for(C::DIALECT, text))?;
            connection.note(name, &checksum_of(text))?;
        }
        Ok(())
    })
}

fn checksum_of(text: &str) -> String {
    crate::domain::journal::hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
}

fn write_for(dialect: Dialect, text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let directive = line.strip_prefix('{').and_then(|l| l.strip_suffix('}')).and_then(|l| l.split_once(' '));
        match directive {
            Some((habit, table)) => out.push_str(&habit_of(dialect, habit, table)),
            None => out.push_str(&types_of(dialect, line)),
        }
        out.push('\n');
    }
    out
}

fn types_of(dialect: Dialect, line: &str) -> String {
    let types: &[(&str, &str, &str)] = &[
        ("{id}", "BLOB", "uuid"),
        ("{instant}", "INTEGER", "timestamptz"),
        ("{json}", "TEXT", "jsonb"),
        ("{bytes}", "BLOB", "bytea"),
        ("{bool}", "INTEGER", "boolean"),
        ("{int}", "INTEGER", "integer"),
        ("{integer}", "INTEGER", "bigint"),
        ("{text}", "TEXT", "text COLLATE \"C\""),
        ("{table}", "STRICT", ""),
    ];
    let id = |id: uuid::Uuid| match dialect {
        Dialect::Sqlite => format!("x'{}'", id.simple()),
        Dialect::Postgres => format!("'{id}'"),
    };
    let epoch = if dialect == Dialect::Sqlite { "0" } else { "'epoch'" };
    let line =
        line.replace("{built_in_playbook}", &id(BUILT_IN_PLAYBOOK)).replace("{nil}", &id(uuid::Uuid::nil())).replace("{epoch}", epoch);
    types.iter().fold(line, |line, (word, sqlite, postgres)| line.replace(word, if dialect == Dialect::Sqlite { sqlite } else { postgres }))
}

fn habit_of(dialect: Dialect, habit: &str, table: &str) -> String {
    let rights = format!("GRANT SELECT, INSERT, UPDATE ON {table} TO {SERVING_ROLE};");
    let own_tenant = "tenant_id = (SELECT nullif(current_setting('rejoinder.tenant', true), '')::uuid)";
    match (dialect, habit) {
        (Dialect::Sqlite, "append_only") => ["UPDATE", "DELETE"]
            .map(|verb| {
                format!(
                    "CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
                )
            })
            .join("\n"),
        (Dialect::Sqlite, _) => String::new(),
        (Dialect::Postgres, "identity") => rights,
        (Dialect::Postgres, "tenant") => format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
             CREATE POLICY own_tenant ON {table} USING ({own_tenant}) WITH CHECK ({own_tenant});
             {rights}"
        ),
        (Dialect::Postgres, "also_visible_to_person") => format!(
            "CREATE POLICY own_person ON {table} FOR SELECT USING (person_id = (SELECT nullif(current_setting('rejoinder.person', true), '')::uuid));"
        ),
        // A migration that looks at all tenants' rows is subject to row security like everybody else, until it says otherwise.
        (Dialect::Postgres, "all_tenants") => format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"),
        (Dialect::Postgres, "own_tenant") => format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"),
        (Dialect::Postgres, "deletable") => format!("GRANT DELETE ON {table} TO {SERVING_ROLE};"),
        (Dialect::Postgres, "append_only") => format!("REVOKE UPDATE ON {table} FROM {SERVING_ROLE};"),
        (Dialect::Postgres, other) => format!("unknown habit {other};"),
    }
}
