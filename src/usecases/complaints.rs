//! Complaints and the reporter behind them.

use super::{
    allegations::{self, NewAllegation},
    branch_change::{self, TaskChanges},
    case_work, must_have_seen, replace,
};
use crate::{
    domain::{
        access::{OpenIdentity, Permission, ReadPlaybooks, WriteCases},
        case::{Case, Contents},
        complaint::{Allegation, Complaint, Reporter, arrival_event},
        deadline::Deadline,
        field_rule::FieldRule,
        ids::{CaseId, ComplaintId},
        list::List,
        merge_patch::{Patch, replacement},
        text::{Line, Prose},
        time::Instant,
        violation::RuleViolation,
        vocabulary::{Channel, ComplaintKind, Confidence, ReporterType},
    },
    limits::LONG_LIST,
    store::{self, Failure, Ground, Scope, Tx, complaints, records::CaseKey},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How far ahead the other side's clock may be, in seconds.
const CLOCK_SKEW: i64 = 300;

/// A complaint as it came in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComplaint {
    /// Where it came in.
    pub channel: Channel,
    /// What it is.
    pub kind: ComplaintKind,
    /// When it reached the merchant.
    pub received_at: Instant,
    /// The other side's number for it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reference_no: Option<Line<100>>,
    /// The authority, platform department or court.
    #[serde(default)]
    #[schema(nullable = false)]
    pub authority: Option<Line<200>>,
    /// What it says.
    #[serde(default)]
    #[schema(nullable = false)]
    pub summary: Option<Prose<5000>>,
    /// The points of its accusation.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<NewAllegation>, max_items = 500)]
    pub allegations: List<NewAllegation, LONG_LIST>,
    /// Who is behind it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reporter: Option<NewReporter>,
}

/// Who is behind a complaint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReporter {
    /// Which class; `unknown` is one.
    pub r#type: ReporterType,
    /// How sure that is.
    #[serde(default)]
    #[schema(nullable = false)]
    pub confidence: Option<Confidence>,
    /// On what it rests.
    #[serde(default)]
    #[schema(nullable = false)]
    pub basis: Option<Prose<2000>>,
    /// Who it is, if they have made themselves known. Sealed at once.
    #[serde(default)]
    #[schema(nullable = false)]
    pub identity: Option<Identity>,
}

/// Who a reporter is. Kept sealed: never in lists, titles, the journal or the search index.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Their name, as they gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<Line<120>>,
    /// How they are reached, as they gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Line<200>>,
    /// What else they told of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<Prose<2000>>,
}

/// What changes on a complaint.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComplaintPatch {
    /// The other side's number for it.
    #[serde(default)]
    #[schema(value_type = Option<Line<100>>)]
    pub reference_no: Patch<Line<100>>,
    /// The authority, platform department or court.
    #[serde(default)]
    #[schema(value_type = Option<Line<200>>)]
    pub authority: Patch<Line<200>>,
    /// What it says.
    #[serde(default)]
    #[schema(value_type = Option<Prose<5000>>)]
    pub summary: Patch<Prose<5000>>,
    /// The assessment of who is behind it.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub reporter: Option<ReporterPatch>,
    /// Refuse with 412 if the case is not in this version any more: the one that a preview told. It changes nothing itself.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false, minimum = 1)]
    pub case_version: Option<i64>,
}

/// What changes on the assessment of a reporter.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReporterPatch {
    /// Which class.
    #[serde(default)]
    #[schema(value_type = Option<ReporterType>, nullable = false)]
    pub r#type: Patch<ReporterType>,
    /// How sure that is.
    #[serde(default)]
    #[schema(value_type = Option<Confidence>)]
    pub confidence: Patch<Confidence>,
    /// On what it rests.
    #[serde(default)]
    #[schema(value_type = Option<Prose<2000>>)]
    pub basis: Patch<Prose<2000>>,
    /// Who it is. Sealed at once; `null` forgets it.
    #[serde(default)]
    #[schema(value_type = Option<Identity>)]
    pub identity: Patch<Identity>,
}

/// Why a sealed identity is opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityRequest {
    /// The reason, which goes on the record.
    pub reason: Prose<1000>,
}

/// What a change of a complaint would do to its case.
#[derive(Debug)]
pub struct BranchPreview {
    /// The version of the case that was looked at.
    pub case_version: i64,
    /// The deadlines that would start.
    pub deadlines: Vec<Deadline>,
    /// What would become of the tasks.
    pub tasks: TaskChanges,
}

fn seal_place(scope: &Scope, complaint: ComplaintId) -> String {
    format!("identity/{}/{complaint}", scope.tenant())
}

fn seal(identity: &Identity, scope: &Scope, complaint: ComplaintId, ground: &Ground) -> Option<Vec<u8>> {
    let bytes = serde_json::to_vec(identity).ok()?;
    Some(ground.vault.seal(&seal_place(scope, complaint), &bytes, &ground.clock))
}

/// A complaint and its allegations, ready to be kept; `at` points to where it stands in the body.
pub(super) fn build(
    tx: &Tx<'_, impl Permission>,
    case_id: CaseId,
    new: NewComplaint,
    at: &str,
) -> Result<(Complaint, Vec<Allegation>), Failure> {
    if new.received_at > tx.now().plus_seconds(CLOCK_SKEW) {
        return Err(RuleViolation::field(format!("{at}/received_at"), FieldRule::OutOfRange).into());
    }
    let id: ComplaintId = tx.new_id();
    let reporter = new.reporter.unwrap_or(NewReporter { r#type: ReporterType::Unknown, confidence: None, basis: None, identity: None });
    let complaint = Complaint {
        id,
        case_id,
        channel: new.channel,
        kind: new.kind,
        received_at: new.received_at,
        reference_no: new.reference_no.map(Into::into),
        authority: new.authority.map(Into::into),
        summary: new.summary.map(Into::into),
        sealed_identity: reporter.identity.as_ref().and_then(|identity| seal(identity, tx.scope(), id, &tx.ground())),
        reporter: Reporter { r#type: reporter.r#type, confidence: reporter.confidence, basis: reporter.basis.map(Into::into) },
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    let allegations = new
        .allegations
        .into_vec::<NewAllegation>()
        .into_iter()
        .enumerate()
        .map(|(n, allegation)| allegations::build(tx, case_id, id, allegation, &format!("{at}/allegations/{n}")))
        .collect::<Result<_, _>>()?;
    Ok((complaint, allegations))
}

/// Adds a complaint to a case: its clock starts, and the tasks of its branch come into being.
///
/// # Errors
/// When the case is closed.
pub fn add(
    tx: &mut Tx<'_, WriteCases>,
    case_id: CaseId,
    seen: Option<i64>,
    new: NewComplaint,
) -> Result<(Complaint, Vec<Allegation>), Failure> {
    let case = case_work::lock(tx, CaseKey::Case(case_id), seen)?;
    case.must_be_open()?;
    let (complaint, added) = build(tx, case_id, new, "")?;
    complaints::insert(tx, &case, &complaint, &added)?;
    let mut contents = store::cases::contents(tx, &case)?;
    if let Some(event) = arrival_event(complaint.channel, complaint.kind) {
        case_work::record_trigger(&mut tx.narrow(), &case, &mut contents, case_work::moment_trigger(event, complaint.received_at))?;
    }
    let playbook = Arc::clone(&contents.playbook);
    let planned = branch_change::plan(tx, &case, &mut contents, &playbook, complaint.channel.as_str())?;
    planned.carry_out(&mut tx.narrow(), &case)?;
    case_work::settle(&mut tx.narrow(), &case, Case::clone(&case), &contents)?;
    Ok((complaint, added))
}

/// What adding a complaint would start and change, without adding it.
///
/// # Errors
/// When the case is closed.
pub fn preview_add(tx: &mut Tx<'_, ReadPlaybooks>, case_id: CaseId, new: NewComplaint) -> Result<BranchPreview, Failure> {
    let case = store::cases::find(tx, case_id)?;
    case.must_be_open()?;
    let (complaint, _) = build(tx, case_id, new, "")?;
    let mut contents = store::cases::contents(tx, &case)?;
    let mut started = Vec::new();
    let arrival = arrival_event(complaint.channel, complaint.kind).map(|event| case_work::moment_trigger(event, complaint.received_at));
    contents.complaints.push(complaint);
    if let Some(fact) = arrival {
        let content = tx.content()?;
        let trigger = case_work::trigger_of(tx, &content, case_id, fact);
        let in_case = case_work::InCase::of(tx, &case)?;
        started = case_work::deadlines_of(&tx.ground(), &content, &contents, &trigger, in_case, tx.now());
        contents.triggers.push(trigger);
        contents.deadlines.extend(started.iter().cloned());
    }
    let playbook = Arc::clone(&contents.playbook);
    let planned = branch_change::plan(tx, &case, &mut contents, &playbook, "")?;
    Ok(BranchPreview { case_version: case.version, deadlines: started, tasks: planned.changes })
}

/// The complaint with a patch applied.
fn patched(tx: &Tx<'_, impl Permission>, before: &Complaint, patch: ComplaintPatch) -> Result<Complaint, Failure> {
    let mut after = before.clone();
    patch.reference_no.apply_with(&mut after.reference_no, Into::into);
    patch.authority.apply_with(&mut after.authority, Into::into);
    patch.summary.apply_with(&mut after.summary, Into::into);
    if let Some(reporter) = patch.reporter {
        replace(reporter.r#type, &mut after.reporter.r#type, "/reporter/type", |kind| kind)?;
        reporter.confidence.apply(&mut after.reporter.confidence);
        reporter.basis.apply_with(&mut after.reporter.basis, Into::into);
        match reporter.identity {
            Patch::Absent => {}
            Patch::Null => after.sealed_identity = None,
            Patch::Value(identity) => after.sealed_identity = seal(&identity, tx.scope(), before.id, &tx.ground()),
        }
    }
    Ok(after)
}

/// Puts a changed complaint in the place of what it was.
fn put_in(contents: &mut Contents, changed: &Complaint) {
    for complaint in contents.complaints.iter_mut().filter(|complaint| complaint.id == changed.id) {
        *complaint = changed.clone();
    }
}

/// Changes a complaint. When the reporter is of another type, the tasks of that branch come into being, and those of the branch that is left are
/// dropped as far as nobody has begun them.
///
/// # Errors
/// When the case is closed or the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WriteCases>, id: ComplaintId, seen: i64, patch: ComplaintPatch) -> Result<Complaint, Failure> {
    let case = case_work::lock(tx, CaseKey::Complaint(id), patch.case_version)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    let before = contents.complaints.iter().find(|c| c.id == id).cloned().ok_or(store::StoreError::NotFound)?;
    must_have_seen(Some(seen), before.version)?;
    let after = patched(tx, &before, patch)?;
    if after == before {
        return Ok(before);
    }
    let saved = complaints::save(tx, &case, &before, &after)?;
    put_in(&mut contents, &saved);
    if saved.reporter.r#type != before.reporter.r#type {
        let playbook = Arc::clone(&contents.playbook);
        let note = format!("{} → {}", before.reporter.r#type, saved.reporter.r#type);
        let planned = branch_change::plan(tx, &case, &mut contents, &playbook, &note)?;
        planned.carry_out(&mut tx.narrow(), &case)?;
    }
    let mut changed = Case::clone(&case);
    if let Some(first) = contents.complaints.first() {
        changed.reporter_type = first.reporter.r#type;
    }
    case_work::settle(&mut tx.narrow(), &case, changed, &contents)?;
    Ok(saved)
}

/// What changing a complaint would change among the tasks, without changing it.
///
/// # Errors
/// When the case is closed.
pub fn preview_change(tx: &mut Tx<'_, ReadPlaybooks>, id: ComplaintId, patch: ComplaintPatch) -> Result<BranchPreview, Failure> {
    let before = complaints::find(tx, id)?;
    let case = store::cases::find(tx, before.case_id)?;
    case.must_be_open()?;
    let mut contents = store::cases::contents(tx, &case)?;
    let after = patched(tx, &before, patch)?;
    put_in(&mut contents, &after);
    let tasks = if after.reporter.r#type == before.reporter.r#type {
        TaskChanges::none(&contents)
    } else {
        let playbook = Arc::clone(&contents.playbook);
        branch_change::plan(tx, &case, &mut contents, &playbook, "")?.changes
    };
    Ok(BranchPreview { case_version: case.version, deadlines: Vec::new(), tasks })
}

/// Opens a reporter's sealed identity, on the record.
///
/// # Errors
/// When none is kept.
pub fn open_identity(tx: &mut Tx<'_, OpenIdentity>, id: ComplaintId, request: &IdentityRequest) -> Result<Identity, Failure> {
    let sealed = complaints::open_identity(tx, id, &request.reason)?.ok_or(store::StoreError::NotFound)?;
    let bytes = tx.ground().vault.unseal(&seal_place(tx.scope(), id), &sealed);
    let identity = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(identity.ok_or_else(|| store::StoreError::Broken(format!("the identity of complaint {id} cannot be opened")))?)
}
