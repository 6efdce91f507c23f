//! What happens by itself, because a moment has come: deadlines are marked as missed and reminded of, dates that were not certain are counted anew,
//! messages go out.
//!
//! A tenant is looked at when its alarm has come: one for its deadlines, one for its messages, so that a mail server that is slow holds no reminder
//! up. Every piece of work is one transaction that looks again at what it is about to change, so that several processes on one database do it once,
//! and a crash in between loses nothing: it is still there to be done.

mod deadlines;
mod messages;

use crate::{
    domain::{ids::TenantId, time::Instant},
    limits::{AWAKE_AGAIN, WAKING_TENANTS},
    outbound::Outbound,
    store::{Failure, Store, records::Alarm},
};
use std::sync::Arc;

/// Does what is due.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
    outbound: Arc<Outbound>,
    public_url: String,
}

impl Jobs {
    /// The jobs of an installation. Messages go out through `outbound` and link to `public_url`, which has no slash at its end.
    #[must_use]
    pub fn new(store: Store, outbound: Arc<Outbound>, public_url: String) -> Self {
        Self { store, outbound, public_url }
    }

    /// Does all that is due now, and then sends the messages that are due.
    ///
    /// # Errors
    /// When the database fails; what was not done is still due.
    pub async fn run(&self) -> Result<(), Failure> {
        self.look_after_deadlines().await?;
        self.send_messages().await
    }

    /// Does all that is due now about deadlines, tenant by tenant.
    ///
    /// # Errors
    /// When the database fails; what was not done is still due.
    pub async fn look_after_deadlines(&self) -> Result<(), Failure> {
        self.all(Alarm::Deadlines).await
    }

    /// Sends all messages that are due now, tenant by tenant.
    ///
    /// # Errors
    /// When the database fails; what was not sent is still due.
    pub async fn send_messages(&self) -> Result<(), Failure> {
        self.all(Alarm::Messages).await
    }

    async fn all(&self, alarm: Alarm) -> Result<(), Failure> {
        loop {
            let tenants = self.store.waking_tenants(alarm, WAKING_TENANTS).await?;
            if tenants.is_empty() {
                return Ok(());
            }
            for tenant in tenants {
                self.look_after(tenant, alarm).await?;
            }
        }
    }

    async fn look_after(&self, tenant: TenantId, alarm: Alarm) -> Result<(), Failure> {
        // First to sleep, then to work: whatever comes up meanwhile wakes the tenant again.
        self.store.let_sleep(tenant, alarm).await?;
        let worked = match alarm {
            Alarm::Deadlines => deadlines::run(&self.store, tenant).await,
            Alarm::Messages => messages::run(&self.store, tenant, &self.outbound, &self.public_url).await,
        };
        let now = self.store.ground().clock.now();
        let next = match &worked {
            Ok(next) => next.map(|next| next.min(again(now))),
            Err(_) => Some(again(now)),
        };
        if let Some(next) = next {
            self.store.wake(tenant, alarm, next).await?;
        }
        worked.map(drop)
    }
}

/// When a tenant with something ahead is looked at again at the latest: a deadline that was written while its tenant was being looked after may have
/// been overlooked until then.
fn again(now: Instant) -> Instant {
    now.plus_seconds(AWAKE_AGAIN)
}
