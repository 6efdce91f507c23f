//! What a transaction carries besides its connection.

use super::{ground::Ground, scope::Scope};
use crate::domain::{
    ids::EntryId,
    journal::{self, Circumstances, Entry, Recorded},
    time::Instant,
};
use std::sync::Arc;

/// What a transaction carries besides its connection.
pub(super) struct Frame {
    pub(super) ground: Arc<Ground>,
    pub(super) scope: Scope,
    pub(super) now: Instant,
    pub(super) request_id: String,
    entries: Vec<(Entry, Recorded)>,
}

impl Frame {
    pub(super) fn new(ground: Arc<Ground>, scope: Scope, request_id: String) -> Self {
        Self { now: ground.clock.now(), ground, scope, request_id, entries: Vec::new() }
    }

    /// Puts an entry on the record; it is written when the transaction ends well.
    pub(super) fn record(&mut self, entry: Entry) {
        let circumstances =
            Circumstances { tenant_id: self.scope.tenant, actor: self.scope.actor, at: self.now, request_id: &self.request_id };
        let recorded = journal::record(&entry, self.ground.clock.new_id::<EntryId>(), self.ground.clock.random(), circumstances);
        self.entries.push((entry, recorded));
    }

    pub(super) fn take_entries(&mut self) -> Vec<(Entry, Recorded)> {
        std::mem::take(&mut self.entries)
    }
}
