//! Reading a body: bounded in bytes, depth and time, and turned into a type with the field named that does not fit.

use super::{
    Services,
    problem::{Kind, Place, Problem},
};
use crate::{domain::field_rule::FieldRule, limits::Limits};
use actix_web::{HttpRequest, dev::Payload, http::header, web::BytesMut};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// A body's schema for the document: its name, and all schemas that it needs.
pub(super) struct BodySchema {
    pub(super) name: String,
    pub(super) needed: Vec<(String, RefOr<Schema>)>,
}

/// A type of body.
pub(super) trait Body: Sized + 'static {
    /// Its media type; none when no body is expected.
    const MEDIA_TYPE: Option<&'static str>;
    /// Whether it asks for so much at once that a retry must be safe.
    const NEEDS_KEY: bool = false;
    /// Parses what was read.
    fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Problem>;
    /// Its schema.
    fn schemas() -> Option<BodySchema>;
}

/// No body.
pub(super) struct NoBody;

impl Body for NoBody {
    const MEDIA_TYPE: Option<&'static str> = None;

    fn parse(_: &[u8], _: &Limits) -> Result<Self, Problem> {
        Ok(Self)
    }

    fn schemas() -> Option<BodySchema> {
        None
    }
}

macro_rules! json_body {
    ($(#[$doc:meta])* $name:ident, $media_type:literal, needs key $needs_key:literal) => {
        $(#[$doc])*
        pub(super) struct $name<T>(pub(super) T);

        impl<T: DeserializeOwned + ToSchema + 'static> Body for $name<T> {
            const MEDIA_TYPE: Option<&'static str> = Some($media_type);
            const NEEDS_KEY: bool = $needs_key;

            fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Problem> {
                parse_json(bytes, limits).map(Self)
            }

            fn schemas() -> Option<BodySchema> {
                let mut needed = vec![(T::name().into_owned(), T::schema())];
                T::schemas(&mut needed);
                Some(BodySchema { name: T::name().into_owned(), needed })
            }
        }
    };
}

json_body! {
    /// A JSON document.
    Json, "application/json", needs key false
}
json_body! {
    /// A JSON document that asks for many things at once: it is sent with an `Idempotency-Key`.
    Bulk, "application/json", needs key true
}
json_body! {
    /// A JSON merge patch (RFC 7396).
    MergePatch, "application/merge-patch+json", needs key false
}

/// Reads a body of the wanted media type.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: Payload,
    media_type: &'static str,
    services: &Services,
) -> Result<BytesMut, Problem> {
    let limits = &services.limits;
    let accept = if media_type == "application/json" {
        header::HeaderName::from_static("accept-post")
    } else {
        header::HeaderName::from_static("accept-patch")
    };
    let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let is_type = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(media_type));
    let is_utf8 =
        parts.all(|parameter| !parameter.to_ascii_lowercase().starts_with("charset=") || parameter.to_ascii_lowercase().contains("utf-8"));
    if !(is_type && is_utf8) {
        return Err(Problem::new(Kind::UnsupportedMediaType).header(accept, media_type));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes) {
        return Err(too_large(limits));
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(1024).min(limits.body_bytes));
    let reading = async {
        loop {
            match tokio::time::timeout(limits.body_pause, payload.next()).await {
                Err(_) => return Err(Problem::new(Kind::TooSlow)),
                Ok(None) => return Ok(()),
                Ok(Some(Err(error))) => {
                    return Err(Problem::new(Kind::MalformedBody).with_facts(serde_json::json!({ "reason": error.to_string() })));
                }
                Ok(Some(Ok(chunk))) if body.len() + chunk.len() > limits.body_bytes => return Err(too_large(limits)),
                Ok(Some(Ok(chunk))) => body.extend_from_slice(&chunk),
            }
        }
    };
    tokio::time::timeout(limits.body_total, reading).await.map_err(|_| Problem::new(Kind::TooSlow))??;
    Ok(body)
}

fn too_large(limits: &Limits) -> Problem {
    Problem::new(Kind::TooLarge).with_facts(serde_json::json!({ "limit_bytes": limits.body_bytes }))
}

/// Parses JSON, naming the field that does not fit.
fn parse_json<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Problem> {
    let malformed = |reason: String| Problem::new(Kind::MalformedBody).with_facts(serde_json::json!({ "reason": reason }));
    let text = std::str::from_utf8(bytes).map_err(|e| malformed(format!("not UTF-8 after byte {}", e.valid_up_to())))?;
    bounded(bytes, limits).map_err(|reason| malformed(reason.to_owned()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = pointer(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => field_problem(place, &inner.to_string()),
            // A number where a word is expected is reported as bad syntax; the JSON itself may be good.
            _ if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
                Problem::with_field(Kind::InvalidBody, Place::Pointer(place), FieldRule::WrongType, "")
            }
            _ => malformed(format!("line {}, column {}", inner.line(), inner.column())),
        }
    })?;
    deserializer.end().map_err(|e| malformed(format!("line {}, column {}", e.line(), e.column())))?;
    Ok(value)
}

/// Refuses JSON that is deeper or larger than any body needs to be, before anything is built from it.
fn bounded(bytes: &[u8], limits: &Limits) -> Result<(), &'static str> {
    let (mut depth, mut nodes, mut in_string, mut escaped) = (0usize, 1usize, false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b',' | b':') => nodes += 1,
            (false, _) => {}
        }
        if depth > limits.json_depth {
            return Err("nested too deeply");
        }
        if nodes > limits.json_nodes {
            return Err("too many values");
        }
    }
    Ok(())
}

/// An RFC 6901 pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// What serde says of a field, as a rule of ours.
pub(super) fn rule_of(message: &str) -> (FieldRule, String, Option<String>) {
    let message = message.split(" at line ").next().unwrap_or(message);
    let quoted = || message.split('`').nth(1).map(str::to_owned);
    if let Some((rule, parameter)) = FieldRule::parse(message) {
        (rule, parameter.to_owned(), None)
    } else if message.starts_with("missing field") {
        (FieldRule::Required, String::new(), quoted())
    } else if message.starts_with("unknown field") {
        // serde's path ends with the unknown field already.
        (FieldRule::UnknownField, String::new(), None)
    } else if message.starts_with("duplicate field") {
        (FieldRule::Twice, String::new(), quoted())
    } else if message.starts_with("unknown variant") {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        (FieldRule::UnknownWord, known.join(", "), None)
    } else if message.starts_with("invalid value: integer") || message.starts_with("invalid value: floating point") {
        (FieldRule::OutOfRange, String::new(), None)
    } else if let Some(types) = message.strip_prefix("invalid type: ") {
        (FieldRule::WrongType, types.to_owned(), None)
    } else {
        (FieldRule::Malformed, message.to_owned(), None)
    }
}

fn field_problem(place: String, message: &str) -> Problem {
    let (rule, parameter, below) = rule_of(message);
    let place = match below {
        Some(field) if !place.ends_with(&format!("/{field}")) => format!("{place}/{field}"),
        _ => place,
    };
    Problem::with_field(Kind::InvalidBody, Place::Pointer(place), rule, parameter)
}
