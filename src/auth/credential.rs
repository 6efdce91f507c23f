//! What a caller has proved, before any database is asked.

use crate::domain::ids::{AgendaFeedId, MemberId, SessionId, TenantId};

/// A verified token or the hash of a well-formed key. Only `auth` makes one; whether it still holds is for the store to say.
#[derive(Debug, Clone)]
pub struct Credential(Kind);

/// The kinds of credential.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An access token with a valid signature.
    Session {
        /// The session that it belongs to.
        session_id: SessionId,
        /// The tenant that was logged in to.
        tenant_id: TenantId,
        /// The membership.
        member_id: MemberId,
    },
    /// An API key whose check digits fit.
    ApiKey {
        /// SHA-256 of the key.
        hash: [u8; 32],
    },
    /// The token of a calendar feed.
    Feed {
        /// The feed that it names.
        feed_id: AgendaFeedId,
        /// SHA-256 of its secret.
        hash: Vec<u8>,
    },
}

impl Credential {
    pub(super) fn new(kind: Kind) -> Self {
        Self(kind)
    }

    /// What tells this caller from others, for counting requests: one session is one caller, whatever its tokens.
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Session { session_id, .. } => uuid::Uuid::from(*session_id).as_bytes().to_vec(),
            Kind::ApiKey { hash } => hash.to_vec(),
            Kind::Feed { feed_id, .. } => uuid::Uuid::from(*feed_id).as_bytes().to_vec(),
        }
    }

    /// What was proved.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0
    }
}
