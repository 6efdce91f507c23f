//! Playbooks: those of the tenant, and the one that ships with the product.

use super::{At, Result, paged};
use crate::{
    auth::hash::sha256,
    domain::{
        content::BUILT_IN_PLAYBOOK,
        ids::{MemberId, PlaybookId, TenantId},
        journal::{Entry, hex},
        language::Bilingual,
        playbook::{Playbook, PlaybookRecord, Template},
        time::Instant,
        vocabulary::PlaybookStatus,
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::{ListedPlaybook, PlaybookFilter},
        schema::{playbooks, tenants},
        sql_types::AsJson,
        tx::Stored,
    },
};
use diesel::prelude::*;
use std::{collections::HashMap, sync::Arc};

/// A version as a list shows it.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = playbooks, primary_key(tenant_id, id), treat_none_as_null = true)]
struct ListedRow {
    tenant_id: TenantId,
    id: PlaybookId,
    key: String,
    number: i32,
    status: PlaybookStatus,
    title: AsJson<Bilingual>,
    note: Option<String>,
    based_on_id: PlaybookId,
    is_default: bool,
    task_count: i32,
    version: i64,
    created_by: MemberId,
    created_at: Instant,
    updated_at: Instant,
    published_at: Option<Instant>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = playbooks, treat_none_as_null = true)]
struct Row {
    #[diesel(embed)]
    listed: ListedRow,
    tasks: AsJson<Vec<Template>>,
}

impl Row {
    fn of(tenant_id: TenantId, record: &PlaybookRecord) -> Result<Self> {
        let own = || StoreError::Broken("the built-in playbook is nobody's to write".into());
        let playbook = &record.playbook;
        let listed = ListedRow {
            tenant_id,
            id: playbook.id,
            key: playbook.key.clone(),
            number: playbook.number,
            status: record.status,
            title: AsJson(playbook.title.clone()),
            note: record.note.clone(),
            based_on_id: record.based_on_id.ok_or_else(own)?,
            is_default: record.is_default,
            task_count: i32::try_from(playbook.tasks.len()).unwrap_or(i32::MAX),
            version: record.version,
            created_by: record.created_by.ok_or_else(own)?,
            created_at: record.created_at,
            updated_at: record.updated_at,
            published_at: record.published_at,
        };
        Ok(Self { listed, tasks: AsJson(playbook.tasks.clone()) })
    }
}

impl ListedRow {
    fn with(self, tasks: Vec<Template>) -> PlaybookRecord {
        PlaybookRecord {
            playbook: Playbook { id: self.id, key: self.key, number: self.number, title: self.title.0, tasks },
            built_in: false,
            status: self.status,
            note: self.note,
            based_on_id: Some(self.based_on_id),
            is_default: self.is_default,
            version: self.version,
            created_by: Some(self.created_by),
            created_at: self.created_at,
            updated_at: self.updated_at,
            published_at: self.published_at,
        }
    }
}

impl From<Row> for PlaybookRecord {
    fn from(row: Row) -> Self {
        row.listed.with(row.tasks.0)
    }
}

impl From<ListedRow> for ListedPlaybook {
    fn from(row: ListedRow) -> Self {
        Self { task_count: row.task_count, record: row.with(Vec::new()) }
    }
}

/// The tenant's own.
pub(in crate::store) fn list(at: &mut At<'_>, page: Page<PlaybookFilter>) -> Result<Vec<ListedPlaybook>> {
    let mut query = playbooks::table.filter(playbooks::tenant_id.eq(at.tenant())).select(ListedRow::as_select()).into_boxed();
    if let Some(key) = &page.filter.key {
        query = query.filter(playbooks::key.eq(key.clone()));
    }
    if let Some(status) = page.filter.status {
        query = query.filter(playbooks::status.eq(status));
    }
    Ok(at.load::<_, ListedRow>(paged!(query, page, playbooks::id))?.into_iter().map(ListedPlaybook::from).collect())
}

/// One of the tenant's own.
pub(in crate::store) fn find(at: &mut At<'_>, id: PlaybookId) -> Result<Stored<PlaybookRecord>> {
    let mut query = playbooks::table.filter(playbooks::id.eq(id)).select(Row::as_select()).into_boxed();
    if !at.open(Hole::TenantOfPlaybook) {
        query = query.filter(playbooks::tenant_id.eq(at.tenant()));
    }
    at.first::<_, Row>(query).map(|row| Stored::new(row.into()))
}

/// The one under which cases are opened that name none, when it is one of the tenant's own.
pub(in crate::store) fn default(at: &mut At<'_>) -> Result<Option<Arc<Playbook>>> {
    let query = playbooks::table.filter(playbooks::tenant_id.eq(at.tenant())).filter(playbooks::is_default).select(playbooks::id);
    match at.load::<_, PlaybookId>(query)?.pop() {
        Some(id) => pinned(at, id).map(Some),
        None => Ok(None),
    }
}

/// Published versions by id, each read once by this process.
pub(in crate::store) fn published(
    at: &mut At<'_>,
    ids: impl IntoIterator<Item = PlaybookId>,
) -> Result<HashMap<PlaybookId, Arc<Playbook>>> {
    let tenant = at.tenant();
    let (mut found, mut missing) = (HashMap::new(), Vec::new());
    for id in ids {
        let cached = if id == BUILT_IN_PLAYBOOK.into() { Some(at.built_in_playbook()) } else { at.playbook_cache().get(tenant, id) };
        match cached {
            Some(playbook) => drop(found.insert(id, playbook)),
            None if missing.contains(&id) => {}
            None => missing.push(id),
        }
    }
    if !missing.is_empty() {
        let query = playbooks::table
            .filter(playbooks::tenant_id.eq(tenant))
            .filter(playbooks::id.eq_any(missing))
            .filter(playbooks::status.eq(PlaybookStatus::Published))
            .select(Row::as_select());
        for row in at.load::<_, Row>(query)? {
            let playbook = Arc::new(PlaybookRecord::from(row).playbook);
            at.playbook_cache().put(tenant, &playbook);
            found.insert(playbook.id, playbook);
        }
    }
    Ok(found)
}

/// A published version.
pub(in crate::store) fn pinned(at: &mut At<'_>, id: PlaybookId) -> Result<Arc<Playbook>> {
    published(at, [id])?.remove(&id).ok_or(StoreError::NotFound)
}

/// The published version that a case is pinned to.
pub(super) fn of_case(at: &mut At<'_>, id: PlaybookId) -> Result<Arc<Playbook>> {
    published(at, [id])?.remove(&id).ok_or_else(|| lost(id))
}

/// What a case is pinned to is never deleted.
pub(super) fn lost(id: PlaybookId) -> StoreError {
    StoreError::Broken(format!("the playbook {id} of a case is gone"))
}

/// The number of the next version of a key.
pub(in crate::store) fn next_number(at: &mut At<'_>, key: &str) -> Result<i32> {
    let query = playbooks::table
        .filter(playbooks::tenant_id.eq(at.tenant()))
        .filter(playbooks::key.eq(key))
        .order(playbooks::number.desc())
        .select(playbooks::number)
        .limit(1);
    Ok(at.load::<_, i32>(query)?.pop().unwrap_or(0) + 1)
}

/// The hash of all tasks, by which the journal tells which they were.
fn tasks_hash(record: &PlaybookRecord) -> String {
    hex(&sha256(&serde_json::to_vec(&record.playbook.tasks).unwrap_or_default()))
}

pub(in crate::store) fn insert(at: &mut At<'_>, record: &PlaybookRecord) -> Result<()> {
    let row = Row::of(at.tenant(), record)?;
    let entry = Entry::of_tenant("playbook.created", record.playbook.id)
        .with("key", &record.playbook.key)
        .with("number", record.playbook.number)
        .with("based_on_id", record.based_on_id)
        .with("tasks_sha256", tasks_hash(record));
    diesel::insert_into(playbooks::table).values(row).execute(at.record(entry))?;
    Ok(())
}

pub(in crate::store) fn save(
    at: &mut At<'_>,
    before: &Stored<PlaybookRecord>,
    after: &PlaybookRecord,
    entry: Entry,
) -> Result<Stored<PlaybookRecord>> {
    let tenant = at.tenant();
    let after = PlaybookRecord { version: before.version + 1, updated_at: at.now(), ..after.clone() };
    let entry = entry.with_changes::<PlaybookRecord>(before, &after).with("tasks_sha256", tasks_hash(&after));
    let draft = playbooks::table
        .find((tenant, after.playbook.id))
        .filter(playbooks::version.eq(before.version))
        .filter(playbooks::status.eq(PlaybookStatus::Draft));
    let row = Row::of(tenant, &after)?;
    match diesel::update(draft).set(row).execute(at.record(entry))? {
        1 => Ok(Stored::new(after)),
        _ => Err(StoreError::Stale { current: after.version }),
    }
}

pub(in crate::store) fn discard(at: &mut At<'_>, draft: &Stored<PlaybookRecord>) -> Result<()> {
    let row = playbooks::table
        .find((at.tenant(), draft.playbook.id))
        .filter(playbooks::version.eq(draft.version))
        .filter(playbooks::status.eq(PlaybookStatus::Draft));
    let entry = Entry::of_tenant("playbook.discarded", draft.playbook.id).with("playbook", PlaybookRecord::clone(draft));
    match diesel::delete(row).execute(at.record(entry))? {
        1 => Ok(()),
        _ => Err(StoreError::Stale { current: draft.version + 1 }),
    }
}

/// Moves the mark of the default to this published version, which may be the built-in one: that has it when no other does.
pub(in crate::store) fn set_default(at: &mut At<'_>, id: PlaybookId) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let marks = |to: bool| (playbooks::is_default.eq(to), playbooks::version.eq(playbooks::version + 1), playbooks::updated_at.eq(now));
    let marked = playbooks::table.filter(playbooks::tenant_id.eq(tenant)).filter(playbooks::is_default);
    // Two who set it at once must not both see no other: whoever asks first holds the tenant's row.
    diesel::update(tenants::table.find(tenant)).set(tenants::name.eq(tenants::name)).execute(at.beside_the_record())?;
    let conn = at.record(Entry::of_tenant("playbook.made_default", id));
    diesel::update(marked).set(marks(false)).execute(conn)?;
    diesel::update(playbooks::table.find((tenant, id))).set(marks(true)).execute(conn)?;
    Ok(())
}
