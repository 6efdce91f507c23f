//! Comments on cases and tasks. They stand beside the case: writing one changes nothing in it, and its version stays.

use super::must_have_seen;
use crate::{
    domain::{
        access::{Role, WorkTasks},
        comment::Comment,
        field_rule::FieldRule,
        ids::{CaseId, CommentId, TaskId},
        text::Prose,
        violation::RuleViolation,
        vocabulary::Visibility,
    },
    store::{
        self, Failure, Stored, Tx,
        records::{AuthoredComment, Case, CaseKey},
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A comment to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// What it says.
    pub body: Prose<5000>,
    /// Who may see it; the tenant's staff when absent, and `client` when a client writes.
    #[serde(default)]
    #[schema(nullable = false)]
    pub visibility: Option<Visibility>,
}

/// Why a comment is retracted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retraction {
    /// The reason, which goes on the record.
    pub reason: Prose<1000>,
}

/// Comments on a case.
///
/// # Errors
/// When the writer may not see what they want to write.
pub fn on_case(tx: &mut Tx<'_, WorkTasks>, id: CaseId, seen: Option<i64>, new: NewComment) -> Result<AuthoredComment, Failure> {
    let case = store::cases::find_to_write(tx, CaseKey::Case(id))?;
    must_have_seen(seen, case.version)?;
    write(tx, &case, None, new)
}

/// Comments on a task.
///
/// # Errors
/// When the writer may not see what they want to write.
pub fn on_task(tx: &mut Tx<'_, WorkTasks>, id: TaskId, seen: Option<i64>, new: NewComment) -> Result<AuthoredComment, Failure> {
    let case = store::cases::find_to_write(tx, CaseKey::Task(id))?;
    if seen.is_some() {
        must_have_seen(seen, store::tasks::find(tx, id)?.task.version)?;
    }
    write(tx, &case, Some(id), new)
}

fn write(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, task_id: Option<TaskId>, new: NewComment) -> Result<AuthoredComment, Failure> {
    let role = tx.scope().role();
    let visibility = new.visibility.unwrap_or(if role == Role::Client { Visibility::Client } else { Visibility::Internal });
    if !Visibility::seen_by(role).contains(&visibility) {
        return Err(RuleViolation::field("/visibility", FieldRule::NotAllowed).into());
    }
    let comment = Comment {
        id: tx.new_id(),
        case_id: case.id,
        task_id,
        visibility,
        body: new.body.into(),
        author_id: tx.scope().member(),
        retracted_at: None,
        retracted_by: None,
        retraction_reason: None,
        version: 1,
        created_at: tx.now(),
    };
    store::comments::insert(tx, case, &comment)?;
    Ok(store::comments::find(tx, comment.id)?.into_inner())
}

/// Retracts a comment: its author may, and an owner or a manager.
///
/// # Errors
/// When it is somebody else's, or retracted already.
pub fn retract(tx: &mut Tx<'_, WorkTasks>, id: CommentId, seen: Option<i64>, retraction: Retraction) -> Result<AuthoredComment, Failure> {
    let before = store::comments::find(tx, id)?;
    store::cases::find_to_write(tx, CaseKey::Case(before.comment.case_id))?;
    must_have_seen(seen, before.comment.version)?;
    let (by, role, now) = (tx.scope().member(), tx.scope().role(), tx.now());
    let after = before.comment.retracted(by, role, retraction.reason.into(), now)?;
    Ok(store::comments::retract(tx, &before, &after)?.into_inner())
}
