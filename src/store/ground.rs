//! What every transaction stands on.

use super::holes::Holes;
use crate::{
    auth::vault::Vault,
    clock::Clock,
    domain::{content::Content, ids::ApiKeyId, time::Instant},
    store::{playbook_cache::PlaybookCache, rulebook_cache::RulebookCache},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// What every transaction stands on.
pub struct Ground {
    /// Time, ids, randomness.
    pub clock: Clock,
    /// What ships with the product: playbook, rules, calendar. What a tenant works by is `Tx::content`.
    pub content: Arc<Content>,
    /// Keys.
    pub vault: Arc<Vault>,
    pub(super) statements: Statements,
    pub(super) used_keys: Mutex<HashMap<ApiKeyId, Instant>>,
    pub(super) playbooks: PlaybookCache,
    pub(super) rulebooks: RulebookCache,
    pub(crate) holes: Holes,
}

impl Ground {
    /// The ground of one installation.
    #[must_use]
    pub fn new(clock: Clock, content: Arc<Content>, vault: Arc<Vault>) -> Self {
        Self {
            clock,
            content,
            vault,
            statements: Statements::default(),
            used_keys: Mutex::default(),
            playbooks: PlaybookCache::default(),
            rulebooks: RulebookCache::default(),
            holes: Holes::default(),
        }
    }

    /// Takes a guard away, and puts every other back.
    #[cfg(feature = "planted-holes")]
    pub fn plant(&self, hole: Option<super::Hole>) {
        self.holes.plant(hole);
    }
}

/// Counts the statements that reach the database.
#[derive(Clone, Default)]
pub(super) struct Statements(Arc<AtomicU64>);

impl Statements {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl diesel::connection::Instrumentation for Statements {
    fn on_connection_event(&mut self, event: diesel::connection::InstrumentationEvent<'_>) {
        if let diesel::connection::InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let control = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"].iter().any(|word| text.starts_with(word));
            if !control {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
