//! What becomes of deadlines when their moment has come, without anybody asking for it.

use super::{
    case_work::{self, DeadlineChange},
    deadlines::computation_of,
};
use crate::{
    domain::{
        access::WriteCases,
        deadline::Deadline,
        ids::CaseId,
        vocabulary::{DeadlineStatus, RegisterChange},
    },
    store::{self, Failure, StoreError, Tx, records::CaseKey},
};

/// Marks the deadlines of a case as missed whose end has passed.
///
/// # Errors
/// When the database fails.
pub fn mark_missed(tx: &mut Tx<'_, WriteCases>, id: CaseId) -> Result<(), Failure> {
    let now = tx.now();
    let passed = |deadline: &&Deadline| deadline.status == DeadlineStatus::Pending && deadline.due_at <= now;
    // Most who come second find nothing left to do: they must not raise the version of the case.
    let seen = store::cases::find(tx, id)?;
    if !store::deadlines::list(tx, &seen)?.iter().any(|deadline| passed(&deadline)) {
        return Ok(());
    }
    let case = case_work::lock(tx, CaseKey::Case(id), None)?;
    let mut contents = store::cases::contents(tx, &case)?;
    let changes = contents
        .deadlines
        .iter()
        .filter(passed)
        .map(|before| Ok(DeadlineChange { before: before.clone(), after: before.missed()?, change: RegisterChange::Missed }));
    let changes = changes.collect::<Result<Vec<_>, Failure>>()?;
    case_work::save_deadlines(tx, &case, &mut contents, changes).map(drop)
}

/// Counts the provisional deadlines of a case anew, because calendars or rules have changed since. What they were and are is on the record.
///
/// # Errors
/// When the database fails.
pub fn recount(tx: &mut Tx<'_, WriteCases>, id: CaseId) -> Result<(), Failure> {
    let (content, revision, now) = (tx.content()?, tx.rulebook_revision()?, tx.now());
    let case = match case_work::lock(tx, CaseKey::Case(id), None) {
        Err(Failure::Store(StoreError::NotFound)) => return Ok(()),
        locked => locked?,
    };
    let mut contents = store::cases::contents(tx, &case)?;
    let old = contents.deadlines.iter().filter(|d| d.provisional && d.is_open() && d.rulebook_revision < revision);
    let changes: Vec<DeadlineChange> = old
        .map(|before| {
            let ready =
                Deadline { computation: computation_of(before, &contents, &content), rulebook_revision: revision, ..before.clone() };
            // What cannot be counted any more stays as it was, and is not tried again.
            let after = ready.counted(&content, now).unwrap_or(ready);
            DeadlineChange { before: before.clone(), after, change: RegisterChange::Changed }
        })
        .collect();
    case_work::save_deadlines(tx, &case, &mut contents, changes).map(drop)
}
