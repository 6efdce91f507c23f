//! In what the store can end other than well.

use crate::domain::violation::RuleViolation;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Absent, or out of the caller's reach: nobody may tell which.
    #[error("not found")]
    NotFound,
    /// Visible to the caller, but not theirs to do.
    #[error("forbidden")]
    Forbidden,
    /// The credential does not hold (any more).
    #[error("not authenticated")]
    Unauthenticated,
    /// Somebody changed it since it was read.
    #[error("changed since it was read; now at version {current}")]
    Stale {
        /// The version that it has now.
        current: i64,
    },
    /// The same idempotency key is being worked on.
    #[error("a request with this idempotency key is being worked on")]
    InFlight,
    /// It exists already.
    #[error("exists already")]
    Taken,
    /// Too much waits to be written.
    #[error("busy")]
    Busy,
    /// There is no space left.
    #[error("no space left")]
    Full,
    /// The installation is not as it should be; the sentence tells the operator what to do.
    #[error("{0}")]
    Refused(String),
    /// The database failed. For the log, never for a caller.
    #[error("the database failed: {0}")]
    Broken(String),
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Taken,
            Error::DatabaseError(_, ref info) if info.message().contains("database or disk is full") => Self::Full,
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _) => Self::Busy,
            Error::DatabaseError(_, ref info) if passes(info.message()) => Self::Busy,
            other => Self::Broken(other.to_string()),
        }
    }
}

/// Whether a database's complaint is one that passes: a deadlock, a connection that was cut, a server that starts or stops.
fn passes(message: &str) -> bool {
    [
        "deadlock detected",
        "server closed the connection",
        "no connection to the server",
        "terminating connection",
        "the database system is",
        "database is locked",
    ]
    .iter()
    .any(|known| message.contains(known))
}

/// In what a transaction can end other than well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule said no.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}
