//! Reminders and escalation: each step of a ladder once, to whoever is there, at a time when they read it, over channels that work.

use crate::{
    harness::{Agency, Caller, TestApp, a_platform_finding, on_both},
    outbound::{Received, Reply},
};
use clap::Parser as _;
use futures_util::future::join;
use jiff::{civil::Date, tz::TimeZone};
use rejoinder::{
    config::{Command, CommandLine},
    domain::{access::Role, content::Content, time::Instant},
    jobs::Jobs,
    server,
    store::records::Alarm,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOUR: i64 = 3600;

fn china() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn now(app: &TestApp) -> Instant {
    app.store.ground().clock.now()
}

/// Whether people in China work on a day, and on so many days after it.
fn working(days: i32) -> impl Fn(Date) -> bool {
    let calendar = Content::embedded().unwrap().calendar;
    move |date| (0..=days).all(|n| calendar.is_working_day(date + jiff::Span::new().days(n)))
}

/// A Saturday off with working days after the week-end.
fn free_saturday(date: Date) -> bool {
    let monday = date + jiff::Span::new().days(2);
    date.weekday() == jiff::civil::Weekday::Saturday && !working(0)(date) && working(3)(monday)
}

/// The next time in China at which a day of this kind is that late.
fn next(app: &TestApp, day: impl Fn(Date) -> bool, hour: i8, minute: i8) -> Instant {
    let after = now(app);
    let mut date = after.day_in(&china()).0;
    loop {
        let at = Instant::new(date.at(hour, minute, 0, 0).to_zoned(china()).unwrap().timestamp());
        if at > after && day(date) {
            return at;
        }
        date = date.tomorrow().unwrap();
    }
}

/// Moves the clock to just after a moment, and does what is due by then.
async fn go(app: &TestApp, at: Instant) {
    let seconds = (at.microseconds() - now(app).microseconds()).div_euclid(1_000_000) + 2;
    assert!(seconds > 0, "{at} is over");
    app.advance(seconds);
    app.run_jobs().await;
}

/// Two processes do what is due at the same time, one of them again and again.
async fn at_the_same_time(app: &TestApp, agency: &Agency<'_>, alarm: Alarm) {
    let work = async |jobs: &Jobs| match alarm {
        Alarm::Deadlines => jobs.look_after_deadlines().await.unwrap(),
        Alarm::Messages => jobs.send_messages().await.unwrap(),
    };
    let other = app.other_jobs();
    let hurrying = async {
        for _ in 0..10 {
            // Otherwise whoever comes second finds the tenant looked after.
            app.store.wake(agency.tenant, alarm, now(app)).await.unwrap();
            work(&other).await;
        }
    };
    join(work(&app.jobs), hurrying).await;
}

/// The same caller with a session that holds now.
async fn again(agency: &Agency<'_>, caller: &Caller) -> Caller {
    agency.log_in(&caller.email).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A deadline typed in from a notice, for which a member answers.
async fn deadline(handler: &Caller, case: &Value, due_at: Instant, assignee: &Caller) -> Value {
    let new = json!({ "stage": "cooperation", "title": "提交说明", "due_at": due_at, "assignee_id": assignee.member });
    handler.post(&format!("/v1/cases/{}/deadlines", text(&case["id"])), new).await.expect(201)
}

/// All reminders that were sent of a deadline, by when they were planned.
async fn sent(caller: &Caller, deadline: &Value) -> Vec<Value> {
    let mut all = record(caller, &text(&deadline["case_id"])).await;
    all.retain(|reminder| reminder["deadline_id"] == deadline["id"]);
    all.sort_by_key(|reminder| (text(&reminder["planned_at"]), text(&reminder["member_id"])));
    all
}

/// All reminders that were sent in a case.
async fn record(caller: &Caller, case: &str) -> Vec<Value> {
    let (mut all, mut path) = (Vec::new(), format!("/v1/cases/{case}/reminders?limit=200"));
    loop {
        let page = caller.get(&path).await.expect(200);
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/cases/{case}/reminders?limit=200&cursor={cursor}"),
            None => return all,
        }
    }
}

fn steps(reminders: &[Value]) -> Vec<&str> {
    reminders.iter().map(|reminder| reminder["step"].as_str().unwrap()).collect()
}

/// The reminders of a deadline that a caller is shown.
async fn shown(caller: &Caller, deadline: &Value) -> Vec<Value> {
    let page = caller.get("/v1/reminders?limit=200").await.expect(200);
    page["data"].as_array().unwrap().iter().filter(|reminder| reminder["deadline_id"] == deadline["id"]).cloned().collect()
}

async fn mail_channel(caller: &Caller, address: &str) -> Value {
    let new = json!({ "kind": "email", "name": "邮箱", "address": address, "language": "en" });
    caller.post("/v1/notification_channels", new).await.expect(201)
}

/// The mails that went to an address about a deadline of the case.
fn mails(app: &TestApp, address: &str) -> Vec<(String, String)> {
    let mails: Vec<Received> = app.mail.mails().iter().map(|mail| Received::read(mail)).collect();
    let theirs = mails.iter().filter(|mail| mail.header("To") == address && mail.header("Subject").contains("提交说明"));
    theirs.map(|mail| (mail.header("Subject").to_owned(), mail.text.clone())).collect()
}

#[test]
fn the_servers_that_messages_go_through_are_settings() {
    let file = std::env::temp_dir().join(format!("rejoinder-smtp-{}", std::process::id()));
    std::fs::write(&file, "smtps://name:p%40ss@mail.example\n").unwrap();
    let (from, file) = ("Rejoinder <no-reply@cases.example>", file.to_str().unwrap().to_owned());
    for (arguments, starts) in [
        (vec![], true),
        (vec!["--smtp-url", "smtps://mail.example", "--smtp-from", from], true),
        (vec!["--smtp-url-file", &file, "--smtp-from", from], true),
        (vec!["--smtp-url", "smtps://mail.example"], false),
        (vec!["--smtp-url", "mail.example", "--smtp-from", from], false),
        (vec!["--smtp-url-file", "/nowhere", "--smtp-from", from], false),
        (vec!["--wecom-url", "http://robots.example"], false),
        (vec!["--feishu-url", "https://open.larksuite.com", "--dingtalk-url", "http://127.0.0.1:9"], true),
    ] {
        let given = CommandLine::parse_from(["rejoinder", "serve"].into_iter().chain(arguments.clone()));
        let Command::Serve(settings) = given.command else { panic!("{arguments:?}") };
        assert_eq!(server::outbound(&settings.outbound).is_ok(), starts, "{arguments:?}");
    }
    std::fs::remove_file(file).unwrap();
}

on_both! {
    async fn every_step_fires_once_although_two_processes_run(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(2), 10, 0)).await;
        let (manager, handler, case) = (agency.manager().await, agency.handler().await, agency.case().await);
        let end = now(&app).plus_seconds(48 * HOUR);
        let mut deadlines = Vec::new();
        for _ in 0..50 {
            deadlines.push(deadline(&handler, &case, end, &handler).await);
        }
        let both = async || at_the_same_time(&app, &agency, Alarm::Deadlines).await;
        both().await;
        assert_eq!(sent(&handler, &deadlines[0]).await.len(), 0, "more than a day is left");
        let path = format!("/v1/deadlines/{}", text(&deadlines[0]["id"]));
        app.advance(24 * HOUR + 60);
        let before = again(&agency, &handler).await.get(&path).await.etag();
        both().await;
        // Reminding raises no version: whoever has read the deadline can still change it.
        assert_eq!(again(&agency, &handler).await.get(&path).await.etag(), before);
        for hours in [18, 4, 2] {
            app.advance(hours * HOUR);
            both().await;
            both().await;
        }
        let handler = again(&agency, &handler).await;
        let mut of: BTreeMap<String, BTreeMap<(String, String), usize>> = BTreeMap::new();
        for reminder in record(&handler, &text(&case["id"])).await {
            let key = (text(&reminder["step"]), text(&reminder["member_id"]));
            *of.entry(text(&reminder["deadline_id"])).or_default().entry(key).or_default() += 1;
        }
        let (me, boss) = (handler.member.clone().unwrap(), manager.member.clone().unwrap());
        let expected = BTreeMap::from_iter(
            [("end", &boss), ("one_day", &me), ("six_hours", &me), ("two_hours", &me)].map(|(step, who)| ((step.to_owned(), who.clone()), 1)),
        );
        for deadline in &deadlines {
            assert_eq!(of[&text(&deadline["id"])], expected);
        }
        let entries = handler.get(&format!("/v1/cases/{}/timeline?limit=200", text(&case["id"]))).await.expect(200);
        let told = entries["data"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "reminder.sent");
        assert!(told.clone().count() >= 50 && told.clone().all(|entry| entry["visibility"] == "internal" && entry["actor_kind"] == "system"));
    }

    async fn every_message_goes_out_once_although_two_processes_send(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(2), 10, 0)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        mail_channel(&handler, "once@agency.example").await;
        let end = now(&app).plus_seconds(25 * HOUR);
        for _ in 0..45 {
            deadline(&handler, &case, end, &handler).await;
        }
        app.advance(HOUR + 10);
        app.jobs.look_after_deadlines().await.unwrap();
        at_the_same_time(&app, &agency, Alarm::Messages).await;
        assert_eq!(mails(&app, "once@agency.example").len(), 45);
        let handler = again(&agency, &handler).await;
        let reminders = record(&handler, &text(&case["id"])).await;
        let deliveries: Vec<&Value> = reminders.iter().filter(|r| r["step"] == "one_day").flat_map(|r| r["deliveries"].as_array().unwrap()).collect();
        assert!(deliveries.len() >= 45 && deliveries.iter().all(|d| d["state"] == "sent" && d["attempts"] == 1), "{deliveries:?}");
        let ids: std::collections::BTreeSet<String> = app.mail.mails().iter().map(|mail| Received::read(mail).header("Message-ID").to_owned()).collect();
        assert_eq!(ids.len(), app.mail.mails().len());
    }

    async fn a_reminder_waits_for_the_morning_unless_it_is_critical(app) {
        let agency = app.agency().await;
        // The end is at nine in the morning: a day before is nine, six hours before is three at night.
        go(&app, next(&app, working(3), 8, 0)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        mail_channel(&handler, "night@agency.example").await;
        let group = json!({ "kind": "wecom", "name": "值班群", "address": "key-duty", "for_group": true });
        agency.manager().await.post("/v1/notification_channels", group).await.expect(201);
        let evening = deadline(&handler, &case, next(&app, working(0), 22, 0).plus_seconds(48 * HOUR), &handler).await;
        let morning = deadline(&handler, &case, next(&app, working(0), 9, 0).plus_seconds(48 * HOUR), &handler).await;
        let own = |all: Vec<Value>, step: &str| all.into_iter().find(|reminder| reminder["step"] == step).unwrap();

        // 22:00 of the day before its end: held until nine.
        go(&app, next(&app, |_| true, 22, 0).plus_seconds(24 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        let held = own(sent(&handler, &evening).await, "one_day");
        let nine = next(&app, |_| true, 9, 0);
        assert_eq!((&held["critical"], &held["shown_at"]), (&json!(false), &json!(nine)));
        assert_eq!((&held["deliveries"][0]["state"], &held["deliveries"][0]["next_at"]), (&json!("queued"), &json!(nine)));
        assert!(shown(&handler, &evening).await.is_empty());
        let robots = app.robots.seen().len();

        // 3:00 at night: the other one is critical, and goes to the group too.
        go(&app, next(&app, |_| true, 3, 0)).await;
        let handler = again(&agency, &handler).await;
        let at_night = own(sent(&handler, &morning).await, "six_hours");
        assert_eq!(at_night["critical"], true);
        assert_eq!(shown(&handler, &morning).await[0]["step"], "six_hours");
        let mut over: Vec<String> = at_night["deliveries"].as_array().unwrap().iter().map(|d| format!("{} {}", text(&d["channel_kind"]), text(&d["state"]))).collect();
        over.sort();
        assert_eq!(over, ["email sent", "wecom sent"]);
        assert!(app.robots.seen().len() > robots);
        assert!(shown(&handler, &evening).await.is_empty(), "it still waits");

        go(&app, nine).await;
        let handler = again(&agency, &handler).await;
        assert_eq!(shown(&handler, &evening).await[0]["step"], "one_day");
        let told = mails(&app, "night@agency.example");
        assert!(told.iter().any(|(subject, _)| subject.contains("12 h 59 min left")), "{told:?}");
        // The link leads to the deadline, and the case and the shop are named; the reporter is not.
        let (_, body) = told.last().unwrap();
        for part in [format!("/v1/deadlines/{}", text(&evening["id"])), text(&case["number"]), "Shop: 晨光家居".to_owned(), "22:00 (Asia/Shanghai)".to_owned()] {
            assert!(body.contains(&part), "{part}: {body}");
        }
    }

    async fn a_reminder_waits_for_the_week_end_to_pass(app) {
        let agency = app.agency().await;
        go(&app, next(&app, free_saturday, 8, 0).plus_seconds(-14 * 24 * HOUR).max(now(&app).plus_seconds(60))).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        let saturday = next(&app, |date| free_saturday(date) && (date - now(&app).day_in(&china()).0).get_days() > 7, 9, 0);
        // Three days before the end is that Saturday at nine.
        let ends = saturday.plus_seconds(3 * 24 * HOUR + 9 * HOUR);
        let ordinary = deadline(&handler, &case, ends, &handler).await;
        go(&app, saturday).await;
        let reminders = sent(&again(&agency, &handler).await, &ordinary).await;
        assert_eq!(steps(&reminders), ["three_days"]);
        assert_eq!(reminders[0]["planned_at"], json!(saturday));
        assert_eq!(reminders[0]["shown_at"], json!(saturday.plus_seconds(48 * HOUR)), "on Monday at nine");
        // Whoever works on Saturdays is told at once: the next step, by the member's own hours.
        go(&app, saturday.plus_seconds(2 * 24 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        assert_eq!(steps(&shown(&handler, &ordinary).await), ["one_day", "three_days"]);
    }

    async fn somebody_stands_in_for_whoever_is_away(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(2), 10, 0)).await;
        let (lead, away, deputy) = (agency.handler().await, agency.newcomer(Role::Handler, "away").await, agency.newcomer(Role::Handler, "deputy").await);
        let case = agency.case().await;
        mail_channel(&deputy, "deputy@agency.example").await;
        let hours = json!({ "zone": "Asia/Shanghai", "calendar": "cn", "works_from": "08:00", "works_until": "20:00", "language": "en" });
        let with = |more: Value| { let mut body = hours.clone(); body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone()); body };
        for (wrong, field) in [
            (json!({ "stand_in_id": away.member }), "/stand_in_id"), (json!({ "stand_in_id": case["id"] }), "/stand_in_id"), (json!({ "calendar": "mars" }), "/calendar"),
            (json!({ "works_until": "08:00" }), "/works_until"), (json!({ "away_until": now(&app) }), "/away_from"), (json!({ "zone": "Mars/Olympus" }), "/zone"), (json!({ "works_from": "8:00" }), "/works_from"),
        ] {
            let problem = away.put("/v1/me/availability", with(wrong)).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], format!("#{field}"));
        }
        let holiday = with(json!({ "away_from": now(&app), "stand_in_id": deputy.member }));
        let said = away.put("/v1/me/availability", holiday.clone()).await.expect(200);
        assert_eq!((&said["version"], &said["stand_in_id"]), (&json!(2), &json!(deputy.member)));
        let theirs = format!("/v1/members/{}/availability", away.member.clone().unwrap());
        assert_eq!(lead.get(&theirs).await.expect(200), said);
        lead.request(Method::PUT, &theirs).header("if-match", "\"2\"").json(&holiday).send().await.problem(403, "forbidden");
        agency.manager().await.request(Method::PUT, &theirs).header("if-match", "\"1\"").json(&holiday).send().await.problem(412, "stale");

        let first = deadline(&lead, &case, now(&app).plus_seconds(30 * HOUR), &away).await;
        go(&app, now(&app).plus_seconds(6 * HOUR)).await;
        let lead = again(&agency, &lead).await;
        let stood_in = sent(&lead, &first).await;
        assert_eq!(stood_in.len(), 1);
        assert_eq!((&stood_in[0]["member_id"], &stood_in[0]["stands_in_for_id"]), (&json!(deputy.member), &json!(away.member)));
        let told = mails(&app, "deputy@agency.example");
        assert!(told[0].1.contains("Somebody is away: you get this instead."), "{told:?}");

        // The deputy goes away too, and names nobody: the one who is away and the case's lead are told.
        let deputy = again(&agency, &deputy).await;
        deputy.put("/v1/me/availability", with(json!({ "away_from": now(&app) }))).await.expect(200);
        let second = deadline(&lead, &case, now(&app).plus_seconds(25 * HOUR), &away).await;
        go(&app, now(&app).plus_seconds(HOUR)).await;
        let lead = again(&agency, &lead).await;
        let mut reached: Vec<(Value, Value)> = sent(&lead, &second).await.iter().map(|r| (r["member_id"].clone(), r["stands_in_for_id"].clone())).collect();
        reached.sort_by_key(|(_, instead)| instead.is_null());
        assert_eq!(reached, [(json!(lead.member), json!(away.member)), (json!(away.member), Value::Null)]);

        // Whoever is suspended is told nothing: the lead is.
        let manager = again(&agency, &agency.manager().await).await;
        let third = deadline(&lead, &case, now(&app).plus_seconds(25 * HOUR), &away).await;
        manager.patch(&format!("/v1/members/{}", away.member.clone().unwrap()), json!({ "status": "suspended" })).await.expect(200);
        go(&app, now(&app).plus_seconds(HOUR)).await;
        let lead = again(&agency, &lead).await;
        let reached = sent(&lead, &third).await;
        assert_eq!(reached.iter().map(|r| &r["member_id"]).collect::<Vec<_>>(), [&json!(lead.member)]);
    }

    async fn what_comes_late_after_downtime_says_so_and_what_is_short_comes_at_once(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        mail_channel(&handler, "late@agency.example").await;
        let long = deadline(&handler, &case, now(&app).plus_seconds(48 * HOUR), &handler).await;
        // Less time is left than the nearest critical step announces.
        let short = deadline(&handler, &case, now(&app).plus_seconds(5 * HOUR), &handler).await;
        app.run_jobs().await;
        let at_once = sent(&handler, &short).await;
        assert_eq!((steps(&at_once), &at_once[0]["late"]), (vec!["six_hours"], &json!(false)));
        app.run_jobs().await;
        assert_eq!(sent(&handler, &short).await.len(), 1);

        // Nobody looks for 43 hours: both steps that were due meanwhile come now, each once, and say that they are late.
        go(&app, now(&app).plus_seconds(43 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        let late = sent(&handler, &long).await;
        assert_eq!(steps(&late), ["one_day", "six_hours"]);
        assert!(late.iter().all(|reminder| reminder["late"] == true), "{late:?}");
        let listed = shown(&handler, &long).await;
        assert!(listed.iter().all(|reminder| reminder["late"] == true && reminder["title"] == "提交说明"), "{listed:?}");
        let told = mails(&app, "late@agency.example");
        let told: Vec<_> = told.iter().filter(|(_, body)| body.contains("This reminder is late: it was planned for ")).collect();
        assert!(told.len() >= 2, "{told:?}");
        app.run_jobs().await;
        assert_eq!(sent(&handler, &long).await.len(), 2);
    }

    async fn whoever_acknowledges_stops_the_escalation(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (lead, colleague) = (agency.handler().await, agency.newcomer(Role::Handler, "colleague").await);
        let case = agency.case().await;
        let end = now(&app).plus_seconds(25 * HOUR);
        let (heard, unheard) = (deadline(&lead, &case, end, &colleague).await, deadline(&lead, &case, end, &colleague).await);
        go(&app, end.plus_seconds(-24 * HOUR)).await;
        let colleague = again(&agency, &colleague).await;
        let mine = shown(&colleague, &heard).await;
        let path = format!("/v1/reminders/{}/acknowledge", text(&mine[0]["id"]));
        again(&agency, &lead).await.request(Method::POST, &path).send().await.problem(404, "not_found");
        colleague.request(Method::POST, &path).header("if-match", "\"7\"").send().await.problem(412, "stale");
        let acknowledged = colleague.request(Method::POST, &path).send().await.expect(200);
        assert!(acknowledged["acknowledged_at"].is_string() && acknowledged["version"] == 2, "{acknowledged}");
        assert_eq!(colleague.request(Method::POST, &path).send().await.expect(200), acknowledged);
        let open = colleague.get("/v1/reminders?open=true").await.expect(200);
        let listed = |page: &Value| page["data"].as_array().unwrap().iter().map(|r| r["deadline_id"].clone()).collect::<Vec<_>>();
        assert_eq!(listed(&open), [unheard["id"].clone()]);
        assert_eq!(listed(&colleague.get("/v1/reminders?open=false").await.expect(200)), [heard["id"].clone()]);

        go(&app, end.plus_seconds(-2 * HOUR)).await;
        let lead = again(&agency, &lead).await;
        assert_eq!(steps(&sent(&lead, &heard).await), ["one_day", "six_hours"]);
        assert_eq!(steps(&sent(&lead, &unheard).await), ["one_day", "six_hours", "two_hours", "two_hours"]);
        assert_eq!(steps(&shown(&lead, &unheard).await), ["two_hours"], "the lead is told too");
    }

    async fn a_reminder_that_was_put_off_comes_back(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        mail_channel(&handler, "snooze@agency.example").await;
        let end = now(&app).plus_seconds(25 * HOUR);
        let due = deadline(&handler, &case, end, &handler).await;
        go(&app, end.plus_seconds(-24 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        let reminder = shown(&handler, &due).await.remove(0);
        assert_eq!(mails(&app, "snooze@agency.example").len(), 1);
        let path = format!("/v1/reminders/{}/snooze", text(&reminder["id"]));
        for (until, code) in [(now(&app).plus_seconds(-60), "too_early"), (end.plus_seconds(60), "out_of_range")] {
            let problem = handler.post(&path, json!({ "until": until })).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["code"], code);
        }
        again(&agency, &agency.manager().await).await.post(&path, json!({ "until": end.plus_seconds(-60) })).await.problem(404, "not_found");
        let until = now(&app).plus_seconds(4 * HOUR);
        let off = handler.post(&path, json!({ "until": until })).await.expect(200);
        assert_eq!((&off["snoozed_until"], &off["shown_at"]), (&json!(until), &json!(until)));
        app.run_jobs().await;
        assert!(shown(&handler, &due).await.is_empty());
        assert_eq!(mails(&app, "snooze@agency.example").len(), 1);
        go(&app, until).await;
        let handler = again(&agency, &handler).await;
        assert_eq!(shown(&handler, &due).await[0]["id"], reminder["id"]);
        assert_eq!(mails(&app, "snooze@agency.example").len(), 2, "it is sent again");
        let deliveries = sent(&handler, &due).await.remove(0)["deliveries"].clone();
        assert_eq!(deliveries.as_array().unwrap().iter().map(|d| &d["state"]).collect::<Vec<_>>(), ["sent", "sent"]);
        handler.request(Method::POST, &format!("/v1/reminders/{}/acknowledge", text(&reminder["id"]))).send().await.expect(200);
        let problem = handler.post(&path, json!({ "until": end.plus_seconds(-60) })).await.problem(409, "invalid_transition");
        assert_eq!(problem["status"], 409);
    }

    async fn a_deadline_that_is_met_or_moves_takes_back_what_was_not_shown_yet(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 12, 0)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        mail_channel(&handler, "held@agency.example").await;
        // A day before the end is half past eight in the evening.
        let end = next(&app, |_| true, 20, 30).plus_seconds(24 * HOUR);
        let (met, moved, stopped) = (deadline(&handler, &case, end, &handler).await, deadline(&handler, &case, end, &handler).await, deadline(&handler, &case, end, &handler).await);
        go(&app, end.plus_seconds(-24 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        let at = |deadline: &Value, verb: &str| format!("/v1/deadlines/{}{verb}", text(&deadline["id"]));
        assert_eq!(sent(&handler, &met).await[0]["deliveries"][0]["state"], "queued");
        handler.post(&at(&met, "/meet"), json!({})).await.expect(200);
        handler.post(&at(&stopped, "/suspend"), json!({ "ground": "hearing", "reason": "听证" })).await.expect(200);
        let later = end.plus_seconds(24 * HOUR);
        handler.patch(&at(&moved, ""), json!({ "due_at": later, "basis": "平台延期" })).await.expect(200);
        for deadline in [&met, &moved, &stopped] {
            let reminders = sent(&handler, deadline).await;
            assert!(reminders[0]["cancelled_at"].is_string(), "{reminders:?}");
            assert_eq!(reminders[0]["deliveries"][0]["state"], "cancelled");
        }
        go(&app, end.plus_seconds(60)).await;
        let handler = again(&agency, &handler).await;
        assert_eq!(steps(&sent(&handler, &met).await), ["one_day"]);
        assert_eq!(steps(&sent(&handler, &stopped).await), ["one_day"]);
        // The same step of the new end.
        let reminders = sent(&handler, &moved).await;
        assert_eq!(steps(&reminders), ["one_day", "one_day"]);
        assert_eq!(reminders[1]["due_at"], json!(later));
        assert!(reminders[1]["cancelled_at"].is_null());
        go(&app, later).await;
        let handler = again(&agency, &handler).await;
        assert_eq!(steps(&sent(&handler, &moved).await), ["one_day", "one_day", "six_hours", "two_hours", "end"]);
    }

    async fn a_channel_that_fails_is_tried_again_and_all_of_it_is_on_the_record(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        let robot = |kind: &str, address: &str| json!({ "kind": kind, "name": kind, "address": address, "language": "zh-CN" });
        handler.post("/v1/notification_channels", robot("wecom", "key-1")).await.expect(201);
        handler.post("/v1/notification_channels", robot("feishu", "no-such-hook")).await.expect(201);
        let end = now(&app).plus_seconds(25 * HOUR);
        let due = deadline(&handler, &case, end, &handler).await;
        app.robots.reply_with(Reply::Json(500, "", "{}".into()));
        go(&app, end.plus_seconds(-24 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        let of_kind = |reminders: &[Value], kind: &str| {
            reminders[0]["deliveries"].as_array().unwrap().iter().find(|d| d["channel_kind"] == kind).unwrap().clone()
        };
        let first = of_kind(&sent(&handler, &due).await, "wecom");
        assert_eq!((&first["state"], &first["attempts"]), (&json!("queued"), &json!(1)));
        assert!(first["error"].as_str().unwrap().contains("500") && first["next_at"].is_string(), "{first}");
        // Again, after a longer time.
        app.advance(70);
        app.run_jobs().await;
        let second = of_kind(&sent(&handler, &due).await, "wecom");
        assert_eq!(second["attempts"], 2);
        app.run_jobs().await;
        assert_eq!(of_kind(&sent(&handler, &due).await, "wecom"), second, "it waits");
        app.robots.reply_with(Reply::Honest);
        app.advance(130);
        app.run_jobs().await;
        let reminders = sent(&handler, &due).await;
        let third = of_kind(&reminders, "wecom");
        assert_eq!((&third["state"], &third["attempts"], &third["error"]), (&json!("sent"), &json!(3), &Value::Null));
        let body = app.robots.seen().into_iter().map(|seen| seen.body.to_string()).find(|body| body.contains("提交说明")).unwrap();
        assert!(body.contains("期限提醒：提交说明（还剩23小时"), "{body}");
        // A robot that does not know the key says so for good.
        let refused = of_kind(&reminders, "feishu");
        assert_eq!((&refused["state"], &refused["attempts"]), (&json!("failed"), &json!(3)));
        assert!(refused["error"].as_str().unwrap().contains("19001") && !refused.to_string().contains("no-such-hook"), "{refused}");
        let timeline = handler.get(&format!("/v1/cases/{}/timeline?limit=200", text(&case["id"]))).await.expect(200);
        let entries = timeline["data"].as_array().unwrap().iter().filter(|entry| entry["subject_id"] == reminders[0]["id"]);
        let mut kinds: Vec<&str> = entries.map(|entry| entry["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [
            "reminder.delivered", "reminder.delivery_failed",
            "reminder.delivery_postponed", "reminder.delivery_postponed", "reminder.delivery_postponed", "reminder.delivery_postponed",
            "reminder.sent",
        ]);

        // What nobody takes for three days is given up.
        let far = deadline(&handler, &case, now(&app).plus_seconds(25 * HOUR), &handler).await;
        app.robots.reply_with(Reply::Json(500, "", "{}".into()));
        go(&app, now(&app).plus_seconds(HOUR)).await;
        for _ in 0..26 {
            app.advance(4 * HOUR);
            app.run_jobs().await;
        }
        let reminders = sent(&again(&agency, &handler).await, &far).await;
        let given_up = of_kind(&reminders, "wecom");
        assert_eq!((&given_up["state"], &given_up["next_at"]), (&json!("failed"), &Value::Null));
    }

    async fn a_robot_that_is_called_too_fast_is_left_alone_as_long_as_it_asks(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (handler, case) = (agency.handler().await, agency.case().await);
        handler.post("/v1/notification_channels", json!({ "kind": "wecom", "name": "x", "address": "key-fast" })).await.expect(201);
        let end = now(&app).plus_seconds(25 * HOUR);
        for _ in 0..25 {
            deadline(&handler, &case, end, &handler).await;
        }
        // Twenty messages in a minute are allowed.
        go(&app, end.plus_seconds(-24 * HOUR)).await;
        let count = || app.robots.seen().iter().filter(|seen| seen.body.to_string().contains("提交说明")).count();
        assert_eq!(count(), 20);
        app.advance(20);
        app.run_jobs().await;
        assert_eq!(count(), 20);
        app.advance(50);
        app.run_jobs().await;
        assert_eq!(count(), 25);
    }

    async fn channels_are_sealed_tested_and_ones_own(app) {
        let agency = app.agency().await;
        let (manager, handler, client) = (agency.manager().await, agency.handler().await, agency.member(Role::Client).await);
        for (new, field, code) in [
            (json!({ "kind": "email", "name": "x", "address": "nobody" }), "address", "not_an_email"),
            (json!({ "kind": "wecom", "name": "x", "address": "https://evil.example/?key=1" }), "address", "malformed"),
            (json!({ "kind": "wecom", "name": "x", "address": "key-1", "secret": "x" }), "secret", "not_allowed"),
            (json!({ "kind": "dingtalk", "name": "x", "address": "open", "secret": "a b" }), "secret", "malformed"),
            (json!({ "kind": "pigeon", "name": "x", "address": "x" }), "kind", "unknown_word"),
        ] {
            let problem = handler.post("/v1/notification_channels", new).await.problem(422, "invalid_body");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(format!("#/{field}")), &json!(code)));
        }
        let robot = json!({ "kind": "dingtalk", "name": "法务群", "address": "token-that-nobody-may-read", "secret": "SECnobody-may-read-this", "for_group": true });
        handler.post("/v1/notification_channels", robot.clone()).await.problem(403, "forbidden");
        let group = manager.post("/v1/notification_channels", robot).await.expect(201);
        assert_eq!((&group["hint"], &group["member_id"]), (&json!("…read"), &Value::Null));
        let mine = handler.post("/v1/notification_channels", json!({ "kind": "email", "name": "我的邮箱", "address": "li.lei.private@home.example" })).await.expect(201);
        assert_eq!((&mine["hint"], &mine["language"]), (&json!("l…@home.example"), &json!("zh-CN")));
        let ids = async |caller: &Caller| -> Vec<Value> {
            caller.get("/v1/notification_channels").await.expect(200)["data"].as_array().unwrap().iter().map(|channel| channel["id"].clone()).collect()
        };
        assert_eq!(ids(&manager).await, [group["id"].clone()]);
        assert_eq!(ids(&handler).await, [mine["id"].clone()]);
        assert_eq!(ids(&client).await, Vec::<Value>::new());

        // A test message goes out at once; what comes of it is told and on the record.
        let path = |channel: &Value, verb: &str| format!("/v1/notification_channels/{}{verb}", text(&channel["id"]));
        let tested = handler.request(Method::POST, &path(&mine, "/test")).send().await.expect(200);
        assert_eq!((&tested["sent"], &tested["reference"]), (&json!(true), &json!("250 2.0.0 queued as Q123")));
        let mail = Received::read(app.mail.mails().last().unwrap());
        assert_eq!((mail.header("To"), mail.header("Subject")), ("li.lei.private@home.example", "测试消息：期限提醒通道已接通"));
        let tested = manager.request(Method::POST, &path(&group, "/test")).send().await.expect(200);
        assert!(tested["sent"] == false && tested["error"].as_str().unwrap().contains("300005"), "{tested}");
        for other in [&handler, &client] {
            other.request(Method::POST, &path(&group, "/test")).send().await.problem(404, "not_found");
            other.request(Method::DELETE, &path(&group, "")).send().await.problem(404, "not_found");
        }
        manager.request(Method::DELETE, &path(&mine, "")).send().await.problem(404, "not_found");

        // Neither addresses nor secrets are anywhere in the clear.
        for bytes in app.files() {
            for secret in ["token-that-nobody-may-read", "SECnobody-may-read-this", "li.lei.private"] {
                assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
            }
        }
        handler.request(Method::DELETE, &path(&mine, "")).send().await.expect(204);
        handler.request(Method::DELETE, &path(&mine, "")).send().await.problem(404, "not_found");
        assert_eq!(ids(&handler).await, Vec::<Value>::new());
        for n in 0..10 {
            handler.post("/v1/notification_channels", json!({ "kind": "email", "name": "x", "address": format!("a{n}@b.example") })).await.expect(201);
        }
        let problem = handler.post("/v1/notification_channels", json!({ "kind": "email", "name": "x", "address": "a@b.example" })).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["code"], "too_many");
    }

    async fn a_tenant_has_ladders_of_its_own_and_takes_them_back(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (manager, handler, case) = (agency.manager().await, agency.handler().await, agency.case().await);
        let due = deadline(&handler, &case, now(&app).plus_seconds(26 * HOUR), &handler).await;
        let ladders = handler.get("/v1/reminder_ladders").await.expect(200);
        assert_eq!(ladders["data"].as_array().unwrap().len(), 5);
        let path = "/v1/reminder_ladders/countdown";
        let built_in = manager.get(path).await.expect(200);
        assert_eq!((&built_in["built_in"], &built_in["version"], &built_in["steps"][0]["name"]), (&json!(true), &json!(1), &json!("one_day")));
        let step = |name: &str, amount: i32, unit: &str, to: Value| {
            json!({ "name": name, "before": { "amount": amount, "unit": unit }, "to": to, "critical": false, "unless_acknowledged": false })
        };
        for (steps, pointer, code) in [
            (json!([]), "/steps", "empty"),
            (json!([step("a", 1, "hours", json!([]))]), "/steps/0/to", "empty"),
            (json!([step("a", 1, "hours", json!(["lead", "lead"]))]), "/steps/0/to", "twice"),
            (json!([step("a", 1, "hours", json!(["lead"])), step("a", 2, "hours", json!(["lead"]))]), "/steps/1/name", "twice"),
            (json!([step("a", 9000, "hours", json!(["lead"]))]), "/steps/0/before/amount", "out_of_range"),
            (json!([step("a", 1, "years", json!(["lead"]))]), "/steps/0/before/unit", "unknown_word"),
        ] {
            let problem = manager.put(path, json!({ "steps": steps })).await.problem(422, "invalid_body");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(format!("#{pointer}")), &json!(code)), "{problem}");
        }
        let own = json!({ "steps": [step("house", 25, "hours", json!(["assignee"])), step("long_ago", 27, "hours", json!(["assignee"])), step("chase", -1, "hours", json!(["managers"]))] });
        handler.put(path, own.clone()).await.problem(403, "forbidden");
        manager.request(Method::PUT, path).json(&own).send().await.problem(428, "precondition_required");
        manager.request(Method::PUT, path).header("if-match", "\"0\"").json(&own).send().await.problem(412, "stale");
        let replaced = manager.put(path, own).await.expect(200);
        assert_eq!((&replaced["built_in"], &replaced["version"], &replaced["changed_by"]), (&json!(false), &json!(2), &json!(manager.member)));
        // What lies behind under the new ladder is not sent.
        app.run_jobs().await;
        assert_eq!(sent(&handler, &due).await.len(), 0);
        go(&app, now(&app).plus_seconds(HOUR)).await;
        let manager = again(&agency, &manager).await;
        assert_eq!(steps(&sent(&manager, &due).await), ["house"]);
        let tag = manager.get(path).await.etag();
        let reset = manager.request(Method::DELETE, path).header("if-match", &tag).send().await.expect(200);
        assert_eq!((&reset["built_in"], &reset["version"], &reset["steps"]), (&json!(true), &json!(3), &built_in["steps"]));
        go(&app, now(&app).plus_seconds(HOUR)).await;
        assert_eq!(steps(&sent(&again(&agency, &manager).await, &due).await), ["house", "one_day"]);
        // Another tenant has what ships.
        let other = app.agency().await;
        assert_eq!(other.manager().await.get(path).await.expect(200)["steps"], built_in["steps"]);
    }

    async fn nobody_is_told_of_a_case_that_is_out_of_their_reach(app) {
        let agency = app.agency().await;
        go(&app, next(&app, working(3), 9, 30)).await;
        let (manager, handler, counsel, client) = (agency.manager().await, agency.handler().await, agency.member(Role::Counsel).await, agency.member(Role::Client).await);
        let shop = agency.shop("douyin").await;
        let mut new = a_platform_finding(&shop);
        new["lead_id"] = json!(handler.member);
        let case = handler.post("/v1/cases", new).await.expect(201);
        let grant = manager.post("/v1/grants", json!({ "member_id": counsel.member, "case_id": case["id"] })).await.expect(201);
        manager.post("/v1/grants", json!({ "member_id": client.member, "case_id": case["id"] })).await.expect(201);
        let end = now(&app).plus_seconds(25 * HOUR);
        let due = deadline(&handler, &case, end, &counsel).await;
        go(&app, end.plus_seconds(-24 * HOUR)).await;
        let counsel = again(&agency, &counsel).await;
        assert_eq!(steps(&shown(&counsel, &due).await), ["one_day"]);
        assert_eq!(sent(&counsel, &due).await.len(), 1);
        // The client's staff do not see who was warned.
        let client = again(&agency, &client).await;
        assert_eq!(record(&client, &text(&case["id"])).await.len(), 0);
        // With the grant goes all that was told, and what comes next is told to the lead instead.
        let reminder = text(&shown(&counsel, &due).await[0]["id"]);
        let manager = again(&agency, &manager).await;
        manager.request(Method::DELETE, &format!("/v1/grants/{}", text(&grant["id"]))).header("if-match", "\"1\"").send().await.expect(200);
        assert!(shown(&counsel, &due).await.is_empty());
        counsel.request(Method::POST, &format!("/v1/reminders/{reminder}/acknowledge")).send().await.problem(404, "not_found");
        go(&app, end.plus_seconds(-6 * HOUR)).await;
        let handler = again(&agency, &handler).await;
        assert_eq!(steps(&shown(&handler, &due).await), ["six_hours"]);
    }
}
