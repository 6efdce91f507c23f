//! Secrets that are handed out once and kept only as a hash: refresh tokens and invitations.

use super::{
    hash::{same, sha256},
    vault::Vault,
};
use crate::clock::Clock;
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

    /// A new secret that can be told from a made-up one even after its hash is forgotten: its second half signs the rest.
    #[must_use]
    pub fn signed(id: impl Into<Uuid>, clock: &Clock, vault: &Vault) -> Self {
        let mut named = Self::new(id, clock);
        named.secret = named.signature(vault);
        named
    }

    /// Whether we made it, whenever that was.
    #[must_use]
    pub fn is_genuine(&self, vault: &Vault) -> bool {
        same(&self.signature(vault), &self.secret)
    }

    /// The secret with its second half as the signature of the id and the first half.
    fn signature(&self, vault: &Vault) -> [u8; 32] {
        let (random, _) = self.secret.split_at(16);
        let mac = vault.keyed_hash("refresh token", &[self.id.as_bytes().as_slice(), random].concat());
        let mut signed = self.secret;
        for (place, byte) in signed.iter_mut().skip(16).zip(mac) {
            *place = byte;
        }
        signed
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
