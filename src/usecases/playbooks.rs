//! Copying, changing and publishing playbooks.

use super::{must_have_seen, named_in_body};
use crate::{
    domain::{
        access::{Includes, ReadCases, ReadPlaybooks, WritePlaybooks},
        content::BUILT_IN_PLAYBOOK,
        field_rule::FieldRule,
        ids::PlaybookId,
        journal::Entry,
        language::Bilingual,
        list::{Distinct, List},
        merge_patch::{Patch, replacement},
        playbook::{Anchor, AnchorForm, Offset, PLATFORM_APPEAL, Playbook, PlaybookRecord, Template},
        text::{Line, Prose, Slug},
        violation::RuleViolation,
        vocabulary::{AnchorKind, Channel, PlaybookStatus, ReporterType, Stage},
    },
    limits::{ANCHOR_NAMES, PLAYBOOK_BYTES, PLAYBOOK_TASKS, SHORT_LIST},
    store::{
        self, Failure, StoreError, Tx,
        page::{Page, Position},
        records::{ListedPlaybook, PlaybookFilter},
    },
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

macro_rules! in_either_language {
    ($(#[$doc:meta])* $name:ident of $text:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Simplified Chinese; the English words when absent.
            #[serde(default)]
            #[schema(nullable = false)]
            pub zh: Option<$text>,
            /// English; the Chinese words when absent.
            #[serde(default)]
            #[schema(nullable = false)]
            pub en: Option<$text>,
        }

        impl $name {
            /// Both languages; `at` points to where it stands in the body.
            pub(super) fn both(self, at: &str) -> Result<Bilingual, Failure> {
                match (self.zh.map(String::from), self.en.map(String::from)) {
                    (Some(zh), Some(en)) => Ok(Bilingual { zh, en }),
                    (Some(one), None) | (None, Some(one)) => Ok(Bilingual { zh: one.clone(), en: one }),
                    (None, None) => Err(RuleViolation::field(format!("{at}/zh"), FieldRule::Required).into()),
                }
            }
        }
    };
}

in_either_language! {
    /// A line in Chinese, in English or in both.
    LocalLine of Line<200>
}
in_either_language! {
    /// Text in Chinese, in English or in both.
    LocalText of Prose<1000>
}

/// A draft to make, as a copy of a version that is there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlaybook {
    /// The version to copy: the built-in one, or one of the tenant's own.
    pub based_on_id: PlaybookId,
    /// The playbook of which this is to be a version. Absent, it is the next version of the copied one, which cannot be the built-in one.
    #[serde(default)]
    #[schema(nullable = false)]
    pub key: Option<Slug>,
    /// What it is called; as the copied one when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub title: Option<LocalLine>,
    /// What is new in it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub note: Option<Prose<2000>>,
}

/// What changes on a draft, its tasks aside.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaybookPatch {
    /// What it is called.
    #[serde(default, deserialize_with = "replacement")]
    #[schema(nullable = false)]
    pub title: Option<LocalLine>,
    /// What is new in it.
    #[serde(default)]
    #[schema(value_type = Option<Prose<2000>>)]
    pub note: Patch<Prose<2000>>,
}

/// A task of a playbook, as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlaybookTask {
    /// Its key, which is the path's: given so that what was read can be put back.
    #[serde(default)]
    #[schema(nullable = false)]
    pub key: Option<Slug>,
    /// Its stage.
    pub stage: Stage,
    /// The reporter types it is for; any when empty.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<ReporterType>, max_items = 50)]
    pub reporter_types: Distinct<ReporterType, SHORT_LIST>,
    /// The channels it is for; any when empty.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<Channel>, max_items = 50)]
    pub channels: Distinct<Channel, SHORT_LIST>,
    /// Its title.
    pub title: LocalLine,
    /// The documents that are wanted.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<LocalLine>, max_items = 50)]
    pub wanted_documents: List<LocalLine, SHORT_LIST>,
    /// Whether its stage waits for it.
    #[serde(default)]
    pub required: bool,
    /// Whether the case waits for it.
    #[serde(default)]
    pub blocks_closing: bool,
    /// What it hangs on.
    pub anchor: AnchorForm,
    /// How far from its anchor it is due; without a date when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub offset: Option<Offset>,
    /// How often it comes again once it is done.
    #[serde(default)]
    #[schema(nullable = false)]
    pub repeat: Option<Offset>,
    /// What done means.
    pub done_means: LocalText,
}

/// Publishing a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaybookTransition {
    /// Where to.
    pub to: PlaybookTarget,
    /// Also make it the default for new cases.
    #[serde(default)]
    pub make_default: bool,
}

/// Where a draft can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaybookTarget {
    /// Publish it, for ever.
    Published,
}

/// A page of the playbooks: the built-in one first, then the tenant's own in the order of entry.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_, ReadPlaybooks>, page: Page<PlaybookFilter>) -> Result<Vec<ListedPlaybook>, Failure> {
    let playbook = Arc::clone(&tx.ground().content.playbook);
    let comes_first = page.after.is_none_or(|Position { id, .. }| id < BUILT_IN_PLAYBOOK);
    let fits = page.filter.key.as_ref().is_none_or(|key| *key == playbook.key) && page.filter.status != Some(PlaybookStatus::Draft);
    let mut all = Vec::new();
    if comes_first && fits {
        let without_tasks = Playbook { tasks: Vec::new(), ..Playbook::clone(&playbook) };
        let record = PlaybookRecord::built_in(without_tasks, store::playbooks::default(tx)?.is_none());
        all.push(ListedPlaybook { record, task_count: i32::try_from(playbook.tasks.len()).unwrap_or(i32::MAX) });
    }
    all.extend(store::playbooks::list(tx, page)?);
    Ok(all)
}

/// A playbook, which may be the built-in one.
///
/// # Errors
/// When it is not there.
pub fn find(tx: &mut Tx<'_, ReadPlaybooks>, id: PlaybookId) -> Result<PlaybookRecord, Failure> {
    if id == BUILT_IN_PLAYBOOK.into() {
        let playbook = Playbook::clone(&tx.ground().content.playbook);
        return Ok(PlaybookRecord::built_in(playbook, store::playbooks::default(tx)?.is_none()));
    }
    Ok(store::playbooks::find(tx, id)?.into_inner())
}

/// The published version that a body names: a draft is told apart from what is not there.
///
/// # Errors
/// When it is neither.
pub(super) fn published_in_body<P>(tx: &mut Tx<'_, P>, id: PlaybookId, pointer: &'static str) -> Result<Arc<Playbook>, Failure>
where
    P: Includes<ReadPlaybooks> + Includes<ReadCases>,
{
    match store::playbooks::pinned(tx, id) {
        Err(StoreError::NotFound) => {
            named_in_body(store::playbooks::find(tx, id), pointer)?;
            Err(RuleViolation::field(pointer, FieldRule::NotPublished).into())
        }
        found => Ok(found?),
    }
}

/// Makes a draft as a copy.
///
/// # Errors
/// When the copied one is not there, the key is the built-in one's, or the playbook has a draft already.
pub fn create(tx: &mut Tx<'_, WritePlaybooks>, new: NewPlaybook) -> Result<PlaybookRecord, Failure> {
    let source = published_in_body(tx, new.based_on_id, "/based_on_id")?;
    let built_in = Arc::clone(&tx.ground().content.playbook);
    let key = match new.key {
        Some(key) => String::from(key),
        None if source.id == built_in.id => return Err(RuleViolation::field("/key", FieldRule::Required).into()),
        None => source.key.clone(),
    };
    if key == built_in.key {
        return Err(RuleViolation::field("/key", FieldRule::Taken).into());
    }
    let title = new.title.map_or(Ok(source.title.clone()), |title| title.both("/title"))?;
    let number = store::playbooks::next_number(tx, &key)?;
    let draft = PlaybookRecord {
        playbook: Playbook { id: tx.new_id(), key, number, title, tasks: source.tasks.clone() },
        built_in: false,
        status: PlaybookStatus::Draft,
        note: new.note.map(Into::into),
        based_on_id: Some(source.id),
        is_default: false,
        version: 1,
        created_by: Some(tx.scope().member()),
        created_at: tx.now(),
        updated_at: tx.now(),
        published_at: None,
    };
    store::playbooks::insert(tx, &draft)?;
    Ok(draft)
}

/// Changes a draft as `edit` says.
fn edit(
    tx: &mut Tx<'_, WritePlaybooks>,
    id: PlaybookId,
    seen: Option<i64>,
    entry: Entry,
    edit: impl FnOnce(&PlaybookRecord) -> Result<PlaybookRecord, Failure>,
) -> Result<PlaybookRecord, Failure> {
    if id == BUILT_IN_PLAYBOOK.into() {
        return Err(RuleViolation::PlaybookPublished.into());
    }
    let before = store::playbooks::find(tx, id)?;
    must_have_seen(seen, before.version)?;
    before.must_be_draft()?;
    let after = edit(&before)?;
    if after == *before {
        return Ok(after);
    }
    Ok(store::playbooks::save(tx, &before, &after, entry)?.into_inner())
}

/// Changes a draft's title and note.
///
/// # Errors
/// When it is published, or the caller has seen another version.
pub fn change(tx: &mut Tx<'_, WritePlaybooks>, id: PlaybookId, seen: i64, patch: PlaybookPatch) -> Result<PlaybookRecord, Failure> {
    edit(tx, id, Some(seen), Entry::of_tenant("playbook.changed", id), |before| {
        let mut after = before.clone();
        if let Some(title) = patch.title {
            after.playbook.title = title.both("/title")?;
        }
        patch.note.apply_with(&mut after.note, Into::into);
        Ok(after)
    })
}

/// Puts a task into a draft: in the place of the one with this key, or behind all others.
///
/// # Errors
/// When it is published, the caller has seen another version, there are too many tasks or words, or the body names a rule that nothing knows.
pub fn put_task(
    tx: &mut Tx<'_, WritePlaybooks>,
    id: PlaybookId,
    seen: i64,
    key: Slug,
    new: NewPlaybookTask,
) -> Result<PlaybookRecord, Failure> {
    let ground = tx.ground();
    let knows_rule = |id: &str| id == PLATFORM_APPEAL || ground.content.rule(id).is_some();
    let template = template(key, new, knows_rule)?;
    let entry = Entry::of_tenant("playbook.task_put", id).with("task", &template);
    edit(tx, id, Some(seen), entry, |before| {
        let mut after = before.clone();
        let tasks = &mut after.playbook.tasks;
        let full = tasks.len() >= PLAYBOOK_TASKS;
        match tasks.iter_mut().find(|task| task.key == template.key) {
            Some(task) => *task = template,
            None if full => return Err(RuleViolation::field("", FieldRule::TooMany).into()),
            None => tasks.push(template),
        }
        let bytes = serde_json::to_vec(tasks).map_err(|e| StoreError::Broken(e.to_string()))?.len();
        if bytes > PLAYBOOK_BYTES { Err(RuleViolation::field("", FieldRule::TooLong).into()) } else { Ok(after) }
    })
}

fn template(key: Slug, new: NewPlaybookTask, knows_rule: impl Fn(&str) -> bool) -> Result<Template, Failure> {
    if new.key.is_some_and(|told| told != key) {
        return Err(RuleViolation::field("/key", FieldRule::Contradicts).into());
    }
    if new.anchor.of.len() > ANCHOR_NAMES {
        return Err(RuleViolation::field("/anchor/of", FieldRule::TooMany).into());
    }
    for (n, name) in new.anchor.of.iter().enumerate() {
        let at = format!("/anchor/of/{n}");
        Slug::try_from(name.clone()).map_err(|_| RuleViolation::field(at.clone(), FieldRule::Malformed))?;
        if new.anchor.kind == AnchorKind::Deadline && !knows_rule(name) {
            return Err(RuleViolation::field(at, FieldRule::NotFound).into());
        }
    }
    let anchor = Anchor::try_from(new.anchor).map_err(|_| RuleViolation::field("/anchor/of", FieldRule::Malformed))?;
    if new.offset.is_some_and(|offset| !offset.is_countable()) {
        return Err(RuleViolation::field("/offset/amount", FieldRule::OutOfRange).into());
    }
    if new.repeat.is_some_and(|every| every.amount < 1 || !every.is_countable()) {
        return Err(RuleViolation::field("/repeat/amount", FieldRule::OutOfRange).into());
    }
    let documents = new.wanted_documents.into_vec::<LocalLine>().into_iter().enumerate();
    Ok(Template {
        key: key.into(),
        stage: new.stage,
        reporter_types: new.reporter_types.into_vec(),
        channels: new.channels.into_vec(),
        title: new.title.both("/title")?,
        wanted_documents: documents.map(|(n, text)| text.both(&format!("/wanted_documents/{n}"))).collect::<Result<_, _>>()?,
        required: new.required,
        blocks_closing: new.blocks_closing,
        anchor,
        offset: new.offset,
        repeat: new.repeat,
        done_means: new.done_means.both("/done_means")?,
    })
}

/// Takes a task out of a draft.
///
/// # Errors
/// When it is not in it, the draft is published, or the caller has seen another version.
pub fn remove_task(tx: &mut Tx<'_, WritePlaybooks>, id: PlaybookId, seen: i64, key: &Slug) -> Result<PlaybookRecord, Failure> {
    let entry = Entry::of_tenant("playbook.task_removed", id).with("key", key);
    edit(tx, id, Some(seen), entry, |before| {
        let mut after = before.clone();
        after.playbook.tasks.retain(|task| task.key != **key);
        if after.playbook.tasks.len() == before.playbook.tasks.len() { Err(StoreError::NotFound.into()) } else { Ok(after) }
    })
}

/// Publishes a draft.
///
/// # Errors
/// When it is published already, or as it is cannot be.
pub fn publish(
    tx: &mut Tx<'_, WritePlaybooks>,
    id: PlaybookId,
    seen: Option<i64>,
    PlaybookTransition { to: PlaybookTarget::Published, make_default }: PlaybookTransition,
) -> Result<PlaybookRecord, Failure> {
    let now = tx.now();
    let published = edit(tx, id, seen, Entry::of_tenant("playbook.published", id), |before| Ok(before.published(now)?))?;
    if make_default { self::make_default(tx, id, None) } else { Ok(published) }
}

/// Makes a published version the default for new cases.
///
/// # Errors
/// When it is a draft.
pub fn make_default(tx: &mut Tx<'_, WritePlaybooks>, id: PlaybookId, seen: Option<i64>) -> Result<PlaybookRecord, Failure> {
    let before = find(&mut tx.narrow(), id)?;
    must_have_seen(seen, before.version)?;
    before.must_be_published()?;
    if before.is_default {
        return Ok(before);
    }
    store::playbooks::set_default(tx, id)?;
    find(&mut tx.narrow(), id)
}

/// Discards a draft.
///
/// # Errors
/// When it is published, or the caller has seen another version.
pub fn discard(tx: &mut Tx<'_, WritePlaybooks>, id: PlaybookId, seen: i64) -> Result<PlaybookRecord, Failure> {
    if id == BUILT_IN_PLAYBOOK.into() {
        return Err(RuleViolation::PlaybookPublished.into());
    }
    let draft = store::playbooks::find(tx, id)?;
    must_have_seen(Some(seen), draft.version)?;
    draft.must_be_draft()?;
    store::playbooks::discard(tx, &draft)?;
    Ok(draft.into_inner())
}
