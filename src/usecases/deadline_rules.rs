//! A tenant's own deadline rules: new versions, what they would move, moving it once that is accepted, withdrawing them.

use super::{
    case_work::{self, DeadlineChange},
    deadlines::computation_of,
    playbooks::LocalLine,
};
use crate::{
    domain::{
        access::{ReadCases, WriteRules},
        calendar::BUILT_IN_CALENDAR,
        case::Contents,
        computation::{Computation, schedule},
        content::Content,
        deadline::Deadline,
        deadline_rule::{AppliesTo, Rule, RuleRecord, family_of},
        field_rule::FieldRule,
        ids::{CaseId, DeadlineId},
        list::Distinct,
        period::Period,
        text::{Line, Prose, Slug},
        time::{Day, Instant},
        violation::RuleViolation,
        vocabulary::{OwedBy, PauseGround, RegisterChange, SourceConfidence, Stage},
    },
    limits::{BULK, OWN_RULES, SHORT_LIST},
    store::{self, Failure, StoreError, Stored, Tx, records::Case},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A version of a rule: of one of the tenant's own, or one that takes the place of a built-in rule for triggers of its time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeadlineRule {
    /// The rule of which it is a version.
    pub rule_id: Slug,
    /// The stage of its deadlines.
    pub stage: Stage,
    /// Where it applies: channels, and platforms as `platform:tmall`.
    #[schema(value_type = Vec<AppliesTo>, min_items = 1, max_items = 50)]
    pub applies_to: Distinct<AppliesTo, SHORT_LIST>,
    /// Its title.
    pub title: LocalLine,
    /// The trigger that starts it.
    pub trigger_event: Line<64>,
    /// Who owes the act; us when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub owed_by: Option<OwedBy>,
    /// How long it is; absent when the notice states it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub period: Option<Period>,
    /// The calendar by which it counts; `cn` when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub calendar: Option<Slug>,
    /// The times that are not counted.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<PauseGround>, max_items = 50)]
    pub not_counted: Distinct<PauseGround, SHORT_LIST>,
    /// The rule whose deadline it extends.
    #[serde(default)]
    #[schema(nullable = false)]
    pub extends: Option<Line<64>>,
    /// Another rule for the same act.
    #[serde(default)]
    #[schema(nullable = false)]
    pub alternative_of: Option<Line<64>>,
    /// Statute, regulation, platform text, contract.
    pub source: Line<500>,
    /// How well the source was read; not at all when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub confidence: Option<SourceConfidence>,
    /// First day of triggers that it governs; all before when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub effective_from: Option<Day>,
    /// Last day of triggers that it governs; all after when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub effective_to: Option<Day>,
    /// What to know of it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub note: Option<Prose<2000>>,
}

/// Which open deadlines follow the rule as it is now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineMoves {
    /// The deadlines, at most 100 at a time.
    #[schema(value_type = Vec<DeadlineId>, min_items = 1, max_items = 100)]
    pub deadline_ids: Distinct<DeadlineId, BULK>,
    /// Why.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
}

/// An open deadline that a rule would move, or has moved.
#[derive(Debug, Clone)]
pub struct RuleMove {
    /// As it is, or was.
    pub before: Deadline,
    /// As it would be, or is.
    pub after: Deadline,
}

/// Makes a new version of a rule. No deadline moves by it: see [`preview`].
///
/// # Errors
/// When the body names a rule or calendar that is not there, or contradicts itself, or there are too many versions.
pub fn create(tx: &mut Tx<'_, WriteRules>, new: NewDeadlineRule) -> Result<RuleRecord, Failure> {
    let content = tx.content()?;
    let id = String::from(new.rule_id);
    if new.applies_to.is_empty() {
        return Err(RuleViolation::field("/applies_to", FieldRule::Empty).into());
    }
    for (named, pointer) in [(&new.extends, "/extends"), (&new.alternative_of, "/alternative_of")] {
        if named.as_ref().is_some_and(|other| content.rule(other).is_none() || family_of(other) == family_of(&id)) {
            return Err(RuleViolation::field(pointer, FieldRule::NotFound).into());
        }
    }
    let calendar = new.calendar.map_or_else(|| BUILT_IN_CALENDAR.to_owned(), String::from);
    if !content.knows_calendar(&calendar) {
        return Err(RuleViolation::field("/calendar", FieldRule::NotFound).into());
    }
    if new.effective_from.zip(new.effective_to).is_some_and(|(from, to)| to < from) {
        return Err(RuleViolation::field("/effective_to", FieldRule::TooEarly).into());
    }
    if new.period.is_some_and(|period| period.amount.unsigned_abs() > period.unit.limit()) {
        return Err(RuleViolation::field("/period/amount", FieldRule::OutOfRange).into());
    }
    if store::deadline_rules::count(tx)? >= OWN_RULES {
        return Err(RuleViolation::field("", FieldRule::TooMany).into());
    }
    let number = store::deadline_rules::versions(tx, &id)?.first().map_or(1, |newest| newest.rule.number + 1);
    let rule = Rule {
        id,
        number,
        version_id: Some(tx.new_id()),
        alternative_of: new.alternative_of.map(Into::into),
        stage: new.stage,
        applies_to: new.applies_to.into_vec(),
        title: new.title.both("/title")?,
        trigger_event: new.trigger_event.into(),
        owed_by: new.owed_by.unwrap_or(OwedBy::Us),
        period: new.period,
        calendar,
        not_counted: new.not_counted.into_vec(),
        extends: new.extends.map(Into::into),
        source: new.source.into(),
        effective_from: new.effective_from,
        effective_to: new.effective_to,
        confidence: new.confidence.unwrap_or(SourceConfidence::Unverified),
        note: new.note.map(String::from).unwrap_or_default(),
        conflict: None,
    };
    let record = RuleRecord { rule, withdrawn_at: None, created_by: tx.scope().member(), created_at: tx.now() };
    store::deadline_rules::insert(tx, &record)?;
    Ok(record)
}

/// The tenant's versions of a rule and the built-in ones, the newest first.
///
/// # Errors
/// When there is none.
pub fn versions(tx: &mut Tx<'_, ReadCases>, id: &str) -> Result<Vec<(Rule, Option<RuleRecord>)>, Failure> {
    let family = family_of(id);
    let own = store::deadline_rules::versions(tx, family)?;
    let mut all: Vec<(Rule, Option<RuleRecord>)> = own.into_iter().map(|record| (record.rule.clone(), Some(record))).collect();
    let ground = tx.ground();
    let mut built_in: Vec<&Rule> = ground.content.rules.iter().filter(|rule| rule.family() == family).collect();
    built_in.sort_by_key(|rule| std::cmp::Reverse(rule.effective_from));
    all.extend(built_in.into_iter().map(|rule| (rule.clone(), None)));
    if all.is_empty() { Err(StoreError::NotFound.into()) } else { Ok(all) }
}

/// Withdraws the tenant's newest version of a rule: triggers from now on fall under what stands below it.
///
/// # Errors
/// When there is no such rule, or the tenant has no version of it that is not withdrawn.
pub fn withdraw(tx: &mut Tx<'_, WriteRules>, id: &str) -> Result<RuleRecord, Failure> {
    versions(&mut tx.narrow(), id)?;
    let own = store::deadline_rules::versions(tx, id)?;
    let newest = own.into_iter().find(|record| record.withdrawn_at.is_none()).ok_or(RuleViolation::NoOwnVersion)?;
    store::deadline_rules::withdraw(tx, &newest)?;
    Ok(RuleRecord { withdrawn_at: Some(tx.now()), ..newest })
}

/// The deadline as the rules of now make it from its trigger; its pauses and extensions stay. None when they leave it as it is.
fn under_rules_of_now(deadline: &Deadline, contents: &Contents, content: &Content, case: &Case, now: Instant) -> Option<Deadline> {
    let kept = computation_of(deadline, contents, content);
    let (origin, family) = (kept.origin?, family_of(deadline.rule_id.as_deref()?));
    kept.applied.as_ref()?;
    let trigger = contents.triggers.iter().find(|trigger| Some(trigger.id) == deadline.trigger_id)?;
    let acts = content.rules_for(&trigger.event, origin.on, &contents.channels(), case.platform);
    let act = acts.iter().find(|act| act.iter().any(|chosen| chosen.rule.family() == family))?;
    let started = schedule(act, origin, content, now)?;
    if started.computation.applied == kept.applied && started.computation.calendar == kept.calendar {
        return None;
    }
    let computation = Computation { stops: kept.stops, changes: kept.changes, ..started.computation };
    let moved = Deadline {
        rule_id: Some(started.rule.id.clone()),
        stage: started.rule.stage,
        owed_by: started.rule.owed_by,
        statutory: started.rule.is_statutory(),
        computation,
        ..deadline.clone()
    };
    moved.counted(content, now).ok()
}

/// The open deadlines that a rule as it is now would move; none of them moves by itself. At most 200 are looked at.
///
/// # Errors
/// When the rule is not there.
pub fn preview(tx: &mut Tx<'_, ReadCases>, id: &str) -> Result<Vec<RuleMove>, Failure> {
    let (content, now) = (store::rulebooks::read(tx)?, tx.now());
    if content.rule(id).is_none() {
        return Err(StoreError::NotFound.into());
    }
    let family = family_of(id);
    let names: Vec<String> = content.rules.iter().filter(|rule| rule.family() == family).map(|rule| rule.id.clone()).collect();
    let open = store::deadlines::open_under(tx, &names)?;
    let mut ids: Vec<CaseId> = open.iter().map(|deadline| deadline.case_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let cases = store::cases::find_all(tx, &ids)?;
    let contents = store::cases::contents_of_many(tx, &cases)?;
    let of_case = |id: CaseId| cases.iter().zip(&contents).find(|(case, _)| case.id == id);
    let moves = open.into_iter().filter_map(|before| {
        let (case, contents) = of_case(before.case_id)?;
        let after = under_rules_of_now(&before, contents, &content, case, now)?;
        Some(RuleMove { before, after })
    });
    Ok(moves.collect())
}

/// Lets open deadlines follow a rule as it is now, all or none. Those that it would not move stay as they are.
///
/// # Errors
/// When one is not there, or its case is closed.
pub fn apply(tx: &mut Tx<'_, WriteRules>, id: &str, wanted: &DeadlineMoves) -> Result<Vec<RuleMove>, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    if content.rule(id).is_none() {
        return Err(StoreError::NotFound.into());
    }
    if wanted.deadline_ids.is_empty() {
        return Err(RuleViolation::field("/deadline_ids", FieldRule::Empty).into());
    }
    let mut by_case: Vec<(CaseId, Vec<DeadlineId>)> = Vec::new();
    for (n, deadline) in wanted.deadline_ids.iter().enumerate() {
        let absent = || RuleViolation::field(format!("/deadline_ids/{n}"), FieldRule::NotFound);
        let case = match store::deadlines::find(tx, *deadline) {
            Ok(found) => found.case_id,
            Err(StoreError::NotFound) => return Err(absent().into()),
            Err(error) => return Err(error.into()),
        };
        match by_case.iter_mut().find(|(known, _)| *known == case) {
            Some((_, ids)) => ids.push(*deadline),
            None => by_case.push((case, vec![*deadline])),
        }
    }
    let ids: Vec<CaseId> = by_case.iter().map(|(case, _)| *case).collect();
    let cases = store::cases::lock_all(tx, &ids)?;
    let contents = store::cases::contents_of_many(tx, &cases)?;
    let mut moves = Vec::new();
    for (case, mut contents) in cases.iter().zip(contents) {
        case.must_be_open()?;
        let here = by_case.iter().find(|(id, _)| *id == case.id).map(|(_, ids)| ids.clone()).unwrap_or_default();
        moves.extend(move_in_case(tx, case, &mut contents, &content, &here, now)?);
    }
    Ok(moves)
}

fn move_in_case(
    tx: &mut Tx<'_, WriteRules>,
    case: &Stored<Case>,
    contents: &mut Contents,
    content: &Content,
    ids: &[DeadlineId],
    now: Instant,
) -> Result<Vec<RuleMove>, Failure> {
    let named: Vec<Deadline> = contents.deadlines.iter().filter(|deadline| ids.contains(&deadline.id)).cloned().collect();
    let changes = named.iter().filter(|deadline| deadline.is_open()).filter_map(|before| {
        let after = under_rules_of_now(before, contents, content, case, now)?;
        Some(DeadlineChange { before: before.clone(), after, change: RegisterChange::Changed })
    });
    let saved = case_work::save_deadlines(&mut tx.narrow(), case, contents, changes.collect())?;
    let as_saved = |before: &Deadline| saved.iter().find(|after| after.id == before.id).unwrap_or(before).clone();
    Ok(named.into_iter().map(|before| RuleMove { after: as_saved(&before), before }).collect())
}
