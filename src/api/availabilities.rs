//! When members work, when they are away, and who stands in.

use super::{
    body::Json,
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::Request,
    views::AvailabilityView,
};
use crate::{
    domain::{
        access::{ReadMembers, ReadSelf, WriteMembers, WriteSelf},
        availability::Availability,
        ids::MemberId,
    },
    store::availabilities,
    usecases::availabilities::{self as usecase, NewAvailability},
};

fn reply(availability: Availability) -> Reply<AvailabilityView> {
    let version = availability.version;
    Reply::ok(AvailabilityView::from(availability)).version(version)
}

/// When does the caller work, and who stands in?
#[utoipa::path(get, path = "/v1/me/availability", tag = "reminders", responses((status = 200, description = "The caller's availability.", body = AvailabilityView)))]
pub(super) async fn get_my_availability(request: Request<ReadSelf>) -> Answer {
    request.caller.transact(|tx| Ok(reply(availabilities::mine(tx)?))).await
}

/// Say when one works, when one is away, and who stands in meanwhile.
///
/// Reminders wait for working hours, unless they are critical or the deadline would end meanwhile.
#[utoipa::path(put, path = "/v1/me/availability", tag = "reminders", responses((status = 200, description = "The availability as it is now.", body = AvailabilityView)))]
pub(super) async fn replace_my_availability(request: Request<WriteSelf, (), NoQuery, Json<NewAvailability>>) -> Answer {
    let (Json(new), seen) = (request.body, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::replace_mine(tx, seen, new)?))).await
}

/// When does a member work, and who stands in?
#[utoipa::path(get, path = "/v1/members/{member_id}/availability", tag = "reminders", responses((status = 200, description = "The member's availability.", body = AvailabilityView)))]
pub(super) async fn get_availability(request: Request<ReadMembers, MemberId>) -> Answer {
    let id = request.path;
    request.caller.transact(move |tx| Ok(reply(availabilities::of_member(tx, id)?))).await
}

/// Say when a member works, is away, and who stands in meanwhile.
#[utoipa::path(put, path = "/v1/members/{member_id}/availability", tag = "reminders", responses((status = 200, description = "The availability as it is now.", body = AvailabilityView)))]
pub(super) async fn replace_availability(request: Request<WriteMembers, MemberId, NoQuery, Json<NewAvailability>>) -> Answer {
    let (id, Json(new), seen) = (request.path, request.body, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::replace_of(tx, id, seen, new)?))).await
}
