//! Reminders, their messages, ladders, channels and availabilities on the wire.

use crate::{
    domain::{
        availability::{Availability, TimeOfDay},
        calendar::Zone,
        ids::{CaseId, DeadlineId, DeliveryId, MemberId, NotificationChannelId, ReminderId},
        ladder::{LadderRecord, LadderStep},
        language::Language,
        notification_channel::NotificationChannel,
        reminder::Reminder,
        time::Instant,
        vocabulary::{ChannelKind, DeadlineStatus, DeliveryState, LadderKind, Visibility},
    },
    store::records::{Delivery, SentReminder, ShownReminder},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A reminder of a deadline to the caller.
#[derive(Serialize, ToSchema)]
#[schema(as = Reminder)]
pub(in crate::api) struct ReminderView {
    id: ReminderId,
    case_id: CaseId,
    #[schema(example = "2026-000123")]
    case_number: String,
    deadline_id: DeadlineId,
    /// The deadline's title, in the caller's language.
    #[schema(example = "提交平台申诉")]
    title: String,
    /// What has become of the deadline.
    deadline_status: DeadlineStatus,
    /// When the deadline ended when the reminder was made.
    due_at: Instant,
    /// The step of the ladder.
    #[schema(example = "one_day")]
    step: String,
    /// Whether it is shown at night and on days off too.
    critical: bool,
    /// Whether it comes late, because the server was not running at its time.
    late: bool,
    /// For whom the caller stands in.
    #[schema(required)]
    stands_in_for_id: Option<MemberId>,
    /// When the step was planned.
    planned_at: Instant,
    /// When it was shown, or is shown again.
    shown_at: Instant,
    #[schema(required)]
    acknowledged_at: Option<Instant>,
    #[schema(required)]
    snoozed_until: Option<Instant>,
    /// Rises with every change; also the `ETag`.
    version: i64,
    created_at: Instant,
}

impl ReminderView {
    pub(in crate::api) fn new(ShownReminder { reminder, title, status, case_number }: ShownReminder, language: Language) -> Self {
        Self {
            id: reminder.id,
            case_id: reminder.case_id,
            case_number,
            deadline_id: reminder.deadline_id,
            title: title.in_language(language).to_owned(),
            deadline_status: status,
            due_at: reminder.due_at,
            step: reminder.step,
            critical: reminder.critical,
            late: reminder.late,
            stands_in_for_id: reminder.stands_in_for_id,
            planned_at: reminder.planned_at,
            shown_at: reminder.shown_at,
            acknowledged_at: reminder.acknowledged_at,
            snoozed_until: reminder.snoozed_until,
            version: reminder.version,
            created_at: reminder.created_at,
        }
    }
}

/// A reminder as the record of its case shows it: who was warned when, over which channels, with what result.
#[derive(Serialize, ToSchema)]
#[schema(as = SentReminder)]
pub(in crate::api) struct SentReminderView {
    id: ReminderId,
    case_id: CaseId,
    deadline_id: DeadlineId,
    member_id: MemberId,
    /// Whom it reminds.
    #[schema(example = "李专员")]
    member_name: String,
    /// For whom they stand in.
    #[schema(required)]
    stands_in_for_id: Option<MemberId>,
    /// When the deadline ended then.
    due_at: Instant,
    /// The step of the ladder.
    #[schema(example = "one_day")]
    step: String,
    critical: bool,
    /// Whether it came late, because the server was not running at its time.
    late: bool,
    planned_at: Instant,
    shown_at: Instant,
    #[schema(required)]
    acknowledged_at: Option<Instant>,
    #[schema(required)]
    snoozed_until: Option<Instant>,
    /// When it was cancelled before it was shown, because the deadline was met, stood still or moved.
    #[schema(required)]
    cancelled_at: Option<Instant>,
    /// The messages that carry it.
    deliveries: Vec<DeliveryView>,
    /// Who may see it.
    visibility: Visibility,
    created_at: Instant,
}

/// A message that carries a reminder over a channel.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(in crate::api) struct DeliveryView {
    id: DeliveryId,
    channel_id: NotificationChannelId,
    channel_kind: ChannelKind,
    #[schema(example = "值班邮箱")]
    channel_name: String,
    /// Enough of the address to know it again.
    #[schema(example = "l…@agency.example")]
    hint: String,
    state: DeliveryState,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried next.
    #[schema(required)]
    next_at: Option<Instant>,
    #[schema(required)]
    sent_at: Option<Instant>,
    /// What the other side said when it took it.
    #[schema(required, example = "250 2.0.0 queued as Q123")]
    reference: Option<String>,
    /// Why it was not taken.
    #[schema(required, example = "the mail server takes too long")]
    error: Option<String>,
    created_at: Instant,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            channel_id: delivery.channel_id,
            channel_kind: delivery.kind,
            channel_name: delivery.channel_name,
            hint: delivery.hint,
            state: delivery.state,
            attempts: delivery.attempts,
            next_at: delivery.next_at,
            sent_at: delivery.sent_at,
            reference: delivery.reference,
            error: delivery.error,
            created_at: delivery.created_at,
        }
    }
}

impl From<SentReminder> for SentReminderView {
    fn from(SentReminder { reminder, member_name, deliveries }: SentReminder) -> Self {
        let Reminder { id, case_id, deadline_id, member_id, .. } = reminder;
        Self {
            id,
            case_id,
            deadline_id,
            member_id,
            member_name,
            stands_in_for_id: reminder.stands_in_for_id,
            due_at: reminder.due_at,
            step: reminder.step,
            critical: reminder.critical,
            late: reminder.late,
            planned_at: reminder.planned_at,
            shown_at: reminder.shown_at,
            acknowledged_at: reminder.acknowledged_at,
            snoozed_until: reminder.snoozed_until,
            cancelled_at: reminder.cancelled_at,
            deliveries: deliveries.into_iter().map(DeliveryView::from).collect(),
            visibility: Visibility::Internal,
            created_at: reminder.created_at,
        }
    }
}

/// The ladder of reminders of a kind of deadline.
#[derive(Serialize, ToSchema)]
#[schema(as = ReminderLadder)]
pub(in crate::api) struct ReminderLadderView {
    kind: LadderKind,
    steps: Vec<LadderStep>,
    /// Whether it is as it ships.
    built_in: bool,
    /// Rises with every change; 1 when the tenant has never changed it. Also the `ETag`.
    version: i64,
    #[schema(required)]
    changed_by: Option<MemberId>,
    #[schema(required)]
    updated_at: Option<Instant>,
}

impl From<LadderRecord> for ReminderLadderView {
    fn from(record: LadderRecord) -> Self {
        Self {
            kind: record.kind,
            steps: record.steps,
            built_in: !record.own,
            version: record.version,
            changed_by: record.changed_by,
            updated_at: record.updated_at,
        }
    }
}

/// When a member works and is away, and who stands in.
#[derive(Serialize, ToSchema)]
#[schema(as = Availability)]
pub(in crate::api) struct AvailabilityView {
    member_id: MemberId,
    zone: Zone,
    /// The calendar of their working days.
    #[schema(example = "cn")]
    calendar: String,
    works_from: TimeOfDay,
    #[schema(example = "18:00")]
    works_until: TimeOfDay,
    language: Language,
    #[schema(required)]
    away_from: Option<Instant>,
    #[schema(required)]
    away_until: Option<Instant>,
    /// Who gets their reminders meanwhile.
    #[schema(required)]
    stand_in_id: Option<MemberId>,
    /// Rises with every change; 1 when nothing was ever said. Also the `ETag`.
    version: i64,
    #[schema(required)]
    updated_at: Option<Instant>,
}

impl From<Availability> for AvailabilityView {
    fn from(availability: Availability) -> Self {
        Self {
            member_id: availability.member_id,
            zone: availability.zone,
            calendar: availability.calendar,
            works_from: availability.works_from,
            works_until: availability.works_until,
            language: availability.language,
            away_from: availability.away_from,
            away_until: availability.away_until,
            stand_in_id: availability.stand_in_id,
            version: availability.version,
            updated_at: availability.updated_at,
        }
    }
}

/// A channel over which reminders go out. Its address is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationChannel)]
pub(in crate::api) struct NotificationChannelView {
    id: NotificationChannelId,
    /// Whose it is; null when it is a group's.
    #[schema(required)]
    member_id: Option<MemberId>,
    kind: ChannelKind,
    #[schema(example = "值班邮箱")]
    name: String,
    language: Language,
    /// Enough of the address to know it again.
    #[schema(example = "l…@agency.example")]
    hint: String,
    created_by: MemberId,
    created_at: Instant,
}

impl From<NotificationChannel> for NotificationChannelView {
    fn from(channel: NotificationChannel) -> Self {
        Self {
            id: channel.id,
            member_id: channel.member_id,
            kind: channel.kind,
            name: channel.name,
            language: channel.language,
            hint: channel.hint,
            created_by: channel.created_by,
            created_at: channel.created_at,
        }
    }
}

/// What came of a test message.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelTest)]
pub(in crate::api) struct ChannelTestView {
    /// Whether the other side has taken it.
    #[schema(example = true)]
    pub(in crate::api) sent: bool,
    /// What the other side said when it took it, if it says anything.
    #[schema(required, example = "250 2.0.0 queued as Q123")]
    pub(in crate::api) reference: Option<String>,
    /// Why it was not taken.
    #[schema(required)]
    pub(in crate::api) error: Option<String>,
}
