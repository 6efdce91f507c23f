//! Rejoinder: a complaint against an online shop as a case that is answered truthfully, completely and on time.
//!
//! The floors and their direction are in `ARCHITECTURE.md`; `tests/architecture.rs` holds them.

pub mod api;
pub mod auth;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod health;
pub mod jobs;
pub mod limits;
pub mod outbound;
pub mod server;
pub mod store;
pub mod usecases;
pub mod verify;
