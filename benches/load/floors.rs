//! The floors: the same statements without HTTP, JSON and rules, by pgbench and by SQLite in this process.

use crate::{
    postgres::Cluster,
    product::Tenant,
    statements::{self, Operation, POSTGRES, SQLITE, Statement, Value},
};
use diesel::{
    Connection as _, QueryableByName, RunQueryDsl,
    connection::SimpleConnection as _,
    deserialize::FromSql,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    row::{Field as _, NamedRow, Row},
    sql_types::{BigInt, Binary, Nullable, Text, Untyped},
    sqlite::{Sqlite, SqliteConnection},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Transactions per second and mean milliseconds of pgbench, whose clients choose among the tenants.
pub(crate) fn on_postgres(
    operation: Operation,
    tenants: &[Tenant],
    cluster: &Cluster,
    folder: &Path,
    length: Duration,
) -> Option<(f64, f64)> {
    let mut conn = cluster.connect().expect("a connection");
    let mut read = |sql: &str| diesel::sql_query(sql).load(&mut conn).expect(sql).into_iter().map(|line: Line| line.line).collect();
    let mut scripts = Vec::new();
    for (number, tenant) in tenants.iter().enumerate() {
        let statements = statements::of(operation, tenant, &POSTGRES, &mut read);
        // Ids that rise with time, as the product's do: a counter, the client, and the place in the case.
        let mut script = format!(
            "\\set n :n + 1\n\\set b (:n * 64 + :client_id) * 64\nBEGIN;\nSELECT set_config('rejoinder.tenant', '{}', true);\n",
            tenant.id
        );
        for statement in &statements {
            script.push_str(&match statement {
                Statement::Read(sql) => format!("{sql};\n"),
                Statement::Number(sql) => format!("SELECT pg_try_advisory_xact_lock(CAST(:b AS bigint));\n{sql} \\gset\n"),
                Statement::Insert(table, rows) => {
                    let row = |row: &Vec<Value>| format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", "));
                    format!("INSERT INTO {table} VALUES {};\n", rows.iter().map(row).collect::<Vec<_>>().join(", "))
                }
            });
        }
        let path = folder.join(format!("{operation:?}-{number}.sql"));
        std::fs::write(&path, script + "COMMIT;\n").expect("a script");
        scripts.push(path);
    }
    cluster.pgbench(&scripts, length)
}

/// A value as pgbench reads it, to whom a colon begins a variable.
fn literal(value: &Value) -> String {
    match value {
        Value::Read(None) => "NULL".into(),
        Value::Read(Some(text)) => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\072")),
        Value::NewId(place) => format!("CAST('01ff' || lpad(to_hex(CAST(:b AS bigint) + {place}), 12, '0') || '7000800000000000' AS uuid)"),
        Value::NewNumber => "'L-' || CAST(:last AS text)".into(),
        Value::NewKey => "'floor-' || CAST(:b AS text)".into(),
    }
}

/// A value bound to a statement.
enum Bound {
    Null,
    Whole(i64),
    Bytes(Vec<u8>),
    Text(String),
}

impl Bound {
    /// What a literal of SQLite's `quote` stands for.
    fn read(literal: &str) -> Self {
        match (literal, literal.strip_prefix("X'"), literal.strip_prefix('\'')) {
            ("NULL", ..) => Self::Null,
            (_, Some(hex), _) => {
                let digits = |place: usize| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok();
                Self::Bytes((0..hex.len() / 2).map_while(|byte| digits(byte * 2)).collect())
            }
            (.., Some(text)) => Self::Text(text.strip_suffix('\'').unwrap_or(text).replace("''", "'")),
            _ => Self::Whole(literal.parse().expect("a whole number")),
        }
    }

    /// A value for transaction number `n`.
    fn of(value: &Value, n: u64) -> Self {
        match value {
            Value::Read(literal) => Self::read(literal.as_deref().unwrap_or("NULL")),
            Value::NewId(place) => Self::Bytes(((0x01ff_u128 << 112) | (u128::from(n) << 16) | *place as u128).to_be_bytes().to_vec()),
            Value::NewNumber => Self::Text(format!("L-{n}")),
            Value::NewKey => Self::Text(format!("floor-{n}")),
        }
    }
}

/// A statement that Diesel prepares once.
struct Prepared<'a> {
    /// One piece before each value, and one behind the last.
    pieces: &'a [String],
    values: &'a [Bound],
}

impl QueryFragment<Sqlite> for Prepared<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> diesel::QueryResult<()> {
        for (place, piece) in self.pieces.iter().enumerate() {
            out.push_sql(piece);
            match self.values.get(place) {
                Some(Bound::Null) => out.push_bind_param::<Nullable<Text>, _>(&None::<String>)?,
                Some(Bound::Whole(number)) => out.push_bind_param::<BigInt, _>(number)?,
                Some(Bound::Bytes(bytes)) => out.push_bind_param::<Binary, _>(bytes)?,
                Some(Bound::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                None => {}
            }
        }
        Ok(())
    }
}

impl QueryId for Prepared<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<SqliteConnection> for Prepared<'_> {}

/// Any row, all columns of which are read.
struct AnyRow;

impl QueryableByName<Sqlite> for AnyRow {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> diesel::deserialize::Result<Self> {
        for place in 0..row.field_count() {
            if let Some(value) = Row::get(row, place).as_ref().and_then(|field| field.value()) {
                std::hint::black_box(<Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?);
            }
        }
        Ok(Self)
    }
}

/// The pieces of a statement, its values, and what they are bound to.
type Ready<'a> = (Vec<String>, Vec<&'a Value>, Vec<Bound>);

fn ready(statement: &Statement) -> Ready<'_> {
    match statement {
        Statement::Read(sql) | Statement::Number(sql) => (vec![sql.clone()], Vec::new(), Vec::new()),
        Statement::Insert(table, rows) => {
            let between = |(number, place)| match (number, place) {
                (0, 0) => format!("INSERT INTO {table} VALUES ("),
                (_, 0) => "), (".to_owned(),
                _ => ", ".to_owned(),
            };
            let places = rows.iter().enumerate().flat_map(|(number, row)| (0..row.len()).map(move |place| (number, place)));
            let pieces = places.map(between).chain([")".to_owned()]).collect();
            let values: Vec<&Value> = rows.iter().flatten().collect();
            let bound = values.iter().map(|value| Bound::of(value, 0)).collect();
            (pieces, values, bound)
        }
    }
}

/// Transactions per second and their mean milliseconds on a copy of the database: one connection in this process, one COMMIT each.
pub(crate) fn on_sqlite(operation: Operation, tenants: &[Tenant], database: &Path, length: Duration) -> (f64, f64) {
    let mut conn = SqliteConnection::establish(&database.display().to_string()).expect("the database");
    conn.batch_execute(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = 2; PRAGMA foreign_keys = 1; PRAGMA secure_delete = 1; PRAGMA cache_size = -8000",
    )
    .expect("pragmas");
    let mut read = |sql: &str| diesel::sql_query(sql).load(&mut conn).expect(sql).into_iter().map(|line: Line| line.line).collect();
    let all: Vec<Vec<Statement>> = tenants.iter().map(|tenant| statements::of(operation, tenant, &SQLITE, &mut read)).collect();
    let mut all: Vec<Vec<Ready<'_>>> = all.iter().map(|statements| statements.iter().map(ready).collect()).collect();
    let (begin, mut done) = (Instant::now(), 0_u64);
    while begin.elapsed() < length {
        done += 1;
        conn.batch_execute(if operation == Operation::Open { "BEGIN IMMEDIATE" } else { "BEGIN" }).expect("BEGIN");
        let tenant = usize::try_from(done).unwrap_or_default() % tenants.len();
        for (pieces, values, bound) in &mut all[tenant] {
            for (value, bound) in values.iter().zip(bound.iter_mut()).filter(|(value, _)| !matches!(value, Value::Read(_))) {
                *bound = Bound::of(value, done);
            }
            let _: Vec<AnyRow> = Prepared { pieces, values: bound }.load(&mut conn).expect("a statement");
        }
        conn.batch_execute("COMMIT").expect("COMMIT");
    }
    let took = begin.elapsed().as_secs_f64();
    (done as f64 / took, took * 1_000.0 / done as f64)
}
