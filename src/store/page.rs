//! Keyset pages: where a list begins, in which order, and how much of it.

use crate::{domain::time::Instant, limits::PAGE};
use uuid::Uuid;

/// A page that is asked for.
#[derive(Debug, Clone)]
pub struct Page<F> {
    /// What is wanted.
    pub filter: F,
    /// In which order.
    pub sort: Sort,
    /// After which element; from the beginning when absent.
    pub after: Option<Position>,
    /// How many elements at most.
    pub limit: i64,
}

/// The order of a list. The id decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortKey,
    /// Largest first.
    pub descending: bool,
}

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// By id, which is by time of entry.
    Id,
    /// Cases by when they were opened.
    OpenedAt,
    /// Cases by their next deadline.
    NextDueAt,
    /// Tasks by when they are due.
    DueAt,
    /// Reminders by when they were shown.
    ShownAt,
}

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The value of the sort key, when it is a moment.
    pub at: Instant,
    /// The id.
    pub id: Uuid,
}

impl<F> Page<F> {
    /// How many rows to fetch: one more than asked for tells whether there is more.
    pub(super) fn fetch(&self) -> i64 {
        self.limit.clamp(1, PAGE) + 1
    }
}
