//! The transaction handle: what it may do is in its type, what it wrote is on the record.

use super::{
    error::{Failure, StoreError},
    frame::Frame,
    ground::Ground,
    postgres,
    scope::Scope,
    sqlite,
};
use crate::domain::{
    access::{Capability, Includes, Permission},
    content::{CONTENT_REVISION, Content},
    ids::Id,
    time::Instant,
};
use std::{marker::PhantomData, sync::Arc};

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

    /// What the tenant works by: its calendars and rules over what ships.
    ///
    /// # Errors
    /// When the database fails.
    pub fn content(&mut self) -> Result<Arc<Content>, StoreError> {
        let (backend, frame) = self.parts();
        match backend {
            Backend::Sqlite(conn) => sqlite::queries::rulebooks::content(&mut sqlite::queries::At::new(conn, frame)),
            Backend::Postgres(conn) => postgres::queries::rulebooks::content(&mut postgres::queries::At::new(conn, frame)),
        }
    }

    /// The state of the tenant's calendars and rules, and of those that ship: dates that were not certain are counted anew when it rises.
    ///
    /// # Errors
    /// When the database fails.
    pub fn rulebook_revision(&mut self) -> Result<i64, StoreError> {
        let (backend, frame) = self.parts();
        let own = match backend {
            Backend::Sqlite(conn) => sqlite::queries::rulebooks::revision(&mut sqlite::queries::At::new(conn, frame)),
            Backend::Postgres(conn) => postgres::queries::rulebooks::revision(&mut postgres::queries::At::new(conn, frame)),
        }?;
        Ok(own + CONTENT_REVISION)
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
