//! Opening cases, changing them, moving their stages, closing and reopening them.

use super::{
    Metadata,
    case_work::{InCase, deadlines_of, lock, moment_trigger, tasks_of, trigger_of},
    complaints,
    complaints::NewComplaint,
    metadata, named_in_body, playbooks, replace,
};
use crate::{
    domain::{
        access::{Capability, CloseCases, OpenCases, ReadCases, WriteCases},
        blocker::Blocker,
        branch,
        case::{Case, CaseMove, Contents},
        complaint::arrival_event,
        field_rule::FieldRule,
        ids::{CaseId, MemberId, PlaybookId, ShopId},
        journal::Entry,
        list::Distinct,
        merge_patch::{Patch, replacement},
        stage::{StageMove, StageRecord},
        text::{Line, Prose},
        trigger::CASE_OPENED,
        violation::RuleViolation,
        vocabulary::{CaseStatus, Priority, Stage, StageStatus},
    },
    limits::SHORT_LIST,
    store::{self, Failure, StoreError, Stored, Tx, members, records::CaseKey},
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A case to open from a complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The shop that is accused.
    pub shop_id: ShopId,
    /// What the case is called. Leave the reporter's name out of it.
    pub title: Line<200>,
    /// How urgent it is.
    #[serde(default)]
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
    /// The member who leads it; the caller when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub lead_id: Option<MemberId>,
    /// The members who work on it.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<MemberId>, max_items = 50)]
    pub member_ids: Distinct<MemberId, SHORT_LIST>,
    /// Words to find it by.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<Line<40>>, max_items = 50)]
    pub tags: Distinct<Line<40>, SHORT_LIST>,
    /// What your own systems keep with it.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, String>, required = false)]
    pub metadata: Metadata,
    /// The published playbook to work by; the tenant's default when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub playbook_id: Option<PlaybookId>,
    /// What came in.
    pub complaint: NewComplaint,
}

/// What changes on a case.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CasePatch {
    /// What it is called.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>, nullable = false)]
    pub title: Patch<Line<200>>,
    /// How urgent it is.
    #[serde(default)]
    #[schema(value_type = Option<Priority>, nullable = false)]
    pub priority: Patch<Priority>,
    /// The member who leads it.
    #[serde(default)]
    #[schema(value_type = Option<MemberId>)]
    pub lead_id: Patch<MemberId>,
    /// All members who work on it.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false, value_type = Option<Vec<MemberId>>, max_items = 50)]
    pub member_ids: Option<Distinct<MemberId, SHORT_LIST>>,
    /// All words to find it by.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false, value_type = Option<Vec<Line<40>>>, max_items = 50)]
    pub tags: Option<Distinct<Line<40>, SHORT_LIST>>,
    /// All of what your own systems keep with it.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    pub metadata: Option<Metadata>,
}

/// A move of a stage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageTransition {
    /// Where to.
    pub to: StageTarget,
    /// Why: required to skip, reopen or override.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
    /// Complete the stage although its gate is shut. Needs the right to, and a reason, and goes on the record.
    #[serde(default)]
    pub r#override: bool,
}

/// Where a stage can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageTarget {
    /// Begin it, or begin it again.
    Active,
    /// Leave it through its gate.
    Completed,
    /// Leave it out.
    Skipped,
}

impl From<StageTarget> for StageStatus {
    fn from(target: StageTarget) -> Self {
        match target {
            StageTarget::Active => Self::Active,
            StageTarget::Completed => Self::Completed,
            StageTarget::Skipped => Self::Skipped,
        }
    }
}

/// Closing or reopening a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseTransition {
    /// Where to.
    pub to: CaseTarget,
    /// How it ended, in words.
    #[serde(default)]
    #[schema(nullable = false)]
    pub outcome: Option<Prose<2000>>,
    /// Why: required to reopen or override.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
    /// Close the case although something stands open. Needs the right to, and a reason, and goes on the record.
    #[serde(default)]
    pub r#override: bool,
}

/// Where a case can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseTarget {
    /// Close it.
    Closed,
    /// Open it again.
    Reopened,
}

fn must_be_members(tx: &mut Tx<'_, ReadCases>, ids: &[MemberId], pointer: &'static str) -> Result<(), Failure> {
    if members::all_active(tx, ids)? { Ok(()) } else { Err(RuleViolation::field(pointer, FieldRule::NotFound).into()) }
}

/// Opens a case: its stages, tasks and deadlines come from the playbook and the complaint.
///
/// # Errors
/// When the shop or a member that the body names is not there.
pub fn open(tx: &mut Tx<'_, OpenCases>, new: NewCase) -> Result<(Case, Contents), Failure> {
    let shop = named_in_body(store::shops::find(tx, new.shop_id), "/shop_id")?;
    must_be_members(&mut tx.narrow(), &new.member_ids, "/member_ids")?;
    if let Some(lead) = new.lead_id {
        must_be_members(&mut tx.narrow(), &[lead], "/lead_id")?;
    }
    let (ground, content, now) = (tx.ground(), tx.content()?, tx.now());
    let playbook = match new.playbook_id {
        Some(id) => playbooks::published_in_body(tx, id, "/playbook_id")?,
        None => store::playbooks::default(tx)?.unwrap_or_else(|| Arc::clone(&ground.content.playbook)),
    };
    let id: CaseId = tx.new_id();
    let (complaint, allegations) = complaints::build(&tx.narrow::<WriteCases>(), id, new.complaint, "/complaint")?;
    let (channel, kind, received_at) = (complaint.channel, complaint.kind, complaint.received_at);
    let reporter_type = complaint.reporter.r#type;
    let mut contents = Contents { complaints: vec![complaint], allegations, ..Contents::under(Arc::clone(&playbook)) };
    let facts = [Some(moment_trigger(CASE_OPENED, now)), arrival_event(channel, kind).map(|event| moment_trigger(event, received_at))];
    let lead_id = new.lead_id.or(tx.scope().acting_member());
    let in_case = InCase { id, shop_id: shop.id, platform: shop.platform, lead_id, rulebook_revision: tx.rulebook_revision()? };
    for fact in facts.into_iter().flatten() {
        let trigger = trigger_of(tx, &content, id, fact);
        let started = deadlines_of(&ground, &content, &contents, &trigger, in_case, now);
        contents.deadlines.extend(started);
        contents.triggers.push(trigger);
    }
    let called = branch::called_for(&playbook, &contents, shop.platform, &content);
    contents.tasks = tasks_of(&ground, id, &contents, called, now);
    let year = now.day_in(content.calendar.zone()).0.year();
    let case = Case {
        id,
        number: store::cases::next_number(tx, year)?,
        shop_id: shop.id,
        platform: shop.platform,
        title: new.title.into(),
        status: CaseStatus::Open,
        priority: new.priority.unwrap_or(Priority::Normal),
        lead_id,
        member_ids: new.member_ids.into_vec(),
        tags: new.tags.into_vec(),
        metadata: metadata(new.metadata)?,
        playbook_id: playbook.id,
        channel,
        reporter_type,
        stages: Stage::ALL.iter().map(|stage| StageRecord::new(*stage, now)).collect(),
        next_deadline: contents.next_deadline(),
        opened_at: now,
        first_closed_at: None,
        closed_at: None,
        outcome: None,
        reason: None,
        overridden: false,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::cases::insert(tx, &case, &contents)?;
    Ok((case, contents))
}

/// Changes a case.
///
/// # Errors
/// When it is closed, a member is not there, or the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WriteCases>, id: CaseId, seen: i64, patch: CasePatch) -> Result<Stored<Case>, Failure> {
    let before = lock(tx, CaseKey::Case(id), Some(seen))?;
    before.must_be_open()?;
    let mut after = Case::clone(&before);
    replace(patch.title, &mut after.title, "/title", Into::into)?;
    replace(patch.priority, &mut after.priority, "/priority", |priority| priority)?;
    if let Patch::Value(lead) = &patch.lead_id {
        must_be_members(&mut tx.narrow(), &[*lead], "/lead_id")?;
    }
    patch.lead_id.apply(&mut after.lead_id);
    if let Some(ids) = patch.member_ids {
        must_be_members(&mut tx.narrow(), &ids, "/member_ids")?;
        after.member_ids = ids.into_vec();
    }
    if let Some(tags) = patch.tags {
        after.tags = tags.into_vec();
    }
    if let Some(given) = patch.metadata {
        after.metadata = metadata(given)?;
    }
    if before.lead_id != after.lead_id {
        // Whoever leads the case answers for the deadlines that nobody else was given.
        store::deadlines::reassign(tx, &[id], before.lead_id, after.lead_id)?;
    }
    Ok(store::cases::save(tx, &before, &after, Entry::of_case("case.changed", id, id))?)
}

/// Moves a stage on, or says what still blocks it.
///
/// # Errors
/// [`RuleViolation::Blocked`] when its gate is shut.
pub fn move_stage(
    tx: &mut Tx<'_, WriteCases>,
    id: CaseId,
    seen: Option<i64>,
    stage: Stage,
    wanted: StageTransition,
) -> Result<Stored<Case>, Failure> {
    if wanted.r#override {
        tx.require(Capability::OverrideGates)?;
    }
    let before = lock(tx, CaseKey::Case(id), seen)?;
    before.must_allow_work(stage)?;
    let record = before.stage(stage).ok_or(StoreError::NotFound)?;
    let blockers = if wanted.to == StageTarget::Completed {
        store::cases::contents(tx, &before)?.stage_blockers(stage, &*tx.content()?)
    } else {
        Vec::new()
    };
    let wanted = StageMove { to: wanted.to.into(), reason: wanted.reason.map(Into::into), override_gate: wanted.r#override };
    let kind = match wanted.to {
        StageStatus::Completed => "stage.completed",
        StageStatus::Skipped => "stage.skipped",
        StageStatus::Active | StageStatus::Pending => "stage.started",
    };
    let entry = Entry::of_case(kind, id, id)
        .with("stage", stage)
        .with("reason", &wanted.reason)
        .with("overridden", blockers.iter().map(Blocker::code).collect::<Vec<_>>());
    let after = before.with_stage(record.moved(wanted, blockers, tx.now())?);
    Ok(store::cases::save(tx, &before, &after, entry)?)
}

/// Closes or reopens a case.
///
/// # Errors
/// [`RuleViolation::Blocked`] when something stands open.
pub fn transition(tx: &mut Tx<'_, CloseCases>, id: CaseId, seen: Option<i64>, wanted: CaseTransition) -> Result<Stored<Case>, Failure> {
    if wanted.r#override {
        tx.require(Capability::OverrideGates)?;
    }
    let before = lock(tx, CaseKey::Case(id), seen)?;
    let reason = wanted.reason.map(String::from);
    let (kind, blockers, case_move) = match wanted.to {
        CaseTarget::Closed => {
            let blockers = store::cases::contents(tx, &before)?.closing_blockers(&before, &*tx.content()?);
            let close =
                CaseMove::Close { outcome: wanted.outcome.map(Into::into), reason: reason.clone(), override_gate: wanted.r#override };
            ("case.closed", blockers, close)
        }
        CaseTarget::Reopened => ("case.reopened", Vec::new(), CaseMove::Reopen { reason: reason.clone() }),
    };
    let entry =
        Entry::of_case(kind, id, id).with("reason", reason).with("overridden", blockers.iter().map(Blocker::code).collect::<Vec<_>>());
    let after = before.moved(case_move, blockers, tx.now())?;
    Ok(store::cases::save(tx, &before, &after, entry)?)
}

/// What stands in the way: of closing the case, and of completing each stage that is not ended.
///
/// # Errors
/// When the case is not there.
pub fn blockers(tx: &mut Tx<'_, ReadCases>, id: CaseId, only: Option<Stage>) -> Result<(Stored<Case>, Vec<Blocker>), Failure> {
    let case = store::cases::find(tx, id)?;
    let contents = store::cases::contents(tx, &case)?;
    let content = &*tx.content()?;
    let mut found: Vec<Blocker> = if only.is_some() { Vec::new() } else { contents.closing_blockers(&case, content) };
    for record in case.stages.iter().filter(|record| only.is_none_or(|stage| stage == record.stage)) {
        if matches!(record.status, StageStatus::Pending | StageStatus::Active) {
            for blocker in contents.stage_blockers(record.stage, content) {
                if !found.contains(&blocker) {
                    found.push(blocker);
                }
            }
        }
    }
    Ok((case, found))
}
