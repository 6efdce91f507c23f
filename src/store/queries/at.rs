//! Where a query stands: inside a transaction and a scope. The connection is private here, even to the query files beside it.

use super::{Conn, Db, Result};
use crate::{
    domain::{
        content::Content,
        ids::{Id, TenantId},
        journal::Entry,
        playbook::Playbook,
        time::{Day, Instant},
    },
    store::{
        error::StoreError,
        frame::Frame,
        holes::Hole,
        playbook_cache::PlaybookCache,
        rulebook_cache::RulebookCache,
        schema::{cases, grants},
        scope::Scope,
    },
};
use diesel::{prelude::*, query_dsl::methods::LoadQuery, sql_types::Bool};
use std::sync::Arc;

/// A condition on cases.
pub(in crate::store) type OnCases = Box<dyn BoxableExpression<cases::table, Db, SqlType = Bool>>;

/// A place to query from.
pub(in crate::store) struct At<'a> {
    conn: &'a mut Conn,
    frame: &'a mut Frame,
}

/// For what a case is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Wish {
    Read,
    Write,
    OpenIdentity,
}

impl<'a> At<'a> {
    pub(in crate::store) fn new(conn: &'a mut Conn, frame: &'a mut Frame) -> Self {
        Self { conn, frame }
    }

    pub(super) fn tenant(&self) -> TenantId {
        self.frame.scope.tenant
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.frame.scope
    }

    pub(super) fn now(&self) -> Instant {
        self.frame.now
    }

    /// Whether a test has taken this guard away.
    pub(super) fn open(&self, hole: Hole) -> bool {
        self.frame.ground.holes.open(hole)
    }

    /// The published playbooks that were read before.
    pub(super) fn playbook_cache(&self) -> &PlaybookCache {
        &self.frame.ground.playbooks
    }

    /// What tenants work by, as far as it was read before.
    pub(super) fn rulebook_cache(&self) -> &RulebookCache {
        &self.frame.ground.rulebooks
    }

    /// What ships with the product.
    pub(super) fn built_in_content(&self) -> Arc<Content> {
        Arc::clone(&self.frame.ground.content)
    }

    /// The civil day in the zone of the built-in calendar.
    pub(super) fn today(&self) -> Day {
        self.frame.now.day_in(self.frame.ground.content.calendar.zone())
    }

    /// A new id.
    pub(super) fn new_id<T: Id>(&self) -> T {
        self.frame.ground.clock.new_id()
    }

    /// The playbook that ships with the product.
    pub(super) fn built_in_playbook(&self) -> Arc<Playbook> {
        Arc::clone(&self.frame.ground.content.playbook)
    }

    /// Whether the caller reaches only what was granted.
    fn needs_grant(&self) -> bool {
        self.frame.scope.role.needs_grant() && !self.open(Hole::Reach)
    }

    /// The caller's grants that hold now and cover the wish.
    fn granted(&self, wish: Wish) -> grants::BoxedQuery<'static, Db> {
        let mut query =
            grants::table.filter(grants::tenant_id.eq(self.tenant())).filter(grants::member_id.eq(self.frame.scope.member)).into_boxed();
        if !self.open(Hole::GrantRevocation) {
            query = query.filter(grants::revoked_at.is_null());
        }
        if !self.open(Hole::GrantEnd) {
            query = query.filter(grants::ends_at.gt(self.frame.now));
        }
        match wish {
            Wish::Write if !self.open(Hole::WriteCover) => query.filter(grants::may_write),
            Wish::OpenIdentity if !self.open(Hole::IdentityCover) => query.filter(grants::may_open_identity),
            Wish::Read | Wish::Write | Wish::OpenIdentity => query,
        }
    }

    /// Whether a grant of the caller has ended since a moment, or none holds any more: what was told within it is not told again.
    pub(super) fn lost_reach_since(&mut self, moment: Instant) -> Result<bool> {
        if !self.needs_grant() {
            return Ok(false);
        }
        let holding = self.load::<_, Instant>(self.granted(Wish::Read).select(grants::ends_at).limit(1))?;
        let ended = grants::table
            .filter(grants::tenant_id.eq(self.tenant()))
            .filter(grants::member_id.eq(self.frame.scope.member))
            .filter(grants::revoked_at.gt(moment).or(grants::ends_at.gt(moment).and(grants::ends_at.le(self.frame.now)).nullable()))
            .select(grants::ends_at)
            .limit(1);
        Ok(holding.is_empty() || !self.load::<_, Instant>(ended)?.is_empty())
    }

    /// Reads. The bound refuses anything that writes.
    pub(super) fn load<'q, Q, U>(&mut self, query: Q) -> Result<Vec<U>>
    where
        Q: QueryDsl + LoadQuery<'q, Conn, U>,
    {
        Ok(query.load(self.conn)?)
    }

    /// Reads one row, of which there is at most one.
    pub(super) fn first<'q, Q, U>(&mut self, query: Q) -> Result<U>
    where
        Q: QueryDsl + LoadQuery<'q, Conn, U>,
    {
        self.load(query)?.pop().ok_or(StoreError::NotFound)
    }

    /// Puts an entry on the record and lends the connection: the only way to write.
    pub(super) fn record(&mut self, entry: Entry) -> &mut Conn {
        self.frame.record(entry);
        self.conn
    }

    /// Lends the connection for a statement that changes nothing by itself: a lock, a counter, a row that the journal entry of the same
    /// transaction already tells of.
    pub(super) fn beside_the_record(&mut self) -> &mut Conn {
        self.conn
    }

    /// The cases within reach.
    pub(super) fn cases(&self, wish: Wish) -> OnCases {
        let tenant = cases::tenant_id.eq(self.tenant());
        if self.open(Hole::TenantOfCases) {
            return Box::new(cases::version.is_not_null());
        }
        if !self.needs_grant() {
            return Box::new(tenant);
        }
        let of_shops = self.granted(wish).filter(grants::shop_id.is_not_null()).select(grants::shop_id.assume_not_null());
        let of_cases = self.granted(wish).filter(grants::case_id.is_not_null()).select(grants::case_id.assume_not_null());
        Box::new(tenant.and(cases::shop_id.eq_any(of_shops).or(cases::id.eq_any(of_cases))))
    }

    /// The ids of the cases within reach, when the caller does not reach all of the tenant's.
    pub(super) fn narrow_case_ids(&self) -> Option<cases::BoxedQuery<'static, Db, crate::store::sql_types::Id>> {
        self.needs_grant().then(|| cases::table.filter(self.cases(Wish::Read)).select(cases::id).into_boxed())
    }

    /// Why a case that was wanted for more than reading is not there: it is not theirs to change, or not there at all.
    pub(super) fn refusal(&mut self, case: OnCases) -> StoreError {
        let visible = cases::table.filter(self.cases(Wish::Read)).filter(case).select(cases::version);
        match self.load::<_, i64>(visible) {
            Ok(rows) if rows.is_empty() => StoreError::NotFound,
            Ok(_) => StoreError::Forbidden,
            Err(error) => error,
        }
    }
}

/// The shops within reach, as a condition on shops.
pub(super) fn shops_within(at: &At<'_>) -> Box<dyn BoxableExpression<crate::store::schema::shops::table, Db, SqlType = Bool>> {
    use crate::store::schema::shops;
    let tenant = shops::tenant_id.eq(at.tenant());
    if at.open(Hole::TenantOfShops) {
        return Box::new(shops::version.is_not_null());
    }
    if !at.needs_grant() {
        return Box::new(tenant);
    }
    let granted = at.granted(Wish::Read).filter(grants::shop_id.is_not_null()).select(grants::shop_id.assume_not_null());
    let of_cases = cases::table.filter(at.cases(Wish::Read)).select(cases::shop_id).into_boxed::<Db>();
    Box::new(tenant.and(shops::id.eq_any(granted).or(shops::id.eq_any(of_cases))))
}
