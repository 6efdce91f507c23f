//! What tenants of this process work by: each tenant's own calendars, rules and ladders over what ships, as of one revision of them.

use crate::{
    domain::{content::Content, ids::TenantId},
    limits::CACHED_RULEBOOKS,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Content by tenant, each with the revision that it was read at; emptied when it is full.
#[derive(Default)]
pub(super) struct RulebookCache(Mutex<HashMap<TenantId, (i64, Arc<Content>)>>);

impl RulebookCache {
    pub(super) fn get(&self, tenant: TenantId, revision: i64) -> Option<Arc<Content>> {
        let books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        books.get(&tenant).filter(|(known, _)| *known == revision).map(|(_, content)| Arc::clone(content))
    }

    pub(super) fn put(&self, tenant: TenantId, revision: i64, content: &Arc<Content>) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if books.len() >= CACHED_RULEBOOKS {
            books.clear();
        }
        books.insert(tenant, (revision, Arc::clone(content)));
    }
}
