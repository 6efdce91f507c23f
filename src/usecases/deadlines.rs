//! Typing in deadlines from a notice, meeting and waiving them.

use super::{case_work, must_have_seen};
use crate::{
    domain::{
        access::WriteCases,
        deadline::Deadline,
        field_rule::FieldRule,
        ids::{CaseId, DeadlineId},
        period::end_of_day,
        text::{Line, Prose},
        time::{Day, Instant},
        violation::RuleViolation,
        vocabulary::{DeadlineStatus, OwedBy, Stage},
    },
    store::{
        self, Failure, StoreError, Tx,
        records::{Case, CaseKey},
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A deadline as a notice or a platform's page states it. Give the moment when it is stated, the last day otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeadline {
    /// The stage that it belongs to; the rule's when a rule is named.
    #[serde(default)]
    #[schema(nullable = false)]
    pub stage: Option<Stage>,
    /// Its title; the rule's when a rule is named.
    #[serde(default)]
    #[schema(nullable = false)]
    pub title: Option<Line<200>>,
    /// The rule whose deadline the notice states.
    #[serde(default)]
    #[schema(nullable = false)]
    pub rule_id: Option<Line<64>>,
    /// The playbook's word for it, such as `request_due` or `platform_appeal`.
    #[serde(default)]
    #[schema(nullable = false)]
    pub key: Option<Line<64>>,
    /// Who owes the act; us when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub owed_by: Option<OwedBy>,
    /// The moment at which it ends.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_at: Option<Instant>,
    /// The last day, in China.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_on: Option<Day>,
}

/// That the act was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// When it was done; now when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub met_at: Option<Instant>,
    /// The proof: a receipt, a ticket number.
    #[serde(default)]
    #[schema(nullable = false)]
    pub note: Option<Prose<2000>>,
}

/// That a deadline is let go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Why.
    pub reason: Prose<2000>,
}

/// Adds a deadline to a case.
///
/// # Errors
/// When the case is closed, or the body names a rule or key that nothing knows.
pub fn add(tx: &mut Tx<'_, WriteCases>, case_id: CaseId, seen: Option<i64>, new: NewDeadline) -> Result<Deadline, Failure> {
    let ground = tx.ground();
    let rule = match &new.rule_id {
        Some(id) => Some(ground.content.rule(id).ok_or(RuleViolation::field("/rule_id", FieldRule::NotFound))?),
        None => None,
    };
    let stage = new.stage.or(rule.map(|rule| rule.stage)).ok_or(RuleViolation::field("/stage", FieldRule::Required))?;
    if new.title.is_none() && rule.is_none() {
        return Err(RuleViolation::field("/title", FieldRule::Required).into());
    }
    let zone = ground.content.calendar.zone();
    let (due_on, due_at) = match (new.due_on, new.due_at) {
        (None, Some(at)) => (Day(at.timestamp().to_zoned(zone.clone()).date()), at),
        (Some(day), None) => {
            (day, Instant::new(end_of_day(day.0, zone).map_err(|_| RuleViolation::field("/due_on", FieldRule::OutOfRange))?))
        }
        (None, None) => return Err(RuleViolation::field("/due_on", FieldRule::Required).into()),
        (Some(_), Some(_)) => return Err(RuleViolation::field("/due_on", FieldRule::NotAllowed).into()),
    };
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    if new.key.as_ref().is_some_and(|key| !ground.content.knows_deadline_key(key, &contents.playbook)) {
        return Err(RuleViolation::field("/key", FieldRule::NotFound).into());
    }
    let deadline = Deadline {
        id: tx.new_id(),
        case_id,
        stage,
        rule_id: new.rule_id.map(Into::into),
        key: new.key.map(Into::into),
        title: new.title.map(Into::into),
        trigger_id: None,
        owed_by: new.owed_by.or(rule.map(|rule| rule.owed_by)).unwrap_or(OwedBy::Us),
        due_on,
        due_at,
        as_stated: true,
        provisional: false,
        status: DeadlineStatus::Pending,
        met_at: None,
        note: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::deadlines::insert(tx, &case, &deadline)?;
    contents.deadlines.push(deadline.clone());
    case_work::follow(&mut tx.narrow(), &case, &mut contents)?;
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok(deadline)
}

fn change(
    tx: &mut Tx<'_, WriteCases>,
    id: DeadlineId,
    seen: Option<i64>,
    kind: &'static str,
    decide: impl FnOnce(&Deadline) -> Result<Deadline, Failure>,
) -> Result<Deadline, Failure> {
    let case = case_work::lock(tx, CaseKey::Deadline(id), None)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    let before = contents.deadlines.iter().find(|d| d.id == id).cloned().ok_or(StoreError::NotFound)?;
    must_have_seen(seen, before.version)?;
    let saved = store::deadlines::save(tx, &case, &before, &decide(&before)?, kind)?;
    for deadline in &mut contents.deadlines {
        if deadline.id == id {
            *deadline = saved.clone();
        }
    }
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok(saved)
}

/// Records that the act was done.
///
/// # Errors
/// When it is met or waived already, or lies in the future.
pub fn meet(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>, meeting: Meeting) -> Result<Deadline, Failure> {
    let now = tx.now();
    let met_at = meeting.met_at.unwrap_or(now);
    if met_at > now {
        return Err(RuleViolation::field("/met_at", FieldRule::OutOfRange).into());
    }
    change(tx, id, seen, "deadline.met", |before| Ok(before.met(met_at, meeting.note.map(Into::into))?))
}

/// Lets a deadline go.
///
/// # Errors
/// When it is met or waived already.
pub fn waive(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>, waiver: Waiver) -> Result<Deadline, Failure> {
    change(tx, id, seen, "deadline.waived", |before| Ok(before.waived(waiver.reason.into())?))
}
