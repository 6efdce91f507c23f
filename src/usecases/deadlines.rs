//! Typing in deadlines from a notice, changing them, meeting and waiving them.

use super::{case_work, case_work::DeadlineChange, must_have_seen, replace};
use crate::{
    domain::{
        access::{ReadCases, WriteCases},
        case::{Case, Contents},
        computation::{Computation, Due, DueChange, DueChangeTo, Origin},
        content::Content,
        deadline::Deadline,
        field_rule::FieldRule,
        ids::{CaseId, DeadlineId, MemberId},
        merge_patch::Patch,
        period::{PeriodError, end_of_day},
        rule_choice::Chosen,
        text::{Line, Prose},
        time::{Day, Instant},
        violation::RuleViolation,
        vocabulary::{OwedBy, RegisterChange, Stage},
    },
    store::{self, Failure, StoreError, Stored, Tx, members, records::CaseKey},
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
    /// Who answers for it; whoever leads the case when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub assignee_id: Option<MemberId>,
    /// The moment at which it ends.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_at: Option<Instant>,
    /// The last day, in China.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_on: Option<Day>,
}

/// What changes on a deadline. Its end moves to what a page or a decision states; give the moment or the last day, and on what it rests.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlinePatch {
    /// Its title; the rule's when it is null.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub title: Patch<Line<200>>,
    /// Who answers for it.
    #[serde(default)]
    #[schema(value_type = Option<MemberId>)]
    pub assignee_id: Patch<MemberId>,
    /// The stage that it belongs to.
    #[serde(default)]
    #[schema(value_type = Option<Stage>, nullable = false)]
    pub stage: Patch<Stage>,
    /// The moment at which it ends.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_at: Option<Instant>,
    /// The last day, in the zone of its calendar.
    #[serde(default)]
    #[schema(nullable = false)]
    pub due_on: Option<Day>,
    /// On what the new end rests: required with one.
    #[serde(default)]
    #[schema(nullable = false)]
    pub basis: Option<Prose<2000>>,
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

/// An end that a body states, by the moment or by the last day.
pub(super) fn stated_end(
    due_on: Option<Day>,
    due_at: Option<Instant>,
    zone: &jiff::tz::TimeZone,
) -> Result<Option<(Day, Instant)>, RuleViolation> {
    match (due_on, due_at) {
        (None, None) => Ok(None),
        (None, Some(at)) => Ok(Some((at.day_in(zone), at))),
        (Some(day), None) => {
            let at = end_of_day(day.0, zone).map_err(|_| RuleViolation::field("/due_on", FieldRule::OutOfRange))?;
            Ok(Some((day, Instant::new(at))))
        }
        (Some(_), Some(_)) => Err(RuleViolation::field("/due_on", FieldRule::NotAllowed)),
    }
}

/// An end that cannot be counted, as a refusal of what it was counted from.
pub(super) fn uncountable(pointer: &'static str) -> impl Fn(PeriodError) -> Failure {
    move |error| {
        let code = if error == PeriodError::NeedsAnInstant { FieldRule::NotAMoment } else { FieldRule::OutOfRange };
        RuleViolation::field(pointer, code).into()
    }
}

fn must_be_member(tx: &mut Tx<'_, ReadCases>, id: MemberId) -> Result<(), Failure> {
    if members::all_active(tx, &[id])? { Ok(()) } else { Err(RuleViolation::field("/assignee_id", FieldRule::NotFound).into()) }
}

/// Adds a deadline to a case.
///
/// # Errors
/// When the case is closed, or the body names a rule, key or member that nothing knows.
pub fn add(tx: &mut Tx<'_, WriteCases>, case_id: CaseId, seen: Option<i64>, new: NewDeadline) -> Result<Deadline, Failure> {
    let content = tx.content()?;
    let rule = match &new.rule_id {
        Some(id) => Some(content.rule(id).ok_or(RuleViolation::field("/rule_id", FieldRule::NotFound))?),
        None => None,
    };
    let stage = new.stage.or(rule.map(|rule| rule.stage)).ok_or(RuleViolation::field("/stage", FieldRule::Required))?;
    if new.title.is_none() && rule.is_none() {
        return Err(RuleViolation::field("/title", FieldRule::Required).into());
    }
    let calendar = rule.map_or(&content.calendar, |rule| content.calendar_of(&rule.calendar));
    let (on, at) = stated_end(new.due_on, new.due_at, calendar.zone())?.ok_or(RuleViolation::field("/due_on", FieldRule::Required))?;
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_be_open()?;
    if let Some(assignee) = new.assignee_id {
        must_be_member(&mut tx.narrow(), assignee)?;
    }
    let mut contents = store::cases::contents(tx, &case)?;
    if new.key.as_ref().is_some_and(|key| !content.knows_deadline_key(key, &contents.playbook)) {
        return Err(RuleViolation::field("/key", FieldRule::NotFound).into());
    }
    let in_case = case_work::InCase::of(tx, &case)?;
    let due = Due { on, at, provisional: false };
    let stated = in_case.stated(&tx.ground(), stage, Computation::stated(on, at, calendar), due, tx.now());
    let deadline = Deadline {
        rule_id: new.rule_id.map(Into::into),
        key: new.key.map(Into::into),
        title: new.title.map(Into::into),
        owed_by: new.owed_by.or(rule.map(|rule| rule.owed_by)).unwrap_or(OwedBy::Us),
        assignee_id: new.assignee_id.or(case.lead_id),
        statutory: rule.is_some_and(crate::domain::deadline_rule::Rule::is_statutory),
        ..stated
    };
    store::deadlines::insert(tx, &case, &deadline)?;
    contents.deadlines.push(deadline.clone());
    case_work::follow(&mut tx.narrow(), &case, &mut contents)?;
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok(deadline)
}

/// A deadline in its locked case, with all else that is in it.
pub(super) struct InHand {
    pub(super) case: Stored<Case>,
    pub(super) contents: Contents,
    pub(super) deadline: Deadline,
}

/// Takes hold of a deadline's case, which must be open.
pub(super) fn take(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>) -> Result<InHand, Failure> {
    let case = case_work::lock(tx, CaseKey::Deadline(id), None)?;
    case.must_be_open()?;
    let contents = store::cases::contents(tx, &case)?;
    let deadline = contents.deadlines.iter().find(|d| d.id == id).cloned().ok_or(StoreError::NotFound)?;
    must_have_seen(seen, deadline.version)?;
    Ok(InHand { case, contents, deadline })
}

impl InHand {
    /// Saves the deadline as it is from now on; tasks that hang on it follow.
    pub(super) fn save(mut self, tx: &mut Tx<'_, WriteCases>, after: Deadline, change: RegisterChange) -> Result<Deadline, Failure> {
        let changed = vec![DeadlineChange { before: self.deadline, after, change }];
        let mut saved = case_work::save_deadlines(tx, &self.case, &mut self.contents, changed)?;
        Ok(saved.pop().ok_or(StoreError::NotFound)?)
    }
}

/// How a deadline comes to its date; one that was made before that was kept is counted from its trigger.
pub(super) fn computation_of(deadline: &Deadline, contents: &Contents, content: &Content) -> Computation {
    if deadline.computation.origin.is_some() {
        return deadline.computation.clone();
    }
    let counted = deadline.trigger_id.zip(deadline.rule_id.as_deref()).and_then(|(trigger, rule)| {
        let trigger = contents.triggers.iter().find(|known| known.id == trigger)?;
        let rule = content.rule(rule)?;
        let early = !rule.in_force(trigger.occurred_on);
        let computation = Computation::under(Chosen { rule, early }, Origin::of(trigger), content.calendar_of(&rule.calendar));
        computation.applied.is_some().then_some(computation)
    });
    counted.unwrap_or_else(|| Computation::stated(deadline.due_on, deadline.due_at, &content.calendar))
}

/// Changes a deadline.
///
/// # Errors
/// When it has come to its end, a new end has no basis, or the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: i64, patch: DeadlinePatch) -> Result<Deadline, Failure> {
    let content = tx.content()?;
    let held = take(tx, id, Some(seen))?;
    let mut after = held.deadline.clone();
    patch.title.apply_with(&mut after.title, Into::into);
    if after.title.is_none() && after.rule_id.is_none() {
        return Err(RuleViolation::field("/title", FieldRule::Required).into());
    }
    replace(patch.stage, &mut after.stage, "/stage", |stage| stage)?;
    if let Patch::Value(assignee) = patch.assignee_id {
        must_be_member(&mut tx.narrow(), assignee)?;
    }
    patch.assignee_id.apply(&mut after.assignee_id);
    after.computation = computation_of(&held.deadline, &held.contents, &content);
    let zone = content.calendar_of(&after.computation.calendar).zone();
    if let Some((on, at)) = stated_end(patch.due_on, patch.due_at, zone)? {
        let basis = patch.basis.ok_or(RuleViolation::ReasonRequired("/basis"))?.into();
        if !after.is_open() {
            return Err(RuleViolation::DeadlineMove { from: after.status, to: after.status }.into());
        }
        let to = DueChangeTo::Stated(Origin { on, at: Some(at) });
        after.computation.changes.push(DueChange { to, basis, by: tx.scope().member(), at: tx.now() });
        after = after.counted(&content, tx.now()).map_err(uncountable("/due_on"))?;
    } else if patch.basis.is_some() {
        return Err(RuleViolation::field("/basis", FieldRule::NotAllowed).into());
    }
    held.save(tx, after, RegisterChange::Changed)
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
    let held = take(tx, id, seen)?;
    let after = held.deadline.met(met_at, meeting.note.map(Into::into))?;
    held.save(tx, after, RegisterChange::Met)
}

/// Lets a deadline go.
///
/// # Errors
/// When it is met or waived already.
pub fn waive(tx: &mut Tx<'_, WriteCases>, id: DeadlineId, seen: Option<i64>, waiver: Waiver) -> Result<Deadline, Failure> {
    let held = take(tx, id, seen)?;
    let after = held.deadline.waived(waiver.reason.into(), tx.now())?;
    held.save(tx, after, RegisterChange::Waived)
}

/// The case of a deadline with its contents, only read.
pub(super) fn look_at(tx: &mut Tx<'_, ReadCases>, id: DeadlineId) -> Result<(Deadline, Contents), Failure> {
    let deadline = store::deadlines::find(tx, id)?;
    let case = store::cases::find(tx, deadline.case_id)?;
    Ok((deadline, store::cases::contents(tx, &case)?))
}
