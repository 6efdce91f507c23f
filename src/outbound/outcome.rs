//! What becomes of a message.

use std::time::Duration;

/// What the other side answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The mail server's last line, which most often holds its own id of the mail. Robots give no id.
    pub reference: Option<String>,
}

/// Why a message was not sent. The reasons are short sentences for people and hold no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work later. When the other side did not answer in time it may also have worked already.
    #[error("{reason}; again in {} s", after.as_secs())]
    Later {
        /// How long to wait at least.
        after: Duration,
        /// Whether a limit of pace or the other side itself says how long: there is no reason to wait longer then.
        told: bool,
        /// Why.
        reason: String,
    },
    /// The same message to the same address will not work.
    #[error("{reason}")]
    Never {
        /// Why.
        reason: String,
    },
}

impl SendError {
    pub(super) fn later(after: Duration, reason: impl Into<String>) -> Self {
        Self::Later { after, told: false, reason: reason.into() }
    }

    pub(super) fn as_told(after: Duration, reason: impl Into<String>) -> Self {
        Self::Later { after, told: true, reason: reason.into() }
    }

    pub(super) fn never(reason: impl Into<String>) -> Self {
        Self::Never { reason: reason.into() }
    }
}
