//! Moving cases from one version of a playbook to another: shown before, then done, and nothing done is lost.

use super::{
    branch_change::{Planned, TaskChanges, plan},
    case_work::lock,
    must_have_seen, playbooks,
};
use crate::{
    domain::{
        access::{OpenCases, Permission, ReadPlaybooks},
        case::Contents,
        field_rule::FieldRule,
        ids::{CaseId, PlaybookId},
        journal::Entry,
        list::Distinct,
        playbook::Playbook,
        text::Prose,
        violation::RuleViolation,
    },
    limits::BULK,
    store::{
        self, Failure, Stored, Tx,
        records::{Case, CaseKey},
    },
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// To which version a case is to move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaybookMove {
    /// The published version.
    pub playbook_id: PlaybookId,
    /// Why; it is noted on the tasks that are dropped.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
}

/// Which cases are to move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseMoves {
    /// The cases, all open: all of them move, or none does.
    #[schema(value_type = Vec<CaseId>, min_items = 1, max_items = 100)]
    pub case_ids: Distinct<CaseId, BULK>,
    /// Why; it is noted on the tasks that are dropped.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
}

/// A case that has moved, or would.
#[derive(Debug)]
pub struct MovedCase {
    /// The case, as it is when it has moved.
    pub case: Case,
    /// The version that it comes from.
    pub from: PlaybookId,
    /// What becomes of its tasks.
    pub tasks: TaskChanges,
}

/// What a move does to a case, not yet written.
fn planned(
    tx: &mut Tx<'_, impl Permission>,
    case: &Case,
    mut contents: Contents,
    to: &Arc<Playbook>,
    note: &str,
) -> Result<Planned, Failure> {
    let from = std::mem::replace(&mut contents.playbook, Arc::clone(to));
    plan(tx, case, &mut contents, &from, note)
}

fn shown(tx: &mut Tx<'_, ReadPlaybooks>, case: Stored<Case>, contents: Contents, to: &Arc<Playbook>) -> Result<MovedCase, Failure> {
    case.must_be_open()?;
    let planned = planned(tx, &case, contents, to, "")?;
    Ok(MovedCase { from: case.playbook_id, tasks: planned.changes, case: case.into_inner() })
}

fn done(
    tx: &mut Tx<'_, OpenCases>,
    case: &Stored<Case>,
    contents: Contents,
    to: &Arc<Playbook>,
    reason: Option<&str>,
) -> Result<MovedCase, Failure> {
    case.must_be_open()?;
    let from = Arc::clone(&contents.playbook);
    let versions = format!("{} {} → {} {}", from.key, from.number, to.key, to.number);
    let tasks = planned(tx, case, contents, to, reason.unwrap_or(&versions))?.carry_out(&mut tx.narrow(), case)?;
    let entry = Entry::of_case("case.playbook_changed", case.id, case.id).with("reason", reason).with("versions", &versions);
    let after = store::cases::save(tx, case, &Case { playbook_id: to.id, ..Case::clone(case) }, entry)?;
    Ok(MovedCase { case: after.into_inner(), from: from.id, tasks })
}

/// What moving a case would change.
///
/// # Errors
/// When the case is closed, or the version is not there or a draft.
pub fn preview(tx: &mut Tx<'_, ReadPlaybooks>, id: CaseId, wanted: &PlaybookMove) -> Result<MovedCase, Failure> {
    let case = store::cases::find(tx, id)?;
    let to = playbooks::published_in_body(tx, wanted.playbook_id, "/playbook_id")?;
    let contents = store::cases::contents(tx, &case)?;
    shown(tx, case, contents, &to)
}

/// Moves a case.
///
/// # Errors
/// When the case is closed, or the version is not there or a draft.
pub fn apply(tx: &mut Tx<'_, OpenCases>, id: CaseId, seen: Option<i64>, wanted: &PlaybookMove) -> Result<MovedCase, Failure> {
    let case = lock(tx, CaseKey::Case(id), seen)?;
    let to = playbooks::published_in_body(tx, wanted.playbook_id, "/playbook_id")?;
    let contents = store::cases::contents(tx, &case)?;
    done(tx, &case, contents, &to, wanted.reason.as_deref())
}

/// The cases that a body names, in the order of their ids, or the first of them that is not there.
fn all_of(found: Vec<Stored<Case>>, wanted: &[CaseId]) -> Result<Vec<Stored<Case>>, Failure> {
    match wanted.iter().position(|id| !found.iter().any(|case| case.id == *id)) {
        Some(missing) => Err(RuleViolation::field(format!("/case_ids/{missing}"), FieldRule::NotFound).into()),
        None if found.is_empty() => Err(RuleViolation::field("/case_ids", FieldRule::Empty).into()),
        None => Ok(found),
    }
}

/// The published version in a path, which the caller must have seen as it is if they say which they saw. Nothing moves to a draft.
fn target(tx: &mut Tx<'_, ReadPlaybooks>, id: PlaybookId, seen: Option<i64>) -> Result<Arc<Playbook>, Failure> {
    let record = playbooks::find(tx, id)?;
    must_have_seen(seen, record.version)?;
    record.must_be_published()?;
    Ok(store::playbooks::pinned(tx, id)?)
}

/// What moving these cases would change.
///
/// # Errors
/// When the version is not there or a draft, or a case is not there or closed.
pub fn preview_many(tx: &mut Tx<'_, ReadPlaybooks>, id: PlaybookId, wanted: &CaseMoves) -> Result<Vec<MovedCase>, Failure> {
    let to = target(tx, id, None)?;
    let cases = all_of(store::cases::find_all(tx, &wanted.case_ids)?, &wanted.case_ids)?;
    let contents = store::cases::contents_of_many(tx, &cases)?;
    cases.into_iter().zip(contents).map(|(case, contents)| shown(tx, case, contents, &to)).collect()
}

/// Moves these cases, all or none.
///
/// # Errors
/// When the version is not there or a draft, or a case is not there or closed.
pub fn apply_many(tx: &mut Tx<'_, OpenCases>, id: PlaybookId, seen: Option<i64>, wanted: &CaseMoves) -> Result<Vec<MovedCase>, Failure> {
    let to = target(&mut tx.narrow(), id, seen)?;
    let cases = all_of(store::cases::lock_all(tx, &wanted.case_ids)?, &wanted.case_ids)?;
    let contents = store::cases::contents_of_many(tx, &cases)?;
    cases.iter().zip(contents).map(|(case, contents)| done(tx, case, contents, &to, wanted.reason.as_deref())).collect()
}
