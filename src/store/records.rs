//! What queries take and give besides the domain's own types.

use super::{schema::sessions, tx::Stored};
use crate::domain::{
    access::Capability,
    calendar::Zone,
    ids::{
        AgendaFeedId, AllegationId, ApiKeyId, CaseId, ComplaintId, DeadlineId, DeliveryId, EntryId, MemberId, NotificationChannelId,
        PersonId, PlaybookId, ReminderId, SessionId, ShopId, TaskId, TenantId, TriggerId,
    },
    journal::ActorKind,
    language::{Bilingual, Language},
    notice::Notice,
    time::{Day, Instant},
    vocabulary::{
        CaseStatus, Channel, ChannelKind, DeadlineStatus, DeliveryState, OwedBy, Platform, PlaybookStatus, ReporterType, Stage, TaskStatus,
        Visibility,
    },
};
pub use crate::domain::{
    access::Role,
    availability::Availability,
    calendar::CalendarRecord,
    case::{Case, Contents},
    comment::Comment,
    complaint::{Allegation, Complaint},
    content::Content,
    deadline::Deadline,
    deadline_rule::RuleRecord,
    grant::Grant,
    ladder::{LadderRecord, LadderStep},
    member::{Invitation, Member, MemberStatus},
    notification_channel::NotificationChannel,
    playbook::{Playbook, PlaybookRecord},
    recipients::Candidate,
    register::RegisterEntry,
    register_file::SignedFile,
    reminder::Reminder,
    shop::Shop,
    task::Task,
    trigger::Trigger,
    vocabulary::RegisterChange,
};
use diesel::prelude::*;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// The caller.
#[derive(Debug, Clone)]
pub struct Me {
    /// The membership.
    pub member: Member,
    /// The tenant's id.
    pub tenant_id: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// Whether the password is still the one that was handed out.
    pub password_is_initial: bool,
}

/// An API key, without its secret.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The member as whom it acts.
    pub member_id: MemberId,
    /// What it is for.
    pub name: String,
    /// The end of the key, to tell it from others.
    pub last_four: String,
    /// What it may do, within its member's role.
    pub scopes: Vec<Capability>,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it holds.
    pub expires_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Instant>,
}

/// An entry of the journal as a timeline shows it.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// Its id.
    pub id: EntryId,
    /// What happened.
    pub kind: String,
    /// To what.
    pub subject_id: Uuid,
    /// When.
    pub at: Instant,
    /// The kind of actor.
    pub actor_kind: ActorKind,
    /// Who.
    pub actor_id: Option<Uuid>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The facts.
    pub payload: Map<String, Value>,
}

/// A task with what is needed to show it.
#[derive(Debug, Clone)]
pub struct TaskInCase {
    /// The task.
    pub task: Task,
    /// The playbook that its case is pinned to.
    pub playbook: Arc<Playbook>,
}

/// A version of a playbook as a list shows it.
#[derive(Debug, Clone)]
pub struct ListedPlaybook {
    /// The version, without its tasks.
    pub record: PlaybookRecord,
    /// How many tasks it has.
    pub task_count: i32,
}

/// What is to be done by a moment, with what an agenda shows of its case.
#[derive(Debug, Clone)]
pub struct AgendaItem {
    /// The case.
    pub case_id: CaseId,
    /// Its number.
    pub case_number: String,
    /// What it is called.
    pub case_title: String,
    /// The shop of the case.
    pub shop_id: ShopId,
    /// Where the shop trades.
    pub platform: Platform,
    /// Who answers for it, or does it.
    pub assignee_id: Option<MemberId>,
    /// Its stage.
    pub stage: Stage,
    /// When it is due.
    pub due_at: Instant,
    /// What it is.
    pub work: AgendaWork,
}

/// A deadline or a task on an agenda.
#[derive(Debug, Clone)]
pub enum AgendaWork {
    /// An open deadline.
    Deadline(DeadlineOnAgenda),
    /// An open task.
    Task(TaskOnAgenda),
}

/// What an agenda shows of a deadline.
#[derive(Debug, Clone)]
pub struct DeadlineOnAgenda {
    /// Its id.
    pub id: DeadlineId,
    /// Its state.
    pub status: DeadlineStatus,
    /// Who owes the act.
    pub owed_by: OwedBy,
    /// Its rule.
    pub rule_id: Option<String>,
    /// The playbook's word for it.
    pub key: Option<String>,
    /// Its title, when it is not the rule's.
    pub title: Option<String>,
    /// The last day.
    pub due_on: Day,
    /// Whether it may still move.
    pub provisional: bool,
    /// Whether it was copied from a notice.
    pub as_stated: bool,
    /// Whether it rests on a statute.
    pub statutory: bool,
    /// How many required tasks of its stage are open.
    pub open_tasks: i64,
    /// A blocked task of its stage.
    pub blocked_task: Option<TaskId>,
}

/// What an agenda shows of a task.
#[derive(Debug, Clone)]
pub struct TaskOnAgenda {
    /// Its id.
    pub id: TaskId,
    /// Its state.
    pub status: TaskStatus,
    /// The playbook's task that it was made from.
    pub key: Option<String>,
    /// Its title: its own, or the playbook's.
    pub title: Bilingual,
    /// Why it is blocked.
    pub note: Option<String>,
}

/// A person's calendar feed, without its secret.
#[derive(Debug, Clone)]
pub struct AgendaFeed {
    /// Its id.
    pub id: AgendaFeedId,
    /// What it is for.
    pub name: String,
    /// Only what the member answers for.
    pub only_mine: bool,
    /// The language of its words.
    pub language: Language,
    /// When it was made.
    pub created_at: Instant,
}

impl AgendaItem {
    /// The id of the deadline or task.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match &self.work {
            AgendaWork::Deadline(deadline) => deadline.id.into(),
            AgendaWork::Task(task) => task.id.into(),
        }
    }
}

/// A deadline with what a calendar feed says of it.
#[derive(Debug, Clone)]
pub struct DeadlineInFeed {
    /// The deadline.
    pub deadline: Deadline,
    /// The number of its case.
    pub case_number: String,
    /// The name of the shop.
    pub shop_name: String,
    /// Whether the case is being worked on.
    pub case_is_open: bool,
    /// The version of the case, which rises with every change of the deadline and when the case closes.
    pub case_version: i64,
    /// When it last rose.
    pub case_updated_at: Instant,
}

/// What of an agenda is wanted.
#[derive(Debug, Clone, Default)]
pub struct AgendaFilter {
    /// Due at this moment or later.
    pub from: Option<Instant>,
    /// Due before this moment.
    pub before: Option<Instant>,
    /// Of this shop.
    pub shop_id: Option<ShopId>,
    /// Of this case.
    pub case_id: Option<CaseId>,
    /// For which this member answers, or that they do.
    pub assignee_id: Option<MemberId>,
    /// In these stages.
    pub stages: Vec<Stage>,
    /// Owed by these: leaves tasks out.
    pub owed_by: Vec<OwedBy>,
}

/// A comment with its author.
#[derive(Debug, Clone)]
pub struct AuthoredComment {
    /// The comment.
    pub comment: Comment,
    /// What it says, as far as the caller may read it.
    pub body: Option<String>,
    /// The author's name.
    pub author_name: String,
    /// What the author is to the tenant.
    pub author_role: Role,
}

/// What wakes a tenant up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// Its deadlines.
    Deadlines,
    /// The messages that it has to send.
    Messages,
}

/// Which reminders.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReminderFilter {
    /// Only those that are not acknowledged, or only those that are.
    pub open: Option<bool>,
}

/// Which channels.
#[derive(Debug, Clone, Copy)]
pub struct ChannelFilter {
    /// Those of groups too.
    pub groups: bool,
}

/// A reminder as its recipient sees it.
#[derive(Debug, Clone)]
pub struct ShownReminder {
    /// The reminder.
    pub reminder: Reminder,
    /// The title of its deadline.
    pub title: Bilingual,
    /// What has become of its deadline.
    pub status: DeadlineStatus,
    /// The number of its case.
    pub case_number: String,
}

/// A reminder as the record shows it.
#[derive(Debug, Clone)]
pub struct SentReminder {
    /// The reminder.
    pub reminder: Reminder,
    /// The name of whom it reminds.
    pub member_name: String,
    /// The messages that carry it.
    pub deliveries: Vec<Delivery>,
}

/// A message that carries a reminder over a channel.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The reminder.
    pub reminder_id: ReminderId,
    /// The channel.
    pub channel_id: NotificationChannelId,
    /// By what.
    pub kind: ChannelKind,
    /// What the channel is called.
    pub channel_name: String,
    /// Enough of the address to know it again.
    pub hint: String,
    /// What has become of it.
    pub state: DeliveryState,
    /// When it is tried next.
    pub next_at: Option<Instant>,
    /// How often it was tried.
    pub attempts: i32,
    /// What the other side said when it took it.
    pub reference: Option<String>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// When it was taken.
    pub sent_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
}

/// A message that is on its way, with what it says.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its id.
    pub id: DeliveryId,
    /// How often it was tried, this time included.
    pub attempts: i32,
    /// When it was to go out first.
    pub created_at: Instant,
    /// The reminder.
    pub reminder_id: ReminderId,
    /// The case.
    pub case_id: CaseId,
    /// The deadline.
    pub deadline_id: DeadlineId,
    /// What it says.
    pub notice: Notice,
    /// Over which channel.
    pub channel: NotificationChannel,
    /// The zone of whoever reads it, where it is a member's own channel.
    pub zone: Option<Zone>,
    /// Why it is not needed any more.
    pub dropped: Option<&'static str>,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The other side has taken it.
    Sent {
        /// What it said.
        reference: Option<String>,
    },
    /// It is tried again.
    Later {
        /// When.
        at: Instant,
        /// Why it was not taken.
        error: String,
    },
    /// It is given up.
    Failed {
        /// Why.
        error: String,
    },
    /// It was not needed any more.
    Cancelled {
        /// Why.
        error: String,
    },
}

/// A grant that reaches a case, with who holds it.
#[derive(Debug, Clone)]
pub struct HeldGrant {
    /// The grant.
    pub grant: Grant,
    /// The member's name.
    pub member_name: String,
    /// What the member is to the tenant.
    pub member_role: Role,
}

/// A case in which a member has work, locked.
#[derive(Debug, Clone)]
pub struct WorkInCase {
    /// The case as it was.
    pub case: Stored<Case>,
    /// The open tasks of it that the member has.
    pub tasks: Vec<TaskId>,
}

/// Which comments.
#[derive(Debug, Clone, Copy)]
pub enum CommentFilter {
    /// On a case and its tasks.
    OfCase(CaseId),
    /// On a task.
    OfTask(TaskId),
}

/// Which entries of the register of deadlines.
#[derive(Debug, Clone, Default)]
pub struct RegisterFilter {
    /// Made on this day.
    pub day: Option<Day>,
    /// About this case.
    pub case_id: Option<CaseId>,
    /// About this deadline.
    pub deadline_id: Option<DeadlineId>,
    /// Of these kinds.
    pub changes: Vec<RegisterChange>,
    /// Only those that a second person still has to check.
    pub unchecked: bool,
}

/// Which playbooks.
#[derive(Debug, Clone, Default)]
pub struct PlaybookFilter {
    /// Versions of this one.
    pub key: Option<String>,
    /// In this state.
    pub status: Option<PlaybookStatus>,
}

/// Which members.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// In these roles.
    pub roles: Vec<Role>,
    /// In this state.
    pub status: Option<MemberStatus>,
}

/// Which grants.
#[derive(Debug, Clone, Default)]
pub struct GrantFilter {
    /// To this member.
    pub member_id: Option<MemberId>,
    /// To this case.
    pub case_id: Option<CaseId>,
    /// To this shop.
    pub shop_id: Option<ShopId>,
}

/// Which shops.
#[derive(Debug, Clone, Default)]
pub struct ShopFilter {
    /// On these platforms.
    pub platforms: Vec<Platform>,
}

/// Which cases.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Of this shop.
    pub shop_id: Option<ShopId>,
    /// With one of these stages active.
    pub stages: Vec<Stage>,
    /// In this state.
    pub status: Option<CaseStatus>,
    /// Led by this member.
    pub lead_id: Option<MemberId>,
    /// Whose first complaint has one of these reporter types.
    pub reporter_types: Vec<ReporterType>,
    /// Whose first complaint came through one of these channels.
    pub channels: Vec<Channel>,
    /// With a next deadline before this moment.
    pub due_before: Option<Instant>,
    /// With this number.
    pub number: Option<String>,
    /// Pinned to this version of a playbook.
    pub playbook_id: Option<PlaybookId>,
}

/// Which tasks.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Of this case.
    pub case_id: Option<CaseId>,
    /// In these stages.
    pub stages: Vec<Stage>,
    /// In these states.
    pub statuses: Vec<TaskStatus>,
    /// Assigned to this member.
    pub assignee_id: Option<MemberId>,
    /// Due before this moment.
    pub due_before: Option<Instant>,
}

/// A case by itself or by something in it.
#[derive(Debug, Clone, Copy)]
pub enum CaseKey {
    /// The case.
    Case(CaseId),
    /// The case of a complaint.
    Complaint(ComplaintId),
    /// The case of an allegation.
    Allegation(AllegationId),
    /// The case of a deadline.
    Deadline(DeadlineId),
    /// The case of a task.
    Task(TaskId),
    /// The case of a trigger.
    Trigger(TriggerId),
}

/// A person, as logging in needs them.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their password's hash.
    pub password_hash: String,
}

/// One membership of a person.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// The member.
    pub member_id: MemberId,
    /// The person.
    pub person_id: PersonId,
    /// What the member is to the tenant.
    pub role: Role,
}

/// Who holds a credential.
pub(super) struct Principal {
    pub(super) tenant: TenantId,
    pub(super) member: MemberId,
    pub(super) role: Role,
    pub(super) status: MemberStatus,
    pub(super) expires_at: Option<Instant>,
    pub(super) revoked_at: Option<Instant>,
    pub(super) api_key: Option<ApiKeyId>,
    pub(super) scopes: Option<Vec<Capability>>,
    pub(super) rulebook_revision: i64,
}

/// A session. Its refresh token rotates; the hash of the one before is kept to recognise a replay.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// The tenant that was logged in to.
    pub tenant_id: TenantId,
    /// As which member.
    pub member_id: MemberId,
    /// Hash of the refresh token that is good.
    pub refresh_hash: Vec<u8>,
    /// Hash of the one before.
    pub previous_refresh_hash: Option<Vec<u8>>,
    /// When the token was last rotated.
    pub rotated_at: Instant,
    /// When the session began.
    pub created_at: Instant,
    /// When it ends by itself.
    pub expires_at: Instant,
    /// When it was ended.
    pub revoked_at: Option<Instant>,
}

/// How long an answer is kept, in seconds: 72 hours.
pub const KEPT_FOR: i64 = 72 * 3600;

/// A key within its scope: the tenant and principal of the transaction, and the operation with its path.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// Operation and path.
    pub operation: String,
    /// What the client sent.
    pub key: String,
    /// Keyed hash of path, query and body.
    pub fingerprint: Vec<u8>,
}

/// An answer as it was sent.
#[derive(Debug, Clone)]
pub struct KeptAnswer {
    /// The fingerprint of the request.
    pub fingerprint: Vec<u8>,
    /// The status.
    pub status: u16,
    /// Headers that belong to the answer, such as `ETag` and `Location`.
    pub headers: BTreeMap<String, String>,
    /// The body, sealed by the caller when it carries a secret.
    pub body: Vec<u8>,
    /// When it was sent.
    pub created_at: Instant,
}
