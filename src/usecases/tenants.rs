//! Making tenants, which only the operator does; and what passwords must be.

use crate::{
    auth::passwords::{PasswordError, hash_now},
    domain::{
        field_rule::FieldRule,
        ids::{MemberId, PersonId, TenantId},
        text::{Email, Line},
        violation::RuleViolation,
    },
    store::{Failure, Store, StoreError},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use utoipa::ToSchema;

/// A password: 10 to 200 characters, whatever they are (NIST SP 800-63B §5.1.1.2: length, no composition rules).
#[derive(Clone, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = Password, min_length = 10, max_length = 200, example = "correct horse battery staple")]
pub struct Password(String);

impl TryFrom<String> for Password {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.chars().take(201).count() {
            0..10 => Err(FieldRule::TooShort.with(10)),
            10..=200 => Ok(Self(text)),
            _ => Err(FieldRule::TooLong.with(200)),
        }
    }
}

impl From<Password> for String {
    fn from(password: Password) -> Self {
        password.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What can go wrong where passwords and the database meet.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The transaction.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The password pool.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// What to do when somebody has the owner's address already. Whoever has it may have been invited under it by anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Make no tenant.
    Refuse,
    /// Make that person the owner, with the password that they have.
    Accept,
}

/// A tenant that was made.
#[derive(Debug)]
pub struct NewTenant {
    /// Its id.
    pub tenant_id: TenantId,
    /// Its first owner's membership.
    pub member_id: MemberId,
    /// The owner's initial password; none when the address was known and keeps its own.
    pub password: Option<String>,
}

/// Makes a tenant with its first owner, whose initial password is told once.
///
/// # Errors
/// When the database fails, or the owner's address is somebody's already and that is not accepted.
pub async fn create(store: &Store, name: Line<120>, owner: Email, password: Option<String>, known: Known) -> Result<NewTenant, Trouble> {
    let clock = store.ground().clock.clone();
    let initial = password.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(clock.random::<15>()));
    let hash = hash_now(&initial, clock.random())?;
    let made = store
        .before_login(true, "tenant create".to_owned(), move |entrance| {
            let (tenant_id, member_id): (TenantId, MemberId) = (clock.new_id(), clock.new_id());
            let (person, password) = match entrance.person_by_email(&owner)? {
                Some(_) if known == Known::Refuse => return Err(RuleViolation::AlreadyMember.into()),
                Some(person) => (person.id, None),
                None => {
                    let id: PersonId = clock.new_id();
                    entrance.insert_person(id, &owner, owner.split('@').next().unwrap_or(&owner), &hash, true)?;
                    (id, Some(initial))
                }
            };
            entrance.insert_tenant(tenant_id, &name, member_id, person)?;
            Ok(NewTenant { tenant_id, member_id, password })
        })
        .await?;
    Ok(made)
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.into())
    }
}
