//! What is kept. Every query starts inside the caller's tenant and grants; every write carries its journal entry.
//!
//! The query files in `queries/` are compiled once for each database ([`sqlite`] and [`postgres`] include them); everything above sees one
//! [`Tx`] and never a backend. To add a query: write the function in `queries/<noun>.rs` and one line in the `queries!` list below.

mod authorize;
mod error;
mod frame;
mod ground;
mod holes;
pub mod idempotency;
pub mod identity;
mod migrations;
pub mod page;
mod playbook_cache;
mod postgres;
pub mod records;
mod rulebook_cache;
mod schema;
mod scope;
mod sql_types;
mod sqlite;
mod tx;

pub use authorize::Opening;
pub use error::{Failure, StoreError};
pub use ground::Ground;
pub use holes::Hole;
pub use migrations::Migrating;
pub use scope::Scope;
pub use tx::{Stored, Tx};

use crate::domain::{
    access::*,
    branch::Moved,
    ids::*,
    journal::{Actor, Entry},
    time::{Day, Instant},
};
use frame::Frame;
use std::{
    path::Path,
    sync::{Arc, PoisonError},
};
use tx::Backend;

/// The database of an installation.
#[derive(Clone)]
pub struct Store {
    backend: Engine,
    ground: Arc<Ground>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

/// Where the database is.
#[derive(Debug, Clone, Copy)]
pub enum Location<'a> {
    /// An SQLite file, made when it is absent.
    Embedded(&'a Path),
    /// A PostgreSQL URL.
    Server(&'a str),
}

impl Store {
    /// Opens the database and brings its schema up to date, or checks it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with a sentence for the operator: a wrong URL, a newer schema, keys of another installation.
    pub fn open(location: Location<'_>, migrating: Migrating, ground: Ground) -> Result<Self, StoreError> {
        let ground = Arc::new(ground);
        let backend = match location {
            Location::Embedded(path) => Engine::Sqlite(sqlite::Engine::open(path, migrating, &ground)?),
            Location::Server(url) => Engine::Postgres(postgres::Engine::open(url, migrating, &ground)?),
        };
        let store = Self { backend, ground };
        store.check_keys()?;
        Ok(store)
    }

    /// Keys of another installation would make every token and sealed value unreadable: refuse them.
    fn check_keys(&self) -> Result<(), StoreError> {
        let (ours, now) = (self.ground.vault.fingerprint().to_owned(), self.ground.clock.now());
        let fingerprint = ours.clone();
        let known = match &self.backend {
            Engine::Sqlite(engine) => engine.at_once(move |conn| sqlite::queries::identity::installation(conn, &fingerprint, now))?,
            Engine::Postgres(engine) => engine.at_once(|conn| postgres::queries::identity::installation(conn, &fingerprint, now))?,
        };
        if known == ours {
            Ok(())
        } else {
            Err(StoreError::Refused("the key file is not the one this database was made with: give the right one with --keys-file".into()))
        }
    }

    /// What transactions find around them.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.run(false, None, |backend, _| {
            match backend {
                Backend::Sqlite(conn) => sqlite::queries::identity::ping(conn),
                Backend::Postgres(conn) => postgres::queries::identity::ping(conn),
            }
            .map_err(Failure::Store)
        })
        .await
        .map_err(|failure| match failure {
            Failure::Store(error) => error,
            Failure::Rule(rule) => StoreError::Broken(rule.to_string()),
        })
    }

    /// Runs `work` in one transaction on a blocking thread; it finishes even when nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        writes: bool,
        tenant: Option<TenantId>,
        work: impl FnOnce(Backend<'_>, &Arc<Ground>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let ground = Arc::clone(&self.ground);
        match &self.backend {
            Engine::Sqlite(engine) => engine.run(writes, move |conn| work(Backend::Sqlite(conn), &ground)).await,
            Engine::Postgres(engine) => engine.run(tenant, move |conn| work(Backend::Postgres(conn), &ground)).await,
        }
    }

    /// Runs `work` for a caller whose credential holds and whose role has the permission `P`, in one transaction with its journal entries.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`], [`StoreError::Forbidden`], or in what the work ends.
    pub async fn transact<P: Permission, T: Send + 'static>(
        &self,
        opening: Opening,
        work: impl FnOnce(&mut Tx<'_, P>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(P::WRITES, opening.tenant(), move |mut backend, ground| {
            let scope = authorize::authorize(&mut backend, &opening, P::CAPABILITY, ground)?;
            let mut frame = Frame::new(Arc::clone(ground), scope, opening.request_id);
            tx::complete(backend, &mut frame, work)
        })
        .await
    }

    /// Whether the credential holds and its role has the capability, without doing anything: asked before a body is read.
    ///
    /// # Errors
    /// [`StoreError::Unauthenticated`], [`StoreError::Forbidden`].
    pub async fn authorize(&self, opening: Opening, capability: Capability) -> Result<Scope, Failure> {
        self.run(false, opening.tenant(), move |mut backend, ground| {
            authorize::authorize(&mut backend, &opening, capability, ground).map_err(Failure::Store)
        })
        .await
    }

    /// Runs `work` where nobody is logged in yet: logging in, accepting an invitation, making a tenant. Only `usecases::sessions`,
    /// `usecases::invitations` and `usecases::tenants` call it.
    ///
    /// # Errors
    /// In what the work ends.
    pub async fn before_login<T: Send + 'static>(
        &self,
        writes: bool,
        request_id: String,
        work: impl FnOnce(&mut identity::Entrance<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(writes, None, move |backend, ground| work(&mut identity::Entrance::new(backend, Arc::clone(ground), request_id))).await
    }

    /// Runs `work` as a tenant's owner on the operator's behalf: for the demo alone.
    ///
    /// # Errors
    /// In what the work ends.
    pub async fn as_owner<P: Permission, T: Send + 'static>(
        &self,
        tenant: TenantId,
        member: MemberId,
        work: impl FnOnce(&mut Tx<'_, P>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(true, Some(tenant), move |backend, ground| {
            let scope = Scope {
                tenant,
                member,
                session: None,
                actor: Actor::Operator,
                role: Role::Owner,
                key_scopes: None,
                rulebook_revision: None,
            };
            tx::complete(backend, &mut Frame::new(Arc::clone(ground), scope, "demo".to_owned()), work)
        })
        .await
    }

    /// Runs `work` in a tenant because its moment has come: for jobs alone.
    ///
    /// # Errors
    /// In what the work ends.
    pub async fn by_itself<P: Permission, T: Send + 'static>(
        &self,
        tenant: TenantId,
        work: impl FnOnce(&mut Tx<'_, P>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(P::WRITES, Some(tenant), move |backend, ground| {
            let member = uuid::Uuid::nil().into();
            let scope =
                Scope { tenant, member, session: None, actor: Actor::System, role: Role::Owner, key_scopes: None, rulebook_revision: None };
            tx::complete(backend, &mut Frame::new(Arc::clone(ground), scope, "job".to_owned()), work)
        })
        .await
    }

    /// The tenants for whom something is due now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waking_tenants(&self, alarm: records::Alarm, limit: i64) -> Result<Vec<TenantId>, Failure> {
        self.run(false, None, move |backend, ground| {
            let now = ground.clock.now();
            Ok(match backend {
                Backend::Sqlite(conn) => sqlite::queries::identity::waking_tenants(conn, alarm, now, limit),
                Backend::Postgres(conn) => postgres::queries::identity::waking_tenants(conn, alarm, now, limit),
            }?)
        })
        .await
    }

    /// Lets a tenant sleep until something wakes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn let_sleep(&self, tenant: TenantId, alarm: records::Alarm) -> Result<(), Failure> {
        self.run(true, Some(tenant), move |backend, _| {
            Ok(match backend {
                Backend::Sqlite(conn) => sqlite::queries::identity::let_sleep(conn, tenant, alarm),
                Backend::Postgres(conn) => postgres::queries::identity::let_sleep(conn, tenant, alarm),
            }?)
        })
        .await
    }

    /// Wakes a tenant at this moment at the latest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wake(&self, tenant: TenantId, alarm: records::Alarm, at: Instant) -> Result<(), Failure> {
        self.run(true, Some(tenant), move |backend, _| {
            Ok(match backend {
                Backend::Sqlite(conn) => sqlite::queries::identity::wake(conn, tenant, alarm, at),
                Backend::Postgres(conn) => postgres::queries::identity::wake(conn, tenant, alarm, at),
            }?)
        })
        .await
    }

    /// Writes down when API keys were last used; between two calls that is only remembered, so that reading stays reading.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_used_keys(&self) -> Result<(), Failure> {
        let used: Vec<(ApiKeyId, Instant)> = self.ground.used_keys.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if used.is_empty() {
            return Ok(());
        }
        self.run(true, None, move |backend, _| {
            Ok(match backend {
                Backend::Sqlite(conn) => sqlite::queries::api_keys::note_used(conn, &used),
                Backend::Postgres(conn) => postgres::queries::api_keys::note_used(conn, &used),
            }?)
        })
        .await
    }

    /// Forgets the answers that were kept for a retry and have had their time, tenant by tenant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_expired_answers(&self) -> Result<(), Failure> {
        let tenants = self
            .run(false, None, |backend, _| {
                Ok(match backend {
                    Backend::Sqlite(conn) => sqlite::queries::identity::tenants(conn),
                    Backend::Postgres(conn) => postgres::queries::identity::tenants(conn),
                }?)
            })
            .await?;
        for tenant in tenants {
            self.run(true, Some(tenant), move |backend, ground| {
                let before = ground.clock.now().plus_seconds(-records::KEPT_FOR);
                Ok(match backend {
                    Backend::Sqlite(conn) => sqlite::queries::idempotency::forget(conn, tenant, before),
                    Backend::Postgres(conn) => postgres::queries::idempotency::forget(conn, tenant, before),
                }?)
            })
            .await?;
        }
        Ok(())
    }

    /// How many statements ran since the store was opened, transaction control left out.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.ground.statements.count()
    }
}

/// Each line is a public function of the store; the query of that name stands in `queries/<noun>.rs`, compiled once for each database.
macro_rules! queries {
    ($($noun:ident { $($(#[$doc:meta])* fn $name:ident($needs:ty $(, $arg:ident: $ty:ty)* $(,)?) -> $out:ty;)+ })+) => {$(
        #[doc = concat!("Queries of `queries/", stringify!($noun), ".rs`.")]
        pub mod $noun {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every noun needs all")]
            use super::{*, page::*, records::*};
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// As [`StoreError`] says.
                pub fn $name(tx: &mut Tx<'_, impl Includes<$needs>>, $($arg: $ty),*) -> Result<$out, StoreError> {
                    let (backend, frame) = tx.parts();
                    match backend {
                        Backend::Sqlite(conn) => sqlite::queries::$noun::$name(&mut sqlite::queries::At::new(conn, frame), $($arg),*),
                        Backend::Postgres(conn) => postgres::queries::$noun::$name(&mut postgres::queries::At::new(conn, frame), $($arg),*),
                    }
                }
            )+
        }
    )+};
}

queries! {
    members {
        /// The caller's own membership, with the tenant's name.
        fn me(ReadSelf) -> Me;
        /// A page of the members.
        fn list(ReadMembers, page: Page<MemberFilter>) -> Vec<Member>;
        /// A member.
        fn find(ReadMembers, id: MemberId) -> Stored<Member>;
        /// Whether all of these are active members.
        fn all_active(ReadCases, ids: &[MemberId]) -> bool;
        /// How many active owners there are besides this one.
        fn other_owners(WriteMembers, id: MemberId) -> i64;
        /// Saves a changed membership; suspending ends its sessions.
        fn save(WriteMembers, before: &Stored<Member>, after: &Member) -> Stored<Member>;
        /// A page of the invitations.
        fn list_invitations(ReadMembers, page: Page<()>) -> Vec<Invitation>;
        /// Keeps a new invitation and the hash of its secret.
        fn invite(WriteMembers, invitation: &Invitation, secret_hash: Vec<u8>) -> ();
        /// Takes an invitation back.
        fn revoke_invitation(WriteMembers, id: InvitationId) -> ();
    }
    sessions {
        /// Ends the caller's session.
        fn end(WriteSelf) -> ();
        /// The hash of the caller's password.
        fn password_hash(WriteSelf) -> (PersonId, String);
        /// Sets the caller's password and ends their other sessions.
        fn set_password(WriteSelf, person: PersonId, hash: String) -> ();
    }
    api_keys {
        /// A page of the keys.
        fn list(ReadApiKeys, page: Page<()>) -> Vec<ApiKey>;
        /// Keeps a new key and the hash of its secret.
        fn insert(WriteApiKeys, key: &ApiKey, secret_hash: Vec<u8>) -> ();
        /// Revokes a key.
        fn revoke(WriteApiKeys, id: ApiKeyId) -> ();
    }
    grants {
        /// A page of the grants.
        fn list(ReadGrants, page: Page<GrantFilter>) -> Vec<Grant>;
        /// A page of the grants that reach a case, by itself or by its shop.
        fn reaching(ReadGrants, case: CaseId, page: Page<()>) -> Vec<HeldGrant>;
        /// A grant.
        fn find(ReadGrants, id: GrantId) -> Stored<Grant>;
        /// Keeps a new grant.
        fn insert(WriteGrants, grant: &Grant) -> ();
        /// Ends a grant.
        fn revoke(WriteGrants, before: &Stored<Grant>) -> Stored<Grant>;
    }
    shops {
        /// A page of the shops.
        fn list(ReadShops, page: Page<ShopFilter>) -> Vec<Shop>;
        /// A shop.
        fn find(ReadShops, id: ShopId) -> Stored<Shop>;
        /// Keeps a new shop.
        fn insert(WriteShops, shop: &Shop) -> ();
        /// Saves a changed shop.
        fn save(WriteShops, before: &Stored<Shop>, after: &Shop) -> Stored<Shop>;
    }
    cases {
        /// A page of the cases.
        fn list(ReadCases, page: Page<CaseFilter>) -> Vec<Case>;
        /// A case.
        fn find(ReadCases, id: CaseId) -> Stored<Case>;
        /// A case, locked against other writers until the transaction ends. Every write in a case begins here.
        fn lock(WorkTasks, key: CaseKey) -> Stored<Case>;
        /// A case in which the caller may write, without taking hold of it.
        fn find_to_write(WorkTasks, key: CaseKey) -> Stored<Case>;
        /// The next number of the year.
        fn next_number(OpenCases, year: i16) -> String;
        /// Keeps a new case with all that it begins with, in one entry.
        fn insert(OpenCases, case: &Case, contents: &Contents) -> ();
        /// Saves a changed case, which was locked, with a new version.
        fn save(WorkTasks, before: &Stored<Case>, after: &Case, entry: Entry) -> Stored<Case>;
        /// Everything in a case on which its gates decide.
        fn contents(ReadCases, case: &Stored<Case>) -> Contents;
        /// Several cases within reach, in the order of their ids.
        fn find_all(ReadCases, ids: &[CaseId]) -> Vec<Stored<Case>>;
        /// Several cases, locked; given in the order of their ids.
        fn lock_all(WorkTasks, ids: &[CaseId]) -> Vec<Stored<Case>>;
        /// What is in several cases, in their order, in a fixed number of statements.
        fn contents_of_many(ReadCases, cases: &[Stored<Case>]) -> Vec<Contents>;
        /// A page of a case's timeline, as far as the caller may see it, newest first.
        fn timeline(ReadCases, case: &Stored<Case>, page: Page<()>) -> Vec<TimelineEntry>;
    }
    complaints {
        /// The complaints of a case.
        fn list(ReadCases, case: &Stored<Case>) -> Vec<Complaint>;
        /// A complaint.
        fn find(ReadCases, id: ComplaintId) -> Complaint;
        /// Keeps a new complaint with its allegations in a locked case.
        fn insert(WriteCases, case: &Stored<Case>, complaint: &Complaint, allegations: &[Allegation]) -> ();
        /// Saves a changed complaint.
        fn save(WriteCases, case: &Stored<Case>, before: &Complaint, after: &Complaint) -> Complaint;
        /// A reporter's sealed identity, opened on the record.
        fn open_identity(OpenIdentity, id: ComplaintId, reason: &str) -> Option<Vec<u8>>;
    }
    allegations {
        /// The allegations of a case.
        fn list(ReadCases, case: &Stored<Case>) -> Vec<Allegation>;
        /// An allegation.
        fn find(ReadCases, id: AllegationId) -> Allegation;
        /// Keeps a new allegation in a locked case.
        fn insert(WriteCases, case: &Stored<Case>, allegation: &Allegation) -> ();
        /// Saves a changed allegation.
        fn save(WriteCases, case: &Stored<Case>, before: &Allegation, after: &Allegation) -> Allegation;
    }
    triggers {
        /// The triggers of a case.
        fn list(ReadCases, case: &Stored<Case>) -> Vec<Trigger>;
        /// A trigger.
        fn find(ReadCases, id: TriggerId) -> Trigger;
        /// Saves a changed trigger.
        fn save(WriteCases, case: &Stored<Case>, before: &Trigger, after: &Trigger, reason: &str) -> Trigger;
        /// Keeps a new trigger with the deadlines that it starts.
        fn insert(WorkTasks, case: &Stored<Case>, trigger: &Trigger, deadlines: &[Deadline]) -> ();
    }
    deadlines {
        /// The deadlines of a case.
        fn list(ReadCases, case: &Stored<Case>) -> Vec<Deadline>;
        /// A deadline.
        fn find(ReadCases, id: DeadlineId) -> Deadline;
        /// Gives the open deadlines in locked cases that one member answers for to another.
        fn reassign(WriteCases, cases: &[CaseId], from: Option<MemberId>, to: Option<MemberId>) -> ();
        /// The cases with deadlines for which something is due now.
        fn waking_cases(ReadCases, limit: i64) -> Vec<CaseId>;
        /// The cases with provisional deadlines that were counted before calendars or rules last changed.
        fn cases_to_recount(ReadCases, limit: i64) -> Vec<CaseId>;
        /// When something is next due about a deadline.
        fn next_wake(ReadCases) -> Option<Instant>;
        /// The deadlines for which something is due now.
        fn waking(ReadCases, limit: i64) -> Vec<DeadlineId>;
        /// Takes on what is due about a deadline, unless somebody else has or it has changed since.
        fn claim(WriteCases, before: &Deadline, after: &Deadline) -> bool;
        /// The open deadlines under rules of these ids, at most 200.
        fn open_under(ReadCases, rules: &[String]) -> Vec<Deadline>;
        /// Keeps a new deadline.
        fn insert(WriteCases, case: &Stored<Case>, deadline: &Deadline) -> ();
        /// Saves a changed deadline.
        fn save(WriteCases, case: &Stored<Case>, before: &Deadline, after: &Deadline, change: RegisterChange) -> Deadline;
    }
    deadline_register {
        /// A page of the entries.
        fn list(ReadRegister, page: Page<RegisterFilter>) -> Vec<RegisterEntry>;
        /// An entry.
        fn find(ReadRegister, id: RegisterEntryId) -> Stored<RegisterEntry>;
        /// How many entries were made on a day.
        fn count(ReadRegister, day: Day) -> i64;
        /// The entry of a day at a place, counted from 0 in the order of their ids.
        fn at_place(ReadRegister, day: Day, place: i64) -> RegisterEntryId;
        /// Enters the check of an entry.
        fn check(CheckRegister, entry: &Stored<RegisterEntry>, correct: bool, note: Option<String>) -> ();
        /// Puts on the record that a file was taken out.
        fn exported(ExportRegister, file: &SignedFile) -> ();
    }
    rulebooks {
        /// What the tenant works by, with what this transaction has changed in it.
        fn read(ReadCases) -> Arc<Content>;
    }
    calendars {
        /// The newest revision of each of the tenant's own.
        fn newest(ReadCases) -> Vec<CalendarRecord>;
        /// One revision of one of the tenant's own.
        fn find(ReadCases, key: &str, revision: i32) -> CalendarRecord;
        /// Keeps the next revision.
        fn insert(WriteRules, record: &CalendarRecord, event: &'static str, facts: &serde_json::Value) -> ();
    }
    deadline_rules {
        /// All of the tenant's versions of a rule, the newest first.
        fn versions(ReadCases, rule_id: &str) -> Vec<RuleRecord>;
        /// How many versions the tenant has in all.
        fn count(WriteRules) -> i64;
        /// Keeps a new version.
        fn insert(WriteRules, record: &RuleRecord) -> ();
        /// Withdraws a version.
        fn withdraw(WriteRules, record: &RuleRecord) -> ();
    }
    agenda {
        /// A page of the open deadlines of open cases.
        fn deadlines(ReadCases, page: &Page<AgendaFilter>) -> Vec<AgendaItem>;
        /// A page of the open tasks of open cases that have a date.
        fn tasks(ReadCases, page: &Page<AgendaFilter>) -> Vec<AgendaItem>;
    }
    agenda_feeds {
        /// A page of the caller's own.
        fn list(ReadSelf, page: Page<()>) -> Vec<AgendaFeed>;
        /// One of the caller's own.
        fn find(ReadCases, id: AgendaFeedId) -> AgendaFeed;
        /// Keeps a new feed and the hash of its secret.
        fn insert(WriteSelf, feed: &AgendaFeed, secret_hash: Vec<u8>) -> ();
        /// Revokes a feed.
        fn revoke(WriteSelf, id: AgendaFeedId) -> ();
        /// What is in a feed.
        fn deadlines(ReadCases, only: Option<MemberId>, from: Instant, to: Instant) -> Vec<DeadlineInFeed>;
    }
    reminder_ladders {
        /// The tenant's own ladders, with those that were taken back.
        fn changed(ReadCases) -> Vec<LadderRecord>;
        /// Keeps a ladder, or that the built-in one holds again.
        fn save(WriteRules, before: &LadderRecord, steps: Option<&[LadderStep]>) -> LadderRecord;
    }
    availabilities {
        /// The caller's own.
        fn mine(ReadSelf) -> Availability;
        /// A member's.
        fn of_member(ReadMembers, id: MemberId) -> Availability;
        /// Saves the caller's own; not found when whoever stands in is not there.
        fn save_mine(WriteSelf, before: &Availability, after: &Availability) -> Availability;
        /// Saves a member's; not found when whoever stands in is not there.
        fn save_of_member(WriteMembers, before: &Availability, after: &Availability) -> Availability;
    }
    notification_channels {
        /// A page of the caller's own, and of those of groups where that is asked for.
        fn list(ReadSelf, page: Page<ChannelFilter>) -> Vec<NotificationChannel>;
        /// One of the caller's own, or of a group.
        fn find(ReadSelf, id: NotificationChannelId) -> Stored<NotificationChannel>;
        /// How many the caller has, or the groups have.
        fn count(ReadSelf, of_groups: bool) -> i64;
        /// Keeps a new one.
        fn insert(WriteSelf, channel: &NotificationChannel) -> ();
        /// Puts what came of a trial on the record.
        fn note_trial(WriteSelf, channel: &Stored<NotificationChannel>, error: Option<&str>) -> ();
        /// Takes one out of use; what waits for it is cancelled.
        fn revoke(WriteSelf, channel: &Stored<NotificationChannel>) -> ();
        /// Those by which these members are reached, and those of groups where that is asked for.
        fn reaching(WriteCases, members: &[MemberId], groups: bool) -> Vec<NotificationChannel>;
    }
    reminders {
        /// A page of those that the caller was shown, as far as their cases are within reach.
        fn list(ReadCases, page: Page<ReminderFilter>) -> Vec<ShownReminder>;
        /// One of the caller's own, as far as its case is within reach.
        fn find(ReadSelf, id: ReminderId) -> Stored<ShownReminder>;
        /// Saves what the caller does about a reminder.
        fn save(WriteSelf, before: &Stored<ShownReminder>, after: &Reminder, event: &'static str) -> Stored<ShownReminder>;
        /// A page of all that were sent in a case, newest first, with what became of each message.
        fn of_case(ReadCases, case: &Stored<Case>, page: Page<()>) -> Vec<SentReminder>;
        /// The people around a deadline of a case: these, and the managers and owners where that is asked for.
        fn people(WriteCases, case: &Stored<Case>, ids: &[MemberId], managers: bool) -> Vec<Candidate>;
        /// Whether a reminder of a deadline's end was acknowledged.
        fn is_acknowledged(WriteCases, deadline: &Deadline) -> bool;
        /// Keeps a reminder with the messages that carry it, unless it is there already.
        fn insert(WriteCases, reminder: &Reminder, channels: &[&NotificationChannel]) -> bool;
    }
    deliveries {
        /// Takes on messages that are due, for a time in which nobody else sends them.
        fn claim(WriteCases, limit: i64, lease: Instant) -> Vec<Outgoing>;
        /// Puts on the record what came of one.
        fn settle(WriteCases, outgoing: &Outgoing, outcome: &Settled) -> ();
        /// Lets others over the same channel wait until a moment.
        fn hold_back(WriteCases, channel: NotificationChannelId, until: Instant) -> ();
        /// When the next one is due.
        fn next_due(ReadCases) -> Option<Instant>;
    }
    tasks {
        /// A page of tasks, of one case or across cases.
        fn list(ReadCases, page: Page<TaskFilter>) -> Vec<TaskInCase>;
        /// A task.
        fn find(ReadCases, id: TaskId) -> TaskInCase;
        /// Keeps new tasks in a locked case.
        fn insert(WorkTasks, case: &Stored<Case>, tasks: &[Task]) -> ();
        /// Saves a changed task.
        fn save(WorkTasks, case: &Stored<Case>, before: &Task, after: &Task, kind: &'static str) -> Task;
        /// Moves the due moments of tasks that follow an anchor.
        fn reschedule(WorkTasks, case: &Stored<Case>, moved: &[Moved]) -> ();
        /// Waives tasks that no branch calls for any more.
        fn leave_branch(WorkTasks, case: &Stored<Case>, ids: &[TaskId], note: &str) -> ();
        /// Brings tasks back that a branch calls for again.
        fn rejoin_branch(WorkTasks, case: &Stored<Case>, ids: &[TaskId]) -> ();
    }
    playbooks {
        /// A page of the tenant's own.
        fn list(ReadPlaybooks, page: Page<PlaybookFilter>) -> Vec<ListedPlaybook>;
        /// One of the tenant's own.
        fn find(ReadPlaybooks, id: PlaybookId) -> Stored<PlaybookRecord>;
        /// A published one, the built-in one included.
        fn pinned(ReadCases, id: PlaybookId) -> Arc<Playbook>;
        /// The default for new cases, when it is one of the tenant's own.
        fn default(ReadPlaybooks) -> Option<Arc<Playbook>>;
        /// The number of the next version of a key.
        fn next_number(WritePlaybooks, key: &str) -> i32;
        /// Keeps a new draft.
        fn insert(WritePlaybooks, record: &PlaybookRecord) -> ();
        /// Saves a changed draft.
        fn save(WritePlaybooks, before: &Stored<PlaybookRecord>, after: &PlaybookRecord, entry: Entry) -> Stored<PlaybookRecord>;
        /// Throws a draft away.
        fn discard(WritePlaybooks, draft: &Stored<PlaybookRecord>) -> ();
        /// Makes a published version the default for new cases.
        fn set_default(WritePlaybooks, id: PlaybookId) -> ();
    }
    comments {
        /// A page of comments, as far as the caller may see them.
        fn list(ReadCases, page: Page<CommentFilter>) -> Vec<AuthoredComment>;
        /// A comment that the caller may see.
        fn find(ReadCases, id: CommentId) -> Stored<AuthoredComment>;
        /// Keeps a new comment.
        fn insert(WorkTasks, case: &Stored<Case>, comment: &Comment) -> ();
        /// Retracts a comment.
        fn retract(WorkTasks, before: &Stored<AuthoredComment>, after: &Comment) -> Stored<AuthoredComment>;
    }
    hand_overs {
        /// The cases in which a member has work, locked, and whether there are more.
        fn work_of(HandOver, member: MemberId, limit: usize) -> (Vec<WorkInCase>, bool);
        /// Gives that work to another member.
        fn save(HandOver, work: &[WorkInCase], after: &[Case], from: MemberId, to: MemberId, reason: Option<&str>) -> ();
    }
}
