//! The two databases have the same tables, and each keeps tenants apart by itself.

use crate::{
    harness::{Database, TestApp},
    postgres::fresh_database,
};
use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query,
    sql_types::Text,
};
use std::collections::BTreeSet;

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn words(rows: Vec<Word>) -> BTreeSet<String> {
    rows.into_iter().map(|row| row.word).collect()
}

/// The tables that are read before a tenant is known.
const IDENTITY: &[&str] =
    &["installation", "tenants", "persons", "sessions", "api_keys", "invitations", "agenda_feeds", "schema_migrations"];

fn postgres() -> Option<PgConnection> {
    fresh_database().map(|url| PgConnection::establish(&url).unwrap())
}

#[actix_web::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(mut pg) = postgres() else { return };
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let mut sqlite = SqliteConnection::establish(app.database_file().to_str().unwrap()).unwrap();
    let there = sql_query("SELECT table_name || '.' || column_name || ' ' || is_nullable AS word FROM information_schema.columns WHERE table_schema = 'public'").load(&mut pg).unwrap();
    let here = sql_query("SELECT m.name || '.' || c.name || ' ' || CASE WHEN c.\"notnull\" THEN 'NO' ELSE 'YES' END AS word FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'").load(&mut sqlite).unwrap();
    assert_eq!(words(here), words(there));
}

#[test]
fn postgres_keeps_tenants_apart_by_itself() {
    let Some(mut pg) = postgres() else { return };
    let tables = words(sql_query("SELECT tablename::text AS word FROM pg_tables WHERE schemaname = 'public'").load(&mut pg).unwrap());
    let forced = words(
        sql_query("SELECT relname::text AS word FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity")
            .load(&mut pg)
            .unwrap(),
    );
    for table in tables.iter().filter(|table| !IDENTITY.contains(&table.as_str())) {
        assert!(forced.contains(table), "{table} has no row security");
    }
    // Every key, index and foreign key of a tenant table begins with the tenant.
    let loose = words(
        sql_query(
            "SELECT i.indexrelid::regclass::text AS word FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
         WHERE t.relrowsecurity AND (SELECT attname FROM pg_attribute WHERE attrelid = t.oid AND attnum = i.indkey[0]) <> 'tenant_id'",
        )
        .load(&mut pg)
        .unwrap(),
    );
    assert_eq!(loose, BTreeSet::from(["members_by_person".to_owned()]), "only log-in looks across tenants");
    let crossing = words(sql_query(
        "SELECT c.conname::text AS word FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
         WHERE c.contype = 'f' AND t.relrowsecurity AND f.relrowsecurity
           AND (SELECT attname FROM pg_attribute WHERE attrelid = t.oid AND attnum = c.conkey[1]) <> 'tenant_id'",
    ).load(&mut pg).unwrap());
    assert_eq!(crossing, BTreeSet::new());
    let owned =
        words(sql_query("SELECT relname::text AS word FROM pg_class WHERE relowner = 'rejoinder_app'::regrole").load(&mut pg).unwrap());
    assert_eq!(owned, BTreeSet::new(), "the role that serves owns nothing");
    let strong = words(sql_query("SELECT rolname::text AS word FROM pg_roles WHERE rolname = 'rejoinder_app' AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole)").load(&mut pg).unwrap());
    assert_eq!(strong, BTreeSet::new());
    // Without a tenant nothing is seen, and a stranger's row cannot be written.
    pg.batch_execute("INSERT INTO tenants (id, name, created_at) VALUES (gen_random_uuid(), 'a', now()); SET ROLE rejoinder_app").unwrap();
    assert_eq!(words(sql_query("SELECT id::text AS word FROM shops").load(&mut pg).unwrap()), BTreeSet::new());
    let stranger = "INSERT INTO case_numbers SELECT id, 2026, 1 FROM tenants";
    assert!(pg.batch_execute(stranger).unwrap_err().to_string().contains("row-level security"));
    pg.batch_execute(&format!("SELECT set_config('rejoinder.tenant', (SELECT id::text FROM tenants), false); {stranger}")).unwrap();
    assert!(pg.batch_execute("UPDATE journal_entries SET kind = 'x'").unwrap_err().to_string().contains("permission denied"));
    assert!(pg.batch_execute("UPDATE deadline_register SET change = 'met'").unwrap_err().to_string().contains("permission denied"));
    assert!(pg.batch_execute("DELETE FROM deadline_register").unwrap_err().to_string().contains("permission denied"));
    assert!(pg.batch_execute("DELETE FROM cases").unwrap_err().to_string().contains("permission denied"));
}

#[actix_web::test]
async fn sqlite_refuses_references_to_another_tenant_and_changes_of_the_record() {
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let (here, there) = (app.agency().await, app.agency().await);
    let case = here.case().await;
    let mut sqlite = SqliteConnection::establish(app.database_file().to_str().unwrap()).unwrap();
    sqlite.batch_execute("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON").unwrap();
    let hex = |id: &str| id.replace('-', "");
    let move_case =
        format!("UPDATE cases SET tenant_id = x'{}' WHERE id = x'{}'", hex(&there.tenant.to_string()), hex(case["id"].as_str().unwrap()));
    assert!(sqlite.batch_execute(&move_case).unwrap_err().to_string().contains("FOREIGN KEY"));
    for change in [
        "UPDATE journal_entries SET kind = 'x'",
        "DELETE FROM journal_entries",
        "REPLACE INTO journal_entries SELECT * FROM journal_entries",
        "UPDATE deadline_register SET change = 'met'",
        "DELETE FROM deadline_register",
        "REPLACE INTO deadline_register SELECT * FROM deadline_register",
    ] {
        assert!(sqlite.batch_execute(change).unwrap_err().to_string().contains("append-only"), "{change}");
    }
}
