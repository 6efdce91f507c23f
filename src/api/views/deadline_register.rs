//! The register of deadlines on the wire.

use crate::domain::{
    ids::{CaseId, DeadlineId, MemberId, RegisterEntryId},
    journal::ActorKind,
    language::Language,
    register::{RegisterCheck, RegisterEntry},
    time::{Day, Instant},
    vocabulary::{OwedBy, RegisterChange},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry of the register of deadlines. It says what was so when it was made and never changes; what is added to it is its check.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisterEntry)]
pub(in crate::api) struct RegisterEntryView {
    id: RegisterEntryId,
    /// The day on which it was made, in China.
    day: Day,
    /// When it was made.
    at: Instant,
    change: RegisterChange,
    case_id: CaseId,
    #[schema(example = "2026-000123")]
    case_number: String,
    deadline_id: DeadlineId,
    #[schema(required, example = "SAMR-HEARING-REQ")]
    rule_id: Option<String>,
    /// What the deadline was called then, in the caller's language when it was a rule's title.
    #[schema(example = "申请听证")]
    title: String,
    owed_by: OwedBy,
    /// Rests on a statute.
    statutory: bool,
    /// The last day since then.
    due_on: Day,
    /// The moment at which it ends since then.
    due_at: Instant,
    /// The moment at which it ended until then; null when that is the same.
    #[schema(required)]
    previous_due_at: Option<Instant>,
    actor: RegisterActorView,
    /// The member who did it, or whose API key did; null when the product did it by itself.
    #[schema(required)]
    member_id: Option<MemberId>,
    /// What that member was called then.
    #[schema(required, example = "李专员")]
    member_name: Option<String>,
    /// What was said with it.
    #[schema(required)]
    note: Option<String>,
    /// A second person has to check it, or has; `check` tells which.
    needs_check: bool,
    /// Null while nobody has checked it.
    #[schema(required)]
    check: Option<RegisterCheckView>,
    /// The entry that it checks; null unless it is a check.
    #[schema(required)]
    checks_id: Option<RegisterEntryId>,
    /// Whether that entry was found correct; null unless it is a check.
    #[schema(required)]
    correct: Option<bool>,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisterActor)]
pub(in crate::api) struct RegisterActorView {
    kind: ActorKind,
    /// The member or the API key; null when it was neither.
    #[schema(required)]
    id: Option<Uuid>,
}

/// What a second person found on an entry.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisterCheck)]
pub(in crate::api) struct RegisterCheckView {
    /// The entry by which it stands in the register itself.
    id: RegisterEntryId,
    by: MemberId,
    /// What they were called then.
    #[schema(example = "王律师")]
    by_name: String,
    at: Instant,
    correct: bool,
    #[schema(required, example = "送达日为 11 月 21 日，到期日应顺延一日")]
    note: Option<String>,
}

impl From<RegisterCheck> for RegisterCheckView {
    fn from(check: RegisterCheck) -> Self {
        let RegisterCheck { id, by, by_name, at, correct, note } = check;
        Self { id, by, by_name, at, correct, note }
    }
}

impl RegisterEntryView {
    pub(in crate::api) fn new(entry: RegisterEntry, language: Language) -> Self {
        Self {
            needs_check: entry.needs_check(),
            title: entry.title.in_language(language).to_owned(),
            actor: RegisterActorView { kind: entry.actor_kind, id: entry.actor_id },
            check: entry.check.map(RegisterCheckView::from),
            id: entry.id,
            day: entry.day,
            at: entry.at,
            change: entry.change,
            case_id: entry.case_id,
            case_number: entry.case_number,
            deadline_id: entry.deadline_id,
            rule_id: entry.rule_id,
            owed_by: entry.owed_by,
            statutory: entry.statutory,
            due_on: entry.due_on,
            due_at: entry.due_at,
            previous_due_at: entry.previous_due_at,
            member_id: entry.member_id,
            member_name: entry.member_name,
            note: entry.note,
            checks_id: entry.checks_id,
            correct: entry.correct,
        }
    }
}
