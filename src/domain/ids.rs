//! One id type for each noun, so that a task's id can never be passed where a case's is meant.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What every typed id has in common.
pub trait Id: Copy + From<Uuid> + Into<Uuid> {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl Id for $name {}

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Only the hyphenated form is on the wire: one resource, one URL.
                let id = Uuid::try_parse(text)?;
                if text.len() == 36 { Ok(Self(id)) } else { Uuid::parse_str("").map(Self) }
            }
        }
    )+};
}

ids! {
    /// A tenant: an agency, law firm or merchant that runs Rejoinder.
    TenantId;
    /// A person, who may be a member of several tenants.
    PersonId;
    /// A person's membership of a tenant.
    MemberId;
    /// A log-in that lasts; its tokens rotate.
    SessionId;
    /// A machine's key.
    ApiKeyId;
    /// An invitation of a person into a tenant.
    InvitationId;
    /// A member's access to one shop or one case.
    GrantId;
    /// A store on one platform.
    ShopId;
    /// A case.
    CaseId;
    /// A complaint, report, finding or suit within a case.
    ComplaintId;
    /// One point of an accusation.
    AllegationId;
    /// A dated fact that starts clocks.
    TriggerId;
    /// A deadline.
    DeadlineId;
    /// A task.
    TaskId;
    /// A version of a playbook.
    PlaybookId;
    /// A comment.
    CommentId;
    /// A tenant's version of a deadline rule.
    DeadlineRuleId;
    /// An entry of the register of deadlines.
    RegisterEntryId;
    /// A reminder of a deadline.
    ReminderId;
    /// A message that carries a reminder over a channel.
    DeliveryId;
    /// A channel over which reminders go out.
    NotificationChannelId;
    /// A person's calendar feed.
    AgendaFeedId;
    /// An entry of the journal.
    EntryId;
}
