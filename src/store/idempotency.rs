//! What was answered under which idempotency key, kept in the same transaction as the effect.

use super::{StoreError, Tx, postgres, sqlite, tx::Backend};
use crate::domain::{access::Permission, time::Instant};
use std::collections::BTreeMap;

/// How long an answer is kept, in seconds: 72 hours.
pub const KEPT_FOR: i64 = 72 * 3600;

/// A key within its scope: the tenant and principal of the transaction, and the operation with its path.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// Operation and path.
    pub operation: String,
    /// What the client sent.
    pub key: String,
    /// Keyed hash of path, query and body.
    pub fingerprint: Vec<u8>,
}

/// An answer as it was sent.
#[derive(Debug, Clone)]
pub struct KeptAnswer {
    /// The fingerprint of the request.
    pub fingerprint: Vec<u8>,
    /// The status.
    pub status: u16,
    /// Headers that belong to the answer, such as `ETag` and `Location`.
    pub headers: BTreeMap<String, String>,
    /// The body, sealed by the caller when it carries a secret.
    pub body: Vec<u8>,
    /// When it was sent.
    pub created_at: Instant,
}

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
