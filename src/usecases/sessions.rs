//! Logging in, staying logged in, changing one's password.

use super::tenants::{Password, Trouble};
use crate::{
    auth::{hash::same, passwords::Passwords, secrets::NamedSecret, tokens::Subject},
    domain::{
        access::WriteSelf,
        ids::{PersonId, SessionId, TenantId},
        text::{Email, Line},
    },
    store::{
        self, Failure, Store, Tx,
        identity::Entrance,
        records::{Membership, SessionRow},
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// How long a session lasts without being refreshed, in seconds: 30 days.
const SESSION_LIFETIME: i64 = 30 * 24 * 3600;
/// How long the refresh token before the last is still good, because its answer may have been lost: 10 seconds.
const GRACE: i64 = 10;
const REFRESH_PREFIX: &str = "rjr";

/// Who logs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// The address.
    pub email: Email,
    /// The password.
    #[schema(format = Password)]
    pub password: Secret,
    /// The tenant, when the person belongs to several.
    #[serde(default)]
    #[schema(nullable = false)]
    pub tenant_id: Option<TenantId>,
}

/// A password as somebody types it, of any length up to 1,000 bytes.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 1000, example = "correct horse battery")]
pub struct Secret(String);

impl TryFrom<String> for Secret {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() <= 1000 { Ok(Self(text)) } else { Err(crate::domain::field_rule::FieldRule::TooLong.with(1000)) }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The token from the last answer.
    pub refresh_token: Line<128>,
}

/// A change of one's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one that one has.
    pub old_password: Secret,
    /// The one that one wants.
    pub new_password: Password,
}

/// A session that is open.
#[derive(Debug)]
pub struct Open {
    /// For whom to sign an access token.
    pub subject: Subject,
    /// The refresh token, told once.
    pub refresh_token: String,
    /// The membership.
    pub membership: Membership,
}

/// How a log-in ended.
#[derive(Debug)]
pub enum LoggedIn {
    /// Well.
    Open(Box<Open>),
    /// Address, password or tenant is wrong: nobody may tell which.
    Refused,
    /// The password is right; the person belongs to several tenants.
    ChooseTenant(Vec<Membership>),
}

/// Logs in.
///
/// # Errors
/// When a database or the password pool fails.
pub async fn log_in(store: &Store, passwords: &Passwords, request_id: String, log_in: LogIn) -> Result<LoggedIn, Trouble> {
    let email = log_in.email.clone();
    let person = store.before_login(false, request_id.clone(), move |entrance| Ok(entrance.person_by_email(&email)?)).await?;
    let hash = person.as_ref().map(|person| person.password_hash.clone());
    let fits = passwords.verify(log_in.password.0, hash).await?;
    let Some(person) = person.filter(|_| fits) else { return Ok(LoggedIn::Refused) };
    let logged_in = store
        .before_login(true, request_id, move |entrance| {
            let mut memberships = entrance.memberships(person.id)?;
            if let Some(tenant) = log_in.tenant_id {
                memberships.retain(|membership| membership.tenant_id == tenant);
            }
            match memberships.pop() {
                None => Ok(LoggedIn::Refused),
                Some(membership) if memberships.is_empty() => Ok(LoggedIn::Open(Box::new(start(entrance, membership)?))),
                Some(membership) => {
                    memberships.push(membership);
                    Ok(LoggedIn::ChooseTenant(memberships))
                }
            }
        })
        .await?;
    Ok(logged_in)
}

fn start(entrance: &mut Entrance<'_>, membership: Membership) -> Result<Open, Failure> {
    let ground = entrance.ground();
    let id: SessionId = ground.clock.new_id();
    let secret = NamedSecret::signed(id, &ground.clock, &ground.vault);
    let now = entrance.now();
    let session = SessionRow {
        id,
        tenant_id: membership.tenant_id,
        member_id: membership.member_id,
        refresh_hash: secret.hash(),
        previous_refresh_hash: None,
        rotated_at: now,
        created_at: now,
        expires_at: now.plus_seconds(SESSION_LIFETIME),
        revoked_at: None,
    };
    entrance.insert_session(&session, membership.role)?;
    Ok(opened(&session, secret, membership))
}

fn opened(session: &SessionRow, secret: NamedSecret, membership: Membership) -> Open {
    let subject = Subject {
        person_id: membership.person_id,
        session_id: session.id,
        tenant_id: membership.tenant_id,
        member_id: membership.member_id,
    };
    Open { subject, refresh_token: secret.to_text(REFRESH_PREFIX), membership }
}

/// Rotates a refresh token. One that was used before ends the whole session (RFC 9700 §4.14.2), unless its answer may just have been lost.
///
/// # Errors
/// When the database fails.
pub async fn refresh(store: &Store, request_id: String, refresh: Refresh) -> Result<Option<Open>, Failure> {
    let Some(given) = NamedSecret::parse(REFRESH_PREFIX, &refresh.refresh_token) else { return Ok(None) };
    store
        .before_login(true, request_id, move |entrance| {
            // Another rotation may come between reading and saving: look again then.
            for _ in 0..3 {
                match rotate(entrance, &given)? {
                    Rotation::Overtaken => {}
                    Rotation::Refused => return Ok(None),
                    Rotation::Open(open) => return Ok(Some(*open)),
                }
            }
            Ok(None)
        })
        .await
}

enum Rotation {
    Open(Box<Open>),
    Refused,
    Overtaken,
}

fn rotate(entrance: &mut Entrance<'_>, given: &NamedSecret) -> Result<Rotation, Failure> {
    let (now, ground) = (entrance.now(), entrance.ground());
    let Some(before) = entrance.session(given.id.into())? else { return Ok(Rotation::Refused) };
    if before.revoked_at.is_some() || before.expires_at <= now || !given.is_genuine(&ground.vault) {
        return Ok(Rotation::Refused);
    }
    let Some(membership) = entrance.membership(before.tenant_id, before.member_id)? else { return Ok(Rotation::Refused) };
    let current = same(&before.refresh_hash, &given.hash());
    let previous = before.previous_refresh_hash.as_ref().is_some_and(|hash| same(hash, &given.hash()));
    let lost_answer = previous && now < before.rotated_at.plus_seconds(GRACE);
    if !(current || lost_answer) {
        entrance.revoke_session(&before, membership.role)?;
        return Ok(Rotation::Refused);
    }
    let secret = NamedSecret::signed(before.id, &ground.clock, &ground.vault);
    let after = SessionRow {
        refresh_hash: secret.hash(),
        previous_refresh_hash: Some(given.hash()),
        rotated_at: if current { now } else { before.rotated_at },
        expires_at: now.plus_seconds(SESSION_LIFETIME),
        ..before.clone()
    };
    if entrance.rotate_session(&before, &after)? {
        Ok(Rotation::Open(Box::new(opened(&after, secret, membership))))
    } else {
        Ok(Rotation::Overtaken)
    }
}

/// Whose password is to be changed, and its hash now.
///
/// # Errors
/// When the database fails.
pub fn password_of(tx: &mut Tx<'_, WriteSelf>) -> Result<(PersonId, String), Failure> {
    Ok(store::sessions::password_hash(tx)?)
}

impl PasswordChange {
    /// The old password in the clear, for the pool.
    #[must_use]
    pub fn old(&self) -> String {
        self.old_password.0.clone()
    }
}
