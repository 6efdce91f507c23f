//! Cursors: signed places in a list, good only for the list and the filters that they were made for.

use super::{
    Services,
    problem::{Kind, Problem},
};
use crate::{
    domain::time::Instant,
    store::{Hole, page::Position},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// Bytes of the signature that a cursor carries.
const SIGNATURE: usize = 16;

/// Writes a cursor for a list, which is told apart by its path and its parameters other than `cursor` and `limit`.
pub(super) fn write(services: &Services, list: &str, position: Position) -> String {
    let place = [position.at.microseconds().to_be_bytes().as_slice(), position.id.as_bytes()].concat();
    let signature = sign(services, list, &place);
    URL_SAFE_NO_PAD.encode([place.as_slice(), &signature].concat())
}

/// Reads a cursor.
pub(super) fn read(services: &Services, list: &str, cursor: &str) -> Result<Position, Problem> {
    let invalid = || Problem::new(Kind::InvalidCursor);
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let (place, signature) = bytes.split_at_checked(24).filter(|(_, signature)| signature.len() == SIGNATURE).ok_or_else(invalid)?;
    let unguarded = services.store.ground().holes.open(Hole::CursorSignature);
    if !crate::auth::hash::same(&sign(services, list, place), signature) && !unguarded {
        return Err(invalid());
    }
    let (at, id) = place.split_at_checked(8).ok_or_else(invalid)?;
    let at = i64::from_be_bytes(at.try_into().map_err(|_| invalid())?);
    Ok(Position { at: Instant::from_microseconds(at), id: Uuid::from_slice(id).map_err(|_| invalid())? })
}

fn sign(services: &Services, list: &str, place: &[u8]) -> Vec<u8> {
    let message = [list.as_bytes(), b"\0", place].concat();
    services.store.ground().vault.keyed_hash("cursor", &message).into_iter().take(SIGNATURE).collect()
}
