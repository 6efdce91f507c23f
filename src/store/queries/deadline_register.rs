//! The register of deadlines: what was entered, changed, met and missed on each day, by whom. It is only ever added to.

use super::{At, Result, paged, rulebooks};
use crate::{
    domain::{
        deadline::Deadline,
        ids::{CaseId, DeadlineId, MemberId, RegisterEntryId, TenantId},
        journal::{ActorKind, Entry},
        language::Bilingual,
        register::{RegisterCheck, RegisterEntry},
        register_file::SignedFile,
        time::{Day, Instant},
        vocabulary::{OwedBy, RegisterChange},
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::RegisterFilter,
        schema::{cases, deadline_checks_open as open_checks, deadline_register, members, persons},
        sql_types::{AnyId, AsJson},
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deadline_register)]
struct Row {
    tenant_id: TenantId,
    id: RegisterEntryId,
    day: Day,
    at: Instant,
    case_id: CaseId,
    deadline_id: DeadlineId,
    change: RegisterChange,
    actor_kind: ActorKind,
    actor_id: Option<AnyId>,
    member_id: Option<MemberId>,
    rule_id: Option<String>,
    title: AsJson<Bilingual>,
    owed_by: OwedBy,
    statutory: bool,
    due_on: Day,
    due_at: Instant,
    previous_due_at: Option<Instant>,
    note: Option<String>,
    checks_id: Option<RegisterEntryId>,
    correct: Option<bool>,
}

/// What of an entry is not in its own row: who made it, the case's number, and the check with who has made that.
type Rest = (Option<String>, String, Option<CheckRow>);
type CheckRow = (RegisterEntryId, Option<MemberId>, Option<String>, Instant, Option<bool>, Option<String>);

diesel::alias!(deadline_register as checks: Checks);

impl From<(Row, Rest)> for RegisterEntry {
    fn from((row, (member_name, case_number, check)): (Row, Rest)) -> Self {
        let check = check.and_then(|(id, by, by_name, at, correct, note)| {
            Some(RegisterCheck { id, by: by?, by_name: by_name.unwrap_or_default(), at, correct: correct?, note })
        });
        Self {
            id: row.id,
            day: row.day,
            at: row.at,
            change: row.change,
            case_id: row.case_id,
            case_number,
            deadline_id: row.deadline_id,
            rule_id: row.rule_id,
            title: row.title.0,
            owed_by: row.owed_by,
            statutory: row.statutory,
            due_on: row.due_on,
            due_at: row.due_at,
            previous_due_at: row.previous_due_at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id.map(|id| id.0),
            member_id: row.member_id,
            member_name,
            note: row.note,
            checks_id: row.checks_id,
            correct: row.correct,
            check,
        }
    }
}

/// Notes what has become of deadlines, of which the journal tells in the same transaction. The end before is noted where it was another one.
pub(super) fn note<'d>(at: &mut At<'_>, changes: impl Iterator<Item = (&'d Deadline, RegisterChange, Option<Instant>)>) -> Result<()> {
    let content = rulebooks::content(at)?;
    let (tenant, now, actor, day) = (at.tenant(), at.now(), at.scope().actor(), at.today());
    let member = at.scope().acting_member();
    let rows: Vec<Row> = changes
        .map(|(deadline, change, before)| Row {
            tenant_id: tenant,
            id: at.new_id(),
            day,
            at: now,
            case_id: deadline.case_id,
            deadline_id: deadline.id,
            change,
            actor_kind: actor.kind(),
            actor_id: actor.id().map(AnyId),
            member_id: member,
            rule_id: deadline.rule_id.clone(),
            title: AsJson(deadline.title(&content)),
            owed_by: deadline.owed_by,
            statutory: deadline.statutory,
            due_on: deadline.due_on,
            due_at: deadline.due_at,
            previous_due_at: before.filter(|before| *before != deadline.due_at),
            note: deadline.note.clone(),
            checks_id: None,
            correct: None,
        })
        .collect();
    let to_check: Vec<_> = rows
        .iter()
        .filter(|row| row.statutory && row.change.sets_an_end())
        .map(|row| (open_checks::tenant_id.eq(tenant), open_checks::entry_id.eq(row.id)))
        .collect();
    enter(at, rows)?;
    if !to_check.is_empty() {
        diesel::insert_into(open_checks::table).values(to_check).execute(at.beside_the_record())?;
    }
    Ok(())
}

/// Adds entries, each with what whoever made it is called now: the register goes on saying that.
fn enter(at: &mut At<'_>, rows: Vec<Row>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let name = members::table
                .inner_join(persons::table.on(persons::id.eq(members::person_id)))
                .filter(members::tenant_id.eq(row.tenant_id))
                .filter(members::id.nullable().eq(row.member_id))
                .select(persons::name)
                .single_value();
            (row, deadline_register::member_name.eq(name))
        })
        .collect();
    diesel::insert_into(deadline_register::table).values(named).execute(at.beside_the_record())?;
    Ok(())
}

/// Entries with their cases and checks, from a source that has the register in it.
macro_rules! entries {
    ($at:expr, $source:expr) => {{
        let mut query = $source
            .inner_join(cases::table.on(cases::tenant_id.eq(deadline_register::tenant_id).and(cases::id.eq(deadline_register::case_id))))
            .left_join(
                checks.on(checks
                    .field(deadline_register::tenant_id)
                    .eq(deadline_register::tenant_id)
                    .and(checks.field(deadline_register::checks_id).eq(deadline_register::id.nullable()))),
            )
            .select((
                Row::as_select(),
                (
                    deadline_register::member_name,
                    cases::number,
                    checks
                        .fields((
                            deadline_register::id,
                            deadline_register::member_id,
                            deadline_register::member_name,
                            deadline_register::at,
                            deadline_register::correct,
                            deadline_register::note,
                        ))
                        .nullable(),
                ),
            ))
            .into_boxed();
        if !$at.open(Hole::TenantOfRegisterEntry) {
            query = query.filter(deadline_register::tenant_id.eq($at.tenant()));
        }
        query
    }};
}

/// A page of entries that fit a filter.
macro_rules! page_of {
    ($at:expr, $source:expr, $page:expr, $id:expr) => {{
        let (mut query, filter) = (entries!($at, $source), &$page.filter);
        if let Some(day) = filter.day {
            query = query.filter(deadline_register::day.eq(day));
        }
        if let Some(case) = filter.case_id {
            query = query.filter(deadline_register::case_id.eq(case));
        }
        if let Some(deadline) = filter.deadline_id {
            query = query.filter(deadline_register::deadline_id.eq(deadline));
        }
        if !filter.changes.is_empty() {
            query = query.filter(deadline_register::change.eq_any(filter.changes.clone()));
        }
        $at.load::<_, (Row, Rest)>(paged!(query, $page, $id))
    }};
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<RegisterFilter>) -> Result<Vec<RegisterEntry>> {
    let rows = if page.filter.unchecked {
        let open = open_checks::table.inner_join(
            deadline_register::table
                .on(deadline_register::tenant_id.eq(open_checks::tenant_id).and(deadline_register::id.eq(open_checks::entry_id))),
        );
        let RegisterFilter { day, case_id, deadline_id, .. } = page.filter;
        // Whatever has an index of its own gives the order; else it is the list of what is open, which may be short.
        if day.is_some() || case_id.is_some() || deadline_id.is_some() {
            page_of!(at, open, page, deadline_register::id)?
        } else {
            page_of!(at, open, page, open_checks::entry_id)?
        }
    } else {
        page_of!(at, deadline_register::table, page, deadline_register::id)?
    };
    Ok(rows.into_iter().map(RegisterEntry::from).collect())
}

pub(in crate::store) fn find(at: &mut At<'_>, id: RegisterEntryId) -> Result<Stored<RegisterEntry>> {
    let query = entries!(at, deadline_register::table).filter(deadline_register::id.eq(id));
    at.first::<_, (Row, Rest)>(query).map(|row| Stored::new(row.into()))
}

pub(in crate::store) fn count(at: &mut At<'_>, day: Day) -> Result<i64> {
    let of_day = deadline_register::table.filter(deadline_register::tenant_id.eq(at.tenant())).filter(deadline_register::day.eq(day));
    at.first(of_day.select(diesel::dsl::count_star()))
}

pub(in crate::store) fn at_place(at: &mut At<'_>, day: Day, place: i64) -> Result<RegisterEntryId> {
    let of_day = deadline_register::table.filter(deadline_register::tenant_id.eq(at.tenant())).filter(deadline_register::day.eq(day));
    at.first(of_day.order(deadline_register::id).select(deadline_register::id).offset(place).limit(1))
}

pub(in crate::store) fn check(at: &mut At<'_>, entry: &Stored<RegisterEntry>, correct: bool, note: Option<String>) -> Result<()> {
    let (tenant, actor, id) = (at.tenant(), at.scope().actor(), at.new_id());
    let told = Entry::of_case(RegisterChange::Checked.event(), entry.case_id, entry.deadline_id).internal();
    let told = told.with("entry_id", entry.id).with("check_id", id).with("correct", correct).with("note", &note);
    // Of two who check at once, one takes it off the list; the unique index on what a check is of would refuse the other, too.
    let open = open_checks::table.find((tenant, entry.id));
    if diesel::delete(open).execute(at.record(told))? != 1 {
        return Err(StoreError::Taken);
    }
    let row = Row {
        tenant_id: tenant,
        id,
        day: at.today(),
        at: at.now(),
        case_id: entry.case_id,
        deadline_id: entry.deadline_id,
        change: RegisterChange::Checked,
        actor_kind: actor.kind(),
        actor_id: actor.id().map(AnyId),
        member_id: at.scope().acting_member(),
        rule_id: entry.rule_id.clone(),
        title: AsJson(entry.title.clone()),
        owed_by: entry.owed_by,
        statutory: entry.statutory,
        due_on: entry.due_on,
        due_at: entry.due_at,
        previous_due_at: None,
        note,
        checks_id: Some(entry.id),
        correct: Some(correct),
    };
    enter(at, vec![row])
}

pub(in crate::store) fn exported(at: &mut At<'_>, file: &SignedFile) -> Result<()> {
    let SignedFile { covered, rows, sha256, key_id, .. } = file;
    let told = Entry::of_tenant("deadline_register.exported", at.tenant()).with("day", covered.day).with("complete", covered.complete);
    at.record(
        told.with("part", covered.part).with("parts", covered.parts).with("rows", rows).with("sha256", sha256).with("key_id", key_id),
    );
    Ok(())
}
