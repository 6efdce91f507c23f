//! What becomes of deadlines when their moment has come, without anybody asking for it.

use super::{
    case_work::{self, DeadlineChange, InCase},
    deadlines::computation_of,
};
use crate::{
    domain::{
        access::WriteCases,
        case::{Case, Contents},
        computation::{Origin, schedule},
        deadline::Deadline,
        deadline_rule::family_of,
        ids::CaseId,
        vocabulary::{DeadlineStatus, RegisterChange},
    },
    store::{self, Failure, StoreError, Stored, Tx, records::CaseKey},
};

/// Marks the deadlines of a case as missed whose end has passed, and starts what the law ties to their passing, such as the surcharge on a fine.
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
    let missed = case_work::save_deadlines(tx, &case, &mut contents, changes)?;
    for deadline in missed {
        start_what_follows(tx, &case, &mut contents, &deadline)?;
    }
    Ok(())
}

/// Starts the deadlines of rules that begin where another one's ends: their trigger is `X.due`. Extensions do not begin by themselves.
fn start_what_follows(tx: &mut Tx<'_, WriteCases>, case: &Stored<Case>, contents: &mut Contents, missed: &Deadline) -> Result<(), Failure> {
    let Some(rule) = &missed.rule_id else { return Ok(()) };
    let (ground, content, now) = (tx.ground(), tx.content()?, tx.now());
    let origin = Origin { on: missed.due_on, at: Some(missed.due_at) };
    let in_case = InCase::of(tx, case)?;
    let acts = content.rules_for(&format!("{}.due", family_of(rule)), missed.due_on, &contents.channels(), case.platform);
    for started in acts.iter().filter_map(|act| schedule(act, origin, &content, now)) {
        let deadline = in_case.deadline(&ground, started, missed.trigger_id, now);
        let known = contents.deadlines.iter().any(|d| d.rule_id == deadline.rule_id && d.trigger_id == deadline.trigger_id);
        if !known {
            store::deadlines::insert(tx, case, &deadline)?;
            contents.deadlines.push(deadline);
        }
    }
    Ok(())
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
