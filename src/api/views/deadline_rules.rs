//! Deadline rules on the wire.

use crate::domain::{
    deadline_rule::{AppliesTo, Rule, RuleRecord},
    ids::{DeadlineRuleId, MemberId},
    language::Language,
    period::Period,
    time::{Day, Instant},
    vocabulary::{OwedBy, PauseGround, SourceConfidence, Stage},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A version of a rule that makes a deadline from a trigger.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadlineRule)]
pub(in crate::api) struct DeadlineRuleView {
    /// The id of the tenant's version; null when it is built in.
    #[schema(required)]
    id: Option<DeadlineRuleId>,
    #[schema(example = "SAMR-HEARING-REQ")]
    rule_id: String,
    /// The tenant's version of it; 0 when it is built in.
    #[schema(example = 0)]
    number: i32,
    built_in: bool,
    stage: Stage,
    /// Channels, and platforms as `platform:tmall`.
    #[schema(example = json!(["regulator"]))]
    applies_to: Vec<AppliesTo>,
    /// In the caller's language.
    #[schema(example = "申请听证")]
    title: String,
    /// The trigger that starts it; `X.due` is the due date of rule X.
    #[schema(example = "penalty_notice_served")]
    trigger_event: String,
    owed_by: OwedBy,
    /// Null when the notice states it.
    #[schema(required)]
    period: Option<Period>,
    #[schema(example = "cn")]
    calendar: String,
    /// The times that are not counted.
    #[schema(example = json!([]))]
    not_counted: Vec<PauseGround>,
    /// The rule whose deadline it extends, from that one's first due date.
    #[schema(required, example = "SAMR-R-VERIFY")]
    extends: Option<String>,
    /// Statute, regulation or platform text.
    #[schema(example = "行政处罚法 art.63, 64(1), 85")]
    source: String,
    confidence: SourceConfidence,
    /// Rests on a statute.
    statutory: bool,
    /// First day of triggers that it governs.
    #[schema(required)]
    effective_from: Option<Day>,
    /// Last day of triggers that it governs.
    #[schema(required)]
    effective_to: Option<Day>,
    /// Rules for the same act: the one that ends first is scheduled, the others are shown.
    #[schema(example = json!([]))]
    alternatives: Vec<String>,
    /// Where sources contradict each other, in the caller's language.
    #[schema(required, example = "两部规定的期限不一致")]
    conflict: Option<String>,
    /// What to know of it.
    #[schema(example = "From service of the notice; silence counts as waiver.")]
    note: String,
    #[schema(required)]
    withdrawn_at: Option<Instant>,
    #[schema(required)]
    created_by: Option<MemberId>,
    #[schema(required)]
    created_at: Option<Instant>,
}

impl DeadlineRuleView {
    /// `all` are the rules that the tenant works by.
    pub(in crate::api) fn new(rule: Rule, record: Option<RuleRecord>, all: &[Rule], language: Language) -> Self {
        let act = rule.alternative_of.as_deref().unwrap_or(&rule.id);
        let same_act = |other: &&Rule| (other.id == act || other.alternative_of.as_deref() == Some(act)) && other.id != rule.id;
        let mut alternatives: Vec<String> = all.iter().filter(same_act).map(|other| other.id.clone()).collect();
        alternatives.dedup();
        Self {
            title: rule.title.in_language(language).to_owned(),
            conflict: rule.conflict.as_ref().map(|conflict| conflict.in_language(language).to_owned()),
            statutory: rule.is_statutory(),
            alternatives,
            built_in: rule.number == 0,
            withdrawn_at: record.as_ref().and_then(|record| record.withdrawn_at),
            created_by: record.as_ref().map(|record| record.created_by),
            created_at: record.as_ref().map(|record| record.created_at),
            id: rule.version_id,
            rule_id: rule.id,
            number: rule.number,
            stage: rule.stage,
            applies_to: rule.applies_to,
            trigger_event: rule.trigger_event,
            owed_by: rule.owed_by,
            period: rule.period,
            calendar: rule.calendar,
            not_counted: rule.not_counted,
            extends: rule.extends,
            source: rule.source,
            confidence: rule.confidence,
            effective_from: rule.effective_from,
            effective_to: rule.effective_to,
            note: rule.note,
        }
    }
}
