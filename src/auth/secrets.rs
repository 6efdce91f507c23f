//! Secrets that are handed out once and kept only as a hash: refresh tokens and invitations.

use crate::clock::Clock;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// A secret that names the row it opens: `PREFIX_` + base64url(16 bytes of id + 32 random bytes).
#[derive(Clone)]
pub struct NamedSecret {
    /// The row.
    pub id: Uuid,
    secret: [u8; 32],
}

impl NamedSecret {
    /// A new secret for a row.
    #[must_use]
    pub fn new(id: impl Into<Uuid>, clock: &Clock) -> Self {
        Self { id: id.into(), secret: clock.random() }
    }

    /// Reads what [`Self::to_text`] wrote.
    #[must_use]
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(prefix)?.strip_prefix('_').filter(|e| e.len() <= 128)?;
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()?;
        let (id, secret) = bytes.split_at(16);
        Some(Self { id: Uuid::from_slice(id).ok()?, secret: secret.try_into().ok()? })
    }

    /// What is handed out.
    #[must_use]
    pub fn to_text(&self, prefix: &str) -> String {
        format!("{prefix}_{}", URL_SAFE_NO_PAD.encode([self.id.as_bytes().as_slice(), &self.secret].concat()))
    }

    /// What is kept.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        sha256(&self.secret).to_vec()
    }
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// Whether two hashes are equal, in constant time.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
