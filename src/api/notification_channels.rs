//! Channels over which reminders go out.

use super::{
    body::Json,
    members::{BY_ID, PageQuery},
    parameters::NoQuery,
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{ChannelTestView, NotificationChannelPage, NotificationChannelView},
};
use crate::{
    domain::{
        access::{Capability, ReadSelf, WriteSelf},
        ids::NotificationChannelId,
        notice,
    },
    outbound::Message,
    store::{notification_channels, records::ChannelFilter},
    usecases::notification_channels::{self as usecase, NewNotificationChannel},
};

/// List the caller's own channels, and those of groups for whoever may change rules.
#[utoipa::path(get, path = "/v1/notification_channels", tag = "reminders", responses((status = 200, description = "A page of channels.", body = NotificationChannelPage)))]
pub(super) async fn list_notification_channels(request: Request<ReadSelf, (), PageQuery>) -> Answer {
    let query = request.query;
    let mut page = request.caller.page(ChannelFilter { groups: false }, BY_ID, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    let work = move |tx: &mut crate::store::Tx<'_, ReadSelf>| {
        page.filter.groups = tx.scope().may(Capability::WriteRules);
        Ok(notification_channels::list(tx, page)?)
    };
    request.caller.list(limit, work, |channel| by_id(channel.id), NotificationChannelView::from, NotificationChannelPage::new).await
}

/// Add a channel for one's own reminders; or for a group, where critical reminders and escalations go.
///
/// Give the mail address or the robot's key, never a URL. It is kept sealed, and only a hint of it is shown.
#[utoipa::path(post, path = "/v1/notification_channels", tag = "reminders", responses((status = 201, description = "The channel.", body = NotificationChannelView)))]
pub(super) async fn add_notification_channel(request: Request<WriteSelf, (), NoQuery, Json<NewNotificationChannel>>) -> Answer {
    let Json(new) = request.body;
    request
        .caller
        .transact(move |tx| {
            let channel = usecase::add(tx, new)?;
            let location = format!("/v1/notification_channels/{}", channel.id);
            Ok(Reply::created(NotificationChannelView::from(channel), location).unlisted())
        })
        .await
}

/// Take a channel out of use. What waits for it is cancelled.
#[utoipa::path(delete, path = "/v1/notification_channels/{notification_channel_id}", tag = "reminders", responses((status = 204, description = "It is out of use.")))]
pub(super) async fn remove_notification_channel(request: Request<WriteSelf, NotificationChannelId>) -> Answer {
    let id = request.path;
    request
        .caller
        .transact(move |tx| {
            usecase::remove(tx, id)?;
            Ok(Reply::nothing())
        })
        .await
}

/// Send a test message over a channel, and say what came of it. Each call sends one.
#[utoipa::path(post, path = "/v1/notification_channels/{notification_channel_id}/test", tag = "reminders", responses((status = 200, description = "What came of it.", body = ChannelTestView)))]
pub(super) async fn test_notification_channel(request: Request<WriteSelf, NotificationChannelId>) -> Answer {
    let (id, caller) = (request.path, request.caller);
    let services = caller.services.clone();
    let trial = services.store.transact(caller.opening(), move |tx| usecase::prepare_trial(tx, id)).await?;
    let text = notice::trial(&trial.channel.name, trial.channel.language);
    let message = Message { id: trial.id, title: text.title, lines: text.lines, link: None };
    let view = match services.outbound.send(&trial.to, &message, services.clock.now().timestamp()).await {
        Ok(receipt) => ChannelTestView { sent: true, reference: receipt.reference, error: None },
        Err(error) => ChannelTestView { sent: false, reference: None, error: Some(error.to_string()) },
    };
    caller
        .transact(move |tx| {
            usecase::note_trial(tx, id, view.error.as_deref())?;
            Ok(Reply::ok(view).told_once())
        })
        .await
}
