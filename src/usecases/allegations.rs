//! Allegations: the points of a complaint, what the self-check concludes of each and how it ended.

use super::{case_work, must_have_seen, named_in_body, replace};
use crate::{
    domain::{
        access::{Permission, WriteCases},
        case::Case,
        complaint::{Allegation, Conclusion, Money},
        field_rule::FieldRule,
        ids::{AllegationId, CaseId, ComplaintId},
        list::Distinct,
        merge_patch::{Patch, replacement},
        text::{Line, Prose},
        time::Day,
        trigger::{OUTCOME_RECORDED, VIOLATION_CONFIRMED},
        violation::RuleViolation,
        vocabulary::{AllegationKind, AllegationOutcome, ConclusionResult},
    },
    limits::LONG_LIST,
    store::{self, Failure, Tx, allegations, complaints, records::CaseKey},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A point of an accusation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAllegation {
    /// What kind of wrong it alleges.
    pub kind: AllegationKind,
    /// What it says.
    pub description: Prose<2000>,
    /// First day of the period it concerns.
    #[serde(default)]
    #[schema(nullable = false)]
    pub period_from: Option<Day>,
    /// Last day of the period it concerns.
    #[serde(default)]
    #[schema(nullable = false)]
    pub period_to: Option<Day>,
    /// The orders it names.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<Line<64>>, max_items = 500)]
    pub order_nos: Distinct<Line<64>, LONG_LIST>,
    /// How many orders it counts, named or not.
    #[serde(default)]
    #[schema(nullable = false, minimum = 0)]
    pub order_count: Option<u16>,
    /// The amount it names.
    #[serde(default)]
    #[schema(nullable = false)]
    pub amount: Option<Money>,
    /// The rule or article that it rests on.
    #[serde(default)]
    #[schema(nullable = false)]
    pub legal_basis: Option<Line<300>>,
}

/// An allegation added to a case, under one of its complaints.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedAllegation {
    /// The complaint that makes it.
    pub complaint_id: ComplaintId,
    /// What it alleges.
    pub allegation: NewAllegation,
}

/// What changes on an allegation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllegationPatch {
    /// What it says.
    #[serde(default)]
    #[schema(value_type = Option<Prose<2000>>, nullable = false)]
    pub description: Patch<Prose<2000>>,
    /// The rule or article that it rests on.
    #[serde(default)]
    #[schema(value_type = Option<Line<300>>)]
    pub legal_basis: Patch<Line<300>>,
    /// What the self-check found.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub conclusion: Option<NewConclusion>,
    /// How it ended.
    #[serde(default)]
    #[schema(value_type = Option<AllegationOutcome>)]
    pub outcome: Patch<AllegationOutcome>,
    /// On what the outcome rests.
    #[serde(default)]
    #[schema(value_type = Option<Prose<2000>>)]
    pub outcome_reason: Patch<Prose<2000>>,
}

/// What a person concludes from the self-check.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConclusion {
    /// The result.
    pub result: ConclusionResult,
    /// How many orders are confirmed as alleged; required when something is confirmed.
    #[serde(default)]
    #[schema(nullable = false, minimum = 0)]
    pub confirmed_orders: Option<u16>,
    /// The facts that it rests on.
    pub basis: Prose<5000>,
}

/// An allegation, ready to be kept; `at` points to where it stands in the body.
pub(super) fn build(
    tx: &Tx<'_, impl Permission>,
    case_id: CaseId,
    complaint_id: ComplaintId,
    new: NewAllegation,
    at: &str,
) -> Result<Allegation, Failure> {
    if new.period_from.zip(new.period_to).is_some_and(|(from, to)| to < from) {
        return Err(RuleViolation::field(format!("{at}/period_to"), FieldRule::TooEarly).into());
    }
    Ok(Allegation {
        id: tx.new_id(),
        case_id,
        complaint_id,
        kind: new.kind,
        description: new.description.into(),
        period_from: new.period_from,
        period_to: new.period_to,
        order_nos: new.order_nos.into_vec(),
        order_count: new.order_count.map(Into::into),
        amount: new.amount,
        legal_basis: new.legal_basis.map(Into::into),
        conclusion: None,
        outcome: None,
        outcome_reason: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    })
}

/// Adds an allegation to a case.
///
/// # Errors
/// When the case is closed, or the complaint is not one of it.
pub fn add(tx: &mut Tx<'_, WriteCases>, case_id: CaseId, seen: Option<i64>, new: AddedAllegation) -> Result<Allegation, Failure> {
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_be_open()?;
    let complaint = named_in_body(complaints::find(tx, new.complaint_id), "/complaint_id")?;
    if complaint.case_id != case_id {
        return Err(RuleViolation::field("/complaint_id", FieldRule::NotFound).into());
    }
    let allegation = build(tx, case_id, complaint.id, new.allegation, "/allegation")?;
    allegations::insert(tx, &case, &allegation)?;
    Ok(allegation)
}

/// Changes an allegation. A conclusion that confirms a violation, and the last outcome, are facts of the case: they make tasks.
///
/// # Errors
/// When the case is closed or the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WriteCases>, id: AllegationId, seen: i64, patch: AllegationPatch) -> Result<Allegation, Failure> {
    let case = case_work::lock(tx, CaseKey::Allegation(id), None)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    let before = contents.allegations.iter().find(|a| a.id == id).cloned().ok_or(store::StoreError::NotFound)?;
    must_have_seen(Some(seen), before.version)?;
    let mut after = before.clone();
    replace(patch.description, &mut after.description, "/description", Into::into)?;
    patch.legal_basis.apply_with(&mut after.legal_basis, Into::into);
    if let Some(new) = patch.conclusion {
        let conclusion = Conclusion {
            result: new.result,
            confirmed_orders: new.confirmed_orders.map(Into::into),
            basis: new.basis.into(),
            concluded_by: tx.scope().member(),
            concluded_at: tx.now(),
        };
        if conclusion.confirms_violation() && conclusion.confirmed_orders.is_none() {
            return Err(RuleViolation::field("/conclusion/confirmed_orders", FieldRule::Required).into());
        }
        after.conclusion = Some(conclusion);
    }
    patch.outcome.apply(&mut after.outcome);
    patch.outcome_reason.apply_with(&mut after.outcome_reason, Into::into);
    if after == before {
        return Ok(before);
    }
    let saved = allegations::save(tx, &case, &before, &after)?;
    for allegation in &mut contents.allegations {
        if allegation.id == id {
            *allegation = saved.clone();
        }
    }
    let confirmed = saved.conclusion.as_ref().is_some_and(Conclusion::confirms_violation);
    let all_ended = contents.allegations.iter().all(|a| a.outcome.is_some());
    for (holds, event) in [(confirmed, VIOLATION_CONFIRMED), (all_ended, OUTCOME_RECORDED)] {
        if holds && !contents.triggers.iter().any(|t| t.event == event) {
            let fact = case_work::moment_trigger(event, tx.now());
            case_work::record_trigger(&mut tx.narrow(), &case, &mut contents, fact)?;
        }
    }
    case_work::follow(&mut tx.narrow(), &case, &mut contents)?;
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok(saved)
}
