//! The agenda and its feeds on the wire.

use crate::{
    domain::{
        ids::{AgendaFeedId, CaseId, MemberId, ShopId},
        language::Language,
        time::{Day, Instant},
        vocabulary::{BlockingCode, DeadlineStatus, OwedBy, Platform, Stage, TaskStatus},
    },
    store::records::{AgendaFeed, AgendaWork},
    usecases::agenda::{AgendaEntry, AgendaKind},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that is to be done by a moment.
#[derive(Serialize, ToSchema)]
#[schema(as = AgendaItem)]
pub(in crate::api) struct AgendaItemView {
    kind: AgendaKind,
    /// The id of the deadline or the task.
    id: Uuid,
    case_id: CaseId,
    #[schema(example = "2026-000123")]
    case_number: String,
    #[schema(example = "抖音：涉嫌虚假交易 120 单")]
    case_title: String,
    shop_id: ShopId,
    platform: Platform,
    stage: Stage,
    /// In the caller's language when it is a rule's or the playbook's.
    #[schema(example = "抖音虚假交易申诉")]
    title: String,
    /// The last day of a deadline.
    #[schema(required)]
    due_on: Option<Day>,
    due_at: Instant,
    overdue: bool,
    /// The state of a deadline.
    #[schema(required)]
    deadline_status: Option<DeadlineStatus>,
    /// The state of a task.
    #[schema(required)]
    task_status: Option<TaskStatus>,
    /// Who owes a deadline.
    #[schema(required)]
    owed_by: Option<OwedBy>,
    /// Who answers for it, or does it.
    #[schema(required)]
    assignee_id: Option<MemberId>,
    /// Rests on a statute.
    statutory: bool,
    /// May still move.
    provisional: bool,
    /// Copied from the notice instead of computed.
    as_stated: bool,
    #[schema(required, example = "PF-DOUYIN-APPEAL")]
    rule_id: Option<String>,
    /// The playbook's word for the deadline, or its task.
    #[schema(required, example = "platform_appeal")]
    key: Option<String>,
    /// Where it is.
    #[schema(example = "/v1/deadlines/01a1f693-21c0-7c8e-84c5-3e3ac0f6c0a5")]
    link: String,
    /// Why it cannot be done at once.
    #[schema(example = json!([]))]
    blocking: Vec<BlockingView>,
}

/// A reason why something cannot be done at once.
#[derive(Serialize, ToSchema)]
#[schema(as = Blocking)]
pub(in crate::api) struct BlockingView {
    code: BlockingCode,
    /// In the caller's language.
    #[schema(example = "本阶段还有 3 项必做任务未完成")]
    message: String,
    /// Where to do something about it.
    #[schema(example = "/v1/tasks/01a1f693-21c0-7c8e-84c5-3e3ac0f6c0a5")]
    link: String,
}

impl BlockingView {
    fn new(code: BlockingCode, language: Language, (zh, en): (String, String), link: String) -> Self {
        let message = if language == Language::Chinese { zh } else { en };
        Self { code, message, link }
    }
}

fn blocking(entry: &AgendaEntry, language: Language) -> Vec<BlockingView> {
    let item = &entry.item;
    let reason = |code, zh: String, en: String, link| BlockingView::new(code, language, (zh, en), link);
    match &item.work {
        AgendaWork::Task(task) if task.status == TaskStatus::Blocked => {
            let why = task.note.clone().unwrap_or_default();
            vec![reason(BlockingCode::TaskBlocked, format!("任务受阻：{why}"), format!("Blocked: {why}"), format!("/v1/tasks/{}", task.id))]
        }
        AgendaWork::Task(_) => Vec::new(),
        AgendaWork::Deadline(deadline) => {
            let mut reasons = Vec::new();
            if deadline.status == DeadlineStatus::Suspended {
                let link = format!("/v1/deadlines/{}", deadline.id);
                reasons.push(reason(BlockingCode::Suspended, "期限已中止".into(), "Its clock stands still".into(), link));
            }
            if let Some(task) = deadline.blocked_task {
                let words = ("本阶段有任务受阻".to_owned(), "A task of its stage is blocked".to_owned());
                reasons.push(reason(BlockingCode::TaskBlocked, words.0, words.1, format!("/v1/tasks/{task}")));
            }
            if deadline.open_tasks > 0 {
                let n = deadline.open_tasks;
                let words = (format!("本阶段还有 {n} 项必做任务未完成"), format!("{n} required tasks of its stage are open"));
                let link = format!("/v1/cases/{}/tasks?stage={}", item.case_id, item.stage);
                reasons.push(reason(BlockingCode::TasksOpen, words.0, words.1, link));
            }
            reasons
        }
    }
}

impl AgendaItemView {
    pub(in crate::api) fn new(entry: AgendaEntry, language: Language) -> Self {
        let blocking = blocking(&entry, language);
        let AgendaEntry { item, title, overdue } = entry;
        let (deadline, task) = match item.work {
            AgendaWork::Deadline(deadline) => (Some(deadline), None),
            AgendaWork::Task(task) => (None, Some(task)),
        };
        let id = deadline.as_ref().map(|deadline| deadline.id.into()).or(task.as_ref().map(|task| task.id.into())).unwrap_or_default();
        let kind = if deadline.is_some() { AgendaKind::Deadline } else { AgendaKind::Task };
        Self {
            kind,
            id,
            link: format!("/v1/{kind}s/{id}"),
            case_id: item.case_id,
            case_number: item.case_number,
            case_title: item.case_title,
            shop_id: item.shop_id,
            platform: item.platform,
            stage: item.stage,
            title: title.in_language(language).to_owned(),
            due_on: deadline.as_ref().map(|deadline| deadline.due_on),
            due_at: item.due_at,
            overdue,
            deadline_status: deadline.as_ref().map(|deadline| deadline.status),
            task_status: task.as_ref().map(|task| task.status),
            owed_by: deadline.as_ref().map(|deadline| deadline.owed_by),
            assignee_id: item.assignee_id,
            statutory: deadline.as_ref().is_some_and(|deadline| deadline.statutory),
            provisional: deadline.as_ref().is_some_and(|deadline| deadline.provisional),
            as_stated: deadline.as_ref().is_some_and(|deadline| deadline.as_stated),
            rule_id: deadline.as_ref().and_then(|deadline| deadline.rule_id.clone()),
            key: deadline.and_then(|deadline| deadline.key).or(task.and_then(|task| task.key)),
            blocking,
        }
    }
}

/// A calendar feed of the caller's.
#[derive(Serialize, ToSchema)]
#[schema(as = AgendaFeed)]
pub(in crate::api) struct AgendaFeedView {
    id: AgendaFeedId,
    #[schema(example = "手机日历")]
    name: String,
    /// Only what the member answers for; else all that they may see.
    only_mine: bool,
    #[schema(example = "zh-CN")]
    language: String,
    /// What a calendar program subscribes to: only in the answer that makes the feed. Whoever has it reads the feed; deleting the feed revokes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://cases.example/v1/agenda.ics?token=rjf_AZoexyZ9cX2Sk4mQ")]
    url: Option<String>,
    created_at: Instant,
}

impl AgendaFeedView {
    pub(in crate::api) fn new(feed: AgendaFeed, url: Option<String>) -> Self {
        Self {
            url,
            id: feed.id,
            name: feed.name,
            only_mine: feed.only_mine,
            language: feed.language.tag().to_owned(),
            created_at: feed.created_at,
        }
    }
}
