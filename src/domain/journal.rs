//! The form of an entry of the journal: what is hashed, what is committed to, what can be erased.
//!
//! An entry's canonical bytes hold everything but the payload, for which they hold a salted commitment. So a payload can be erased later while
//! every proof over the canonical bytes still holds (the leaf is `SHA-256(0x00 || canonical)`, RFC 6962 §2.1).

use super::{
    ids::{ApiKeyId, CaseId, EntryId, MemberId, TenantId},
    time::Instant,
    vocabulary::{Visibility, vocabulary},
};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

vocabulary! {
    /// The kind of whoever did something.
    ActorKind {
        /// A member, logged in.
        Member = "member",
        /// A member's API key.
        ApiKey = "api_key",
        /// The operator, on the command line.
        Operator = "operator",
        /// The product by itself, because a moment has come.
        System = "system",
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A member, logged in.
    Member(MemberId),
    /// A member's API key.
    ApiKey(ApiKeyId),
    /// The operator, on the command line.
    Operator,
    /// The product by itself, because a moment has come.
    System,
}

impl Actor {
    /// The kind of actor.
    #[must_use]
    pub fn kind(self) -> ActorKind {
        match self {
            Self::Member(_) => ActorKind::Member,
            Self::ApiKey(_) => ActorKind::ApiKey,
            Self::Operator => ActorKind::Operator,
            Self::System => ActorKind::System,
        }
    }

    /// The actor's id, if it has one.
    #[must_use]
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Member(id) => Some(id.into()),
            Self::ApiKey(id) => Some(id.into()),
            Self::Operator | Self::System => None,
        }
    }
}

/// What a change says of itself.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What happened, such as `task.changed`.
    pub kind: &'static str,
    /// The id of what it happened to.
    pub subject_id: Uuid,
    /// The case that it belongs to.
    pub case_id: Option<CaseId>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The facts.
    pub payload: Map<String, Value>,
}

impl Entry {
    /// An entry about the tenant itself, for its staff.
    #[must_use]
    pub fn of_tenant(kind: &'static str, subject_id: impl Into<Uuid>) -> Self {
        Self { kind, subject_id: subject_id.into(), case_id: None, visibility: Visibility::Internal, payload: Map::new() }
    }

    /// An entry about a case, which the client may see.
    #[must_use]
    pub fn of_case(kind: &'static str, case_id: CaseId, subject_id: impl Into<Uuid>) -> Self {
        Self { kind, subject_id: subject_id.into(), case_id: Some(case_id), visibility: Visibility::Client, payload: Map::new() }
    }

    /// The same entry, hidden from the client.
    #[must_use]
    pub fn internal(self) -> Self {
        self.seen_as(Visibility::Internal)
    }

    /// The same entry, for these.
    #[must_use]
    pub fn seen_as(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// With one more fact. A value that cannot be written as JSON is recorded as null.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.payload.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// With the fields in which two states differ, as `changes: {field: {from, to}}`.
    #[must_use]
    pub fn with_changes<T: Serialize>(self, before: &T, after: &T) -> Self {
        let changes = changes(before, after);
        self.with("changes", changes)
    }
}

/// The fields in which two states differ, `version` and `updated_at` left out.
#[must_use]
pub fn changes<T: Serialize>(before: &T, after: &T) -> Map<String, Value> {
    let (Ok(Value::Object(before)), Ok(Value::Object(after))) = (serde_json::to_value(before), serde_json::to_value(after)) else {
        return Map::new();
    };
    after
        .into_iter()
        .filter(|(field, _)| field != "version" && field != "updated_at")
        .filter_map(|(field, to)| {
            let from = before.get(&field).cloned().unwrap_or_default();
            (from != to).then(|| (field, json!({ "from": from, "to": to })))
        })
        .collect()
}

/// An entry as it is kept.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its id.
    pub id: EntryId,
    /// What is hashed.
    pub canonical: Vec<u8>,
    /// What can be erased: the facts as canonical JSON.
    pub payload: Vec<u8>,
    /// 32 random bytes that keep the commitment from being guessed.
    pub salt: [u8; 32],
}

/// What an entry needs from its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Whose journal.
    pub tenant_id: TenantId,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: Instant,
    /// In answer to which request.
    pub request_id: &'a str,
}

/// Brings an entry into its canonical form: JSON with sorted keys and no white space (RFC 8785; only strings, integers, null and objects occur).
#[must_use]
pub fn record(entry: &Entry, id: EntryId, salt: [u8; 32], circumstances: Circumstances<'_>) -> Recorded {
    let payload = Value::Object(entry.payload.clone()).to_string().into_bytes();
    let canonical = json!({
        "v": 1,
        "id": id,
        "tenant_id": circumstances.tenant_id,
        "at": circumstances.at,
        "actor": { "kind": circumstances.actor.kind(), "id": circumstances.actor.id() },
        "request_id": circumstances.request_id,
        "kind": entry.kind,
        "subject_id": entry.subject_id,
        "case_id": entry.case_id,
        "visibility": entry.visibility,
        "commitment": hex(&commitment(&salt, &payload)),
    });
    Recorded { id, canonical: canonical.to_string().into_bytes(), payload, salt }
}

/// `SHA-256(salt || payload)`.
#[must_use]
pub fn commitment(salt: &[u8; 32], payload: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context.update(payload);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn recorded(salt: [u8; 32]) -> Recorded {
        let case_id = CaseId::from(Uuid::from_u128(2));
        let entry = Entry::of_case("case.opened", case_id, case_id).with("title", "刷单").with("number", "2026-000001");
        let circumstances = Circumstances {
            tenant_id: Uuid::from_u128(1).into(),
            actor: Actor::Member(Uuid::from_u128(3).into()),
            at: Instant::from_microseconds(1_795_000_000_000_000),
            request_id: "r",
        };
        record(&entry, Uuid::from_u128(4).into(), salt, circumstances)
    }

    #[test]
    fn canonical_bytes_are_sorted_and_hold_no_fact_of_the_payload() {
        let entry = recorded([7; 32]);
        let text = String::from_utf8(entry.canonical.clone()).unwrap();
        assert!(text.starts_with(r#"{"actor":{"id":"#), "{text}");
        assert!(!text.contains("刷单"));
        let parsed: Value = serde_json::from_slice(&entry.canonical).unwrap();
        assert_eq!(parsed["commitment"], hex(&commitment(&entry.salt, &entry.payload)));
        assert_eq!(parsed.to_string().into_bytes(), entry.canonical, "canonical bytes survive being read and written");
    }

    #[test]
    fn the_same_facts_under_another_salt_commit_differently() {
        assert_ne!(recorded([1; 32]).canonical, recorded([2; 32]).canonical);
    }
}
