//! What resources look like on the wire. Every field is always sent, null when there is nothing, unless it says otherwise.

use crate::{
    domain::{
        access::{Capability, Role},
        blocker::Blocker,
        case::{Case, Contents},
        complaint::{Allegation, Complaint, Conclusion, Money},
        content::Content,
        deadline::Deadline,
        grant::{Cover, Grant},
        ids::{
            AllegationId, ApiKeyId, CaseId, ComplaintId, DeadlineId, EntryId, GrantId, InvitationId, MemberId, PersonId, ShopId, TaskId,
            TenantId, TriggerId,
        },
        language::Language,
        member::{Invitation, Member, MemberStatus},
        shop::{CreditCode, Shop},
        stage::{Stage, StageRecord, StageStatus},
        task::ChecklistItem,
        time::{Day, Instant},
        trigger::Trigger,
        vocabulary::{
            AllegationKind, AllegationOutcome, CaseStatus, Channel, ComplaintKind, ConclusionResult, Confidence, DeadlineStatus, OwedBy,
            Platform, Priority, ReporterType, TaskStatus, Visibility,
        },
    },
    store::records::{ApiKey, Me, TaskInCase, TimelineEntry},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of a list: an array and where it goes on. Each list has a type of its own, because generated clients need named element types.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident of $element:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Serialize, ToSchema)]
        pub(super) struct $name {
            /// The elements.
            data: Vec<$element>,
            /// Where the list goes on; null at its end.
            #[schema(required)]
            next_cursor: Option<String>,
            /// Whether it goes on.
            has_more: bool,
        }

        impl $name {
            pub(super) fn new(data: Vec<$element>, next_cursor: Option<String>) -> Self {
                Self { has_more: next_cursor.is_some(), data, next_cursor }
            }
        }
    )+};
}

pages! {
    /// A page of members.
    MemberPage of MemberView;
    /// A page of invitations.
    InvitationPage of InvitationView;
    /// A page of grants.
    GrantPage of GrantView;
    /// A page of API keys.
    ApiKeyPage of ApiKeyView;
    /// A page of shops.
    ShopPage of ShopView;
    /// A page of cases.
    CasePage of CaseView;
    /// A page of tasks.
    TaskPage of TaskView;
    /// A page of a timeline.
    TimelinePage of TimelineEntryView;
    /// The complaints of a case.
    ComplaintPage of ComplaintView;
    /// The allegations of a case.
    AllegationPage of AllegationView;
    /// The triggers of a case.
    TriggerPage of TriggerView;
    /// The deadlines of a case.
    DeadlinePage of DeadlineView;
    /// What stands in the way.
    BlockerPage of BlockerView;
}

/// The caller.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(super) struct MeView {
    /// The membership.
    member: MemberView,
    /// The tenant that is logged in to.
    tenant: TenantView,
    /// What the caller may do, as scopes.
    permissions: Vec<Capability>,
    /// Whether the role reaches only what was granted.
    needs_grant: bool,
    /// Whether the password is still the one that was handed out, and should be changed.
    password_is_initial: bool,
}

impl MeView {
    pub(super) fn new(me: Me, permissions: Vec<Capability>) -> Self {
        Self {
            needs_grant: me.member.role.needs_grant(),
            tenant: TenantView { id: me.tenant_id, name: me.tenant_name },
            password_is_initial: me.password_is_initial,
            member: me.member.into(),
            permissions,
        }
    }
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantView {
    pub(super) id: TenantId,
    /// Its name.
    pub(super) name: String,
}

/// A membership.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    id: MemberId,
    person_id: PersonId,
    /// The person's name.
    name: String,
    /// The person's address.
    email: String,
    role: Role,
    status: MemberStatus,
    /// Rises with every change; also the `ETag`.
    version: i64,
    created_at: Instant,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            person_id: member.person_id,
            name: member.name,
            email: member.email,
            role: member.role,
            status: member.status,
            version: member.version,
            created_at: member.created_at,
        }
    }
}

/// An invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationView {
    id: InvitationId,
    /// Whom it invites.
    email: String,
    role: Role,
    invited_by: MemberId,
    created_at: Instant,
    expires_at: Instant,
    #[schema(required)]
    accepted_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    /// The link to hand over; only in the answer that made the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<String>,
    /// The secret within the link; only in the answer that made the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
}

impl InvitationView {
    pub(super) fn new(invitation: Invitation, secret: Option<(String, &str)>) -> Self {
        let (token, link) = secret.map(|(token, url)| (token.clone(), format!("{url}/invitation#{token}"))).unzip();
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: invitation.accepted_at,
            revoked_at: invitation.revoked_at,
            link,
            token,
        }
    }
}

/// A member's access to one shop or one case.
#[derive(Serialize, ToSchema)]
#[schema(as = Grant)]
pub(super) struct GrantView {
    id: GrantId,
    member_id: MemberId,
    #[schema(required)]
    shop_id: Option<ShopId>,
    #[schema(required)]
    case_id: Option<CaseId>,
    /// What it covers beyond reading.
    covers: Vec<Cover>,
    #[schema(required)]
    ends_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    granted_by: MemberId,
    version: i64,
    created_at: Instant,
}

impl From<Grant> for GrantView {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            member_id: grant.member_id,
            shop_id: grant.shop_id,
            case_id: grant.case_id,
            covers: grant.covers,
            ends_at: grant.ends_at,
            revoked_at: grant.revoked_at,
            granted_by: grant.granted_by,
            version: grant.version,
            created_at: grant.created_at,
        }
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyView {
    id: ApiKeyId,
    /// The member as whom it acts.
    member_id: MemberId,
    name: String,
    /// The end of the key, to tell it from others.
    last_four: String,
    scopes: Vec<Capability>,
    created_at: Instant,
    #[schema(required)]
    expires_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    /// The key itself; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rjk_")]
    key: Option<String>,
}

impl ApiKeyView {
    pub(super) fn new(api_key: ApiKey, key: Option<String>) -> Self {
        Self {
            id: api_key.id,
            member_id: api_key.member_id,
            name: api_key.name,
            last_four: api_key.last_four,
            scopes: api_key.scopes,
            created_at: api_key.created_at,
            expires_at: api_key.expires_at,
            revoked_at: api_key.revoked_at,
            key,
        }
    }
}

/// A shop.
#[derive(Serialize, ToSchema)]
#[schema(as = Shop)]
pub(super) struct ShopView {
    id: ShopId,
    name: String,
    platform: Platform,
    #[schema(required)]
    platform_shop_id: Option<String>,
    legal_entity: String,
    #[schema(required)]
    credit_code: Option<CreditCode>,
    metadata: BTreeMap<String, String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<Shop> for ShopView {
    fn from(shop: Shop) -> Self {
        Self {
            id: shop.id,
            name: shop.name,
            platform: shop.platform,
            platform_shop_id: shop.platform_shop_id,
            legal_entity: shop.legal_entity,
            credit_code: shop.credit_code,
            metadata: shop.metadata,
            version: shop.version,
            created_at: shop.created_at,
            updated_at: shop.updated_at,
        }
    }
}

/// A case.
#[derive(Serialize, ToSchema)]
#[schema(as = Case)]
pub(super) struct CaseView {
    id: CaseId,
    /// Its number for people.
    #[schema(example = "2026-000123")]
    number: String,
    status: CaseStatus,
    /// Rises with every change of the case or of anything in it; also the `ETag`.
    version: i64,
    shop_id: ShopId,
    platform: Platform,
    title: String,
    priority: Priority,
    #[schema(required)]
    lead_id: Option<MemberId>,
    member_ids: Vec<MemberId>,
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
    playbook: PlaybookRefView,
    /// The channel of its first complaint.
    channel: Channel,
    /// The reporter's type in its first complaint.
    reporter_type: ReporterType,
    /// Its seven stages, in order.
    stages: Vec<StageView>,
    /// What comes next on our side.
    #[schema(required)]
    next_deadline: Option<NextDeadlineView>,
    opened_at: Instant,
    /// When it was first closed; kept when it is reopened.
    #[schema(required)]
    first_closed_at: Option<Instant>,
    #[schema(required)]
    closed_at: Option<Instant>,
    #[schema(required)]
    outcome: Option<String>,
    /// Why it was reopened, or closed with something open.
    #[schema(required)]
    reason: Option<String>,
    /// Whether something stood open when it was closed.
    overridden: bool,
    created_at: Instant,
    updated_at: Instant,
    /// What came in; only when asked for with `expand=complaints`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    complaints: Option<Vec<ComplaintView>>,
    /// The points of the accusation; only when asked for with `expand=allegations`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    allegations: Option<Vec<AllegationView>>,
    /// The tasks by when they are due; only when asked for with `expand=tasks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tasks: Option<Vec<TaskView>>,
    /// The deadlines by when they end; only when asked for with `expand=deadlines`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deadlines: Option<Vec<DeadlineView>>,
}

impl CaseView {
    pub(super) fn new(case: Case) -> Self {
        Self {
            id: case.id,
            number: case.number,
            status: case.status,
            version: case.version,
            shop_id: case.shop_id,
            platform: case.platform,
            title: case.title,
            priority: case.priority,
            lead_id: case.lead_id,
            member_ids: case.member_ids,
            tags: case.tags,
            metadata: case.metadata,
            playbook: PlaybookRefView { key: case.playbook.key, version: case.playbook.version },
            channel: case.channel,
            reporter_type: case.reporter_type,
            stages: case.stages.into_iter().map(StageView::from).collect(),
            next_deadline: case.next_deadline.map(|d| NextDeadlineView { id: d.id, due_at: d.due_at }),
            opened_at: case.opened_at,
            first_closed_at: case.first_closed_at,
            closed_at: case.closed_at,
            outcome: case.outcome,
            reason: case.reason,
            overridden: case.overridden,
            created_at: case.created_at,
            updated_at: case.updated_at,
            complaints: None,
            allegations: None,
            tasks: None,
            deadlines: None,
        }
    }

    /// With what is in the case.
    pub(super) fn with(mut self, expand: Expand, case: &Case, contents: Contents, content: &Content, language: Language) -> Self {
        let task = |task| TaskView::new(TaskInCase { task, playbook: case.playbook.clone() }, content, language);
        self.complaints = expand.complaints.then(|| contents.complaints.into_iter().map(ComplaintView::from).collect());
        self.allegations = expand.allegations.then(|| contents.allegations.into_iter().map(AllegationView::from).collect());
        self.tasks = expand.tasks.then(|| contents.tasks.into_iter().map(task).collect());
        self.deadlines =
            expand.deadlines.then(|| contents.deadlines.into_iter().map(|d| DeadlineView::new(d, content, language)).collect());
        self
    }
}

/// What of a case's contents is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Expand {
    pub(super) complaints: bool,
    pub(super) allegations: bool,
    pub(super) tasks: bool,
    pub(super) deadlines: bool,
}

impl Expand {
    pub(super) const ALL: Self = Self { complaints: true, allegations: true, tasks: true, deadlines: true };

    pub(super) fn any(self) -> bool {
        self.complaints || self.allegations || self.tasks || self.deadlines
    }
}

/// The playbook that a case is pinned to.
#[derive(Serialize, ToSchema)]
#[schema(as = PlaybookRef)]
pub(super) struct PlaybookRefView {
    key: String,
    version: i32,
}

/// A stage of a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StageRecord)]
pub(super) struct StageView {
    stage: Stage,
    status: StageStatus,
    /// When it was first begun; kept when it is reopened.
    #[schema(required)]
    started_at: Option<Instant>,
    /// When it was first completed or skipped; kept when it is reopened.
    #[schema(required)]
    first_ended_at: Option<Instant>,
    #[schema(required)]
    ended_at: Option<Instant>,
    /// Why it was skipped, reopened or passed with a shut gate.
    #[schema(required)]
    reason: Option<String>,
    /// Whether its gate was shut when it was completed.
    overridden: bool,
}

impl From<StageRecord> for StageView {
    fn from(record: StageRecord) -> Self {
        Self {
            stage: record.stage,
            status: record.status,
            started_at: record.started_at,
            first_ended_at: record.first_ended_at,
            ended_at: record.ended_at,
            reason: record.reason,
            overridden: record.overridden,
        }
    }
}

/// The deadline that comes next.
#[derive(Serialize, ToSchema)]
#[schema(as = NextDeadline)]
pub(super) struct NextDeadlineView {
    id: DeadlineId,
    due_at: Instant,
}

/// A complaint.
#[derive(Serialize, ToSchema)]
#[schema(as = Complaint)]
pub(super) struct ComplaintView {
    id: ComplaintId,
    case_id: CaseId,
    channel: Channel,
    kind: ComplaintKind,
    received_at: Instant,
    #[schema(required)]
    reference_no: Option<String>,
    #[schema(required)]
    authority: Option<String>,
    #[schema(required)]
    summary: Option<String>,
    reporter: ReporterView,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// Who is behind a complaint, as a class.
#[derive(Serialize, ToSchema)]
#[schema(as = Reporter)]
pub(super) struct ReporterView {
    r#type: ReporterType,
    #[schema(required)]
    confidence: Option<Confidence>,
    #[schema(required)]
    basis: Option<String>,
    /// Whether an identity is kept, sealed.
    has_identity: bool,
}

impl From<Complaint> for ComplaintView {
    fn from(complaint: Complaint) -> Self {
        Self {
            id: complaint.id,
            case_id: complaint.case_id,
            channel: complaint.channel,
            kind: complaint.kind,
            received_at: complaint.received_at,
            reference_no: complaint.reference_no,
            authority: complaint.authority,
            summary: complaint.summary,
            reporter: ReporterView {
                r#type: complaint.reporter.r#type,
                confidence: complaint.reporter.confidence,
                basis: complaint.reporter.basis,
                has_identity: complaint.sealed_identity.is_some(),
            },
            version: complaint.version,
            created_at: complaint.created_at,
            updated_at: complaint.updated_at,
        }
    }
}

/// A complaint with the allegations that came with it.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedComplaint)]
pub(super) struct AddedComplaintView {
    pub(super) complaint: ComplaintView,
    pub(super) allegations: Vec<AllegationView>,
}

/// An allegation.
#[derive(Serialize, ToSchema)]
#[schema(as = Allegation)]
pub(super) struct AllegationView {
    id: AllegationId,
    case_id: CaseId,
    complaint_id: ComplaintId,
    kind: AllegationKind,
    description: String,
    #[schema(required)]
    period_from: Option<Day>,
    #[schema(required)]
    period_to: Option<Day>,
    order_nos: Vec<String>,
    #[schema(required)]
    order_count: Option<i32>,
    #[schema(required)]
    amount: Option<Money>,
    #[schema(required)]
    legal_basis: Option<String>,
    #[schema(required)]
    conclusion: Option<ConclusionView>,
    #[schema(required)]
    outcome: Option<AllegationOutcome>,
    #[schema(required)]
    outcome_reason: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// What a person concluded from the self-check.
#[derive(Serialize, ToSchema)]
#[schema(as = Conclusion)]
pub(super) struct ConclusionView {
    result: ConclusionResult,
    #[schema(required)]
    confirmed_orders: Option<i32>,
    basis: String,
    concluded_by: MemberId,
    concluded_at: Instant,
}

impl From<Conclusion> for ConclusionView {
    fn from(conclusion: Conclusion) -> Self {
        Self {
            result: conclusion.result,
            confirmed_orders: conclusion.confirmed_orders,
            basis: conclusion.basis,
            concluded_by: conclusion.concluded_by,
            concluded_at: conclusion.concluded_at,
        }
    }
}

impl From<Allegation> for AllegationView {
    fn from(allegation: Allegation) -> Self {
        Self {
            id: allegation.id,
            case_id: allegation.case_id,
            complaint_id: allegation.complaint_id,
            kind: allegation.kind,
            description: allegation.description,
            period_from: allegation.period_from,
            period_to: allegation.period_to,
            order_nos: allegation.order_nos,
            order_count: allegation.order_count,
            amount: allegation.amount,
            legal_basis: allegation.legal_basis,
            conclusion: allegation.conclusion.map(ConclusionView::from),
            outcome: allegation.outcome,
            outcome_reason: allegation.outcome_reason,
            version: allegation.version,
            created_at: allegation.created_at,
            updated_at: allegation.updated_at,
        }
    }
}

/// A trigger.
#[derive(Serialize, ToSchema)]
#[schema(as = Trigger)]
pub(super) struct TriggerView {
    id: TriggerId,
    case_id: CaseId,
    event: String,
    occurred_on: Day,
    #[schema(required)]
    occurred_at: Option<Instant>,
    #[schema(required)]
    served_by: Option<String>,
    created_at: Instant,
}

impl From<Trigger> for TriggerView {
    fn from(trigger: Trigger) -> Self {
        Self {
            id: trigger.id,
            case_id: trigger.case_id,
            event: trigger.event,
            occurred_on: trigger.occurred_on,
            occurred_at: trigger.occurred_at,
            served_by: trigger.served_by,
            created_at: trigger.created_at,
        }
    }
}

/// A trigger with what it made.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedTrigger)]
pub(super) struct StartedView {
    pub(super) trigger: TriggerView,
    pub(super) deadlines: Vec<DeadlineView>,
    pub(super) tasks: Vec<TaskView>,
}

/// A deadline.
#[derive(Serialize, ToSchema)]
#[schema(as = Deadline)]
pub(super) struct DeadlineView {
    id: DeadlineId,
    case_id: CaseId,
    stage: Stage,
    #[schema(required)]
    rule_id: Option<String>,
    #[schema(required)]
    key: Option<String>,
    /// In the caller's language when it is a rule's.
    title: String,
    #[schema(required)]
    trigger_id: Option<TriggerId>,
    owed_by: OwedBy,
    /// The last day, in China.
    due_on: Day,
    /// The moment at which it ends.
    due_at: Instant,
    /// Copied from the notice instead of computed.
    as_stated: bool,
    /// May still move, because a calendar is not published or the rule was not yet in force.
    provisional: bool,
    status: DeadlineStatus,
    #[schema(required)]
    met_at: Option<Instant>,
    #[schema(required)]
    note: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl DeadlineView {
    pub(super) fn new(deadline: Deadline, content: &Content, language: Language) -> Self {
        Self {
            title: content.deadline_title(&deadline).in_language(language).to_owned(),
            id: deadline.id,
            case_id: deadline.case_id,
            stage: deadline.stage,
            rule_id: deadline.rule_id,
            key: deadline.key,
            trigger_id: deadline.trigger_id,
            owed_by: deadline.owed_by,
            due_on: deadline.due_on,
            due_at: deadline.due_at,
            as_stated: deadline.as_stated,
            provisional: deadline.provisional,
            status: deadline.status,
            met_at: deadline.met_at,
            note: deadline.note,
            version: deadline.version,
            created_at: deadline.created_at,
            updated_at: deadline.updated_at,
        }
    }
}

/// A task.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub(super) struct TaskView {
    id: TaskId,
    case_id: CaseId,
    stage: Stage,
    /// The playbook's task that it was made from.
    #[schema(required, example = "SC-03")]
    key: Option<String>,
    /// 1, and one more with each repetition.
    occurrence: i32,
    /// In the caller's language when it is the playbook's.
    title: String,
    #[schema(required)]
    description: Option<String>,
    /// What done means, in the caller's language when it is the playbook's.
    #[schema(required)]
    done_means: Option<String>,
    /// The documents that are wanted, in the caller's language when they are the playbook's.
    wanted_documents: Vec<String>,
    status: TaskStatus,
    required: bool,
    blocks_closing: bool,
    #[schema(required)]
    assignee_id: Option<MemberId>,
    #[schema(required)]
    due_at: Option<Instant>,
    /// Whether a person set `due_at`, so that nothing moves it any more.
    due_by_hand: bool,
    depends_on: Vec<TaskId>,
    checklist: Vec<ChecklistItem>,
    #[schema(required)]
    note: Option<String>,
    #[schema(required)]
    ended_at: Option<Instant>,
    #[schema(required)]
    ended_by: Option<MemberId>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl TaskView {
    pub(super) fn new(TaskInCase { task, playbook }: TaskInCase, content: &Content, language: Language) -> Self {
        let template = content.template(&task, &playbook);
        let done_means = || Some(template?.done_means.in_language(language).to_owned());
        let documents = || Some(template?.documents.iter().map(|d| d.in_language(language).to_owned()).collect());
        Self {
            title: content.task_title(&task, &playbook).in_language(language).to_owned(),
            done_means: task.done_means.or_else(done_means),
            wanted_documents: task.wanted_documents.or_else(documents).unwrap_or_default(),
            id: task.id,
            case_id: task.case_id,
            stage: task.stage,
            key: task.key,
            occurrence: task.occurrence,
            description: task.description,
            status: task.status,
            required: task.required,
            blocks_closing: task.blocks_closing,
            assignee_id: task.assignee_id,
            due_at: task.due_at,
            due_by_hand: task.due_by_hand,
            depends_on: task.depends_on,
            checklist: task.checklist,
            note: task.note,
            ended_at: task.ended_at,
            ended_by: task.ended_by,
            version: task.version,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

/// A reason why a stage cannot be completed or a case cannot be closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Blocker)]
pub(super) struct BlockerView {
    /// The stable code.
    #[schema(example = "task_open")]
    code: &'static str,
    /// The reason in words, in the caller's language.
    message: String,
    /// The stage whose gate it shuts, if it is one stage's.
    #[schema(required)]
    stage: Option<Stage>,
    /// Where to do something about it.
    link: String,
}

impl BlockerView {
    pub(super) fn new(blocker: &Blocker, case: CaseId, language: Language) -> Self {
        let link = match blocker {
            Blocker::TaskOpen { id, .. } => format!("/v1/tasks/{id}"),
            Blocker::DeadlineOpen { id, .. } => format!("/v1/deadlines/{id}"),
            Blocker::AllegationNotConcluded { id, .. } | Blocker::AllegationWithoutOutcome { id, .. } => format!("/v1/allegations/{id}"),
            Blocker::ReporterNotAssessed { id } => format!("/v1/complaints/{id}"),
            Blocker::StageOpen { stage } => format!("/v1/cases/{case}/blockers?stage={stage}"),
        };
        Self { code: blocker.code(), message: blocker.message(language), stage: blocker.stage(), link }
    }
}

/// An entry of a timeline.
#[derive(Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub(super) struct TimelineEntryView {
    id: EntryId,
    /// What happened.
    #[schema(example = "task.done")]
    kind: String,
    /// The id of what it happened to.
    subject_id: Uuid,
    at: Instant,
    /// `member`, `api_key` or `operator`.
    actor_kind: String,
    #[schema(required)]
    actor_id: Option<Uuid>,
    visibility: Visibility,
    /// The facts; `changes` holds the fields that changed, each with `from` and `to`.
    #[schema(value_type = Object)]
    payload: serde_json::Map<String, serde_json::Value>,
}

impl From<TimelineEntry> for TimelineEntryView {
    fn from(entry: TimelineEntry) -> Self {
        Self {
            id: entry.id,
            kind: entry.kind,
            subject_id: entry.subject_id,
            at: entry.at,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id,
            visibility: entry.visibility,
            payload: entry.payload,
        }
    }
}

/// A session: an access token for ten minutes and a refresh token for the next one.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// To send as `Authorization: Bearer ...`.
    pub(super) access_token: String,
    /// Always `Bearer`.
    pub(super) token_type: &'static str,
    /// Seconds until the access token ends.
    pub(super) expires_in: i64,
    /// Good once, for the next access token.
    pub(super) refresh_token: String,
    pub(super) tenant: TenantView,
    pub(super) member_id: MemberId,
    pub(super) role: Role,
}
