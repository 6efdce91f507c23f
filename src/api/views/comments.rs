//! Comments on the wire.

use crate::{
    domain::{
        access::Role,
        ids::{CaseId, CommentId, MemberId, TaskId},
        time::Instant,
        vocabulary::Visibility,
    },
    store::records::AuthoredComment,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A comment.
#[derive(Serialize, ToSchema)]
#[schema(as = Comment)]
pub(in crate::api) struct CommentView {
    id: CommentId,
    case_id: CaseId,
    /// The task that it is about; null when it is about the case.
    #[schema(required)]
    task_id: Option<TaskId>,
    visibility: Visibility,
    /// What it says; null when it is retracted and the caller is not of the tenant's staff.
    #[schema(required, example = "仓库确认 11 月 9 日爆单，底单已在整理。")]
    body: Option<String>,
    author: AuthorView,
    #[schema(required)]
    retracted_at: Option<Instant>,
    #[schema(required)]
    retracted_by: Option<MemberId>,
    #[schema(required)]
    retraction_reason: Option<String>,
    /// Rises when it is retracted; also the `ETag`.
    version: i64,
    created_at: Instant,
}

/// Who wrote a comment.
#[derive(Serialize, ToSchema)]
#[schema(as = Author)]
pub(in crate::api) struct AuthorView {
    member_id: MemberId,
    #[schema(example = "李专员")]
    name: String,
    role: Role,
}

impl CommentView {
    pub(in crate::api) fn new(AuthoredComment { comment, body, author_name, author_role }: AuthoredComment) -> Self {
        Self {
            body,
            id: comment.id,
            case_id: comment.case_id,
            task_id: comment.task_id,
            visibility: comment.visibility,
            author: AuthorView { member_id: comment.author_id, name: author_name, role: author_role },
            retracted_at: comment.retracted_at,
            retracted_by: comment.retracted_by,
            retraction_reason: comment.retraction_reason,
            version: comment.version,
            created_at: comment.created_at,
        }
    }
}
