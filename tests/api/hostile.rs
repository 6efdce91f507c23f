//! Bad input: each answered with the right problem, and nothing written.

use crate::harness::{a_platform_finding, on_both};
use reqwest::Method;
use serde_json::json;

on_both! {
    async fn framework_failures_are_problems_too(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        handler.get("/v1/nothing").await.problem(404, "unknown_route");
        let refused = handler.request(Method::DELETE, "/v1/cases").send().await;
        assert_eq!(refused.header("allow"), "GET, POST, HEAD");
        refused.problem(405, "method_not_allowed");
        handler.get("/v1/cases?nonsense=1").await.problem(400, "invalid_parameter");
        handler.get("/v1/cases?limit=0").await.problem(400, "invalid_parameter");
        handler.get("/v1/cases?limit=1&limit=2").await.problem(400, "invalid_parameter");
        handler.get("/v1/cases?cursor=AAAA").await.problem(400, "invalid_cursor");
        handler.get("/v1/cases/nope").await.problem(400, "invalid_parameter");
        handler.get(&format!("/v1/cases?q={}", "x".repeat(5000))).await.problem(414, "url_too_long");
    }
}
