//! Comments, each shown to those alone who may see it.

use super::{At, Result, paged};
use crate::{
    auth::hash::sha256,
    domain::{
        access::Role,
        comment::Comment,
        ids::{CaseId, CommentId, MemberId, TaskId, TenantId},
        journal::{Entry, hex},
        time::Instant,
        vocabulary::Visibility,
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::{AuthoredComment, Case, CommentFilter},
        schema::{comments, members, persons},
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = comments)]
struct Row {
    tenant_id: TenantId,
    id: CommentId,
    case_id: CaseId,
    task_id: Option<TaskId>,
    visibility: Visibility,
    body: String,
    author_id: MemberId,
    retracted_at: Option<Instant>,
    retracted_by: Option<MemberId>,
    retraction_reason: Option<String>,
    version: i64,
    created_at: Instant,
}

type AuthoredRow = (Row, String, Role);

fn authored((row, author_name, author_role): AuthoredRow, reader: Role) -> AuthoredComment {
    let comment = Comment {
        id: row.id,
        case_id: row.case_id,
        task_id: row.task_id,
        visibility: row.visibility,
        body: row.body,
        author_id: row.author_id,
        retracted_at: row.retracted_at,
        retracted_by: row.retracted_by,
        retraction_reason: row.retraction_reason,
        version: row.version,
        created_at: row.created_at,
    };
    AuthoredComment { body: comment.body_for(reader).map(str::to_owned), comment, author_name, author_role }
}

/// The comments that the caller may see, with their authors.
macro_rules! seen {
    ($at:expr) => {{
        let mut query = comments::table
            .inner_join(members::table.on(members::tenant_id.eq(comments::tenant_id).and(members::id.eq(comments::author_id))))
            .inner_join(persons::table.on(persons::id.eq(members::person_id)))
            .select((Row::as_select(), persons::name, members::role))
            .into_boxed();
        if !$at.open(Hole::TenantOfComment) {
            query = query.filter(comments::tenant_id.eq($at.tenant()));
        }
        if !$at.open(Hole::CommentVisibility) {
            query = query.filter(comments::visibility.eq_any(Visibility::seen_by($at.scope().role()).to_vec()));
        }
        if let Some(within) = $at.narrow_case_ids() {
            query = query.filter(comments::case_id.eq_any(within));
        }
        query
    }};
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<CommentFilter>) -> Result<Vec<AuthoredComment>> {
    let mut query = seen!(at);
    query = match page.filter {
        CommentFilter::OfCase(case) => query.filter(comments::case_id.eq(case)),
        CommentFilter::OfTask(task) => query.filter(comments::task_id.eq(task)),
    };
    let rows: Vec<AuthoredRow> = at.load(paged!(query, page, comments::id))?;
    let reader = at.scope().role();
    Ok(rows.into_iter().map(|row| authored(row, reader)).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: CommentId) -> Result<Stored<AuthoredComment>> {
    let query = seen!(at).filter(comments::id.eq(id));
    let reader = at.scope().role();
    at.first::<_, AuthoredRow>(query).map(|row| Stored::new(authored(row, reader)))
}

/// The entry of the journal holds the hash of the words, not the words: they are told by the comment alone, as long as it stands.
fn entry(kind: &'static str, comment: &Comment) -> Entry {
    Entry::of_case(kind, comment.case_id, comment.id)
        .seen_as(comment.visibility)
        .with("task_id", comment.task_id)
        .with("sha256", hex(&sha256(comment.body.as_bytes())))
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Stored<Case>, comment: &Comment) -> Result<()> {
    let row = Row {
        tenant_id: at.tenant(),
        id: comment.id,
        case_id: case.id,
        task_id: comment.task_id,
        visibility: comment.visibility,
        body: comment.body.clone(),
        author_id: comment.author_id,
        retracted_at: comment.retracted_at,
        retracted_by: comment.retracted_by,
        retraction_reason: comment.retraction_reason.clone(),
        version: comment.version,
        created_at: comment.created_at,
    };
    diesel::insert_into(comments::table).values(row).execute(at.record(entry("comment.created", comment)))?;
    Ok(())
}

pub(in crate::store) fn retract(at: &mut At<'_>, before: &Stored<AuthoredComment>, after: &Comment) -> Result<Stored<AuthoredComment>> {
    let before = AuthoredComment::clone(before);
    let after = Comment { version: before.comment.version + 1, ..after.clone() };
    let row = comments::table.find((at.tenant(), after.id)).filter(comments::version.eq(before.comment.version));
    let changed = diesel::update(row)
        .set((
            comments::retracted_at.eq(after.retracted_at),
            comments::retracted_by.eq(after.retracted_by),
            comments::retraction_reason.eq(&after.retraction_reason),
            comments::version.eq(after.version),
        ))
        .execute(at.record(entry("comment.retracted", &after).with("reason", &after.retraction_reason)))?;
    if changed != 1 {
        return Err(StoreError::Stale { current: after.version });
    }
    let body = after.body_for(at.scope().role()).map(str::to_owned);
    Ok(Stored::new(AuthoredComment { comment: after, body, ..before }))
}
