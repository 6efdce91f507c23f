//! What stands in the way of completing a stage or closing a case, in words and with a link.

use super::{
    ids::{AllegationId, ComplaintId, DeadlineId, TaskId},
    language::{Bilingual, Language},
    vocabulary::{Stage, vocabulary},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// The kind of thing that shuts a gate.
    BlockerCode {
        /// A required task is neither done nor waived.
        TaskOpen = "task_open",
        /// A deadline that we owe still runs or was missed.
        DeadlineOpen = "deadline_open",
        /// Nobody has concluded what the self-check says of an allegation.
        AllegationNotConcluded = "allegation_not_concluded",
        /// It is not recorded how an allegation ended.
        AllegationWithoutOutcome = "allegation_without_outcome",
        /// A reporter has no assessment with a confidence and a basis.
        ReporterNotAssessed = "reporter_not_assessed",
        /// A stage is neither completed nor skipped.
        StageOpen = "stage_open",
    }
}

/// One reason why a gate is shut.
#[derive(Debug, Clone, PartialEq)]
pub enum Blocker {
    /// A required task is neither done nor waived.
    TaskOpen {
        /// Which.
        id: TaskId,
        /// Its title.
        title: Bilingual,
        /// Its stage.
        stage: Stage,
    },
    /// A deadline that we owe still runs or was missed.
    DeadlineOpen {
        /// Which.
        id: DeadlineId,
        /// Its title.
        title: Bilingual,
        /// Its stage.
        stage: Stage,
    },
    /// Nobody has concluded what the self-check says of an allegation.
    AllegationNotConcluded {
        /// Which.
        id: AllegationId,
        /// What it says.
        description: String,
    },
    /// It is not recorded how an allegation ended.
    AllegationWithoutOutcome {
        /// Which.
        id: AllegationId,
        /// What it says.
        description: String,
    },
    /// A complaint's reporter has no assessment with a confidence and a basis.
    ReporterNotAssessed {
        /// Of which complaint.
        id: ComplaintId,
    },
    /// A stage is neither completed nor skipped.
    StageOpen {
        /// Which.
        stage: Stage,
    },
}

impl Blocker {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> BlockerCode {
        match self {
            Self::TaskOpen { .. } => BlockerCode::TaskOpen,
            Self::DeadlineOpen { .. } => BlockerCode::DeadlineOpen,
            Self::AllegationNotConcluded { .. } => BlockerCode::AllegationNotConcluded,
            Self::AllegationWithoutOutcome { .. } => BlockerCode::AllegationWithoutOutcome,
            Self::ReporterNotAssessed { .. } => BlockerCode::ReporterNotAssessed,
            Self::StageOpen { .. } => BlockerCode::StageOpen,
        }
    }

    /// The stage whose gate it shuts.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Self::TaskOpen { stage, .. } | Self::DeadlineOpen { stage, .. } | Self::StageOpen { stage } => Some(*stage),
            Self::AllegationNotConcluded { .. } => Some(Stage::SelfCheck),
            Self::ReporterNotAssessed { .. } => Some(Stage::ReporterAnalysis),
            Self::AllegationWithoutOutcome { .. } => None,
        }
    }

    /// The reason in words.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        let chinese = language == Language::Chinese;
        match self {
            Self::TaskOpen { title, .. } if chinese => format!("任务“{}”尚未完成，也未豁免", title.zh),
            Self::TaskOpen { title, .. } => format!("The task “{}” is neither done nor waived", title.en),
            Self::DeadlineOpen { title, .. } if chinese => format!("期限“{}”尚未履行，也未放弃", title.zh),
            Self::DeadlineOpen { title, .. } => format!("The deadline “{}” is neither met nor waived", title.en),
            Self::AllegationNotConcluded { description, .. } if chinese => format!("指控“{description}”尚无自查结论"),
            Self::AllegationNotConcluded { description, .. } => {
                format!("The self-check has no conclusion on the allegation “{description}”")
            }
            Self::AllegationWithoutOutcome { description, .. } if chinese => format!("指控“{description}”尚未记录处理结果"),
            Self::AllegationWithoutOutcome { description, .. } => format!("No outcome is recorded for the allegation “{description}”"),
            Self::ReporterNotAssessed { .. } if chinese => "举报方类型尚未记录置信度和判断依据".to_owned(),
            Self::ReporterNotAssessed { .. } => "The reporter's type has no confidence and basis yet".to_owned(),
            Self::StageOpen { stage } if chinese => format!("“{}”阶段尚未完成，也未跳过", stage.name(language)),
            Self::StageOpen { stage } => format!("The stage “{}” is neither completed nor skipped", stage.name(language)),
        }
    }
}
