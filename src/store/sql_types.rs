//! How values are kept: one SQL type each for ids, moments and JSON, with a physical form for each database.
//!
//! | type | SQLite | PostgreSQL |
//! |---|---|---|
//! | `Id` | `BLOB`, 16 bytes | `uuid` |
//! | `Moment` | `INTEGER`, microseconds since 1970 | `timestamptz` |
//! | `Json` | `TEXT` | `jsonb` |
//! | vocabularies, days | `TEXT` | `text` |

use crate::domain::{
    access::Role,
    availability::TimeOfDay,
    ids,
    journal::ActorKind,
    language::Language,
    member::MemberStatus,
    shop::CreditCode,
    time::{Day, Instant},
    vocabulary,
};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, SqlType, Text},
    sqlite::{Sqlite, SqliteValue},
};
use serde::{Serialize, de::DeserializeOwned};
use std::io::Write as _;
use uuid::Uuid;

/// An id.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Id;

/// A moment.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Moment;

/// A JSON document.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
pub struct Json;

/// Lets Diesel bind and read a type of the domain, which itself knows nothing of Diesel.
macro_rules! bind {
    ($sql_type:ty: $($name:ty),+ $(,)?) => {$(
        const _: () = {
            #[derive(AsExpression, FromSqlRow)]
            #[diesel(foreign_derive, sql_type = $sql_type)]
            #[expect(dead_code, reason = "only names the foreign type")]
            struct Foreign($name);
        };
    )+};
}

macro_rules! kept_as_id {
    ($($name:ty),+ $(,)?) => {
        bind!(Id: $($name),+);
        $(
            impl ToSql<Id, Pg> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    out.write_all(Uuid::from(*self).as_bytes())?;
                    Ok(IsNull::No)
                }
            }
            impl ToSql<Id, Sqlite> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                    out.set_value(Uuid::from(*self).as_bytes().to_vec());
                    Ok(IsNull::No)
                }
            }
            impl FromSql<Id, Pg> for $name {
                fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                    Ok(Uuid::from_slice(value.as_bytes())?.into())
                }
            }
            impl FromSql<Id, Sqlite> for $name {
                fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                    Ok(Uuid::from_slice(value.read_blob())?.into())
                }
            }
        )+
    };
}

/// Any id, where rows of several nouns meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyId(pub Uuid);

impl From<Uuid> for AnyId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<AnyId> for Uuid {
    fn from(id: AnyId) -> Self {
        id.0
    }
}

kept_as_id! {
    AnyId, ids::TenantId, ids::PersonId, ids::MemberId, ids::SessionId, ids::ApiKeyId, ids::InvitationId, ids::GrantId, ids::ShopId, ids::CaseId,
    ids::ComplaintId, ids::AllegationId, ids::TriggerId, ids::DeadlineId, ids::TaskId, ids::PlaybookId,
    ids::CommentId, ids::EntryId, ids::DeadlineRuleId, ids::RegisterEntryId, ids::ReminderId, ids::DeliveryId,
    ids::NotificationChannelId, ids::AgendaFeedId,
}

macro_rules! kept_as_text {
    ($($name:ty),+ $(,)?) => {
        bind!(Text: $($name),+);
        $(
            impl ToSql<Text, Pg> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    out.write_all(self.to_string().as_bytes())?;
                    Ok(IsNull::No)
                }
            }
            impl ToSql<Text, Sqlite> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                    out.set_value(self.to_string());
                    Ok(IsNull::No)
                }
            }
            impl FromSql<Text, Pg> for $name {
                fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                    Ok(std::str::from_utf8(value.as_bytes())?.parse()?)
                }
            }
            impl FromSql<Text, Sqlite> for $name {
                fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                    Ok(value.read_text().parse()?)
                }
            }
        )+
    };
}

kept_as_text! {
    CreditCode, Role, MemberStatus, ActorKind, vocabulary::Stage, vocabulary::Platform, vocabulary::Channel, vocabulary::ComplaintKind, vocabulary::ReporterType,
    vocabulary::Confidence, vocabulary::AllegationKind, vocabulary::AllegationOutcome, vocabulary::CaseStatus, vocabulary::Priority,
    vocabulary::OwedBy, vocabulary::DeadlineStatus, vocabulary::TaskStatus, vocabulary::Visibility, vocabulary::PlaybookStatus,
    vocabulary::ServiceMethod, vocabulary::RegisterChange, vocabulary::LadderKind, vocabulary::ChannelKind, vocabulary::DeliveryState,
    Language, TimeOfDay,
}

bind!(Text: Day);

impl ToSql<Text, Pg> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.to_string().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Text, Sqlite> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Text, Pg> for Day {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::kept(std::str::from_utf8(value.as_bytes())?)?)
    }
}

impl FromSql<Text, Sqlite> for Day {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self::kept(value.read_text())?)
    }
}

bind!(Moment: Instant);

/// Microseconds between 1970-01-01 and PostgreSQL's epoch, 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl ToSql<Moment, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.microseconds() - POSTGRES_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Moment, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.microseconds());
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Pg> for Instant {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::from_microseconds(i64::from_be_bytes(value.as_bytes().try_into()?) + POSTGRES_EPOCH))
    }
}

impl FromSql<Moment, Sqlite> for Instant {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self::from_microseconds)
    }
}

/// A value that is kept as JSON.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub struct AsJson<T: std::fmt::Debug>(pub T);

impl<T: Serialize + std::fmt::Debug> ToSql<Json, Pg> for AsJson<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?; // the version of jsonb's wire form
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Json, Sqlite> for AsJson<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Json, Pg> for AsJson<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let json = value.as_bytes().strip_prefix(&[1]).ok_or("jsonb in an unknown form")?;
        Ok(Self(serde_json::from_slice(json)?))
    }
}

impl<T: DeserializeOwned + std::fmt::Debug> FromSql<Json, Sqlite> for AsJson<T> {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(value.read_text())?))
    }
}
