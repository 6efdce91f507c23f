//! Cases on the wire, with their stages, blockers and timeline.

use super::{
    complaints::{AllegationView, ComplaintView},
    deadlines::DeadlineView,
    deadlines::Showing,
    tasks::TaskView,
};
use crate::{
    domain::{
        blocker::{Blocker, BlockerCode},
        case::{Case, Contents},
        ids::{CaseId, DeadlineId, EntryId, MemberId, PlaybookId, ShopId},
        journal::ActorKind,
        language::Language,
        stage::StageRecord,
        time::Instant,
        vocabulary::{CaseStatus, Channel, Platform, Priority, ReporterType, Stage, StageStatus, Visibility},
    },
    store::records::{TaskInCase, TimelineEntry},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A case.
#[derive(Serialize, ToSchema)]
#[schema(as = Case)]
pub(in crate::api) struct CaseView {
    id: CaseId,
    /// Its number for people.
    #[schema(example = "2026-000123")]
    number: String,
    status: CaseStatus,
    /// Rises with every change of the case or of anything in it; also the `ETag`.
    version: i64,
    shop_id: ShopId,
    platform: Platform,
    #[schema(example = "抖音：涉嫌虚假交易 120 单")]
    title: String,
    priority: Priority,
    #[schema(required)]
    lead_id: Option<MemberId>,
    member_ids: Vec<MemberId>,
    #[schema(example = json!(["虚假交易", "申诉"]))]
    tags: Vec<String>,
    #[schema(example = json!({ "crm_id": "8841" }))]
    metadata: BTreeMap<String, String>,
    /// The version of a playbook that it is pinned to.
    playbook_id: PlaybookId,
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
    #[schema(required, example = "平台部分撤销认定：106 单恢复，14 单维持")]
    outcome: Option<String>,
    /// Why it was reopened, or closed with something open.
    #[schema(required, example = "平台补充新证据，重新处理")]
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
    pub(in crate::api) fn new(case: Case) -> Self {
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
            playbook_id: case.playbook_id,
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
    pub(in crate::api) fn with(mut self, expand: Expand, contents: Contents, showing: &Showing) -> Self {
        let task = |task| TaskView::new(TaskInCase { task, playbook: contents.playbook.clone() }, showing.language);
        self.complaints = expand.complaints.then(|| contents.complaints.into_iter().map(ComplaintView::from).collect());
        self.allegations = expand.allegations.then(|| contents.allegations.into_iter().map(AllegationView::from).collect());
        self.tasks = expand.tasks.then(|| contents.tasks.into_iter().map(task).collect());
        self.deadlines = expand.deadlines.then(|| contents.deadlines.into_iter().map(|d| DeadlineView::new(d, showing)).collect());
        self
    }
}

/// What of a case's contents is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::api) struct Expand {
    pub(in crate::api) complaints: bool,
    pub(in crate::api) allegations: bool,
    pub(in crate::api) tasks: bool,
    pub(in crate::api) deadlines: bool,
}

impl Expand {
    pub(in crate::api) const ALL: Self = Self { complaints: true, allegations: true, tasks: true, deadlines: true };

    pub(in crate::api) fn any(self) -> bool {
        self.complaints || self.allegations || self.tasks || self.deadlines
    }
}

/// A stage of a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StageRecord)]
pub(in crate::api) struct StageView {
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
    #[schema(required, example = "本案不涉及该阶段")]
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
pub(in crate::api) struct NextDeadlineView {
    id: DeadlineId,
    due_at: Instant,
}

/// A reason why a stage cannot be completed or a case cannot be closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Blocker)]
pub(in crate::api) struct BlockerView {
    /// The stable code.
    code: BlockerCode,
    /// The reason in words, in the caller's language.
    #[schema(example = "任务“逐条核查异常信号并作出结论”尚未完成，也未豁免")]
    message: String,
    /// The stage whose gate it shuts, if it is one stage's.
    #[schema(required)]
    stage: Option<Stage>,
    /// Where to do something about it.
    link: String,
}

impl BlockerView {
    pub(in crate::api) fn new(blocker: &Blocker, case: CaseId, language: Language) -> Self {
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
pub(in crate::api) struct TimelineEntryView {
    id: EntryId,
    /// What happened.
    #[schema(example = "task.done")]
    kind: String,
    /// The id of what it happened to.
    subject_id: Uuid,
    at: Instant,
    actor_kind: ActorKind,
    #[schema(required)]
    actor_id: Option<Uuid>,
    visibility: Visibility,
    /// The facts; `changes` holds the fields that changed, each with `from` and `to`.
    #[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({ "changes": { "status": { "from": "in_progress", "to": "done" } } }))]
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
