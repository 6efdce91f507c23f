//! What was answered under which idempotency key, kept in the same transaction as the effect.

use super::{
    error::StoreError,
    postgres,
    records::{IdempotencyKey, KeptAnswer},
    sqlite,
    tx::{Backend, Tx},
};
use crate::domain::access::Permission;

macro_rules! ask {
    ($tx:ident, $query:ident($($arg:expr),*)) => {{
        let (backend, frame) = $tx.parts();
        match backend {
            Backend::Sqlite(conn) => sqlite::queries::idempotency::$query(&mut sqlite::queries::At::new(conn, frame), $($arg),*),
            Backend::Postgres(conn) => postgres::queries::idempotency::$query(&mut postgres::queries::At::new(conn, frame), $($arg),*),
        }
    }};
}

/// What was answered under the key, once it is sure that no other transaction works on it.
///
/// # Errors
/// [`StoreError::InFlight`] when one does.
pub fn claim<P: Permission>(tx: &mut Tx<'_, P>, key: &IdempotencyKey) -> Result<Option<KeptAnswer>, StoreError> {
    ask!(tx, claim(key))
}

/// Keeps an answer together with the effect.
///
/// # Errors
/// When the database fails.
pub fn keep<P: Permission>(tx: &mut Tx<'_, P>, key: &IdempotencyKey, answer: &KeptAnswer) -> Result<(), StoreError> {
    ask!(tx, keep(key, answer))
}
