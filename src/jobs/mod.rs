//! What happens by itself, because a moment has come: deadlines are marked as missed, dates that were not certain are counted anew.
//!
//! A tenant is looked at when its `wake_at` has come. Every piece of work is one transaction that looks again at what it is about to change, so that
//! several processes on one database do it once, and a crash in between loses nothing: it is still there to be done.

mod deadlines;

use crate::{
    domain::{ids::TenantId, time::Instant},
    limits::{AWAKE_AGAIN, WAKING_TENANTS},
    store::{Failure, Store},
};

/// Does what is due.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
}

impl Jobs {
    /// The jobs of an installation.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Does all that is due now, tenant by tenant.
    ///
    /// # Errors
    /// When the database fails; what was not done is still due.
    pub async fn run(&self) -> Result<(), Failure> {
        loop {
            let tenants = self.store.waking_tenants(WAKING_TENANTS).await?;
            if tenants.is_empty() {
                return Ok(());
            }
            for tenant in tenants {
                self.look_after(tenant).await?;
            }
        }
    }

    async fn look_after(&self, tenant: TenantId) -> Result<(), Failure> {
        // First to sleep, then to work: whatever comes up meanwhile wakes the tenant again.
        self.store.let_sleep(tenant).await?;
        let worked = deadlines::run(&self.store, tenant).await;
        let now = self.store.ground().clock.now();
        let next = match &worked {
            Ok(next) => next.map(|next| next.min(again(now))),
            Err(_) => Some(again(now)),
        };
        if let Some(next) = next {
            self.store.wake(tenant, next).await?;
        }
        worked.map(drop)
    }
}

/// When a tenant with something ahead is looked at again at the latest: a deadline that was written while its tenant was being looked after may have
/// been overlooked until then.
fn again(now: Instant) -> Instant {
    now.plus_seconds(AWAKE_AGAIN)
}
