//! The channels over which reminders go out to people.

use super::{
    ids::{MemberId, NotificationChannelId},
    language::Language,
    time::Instant,
    vocabulary::ChannelKind,
};
use serde::{Deserialize, Serialize};

/// A channel: a member's own, or that of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationChannel {
    /// Its id.
    pub id: NotificationChannelId,
    /// Whose; a group's when absent.
    pub member_id: Option<MemberId>,
    /// By what messages go out.
    pub kind: ChannelKind,
    /// What it is called.
    pub name: String,
    /// The language of its messages.
    pub language: Language,
    /// Where messages go, sealed.
    pub sealed_address: Vec<u8>,
    /// Enough of the address to know it again.
    pub hint: String,
    /// Who made it.
    pub created_by: MemberId,
    /// When.
    pub created_at: Instant,
}

/// Where messages of a channel go: what is sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct SealedAddress {
    /// The mail address, or the robot's key.
    pub address: String,
    /// The secret of the robot's signatures.
    pub secret: Option<String>,
}

impl SealedAddress {
    /// Enough of it to know it again: `l…@agency.example`, `…wxyz`.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.address.split_once('@') {
            Some((name, host)) => format!("{}…@{host}", name.chars().next().unwrap_or_default()),
            // A short key would be told by its end.
            None if self.address.len() < 12 => "…".to_owned(),
            None => format!("…{}", self.address.get(self.address.len() - 4..).unwrap_or_default()),
        }
    }
}
