//! The agenda: what is to be done next over all cases within reach, one statement for deadlines and one for tasks.

use super::{At, Result, paged, playbooks};
use crate::{
    domain::{
        ids::{CaseId, DeadlineId, MemberId, PlaybookId, ShopId, TaskId},
        language::Bilingual,
        playbook::Playbook,
        task::TaskText,
        time::{Day, Instant},
        vocabulary::{CaseStatus, DeadlineStatus, OwedBy, Platform, Stage, TaskStatus},
    },
    store::{
        page::Page,
        records::{AgendaFilter, AgendaItem, AgendaWork, DeadlineOnAgenda, TaskOnAgenda},
        schema::{cases, deadlines, tasks},
        sql_types::AsJson,
    },
};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};

/// What is read of the case: its number, title, platform.
type OfCase = (String, String, Platform);
/// How many required tasks of a stage are open, and a blocked one.
type InTheWay = (Option<i64>, Option<TaskId>);

#[derive(Queryable)]
struct DeadlineRow {
    id: DeadlineId,
    case_id: CaseId,
    shop_id: ShopId,
    assignee_id: Option<MemberId>,
    stage: Stage,
    status: DeadlineStatus,
    owed_by: OwedBy,
    rule_id: Option<String>,
    key: Option<String>,
    title: Option<String>,
    due_on: Day,
    due_at: Instant,
    provisional: bool,
    as_stated: bool,
    statutory: bool,
}

impl DeadlineRow {
    fn on_agenda(self, (case_number, case_title, platform): OfCase, (open_tasks, blocked_task): InTheWay) -> AgendaItem {
        let deadline = DeadlineOnAgenda {
            id: self.id,
            status: self.status,
            owed_by: self.owed_by,
            rule_id: self.rule_id,
            key: self.key,
            title: self.title,
            due_on: self.due_on,
            provisional: self.provisional,
            as_stated: self.as_stated,
            statutory: self.statutory,
            open_tasks: open_tasks.unwrap_or_default(),
            blocked_task,
        };
        AgendaItem {
            case_id: self.case_id,
            case_number,
            case_title,
            shop_id: self.shop_id,
            platform,
            assignee_id: self.assignee_id,
            stage: self.stage,
            due_at: self.due_at,
            work: AgendaWork::Deadline(deadline),
        }
    }
}

/// The open deadlines of open cases; of the deadlines themselves no row is read, all that is shown stands in their index.
pub(in crate::store) fn deadlines(at: &mut At<'_>, page: &Page<AgendaFilter>) -> Result<Vec<AgendaItem>> {
    let of_stage = || {
        tasks::table
            .filter(tasks::tenant_id.eq(deadlines::tenant_id))
            .filter(tasks::case_id.eq(deadlines::case_id))
            .filter(tasks::stage.eq(deadlines::stage))
    };
    // The words of the index, so that both databases see that it is the one.
    let required = of_stage().filter(sql::<Bool>("tasks.required AND tasks.status IN ('todo', 'in_progress', 'blocked')"));
    let blocked = of_stage().filter(tasks::status.eq(TaskStatus::Blocked)).limit(1).select(tasks::id);
    let filter = &page.filter;
    let mut query = deadlines::table
        .inner_join(cases::table.on(cases::tenant_id.eq(deadlines::tenant_id).and(cases::id.eq(deadlines::case_id))))
        .filter(deadlines::tenant_id.eq(at.tenant()))
        .filter(deadlines::is_open)
        .filter(cases::status.eq(CaseStatus::Open))
        .select((
            (
                deadlines::id,
                deadlines::case_id,
                deadlines::shop_id,
                deadlines::assignee_id,
                deadlines::stage,
                deadlines::status,
                deadlines::owed_by,
                deadlines::rule_id,
                deadlines::key,
                deadlines::title,
                deadlines::due_on,
                deadlines::due_at,
                deadlines::provisional,
                deadlines::as_stated,
                deadlines::statutory,
            ),
            (cases::number, cases::title, cases::platform),
            (required.count().single_value(), blocked.single_value()),
        ))
        .into_boxed();
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(deadlines::case_id.eq_any(within));
    }
    if let Some(from) = filter.from {
        query = query.filter(deadlines::due_at.ge(from));
    }
    if let Some(before) = filter.before {
        query = query.filter(deadlines::due_at.lt(before));
    }
    if let Some(shop) = filter.shop_id {
        query = query.filter(deadlines::shop_id.eq(shop));
    }
    if let Some(case) = filter.case_id {
        query = query.filter(deadlines::case_id.eq(case));
    }
    if let Some(assignee) = filter.assignee_id {
        query = query.filter(deadlines::assignee_id.eq(assignee));
    }
    if !filter.stages.is_empty() {
        query = query.filter(deadlines::stage.eq_any(filter.stages.clone()));
    }
    if !filter.owed_by.is_empty() {
        query = query.filter(deadlines::owed_by.eq_any(filter.owed_by.clone()));
    }
    let rows: Vec<(DeadlineRow, OfCase, InTheWay)> = at.load(paged!(query, page, deadlines::due_at, deadlines::id))?;
    Ok(rows.into_iter().map(|(row, case, in_the_way)| row.on_agenda(case, in_the_way)).collect())
}

#[derive(Queryable)]
struct TaskRow {
    id: TaskId,
    case_id: CaseId,
    assignee_id: Option<MemberId>,
    stage: Stage,
    status: TaskStatus,
    key: Option<String>,
    title: Option<String>,
    kept_text: Option<AsJson<TaskText>>,
    note: Option<String>,
    due_at: Instant,
}

impl TaskRow {
    fn on_agenda(self, (case_number, case_title, platform): OfCase, shop_id: ShopId, playbook: &Playbook) -> AgendaItem {
        let kept = self.kept_text.map(|json| json.0.title);
        let said = || playbook.template(self.key.as_deref()?).map(|template| template.title.clone());
        let title = Bilingual::own_or(self.title.as_deref(), kept.or_else(said).as_ref());
        AgendaItem {
            case_id: self.case_id,
            case_number,
            case_title,
            shop_id,
            platform,
            assignee_id: self.assignee_id,
            stage: self.stage,
            due_at: self.due_at,
            work: AgendaWork::Task(TaskOnAgenda { id: self.id, status: self.status, key: self.key, title, note: self.note }),
        }
    }
}

/// The open tasks of open cases that are due at some moment.
pub(in crate::store) fn tasks(at: &mut At<'_>, page: &Page<AgendaFilter>) -> Result<Vec<AgendaItem>> {
    let filter = &page.filter;
    let mut query = tasks::table
        .inner_join(cases::table.on(cases::tenant_id.eq(tasks::tenant_id).and(cases::id.eq(tasks::case_id))))
        .filter(tasks::tenant_id.eq(at.tenant()))
        .filter(sql::<Bool>("tasks.status IN ('todo', 'in_progress', 'blocked')"))
        .filter(tasks::due_at.lt(Instant::FAR_FUTURE))
        .filter(cases::status.eq(CaseStatus::Open))
        .select((
            (
                tasks::id,
                tasks::case_id,
                tasks::assignee_id,
                tasks::stage,
                tasks::status,
                tasks::key,
                tasks::title,
                tasks::kept_text,
                tasks::note,
                tasks::due_at,
            ),
            (cases::number, cases::title, cases::platform),
            (cases::shop_id, cases::playbook_id),
        ))
        .into_boxed();
    if let Some(within) = at.narrow_case_ids() {
        query = query.filter(tasks::case_id.eq_any(within));
    }
    if let Some(from) = filter.from {
        query = query.filter(tasks::due_at.ge(from));
    }
    if let Some(before) = filter.before {
        query = query.filter(tasks::due_at.lt(before));
    }
    if let Some(shop) = filter.shop_id {
        query = query.filter(cases::shop_id.eq(shop));
    }
    if let Some(case) = filter.case_id {
        query = query.filter(tasks::case_id.eq(case));
    }
    if let Some(assignee) = filter.assignee_id {
        query = query.filter(tasks::assignee_id.eq(assignee));
    }
    if !filter.stages.is_empty() {
        query = query.filter(tasks::stage.eq_any(filter.stages.clone()));
    }
    let rows: Vec<(TaskRow, OfCase, (ShopId, PlaybookId))> = at.load(paged!(query, page, tasks::due_at, tasks::id))?;
    let known = playbooks::published(at, rows.iter().map(|(_, _, (_, playbook))| *playbook))?;
    let item = |(row, case, (shop, playbook)): (TaskRow, OfCase, (ShopId, PlaybookId))| {
        let playbook = known.get(&playbook).ok_or_else(|| playbooks::lost(playbook))?;
        Ok(row.on_agenda(case, shop, playbook))
    };
    rows.into_iter().map(item).collect()
}
