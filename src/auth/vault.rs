//! The installation's keys, and what is done with them: signing, sealing, keyed hashes.
//!
//! The key file lies beside, never inside, the database; several nodes share it.

use crate::{clock::Clock, domain::public_key::PublicKey};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

/// The keys of an installation.
pub struct Vault {
    signing: Ed25519KeyPair,
    signing_pkcs8: Vec<u8>,
    sealing: LessSafeKey,
    mac: hmac::Key,
    register: Ed25519KeyPair,
    register_key: PublicKey,
    fingerprint: String,
}

/// What keeps the key for exports of the register apart from all else that comes from the same secret.
const REGISTER_KEY: &str = "deadline register/Ed25519/1";

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file could not be read or written.
    #[error("the key file {path}: {reason}")]
    File {
        /// Where.
        path: String,
        /// Why.
        reason: String,
    },
    /// The keys are not keys.
    #[error("the key file does not hold usable keys: {0}")]
    Keys(&'static str),
}

/// The file's form: JSON with base64 values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    signing_seed: String,
    sealing_key: String,
    mac_key: String,
}

impl Vault {
    /// Reads the key file, or makes one (mode 0600) when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, written or used.
    pub fn open_or_create(path: &Path, clock: &Clock) -> Result<Self, VaultError> {
        let failed = |reason: String| VaultError::File { path: path.display().to_string(), reason };
        match std::fs::read(path) {
            Ok(bytes) => Self::from_file(serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string()))?),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let key = || STANDARD.encode(clock.random::<32>());
                let file = KeyFile { signing_seed: key(), sealing_key: key(), mac_key: key() };
                let text = serde_json::to_vec_pretty(&file).map_err(|e| failed(e.to_string()))?;
                write_private(path, &text).map_err(|e| failed(e.to_string()))?;
                Self::from_file(file)
            }
            Err(e) => Err(failed(e.to_string())),
        }
    }

    /// Reads a key file that must be there.
    ///
    /// # Errors
    /// When the file cannot be read or used.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let failed = |reason: String| VaultError::File { path: path.display().to_string(), reason };
        let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        Self::from_file(serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string()))?)
    }

    fn from_file(file: KeyFile) -> Result<Self, VaultError> {
        let bytes = |text: &str| -> Result<[u8; 32], VaultError> {
            let key = STANDARD.decode(text).map_err(|_| VaultError::Keys("not base64"))?;
            key.try_into().map_err(|_| VaultError::Keys("not 32 bytes"))
        };
        let (seed, sealing, mac) = (bytes(&file.signing_seed)?, bytes(&file.sealing_key)?, bytes(&file.mac_key)?);
        let signing = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| VaultError::Keys("signing_seed"))?;
        let signing_pkcs8 = signing.to_pkcs8v1().map_err(|_| VaultError::Keys("signing_seed"))?.as_ref().to_vec();
        let mac = hmac::Key::new(hmac::HMAC_SHA256, &mac);
        let both = [signing.public_key().as_ref(), hmac::sign(&mac, b"fingerprint").as_ref(), &sealing].concat();
        // A key of its own: nothing that is signed for a file can be taken for a token.
        let register = Ed25519KeyPair::from_seed_unchecked(&keyed(&mac, REGISTER_KEY, b"")).map_err(|_| VaultError::Keys("mac_key"))?;
        Ok(Self {
            register_key: PublicKey::of(register.public_key().as_ref()).ok_or(VaultError::Keys("mac_key"))?,
            register,
            fingerprint: crate::domain::journal::hex(&super::hash::sha256(&both)),
            signing,
            signing_pkcs8,
            sealing: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &sealing).map_err(|_| VaultError::Keys("sealing_key"))?),
            mac,
        })
    }

    /// Tells these keys from others without revealing them; the database remembers it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The signing key as PKCS#8.
    #[must_use]
    pub fn signing_pkcs8(&self) -> &[u8] {
        &self.signing_pkcs8
    }

    /// The public key that verifies what was signed.
    #[must_use]
    pub fn verifying_key(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }

    /// HMAC-SHA-256 under the installation's key; `purpose` keeps uses apart.
    #[must_use]
    pub fn keyed_hash(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        keyed(&self.mac, purpose, bytes)
    }

    /// The public key that verifies exports of the register of deadlines.
    #[must_use]
    pub fn register_key(&self) -> PublicKey {
        self.register_key
    }

    /// Signs an export of the register of deadlines (Ed25519, which gives the same signature each time).
    #[must_use]
    pub fn sign_register(&self, message: &[u8]) -> Vec<u8> {
        self.register.sign(message).as_ref().to_vec()
    }

    /// Seals bytes (AES-256-GCM); `place` must be the same to open them, so that a sealed value cannot be moved elsewhere.
    #[must_use]
    pub fn seal(&self, place: &str, bytes: &[u8], clock: &Clock) -> Vec<u8> {
        let nonce = clock.random::<12>();
        let mut sealed = bytes.to_vec();
        match self.sealing.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed) {
            Ok(()) => [nonce.as_slice(), &sealed].concat(),
            // Only for messages over 64 GiB.
            Err(_) => Vec::new(),
        }
    }

    /// Opens what was sealed at the same place with the same keys.
    #[must_use]
    pub fn unseal(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(12)?;
        let mut bytes = rest.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.sealing.open_in_place(nonce, Aad::from(place), &mut bytes).ok()?;
        Some(opened.to_vec())
    }
}

fn keyed(key: &hmac::Key, purpose: &str, bytes: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(purpose.as_bytes());
    context.update(b"\0");
    context.update(bytes);
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_at_its_place() {
        let dir = std::env::temp_dir().join(format!("rejoinder-vault-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("keys.json");
        let clock = Clock::default();
        let vault = Vault::open_or_create(&path, &clock).unwrap();
        let again = Vault::open_or_create(&path, &clock).unwrap();
        assert_eq!(vault.fingerprint(), again.fingerprint());
        let sealed = vault.seal("case/1", b"Li Lei", &clock);
        assert_eq!(again.unseal("case/1", &sealed).unwrap(), b"Li Lei");
        assert!(vault.unseal("case/2", &sealed).is_none());
        assert!(vault.unseal("case/1", sealed.get(1..).unwrap()).is_none());
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
