//! API keys: `rjk_`, 30 characters of secret, 6 of CRC-32, all in base 62.
//!
//! The prefix tells a leaked key for what it is, the check digits let scanners and the server turn a mistyped one away without a look-up.

use super::{
    credential::{Credential, Kind},
    hash::sha256,
};
use crate::clock::Clock;

const PREFIX: &str = "rjk_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key (about 178 bits).
#[must_use]
pub fn generate(clock: &Clock) -> String {
    let mut key = PREFIX.to_owned();
    while key.len() < PREFIX.len() + 30 {
        // Bytes past the last whole multiple of 62 would make some digits likelier.
        key.extend(clock.random::<32>().iter().filter(|byte| **byte < 248).filter_map(|byte| digit(u32::from(*byte) % 62)));
    }
    key.truncate(PREFIX.len() + 30);
    let check = check_digits(&key);
    key + &check
}

fn digit(value: u32) -> Option<char> {
    DIGITS.get(usize::try_from(value).ok()?).map(|byte| char::from(*byte))
}

fn check_digits(key: &str) -> String {
    let mut crc = crc32fast::hash(key.as_bytes());
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.extend(digit(crc % 62));
        crc /= 62;
    }
    digits.iter().rev().collect()
}

/// What a key proves, if it is well formed.
#[must_use]
pub fn verify(key: &str) -> Option<Credential> {
    let well_formed = key.len() == PREFIX.len() + 36 && key.starts_with(PREFIX) && key.is_ascii();
    let (body, check) = well_formed.then(|| key.split_at(PREFIX.len() + 30))?;
    (check_digits(body) == check).then(|| Credential::new(Kind::ApiKey { hash: sha256(key.as_bytes()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_turned_away() {
        let key = generate(&Clock::default());
        assert!(verify(&key).is_some(), "{key}");
        let mistyped = key.replacen(key.chars().nth(9).unwrap_or('x'), "_", 1);
        for bad in [mistyped.as_str(), "", "rjk_", &key[1..], "rjk_äää"] {
            assert!(verify(bad).is_none(), "{bad}");
        }
    }
}
