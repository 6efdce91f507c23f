//! Rejoinder: a complaint against an online shop as a case that is answered truthfully, completely and on time.
//!
//! The floors and their direction are in `ARCHITECTURE.md`; `tests/architecture.rs` holds them.

pub mod domain;
pub mod auth;
pub mod clock;
pub mod store;
