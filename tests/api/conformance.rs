//! Every answer that any test receives is one that the document tells of: its status, its code, its media type, its body.

use crate::harness::Received;
use jsonschema::Validator;
use rejoinder::api::operations;
use reqwest::Method;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

/// What the document says of the answers.
static TOLD: LazyLock<Told> = LazyLock::new(Told::read);

/// An operation: method, segments of the path, answers by status.
struct Operation {
    method: String,
    segments: Vec<String>,
    answers: HashMap<u16, Answer>,
}

struct Answer {
    description: String,
    /// Whether it may tell a version.
    versioned: bool,
    /// By media type.
    bodies: HashMap<String, Arc<Validator>>,
}

struct Told(Vec<Operation>);

impl Told {
    fn read() -> Self {
        let document: Value = serde_json::from_str(&operations::document_text()).expect("JSON");
        // Many answers have the same body.
        let known: Mutex<HashMap<String, Arc<Validator>>> = Mutex::default();
        let validator = |content: &Value| {
            let build = || {
                let mut schema = content["schema"].clone();
                schema["components"] = document["components"].clone();
                Arc::new(jsonschema::draft202012::options().should_validate_formats(true).build(&schema).expect("a schema"))
            };
            known.lock().expect("validators").entry(content["schema"].to_string()).or_insert_with(build).clone()
        };
        let answer = |response: &Value| {
            let response = response["$ref"].as_str().map_or(response, |at| document.pointer(&at[1..]).expect("what is shared"));
            let bodies = response["content"].as_object().into_iter().flatten();
            Answer {
                description: response["description"].as_str().expect("a description").to_owned(),
                versioned: response["headers"]["ETag"].is_object(),
                bodies: bodies.map(|(name, content)| (name.clone(), validator(content))).collect(),
            }
        };
        let paths = document["paths"].as_object().expect("paths").iter();
        let all = paths.flat_map(|(path, item)| {
            item.as_object().expect("operations").iter().map(move |(method, operation)| (path, method, operation))
        });
        let mut all: Vec<_> = all
            .map(|(path, method, operation)| Operation {
                method: method.to_uppercase(),
                segments: path.split('/').map(str::to_owned).collect(),
                answers: operation["responses"]
                    .as_object()
                    .expect("responses")
                    .iter()
                    .map(|(status, response)| (status.parse().expect("a status"), answer(response)))
                    .collect(),
            })
            .collect();
        // A fixed segment goes before a parameter.
        all.sort_by_key(|operation| operation.segments.join("/").replace('{', "~"));
        Self(all)
    }

    fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let segments: Vec<&str> = path.split('/').collect();
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        let fits = |operation: &&Operation| {
            let pairs = operation.segments.iter().zip(&segments);
            operation.segments.len() == segments.len() && pairs.into_iter().all(|(told, given)| told.starts_with('{') || told == given)
        };
        // The first path that fits is the one that is routed to; another method on it is no operation.
        let routed = self.0.iter().find(fits)?;
        self.0.iter().filter(|operation| operation.segments == routed.segments).find(|operation| operation.method == method)
    }
}

/// Checks an answer; what is no operation of the document is left alone.
pub(crate) fn check(method: &Method, path: &str, received: &Received) {
    let (status, body) = (received.status, &received.bytes);
    // What a media type says besides its name is not in the document.
    let content_type = received.header("content-type").split(';').next().unwrap_or_default().to_owned();
    let Some(operation) = TOLD.find(method, path) else { return };
    let name = format!("{method} {} answers {status}", operation.segments.join("/"));
    let shown = String::from_utf8_lossy(body);
    let answer = operation.answers.get(&status.as_u16()).unwrap_or_else(|| panic!("{name}, which the document does not tell of: {shown}"));
    if body.is_empty() {
        return;
    }
    assert!(
        answer.versioned || !status.is_success() || received.etag().is_empty(),
        "{name} with an ETag, which the document does not tell of"
    );
    let validator =
        answer.bodies.get(&content_type).unwrap_or_else(|| panic!("{name} with {content_type}, which the document does not tell of"));
    let is_text = content_type.starts_with("text/");
    let value = if is_text { Value::String(shown.into_owned()) } else { serde_json::from_slice(body).expect("JSON") };
    if !validator.is_valid(&value) {
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        panic!("{name} with a body that does not fit: {errors:?} {value}");
    }
    if status.is_client_error() || status.is_server_error() {
        let code = value["code"].as_str().expect("a code");
        assert!(answer.description.contains(&format!("`{code}`")), "{name} with the code {code}, which the document does not name there");
    }
}
