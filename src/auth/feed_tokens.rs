//! Tokens of calendar feeds: `rjf_` and a secret that names its feed. Whoever has one reads the feed and nothing else.

use super::{
    credential::{Credential, Kind},
    secrets::NamedSecret,
};
use crate::{clock::Clock, domain::ids::AgendaFeedId};

const PREFIX: &str = "rjf";

/// A new token for a feed, and the hash of it that is kept.
#[must_use]
pub fn generate(feed: AgendaFeedId, clock: &Clock) -> (String, Vec<u8>) {
    let secret = NamedSecret::new(feed, clock);
    (secret.to_text(PREFIX), secret.hash())
}

/// What a token proves, if it is well formed.
#[must_use]
pub fn verify(token: &str) -> Option<Credential> {
    let secret = NamedSecret::parse(PREFIX, token)?;
    Some(Credential::new(Kind::Feed { feed_id: secret.id.into(), hash: secret.hash() }))
}
