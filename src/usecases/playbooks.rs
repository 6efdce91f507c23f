//! Copying, changing and publishing playbooks.

use super::{must_have_seen, named_in_body};
use crate::{
    domain::{
        access::{ReadPlaybooks, WritePlaybooks},
        content::BUILT_IN_PLAYBOOK,
        field_rule::FieldRule,
        ids::PlaybookId,
        journal::Entry,
        language::Bilingual,
        list::{Distinct, List},
        merge_patch::{Patch, replacement},
        playbook::{Anchor, AnchorForm, Offset, PLATFORM_APPEAL, Playbook, PlaybookRecord, Template},
        text::{Line, Prose, Slug},
        time::Instant,
        violation::RuleViolation,
        vocabulary::{Channel, PlaybookStatus, ReporterType, Stage},
    },
    limits::{ANCHOR_NAMES, PLAYBOOK_BYTES, PLAYBOOK_TASKS, SHORT_LIST},
    store::{
        self, Failure, StoreError, Tx,
        page::{Page, Position},
        records::PlaybookFilter,
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// When the built-in playbook came out: 2026-11-22, in microseconds since 1970.
const BUILT_IN_SINCE: i64 = 1_795_305_600_000_000;

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
            fn both(self, at: &str) -> Result<Bilingual, Failure> {
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
    /// Open cases under it from now on that name no other.
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

/// The built-in playbook as one among the tenant's own.
fn built_in(playbook: &Playbook, is_default: bool) -> PlaybookRecord {
    let since = Instant::from_microseconds(BUILT_IN_SINCE);
    PlaybookRecord {
        playbook: playbook.clone(),
        built_in: true,
        status: PlaybookStatus::Published,
        note: None,
        based_on_id: None,
        is_default,
        version: 1,
        created_by: None,
        created_at: since,
        updated_at: since,
        published_at: Some(since),
    }
}

/// A page of the playbooks: the built-in one first, then the tenant's own in the order of entry.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Tx<'_, ReadPlaybooks>, page: Page<PlaybookFilter>) -> Result<Vec<PlaybookRecord>, Failure> {
    let playbook = tx.ground().content.playbook.clone();
    let comes_first = page.after.is_none_or(|Position { id, .. }| id < BUILT_IN_PLAYBOOK);
    let fits = page.filter.key.as_ref().is_none_or(|key| *key == playbook.key) && page.filter.status != Some(PlaybookStatus::Draft);
    let mut all = Vec::new();
    if comes_first && fits {
        all.push(built_in(&playbook, store::playbooks::default(tx)?.is_none()));
    }
    all.extend(store::playbooks::list(tx, page)?);
    Ok(all)
}

/// A playbook, which may be the built-in one.
///
/// # Errors
/// When it is not there.
pub fn find(tx: &mut Tx<'_, ReadPlaybooks>, id: PlaybookId) -> Result<PlaybookRecord, Failure> {
    let playbook = tx.ground().content.playbook.clone();
    if id == playbook.id {
        return Ok(built_in(&playbook, store::playbooks::default(tx)?.is_none()));
    }
    Ok(store::playbooks::find(tx, id)?.into_inner())
}

/// Makes a draft as a copy.
///
/// # Errors
/// When the copied one is not there, the key is the built-in one's, or the playbook has a draft already.
pub fn create(tx: &mut Tx<'_, WritePlaybooks>, new: NewPlaybook) -> Result<PlaybookRecord, Failure> {
    let source = match find(&mut tx.narrow(), new.based_on_id) {
        Err(Failure::Store(StoreError::NotFound)) => named_in_body(Err(StoreError::NotFound), "/based_on_id")?,
        found => found?,
    };
    let key = match new.key {
        Some(key) => String::from(key),
        None if source.built_in => return Err(RuleViolation::field("/key", FieldRule::Required).into()),
        None => source.playbook.key.clone(),
    };
    if key == tx.ground().content.playbook.key {
        return Err(RuleViolation::field("/key", FieldRule::Taken).into());
    }
    let title = new.title.map_or(Ok(source.playbook.title.clone()), |title| title.both("/title"))?;
    let number = store::playbooks::next_number(tx, &key)?;
    let draft = PlaybookRecord {
        playbook: Playbook { id: tx.new_id(), key, number, title, tasks: source.playbook.tasks.clone() },
        built_in: false,
        status: PlaybookStatus::Draft,
        note: new.note.map(Into::into),
        based_on_id: Some(source.playbook.id),
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
    if new.anchor.of.len() > ANCHOR_NAMES {
        return Err(RuleViolation::field("/anchor/of", FieldRule::TooMany).into());
    }
    for (n, name) in new.anchor.of.iter().enumerate() {
        let at = format!("/anchor/of/{n}");
        Slug::try_from(name.clone()).map_err(|_| RuleViolation::field(at.clone(), FieldRule::Malformed))?;
        if new.anchor.kind == crate::domain::vocabulary::AnchorKind::Deadline && !knows_rule(name) {
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

/// Makes a published version the one under which cases are opened that name none.
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

/// Throws a draft away.
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
