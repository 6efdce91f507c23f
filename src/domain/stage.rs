//! The seven stages of a case and how each moves.

use super::{
    blocker::Blocker,
    language::Language,
    time::Instant,
    violation::RuleViolation,
    vocabulary::{Stage, StageStatus},
};
use serde::{Deserialize, Serialize};

impl Stage {
    /// Its name for people.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            Self::SelfCheck => ("自查", "self-check"),
            Self::ReporterAnalysis => ("举报方分析", "reporter analysis"),
            Self::Evidence => ("证据", "evidence"),
            Self::Cooperation => ("配合调查", "cooperation"),
            Self::Legal => ("法律", "legal"),
            Self::ReputationRepair => ("信誉修复", "reputation repair"),
            Self::Prevention => ("长效防范", "prevention"),
        };
        match language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    /// Whether a case may close while this stage still runs: repairing a reputation and preventing the next affair outlive the case itself.
    #[must_use]
    pub fn outlives_case(self) -> bool {
        matches!(self, Self::ReputationRepair | Self::Prevention)
    }
}

/// A stage of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Which stage.
    pub stage: Stage,
    /// Its state.
    pub status: StageStatus,
    /// When it was first begun; kept when the stage is reopened.
    pub started_at: Option<Instant>,
    /// When it was first completed or skipped; kept when the stage is reopened.
    pub first_ended_at: Option<Instant>,
    /// When it was last completed or skipped; absent while it runs.
    pub ended_at: Option<Instant>,
    /// Why it was skipped, reopened or passed with a shut gate.
    pub reason: Option<String>,
    /// Whether its gate was shut when it was completed.
    pub overridden: bool,
}

/// Where a stage is asked to go.
#[derive(Debug, Clone)]
pub struct StageMove {
    /// The state that is wanted.
    pub to: StageStatus,
    /// Why.
    pub reason: Option<String>,
    /// Pass the gate although it is shut. The caller has verified the right to do so.
    pub override_gate: bool,
}

impl StageRecord {
    /// A stage as a case begins with it.
    #[must_use]
    pub fn new(stage: Stage, now: Instant) -> Self {
        let begun = stage == Stage::SelfCheck;
        Self {
            stage,
            status: if begun { StageStatus::Active } else { StageStatus::Pending },
            started_at: begun.then_some(now),
            first_ended_at: None,
            ended_at: None,
            reason: None,
            overridden: false,
        }
    }

    /// The stage begun by work on one of its tasks; unchanged unless it was pending.
    #[must_use]
    pub fn begun(&self, now: Instant) -> Self {
        let mut next = self.clone();
        if self.status == StageStatus::Pending {
            next.status = StageStatus::Active;
            next.started_at = self.started_at.or(Some(now));
        }
        next
    }

    /// The stage after a move. `blockers` is what shuts its gate.
    ///
    /// # Errors
    /// [`RuleViolation::StageMove`] for a move that does not exist, [`RuleViolation::ReasonRequired`] when skipping, reopening or overriding
    /// without one, [`RuleViolation::Blocked`] when the gate is shut.
    pub fn moved(&self, wanted: StageMove, blockers: Vec<Blocker>, now: Instant) -> Result<Self, RuleViolation> {
        use StageStatus::{Active, Completed, Pending, Skipped};
        let needs_reason = match (self.status, wanted.to) {
            (Pending, Active) | (Active, Completed) => wanted.override_gate,
            (Pending | Active, Skipped) | (Completed | Skipped, Active) => true,
            (from, to) => return Err(RuleViolation::StageMove { stage: self.stage, from, to }),
        };
        if needs_reason && wanted.reason.is_none() {
            return Err(RuleViolation::ReasonRequired("/reason"));
        }
        let gate_shut = wanted.to == Completed && !blockers.is_empty();
        if gate_shut && !wanted.override_gate {
            return Err(RuleViolation::Blocked(blockers));
        }
        let ended = matches!(wanted.to, Completed | Skipped);
        Ok(Self {
            stage: self.stage,
            status: wanted.to,
            started_at: self.started_at.or_else(|| (wanted.to == Active).then_some(now)),
            first_ended_at: self.first_ended_at.or_else(|| ended.then_some(now)),
            ended_at: ended.then_some(now),
            reason: wanted.reason,
            overridden: gate_shut,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(to: StageStatus, reason: Option<&str>, override_gate: bool) -> StageMove {
        StageMove { to, reason: reason.map(Into::into), override_gate }
    }

    #[test]
    fn stages_move_only_along_the_table_and_keep_their_first_dates() -> Result<(), RuleViolation> {
        let (t0, t1, t2, t3) =
            (Instant::from_microseconds(0), Instant::from_microseconds(1), Instant::from_microseconds(2), Instant::from_microseconds(3));
        let stage = StageRecord::new(Stage::SelfCheck, t0);
        assert!(matches!(stage.moved(wanted(StageStatus::Pending, None, false), vec![], t1), Err(RuleViolation::StageMove { .. })));
        assert!(matches!(stage.moved(wanted(StageStatus::Skipped, None, false), vec![], t1), Err(RuleViolation::ReasonRequired(_))));
        let shut = vec![Blocker::StageOpen { stage: Stage::Legal }];
        assert!(matches!(stage.moved(wanted(StageStatus::Completed, None, false), shut.clone(), t1), Err(RuleViolation::Blocked(_))));
        assert!(matches!(stage.moved(wanted(StageStatus::Completed, None, true), shut.clone(), t1), Err(RuleViolation::ReasonRequired(_))));
        let forced = stage.moved(wanted(StageStatus::Completed, Some("urgent"), true), shut, t1)?;
        assert!(forced.overridden);
        let reopened = forced.moved(wanted(StageStatus::Active, Some("new facts"), false), vec![], t2)?;
        assert_eq!((reopened.started_at, reopened.first_ended_at, reopened.ended_at), (Some(t0), Some(t1), None));
        let again = reopened.moved(wanted(StageStatus::Completed, None, false), vec![], t3)?;
        assert_eq!((again.started_at, again.first_ended_at, again.ended_at, again.overridden), (Some(t0), Some(t1), Some(t3), false));
        Ok(())
    }
}
