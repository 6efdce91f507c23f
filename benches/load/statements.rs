//! The statements of each operation, in the fewest that do it: what the floors run.
//!
//! The reads were taken from PostgreSQL's log of one request each (`log_statement=all`), with `*` for the columns, all of which the product
//! names, and with words in braces for ids. What opening a case writes is read back from a case that the product opened.

use crate::product::Tenant;

const PRINCIPAL: &str = "SELECT members.role, members.status, sessions.expires_at, sessions.revoked_at FROM sessions \
    JOIN members ON members.tenant_id = sessions.tenant_id AND members.id = sessions.member_id \
    WHERE sessions.id = {session} AND sessions.tenant_id = {tenant} AND sessions.member_id = {member} LIMIT 1";
const CASE: &str = "SELECT * FROM cases WHERE tenant_id = {tenant} AND id = {case}";
/// All that is in a case. The product reads the triggers too, though its answer does not show them.
const CONTENTS: [&str; 5] = [
    "SELECT * FROM complaints WHERE tenant_id = {tenant} AND case_id = {case} ORDER BY id",
    "SELECT * FROM allegations WHERE tenant_id = {tenant} AND case_id = {case} ORDER BY id",
    "SELECT * FROM tasks WHERE tenant_id = {tenant} AND case_id = {case} ORDER BY due_at, id",
    "SELECT * FROM deadlines WHERE tenant_id = {tenant} AND case_id = {case} ORDER BY due_at, id",
    "SELECT * FROM triggers WHERE tenant_id = {tenant} AND case_id = {case} ORDER BY id",
];
const LIST: &str = "SELECT * FROM cases WHERE tenant_id = {tenant} AND status = 'open' ORDER BY next_due_at, id LIMIT 51";
/// The product authorises before it reads the body, in a transaction of its own, and again here; the floor does it once.
const BEFORE_OPENING: [&str; 2] = [
    "SELECT fingerprint, status, headers, body, created_at FROM idempotency_records \
     WHERE tenant_id = {tenant} AND principal_id = {member} AND operation = 'POST /v1/cases' AND key = 'a new one'",
    "SELECT * FROM shops WHERE tenant_id = {tenant} AND id = {shop}",
];
const NUMBER: &str = "INSERT INTO case_numbers (tenant_id, year, last) VALUES ({tenant}, 2026, 1) \
    ON CONFLICT (tenant_id, year) DO UPDATE SET last = case_numbers.last + 1 RETURNING last";
/// One insert for each, whatever the number of its rows.
const TABLES: [&str; 9] =
    ["cases", "active_stages", "complaints", "allegations", "triggers", "deadlines", "tasks", "idempotency_records", "journal_entries"];

/// An operation that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    GetAll,
    GetBare,
    List,
    Open,
}

/// A value of a row to insert.
pub(crate) enum Value {
    /// As it was read: text on PostgreSQL, a literal on SQLite.
    Read(Option<String>),
    /// An id that is new in every transaction; which of them.
    NewId(usize),
    /// A case number that is new.
    NewNumber,
    /// An idempotency key that is new.
    NewKey,
}

/// A statement of a floor.
pub(crate) enum Statement {
    Read(String),
    Number(String),
    Insert(&'static str, Vec<Vec<Value>>),
}

/// How a database writes and tells things.
pub(crate) struct Dialect {
    pub(crate) id: fn(&str) -> String,
    /// The names of a table's columns.
    pub(crate) columns: &'static str,
    /// Puts a column, and a list of them, so that they can be read back as JSON.
    pub(crate) column: fn(&str) -> String,
    pub(crate) row: &'static str,
    /// The hexadecimal digits of an id.
    pub(crate) digits: &'static str,
}

pub(crate) const POSTGRES: Dialect = Dialect {
    id: |id| format!("'{id}'"),
    columns: "SELECT attname::text AS line FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    column: |name| format!("{name}::text"),
    row: "jsonb_build_array({columns})::text",
    digits: "replace(id::text, '-', '')",
};

pub(crate) const SQLITE: Dialect = Dialect {
    id: |id| format!("X'{}'", id.replace('-', "")),
    columns: "SELECT name AS line FROM pragma_table_info('{table}') ORDER BY cid",
    column: |name| format!("quote({name})"),
    row: "json_array({columns})",
    digits: "lower(hex(id))",
};

/// The statements of an operation of a tenant's owner; `read` runs a query and gives its column `line`.
pub(crate) fn of(operation: Operation, tenant: &Tenant, dialect: &Dialect, read: &mut dyn FnMut(&str) -> Vec<String>) -> Vec<Statement> {
    let place = |text: &str, session: &str| {
        let ids = [("{tenant}", &*tenant.id), ("{member}", &tenant.member), ("{shop}", &tenant.shop), ("{case}", &tenant.case)];
        let known = ids.iter().fold(text.to_owned(), |text, (word, id)| text.replace(word, &(dialect.id)(id)));
        known.replace("{session}", &(dialect.id)(session))
    };
    let session = read(&place(&format!("SELECT {} AS line FROM sessions WHERE member_id = {{member}} LIMIT 1", dialect.digits), ""));
    let mut reads = vec![PRINCIPAL];
    match operation {
        Operation::GetBare => reads.push(CASE),
        Operation::GetAll => reads.extend([CASE].iter().chain(&CONTENTS)),
        Operation::List => reads.push(LIST),
        Operation::Open => reads.extend(BEFORE_OPENING),
    }
    let mut statements: Vec<Statement> = reads.into_iter().map(|text| Statement::Read(place(text, &session[0]))).collect();
    if operation == Operation::Open {
        statements.push(Statement::Number(place(NUMBER, "")));
        let mut new_ids = Vec::new();
        for table in TABLES {
            let names = read(&dialect.columns.replace("{table}", table));
            let columns = names.iter().map(|name| (dialect.column)(name)).collect::<Vec<_>>().join(", ");
            let which = match table {
                "cases" => "id = {case}".to_owned(),
                "idempotency_records" => format!("key = 'load-{}'", tenant.key),
                _ => "case_id = {case}".to_owned(),
            };
            let row = dialect.row.replace("{columns}", &columns);
            let found = read(&place(&format!("SELECT {row} AS line FROM {table} WHERE tenant_id = {{tenant}} AND {which}"), ""));
            let rows: Vec<Vec<Option<String>>> = found.iter().map(|row| serde_json::from_str(row).expect("a row")).collect();
            let id = names.iter().position(|name| name == "id");
            new_ids.extend(rows.iter().filter_map(|row| row[id?].clone()));
            let value = |(name, value): (&String, Option<String>)| match (&**name, new_ids.iter().position(|id| Some(id) == value.as_ref()))
            {
                ("number", _) => Value::NewNumber,
                ("key", _) if table == "idempotency_records" => Value::NewKey,
                (_, Some(known)) => Value::NewId(known),
                _ => Value::Read(value),
            };
            let rows = rows.into_iter().map(|row| names.iter().zip(row).map(value).collect()).collect();
            statements.push(Statement::Insert(table, rows));
        }
    }
    statements
}
