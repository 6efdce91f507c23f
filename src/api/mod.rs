//! What is said: HTTP in, HTTP out. Decides nothing.
//!
//! To add an operation: write the handler in the file of its noun and name it in the list in `operations.rs`; route, document, security, errors
//! and the authorization test follow from that line and from the handler's types.

mod agenda;
mod api_keys;
mod availabilities;
mod body;
mod calendars;
mod cases;
mod comments;
mod complaints;
mod cursor;
mod deadline_register;
mod deadline_rules;
mod deadlines;
mod examples;
pub mod frame;
mod grants;
mod members;
mod notification_channels;
pub mod operations;
mod parameters;
mod playbooks;
pub mod problem;
mod reminder_ladders;
mod reminders;
mod reply;
mod request;
mod schemas;
mod sessions;
mod shops;
mod site;
mod tasks;
mod views;

use crate::{
    auth::{attempts::Attempts, passwords::Passwords, tokens::Tokens},
    clock::Clock,
    limits::Limits,
    outbound::Outbound,
    store::{Failure, Store},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, middleware::StateInformationMiddleware};
use std::{num::NonZeroU32, sync::Arc};

type Pace = RateLimiter<
    [u8; 16],
    governor::state::keyed::DefaultKeyedStateStore<[u8; 16]>,
    governor::clock::DefaultClock,
    StateInformationMiddleware,
>;

/// What every handler finds around it.
pub struct Services {
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Access tokens.
    pub tokens: Tokens,
    /// Passwords.
    pub passwords: Passwords,
    /// Wrong passwords of the last hour.
    pub attempts: Attempts,
    /// What a caller may send.
    pub limits: Limits,
    /// Under what the world reaches this server, without a slash at the end.
    pub public_url: String,
    /// Whether the address of a caller is in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// What sends messages to people.
    pub outbound: Arc<Outbound>,
    pace: Option<Pace>,
}

impl Services {
    /// Writes down what is only remembered between times.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write_down(&self) -> Result<(), Failure> {
        self.store.note_used_keys().await
    }

    /// Forgets what has had its time: callers who have been silent, answers that were kept for a retry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_expired(&self) -> Result<(), Failure> {
        if let Some(pace) = &self.pace {
            pace.retain_recent();
        }
        self.store.forget_expired_answers().await
    }

    /// The services of a server.
    #[must_use]
    pub fn new(
        store: Store,
        tokens: Tokens,
        passwords: Passwords,
        limits: Limits,
        public_url: String,
        behind_proxy: bool,
        outbound: Arc<Outbound>,
    ) -> Self {
        let per_minute = limits.requests_per_minute.and_then(NonZeroU32::new);
        Self {
            clock: store.ground().clock.clone(),
            attempts: Attempts::new(limits.attempts),
            pace: per_minute
                .map(|n| DefaultKeyedRateLimiter::<[u8; 16]>::keyed(Quota::per_minute(n)).with_middleware::<StateInformationMiddleware>()),
            store,
            tokens,
            passwords,
            limits,
            public_url,
            behind_proxy,
            outbound,
        }
    }
}
