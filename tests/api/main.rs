//! Stories told over HTTP, on both databases.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod harness;
mod postgres;

mod hostile;
mod story_douyin;
