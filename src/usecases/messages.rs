//! Messages that carry reminders: what each says, and what comes of it.

use super::notification_channels::address_of;
use crate::{
    domain::{access::WriteCases, ids::TenantId, notice::Text, time::Instant},
    limits::{GIVEN_UP, SENDING},
    outbound::Address,
    store::{
        self, Failure, Ground, Tx,
        records::{Outgoing, Settled},
    },
};
use std::time::Duration;

/// The first wait of a message that was not taken, in seconds; each is twice as long as the one before.
const FIRST_WAIT: i64 = 60;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 4 * 3600;

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// The other side has taken it.
    Through {
        /// What it said.
        reference: Option<String>,
    },
    /// It may work later.
    Back {
        /// After how long at least.
        after: Duration,
        /// Whether that is when it works, as the other side says.
        told: bool,
        /// Why.
        reason: String,
    },
    /// It will not work.
    Refused {
        /// Why.
        reason: String,
    },
    /// It is not needed any more.
    ToNothing {
        /// Why.
        reason: String,
    },
}

/// Takes on messages that are due.
///
/// # Errors
/// When the database fails.
pub fn take_on(tx: &mut Tx<'_, WriteCases>, limit: i64) -> Result<Vec<Outgoing>, Failure> {
    let lease = tx.now().plus_seconds(SENDING);
    Ok(store::deliveries::claim(tx, limit, lease)?)
}

/// Where a message goes, and what it says.
///
/// # Errors
/// With what comes of it instead of sending.
pub fn letter(outgoing: &Outgoing, tenant: TenantId, ground: &Ground) -> Result<(Address, Text), Came> {
    if let Some(reason) = outgoing.dropped {
        return Err(Came::ToNothing { reason: reason.to_owned() });
    }
    let to = address_of(&outgoing.channel, tenant, ground);
    let to = to.ok_or_else(|| Came::Refused { reason: "the channel's address cannot be read".to_owned() })?;
    let zone = outgoing.zone.as_ref().map_or_else(|| ground.content.calendar.zone().clone(), |zone| zone.time_zone());
    Ok((to, outgoing.notice.text(outgoing.channel.language, &zone, ground.clock.now())))
}

/// Puts on the record what came of messages.
///
/// # Errors
/// When the database fails.
pub fn settle(tx: &mut Tx<'_, WriteCases>, sent: &[(Outgoing, Came)]) -> Result<(), Failure> {
    let now = tx.now();
    for (outgoing, came) in sent {
        let outcome = outcome(outgoing, came, now);
        store::deliveries::settle(tx, outgoing, &outcome)?;
        if let (Came::Back { told: true, .. }, Settled::Later { at, .. }) = (came, &outcome) {
            store::deliveries::hold_back(tx, outgoing.channel.id, *at)?;
        }
    }
    Ok(())
}

fn outcome(outgoing: &Outgoing, came: &Came, now: Instant) -> Settled {
    match came {
        Came::Through { reference } => Settled::Sent { reference: reference.clone() },
        Came::Refused { reason } => Settled::Failed { error: reason.clone() },
        Came::ToNothing { reason } => Settled::Cancelled { error: reason.clone() },
        Came::Back { after, told, reason } => {
            // Rounded up: a moment too early would be refused again.
            let asked = i64::try_from(after.as_secs()).unwrap_or(LONGEST_WAIT).saturating_add(1);
            let growing = FIRST_WAIT << (outgoing.attempts.clamp(1, 16) - 1);
            let wait = if *told { asked } else { asked.max(growing.min(LONGEST_WAIT)) };
            let at = now.plus_seconds(wait);
            if at > outgoing.created_at.plus_seconds(GIVEN_UP) {
                Settled::Failed { error: reason.clone() }
            } else {
                Settled::Later { at, error: reason.clone() }
            }
        }
    }
}
