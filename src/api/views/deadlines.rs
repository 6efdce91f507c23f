//! Triggers and deadlines on the wire.

use super::tasks::TaskView;
use crate::{
    domain::{
        access::Permission,
        branch::Moved,
        calendar::CalendarVersion,
        computation::{Alternative, DueChangeTo},
        content::Content,
        deadline::Deadline,
        explanation::{Explained, ExplanationCode},
        ids::{CaseId, DeadlineId, MemberId, ShopId, TaskId, TriggerId},
        language::Language,
        time::{Day, Instant},
        trigger::Trigger,
        vocabulary::{DeadlineStatus, OwedBy, PauseGround, ServiceMethod, Stage},
    },
    store::{StoreError, Tx},
    usecases::{
        deadline_clocks::Stopped,
        deadline_explanations::Explanation,
        triggers::{Child, TriggerMoved},
    },
};
use serde::Serialize;
use std::sync::Arc;
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
    #[schema(required)]
    service_method: Option<ServiceMethod>,
    /// The document that proves it: its number, or where it lies.
    #[schema(required, example = "罚单 DY20261120-7781")]
    document_reference: Option<String>,
    #[schema(required, example = "站内信与短信同时收到")]
    note: Option<String>,
    /// Who entered it; null when the product did.
    #[schema(required)]
    recorded_by: Option<MemberId>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<Trigger> for TriggerView {
    fn from(trigger: Trigger) -> Self {
        Self {
            id: trigger.id,
            case_id: trigger.case_id,
            event: trigger.event,
            occurred_on: trigger.occurred_on,
            occurred_at: trigger.occurred_at,
            served_by: trigger.proof.served_by,
            service_method: trigger.proof.service_method,
            document_reference: trigger.proof.document_reference,
            note: trigger.proof.note,
            recorded_by: trigger.recorded_by,
            version: trigger.version,
            created_at: trigger.created_at,
            updated_at: trigger.updated_at,
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

/// For whom and when something is shown.
pub(in crate::api) struct Showing {
    pub(in crate::api) content: Arc<Content>,
    pub(in crate::api) language: Language,
    pub(in crate::api) now: Instant,
}

impl Showing {
    pub(in crate::api) fn of<P: Permission>(tx: &mut Tx<'_, P>, language: Language) -> Result<Self, StoreError> {
        Ok(Self { content: tx.content()?, language, now: tx.now() })
    }
}

/// A deadline.
#[derive(Serialize, ToSchema)]
#[schema(as = Deadline)]
pub(in crate::api) struct DeadlineView {
    id: DeadlineId,
    case_id: CaseId,
    shop_id: ShopId,
    /// Who answers for it.
    #[schema(required)]
    assignee_id: Option<MemberId>,
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
    /// Rests on a statute: a second person checks what was entered.
    statutory: bool,
    /// A person has set its end, which no trigger moves any more.
    due_by_hand: bool,
    status: DeadlineStatus,
    /// Runs, and its end has passed.
    overdue: bool,
    /// When it would end if its clock went on now; null unless it stands still.
    #[schema(required)]
    projected: Option<ProjectedView>,
    /// When its clock stood still.
    #[schema(example = json!([]))]
    pauses: Vec<PauseView>,
    /// What moved its end, in order.
    #[schema(example = json!([]))]
    changes: Vec<DueChangeView>,
    /// Other rules for the same act, which end later or are another reading.
    #[schema(example = json!([]))]
    alternatives: Vec<AlternativeView>,
    /// Where sources contradict each other, in the caller's language.
    #[schema(required, example = "《公安机关办理行政案件程序规定》第133条为3日")]
    conflict: Option<String>,
    #[schema(required)]
    missed_at: Option<Instant>,
    #[schema(required)]
    met_at: Option<Instant>,
    #[schema(required, example = "申诉已提交，回执号 SS20261124-0331")]
    note: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// When a deadline would end if its clock went on now.
#[derive(Serialize, ToSchema)]
#[schema(as = ProjectedEnd)]
pub(in crate::api) struct ProjectedView {
    due_on: Day,
    due_at: Instant,
}

/// A time during which a clock stood still, or stands still.
#[derive(Serialize, ToSchema)]
#[schema(as = Pause)]
pub(in crate::api) struct PauseView {
    ground: PauseGround,
    from: Instant,
    /// Null while it stands still.
    #[schema(required)]
    to: Option<Instant>,
    #[schema(example = "送检，检验机构已受理")]
    reason: String,
    by: MemberId,
}

/// What moved the end of a deadline.
#[derive(Serialize, ToSchema)]
#[schema(as = DueChange)]
pub(in crate::api) struct DueChangeView {
    /// The rule that extended it.
    #[schema(required, example = "SAMR-R-VERIFY-EXT")]
    rule_id: Option<String>,
    /// The end that was stated.
    #[schema(required)]
    stated_due_at: Option<Instant>,
    /// On what it rests.
    #[schema(example = "延期告知书 2026-17")]
    basis: String,
    by: MemberId,
    at: Instant,
}

/// Another rule for the same act.
#[derive(Serialize, ToSchema)]
#[schema(as = AlternativeRule)]
pub(in crate::api) struct AlternativeView {
    #[schema(example = "PS-HEARING-REQ-LAW")]
    rule_id: String,
    /// In the caller's language.
    #[schema(example = "申请听证(公安，按行政处罚法)")]
    title: String,
    /// The last day under it.
    due_on: Day,
    due_at: Instant,
}

impl AlternativeView {
    fn new(alternative: &Alternative, showing: &Showing) -> Self {
        let rule = showing.content.rule(&alternative.rule_id);
        Self {
            rule_id: alternative.rule_id.clone(),
            title: rule.map(|rule| rule.title.in_language(showing.language).to_owned()).unwrap_or_default(),
            due_on: alternative.due_on,
            due_at: alternative.due_at,
        }
    }
}

impl DeadlineView {
    pub(in crate::api) fn new(deadline: Deadline, showing: &Showing) -> Self {
        let Showing { content, language, now } = showing;
        let suspended = deadline.status == DeadlineStatus::Suspended;
        let projected = if suspended { deadline.projected(content, *now).ok() } else { None };
        let conflict = deadline.rule_id.as_deref().and_then(|id| content.rule(id)?.conflict.as_ref());
        let computation = &deadline.computation;
        Self {
            title: deadline.title(content).in_language(*language).to_owned(),
            due_by_hand: computation.is_by_hand(),
            overdue: deadline.status == DeadlineStatus::Pending && deadline.due_at < *now,
            projected: projected.map(|due| ProjectedView { due_on: due.on, due_at: due.at }),
            pauses: computation
                .stops
                .iter()
                .map(|stop| PauseView { ground: stop.ground, from: stop.from, to: stop.to, reason: stop.reason.clone(), by: stop.by })
                .collect(),
            changes: computation.changes.iter().map(DueChangeView::from).collect(),
            alternatives: computation.alternatives.iter().map(|other| AlternativeView::new(other, showing)).collect(),
            conflict: conflict.map(|conflict| conflict.in_language(*language).to_owned()),
            missed_at: deadline.missed_at,
            shop_id: deadline.shop_id,
            assignee_id: deadline.assignee_id,
            statutory: deadline.statutory,
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

impl From<&crate::domain::computation::DueChange> for DueChangeView {
    fn from(change: &crate::domain::computation::DueChange) -> Self {
        let (rule_id, stated_due_at) = match &change.to {
            DueChangeTo::Period(applied) => (applied.rule.as_ref().map(|rule| rule.id.clone()), None),
            DueChangeTo::Stated(end) => (None, end.at),
        };
        Self { rule_id, stated_due_at, basis: change.basis.clone(), by: change.by, at: change.at }
    }
}

/// A line of an explanation.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplanationLine)]
pub(in crate::api) struct ExplanationLineView {
    code: ExplanationCode,
    /// The day that it is about.
    #[schema(required)]
    date: Option<Day>,
    /// The moment that it is about.
    #[schema(required)]
    at: Option<Instant>,
    /// The how manieth counted day it is.
    #[schema(required, example = 3)]
    counted: Option<u32>,
    /// The same in words, in the caller's language.
    #[schema(example = "2026-10-10 调休上班日（国庆节），第5日")]
    message: String,
}

/// A computed end, and the way to it.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadlineExplanation)]
pub(in crate::api) struct ExplanationView {
    /// The last day.
    due_on: Day,
    /// The moment at which it ends.
    due_at: Instant,
    /// May still move, because a calendar is not published or the rule was not yet in force.
    provisional: bool,
    /// The rule that was applied; null when a person gave the period or the end.
    #[schema(required, example = "SAMR-HEARING-REQ")]
    rule_id: Option<String>,
    /// The tenant's version of the rule; 0 when it is built in.
    #[schema(required, example = 0)]
    rule_number: Option<i32>,
    #[schema(example = "cn")]
    calendar: String,
    calendar_version: CalendarVersion,
    /// Other rules for the same act.
    #[schema(example = json!([]))]
    alternatives: Vec<AlternativeView>,
    /// Every day that was counted or passed over with its reason, the rule, the calendar, and the sources of both.
    explanation: Vec<ExplanationLineView>,
}

impl ExplanationView {
    pub(in crate::api) fn new(explanation: Explanation, showing: &Showing) -> Self {
        let Explanation { due, computation, lines } = explanation;
        let line = |line: Explained| ExplanationLineView {
            message: line.message(showing.language).to_owned(),
            code: line.code,
            date: line.date,
            at: line.at,
            counted: line.counted,
        };
        let rule = computation.applied.as_ref().and_then(|applied| applied.rule.as_ref());
        Self {
            due_on: due.on,
            due_at: due.at,
            provisional: due.provisional,
            rule_id: rule.map(|rule| rule.id.clone()),
            rule_number: rule.map(|rule| rule.number),
            alternatives: computation.alternatives.iter().map(|other| AlternativeView::new(other, showing)).collect(),
            explanation: lines.into_iter().map(line).collect(),
            calendar: computation.calendar,
            calendar_version: computation.calendar_version,
        }
    }
}

/// Which clocks of a case stop, or would, and which run on.
#[derive(Serialize, ToSchema)]
#[schema(as = StoppedClocks)]
pub(in crate::api) struct StoppedView {
    /// The version of the case that was looked at, to suspend with as `If-Match`; or that it has now.
    case_version: i64,
    /// The deadlines whose clock stops, as they are then: `projected` is when they would end if it went on now.
    stopped: Vec<DeadlineView>,
    /// The deadlines that run on.
    running: Vec<DeadlineView>,
}

impl StoppedView {
    pub(in crate::api) fn new(stopped: Stopped, showing: &Showing) -> Self {
        let view = |deadlines: Vec<Deadline>| deadlines.into_iter().map(|deadline| DeadlineView::new(deadline, showing)).collect();
        Self { case_version: stopped.case_version, stopped: view(stopped.stopped), running: view(stopped.running) }
    }
}

/// What a move does to a deadline.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadlineMove)]
pub(in crate::api) struct DeadlineMoveView {
    case_id: CaseId,
    /// Until now: the last day.
    from_due_on: Day,
    from_due_at: Instant,
    /// It was met or edited by hand: the move has to name it in `move_too` or `keep`.
    to_confirm: bool,
    /// Whether its end is another one afterwards.
    moves: bool,
    /// The deadline as it is afterwards.
    deadline: DeadlineView,
}

impl DeadlineMoveView {
    pub(in crate::api) fn new(before: &Deadline, after: Deadline, to_confirm: bool, showing: &Showing) -> Self {
        Self {
            case_id: before.case_id,
            from_due_on: before.due_on,
            from_due_at: before.due_at,
            to_confirm,
            moves: (before.due_on, before.due_at) != (after.due_on, after.due_at),
            deadline: DeadlineView::new(after, showing),
        }
    }
}

/// A task that is due at another moment.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskMove)]
pub(in crate::api) struct TaskMoveView {
    task_id: TaskId,
    #[schema(required)]
    was_due_at: Option<Instant>,
    #[schema(required)]
    due_at: Option<Instant>,
}

/// What moving a trigger changes, or would.
#[derive(Serialize, ToSchema)]
#[schema(as = MovedTrigger)]
pub(in crate::api) struct MovedTriggerView {
    /// The version of the case that was looked at, or that it has now.
    case_version: i64,
    /// The trigger as it is afterwards.
    trigger: TriggerView,
    /// The deadlines that hang on it.
    deadlines: Vec<DeadlineMoveView>,
    /// The deadlines that start because another rule holds on its new day.
    #[schema(example = json!([]))]
    started: Vec<DeadlineView>,
    /// The tasks that are due at another moment.
    tasks: Vec<TaskMoveView>,
}

impl MovedTriggerView {
    pub(in crate::api) fn new(moved: TriggerMoved, showing: &Showing) -> Self {
        let child = |Child { before, after, to_confirm }| DeadlineMoveView::new(&before, after, to_confirm, showing);
        let task = |Moved { task, from, to }| TaskMoveView { task_id: task, was_due_at: from, due_at: to };
        Self {
            case_version: moved.case_version,
            trigger: moved.trigger.into(),
            deadlines: moved.deadlines.into_iter().map(child).collect(),
            started: moved.started.into_iter().map(|deadline| DeadlineView::new(deadline, showing)).collect(),
            tasks: moved.tasks.into_iter().map(task).collect(),
        }
    }
}
