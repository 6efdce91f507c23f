//! Answers: written once, inside the transaction, so that what is kept for a retry is what was sent.

use super::problem::{Kind, Problem};
use crate::{
    domain::time::Instant,
    store::{
        Failure, Ground, StoreError,
        records::{IdempotencyKey, KeptAnswer},
    },
};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a handler answers with.
pub(super) type Answer = Result<HttpResponse, Problem>;

/// What a caller wishes of the answer.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) if_none_match: Vec<i64>,
    pub(super) minimal: bool,
}

/// A good answer.
pub(super) struct Reply<T> {
    status: StatusCode,
    body: Option<T>,
    version: Option<i64>,
    location: Option<String>,
    link: Option<String>,
    keep: Keep,
}

/// What is kept of an answer under an idempotency key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// The answer.
    Plain,
    /// The answer, sealed.
    Sealed,
    /// Nothing: a retry asks again, and is on the record again.
    Nothing,
}

impl<T: Serialize> Reply<T> {
    fn new(status: StatusCode, body: Option<T>) -> Self {
        Self { status, body, version: None, location: None, link: None, keep: Keep::Plain }
    }

    /// 200 with a body.
    pub(super) fn ok(body: T) -> Self {
        Self::new(StatusCode::OK, Some(body))
    }

    /// 201 with a body, found at `location` from now on.
    pub(super) fn created(body: T, location: String) -> Self {
        Self { location: Some(location), ..Self::new(StatusCode::CREATED, Some(body)) }
    }

    /// With the version as `ETag`.
    pub(super) fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// With a `Link` header.
    pub(super) fn link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// The body carries a secret: it is sealed where it is kept.
    pub(super) fn secret(mut self) -> Self {
        self.keep = Keep::Sealed;
        self
    }

    /// Nothing is kept for a retry: each disclosure is decided and recorded by itself.
    pub(super) fn told_once(mut self) -> Self {
        self.keep = Keep::Nothing;
        self
    }

    /// Without a `Location`: nothing but the list shows it.
    pub(super) fn unlisted(mut self) -> Self {
        self.location = None;
        self
    }

    /// Writes the body.
    pub(super) fn written(self) -> Result<Written, Failure> {
        let body = match &self.body {
            Some(body) => serde_json::to_vec(body).map_err(|e| StoreError::Broken(e.to_string()))?,
            None => Vec::new(),
        };
        let mut headers = BTreeMap::new();
        headers.extend(self.version.map(|version| ("etag".to_owned(), format!("\"{version}\""))));
        headers.extend(self.location.map(|location| ("location".to_owned(), location)));
        headers.extend(self.link.map(|link| ("link".to_owned(), link)));
        Ok(Written { status: self.status, version: self.version, headers, body, keep: self.keep })
    }
}

impl Reply<()> {
    /// 204.
    pub(super) fn nothing() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }
}

/// An answer as bytes.
pub(super) struct Written {
    status: StatusCode,
    version: Option<i64>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    keep: Keep,
}

/// Marks a kept body as sealed; never sent.
const SEALED: &str = "sealed";

fn seal_place(key: &IdempotencyKey) -> String {
    format!("answer/{}/{}", key.operation, key.key)
}

impl Written {
    /// The answer as it is kept for a retry.
    pub(super) fn to_keep(&self, key: &IdempotencyKey, now: Instant, ground: &Ground) -> Option<KeptAnswer> {
        if self.keep == Keep::Nothing {
            return None;
        }
        let mut headers = self.headers.clone();
        let body = if self.keep == Keep::Sealed {
            headers.insert(SEALED.into(), "1".into());
            ground.vault.seal(&seal_place(key), &self.body, &ground.clock)
        } else {
            self.body.clone()
        };
        Some(KeptAnswer { fingerprint: key.fingerprint.clone(), status: self.status.as_u16(), headers, body, created_at: now })
    }

    /// The answer as the caller wishes it.
    pub(super) fn respond(self, wishes: &Wishes) -> HttpResponse {
        let unchanged = self.version.is_some_and(|version| wishes.if_none_match.contains(&version));
        let minimal = wishes.minimal && !self.body.is_empty();
        let status = match (unchanged, minimal) {
            (true, _) => StatusCode::NOT_MODIFIED,
            (false, true) => StatusCode::NO_CONTENT,
            (false, false) => self.status,
        };
        let mut response = HttpResponse::build(status);
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        if minimal {
            response.insert_header(("preference-applied", "return=minimal"));
        }
        if unchanged || minimal || self.body.is_empty() {
            response.finish()
        } else {
            response.insert_header((header::CONTENT_TYPE, "application/json"));
            response.body(self.body)
        }
    }
}

/// The answer that was given to the same request before.
pub(super) fn replay(kept: KeptAnswer, key: &IdempotencyKey, ground: &Ground, wishes: &Wishes) -> Answer {
    if kept.fingerprint != key.fingerprint {
        return Err(Problem::new(Kind::IdempotencyKeyReused));
    }
    let mut headers = kept.headers;
    let body = if headers.remove(SEALED).is_some() {
        ground
            .vault
            .unseal(&seal_place(key), &kept.body)
            .ok_or_else(|| Problem::new(Kind::Internal).because("a kept answer cannot be opened"))?
    } else {
        kept.body
    };
    headers.insert("idempotent-replayed".into(), "true".into());
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    Ok(Written { status, version: None, headers, body, keep: Keep::Plain }.respond(wishes))
}
