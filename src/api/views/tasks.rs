//! Tasks on the wire.

use crate::{
    domain::{
        ids::{CaseId, MemberId, TaskId},
        language::{Bilingual, Language},
        task::ChecklistItem,
        time::Instant,
        vocabulary::{Stage, TaskStatus},
    },
    store::records::TaskInCase,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A task.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub(in crate::api) struct TaskView {
    id: TaskId,
    case_id: CaseId,
    stage: Stage,
    /// The playbook's task that it was made from.
    #[schema(required, example = "SC-03")]
    key: Option<String>,
    /// 1, and one more with each repetition.
    occurrence: i32,
    /// In the caller's language when it is the playbook's.
    #[schema(example = "逐条核查异常信号并作出结论")]
    title: String,
    #[schema(required, example = "先核对物流与签收记录，再看付款账户。")]
    description: Option<String>,
    /// What done means, in the caller's language when it is the playbook's.
    #[schema(required, example = "每条信号均有结论(已解释、已证实或无法定论)，并记录核查人、理由和证据。")]
    done_means: Option<String>,
    /// The documents that are wanted, in the caller's language when they are the playbook's.
    #[schema(example = json!(["核查底稿"]))]
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
    /// Whether it is waived because its branch no longer calls for it; it comes back by itself when one does.
    dropped: bool,
    #[schema(example = json!([]))]
    depends_on: Vec<TaskId>,
    checklist: Vec<ChecklistItem>,
    #[schema(required, example = "120 单已逐单核对")]
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
    pub(in crate::api) fn new(TaskInCase { task, playbook }: TaskInCase, language: Language) -> Self {
        let words = playbook.words_of(&task);
        let title = match (&task.title, words) {
            (Some(own), _) => own.clone(),
            (None, words) => words.map(|words| words.title.in_language(language).to_owned()).unwrap_or_default(),
        };
        let done_means = task.done_means.clone().or_else(|| Some(words?.done_means.in_language(language).to_owned()));
        let in_language = |documents: &[Bilingual]| documents.iter().map(|d| d.in_language(language).to_owned()).collect();
        let wanted_documents = task.wanted_documents.clone().or_else(|| Some(in_language(words?.wanted_documents)));
        Self {
            title,
            done_means,
            wanted_documents: wanted_documents.unwrap_or_default(),
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
            dropped: task.dropped,
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
