//! The queries, in plain Diesel, compiled once against each database's `Conn` and `Db`.

mod at;

use super::{Conn, Db, enter_person, enter_tenant, lock_key};
use crate::store::error::StoreError;
pub(in crate::store) use at::At;

type Result<T> = std::result::Result<T, StoreError>;

pub(in crate::store) mod agenda;
pub(in crate::store) mod agenda_feeds;
mod alarms;
pub(in crate::store) mod allegations;
pub(in crate::store) mod api_keys;
pub(in crate::store) mod availabilities;
pub(in crate::store) mod calendars;
pub(in crate::store) mod cases;
pub(in crate::store) mod comments;
pub(in crate::store) mod complaints;
pub(in crate::store) mod deadline_register;
pub(in crate::store) mod deadline_rules;
pub(in crate::store) mod deadlines;
pub(in crate::store) mod deliveries;
pub(in crate::store) mod grants;
pub(in crate::store) mod hand_overs;
pub(in crate::store) mod idempotency;
pub(in crate::store) mod identity;
pub(in crate::store) mod journal;
pub(in crate::store) mod members;
pub(in crate::store) mod notification_channels;
pub(in crate::store) mod playbooks;
pub(in crate::store) mod reminder_ladders;
pub(in crate::store) mod reminders;
pub(in crate::store) mod rulebooks;
pub(in crate::store) mod sessions;
pub(in crate::store) mod shops;
pub(in crate::store) mod tasks;
pub(in crate::store) mod tenants;
pub(in crate::store) mod triggers;

/// Orders a boxed query by a moment and the id, and begins it after a position.
macro_rules! paged {
    ($query:ident, $page:expr, $moment:expr, $id:expr) => {{
        if let Some(after) = $page.after {
            let id = crate::store::sql_types::AnyId(after.id);
            $query = if $page.sort.descending {
                $query.filter($moment.le(after.at)).filter($moment.lt(after.at).or($id.lt(id)))
            } else {
                $query.filter($moment.ge(after.at)).filter($moment.gt(after.at).or($id.gt(id)))
            };
        }
        if $page.sort.descending { $query.order(($moment.desc(), $id.desc())) } else { $query.order(($moment.asc(), $id.asc())) }
            .limit($page.fetch())
    }};
    ($query:ident, $page:expr, $id:expr) => {{
        if let Some(after) = $page.after {
            let id = crate::store::sql_types::AnyId(after.id);
            $query = if $page.sort.descending { $query.filter($id.lt(id)) } else { $query.filter($id.gt(id)) };
        }
        if $page.sort.descending { $query.order($id.desc()) } else { $query.order($id.asc()) }.limit($page.fetch())
    }};
}
use paged;

/// What is in several cases, case by case and in an order within each: one statement, whatever their number.
///
/// The case comes first because the index by case gives that order for nothing; `SQLite`, asked for the order across cases, walks through all
/// that the tenant has.
macro_rules! of_cases {
    ($at:expr, $table:ident, $ids:expr, $($order:expr),+) => {
        $at.load::<_, Row>(
            $table::table
                .filter($table::tenant_id.eq($at.tenant()))
                .filter($table::case_id.eq_any($ids.to_vec()))
                .order(($table::case_id, $($order),+))
                .select(Row::as_select()),
        )
    };
}
use of_cases;
