//! Stories told over HTTP, on both databases.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod binary;
mod compatibility;
mod conformance;
mod contract;
mod deadlines;
mod harness;
mod postgres;

mod agenda;
mod authorization;
mod comments;
mod hostile;
mod outbound;
mod people;
mod playbooks;
mod queries;
mod register;
mod reminders;
mod schema;
mod stories;
mod story_douyin;
