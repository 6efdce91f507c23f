//! Cases, what is in them, and their timeline.

use super::{At, Conn, Result, allegations, at::OnCases, at::Wish, complaints, deadlines, paged, playbooks, tasks, triggers};
use crate::{
    domain::{
        case::{Case, Contents, NextDeadline},
        ids::{CaseId, DeadlineId, EntryId, MemberId, PlaybookId, ShopId, TenantId},
        journal::{ActorKind, Entry},
        stage::StageRecord,
        time::Instant,
        vocabulary::{CaseStatus, Channel, Platform, Priority, ReporterType, StageStatus, Visibility},
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::{Page, SortKey},
        records::{CaseFilter, CaseKey, TimelineEntry},
        schema::{self, active_stages, case_numbers, cases, journal_entries},
        sql_types::{AnyId, AsJson},
        tx::Stored,
    },
};
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::{collections::HashMap, sync::Arc};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = cases, primary_key(tenant_id, id), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    id: CaseId,
    number: String,
    shop_id: ShopId,
    platform: Platform,
    title: String,
    status: CaseStatus,
    priority: Priority,
    lead_id: Option<MemberId>,
    member_ids: AsJson<Vec<MemberId>>,
    tags: AsJson<Vec<String>>,
    metadata: AsJson<BTreeMap<String, String>>,
    playbook_id: PlaybookId,
    channel: Channel,
    reporter_type: ReporterType,
    stages: AsJson<Vec<StageRecord>>,
    next_deadline_id: Option<DeadlineId>,
    next_due_at: Instant,
    opened_at: Instant,
    first_closed_at: Option<Instant>,
    closed_at: Option<Instant>,
    outcome: Option<String>,
    reason: Option<String>,
    overridden: bool,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, case: &Case) -> Self {
        Self {
            tenant_id,
            id: case.id,
            number: case.number.clone(),
            shop_id: case.shop_id,
            platform: case.platform,
            title: case.title.clone(),
            status: case.status,
            priority: case.priority,
            lead_id: case.lead_id,
            member_ids: AsJson(case.member_ids.clone()),
            tags: AsJson(case.tags.clone()),
            metadata: AsJson(case.metadata.clone()),
            playbook_id: case.playbook_id,
            channel: case.channel,
            reporter_type: case.reporter_type,
            stages: AsJson(case.stages.clone()),
            next_deadline_id: case.next_deadline.as_ref().map(|d| d.id),
            next_due_at: case.next_deadline.as_ref().map_or(Instant::FAR_FUTURE, |d| d.due_at),
            opened_at: case.opened_at,
            first_closed_at: case.first_closed_at,
            closed_at: case.closed_at,
            outcome: case.outcome.clone(),
            reason: case.reason.clone(),
            overridden: case.overridden,
            version: case.version,
            created_at: case.created_at,
            updated_at: case.updated_at,
        }
    }
}

impl From<Row> for Case {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            number: row.number,
            shop_id: row.shop_id,
            platform: row.platform,
            title: row.title,
            status: row.status,
            priority: row.priority,
            lead_id: row.lead_id,
            member_ids: row.member_ids.0,
            tags: row.tags.0,
            metadata: row.metadata.0,
            playbook_id: row.playbook_id,
            channel: row.channel,
            reporter_type: row.reporter_type,
            stages: row.stages.0,
            next_deadline: row.next_deadline_id.map(|id| NextDeadline { id, due_at: row.next_due_at }),
            opened_at: row.opened_at,
            first_closed_at: row.first_closed_at,
            closed_at: row.closed_at,
            outcome: row.outcome,
            reason: row.reason,
            overridden: row.overridden,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<CaseFilter>) -> Result<Vec<Case>> {
    let filter = &page.filter;
    let mut query = cases::table.filter(at.cases(Wish::Read)).select(Row::as_select()).into_boxed();
    if let Some(shop) = filter.shop_id {
        query = query.filter(cases::shop_id.eq(shop));
    }
    if let Some(status) = filter.status {
        query = query.filter(cases::status.eq(status));
    }
    if let Some(lead) = filter.lead_id {
        query = query.filter(cases::lead_id.eq(lead));
    }
    if !filter.reporter_types.is_empty() {
        query = query.filter(cases::reporter_type.eq_any(filter.reporter_types.clone()));
    }
    if !filter.channels.is_empty() {
        query = query.filter(cases::channel.eq_any(filter.channels.clone()));
    }
    if let Some(before) = filter.due_before {
        query = query.filter(cases::next_due_at.lt(before));
    }
    if let Some(number) = &filter.number {
        query = query.filter(cases::number.eq(number.clone()));
    }
    if let Some(playbook) = filter.playbook_id {
        query = query.filter(cases::playbook_id.eq(playbook));
    }
    if !filter.stages.is_empty() {
        let active = active_stages::table
            .filter(active_stages::tenant_id.eq(at.tenant()))
            .filter(active_stages::stage.eq_any(filter.stages.clone()))
            .select(active_stages::case_id);
        query = query.filter(cases::id.eq_any(active));
    }
    let query = match page.sort.by {
        SortKey::NextDueAt => paged!(query, page, cases::next_due_at, cases::id),
        SortKey::Id | SortKey::OpenedAt | SortKey::DueAt | SortKey::ShownAt => paged!(query, page, cases::opened_at, cases::id),
    };
    Ok(at.load::<_, Row>(query)?.into_iter().map(Case::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: CaseId) -> Result<Stored<Case>> {
    let query = cases::table.filter(at.cases(Wish::Read)).filter(cases::id.eq(id)).select(Row::as_select());
    at.first::<_, Row>(query).map(|row| Stored::new(row.into()))
}

fn of_key(tenant: TenantId, key: CaseKey) -> OnCases {
    macro_rules! case_of {
        ($table:ident, $id:expr) => {
            Box::new(
                cases::id.eq_any(
                    schema::$table::table
                        .filter(schema::$table::tenant_id.eq(tenant))
                        .filter(schema::$table::id.eq($id))
                        .select(schema::$table::case_id),
                ),
            )
        };
    }
    match key {
        CaseKey::Case(id) => Box::new(cases::id.eq(id)),
        CaseKey::Complaint(id) => case_of!(complaints, id),
        CaseKey::Allegation(id) => case_of!(allegations, id),
        CaseKey::Deadline(id) => case_of!(deadlines, id),
        CaseKey::Task(id) => case_of!(tasks, id),
        CaseKey::Trigger(id) => case_of!(triggers, id),
    }
}

pub(in crate::store) fn lock(at: &mut At<'_>, key: CaseKey) -> Result<Stored<Case>> {
    let (tenant, now) = (at.tenant(), at.now());
    let target = cases::table.filter(at.cases(Wish::Write)).filter(of_key(tenant, key));
    let locked = diesel::update(target)
        .set((cases::version.eq(cases::version + 1), cases::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(at.beside_the_record())
        .optional()?;
    match locked {
        Some(row) => Ok(Stored::new(row.into())),
        None => Err(at.refusal(of_key(tenant, key))),
    }
}

/// Takes hold of several cases within reach; gives them in the order of their ids. Two who cross are told to come again.
pub(in crate::store) fn lock_all(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Stored<Case>>> {
    let now = at.now();
    let target = cases::table.filter(at.cases(Wish::Write)).filter(cases::id.eq_any(ids.to_vec()));
    let rows: Vec<Row> = diesel::update(target)
        .set((cases::version.eq(cases::version + 1), cases::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_results(at.beside_the_record())?;
    let mut locked: Vec<_> = rows.into_iter().map(|row| Stored::new(Case::from(row))).collect();
    locked.sort_by_key(|case| case.id);
    Ok(locked)
}

/// A case within reach that the caller may write in, without taking hold of it: for what stands beside the case.
pub(in crate::store) fn find_to_write(at: &mut At<'_>, key: CaseKey) -> Result<Stored<Case>> {
    let query = cases::table.filter(at.cases(Wish::Write)).filter(of_key(at.tenant(), key)).select(Row::as_select());
    match at.load::<_, Row>(query)?.pop() {
        Some(row) => Ok(Stored::new(row.into())),
        None => Err(at.refusal(of_key(at.tenant(), key))),
    }
}

pub(in crate::store) fn next_number(at: &mut At<'_>, year: i16) -> Result<String> {
    let tenant = at.tenant();
    let last: i64 = diesel::insert_into(case_numbers::table)
        .values((case_numbers::tenant_id.eq(tenant), case_numbers::year.eq(i64::from(year)), case_numbers::last.eq(1)))
        .on_conflict((case_numbers::tenant_id, case_numbers::year))
        .do_update()
        .set(case_numbers::last.eq(case_numbers::last + 1))
        .returning(case_numbers::last)
        .get_result(at.beside_the_record())?;
    Ok(format!("{year}-{last:06}"))
}

pub(in crate::store) fn insert(at: &mut At<'_>, case: &Case, contents: &Contents) -> Result<()> {
    let tenant = at.tenant();
    let entry = Entry::of_case("case.opened", case.id, case.id)
        .with("case", case)
        .with("complaints", &contents.complaints)
        .with("allegations", &contents.allegations)
        .with("triggers", &contents.triggers)
        .with("deadlines", &contents.deadlines)
        .with("tasks", contents.tasks.iter().map(|task| (task.key.clone(), task.id)).collect::<Vec<_>>());
    let conn = at.record(entry);
    diesel::insert_into(cases::table).values(Row::of(tenant, case)).execute(conn)?;
    let active: Vec<_> = active_rows(tenant, case);
    diesel::insert_into(active_stages::table).values(active).execute(conn)?;
    complaints::insert_rows(conn, tenant, &contents.complaints)?;
    allegations::insert_rows(conn, tenant, &contents.allegations)?;
    triggers::insert_rows(conn, tenant, &contents.triggers)?;
    tasks::insert_rows(conn, tenant, &contents.tasks)?;
    deadlines::insert_new(at, &contents.deadlines)
}

type ActiveRow = (
    diesel::dsl::Eq<active_stages::tenant_id, TenantId>,
    diesel::dsl::Eq<active_stages::case_id, CaseId>,
    diesel::dsl::Eq<active_stages::stage, crate::domain::vocabulary::Stage>,
);

fn active_rows(tenant: TenantId, case: &Case) -> Vec<ActiveRow> {
    case.stages
        .iter()
        .filter(|record| record.status == StageStatus::Active)
        .map(|record| (active_stages::tenant_id.eq(tenant), active_stages::case_id.eq(case.id), active_stages::stage.eq(record.stage)))
        .collect()
}

fn replace_active(conn: &mut Conn, tenant: TenantId, case: &Case) -> Result<()> {
    let of_case = active_stages::table.filter(active_stages::tenant_id.eq(tenant)).filter(active_stages::case_id.eq(case.id));
    diesel::delete(of_case).execute(conn)?;
    diesel::insert_into(active_stages::table).values(active_rows(tenant, case)).execute(conn)?;
    Ok(())
}

pub(in crate::store) fn save(at: &mut At<'_>, before: &Stored<Case>, after: &Case, entry: Entry) -> Result<Stored<Case>> {
    let tenant = at.tenant();
    let after = Case { version: before.version, updated_at: at.now(), ..after.clone() };
    let entry = entry.with_changes::<Case>(before, &after);
    let conn = at.record(entry);
    let row = cases::table.find((tenant, before.id)).filter(cases::version.eq(before.version));
    let changed = diesel::update(row).set(Row::of(tenant, &after)).execute(conn)?;
    if changed != 1 {
        return Err(StoreError::Broken("a locked case was changed by somebody else".into()));
    }
    if before.stages != after.stages {
        replace_active(conn, tenant, &after)?;
    }
    Ok(Stored::new(after))
}

pub(in crate::store) fn contents(at: &mut At<'_>, case: &Stored<Case>) -> Result<Contents> {
    Ok(Contents {
        playbook: playbooks::of_case(at, case.playbook_id)?,
        complaints: complaints::list(at, case)?,
        allegations: allegations::list(at, case)?,
        tasks: tasks::of_case(at, case)?,
        deadlines: deadlines::list(at, case)?,
        triggers: triggers::list(at, case)?,
    })
}

/// What is in several cases, in their order.
pub(in crate::store) fn contents_of_many(at: &mut At<'_>, cases: &[Stored<Case>]) -> Result<Vec<Contents>> {
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    let known = playbooks::published(at, cases.iter().map(|case| case.playbook_id))?;
    let mut found: HashMap<CaseId, Contents> = HashMap::with_capacity(ids.len());
    for case in cases {
        let playbook = known.get(&case.playbook_id).ok_or_else(|| playbooks::lost(case.playbook_id))?;
        found.insert(case.id, Contents::under(Arc::clone(playbook)));
    }
    macro_rules! put {
        ($noun:ident, $rows:expr) => {
            for row in $rows {
                if let Some(contents) = found.get_mut(&row.case_id) {
                    contents.$noun.push(row);
                }
            }
        };
    }
    put!(complaints, complaints::of_cases(at, &ids)?);
    put!(allegations, allegations::of_cases(at, &ids)?);
    put!(tasks, tasks::of_cases(at, &ids)?);
    put!(deadlines, deadlines::of_cases(at, &ids)?);
    put!(triggers, triggers::of_cases(at, &ids)?);
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Several cases within reach, in the order of their ids.
pub(in crate::store) fn find_all(at: &mut At<'_>, ids: &[CaseId]) -> Result<Vec<Stored<Case>>> {
    let query = cases::table.filter(at.cases(Wish::Read)).filter(cases::id.eq_any(ids.to_vec())).order(cases::id).select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(|row| Stored::new(row.into())).collect())
}

type EntryRow = (EntryId, String, AnyId, Instant, ActorKind, Option<AnyId>, Visibility, Vec<u8>);

pub(in crate::store) fn timeline(at: &mut At<'_>, case: &Stored<Case>, page: Page<()>) -> Result<Vec<TimelineEntry>> {
    let visible = if at.open(Hole::Visibility) { Visibility::ALL } else { Visibility::seen_by(at.scope().role()) };
    let mut query = journal_entries::table
        .filter(journal_entries::tenant_id.eq(at.tenant()))
        .filter(journal_entries::case_id.eq(case.id))
        .filter(journal_entries::visibility.eq_any(visible.to_vec()))
        .select((
            journal_entries::id,
            journal_entries::kind,
            journal_entries::subject_id,
            journal_entries::at,
            journal_entries::actor_kind,
            journal_entries::actor_id,
            journal_entries::visibility,
            journal_entries::payload,
        ))
        .into_boxed();
    let rows: Vec<EntryRow> = at.load(paged!(query, page, journal_entries::id))?;
    rows.into_iter()
        .map(|(id, kind, subject, moment, actor_kind, actor, visibility, payload)| {
            let payload = serde_json::from_slice(&payload).map_err(|e| StoreError::Broken(format!("entry {id}: {e}")))?;
            Ok(TimelineEntry {
                id,
                kind,
                subject_id: subject.0,
                at: moment,
                actor_kind,
                actor_id: actor.map(|id| id.0),
                visibility,
                payload,
            })
        })
        .collect()
}
