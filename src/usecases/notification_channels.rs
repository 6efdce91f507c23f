//! The channels over which reminders go out: a member's own, and those of groups.

use crate::{
    domain::{
        access::{Capability, WriteSelf},
        field_rule::FieldRule,
        ids::{NotificationChannelId, TenantId},
        language::Language,
        notification_channel::{NotificationChannel, SealedAddress},
        text::Line,
        violation::RuleViolation,
        vocabulary::ChannelKind,
    },
    limits::{GROUP_CHANNELS, OWN_CHANNELS},
    outbound::{Address, BadAddress},
    store::{self, Failure, Ground, StoreError, Stored, Tx},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A channel to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotificationChannel {
    /// By what messages go out.
    pub kind: ChannelKind,
    /// What it is called.
    pub name: Line<100>,
    /// The mail address; or the key at the end of a robot's webhook, without the rest of the URL. It is kept sealed and never shown again.
    pub address: Line<254>,
    /// The secret of a robot's signatures (加签), where it asks for them. Only DingTalk and Feishu.
    #[serde(default)]
    #[schema(nullable = false)]
    pub secret: Option<Line<200>>,
    /// The language of its messages; that of the caller's availability when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub language: Option<Language>,
    /// Whether it is a group's: critical reminders and escalations go there. Needs the right to change rules.
    #[serde(default)]
    pub for_group: bool,
}

fn seal_place(tenant: TenantId, channel: NotificationChannelId) -> String {
    format!("notification_channel/{tenant}/{channel}")
}

/// What is sealed of a channel, as an address to send to.
fn address(kind: ChannelKind, sealed: SealedAddress) -> Address {
    let SealedAddress { address, secret } = sealed;
    match kind {
        ChannelKind::Email => Address::Email { address },
        ChannelKind::Wecom => Address::Wecom { key: address },
        ChannelKind::Dingtalk => Address::Dingtalk { access_token: address, secret },
        ChannelKind::Feishu => Address::Feishu { hook: address, secret },
    }
}

/// Where messages of a channel go; none when it was sealed with other keys.
#[must_use]
pub fn address_of(channel: &NotificationChannel, tenant: TenantId, ground: &Ground) -> Option<Address> {
    let bytes = ground.vault.unseal(&seal_place(tenant, channel.id), &channel.sealed_address)?;
    serde_json::from_slice(&bytes).ok().map(|sealed| address(channel.kind, sealed))
}

/// Adds a channel, for the caller or for a group.
///
/// # Errors
/// When the address cannot be one, there are too many, or the caller may not add one for a group.
pub fn add(tx: &mut Tx<'_, WriteSelf>, new: NewNotificationChannel) -> Result<NotificationChannel, Failure> {
    if new.for_group {
        tx.require(Capability::WriteRules)?;
    }
    if new.secret.is_some() && !matches!(new.kind, ChannelKind::Dingtalk | ChannelKind::Feishu) {
        return Err(RuleViolation::field("/secret", FieldRule::NotAllowed).into());
    }
    let sealed = SealedAddress { address: new.address.into(), secret: new.secret.map(Into::into) };
    address(new.kind, sealed.clone()).check().map_err(|bad| match bad {
        BadAddress::Email => RuleViolation::field("/address", FieldRule::NotAnEmail),
        BadAddress::Key => RuleViolation::field("/address", FieldRule::Malformed),
        BadAddress::Secret => RuleViolation::field("/secret", FieldRule::Malformed),
    })?;
    let most = if new.for_group { GROUP_CHANNELS } else { OWN_CHANNELS };
    if store::notification_channels::count(tx, new.for_group)? >= most {
        return Err(RuleViolation::field("", FieldRule::TooMany).into());
    }
    let language = match new.language {
        Some(language) => language,
        None => store::availabilities::mine(tx)?.language,
    };
    let (ground, id, tenant) = (tx.ground(), tx.new_id(), tx.scope().tenant());
    let bytes = serde_json::to_vec(&sealed).map_err(|e| StoreError::Broken(e.to_string()))?;
    let channel = NotificationChannel {
        id,
        member_id: (!new.for_group).then_some(tx.scope().member()),
        kind: new.kind,
        name: new.name.into(),
        language,
        hint: sealed.hint(),
        sealed_address: ground.vault.seal(&seal_place(tenant, id), &bytes, &ground.clock),
        created_by: tx.scope().member(),
        created_at: tx.now(),
    };
    store::notification_channels::insert(tx, &channel)?;
    Ok(channel)
}

/// A channel that the caller may use: their own, or a group's when they may change rules.
fn usable(tx: &mut Tx<'_, WriteSelf>, id: NotificationChannelId) -> Result<Stored<NotificationChannel>, Failure> {
    let channel = store::notification_channels::find(tx, id)?;
    if channel.member_id.is_none() && !tx.scope().may(Capability::WriteRules) {
        return Err(StoreError::NotFound.into());
    }
    Ok(channel)
}

/// Takes a channel out of use.
///
/// # Errors
/// When it is not there.
pub fn remove(tx: &mut Tx<'_, WriteSelf>, id: NotificationChannelId) -> Result<(), Failure> {
    let channel = usable(tx, id)?;
    Ok(store::notification_channels::revoke(tx, &channel)?)
}

/// A trial that is about to be made.
pub struct Trial {
    /// Where it goes.
    pub to: Address,
    /// The channel.
    pub channel: NotificationChannel,
    /// Always the same for the same trial.
    pub id: Uuid,
}

/// Prepares a trial of a channel.
///
/// # Errors
/// When it is not there.
pub fn prepare_trial(tx: &mut Tx<'_, WriteSelf>, id: NotificationChannelId) -> Result<Trial, Failure> {
    let channel = usable(tx, id)?.into_inner();
    let to = address_of(&channel, tx.scope().tenant(), &tx.ground());
    let to = to.ok_or_else(|| StoreError::Broken("a channel's address cannot be opened".to_owned()))?;
    Ok(Trial { to, channel, id: tx.new_id::<NotificationChannelId>().into() })
}

/// Puts on the record what came of a trial.
///
/// # Errors
/// When the channel is not there any more.
pub fn note_trial(tx: &mut Tx<'_, WriteSelf>, id: NotificationChannelId, error: Option<&str>) -> Result<(), Failure> {
    let channel = usable(tx, id)?;
    Ok(store::notification_channels::note_trial(tx, &channel, error)?)
}
