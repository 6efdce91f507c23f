//! Published playbooks at hand: they never change, so what was read once need not be read again.

use crate::{
    domain::{
        ids::{PlaybookId, TenantId},
        playbook::Playbook,
    },
    limits::PLAYBOOKS_AT_HAND,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Published playbooks by tenant and id; emptied when it is full.
#[derive(Default)]
pub(super) struct Shelf(Mutex<HashMap<(TenantId, PlaybookId), Arc<Playbook>>>);

impl Shelf {
    pub(super) fn take(&self, tenant: TenantId, id: PlaybookId) -> Option<Arc<Playbook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(tenant, id)).cloned()
    }

    pub(super) fn put(&self, tenant: TenantId, playbook: &Arc<Playbook>) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if books.len() >= PLAYBOOKS_AT_HAND {
            books.clear();
        }
        books.insert((tenant, playbook.id), Arc::clone(playbook));
    }
}
