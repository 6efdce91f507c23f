//! Reminders: whom a step of a ladder reaches, what was sent, what its recipients do about it.

use super::{At, Result, availabilities, deliveries, paged, rulebooks};
use crate::{
    domain::{
        access::Role,
        deadline::Deadline,
        ids::{CaseId, DeadlineId, MemberId, ReminderId, TenantId},
        journal::Entry,
        member::MemberStatus,
        notification_channel::NotificationChannel,
        recipients::Candidate,
        reminder::Reminder,
        time::Instant,
        vocabulary::{DeadlineStatus, Visibility},
    },
    store::{
        error::StoreError,
        holes::Hole,
        page::Page,
        records::{Case, ReminderFilter, SentReminder, ShownReminder},
        schema::{availabilities as available, cases, deadlines, grants, members, persons, reminders},
        tx::Stored,
    },
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = reminders)]
struct Row {
    tenant_id: TenantId,
    id: ReminderId,
    case_id: CaseId,
    deadline_id: DeadlineId,
    member_id: MemberId,
    stands_in_for_id: Option<MemberId>,
    step: String,
    due_at: Instant,
    critical: bool,
    planned_at: Instant,
    shown_at: Instant,
    late: bool,
    acknowledged_at: Option<Instant>,
    snoozed_until: Option<Instant>,
    cancelled_at: Option<Instant>,
    version: i64,
    created_at: Instant,
}

impl Row {
    fn of(tenant_id: TenantId, reminder: &Reminder) -> Self {
        Self {
            tenant_id,
            id: reminder.id,
            case_id: reminder.case_id,
            deadline_id: reminder.deadline_id,
            member_id: reminder.member_id,
            stands_in_for_id: reminder.stands_in_for_id,
            step: reminder.step.clone(),
            due_at: reminder.due_at,
            critical: reminder.critical,
            planned_at: reminder.planned_at,
            shown_at: reminder.shown_at,
            late: reminder.late,
            acknowledged_at: reminder.acknowledged_at,
            snoozed_until: reminder.snoozed_until,
            cancelled_at: reminder.cancelled_at,
            version: reminder.version,
            created_at: reminder.created_at,
        }
    }
}

impl From<Row> for Reminder {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            deadline_id: row.deadline_id,
            member_id: row.member_id,
            stands_in_for_id: row.stands_in_for_id,
            step: row.step,
            due_at: row.due_at,
            critical: row.critical,
            planned_at: row.planned_at,
            shown_at: row.shown_at,
            late: row.late,
            acknowledged_at: row.acknowledged_at,
            snoozed_until: row.snoozed_until,
            cancelled_at: row.cancelled_at,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

type ShownRow = (Row, Option<String>, Option<String>, DeadlineStatus, String);

/// The caller's own that were not cancelled, with what they are about.
macro_rules! mine {
    ($at:expr) => {{
        let mut query = reminders::table
            .inner_join(deadlines::table.on(deadlines::tenant_id.eq(reminders::tenant_id).and(deadlines::id.eq(reminders::deadline_id))))
            .inner_join(cases::table.on(cases::tenant_id.eq(reminders::tenant_id).and(cases::id.eq(reminders::case_id))))
            .filter(reminders::cancelled_at.is_null())
            .select((Row::as_select(), deadlines::title, deadlines::rule_id, deadlines::status, cases::number))
            .into_boxed();
        if !$at.open(Hole::OwnerOfReminder) {
            query = query.filter(reminders::tenant_id.eq($at.tenant())).filter(reminders::member_id.eq($at.scope().member()));
        }
        if let Some(within) = $at.narrow_case_ids() {
            query = query.filter(reminders::case_id.eq_any(within));
        }
        query
    }};
}

fn shown(at: &mut At<'_>, rows: Vec<ShownRow>) -> Result<Vec<ShownReminder>> {
    let content = rulebooks::content(at)?;
    let shown = |(row, title, rule, status, case_number): ShownRow| ShownReminder {
        reminder: row.into(),
        title: content.title_of(title.as_deref(), rule.as_deref()),
        status,
        case_number,
    };
    Ok(rows.into_iter().map(shown).collect())
}

pub(in crate::store) fn list(at: &mut At<'_>, page: Page<ReminderFilter>) -> Result<Vec<ShownReminder>> {
    let mut query = mine!(at).filter(reminders::shown_at.le(at.now()));
    query = match page.filter.open {
        Some(true) => query.filter(reminders::acknowledged_at.is_null()),
        Some(false) => query.filter(reminders::acknowledged_at.is_not_null()),
        None => query,
    };
    let rows = at.load(paged!(query, page, reminders::shown_at, reminders::id))?;
    shown(at, rows)
}

pub(in crate::store) fn find(at: &mut At<'_>, id: ReminderId) -> Result<Stored<ShownReminder>> {
    let query = mine!(at).filter(reminders::id.eq(id));
    let row = at.first(query)?;
    shown(at, vec![row])?.pop().map(Stored::new).ok_or(StoreError::NotFound)
}

/// Saves what its recipient does about it; one that was put off goes out again when its time has come.
pub(in crate::store) fn save(
    at: &mut At<'_>,
    before: &Stored<ShownReminder>,
    after: &Reminder,
    event: &'static str,
) -> Result<Stored<ShownReminder>> {
    let tenant = at.tenant();
    let known = &before.reminder;
    let after = Reminder { version: known.version + 1, ..after.clone() };
    let entry = Entry::of_case(event, known.case_id, known.id)
        .internal()
        .with("deadline_id", known.deadline_id)
        .with("acknowledged_at", after.acknowledged_at)
        .with("snoozed_until", after.snoozed_until);
    let row =
        reminders::table.find((tenant, known.id)).filter(reminders::version.eq(known.version)).filter(reminders::cancelled_at.is_null());
    let change = (
        reminders::acknowledged_at.eq(after.acknowledged_at),
        reminders::snoozed_until.eq(after.snoozed_until),
        reminders::shown_at.eq(after.shown_at),
        reminders::version.eq(after.version),
    );
    if diesel::update(row).set(change).execute(at.record(entry))? != 1 {
        return Err(StoreError::Stale { current: after.version });
    }
    if after.acknowledged_at.is_some() || after.shown_at != known.shown_at {
        deliveries::cancel_own(at, after.id, after.member_id)?;
    }
    if after.shown_at != known.shown_at {
        let channels = super::notification_channels::reaching(at, &[after.member_id], false)?;
        deliveries::queue(at, &after, &channels.iter().collect::<Vec<_>>())?;
    }
    Ok(Stored::new(ShownReminder { reminder: after, ..ShownReminder::clone(before) }))
}

pub(in crate::store) fn of_case(at: &mut At<'_>, case: &Stored<Case>, page: Page<()>) -> Result<Vec<SentReminder>> {
    let visible = at.open(Hole::Visibility) || Visibility::seen_by(at.scope().role()).contains(&Visibility::Internal);
    if !visible {
        return Ok(Vec::new());
    }
    let mut query = reminders::table
        .inner_join(members::table.on(members::tenant_id.eq(reminders::tenant_id).and(members::id.eq(reminders::member_id))))
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .filter(reminders::tenant_id.eq(at.tenant()))
        .filter(reminders::case_id.eq(case.id))
        .select((Row::as_select(), persons::name))
        .into_boxed();
    let rows: Vec<(Row, String)> = at.load(paged!(query, page, reminders::id))?;
    let ids: Vec<ReminderId> = rows.iter().map(|(row, _)| row.id).collect();
    let mut messages = deliveries::of_reminders(at, &ids)?;
    let sent = |(row, member_name): (Row, String)| {
        let (deliveries, others) = std::mem::take(&mut messages).into_iter().partition(|message| message.reminder_id == row.id);
        messages = others;
        SentReminder { reminder: row.into(), member_name, deliveries }
    };
    Ok(rows.into_iter().map(sent).collect())
}

/// Members with whether they may be told of a case: who is narrow needs a grant that holds.
pub(in crate::store) fn people(at: &mut At<'_>, case: &Stored<Case>, ids: &[MemberId], managers: bool) -> Result<Vec<Candidate>> {
    let (tenant, now) = (at.tenant(), at.now());
    let query = members::table
        .left_join(available::table.on(available::tenant_id.eq(members::tenant_id).and(available::member_id.eq(members::id))))
        .filter(members::tenant_id.eq(tenant))
        .select((members::id, members::role, members::status, Option::<availabilities::Row>::as_select()));
    let named = members::id.eq_any(ids.to_vec());
    let leading = members::role.eq_any([Role::Owner, Role::Manager]).and(members::status.eq(MemberStatus::Active));
    type Found = (MemberId, Role, MemberStatus, Option<availabilities::Row>);
    let rows: Vec<Found> = if managers { at.load(query.filter(named.or(leading)))? } else { at.load(query.filter(named))? };
    let narrow: Vec<MemberId> = rows.iter().filter(|(_, role, ..)| role.needs_grant()).map(|(id, ..)| *id).collect();
    let granted: Vec<MemberId> = if narrow.is_empty() {
        Vec::new()
    } else {
        let reaching = grants::case_id.eq(case.id).or(grants::shop_id.eq(case.shop_id)).assume_not_null();
        let holding = grants::table
            .filter(grants::tenant_id.eq(tenant))
            .filter(grants::member_id.eq_any(narrow))
            .filter(grants::revoked_at.is_null())
            .filter(grants::ends_at.gt(now))
            .filter(reaching);
        at.load(holding.select(grants::member_id))?
    };
    let candidate = |(id, role, status, row): Found| {
        let may_be_told = status == MemberStatus::Active && (!role.needs_grant() || granted.contains(&id));
        Ok(Candidate { id, role, may_be_told, availability: availabilities::said(at, id, row)? })
    };
    rows.into_iter().map(candidate).collect()
}

pub(in crate::store) fn is_acknowledged(at: &mut At<'_>, deadline: &Deadline) -> Result<bool> {
    let query = reminders::table
        .filter(reminders::tenant_id.eq(at.tenant()))
        .filter(reminders::deadline_id.eq(deadline.id))
        .filter(reminders::due_at.eq(deadline.due_at))
        .filter(reminders::acknowledged_at.is_not_null())
        .limit(1)
        .select(reminders::id);
    Ok(!at.load::<_, ReminderId>(query)?.is_empty())
}

/// Keeps a reminder, unless the same step of the same end has reached its recipient before; the entry tells of it and of its channels.
pub(in crate::store) fn insert(at: &mut At<'_>, reminder: &Reminder, channels: &[&NotificationChannel]) -> Result<bool> {
    let row = Row::of(at.tenant(), reminder);
    let made = diesel::insert_into(reminders::table).values(row).on_conflict_do_nothing().execute(at.beside_the_record())?;
    if made != 1 {
        return Ok(false);
    }
    let over: Vec<_> = channels.iter().map(|channel| serde_json::json!({ "id": channel.id, "kind": channel.kind })).collect();
    let entry = Entry::of_case("reminder.sent", reminder.case_id, reminder.id)
        .internal()
        .with("deadline_id", reminder.deadline_id)
        .with("member_id", reminder.member_id)
        .with("stands_in_for_id", reminder.stands_in_for_id)
        .with("step", &reminder.step)
        .with("due_at", reminder.due_at)
        .with("critical", reminder.critical)
        .with("planned_at", reminder.planned_at)
        .with("shown_at", reminder.shown_at)
        .with("late", reminder.late)
        .with("channels", over);
    at.record(entry);
    deliveries::queue(at, reminder, channels)?;
    Ok(true)
}

/// Cancels the reminders of a deadline that were not shown yet, and the messages of all that did not go out yet.
pub(super) fn cancel(at: &mut At<'_>, deadline: DeadlineId) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let of_deadline = || reminders::table.filter(reminders::tenant_id.eq(tenant)).filter(reminders::deadline_id.eq(deadline));
    let hidden = of_deadline().filter(reminders::cancelled_at.is_null()).filter(reminders::shown_at.gt(now));
    let change = (reminders::cancelled_at.eq(now), reminders::version.eq(reminders::version + 1));
    diesel::update(hidden).set(change).execute(at.beside_the_record())?;
    let all: Vec<ReminderId> = at.load(of_deadline().select(reminders::id))?;
    deliveries::cancel(at, &all)
}
