//! Passwords, tokens and keys: what proves who a caller is, without a database.

pub mod api_keys;
pub mod attempts;
pub mod credential;
pub mod feed_tokens;
pub mod hash;
pub mod passwords;
pub mod secrets;
pub mod tokens;
pub mod vault;
