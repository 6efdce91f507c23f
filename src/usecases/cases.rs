//! Opening cases, changing them, moving their stages, closing and reopening them.

use super::{Metadata, at_most, complaints, complaints::NewComplaint, metadata, must_have_seen, named_in_body, replace};
use crate::{
    domain::{
        access::{Capability, CloseCases, OpenCases, ReadCases, WorkTasks, WriteCases},
        blocker::Blocker,
        case::{Case, CaseMove, Contents, PlaybookRef},
        complaint::arrival_event,
        deadline::Deadline,
        field_rule::FieldRule,
        ids::{CaseId, MemberId, ShopId, TaskId},
        journal::Entry,
        merge_patch::Patch,
        playbook::{self, Called},
        stage::{Stage, StageMove, StageRecord, StageStatus},
        task::Task,
        text::{Line, Prose},
        time::{Day, Instant},
        trigger::{CASE_OPENED, Trigger},
        violation::RuleViolation,
        vocabulary::{CaseStatus, DeadlineStatus, Priority, TaskStatus},
    },
    store::{self, Failure, Ground, StoreError, Stored, Tx, members, records::CaseKey},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Most members and most tags of a case.
const MOST: usize = 50;

/// A case to open from a complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The shop that is accused.
    pub shop_id: ShopId,
    /// What the case is called. Leave the reporter's name out of it.
    #[schema(example = "抖音：涉嫌虚假交易 120 单")]
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
    #[schema(required = false, max_items = 50)]
    pub member_ids: Vec<MemberId>,
    /// Words to find it by.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub tags: Vec<Line<40>>,
    /// What your own systems keep with it.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, String>, required = false)]
    pub metadata: Metadata,
    /// What came in.
    pub complaint: NewComplaint,
}

/// What changes on a case.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CasePatch {
    /// What it is called.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub title: Patch<Line<200>>,
    /// How urgent it is.
    #[serde(default)]
    #[schema(value_type = Option<Priority>)]
    pub priority: Patch<Priority>,
    /// The member who leads it.
    #[serde(default)]
    #[schema(value_type = Option<MemberId>)]
    pub lead_id: Patch<MemberId>,
    /// All members who work on it.
    #[serde(default)]
    #[schema(nullable = false, max_items = 50)]
    pub member_ids: Option<Vec<MemberId>>,
    /// All words to find it by.
    #[serde(default)]
    #[schema(nullable = false, max_items = 50)]
    pub tags: Option<Vec<Line<40>>>,
    /// All of what your own systems keep with it.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    pub metadata: Option<Metadata>,
}

/// A move of a stage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageTransition {
    /// Where to: `active`, `completed` or `skipped`.
    pub to: StageStatus,
    /// Why: required to skip, reopen or override.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reason: Option<Prose<1000>>,
    /// Complete the stage although its gate is shut. Needs the right to, and a reason, and goes on the record.
    #[serde(default)]
    pub r#override: bool,
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

/// A fact to record as a trigger.
pub(super) struct Fact {
    pub(super) event: String,
    pub(super) occurred_at: Option<Instant>,
    pub(super) occurred_on: Option<Day>,
    pub(super) served_by: Option<String>,
}

/// A fact whose moment is known.
pub(super) fn moment_trigger(event: &str, at: Instant) -> Fact {
    Fact { event: event.to_owned(), occurred_at: Some(at), occurred_on: None, served_by: None }
}

/// Locks a case for a write, which the caller must have seen in its last version if they say which they saw.
pub(super) fn lock<P>(tx: &mut Tx<'_, P>, key: CaseKey, seen: Option<i64>) -> Result<Stored<Case>, Failure>
where
    P: crate::domain::access::Includes<WorkTasks>,
{
    let case = store::cases::lock(tx, key)?;
    must_have_seen(seen, case.version - 1)?;
    Ok(case)
}

fn trigger_of(ground: &Ground, case_id: CaseId, fact: Fact, now: Instant) -> Trigger {
    let zone = ground.content.calendar.zone().clone();
    let day_of = |at: Instant| Day(at.timestamp().to_zoned(zone.clone()).date());
    Trigger {
        id: ground.clock.new_id(),
        case_id,
        occurred_on: fact.occurred_on.or(fact.occurred_at.map(day_of)).unwrap_or_else(|| day_of(now)),
        occurred_at: fact.occurred_at,
        event: fact.event,
        served_by: fact.served_by,
        created_at: now,
    }
}

fn deadlines_of(
    ground: &Ground,
    contents: &Contents,
    trigger: &Trigger,
    platform: crate::domain::vocabulary::Platform,
    now: Instant,
) -> Vec<Deadline> {
    contents
        .deadlines_of(trigger, platform, &ground.content)
        .into_iter()
        .map(|started| Deadline {
            id: ground.clock.new_id(),
            case_id: trigger.case_id,
            stage: started.stage,
            rule_id: Some(started.rule_id),
            key: None,
            title: None,
            trigger_id: Some(trigger.id),
            owed_by: started.owed_by,
            due_on: started.due_on,
            due_at: started.due_at,
            as_stated: false,
            provisional: started.provisional,
            status: DeadlineStatus::Pending,
            met_at: None,
            note: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
        .collect()
}

/// Tasks as a case is given them.
fn tasks_of(ground: &Ground, case_id: CaseId, contents: &Contents, called: Vec<Called<'_>>, now: Instant) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::with_capacity(called.len());
    for call in called {
        let id_of = |key: &str| -> Option<TaskId> {
            contents.tasks.iter().chain(&tasks).rfind(|task| task.key.as_deref() == Some(key)).map(|task| task.id)
        };
        let depends_on = call.after.and_then(id_of).into_iter().collect();
        tasks.push(Task {
            id: ground.clock.new_id(),
            case_id,
            stage: call.template.stage,
            key: Some(call.template.key.clone()),
            occurrence: call.occurrence,
            title: None,
            description: None,
            done_means: None,
            wanted_documents: None,
            status: TaskStatus::Todo,
            // The first time satisfies a gate; what repeats after it would keep the gate shut for ever.
            required: call.template.required && call.occurrence == 1,
            blocks_closing: call.template.blocks_closing && call.occurrence == 1,
            assignee_id: None,
            due_at: call.due_at,
            due_by_hand: false,
            depends_on,
            checklist: Vec::new(),
            note: None,
            ended_at: None,
            ended_by: None,
            version: 1,
            created_at: now,
            updated_at: now,
        });
    }
    tasks
}

/// Records a fact of a locked case with the deadlines that it starts.
pub(super) fn record_trigger(
    tx: &mut Tx<'_, WorkTasks>,
    case: &Stored<Case>,
    contents: &mut Contents,
    fact: Fact,
) -> Result<(Trigger, Vec<Deadline>), Failure> {
    let (ground, now) = (tx.ground(), tx.now());
    let trigger = trigger_of(&ground, case.id, fact, now);
    let started = deadlines_of(&ground, contents, &trigger, case.platform, now);
    store::triggers::insert(tx, case, &trigger, &started)?;
    contents.triggers.push(trigger.clone());
    contents.deadlines.extend(started.iter().cloned());
    Ok((trigger, started))
}

/// Lets the playbook follow what has changed in a locked case: new tasks come into being, due moments move with their anchors.
pub(super) fn follow(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, contents: &mut Contents) -> Result<Vec<Task>, Failure> {
    let (ground, now) = (tx.ground(), tx.now());
    let Some(playbook) = ground.content.playbook(&case.playbook) else { return Ok(Vec::new()) };
    let moved = playbook::rescheduled(playbook, contents, case.platform, &ground.content);
    store::tasks::reschedule(tx, case, &moved)?;
    for (id, due_at) in moved {
        for task in contents.tasks.iter_mut().filter(|task| task.id == id) {
            task.due_at = due_at;
        }
    }
    let called = playbook::called_for(playbook, contents, case.platform, &ground.content);
    let tasks = tasks_of(&ground, case.id, contents, called, now);
    store::tasks::insert(tx, case, &tasks)?;
    contents.tasks.extend(tasks.iter().cloned());
    Ok(tasks)
}

/// Gives a done task its repetition, if the playbook repeats it.
pub(super) fn repeat(tx: &mut Tx<'_, WorkTasks>, case: &Stored<Case>, contents: &mut Contents, done: &Task) -> Result<(), Failure> {
    let (ground, now) = (tx.ground(), tx.now());
    let Some(playbook) = ground.content.playbook(&case.playbook) else { return Ok(()) };
    let Some(called) = playbook::repetition(playbook, done, &ground.content.calendar) else { return Ok(()) };
    let known = contents.tasks.iter().any(|task| task.key == done.key && task.occurrence == called.occurrence);
    if case.status == CaseStatus::Open && !known {
        let tasks = tasks_of(&ground, case.id, contents, vec![called], now);
        store::tasks::insert(tx, case, &tasks)?;
        contents.tasks.extend(tasks);
    }
    Ok(())
}

/// Saves what has changed on a locked case itself, if anything has.
pub(super) fn settle(tx: &mut Tx<'_, WorkTasks>, before: &Stored<Case>, after: Case, contents: &Contents) -> Result<Stored<Case>, Failure> {
    let after = Case { next_deadline: contents.next_deadline(), ..after };
    if after == **before {
        return Ok(before.clone());
    }
    Ok(store::cases::save(tx, before, &after, Entry::of_case("case.changed", before.id, before.id))?)
}

fn must_be_members(tx: &mut Tx<'_, ReadCases>, ids: &[MemberId], pointer: &'static str) -> Result<(), Failure> {
    if members::all_active(tx, ids)? { Ok(()) } else { Err(RuleViolation::field(pointer, FieldRule::NotFound).into()) }
}

/// Opens a case: its stages, tasks and deadlines come from the playbook and the complaint.
///
/// # Errors
/// When the shop or a member that the body names is not there.
pub fn open(tx: &mut Tx<'_, OpenCases>, new: NewCase) -> Result<(Case, Contents), Failure> {
    at_most(&new.member_ids, MOST, "/member_ids")?;
    at_most(&new.tags, MOST, "/tags")?;
    let shop = named_in_body(store::shops::find(tx, new.shop_id), "/shop_id")?;
    must_be_members(&mut tx.narrow(), &new.member_ids, "/member_ids")?;
    if let Some(lead) = new.lead_id {
        must_be_members(&mut tx.narrow(), &[lead], "/lead_id")?;
    }
    let (ground, now) = (tx.ground(), tx.now());
    let playbook = ground.content.current_playbook().ok_or_else(|| StoreError::Broken("there is no playbook".into()))?;
    let id: CaseId = tx.new_id();
    let (complaint, allegations) = complaints::build(&tx.narrow::<WriteCases>(), id, new.complaint)?;
    let (channel, kind, received_at) = (complaint.channel, complaint.kind, complaint.received_at);
    let reporter_type = complaint.reporter.r#type;
    let mut contents = Contents { complaints: vec![complaint], allegations, ..Contents::default() };
    let facts = [Some(moment_trigger(CASE_OPENED, now)), arrival_event(channel, kind).map(|event| moment_trigger(event, received_at))];
    for fact in facts.into_iter().flatten() {
        let trigger = trigger_of(&ground, id, fact, now);
        let started = deadlines_of(&ground, &contents, &trigger, shop.platform, now);
        contents.deadlines.extend(started);
        contents.triggers.push(trigger);
    }
    let called = playbook::called_for(playbook, &contents, shop.platform, &ground.content);
    contents.tasks = tasks_of(&ground, id, &contents, called, now);
    let year = now.timestamp().to_zoned(ground.content.calendar.zone().clone()).year();
    let case = Case {
        id,
        number: store::cases::next_number(tx, year)?,
        shop_id: shop.id,
        platform: shop.platform,
        title: new.title.into(),
        status: CaseStatus::Open,
        priority: new.priority.unwrap_or(Priority::Normal),
        lead_id: new.lead_id.or(Some(tx.scope().member())),
        member_ids: new.member_ids,
        tags: new.tags.into_iter().map(Into::into).collect(),
        metadata: metadata(new.metadata)?,
        playbook: PlaybookRef { key: playbook.key.clone(), version: playbook.version },
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
        at_most(&ids, MOST, "/member_ids")?;
        must_be_members(&mut tx.narrow(), &ids, "/member_ids")?;
        after.member_ids = ids;
    }
    if let Some(tags) = patch.tags {
        at_most(&tags, MOST, "/tags")?;
        after.tags = tags.into_iter().map(Into::into).collect();
    }
    if let Some(given) = patch.metadata {
        after.metadata = metadata(given)?;
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
    let blockers = if wanted.to == StageStatus::Completed {
        store::cases::contents(tx, &before)?.stage_blockers(stage, &tx.ground().content, &before.playbook)
    } else {
        Vec::new()
    };
    let wanted = StageMove { to: wanted.to, reason: wanted.reason.map(Into::into), override_gate: wanted.r#override };
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
            let blockers = store::cases::contents(tx, &before)?.closing_blockers(&before, &tx.ground().content);
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
    let content = &tx.ground().content;
    let mut found: Vec<Blocker> = if only.is_some() { Vec::new() } else { contents.closing_blockers(&case, content) };
    for record in case.stages.iter().filter(|record| only.is_none_or(|stage| stage == record.stage)) {
        if matches!(record.status, StageStatus::Pending | StageStatus::Active) {
            for blocker in contents.stage_blockers(record.stage, content, &case.playbook) {
                if !found.contains(&blocker) {
                    found.push(blocker);
                }
            }
        }
    }
    Ok((case, found))
}
