//! Writing entries of the journal.

use super::{Conn, Result};
use crate::{
    domain::journal::{Entry, Recorded},
    store::{frame::Frame, schema::journal_entries, sql_types::AnyId},
};
use diesel::prelude::*;

/// How many entries one statement takes: SQLite binds 32,766 values, PostgreSQL 65,535.
const AT_ONCE: usize = 2_000;

pub(in crate::store) fn insert(conn: &mut Conn, frame: &Frame, entries: &[(Entry, Recorded)]) -> Result<()> {
    for some in entries.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|(entry, recorded)| {
                (
                    journal_entries::tenant_id.eq(frame.scope.tenant()),
                    journal_entries::id.eq(recorded.id),
                    journal_entries::case_id.eq(entry.case_id),
                    journal_entries::subject_id.eq(AnyId(entry.subject_id)),
                    journal_entries::kind.eq(entry.kind),
                    journal_entries::visibility.eq(entry.visibility),
                    journal_entries::actor_kind.eq(frame.scope.actor().kind()),
                    journal_entries::actor_id.eq(frame.scope.actor().id().map(AnyId)),
                    journal_entries::at.eq(frame.now),
                    journal_entries::canonical.eq(&recorded.canonical),
                    journal_entries::salt.eq(recorded.salt.as_slice()),
                    journal_entries::payload.eq(&recorded.payload),
                )
            })
            .collect();
        diesel::insert_into(journal_entries::table).values(rows).execute(conn)?;
    }
    Ok(())
}
