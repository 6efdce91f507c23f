//! The case: the container in which complaints are answered.

use super::{
    blocker::Blocker,
    complaint::{Allegation, Complaint},
    computation::{Origin, Started, schedule},
    content::Content,
    deadline::{self, Deadline},
    ids::{CaseId, DeadlineId, MemberId, PlaybookId, ShopId},
    playbook::Playbook,
    stage::StageRecord,
    task::Task,
    time::Instant,
    trigger::Trigger,
    violation::RuleViolation,
    vocabulary::{CaseStatus, Channel, Platform, Priority, ReporterType, Stage, StageStatus},
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// A case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Its number for people, such as `2026-000123`.
    pub number: String,
    /// The shop that is accused.
    pub shop_id: ShopId,
    /// Where the shop trades.
    pub platform: Platform,
    /// What it is called.
    pub title: String,
    /// Whether it is being worked on.
    pub status: CaseStatus,
    /// How urgent it is.
    pub priority: Priority,
    /// The member who leads it.
    pub lead_id: Option<MemberId>,
    /// The members who work on it.
    pub member_ids: Vec<MemberId>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What the tenant's own systems keep with it.
    pub metadata: BTreeMap<String, String>,
    /// The version of a playbook that it is pinned to.
    pub playbook_id: PlaybookId,
    /// The channel of its first complaint.
    pub channel: Channel,
    /// The reporter's type in its first complaint.
    pub reporter_type: ReporterType,
    /// Its seven stages, in order.
    pub stages: Vec<StageRecord>,
    /// What comes next on our side.
    pub next_deadline: Option<NextDeadline>,
    /// When it was opened; kept when it is reopened.
    pub opened_at: Instant,
    /// When it was first closed; kept when it is reopened.
    pub first_closed_at: Option<Instant>,
    /// When it was last closed; absent while it is open.
    pub closed_at: Option<Instant>,
    /// How it ended, in words.
    pub outcome: Option<String>,
    /// Why it was reopened, or closed with something open.
    pub reason: Option<String>,
    /// Whether something stood open when it was closed.
    pub overridden: bool,
    /// Rises with every change of the case or of anything in it.
    pub version: i64,
    /// When it was entered.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// The deadline that comes next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextDeadline {
    /// Which.
    pub id: DeadlineId,
    /// When it ends.
    pub due_at: Instant,
}

/// Everything in a case on which its gates decide.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The playbook that it is pinned to.
    pub playbook: Arc<Playbook>,
    /// Its complaints.
    pub complaints: Vec<Complaint>,
    /// Their allegations.
    pub allegations: Vec<Allegation>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// Its deadlines.
    pub deadlines: Vec<Deadline>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
}

/// Which transition of a case is asked for.
#[derive(Debug, Clone)]
pub enum CaseMove {
    /// Close it.
    Close {
        /// How it ended.
        outcome: Option<String>,
        /// Why something may stay open.
        reason: Option<String>,
        /// Close although something is open. The caller has verified the right to do so.
        override_gate: bool,
    },
    /// Open it again.
    Reopen {
        /// Why.
        reason: Option<String>,
    },
}

impl Case {
    /// The record of one stage.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> Option<&StageRecord> {
        self.stages.iter().find(|record| record.stage == stage)
    }

    /// The case with one stage's record replaced.
    #[must_use]
    pub fn with_stage(&self, record: StageRecord) -> Self {
        let mut next = self.clone();
        for kept in &mut next.stages {
            if kept.stage == record.stage {
                *kept = record.clone();
            }
        }
        next
    }

    /// The case with one member in the place of another. Who led a case that is closed stays on the record.
    #[must_use]
    pub fn handed_over(&self, from: MemberId, to: MemberId) -> Self {
        let mut next = self.clone();
        if self.status == CaseStatus::Open {
            next.lead_id = self.lead_id.map(|lead| if lead == from { to } else { lead });
            next.member_ids.clear();
            for member in self.member_ids.iter().map(|member| if *member == from { to } else { *member }) {
                if !next.member_ids.contains(&member) {
                    next.member_ids.push(member);
                }
            }
        }
        next
    }

    /// Refuses changes to a closed case.
    ///
    /// # Errors
    /// [`RuleViolation::CaseClosed`].
    pub fn must_be_open(&self) -> Result<(), RuleViolation> {
        if self.status == CaseStatus::Open { Ok(()) } else { Err(RuleViolation::CaseClosed) }
    }

    /// Refuses work in a stage of a closed case, except in those that outlive it.
    ///
    /// # Errors
    /// [`RuleViolation::CaseClosed`].
    pub fn must_allow_work(&self, stage: Stage) -> Result<(), RuleViolation> {
        if stage.outlives_case() { Ok(()) } else { self.must_be_open() }
    }

    /// The case after a transition. `blockers` is what stands in the way of closing.
    ///
    /// # Errors
    /// [`RuleViolation::CaseAlready`], [`RuleViolation::Blocked`], [`RuleViolation::ReasonRequired`].
    pub fn moved(&self, wanted: CaseMove, blockers: Vec<Blocker>, now: Instant) -> Result<Self, RuleViolation> {
        match (self.status, wanted) {
            (CaseStatus::Closed, CaseMove::Close { .. }) => Err(RuleViolation::CaseAlready(CaseStatus::Closed)),
            (CaseStatus::Open, CaseMove::Reopen { .. }) => Err(RuleViolation::CaseAlready(CaseStatus::Open)),
            (CaseStatus::Open, CaseMove::Close { outcome, reason, override_gate }) => {
                let shut = !blockers.is_empty();
                if shut && !override_gate {
                    return Err(RuleViolation::Blocked(blockers));
                }
                if override_gate && reason.is_none() {
                    return Err(RuleViolation::ReasonRequired("/reason"));
                }
                Ok(Self {
                    status: CaseStatus::Closed,
                    first_closed_at: self.first_closed_at.or(Some(now)),
                    closed_at: Some(now),
                    outcome: outcome.or_else(|| self.outcome.clone()),
                    reason,
                    overridden: shut,
                    ..self.clone()
                })
            }
            (CaseStatus::Closed, CaseMove::Reopen { reason }) => {
                let Some(reason) = reason else { return Err(RuleViolation::ReasonRequired("/reason")) };
                Ok(Self { status: CaseStatus::Open, closed_at: None, reason: Some(reason), overridden: false, ..self.clone() })
            }
        }
    }
}

impl Contents {
    /// Nothing yet, under a playbook.
    #[must_use]
    pub fn under(playbook: Arc<Playbook>) -> Self {
        Self { playbook, complaints: Vec::new(), allegations: Vec::new(), tasks: Vec::new(), deadlines: Vec::new(), triggers: Vec::new() }
    }

    /// What shuts the gate of a stage.
    #[must_use]
    pub fn stage_blockers(&self, stage: Stage, content: &Content) -> Vec<Blocker> {
        let mut blockers = Vec::new();
        match stage {
            Stage::SelfCheck => blockers.extend(self.allegations.iter().filter(|a| a.conclusion.is_none()).map(not_concluded)),
            Stage::ReporterAnalysis => {
                blockers.extend(
                    self.complaints.iter().filter(|c| !c.reporter.is_assessed()).map(|c| Blocker::ReporterNotAssessed { id: c.id }),
                );
            }
            _ => {}
        }
        blockers.extend(self.tasks.iter().filter(|t| t.stage == stage && t.holds_stage()).map(|t| self.task_open(t)));
        blockers.extend(self.deadlines.iter().filter(|d| d.stage == stage && d.is_open_for_us()).map(|d| deadline_open(d, content)));
        blockers
    }

    /// What stands in the way of closing the case.
    #[must_use]
    pub fn closing_blockers(&self, case: &Case, content: &Content) -> Vec<Blocker> {
        let open = |record: &&StageRecord| {
            !record.stage.outlives_case() && !matches!(record.status, StageStatus::Completed | StageStatus::Skipped)
        };
        let mut blockers: Vec<Blocker> = case.stages.iter().filter(open).map(|r| Blocker::StageOpen { stage: r.stage }).collect();
        blockers.extend(
            self.allegations
                .iter()
                .filter(|a| a.outcome.is_none())
                .map(|a| Blocker::AllegationWithoutOutcome { id: a.id, description: shortened(&a.description) }),
        );
        blockers.extend(self.tasks.iter().filter(|t| t.holds_case()).map(|t| self.task_open(t)));
        blockers.extend(self.deadlines.iter().filter(|d| d.is_open_for_us()).map(|d| deadline_open(d, content)));
        blockers
    }

    fn task_open(&self, task: &Task) -> Blocker {
        Blocker::TaskOpen { id: task.id, title: self.playbook.title_of(task), stage: task.stage }
    }

    /// The channels of its complaints.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        self.complaints.iter().map(|c| c.channel).collect()
    }

    /// The deadline that comes next on our side.
    #[must_use]
    pub fn next_deadline(&self) -> Option<NextDeadline> {
        deadline::next_of(&self.deadlines).map(|d| NextDeadline { id: d.id, due_at: d.due_at })
    }

    /// The deadlines that a trigger starts, for each act the rule that ends first.
    #[must_use]
    pub fn deadlines_of<'c>(&self, trigger: &Trigger, platform: Platform, content: &'c Content, now: Instant) -> Vec<Started<'c>> {
        let acts = content.rules_for(&trigger.event, trigger.occurred_on, &self.channels(), platform);
        acts.iter().filter_map(|act| schedule(act, Origin::of(trigger), content, now)).collect()
    }
}

fn not_concluded(allegation: &Allegation) -> Blocker {
    Blocker::AllegationNotConcluded { id: allegation.id, description: shortened(&allegation.description) }
}

fn deadline_open(deadline: &Deadline, content: &Content) -> Blocker {
    Blocker::DeadlineOpen { id: deadline.id, title: deadline.title(content), stage: deadline.stage }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
