//! The contract: what is served is what is checked in, and generators can work with it.

use crate::harness::{CONSOLE, Database, TestApp};
use rejoinder::api::operations;
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path};

/// The operations, with the answers that they share in place.
fn operations_of(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| {
                let mut operation = operation.clone();
                for response in operation["responses"].as_object_mut().unwrap().values_mut() {
                    if let Some(reference) = response["$ref"].as_str() {
                        *response = document.pointer(&reference[1..]).unwrap().clone();
                    }
                }
                (method.clone(), path.clone(), operation)
            })
        })
        .collect()
}

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/rejoinder.json");
    let served = operations::document_text();
    if std::env::var_os("REJOINDER_UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &served).unwrap();
    }
    let checked_in = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(checked_in == served, "openapi/rejoinder.json is old: run `cargo run -- openapi > openapi/rejoinder.json`");
}

#[test]
fn the_document_is_one_that_generators_can_work_with() {
    let document: Value = serde_json::from_str(&operations::document_text()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = HashSet::new();
    for (method, path, operation) in operations_of(&document) {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{name}: {id} occurs twice");
        assert!(id.chars().all(char::is_alphanumeric) && id.starts_with(char::is_lowercase), "{name}: {id}");
        assert!(operation["summary"].as_str().is_some_and(|s| s.len() > 5), "{name} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        assert!(operation["security"].is_array(), "{name} does not say who may call it");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')) && responses.keys().any(|status| status.starts_with('4')), "{name}");
        for (status, response) in responses {
            assert!(response["description"].as_str().is_some_and(|d| !d.is_empty()), "{name} {status}");
        }
        for segment in path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')) {
            let described = operation["parameters"].as_array().unwrap().iter().any(|p| p["name"] == segment && p["in"] == "path");
            assert!(described, "{name} does not describe {segment}");
        }
    }
    let text = document.to_string();
    assert!(!text.contains("\"allOf\""), "generators stumble over allOf");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is described and not referred to");
        assert!(schemas[name]["description"].is_string(), "{name} has a name and no meaning");
    }
    let mut at = 0;
    while let Some(found) = text[at..].find("#/components/schemas/") {
        let start = at + found + "#/components/schemas/".len();
        let name: String = text[start..].chars().take_while(|c| *c != '"').collect();
        assert!(schemas.contains_key(&name), "{name} is referred to and not described");
        at = start;
    }
}

/// A validator for a schema of the document.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    jsonschema::draft202012::options().should_validate_formats(true).build(&root).unwrap()
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(elements) => elements.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with the examples of a body.
fn wrong_examples(document: &Value, content: &Value) -> Vec<String> {
    let validator = validator(document, &content["schema"]);
    let examples = content["examples"].as_object().into_iter().flatten();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, example) in examples {
        let example = example["$ref"].as_str().map_or(example, |reference| document.pointer(&reference[1..]).unwrap());
        let value = &example["value"];
        wrong.extend(validator.iter_errors(value).map(|error| format!("{name}{}: {error}", error.instance_path())));
        let untold = texts(value).into_iter().find(|text| *text == "…");
        wrong.extend(
            untold.map(|_| format!("{name}: a text is not told, say `#[schema(example = ..)]` or tell it in src/api/examples.rs: {value}")),
        );
        seen += 1;
    }
    wrong.extend((seen == 0).then(|| "no example".to_owned()));
    wrong
}

#[test]
fn every_operation_has_examples_that_fit_their_schemas() {
    let document: Value = serde_json::from_str(&operations::document_text()).unwrap();
    let mut wrong = Vec::new();
    let mut add = |place: String, found: Vec<String>| wrong.extend(found.into_iter().map(|what| format!("{place}: {what}")));
    for (method, path, operation) in operations_of(&document) {
        let bodies = operation["requestBody"]["content"].as_object().into_iter().flatten();
        for (media_type, content) in bodies {
            add(format!("{method} {path}, {media_type}"), wrong_examples(&document, content));
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            for (media_type, content) in response["content"].as_object().into_iter().flatten() {
                add(format!("{method} {path}, {status} {media_type}"), wrong_examples(&document, content));
                let shown = content["examples"].as_object().unwrap();
                if media_type == "application/problem+json" {
                    let named: Vec<&str> = response["description"].as_str().unwrap().split('`').skip(1).step_by(2).collect();
                    assert!(named.iter().all(|code| shown.contains_key(*code)) && named.len() == shown.len(), "{method} {path} {status}");
                    let status: u16 = status.parse().unwrap();
                    assert!(named.iter().all(|code| document["components"]["examples"][code]["value"]["status"] == status));
                }
            }
        }
        for parameter in operation["parameters"].as_array().unwrap() {
            let validator = validator(&document, &parameter["schema"]);
            assert!(
                parameter["in"] != "path" || !parameter["example"].is_null(),
                "{method} {path} has no example of {}",
                parameter["name"]
            );
            assert!(parameter.get("example").is_none_or(|example| validator.is_valid(example)), "{method} {path}: {parameter}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_schema_fits_what_it_says_of_itself() {
    let document: Value = serde_json::from_str(&operations::document_text()).unwrap();
    let mut left: Vec<&Value> = document["components"]["schemas"].as_object().unwrap().values().collect();
    let mut seen = 0;
    while let Some(schema) = left.pop() {
        let said = schema.get("example").filter(|_| schema.get("type").is_some()).into_iter();
        for example in said.chain(schema["examples"].as_array().into_iter().flatten()) {
            let errors: Vec<String> = validator(&document, schema).iter_errors(example).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{example}: {errors:?}");
            seen += 1;
        }
        left.extend(schema["properties"].as_object().into_iter().flat_map(|properties| properties.values()));
    }
    assert!(seen > 50, "only {seen} examples");
}

#[actix_web::test]
async fn the_document_and_its_pages_come_from_the_binary() {
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let nobody = app.nobody();
    let served = nobody.get("/openapi.json").await;
    let tag = served.etag();
    assert_eq!(String::from_utf8(served.bytes).unwrap(), operations::document_text());
    let again = nobody.request(reqwest::Method::GET, "/openapi.json").header("if-none-match", &tag).send().await;
    assert_eq!(again.status, 304);
    let page = nobody.get("/docs/").await;
    assert!(page.header("content-type").starts_with("text/html"));
    // The browser itself keeps the page from loading anything from elsewhere.
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    let page = String::from_utf8(page.bytes).unwrap();
    for part in page.split(['"', '\'']).filter(|part| [".js", ".css", ".png"].iter().any(|end| part.ends_with(end))) {
        assert!(!part.contains("//"), "{part} comes from elsewhere");
        let asset = nobody.get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(asset.status, 200, "{part}");
        assert_eq!(asset.header("content-security-policy"), policy, "{part}");
    }
    let start = String::from_utf8(nobody.get("/docs/swagger-initializer.js").await.bytes).unwrap();
    assert!(start.contains("/openapi.json"), "{start}");
    nobody.get("/docs/nothing.js").await.problem(404, "unknown_route");
}

#[actix_web::test]
async fn pages_of_the_named_origin_may_call_and_read_the_headers() {
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let asking = |origin: &str, header: &str| {
        let asked = app.nobody().request(reqwest::Method::OPTIONS, "/v1/cases").header("origin", origin);
        asked.header("access-control-request-method", "PATCH").header("access-control-request-headers", header).send_untold()
    };
    let allowed = asking(CONSOLE, "if-match, idempotency-key").await;
    assert_eq!((allowed.status.as_u16(), allowed.header("access-control-allow-origin")), (200, CONSOLE.to_owned()));
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    for (origin, header) in [("https://elsewhere.example", "if-match"), (CONSOLE, "x-forwarded-for"), ("null", "if-match")] {
        assert_ne!(asking(origin, header).await.header("access-control-allow-origin"), origin, "{origin} {header}");
    }
    let answer = app.nobody().request(reqwest::Method::GET, "/v1/me").header("origin", CONSOLE).send().await;
    assert!(answer.header("access-control-expose-headers").to_lowercase().contains("etag"));
    assert!(answer.header("vary").contains("Origin"), "{answer:?}");
    answer.problem(401, "unauthenticated");
    let stranger = app.nobody().request(reqwest::Method::GET, "/livez").header("origin", "https://elsewhere.example").send().await;
    assert_eq!(stranger.header("access-control-allow-origin"), "");
}

#[actix_web::test]
async fn every_problem_explains_itself_in_both_languages() {
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    for kind in rejoinder::api::problem::Kind::ALL {
        let page = app.nobody().get(&format!("/problems/{}", kind.code())).await.expect(200);
        assert_eq!((&page["code"], &page["status"]), (&json!(kind.code()), &json!(kind.status().as_u16())));
        use rejoinder::domain::language::Language::{Chinese, English};
        assert!(kind.title(Chinese).chars().any(|c| c > '\u{2e80}') && kind.title(English).is_ascii(), "{}", kind.code());
    }
    app.nobody().get("/livez").await.expect(200);
    app.nobody().get("/readyz").await.expect(200);
    app.nobody().get("/.well-known/api-catalog").await.expect(200);
}

#[actix_web::test]
async fn a_panic_is_one_requests_problem() {
    use actix_web::{App, middleware::from_fn, test, web};
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let outbound = rejoinder::outbound::Outbound::new(&rejoinder::outbound::OutboundSettings::default()).unwrap();
    let limits = rejoinder::limits::Limits::default();
    let services = rejoinder::server::services(app.store.clone(), limits, app.url.clone(), false, outbound).unwrap();
    async fn boom() -> actix_web::HttpResponse {
        panic!("a planted panic")
    }
    let fragile = App::new().app_data(services).wrap(from_fn(rejoinder::api::frame::frame)).route("/boom", web::get().to(boom));
    let fragile = test::init_service(fragile).await;
    for _ in 0..2 {
        let request = test::TestRequest::get().uri("/boom").to_request();
        let error = test::try_call_service(&fragile, request).await.unwrap_err();
        let answer = error.error_response();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers().get("content-type").unwrap(), "application/problem+json");
        let problem: Value = serde_json::from_slice(&actix_web::body::to_bytes(answer.into_body()).await.unwrap()).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(!problem.to_string().contains("planted"), "the cause is for the log");
    }
}
