//! Triggers and deadlines on the wire.

use super::tasks::TaskView;
use crate::domain::{
    content::Content,
    deadline::Deadline,
    ids::{CaseId, DeadlineId, TriggerId},
    language::Language,
    time::{Day, Instant},
    trigger::Trigger,
    vocabulary::{DeadlineStatus, OwedBy, Stage},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A trigger.
#[derive(Serialize, ToSchema)]
#[schema(as = Trigger)]
pub(in crate::api) struct TriggerView {
    id: TriggerId,
    case_id: CaseId,
    #[schema(example = "platform_notice")]
    event: String,
    occurred_on: Day,
    #[schema(required)]
    occurred_at: Option<Instant>,
    #[schema(required, example = "商家后台站内信")]
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
pub(in crate::api) struct StartedView {
    pub(in crate::api) trigger: TriggerView,
    pub(in crate::api) deadlines: Vec<DeadlineView>,
    pub(in crate::api) tasks: Vec<TaskView>,
}

/// A deadline.
#[derive(Serialize, ToSchema)]
#[schema(as = Deadline)]
pub(in crate::api) struct DeadlineView {
    id: DeadlineId,
    case_id: CaseId,
    stage: Stage,
    #[schema(required, example = "PF-DOUYIN-APPEAL")]
    rule_id: Option<String>,
    #[schema(required, example = "platform_appeal")]
    key: Option<String>,
    /// In the caller's language when it is a rule's.
    #[schema(example = "抖音虚假交易申诉")]
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
    #[schema(required, example = "申诉已提交，回执号 SS20261124-0331")]
    note: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl DeadlineView {
    pub(in crate::api) fn new(deadline: Deadline, content: &Content, language: Language) -> Self {
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
