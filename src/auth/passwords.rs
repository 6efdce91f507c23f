//! Passwords: Argon2id behind a small pool, so that guessing costs the guesser and not the other callers.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The size of the pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    /// How many passwords are checked at a time, 19 MiB each.
    pub at_once: usize,
    /// How many wait; more are turned away.
    pub waiting: usize,
}

/// A pool that hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Checked in place of an absent account's hash, so that absence takes as long as a wrong password.
    dummy: Arc<str>,
}

/// Why a password was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many are being checked.
    #[error("too many passwords are being checked")]
    Busy,
    /// The library failed.
    #[error("argon2: {0}")]
    Broken(String),
}

/// Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet).
fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| PasswordError::Broken(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password at once, on this thread: for the command line.
///
/// # Errors
/// When the library fails.
pub fn hash_now(password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(|e| PasswordError::Broken(e.to_string()))?;
    Ok(hash.to_string())
}

fn verify_now(password: &str, hash: &str) -> Result<bool, PasswordError> {
    let parsed = PasswordHash::new(hash).map_err(|e| PasswordError::Broken(e.to_string()))?;
    Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok())
}

impl Passwords {
    /// A pool.
    ///
    /// # Errors
    /// When the library fails.
    pub fn new(limits: PoolLimits) -> Result<Self, PasswordError> {
        Ok(Self {
            running: Arc::new(Semaphore::new(limits.at_once)),
            waiting: Arc::new(Semaphore::new(limits.at_once + limits.waiting)),
            dummy: hash_now("no account has this password", [0; 16])?.into(),
        })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static) -> Result<T, PasswordError> {
        let _place = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        let _turn = self.running.acquire().await.map_err(|_| PasswordError::Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|e| PasswordError::Broken(e.to_string()))?
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many wait.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.run(move || hash_now(&password, salt)).await
    }

    /// Whether the password fits the hash. Without a hash it takes as long and says no.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many wait.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let dummy = Arc::clone(&self.dummy);
        self.run(move || {
            let fits = verify_now(&password, hash.as_deref().unwrap_or(&dummy))?;
            Ok(fits && hash.is_some())
        })
        .await
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn only_the_right_password_of_a_known_account_fits() {
        let pool = Passwords::new(PoolLimits { at_once: 2, waiting: 32 }).unwrap();
        let hash = pool.hash("correct horse".into(), [1; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(pool.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!pool.verify("wrong".into(), Some(hash)).await.unwrap());
        assert!(!pool.verify("no account has this password".into(), None).await.unwrap());
    }
}
