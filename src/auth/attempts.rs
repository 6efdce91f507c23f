//! How often a password may be tried: by account, and by address.
//!
//! An account is never locked: attempts from an address that has logged in to it before are counted apart, so its owner still gets in while
//! somebody else guesses. The count is kept by each process.

use crate::{auth::hash::sha256, domain::time::Instant};
use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Failures that are allowed in one hour.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// For one account, from all addresses that never logged in to it.
    pub per_account: u32,
    /// From one address (an IPv4 /24 or an IPv6 /64).
    pub per_address: u32,
}

const HOUR: i64 = 3600;
/// Counters that are kept; when there are more, the oldest hour is forgotten.
const KEPT: usize = 100_000;

type Key = [u8; 32];

/// The failures of the last hour.
pub struct Attempts {
    limits: AttemptLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: HashMap<Key, Window>,
    familiar: HashSet<Key>,
}

#[derive(Clone, Copy)]
struct Window {
    since: Instant,
    count: u32,
}

/// A place among the allowed failures, taken before the password is looked at and given back when it fits.
pub struct Attempt {
    keys: [Key; 2],
    familiar: Key,
}

/// Come back later.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds to wait.
    pub retry_after: i64,
}

/// The network that an address speaks for.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().into_iter().take(3).collect(),
        IpAddr::V6(v6) => v6.octets().into_iter().take(8).collect(),
    }
}

impl Attempts {
    /// With these limits.
    #[must_use]
    pub fn new(limits: AttemptLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Takes a place for one attempt.
    ///
    /// # Errors
    /// [`TooMany`] when the hour's places are taken.
    pub fn begin(&self, account: &str, address: IpAddr, now: Instant) -> Result<Attempt, TooMany> {
        let network = network(address);
        let familiar = sha256(&[account.as_bytes(), b"\0", &network].concat());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let by_account = if state.familiar.contains(&familiar) { familiar } else { sha256(account.as_bytes()) };
        let keys = [by_account, sha256(&network)];
        if state.failures.len() > KEPT {
            state.failures.retain(|_, window| now.seconds() - window.since.seconds() < HOUR);
        }
        for (key, limit) in keys.iter().zip([self.limits.per_account, self.limits.per_address]) {
            if let Some(window) = state.failures.get(key).filter(|w| now.seconds() - w.since.seconds() < HOUR && w.count >= limit) {
                return Err(TooMany { retry_after: (window.since.seconds() + HOUR - now.seconds()).max(1) });
            }
        }
        for key in keys {
            let window = state.failures.entry(key).or_insert(Window { since: now, count: 0 });
            if now.seconds() - window.since.seconds() >= HOUR {
                *window = Window { since: now, count: 0 };
            }
            window.count += 1;
        }
        Ok(Attempt { keys, familiar })
    }

    /// Gives the places of a successful attempt back, and remembers where it came from.
    pub fn succeeded(&self, attempt: Attempt) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for key in attempt.keys {
            if let Some(window) = state.failures.get_mut(&key) {
                window.count = window.count.saturating_sub(1);
            }
        }
        if state.familiar.len() >= KEPT {
            state.familiar.clear();
        }
        state.familiar.insert(attempt.familiar);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_limited_and_the_owner_still_gets_in() {
        let attempts = Attempts::new(AttemptLimits { per_account: 10, per_address: 100 });
        let now = Instant::from_microseconds(0);
        let home: IpAddr = "192.0.2.1".parse().unwrap();
        attempts.succeeded(attempts.begin("li@example.com", home, now).unwrap());
        let guesses = (0..200u8).filter(|i| attempts.begin("li@example.com", IpAddr::from([10, 0, *i, 1]), now).is_ok()).count();
        assert_eq!(guesses, 10);
        assert!(attempts.begin("li@example.com", home, now).is_ok());
        assert!(attempts.begin("li@example.com", IpAddr::from([10, 9, 9, 9]), now.plus_seconds(HOUR)).is_ok());
        let sprayed = (0..1000).filter(|i| attempts.begin(&format!("{i}@example.com"), IpAddr::from([172, 16, 0, 9]), now).is_ok()).count();
        assert_eq!(sprayed, 100);
    }
}
