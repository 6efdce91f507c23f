//! Ladders of reminders: for each kind of deadline, who is reminded how long before its end.

use super::{
    ids::MemberId,
    list::Distinct,
    text::Slug,
    time::Instant,
    vocabulary::{LadderKind, StepTo, StepUnit},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The steps of each kind's ladder.
pub type Ladders = BTreeMap<LadderKind, Vec<LadderStep>>;

/// How long before the end of a deadline a step lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// How many units; 0 is the end itself, a negative amount lies after it.
    #[schema(example = 24)]
    pub amount: i32,
    /// The unit.
    pub unit: StepUnit,
}

/// A step of a ladder. It is kept as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LadderStep {
    /// Its name, which no other step of the ladder has.
    #[schema(example = "one_day")]
    pub name: Slug,
    /// How long before the end.
    pub before: Before,
    /// Whom it reminds.
    #[schema(value_type = Vec<StepTo>, min_items = 1, max_items = 3)]
    pub to: Distinct<StepTo, 3>,
    /// Whether it is shown at once, at night and on days off too.
    #[schema(example = false)]
    pub critical: bool,
    /// Whether it is left out when somebody has acknowledged an earlier reminder of the same end.
    #[schema(example = false)]
    pub unless_acknowledged: bool,
}

impl Before {
    /// The largest amount in either direction: a year.
    #[must_use]
    pub const fn is_in_range(self) -> bool {
        let limit = match self.unit {
            StepUnit::Hours => 366 * 24,
            StepUnit::Days => 366,
            StepUnit::WorkingDays => 260,
        };
        self.amount.unsigned_abs() <= limit
    }
}

impl LadderStep {
    /// Whether it goes beyond whoever answers for the deadline.
    #[must_use]
    pub fn escalates(&self) -> bool {
        self.to.iter().any(|to| *to != StepTo::Assignee)
    }
}

/// The ladder of a kind, as a tenant has it.
#[derive(Debug, Clone, PartialEq)]
pub struct LadderRecord {
    /// For which deadlines.
    pub kind: LadderKind,
    /// Its steps.
    pub steps: Vec<LadderStep>,
    /// Whether it is the tenant's own.
    pub own: bool,
    /// Rises with every change; 1 when the tenant has never changed it.
    pub version: i64,
    /// Who changed it last.
    pub changed_by: Option<MemberId>,
    /// When.
    pub updated_at: Option<Instant>,
}
