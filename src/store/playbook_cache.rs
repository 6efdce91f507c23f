//! The published playbooks that this process has read: they never change, so they need not be read again.

use crate::{
    domain::{
        ids::{PlaybookId, TenantId},
        playbook::Playbook,
    },
    limits::CACHED_PLAYBOOKS,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Published playbooks by tenant and id; emptied when it is full.
#[derive(Default)]
pub(super) struct PlaybookCache(Mutex<HashMap<(TenantId, PlaybookId), Arc<Playbook>>>);

impl PlaybookCache {
    pub(super) fn get(&self, tenant: TenantId, id: PlaybookId) -> Option<Arc<Playbook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(tenant, id)).cloned()
    }

    pub(super) fn put(&self, tenant: TenantId, playbook: &Arc<Playbook>) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if books.len() >= CACHED_PLAYBOOKS {
            books.clear();
        }
        books.insert((tenant, playbook.id), Arc::clone(playbook));
    }
}
