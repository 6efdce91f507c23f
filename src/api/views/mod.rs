//! What resources look like on the wire. Every field is always sent, null when there is nothing, unless it says otherwise.

mod agenda;
mod calendars;
mod cases;
mod comments;
mod complaints;
mod deadline_register;
mod deadline_rules;
mod deadlines;
mod people;
mod playbooks;
mod reminders;
mod shops;
mod tasks;

pub(super) use agenda::*;
pub(super) use calendars::*;
pub(super) use cases::*;
pub(super) use comments::*;
pub(super) use complaints::*;
pub(super) use deadline_register::*;
pub(super) use deadline_rules::*;
pub(super) use deadlines::*;
pub(super) use people::*;
pub(super) use playbooks::*;
pub(super) use reminders::*;
pub(super) use shops::*;
pub(super) use tasks::*;

use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list: an array and where it goes on. Each list has a type of its own, because generated clients need named element types.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident of $element:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Serialize, ToSchema)]
        pub(in crate::api) struct $name {
            /// The elements.
            data: Vec<$element>,
            /// Where the list goes on; null at its end.
            #[schema(required)]
            next_cursor: Option<String>,
            /// Whether it goes on.
            has_more: bool,
        }

        impl $name {
            pub(in crate::api) fn new(data: Vec<$element>, next_cursor: Option<String>) -> Self {
                Self { has_more: next_cursor.is_some(), data, next_cursor }
            }
        }
    )+};
}

pages! {
    /// A page of members.
    MemberPage of MemberView;
    /// A page of invitations.
    InvitationPage of InvitationView;
    /// A page of grants.
    GrantPage of GrantView;
    /// A page of API keys.
    ApiKeyPage of ApiKeyView;
    /// A page of shops.
    ShopPage of ShopView;
    /// A page of cases.
    CasePage of CaseView;
    /// A page of tasks.
    TaskPage of TaskView;
    /// A page of a timeline.
    TimelinePage of TimelineEntryView;
    /// The complaints of a case.
    ComplaintPage of ComplaintView;
    /// The allegations of a case.
    AllegationPage of AllegationView;
    /// The triggers of a case.
    TriggerPage of TriggerView;
    /// The deadlines of a case.
    DeadlinePage of DeadlineView;
    /// Deadlines that a rule moves, or would.
    DeadlineMovePage of DeadlineMoveView;
    /// Calendars, without their days.
    CalendarPage of CalendarView;
    /// A page of deadline rules.
    DeadlineRulePage of DeadlineRuleView;
    /// A page of an agenda.
    AgendaPage of AgendaItemView;
    /// The caller's calendar feeds.
    AgendaFeedPage of AgendaFeedView;
    /// A page of the register of deadlines.
    RegisterEntryPage of RegisterEntryView;
    /// What stands in the way.
    BlockerPage of BlockerView;
    /// A page of the grants that reach a case.
    CaseGrantPage of CaseGrantView;
    /// A page of reminders.
    ReminderPage of ReminderView;
    /// A page of the reminders that were sent in a case.
    SentReminderPage of SentReminderView;
    /// The ladders of reminders, one for each kind of deadline.
    ReminderLadderPage of ReminderLadderView;
    /// A page of channels.
    NotificationChannelPage of NotificationChannelView;
    /// A page of comments.
    CommentPage of CommentView;
    /// A page of playbooks, without their tasks.
    PlaybookPage of PlaybookView;
    /// Cases that have moved, or would.
    MovedCasePage of MovedCaseView;
}
