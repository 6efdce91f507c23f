//! The transaction handle: what it may do is in its type, what it wrote is on the record.

use super::{Failure, Scope, StoreError, postgres, sqlite};
use crate::{
    auth::vault::Vault,
    clock::Clock,
    domain::{
        access::{Capability, Includes, Permission},
        content::Content,
        ids::{EntryId, Id},
        journal::{self, Circumstances, Entry, Recorded},
        time::Instant,
    },
};
use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What every transaction stands on.
pub struct Ground {
    /// Time, ids, randomness.
    pub clock: Clock,
    /// Playbooks, rules, calendar.
    pub content: Arc<Content>,
    /// Keys.
    pub vault: Arc<Vault>,
    pub(super) statements: Statements,
}

impl Ground {
    /// The ground of one installation.
    #[must_use]
    pub fn new(clock: Clock, content: Arc<Content>, vault: Arc<Vault>) -> Self {
        Self { clock, content, vault, statements: Statements::default() }
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

/// A connection inside a transaction.
pub(super) enum Backend<'c> {
    Sqlite(&'c mut sqlite::Conn),
    Postgres(&'c mut postgres::Conn),
}

impl Backend<'_> {
    pub(super) fn reborrow(&mut self) -> Backend<'_> {
        match self {
            Self::Sqlite(conn) => Backend::Sqlite(conn),
            Self::Postgres(conn) => Backend::Postgres(conn),
        }
    }
}

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

/// Runs `work` and writes its journal entries.
pub(super) fn complete<P: Permission, T>(
    mut backend: Backend<'_>,
    frame: &mut Frame,
    work: impl FnOnce(&mut Tx<'_, P>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let out = work(&mut Tx { backend: backend.reborrow(), frame, permission: PhantomData })?;
    write_entries(backend, frame)?;
    Ok(out)
}

/// Writes the entries of a frame in one statement.
pub(super) fn write_entries(backend: Backend<'_>, frame: &mut Frame) -> Result<(), StoreError> {
    let entries = frame.take_entries();
    if entries.is_empty() {
        return Ok(());
    }
    match backend {
        Backend::Sqlite(conn) => sqlite::queries::journal::insert(conn, frame, &entries),
        Backend::Postgres(conn) => postgres::queries::journal::insert(conn, frame, &entries),
    }
}

/// A transaction of a caller with the permission `P`.
pub struct Tx<'c, P> {
    backend: Backend<'c>,
    frame: &'c mut Frame,
    permission: PhantomData<P>,
}

impl<P: Permission> Tx<'_, P> {
    pub(super) fn parts(&mut self) -> (Backend<'_>, &mut Frame) {
        (self.backend.reborrow(), self.frame)
    }

    /// The same transaction with a lesser permission.
    pub fn narrow<Q: Permission>(&mut self) -> Tx<'_, Q>
    where
        P: Includes<Q>,
    {
        Tx { backend: self.backend.reborrow(), frame: self.frame, permission: PhantomData }
    }

    /// The moment of the transaction.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.frame.now
    }

    /// A new id.
    #[must_use]
    pub fn new_id<T: Id>(&self) -> T {
        self.frame.ground.clock.new_id()
    }

    /// What surrounds the transaction.
    #[must_use]
    pub fn ground(&self) -> Arc<Ground> {
        Arc::clone(&self.frame.ground)
    }

    /// The caller's reach.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.frame.scope
    }

    /// Refuses unless the caller also has this capability.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`].
    pub fn require(&self, capability: Capability) -> Result<(), StoreError> {
        if self.scope().may(capability) { Ok(()) } else { Err(StoreError::Forbidden) }
    }
}

/// A record that was loaded through the caller's scope: the only thing that a write can hang on.
#[derive(Debug, Clone)]
pub struct Stored<T>(T);

impl<T> Stored<T> {
    pub(super) fn new(value: T) -> Self {
        Self(value)
    }

    /// The record itself.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
