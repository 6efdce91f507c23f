//! Messages that carry reminders over channels: queued, taken on, settled.

use super::{At, Result, alarms, notification_channels as channel_queries, rulebooks};
use crate::{
    domain::{
        access::Role,
        calendar::Zone,
        ids::{CaseId, DeadlineId, DeliveryId, MemberId, NotificationChannelId, ReminderId, ShopId, TenantId},
        journal::Entry,
        member::MemberStatus,
        notice::Notice,
        notification_channel::NotificationChannel,
        reminder::Reminder,
        time::Instant,
        vocabulary::{ChannelKind, DeliveryState, OwedBy},
    },
    store::{
        error::StoreError,
        records::{Delivery, Outgoing, Settled},
        schema::{availabilities, cases, deadlines, deliveries, grants, members, notification_channels, persons, reminders, shops},
    },
};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Insertable)]
#[diesel(table_name = deliveries)]
struct NewRow {
    tenant_id: TenantId,
    id: DeliveryId,
    reminder_id: ReminderId,
    channel_id: NotificationChannelId,
    round: i64,
    state: DeliveryState,
    next_at: Option<Instant>,
    attempts: i32,
    created_at: Instant,
}

/// Queues the messages that carry a reminder, for when it is shown.
pub(super) fn queue(at: &mut At<'_>, reminder: &Reminder, channels: &[&NotificationChannel]) -> Result<()> {
    if channels.is_empty() {
        return Ok(());
    }
    let tenant_id = at.tenant();
    let row = |channel: &&NotificationChannel| NewRow {
        tenant_id,
        id: at.new_id(),
        reminder_id: reminder.id,
        channel_id: channel.id,
        round: reminder.version,
        state: DeliveryState::Queued,
        next_at: Some(reminder.shown_at),
        attempts: 0,
        created_at: at.now(),
    };
    let rows: Vec<NewRow> = channels.iter().map(row).collect();
    diesel::insert_into(deliveries::table).values(rows).execute(at.beside_the_record())?;
    alarms::wake_to_send(at, Some(reminder.shown_at))
}

/// Sets what still waits to cancelled.
macro_rules! cancel {
    ($at:expr, $waiting:expr) => {{
        let change = (deliveries::state.eq(DeliveryState::Cancelled), deliveries::next_at.eq(None::<Instant>));
        diesel::update($waiting.filter(deliveries::state.eq(DeliveryState::Queued))).set(change).execute($at.beside_the_record())?;
        Ok(())
    }};
}

/// Cancels what of these reminders did not go out yet.
pub(super) fn cancel(at: &mut At<'_>, reminders: &[ReminderId]) -> Result<()> {
    if reminders.is_empty() {
        return Ok(());
    }
    let of_them =
        deliveries::table.filter(deliveries::tenant_id.eq(at.tenant())).filter(deliveries::reminder_id.eq_any(reminders.to_vec()));
    cancel!(at, of_them)
}

/// Cancels what of a reminder did not go out yet over its recipient's own channels.
pub(super) fn cancel_own(at: &mut At<'_>, reminder: ReminderId, member: MemberId) -> Result<()> {
    let own = notification_channels::table
        .filter(notification_channels::tenant_id.eq(at.tenant()))
        .filter(notification_channels::member_id.eq(member))
        .select(notification_channels::id);
    let of_it = deliveries::table
        .filter(deliveries::tenant_id.eq(at.tenant()))
        .filter(deliveries::reminder_id.eq(reminder))
        .filter(deliveries::channel_id.eq_any(own));
    cancel!(at, of_it)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries)]
struct Row {
    id: DeliveryId,
    reminder_id: ReminderId,
    channel_id: NotificationChannelId,
    state: DeliveryState,
    next_at: Option<Instant>,
    attempts: i32,
    reference: Option<String>,
    error: Option<String>,
    sent_at: Option<Instant>,
    created_at: Instant,
}

/// The messages of several reminders.
pub(super) fn of_reminders(at: &mut At<'_>, ids: &[ReminderId]) -> Result<Vec<Delivery>> {
    let on_channel = notification_channels::tenant_id.eq(deliveries::tenant_id).and(notification_channels::id.eq(deliveries::channel_id));
    let query = deliveries::table
        .inner_join(notification_channels::table.on(on_channel))
        .filter(deliveries::tenant_id.eq(at.tenant()))
        .filter(deliveries::reminder_id.eq_any(ids.to_vec()))
        .order(deliveries::id)
        .select((Row::as_select(), notification_channels::kind, notification_channels::name, notification_channels::hint));
    let delivery = |(row, kind, channel_name, hint): (Row, ChannelKind, String, String)| Delivery {
        id: row.id,
        reminder_id: row.reminder_id,
        channel_id: row.channel_id,
        kind,
        channel_name,
        hint,
        state: row.state,
        next_at: row.next_at,
        attempts: row.attempts,
        reference: row.reference,
        error: row.error,
        sent_at: row.sent_at,
        created_at: row.created_at,
    };
    Ok(at.load(query)?.into_iter().map(delivery).collect())
}

/// Takes on messages that are due. Whoever asks at the same time gets others; one that was never settled is due again after the lease.
pub(in crate::store) fn claim(at: &mut At<'_>, limit: i64, lease: Instant) -> Result<Vec<Outgoing>> {
    let (tenant, now) = (at.tenant(), at.now());
    let due = || deliveries::table.filter(deliveries::tenant_id.eq(tenant)).filter(deliveries::next_at.le(now));
    let ids: Vec<DeliveryId> = at.load(due().order((deliveries::next_at, deliveries::id)).limit(limit).select(deliveries::id))?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let change =
        (deliveries::state.eq(DeliveryState::Sending), deliveries::next_at.eq(lease), deliveries::attempts.eq(deliveries::attempts + 1));
    let claimed: Vec<DeliveryId> = diesel::update(due().filter(deliveries::id.eq_any(ids)))
        .set(change)
        .returning(deliveries::id)
        .get_results(at.beside_the_record())?;
    outgoing(at, claimed)
}

type About = (ReminderId, CaseId, DeadlineId, Option<MemberId>, bool, Instant, Option<Instant>);
type Told = (Option<String>, Option<String>, OwedBy, Instant, String, String);
type Reader = (MemberId, Role, MemberStatus, Option<String>);
type OutgoingRow = ((DeliveryId, i32, Instant), About, Told, channel_queries::Row, Option<Instant>, ShopId, Reader);

/// What messages say, and to whom.
fn outgoing(at: &mut At<'_>, ids: Vec<DeliveryId>) -> Result<Vec<Outgoing>> {
    let on_channel = notification_channels::tenant_id.eq(deliveries::tenant_id).and(notification_channels::id.eq(deliveries::channel_id));
    let on_availability = availabilities::tenant_id.eq(reminders::tenant_id).and(availabilities::member_id.eq(reminders::member_id));
    let query = deliveries::table
        .inner_join(reminders::table.on(reminders::tenant_id.eq(deliveries::tenant_id).and(reminders::id.eq(deliveries::reminder_id))))
        .inner_join(deadlines::table.on(deadlines::tenant_id.eq(reminders::tenant_id).and(deadlines::id.eq(reminders::deadline_id))))
        .inner_join(cases::table.on(cases::tenant_id.eq(reminders::tenant_id).and(cases::id.eq(reminders::case_id))))
        .inner_join(shops::table.on(shops::tenant_id.eq(cases::tenant_id).and(shops::id.eq(cases::shop_id))))
        .inner_join(members::table.on(members::tenant_id.eq(reminders::tenant_id).and(members::id.eq(reminders::member_id))))
        .inner_join(notification_channels::table.on(on_channel))
        .left_join(availabilities::table.on(on_availability))
        .filter(deliveries::tenant_id.eq(at.tenant()))
        .filter(deliveries::id.eq_any(ids))
        .order(deliveries::id)
        .select((
            (deliveries::id, deliveries::attempts, deliveries::created_at),
            (
                reminders::id,
                reminders::case_id,
                reminders::deadline_id,
                reminders::stands_in_for_id,
                reminders::late,
                reminders::planned_at,
                reminders::cancelled_at,
            ),
            (deadlines::title, deadlines::rule_id, deadlines::owed_by, deadlines::due_at, cases::number, shops::name),
            channel_queries::Row::as_select(),
            notification_channels::revoked_at,
            cases::shop_id,
            (members::id, members::role, members::status, availabilities::zone.nullable()),
        ));
    let rows: Vec<OutgoingRow> = at.load(query)?;
    let (content, names) = (rulebooks::content(at)?, names_of(at, rows.iter().filter_map(|row| row.1.3).collect())?);
    let narrow = rows.iter().filter(|row| row.6.1.needs_grant()).map(|row| row.6.0);
    let granted = granted_to(at, narrow.collect())?;
    let message = |row: OutgoingRow| -> Result<Outgoing> {
        let ((id, attempts, created_at), about, told, channel, revoked_at, shop_id, (member, role, status, zone)) = row;
        let (reminder_id, case_id, deadline_id, instead_of, late, planned_at, cancelled_at) = about;
        let (title, rule, owed_by, due_at, case_number, shop) = told;
        let channel = NotificationChannel::from(channel);
        let within = |(holder, of_shop, of_case): &Granted| *holder == member && (*of_shop == Some(shop_id) || *of_case == Some(case_id));
        let dropped = match () {
            () if cancelled_at.is_some() => Some("the reminder was cancelled"),
            () if revoked_at.is_some() => Some("the channel is not in use any more"),
            () if channel.member_id.is_some() && status != MemberStatus::Active => Some("the member is suspended"),
            () if channel.member_id.is_some() && role.needs_grant() && !granted.iter().any(within) => {
                Some("the case is out of the member's reach")
            }
            () => None,
        };
        let notice = Notice {
            title: content.title_of(title.as_deref(), rule.as_deref()),
            case_number,
            shop,
            owed_by,
            due_at,
            planned_at: late.then_some(planned_at),
            instead_of: instead_of.filter(|_| channel.member_id.is_some()).and_then(|id| names.get(&id).cloned()),
        };
        let zone = zone.filter(|_| channel.member_id.is_some()).map(Zone::try_from).transpose().map_err(StoreError::Broken)?;
        Ok(Outgoing { id, attempts, created_at, reminder_id, case_id, deadline_id, notice, channel, zone, dropped })
    };
    rows.into_iter().map(message).collect()
}

type Granted = (MemberId, Option<ShopId>, Option<CaseId>);

/// The shops and cases that these members may see now.
fn granted_to(at: &mut At<'_>, members: Vec<MemberId>) -> Result<Vec<Granted>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let holding = grants::table
        .filter(grants::tenant_id.eq(at.tenant()))
        .filter(grants::member_id.eq_any(members))
        .filter(grants::revoked_at.is_null())
        .filter(grants::ends_at.gt(at.now()));
    at.load(holding.select((grants::member_id, grants::shop_id, grants::case_id)))
}

fn names_of(at: &mut At<'_>, ids: Vec<MemberId>) -> Result<HashMap<MemberId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = members::table
        .inner_join(persons::table.on(persons::id.eq(members::person_id)))
        .filter(members::tenant_id.eq(at.tenant()))
        .filter(members::id.eq_any(ids))
        .select((members::id, persons::name));
    Ok(at.load::<_, (MemberId, String)>(query)?.into_iter().collect())
}

/// Puts on the record what came of a message, unless somebody else has taken it on since.
pub(in crate::store) fn settle(at: &mut At<'_>, outgoing: &Outgoing, outcome: &Settled) -> Result<()> {
    let (tenant, now) = (at.tenant(), at.now());
    let (event, state, next_at, reference, error) = match outcome {
        Settled::Sent { reference } => ("reminder.delivered", DeliveryState::Sent, None, reference.as_deref(), None),
        Settled::Later { at, error } => ("reminder.delivery_postponed", DeliveryState::Queued, Some(*at), None, Some(error.as_str())),
        Settled::Failed { error } => ("reminder.delivery_failed", DeliveryState::Failed, None, None, Some(error.as_str())),
        Settled::Cancelled { error } => ("reminder.delivery_cancelled", DeliveryState::Cancelled, None, None, Some(error.as_str())),
    };
    let row = deliveries::table
        .find((tenant, outgoing.id))
        .filter(deliveries::state.eq(DeliveryState::Sending))
        .filter(deliveries::attempts.eq(outgoing.attempts));
    let change = (
        deliveries::state.eq(state),
        deliveries::next_at.eq(next_at),
        deliveries::reference.eq(reference),
        deliveries::error.eq(error),
        deliveries::sent_at.eq((state == DeliveryState::Sent).then_some(now)),
    );
    if diesel::update(row).set(change).execute(at.beside_the_record())? == 1 {
        at.record(
            Entry::of_case(event, outgoing.case_id, outgoing.reminder_id)
                .internal()
                .with("deadline_id", outgoing.deadline_id)
                .with("delivery_id", outgoing.id)
                .with(
                    "channel",
                    serde_json::json!({ "id": outgoing.channel.id, "kind": outgoing.channel.kind, "hint": outgoing.channel.hint }),
                )
                .with("attempts", outgoing.attempts)
                .with("next_at", next_at)
                .with("reference", reference)
                .with("error", error),
        );
    }
    Ok(())
}

/// Lets what waits for a channel wait at least until a moment.
pub(in crate::store) fn hold_back(at: &mut At<'_>, channel: NotificationChannelId, until: Instant) -> Result<()> {
    let waiting = deliveries::table
        .filter(deliveries::tenant_id.eq(at.tenant()))
        .filter(deliveries::next_at.lt(until))
        .filter(deliveries::channel_id.eq(channel))
        .filter(deliveries::state.eq(DeliveryState::Queued));
    diesel::update(waiting).set(deliveries::next_at.eq(until)).execute(at.beside_the_record())?;
    Ok(())
}

/// When the next message is due.
pub(in crate::store) fn next_due(at: &mut At<'_>) -> Result<Option<Instant>> {
    let waiting = deliveries::table.filter(deliveries::tenant_id.eq(at.tenant())).filter(deliveries::next_at.is_not_null());
    Ok(at.load::<_, Option<Instant>>(waiting.order(deliveries::next_at).limit(1).select(deliveries::next_at))?.pop().flatten())
}
