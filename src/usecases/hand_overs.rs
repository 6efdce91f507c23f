//! Handing one member's work over to another: the cases that they lead or work on, and their open tasks.

use super::{must_have_seen, named_in_body};
use crate::{
    domain::{
        access::{Capability, HandOver, ReadMembers},
        field_rule::FieldRule,
        ids::MemberId,
        member::MemberStatus,
        text::Prose,
        violation::RuleViolation,
    },
    limits::HANDED_OVER,
    store::{self, Failure, Tx, records::Case},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// To whom the work goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHandOver {
    /// An active member of the staff, who reaches all cases.
    pub to_member_id: MemberId,
    /// Why.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
}

/// What was handed over.
#[derive(Debug, Clone, Copy)]
pub struct HandedOver {
    /// The cases in which something changed hands.
    pub cases: usize,
    /// The tasks that did.
    pub tasks: usize,
    /// Whether there is more: ask again.
    pub has_more: bool,
}

/// Hands a member's work over, up to [`HANDED_OVER`] cases at a time.
///
/// # Errors
/// When the other one is not there, is the same, is suspended or does not reach all cases.
pub fn hand_over(tx: &mut Tx<'_, HandOver>, from: MemberId, seen: Option<i64>, new: NewHandOver) -> Result<HandedOver, Failure> {
    let to = new.to_member_id;
    let giver = store::members::find(&mut tx.narrow::<ReadMembers>(), from)?;
    must_have_seen(seen, giver.version)?;
    let taker = named_in_body(store::members::find(&mut tx.narrow::<ReadMembers>(), to), "/to_member_id")?;
    let may_take = taker.status == MemberStatus::Active && taker.role.may(Capability::WriteCases) && !taker.role.needs_grant();
    if to == from || !may_take {
        return Err(RuleViolation::field("/to_member_id", FieldRule::NotAllowed).into());
    }
    let (work, has_more) = store::hand_overs::work_of(tx, from, HANDED_OVER)?;
    let after: Vec<Case> = work.iter().map(|work| work.case.handed_over(from, to)).collect();
    store::hand_overs::save(tx, &work, &after, from, to, new.reason.as_deref())?;
    Ok(HandedOver { cases: work.len(), tasks: work.iter().map(|work| work.tasks.len()).sum(), has_more })
}
