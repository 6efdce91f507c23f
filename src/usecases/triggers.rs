//! Recording the dated facts that start clocks.

use super::case_work::{self, Fact};
use crate::{
    domain::{
        access::WriteCases,
        deadline::Deadline,
        field_rule::FieldRule,
        ids::CaseId,
        playbook::Playbook,
        task::Task,
        text::Line,
        time::{Day, Instant},
        trigger::{CASE_OPENED, Trigger},
        violation::RuleViolation,
    },
    store::{
        self, Failure, Tx,
        records::{Case, CaseKey},
    },
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A dated fact. Give the moment when it is known, the day otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrigger {
    /// What happened, as a word of the rules and the playbook.
    pub event: Line<64>,
    /// When it happened.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_at: Option<Instant>,
    /// On which day it happened, in China.
    #[serde(default)]
    #[schema(nullable = false)]
    pub occurred_on: Option<Day>,
    /// How it was served or came to be known.
    #[serde(default)]
    #[schema(nullable = false)]
    pub served_by: Option<Line<200>>,
}

/// What a trigger made.
#[derive(Debug)]
pub struct Started {
    /// The trigger.
    pub trigger: Trigger,
    /// The deadlines that it started.
    pub deadlines: Vec<Deadline>,
    /// The tasks that came into being.
    pub tasks: Vec<Task>,
    /// The playbook of their case.
    pub playbook: Arc<Playbook>,
}

/// Records a fact, with the deadlines and tasks that it makes.
///
/// # Errors
/// When the case is closed, nothing knows the event, or it has neither moment nor day.
pub fn record(tx: &mut Tx<'_, WriteCases>, case_id: CaseId, seen: Option<i64>, new: NewTrigger) -> Result<Started, Failure> {
    if new.occurred_at.is_none() && new.occurred_on.is_none() {
        return Err(RuleViolation::field("/occurred_on", FieldRule::Required).into());
    }
    if new.occurred_at.is_some() && new.occurred_on.is_some() {
        return Err(RuleViolation::field("/occurred_on", FieldRule::NotAllowed).into());
    }
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    if !tx.ground().content.knows_event(&new.event, &contents.playbook) {
        return Err(RuleViolation::field("/event", FieldRule::NotFound).into());
    }
    if &*new.event == CASE_OPENED {
        return Err(RuleViolation::AlreadyRecorded(new.event.into()).into());
    }
    let fact = Fact {
        event: new.event.into(),
        occurred_at: new.occurred_at,
        occurred_on: new.occurred_on,
        served_by: new.served_by.map(Into::into),
    };
    let (trigger, deadlines) = case_work::record_trigger(&mut tx.narrow(), &case, &mut contents, fact)?;
    let tasks = case_work::follow(&mut tx.narrow(), &case, &mut contents)?;
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok(Started { trigger, deadlines, tasks, playbook: contents.playbook })
}
