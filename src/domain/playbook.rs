//! Playbooks: versioned templates of the tasks of a case, what each hangs on and when it is due.
//!
//! A published version never changes; a case is pinned to one. What a playbook calls for in a case is in `branch.rs`.

use super::{
    ids::{MemberId, PlaybookId},
    language::Bilingual,
    period::Unit,
    task::{Task, TaskText},
    time::Instant,
    violation::{PlaybookFault, RuleViolation},
    vocabulary::{AnchorKind, Channel, PlaybookFaultCode, PlaybookStatus, ReporterType, Stage},
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// A version of a playbook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Playbook {
    /// Its id.
    pub id: PlaybookId,
    /// The playbook of which it is a version, such as `standard`.
    pub key: String,
    /// Which version: 1, 2, 3.
    pub number: i32,
    /// What it is called.
    pub title: Bilingual,
    /// Its tasks, in order: one that another hangs on comes before it. The journal tells of each change to one of them, never all of them.
    #[serde(skip)]
    pub tasks: Vec<Template>,
}

/// A version of a playbook as a tenant keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaybookRecord {
    /// The playbook itself.
    #[serde(flatten)]
    pub playbook: Playbook,
    /// Whether it ships with the product; nobody made it then.
    pub built_in: bool,
    /// Whether it can still change.
    pub status: PlaybookStatus,
    /// What is new in it.
    pub note: Option<String>,
    /// The version that it was copied from; absent when it is built in.
    pub based_on_id: Option<PlaybookId>,
    /// Whether it is the default for new cases.
    pub is_default: bool,
    /// Rises with every change.
    pub version: i64,
    /// Who made it.
    pub created_by: Option<MemberId>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// When it was published.
    pub published_at: Option<Instant>,
}

/// A task as a playbook describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlaybookTask)]
pub struct Template {
    /// Its key, such as `SC-03`: by it tasks of cases know what they were made from.
    #[schema(example = "SC-01")]
    pub key: String,
    /// Its stage.
    pub stage: Stage,
    /// The reporter types it is for; empty for any.
    pub reporter_types: Vec<ReporterType>,
    /// The channels it is for; empty for any.
    pub channels: Vec<Channel>,
    /// Its title.
    pub title: Bilingual,
    /// The documents that are wanted.
    pub wanted_documents: Vec<Bilingual>,
    /// Whether its stage waits for it.
    pub required: bool,
    /// Whether the case waits for it.
    pub blocks_closing: bool,
    /// What it hangs on.
    pub anchor: Anchor,
    /// How far from its anchor it is due; null for a duty without a date.
    #[schema(required)]
    pub offset: Option<Offset>,
    /// How often it comes again once it is done.
    #[schema(required)]
    pub repeat: Option<Offset>,
    /// What done means.
    pub done_means: Bilingual,
}

/// What a task hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AnchorForm", into = "AnchorForm")]
pub enum Anchor {
    /// A trigger of the case.
    Event(String),
    /// Another task: its due moment, and its completion once it is done.
    Task(String),
    /// A deadline made by the first of these rules that has one; `platform_appeal` is the appeal rule of the shop's platform.
    Deadline(Vec<String>),
    /// A deadline typed in from a notice under this key.
    Stated(String),
    /// Nothing: a standing duty.
    None,
}

/// What a task hangs on: a kind, and the names that the kind asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Anchor)]
pub struct AnchorForm {
    /// What kind of thing.
    pub kind: AnchorKind,
    /// One event, task key or deadline key; one or more deadline rules; none for a standing duty.
    #[serde(default)]
    #[schema(example = json!(["case_opened"]), max_items = 50)]
    pub of: Vec<String>,
}

impl TryFrom<AnchorForm> for Anchor {
    type Error = String;

    fn try_from(AnchorForm { kind, of }: AnchorForm) -> Result<Self, Self::Error> {
        let wrong = || format!("malformed|`of` has {} names", of.len());
        match (kind, of.as_slice()) {
            (AnchorKind::None, []) => Ok(Self::None),
            (AnchorKind::Event, [name]) => Ok(Self::Event(name.clone())),
            (AnchorKind::Task, [name]) => Ok(Self::Task(name.clone())),
            (AnchorKind::Stated, [name]) => Ok(Self::Stated(name.clone())),
            (AnchorKind::Deadline, [_, ..]) => Ok(Self::Deadline(of)),
            _ => Err(wrong()),
        }
    }
}

impl From<Anchor> for AnchorForm {
    fn from(anchor: Anchor) -> Self {
        let (kind, of) = match anchor {
            Anchor::Event(name) => (AnchorKind::Event, vec![name]),
            Anchor::Task(name) => (AnchorKind::Task, vec![name]),
            Anchor::Deadline(names) => (AnchorKind::Deadline, names),
            Anchor::Stated(name) => (AnchorKind::Stated, vec![name]),
            Anchor::None => (AnchorKind::None, Vec::new()),
        };
        Self { kind, of }
    }
}

impl utoipa::PartialSchema for Anchor {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        AnchorForm::schema()
    }
}

impl ToSchema for Anchor {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        AnchorForm::schemas(schemas);
    }
}

/// A distance from an anchor; negative counts back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// How many.
    #[schema(example = 1)]
    pub amount: i32,
    /// Of what.
    pub unit: Unit,
}

impl Offset {
    /// Whether it lies within ten years: no task is planned further ahead, and each of its days may have to be counted.
    #[must_use]
    pub fn is_countable(self) -> bool {
        let most = match self.unit {
            Unit::Hours => 24 * 3_660,
            Unit::Days => 3_660,
            Unit::WorkingDays => 2_500,
            Unit::Months => 120,
            Unit::Years => 10,
        };
        self.amount.unsigned_abs() <= most
    }
}

/// The anchor that stands for the appeal rule of the shop's platform; also the key of an appeal deadline copied from the platform's page.
pub const PLATFORM_APPEAL: &str = "platform_appeal";

/// What a playbook says of a task, without a copy.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Its title.
    pub title: &'a Bilingual,
    /// The documents that are wanted.
    pub wanted_documents: &'a [Bilingual],
    /// What done means.
    pub done_means: &'a Bilingual,
}

impl Template {
    /// What it says of its task.
    #[must_use]
    pub fn text(&self) -> TaskText {
        TaskText {
            stage: self.stage,
            required: self.required,
            blocks_closing: self.blocks_closing,
            title: self.title.clone(),
            wanted_documents: self.wanted_documents.clone(),
            done_means: self.done_means.clone(),
        }
    }

    /// The task that it hangs on.
    #[must_use]
    pub fn anchor_task(&self) -> Option<&str> {
        if let Anchor::Task(key) = &self.anchor { Some(key) } else { None }
    }

    /// The task that must be done first: the anchor, unless this one is due before it.
    #[must_use]
    pub fn dependency(&self) -> Option<&str> {
        self.anchor_task().filter(|_| self.offset.is_none_or(|offset| offset.amount >= 0))
    }
}

impl Playbook {
    /// One of its tasks.
    #[must_use]
    pub fn template(&self, key: &str) -> Option<&Template> {
        self.tasks.iter().find(|t| t.key == key)
    }

    /// What it says of a task that was made from it, or what an earlier one said that the case was pinned to.
    #[must_use]
    pub fn words_of<'a>(&'a self, task: &'a Task) -> Option<Words<'a>> {
        if let Some(TaskText { title, wanted_documents, done_means, .. }) = &task.kept_text {
            return Some(Words { title, wanted_documents, done_means });
        }
        let Template { title, wanted_documents, done_means, .. } = self.template(task.key.as_deref()?)?;
        Some(Words { title, wanted_documents, done_means })
    }

    /// The title of a task in both languages: its own, or the playbook's.
    #[must_use]
    pub fn title_of(&self, task: &Task) -> Bilingual {
        Bilingual::own_or(task.title.as_deref(), self.words_of(task).map(|words| words.title))
    }

    /// Whether a task of it hangs on this.
    #[must_use]
    pub fn has_anchor(&self, anchor: &Anchor) -> bool {
        self.tasks.iter().any(|task| task.anchor == *anchor)
    }

    /// The tasks, each after the one that it hangs on, else as they were.
    ///
    /// # Errors
    /// What is wrong with them: none at all, an anchor that is no task of it, tasks that hang on each other.
    fn in_order(&self) -> Result<Vec<Template>, Vec<PlaybookFault>> {
        if self.tasks.is_empty() {
            return Err(vec![PlaybookFault { task: None, code: PlaybookFaultCode::NoTasks }]);
        }
        let known: HashSet<&str> = self.tasks.iter().map(|task| task.key.as_str()).collect();
        let unknown = |task: &&Template| task.anchor_task().is_some_and(|key| !known.contains(key));
        let fault = |code| move |task: &Template| PlaybookFault { task: Some(task.key.clone()), code };
        let mut faults: Vec<_> = self.tasks.iter().filter(unknown).map(fault(PlaybookFaultCode::AnchorUnknown)).collect();
        let (mut ordered, mut open) = (Vec::with_capacity(self.tasks.len()), self.tasks.iter().collect::<Vec<_>>());
        let mut placed: HashSet<&str> = HashSet::new();
        while !open.is_empty() {
            let ready = |task: &&&Template| task.anchor_task().is_none_or(|key| placed.contains(key) || !known.contains(key));
            let Some(next) = open.iter().find(ready).copied() else { break };
            open.retain(|task| task.key != next.key);
            placed.insert(&next.key);
            ordered.push(next.clone());
        }
        faults.extend(open.into_iter().map(fault(PlaybookFaultCode::AnchorCircle)));
        if faults.is_empty() { Ok(ordered) } else { Err(faults) }
    }
}

/// When the built-in playbook came out: 2026-11-22, in microseconds since 1970.
const BUILT_IN_SINCE: i64 = 1_795_305_600_000_000;

impl PlaybookRecord {
    /// The playbook that ships with the product, as one among a tenant's own.
    ///
    /// It is nobody's to change. All that differs from time to time is whether it is the default, and its version says so.
    #[must_use]
    pub fn built_in(playbook: Playbook, is_default: bool) -> Self {
        let since = Instant::from_microseconds(BUILT_IN_SINCE);
        Self {
            playbook,
            built_in: true,
            status: PlaybookStatus::Published,
            note: None,
            based_on_id: None,
            is_default,
            version: if is_default { 1 } else { 2 },
            created_by: None,
            created_at: since,
            updated_at: since,
            published_at: Some(since),
        }
    }

    /// Refuses changes to what is published.
    ///
    /// # Errors
    /// [`RuleViolation::PlaybookPublished`].
    pub fn must_be_draft(&self) -> Result<(), RuleViolation> {
        if self.status == PlaybookStatus::Draft { Ok(()) } else { Err(RuleViolation::PlaybookPublished) }
    }

    /// Refuses to work under a draft.
    ///
    /// # Errors
    /// [`RuleViolation::PlaybookDraft`].
    pub fn must_be_published(&self) -> Result<(), RuleViolation> {
        if self.status == PlaybookStatus::Published { Ok(()) } else { Err(RuleViolation::PlaybookDraft) }
    }

    /// The draft, published for ever, its tasks in order.
    ///
    /// # Errors
    /// [`RuleViolation::PlaybookPublished`], or [`RuleViolation::PlaybookFaulty`] with all that is wrong.
    pub fn published(&self, now: Instant) -> Result<Self, RuleViolation> {
        self.must_be_draft()?;
        let tasks = self.playbook.in_order().map_err(RuleViolation::PlaybookFaulty)?;
        let playbook = Playbook { tasks, ..self.playbook.clone() };
        Ok(Self { playbook, status: PlaybookStatus::Published, published_at: Some(now), ..self.clone() })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn task(key: &str, anchor: Anchor) -> Template {
        let text = Bilingual { zh: key.into(), en: key.into() };
        Template {
            key: key.into(),
            stage: Stage::Legal,
            reporter_types: vec![],
            channels: vec![],
            title: text.clone(),
            wanted_documents: vec![],
            required: true,
            blocks_closing: true,
            anchor,
            offset: Some(Offset { amount: 1, unit: Unit::Days }),
            repeat: None,
            done_means: text,
        }
    }

    fn playbook(tasks: Vec<Template>) -> Playbook {
        let title = Bilingual { zh: "x".into(), en: "x".into() };
        Playbook { id: uuid::Uuid::nil().into(), key: "x".into(), number: 1, title, tasks }
    }

    #[test]
    fn what_a_task_hangs_on_comes_before_it() {
        let on = |key: &str| Anchor::Task(key.into());
        let given = playbook(vec![task("C", on("B")), task("A", Anchor::None), task("B", on("A")), task("D", Anchor::Event("e".into()))]);
        let keys: Vec<_> = given.in_order().unwrap().into_iter().map(|t| t.key).collect();
        assert_eq!(keys, ["A", "B", "C", "D"]);
        let faulty = playbook(vec![task("A", on("B")), task("B", on("A")), task("C", on("nothing")), task("D", on("C"))]);
        let faults: Vec<_> = faulty.in_order().unwrap_err().into_iter().map(|f| (f.task.unwrap(), f.code)).collect();
        use PlaybookFaultCode::{AnchorCircle, AnchorUnknown};
        assert_eq!(faults, [("C".into(), AnchorUnknown), ("A".into(), AnchorCircle), ("B".into(), AnchorCircle)]);
        assert_eq!(playbook(vec![]).in_order().unwrap_err(), [PlaybookFault { task: None, code: PlaybookFaultCode::NoTasks }]);
    }

    #[test]
    fn an_anchor_is_written_as_kind_and_names() {
        for (anchor, json) in [
            (Anchor::None, r#"{"kind":"none","of":[]}"#),
            (Anchor::Task("SC-01".into()), r#"{"kind":"task","of":["SC-01"]}"#),
            (Anchor::Deadline(vec!["A".into(), "B".into()]), r#"{"kind":"deadline","of":["A","B"]}"#),
        ] {
            assert_eq!(serde_json::to_string(&anchor).unwrap(), json);
            assert_eq!(serde_json::from_str::<Anchor>(json).unwrap(), anchor);
        }
        for wrong in
            [r#"{"kind":"none","of":["x"]}"#, r#"{"kind":"task"}"#, r#"{"kind":"event","of":["a","b"]}"#, r#"{"kind":"deadline","of":[]}"#]
        {
            assert!(serde_json::from_str::<Anchor>(wrong).is_err(), "{wrong}");
        }
    }
}
