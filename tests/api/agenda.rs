//! The agenda over all cases, and the calendar feed of it.

use crate::harness::{Caller, Database, Received, TestApp, a_platform_finding, on_both};
use rejoinder::domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn id(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// All of an agenda, page by page.
async fn all(caller: &Caller, filters: &str, limit: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/v1/agenda?limit={limit}{filters}{cursor}")).await.expect(200);
        found.extend(page["data"].as_array().expect("data").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// Reads a feed by its whole address.
async fn read_feed(caller: &Caller, url: &str) -> Received {
    let path = url.split_once("/v1/").expect("an address").1;
    Caller { token: None, ..caller.clone() }.request(Method::GET, &format!("/v1/{path}")).send().await
}

fn text(received: Received) -> String {
    assert_eq!(received.status, 200, "{received:?}");
    assert!(received.header("content-type").starts_with("text/calendar; charset=utf-8"));
    // Lines are folded at 75 octets.
    String::from_utf8(received.bytes).expect("UTF-8").replace("\r\n ", "")
}

on_both! {
    /// One call over all cases, in order, nothing lost or twice at the edges of its pages.
    async fn one_call_shows_what_is_next(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let shop = agency.shop("douyin").await;
        for _ in 0..4 {
            handler.post("/v1/cases", a_platform_finding(&shop)).await.expect(201);
        }
        let other = agency.case().await;
        let whole = all(&handler, "", 200).await;
        let ids: BTreeSet<&str> = whole.iter().map(|item| id(&item["id"])).collect();
        assert_eq!(ids.len(), whole.len());
        let moments: Vec<&str> = whole.iter().map(|item| id(&item["due_at"])).collect();
        assert!(moments.is_sorted());
        // Four cases of one moment: most rows are due at the same time as others.
        for limit in [1, 3, 7] {
            let pages = all(&handler, "", limit).await;
            assert_eq!(pages, whole, "in pages of {limit}");
        }
        let deadlines = all(&handler, "&kind=deadline", 200).await;
        let tasks = all(&handler, "&kind=task", 200).await;
        assert_eq!(deadlines.len() + tasks.len(), whole.len());
        assert!(deadlines.len() >= 5 && tasks.iter().all(|task| task["task_status"].is_string() && task["deadline_status"].is_null()));
        let item = deadlines.iter().find(|item| item["rule_id"] == "PF-DOUYIN-APPEAL").unwrap();
        assert_eq!((&item["case_title"], &item["platform"], &item["owed_by"]), (&json!("抖音：涉嫌虚假交易 120 单"), &json!("douyin"), &json!("us")));
        assert_eq!(handler.get(id(&item["link"])).await.expect(200)["id"], item["id"]);
        for (filters, holds) in [
            (format!("&shop_id={}", id(&shop["id"])), ("shop_id", &shop["id"])),
            (format!("&case_id={}", id(&other["id"])), ("case_id", &other["id"])),
            (format!("&assignee_id={}", handler.member.clone().unwrap()), ("assignee_id", &json!(handler.member))),
            ("&stage=cooperation".to_owned(), ("stage", &json!("cooperation"))),
            ("&owed_by=them".to_owned(), ("owed_by", &json!("them"))),
        ] {
            let (field, value) = holds;
            let expected: Vec<&Value> = whole.iter().filter(|item| item[field] == *value).collect();
            let found = all(&handler, &filters, 200).await;
            assert!(!found.is_empty() && found.iter().eq(expected), "{filters}");
        }
        let middle = moments[moments.len() / 2].to_owned();
        let before = all(&handler, &format!("&to={middle}"), 200).await;
        let after = all(&handler, &format!("&from={middle}"), 200).await;
        assert_eq!([before, after].concat(), whole);
        app.advance(20 * 24 * 3600);
        let handler = agency.log_in(&handler.email).await;
        let late = all(&handler, "&overdue=true", 200).await;
        let ahead = all(&handler, "&overdue=false", 200).await;
        assert!(late.iter().all(|item| item["overdue"] == true) && ahead.iter().all(|item| item["overdue"] == false));
        assert!(!late.is_empty() && late.len() + ahead.len() == whole.len());
    }

    /// The reason why something cannot be done at once stands beside it; what has ended is gone.
    async fn what_stands_in_the_way_is_in_the_row(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = agency.case().await;
        let appeal = case["deadlines"].as_array().unwrap().iter().find(|d| d["rule_id"] == "PF-DOUYIN-APPEAL").unwrap();
        let row = async || all(&handler, "&kind=deadline", 200).await.into_iter().find(|item| item["id"] == appeal["id"]).unwrap();
        let reasons = |row: &Value| row["blocking"].as_array().unwrap().iter().map(|reason| id(&reason["code"]).to_owned()).collect::<Vec<_>>();
        assert_eq!(reasons(&row().await), ["tasks_open"]);
        let task = case["tasks"].as_array().unwrap().iter().find(|task| task["stage"] == "cooperation" && task["required"] == true).unwrap();
        let path = format!("/v1/tasks/{}", id(&task["id"]));
        handler.patch(&path, json!({ "status": "blocked", "note": "等客户补底单" })).await.expect(200);
        let blocked = row().await;
        assert_eq!(reasons(&blocked), ["task_blocked", "tasks_open"]);
        assert_eq!(blocked["blocking"][0]["link"], path);
        let of_task = all(&handler, "&kind=task", 200).await.into_iter().find(|item| item["id"] == task["id"]).unwrap();
        assert!(id(&of_task["blocking"][0]["message"]).contains("等客户补底单"));
        let suspend = json!({ "ground": "other", "reason": "x", "from": "2026-11-21T09:30:00+08:00" });
        handler.post(&format!("/v1/deadlines/{}/suspend", id(&appeal["id"])), suspend).await.expect(200);
        assert_eq!(reasons(&row().await)[0], "suspended");
        handler.post(&format!("/v1/deadlines/{}/meet", id(&appeal["id"])), json!({})).await.expect(200);
        handler.patch(&path, json!({ "status": "done" })).await.expect(200);
        let left = all(&handler, "", 200).await;
        assert!(left.iter().all(|item| item["id"] != appeal["id"] && item["id"] != task["id"]));
        let closing = json!({ "to": "closed", "override": true, "reason": "x" });
        agency.manager().await.post(&format!("/v1/cases/{}/transitions", id(&case["id"])), closing).await.expect(200);
        assert_eq!(all(&handler, "", 200).await, Vec::<Value>::new(), "nothing of a closed case");
    }

    /// Whoever reaches only what was granted sees only that; another tenant nothing.
    async fn an_agenda_is_within_reach(app) {
        let agency = app.agency().await;
        let (counsel, manager) = (agency.member(Role::Counsel).await, agency.manager().await);
        let (granted, _) = (agency.case().await, agency.case().await);
        assert_eq!(all(&counsel, "", 200).await, Vec::<Value>::new());
        manager.post("/v1/grants", json!({ "member_id": counsel.member, "case_id": granted["id"] })).await.expect(201);
        let seen = all(&counsel, "", 200).await;
        assert!(!seen.is_empty() && seen.iter().all(|item| item["case_id"] == granted["id"]));
        let feed = counsel.post("/v1/agenda_feeds", json!({ "name": "x", "only_mine": false, "language": "en" })).await.expect(201);
        let read = text(read_feed(&counsel, id(&feed["url"])).await);
        let deadlines = seen.iter().filter(|item| item["kind"] == "deadline").count();
        assert_eq!(read.matches("BEGIN:VEVENT").count(), deadlines, "{read}");
        let stranger = app.agency().await;
        assert_eq!(all(&stranger.handler().await, "", 200).await, Vec::<Value>::new());
        let by_shop = format!("&shop_id={}", id(&granted["shop_id"]));
        assert_eq!(all(&stranger.handler().await, &by_shop, 200).await, Vec::<Value>::new());
    }

    /// A calendar program is told of every change: one UID, a SEQUENCE that rises, CANCELLED at the end; its token can be revoked.
    async fn a_feed_follows_its_deadlines(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        let case = agency.case().await;
        let appeal = case["deadlines"].as_array().unwrap().iter().find(|d| d["rule_id"] == "PF-DOUYIN-APPEAL").unwrap();
        let path = format!("/v1/deadlines/{}", id(&appeal["id"]));
        let feed = handler.post("/v1/agenda_feeds", json!({ "name": "手机" })).await.expect(201);
        let url = id(&feed["url"]).to_owned();
        let event_of = |calendar: &str, uid: &str| calendar.split("BEGIN:VEVENT").find(|event| event.contains(&format!("UID:{uid}@rejoinder"))).unwrap().to_owned();
        let event = |calendar: &str| event_of(calendar, id(&appeal["id"]));
        let first = event(&text(read_feed(&handler, &url).await));
        for line in ["SEQUENCE:1\r\n", "STATUS:CONFIRMED", "DTEND:20261127T013000Z", "抖音虚假交易申诉"] {
            assert!(first.contains(line), "{line}: {first}");
        }
        handler.patch(&path, json!({ "due_on": "2026-12-01", "basis": "页面倒计时" })).await.expect(200);
        let moved = event(&text(read_feed(&handler, &url).await));
        assert!(moved.contains("SEQUENCE:2\r\n") && moved.contains("DTSTART;VALUE=DATE:20261201"), "{moved}");
        handler.post(&format!("{path}/meet"), json!({})).await.expect(200);
        let met = read_feed(&handler, &url).await;
        let tag = met.etag();
        let met = event(&text(met));
        assert!(met.contains("SEQUENCE:3\r\n") && met.contains("STATUS:CANCELLED"), "{met}");
        let again = Caller { token: None, ..handler.clone() };
        let again = again.request(Method::GET, &format!("/v1/{}", url.split_once("/v1/").unwrap().1)).header("if-none-match", &tag).send().await;
        assert_eq!(again.status, 304);
        // What was open when its case closed is cancelled by a version of its own.
        let freeze = case["deadlines"].as_array().unwrap().iter().find(|d| d["rule_id"] == "PF-DOUYIN-FREEZE").unwrap();
        let closing = json!({ "to": "closed", "override": true, "reason": "x" });
        agency.manager().await.post(&format!("/v1/cases/{}/transitions", id(&case["id"])), closing).await.expect(200);
        let closed = event_of(&text(read_feed(&handler, &url).await), id(&freeze["id"]));
        assert!(closed.contains("SEQUENCE:4\r\n") && closed.contains("STATUS:CANCELLED"), "{closed}");
        assert!(handler.get("/v1/agenda_feeds").await.expect(200)["data"][0]["url"].is_null(), "told once");
        handler.request(Method::DELETE, &format!("/v1/agenda_feeds/{}", id(&feed["id"]))).send().await.expect(204);
        read_feed(&handler, &url).await.problem(404, "not_found");
        for token in ["x", "rjf_x", &url.split_once("token=").unwrap().1.replace('A', "B")] {
            read_feed(&handler, &format!("{}/v1/agenda.ics?token={token}", app.url)).await.problem(404, "not_found");
        }
    }

    /// The whole agenda is one statement for each kind, however many cases there are.
    async fn an_agenda_is_one_statement_for_each_kind(app) {
        let agency = app.agency().await;
        let handler = agency.handler().await;
        agency.case().await;
        let count = async |path: &str| {
            let before = app.store.statements();
            handler.get(path).await.expect(200);
            app.store.statements() - before
        };
        let few = (count("/v1/agenda?kind=deadline").await, count("/v1/agenda").await);
        for _ in 0..5 {
            agency.case().await;
        }
        assert_eq!((count("/v1/agenda?kind=deadline").await, count("/v1/agenda").await), few);
        assert_eq!(few, (2, 3), "and one that asks who it is");
    }
}

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

/// What the agenda reads of deadlines and of cases stands in their indexes.
#[actix_web::test]
async fn an_agenda_reads_indexes_alone() {
    use diesel::{Connection as _, RunQueryDsl as _};
    let app = TestApp::start(Database::Sqlite).await.unwrap();
    let agency = app.agency().await;
    for _ in 0..3 {
        agency.case().await;
    }
    let mut conn = diesel::SqliteConnection::establish(app.database_file().to_str().unwrap()).unwrap();
    let sql = "EXPLAIN QUERY PLAN SELECT d.id, d.case_id, d.shop_id, d.assignee_id, d.stage, d.status, d.owed_by, d.rule_id, d.key, d.title, d.due_on, d.due_at,
            d.provisional, d.as_stated, d.statutory, c.number, c.title, c.platform,
            (SELECT count(*) FROM tasks WHERE tasks.tenant_id = d.tenant_id AND tasks.case_id = d.case_id AND tasks.stage = d.stage
                AND tasks.required AND tasks.status IN ('todo', 'in_progress', 'blocked')),
            (SELECT tasks.id FROM tasks WHERE tasks.tenant_id = d.tenant_id AND tasks.case_id = d.case_id AND tasks.stage = d.stage
                AND tasks.status = 'blocked' LIMIT 1)
        FROM deadlines d INNER JOIN cases c ON c.tenant_id = d.tenant_id AND c.id = d.case_id
        WHERE d.tenant_id = x'00' AND d.is_open AND c.status = 'open' ORDER BY d.due_at, d.id LIMIT 51";
    let plan: Vec<Step> = diesel::sql_query(sql).load(&mut conn).unwrap();
    let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
    assert!(plan.iter().any(|step| step.contains("USING COVERING INDEX deadlines_agenda (tenant_id=?)")), "{plan:#?}");
    assert_eq!(plan.iter().filter(|step| step.contains("tasks USING COVERING INDEX tasks_open_by_case_stage")).count(), 2, "{plan:#?}");
    assert!(plan.iter().any(|step| step.contains("SEARCH c USING") && step.contains("tenant_id=? AND id=?")), "{plan:#?}");
    assert!(!plan.iter().any(|step| step.contains("SCAN") || step.contains("TEMP B-TREE")), "{plan:#?}");
}
