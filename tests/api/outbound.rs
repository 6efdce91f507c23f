//! What goes out to people, against servers of mail and robots on this machine that check what they get.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use rejoinder::outbound::{Address, Message, Outbound, OutboundSettings, Receipt, SendError, Smtp};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpSocket, TcpStream},
};
use uuid::Uuid;

/// When all of this happens: 2026-01-01T00:00:00.123Z.
const NOW: i64 = 1_767_225_600_123;
/// How long the other side may take where it says nothing.
const SHORT: Duration = Duration::from_millis(700);

// ---------------------------------------------------------------------------------------------------------------- robots

#[actix_web::test]
async fn every_robot_takes_a_message_signed_or_not() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, None);
    for to in [
        wecom("key-1"),
        dingtalk("open", None),
        dingtalk("signed", Some("SECtest")),
        feishu("open", None),
        feishu("signed", Some("feishu")),
    ] {
        assert!(outbound.can_send(&to));
        assert_eq!(outbound.send(&to, &message(), now()).await, Ok(Receipt { reference: None }), "{:?}", host.last());
    }
    let bodies: Vec<_> = host.seen().into_iter().map(|seen| seen.body).collect();
    let link = "[cases.example](https://cases.example/v1/cases/7?tab=a%28b%29)";
    assert_eq!(bodies[0]["markdown"]["content"], format!("### 期限明天到期\n案件：退款\n店铺：旗舰店\n{link}"));
    assert_eq!(bodies[1]["markdown"]["title"], "期限明天到期");
    assert_eq!(bodies[1]["markdown"]["text"], format!("### 期限明天到期\n\n案件：退款\n\n店铺：旗舰店\n\n{link}"));
    assert_eq!(bodies[3]["content"]["post"]["zh_cn"]["content"][2][0]["href"], "https://cases.example/v1/cases/7?tab=a%28b%29");
    // Computed elsewhere, with Python's hmac.
    assert!(host.seen()[2].has("sign", "b1vN5QNUn/KEUnke3c16sUBZCrJUCz/Y8fX2J1ON/l8="));
    assert!(host.seen()[2].has("timestamp", "1767225600123"));
    assert_eq!(bodies[4]["sign"], "qaCZu7lE8UYXfq/o3AXE8u6/tbIrPMLkUWh3xsyLLak=");
    assert_eq!(bodies[4]["timestamp"], "1767225600");
}

#[actix_web::test]
async fn a_robot_refuses_for_good_what_is_not_its_key_its_secret_or_its_time() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, None);
    let late = now() + SignedDuration::from_hours(2);
    for (to, at, code, hidden) in [
        (wecom("other-key"), now(), "93000", "other-key"),
        (dingtalk("other-token", None), now(), "300005", "other-token"),
        (dingtalk("signed", Some("SECother")), now(), "310000", "SECother"),
        (dingtalk("signed", None), now(), "310000", "signed"),
        (dingtalk("signed", Some("SECtest")), late, "310000", "SECtest"),
        (feishu("other-hook", None), now(), "19001", "other-hook"),
        (feishu("signed", Some("other-secret")), now(), "19021", "other-secret"),
        (feishu("signed", None), now(), "19021", "hook/signed"),
        (feishu("signed", Some("feishu")), late, "19021", "=="),
    ] {
        match outbound.send(&to, &message(), at).await {
            Err(SendError::Never { reason }) => {
                assert!(reason.contains(code), "{reason}");
                assert!(!reason.contains(hidden), "a key must not get into logs: {reason}");
            }
            other => panic!("{to:?}: {other:?}"),
        }
    }
    assert_eq!(host.seen().len(), 9);
}

#[actix_web::test]
async fn what_may_pass_is_for_later_and_what_will_not_is_for_never() {
    const MINUTE: Option<u64> = Some(60);
    let json = |text: &str| Reply::Json(200, "", text.to_owned());
    for (name, to, reply, later) in [
        ("wecom is called too fast", wecom("key-1"), json(r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#), MINUTE),
        ("wecom is busy", wecom("key-1"), json(r#"{"errcode":-1,"errmsg":"system error"}"#), MINUTE),
        ("wecom finds the message too long", wecom("key-1"), json(r#"{"errcode":40058,"errmsg":"exceed max length 4096"}"#), None),
        ("dingtalk is called too fast", dingtalk("open", None), json(r#"{"errcode":130101,"errmsg":"send too fast"}"#), Some(600)),
        ("dingtalk is called too fast, newer code", dingtalk("open", None), json(r#"{"errcode":410100,"errmsg":"x"}"#), Some(600)),
        ("dingtalk misses a keyword", dingtalk("open", None), json(r#"{"errcode":310000,"errmsg":"keywords not in content"}"#), None),
        ("dingtalk's guard answers", dingtalk("open", None), json(r#"{"status":1111,"wait":5,"punish":"deny"}"#), MINUTE),
        ("feishu is called too fast", feishu("open", None), json(r#"{"code":11232,"msg":"frequency limited"}"#), MINUTE),
        ("feishu has too many requests", feishu("open", None), json(r#"{"code":9499,"msg":"Too Many Requests"}"#), MINUTE),
        ("feishu finds the body wrong", feishu("open", None), json(r#"{"code":9499,"msg":"Bad Request"}"#), None),
        (
            "feishu misses a keyword",
            feishu("open", None),
            Reply::Json(400, "", r#"{"code":19024,"msg":"Key Words Not Found"}"#.into()),
            None,
        ),
        ("429 says how long", feishu("open", None), Reply::Json(429, "x-ogw-ratelimit-reset: 52\r\n", "{}".into()), Some(52)),
        ("429 says how long, as others do", wecom("key-1"), Reply::Json(429, "Retry-After: 7\r\n", "{}".into()), Some(7)),
        ("429 asks too much", wecom("key-1"), Reply::Json(429, "Retry-After: 99999999\r\n", "{}".into()), Some(3600)),
        ("500 with the word of success", wecom("key-1"), Reply::Json(500, "", r#"{"errcode":0,"errmsg":"ok"}"#.into()), MINUTE),
        ("500 with the word of refusal", wecom("key-1"), Reply::Json(500, "", r#"{"errcode":93000}"#.into()), MINUTE),
        ("a redirect with the word of success", wecom("key-1"), Reply::Json(302, "Location: /\r\n", r#"{"errcode":0}"#.into()), MINUTE),
        ("no JSON", wecom("key-1"), json("<html>Welcome to the hotel's network</html>"), MINUTE),
        ("no code", wecom("key-1"), json(r#"{"ok":true}"#), MINUTE),
        ("the word of success, far too long", wecom("key-1"), json(&format!(r#"{{"errcode":0}}{}"#, " ".repeat(70_000))), MINUTE),
        ("an endless answer", wecom("key-1"), Reply::Endless, MINUTE),
        ("no answer", wecom("key-1"), Reply::Silence, MINUTE),
        ("a connection that breaks", wecom("key-1"), Reply::Break, MINUTE),
    ] {
        let host = Robots::start().await;
        host.reply_with(reply);
        let started = Instant::now();
        let result = with_patience(SHORT, &host.url, None).send(&to, &message(), now()).await;
        match (&result, later) {
            (Err(SendError::Later { after, reason, .. }), Some(seconds)) => {
                assert_eq!(after.as_secs(), seconds, "{name}: {reason}");
                assert!(!reason.contains("key-1"), "{name}: {reason}");
            }
            (Err(SendError::Never { .. }), None) => {}
            _ => panic!("{name}: {result:?}"),
        }
        assert_eq!(host.seen().len(), 1, "{name}");
        assert!(started.elapsed() < SHORT * 3, "{name} took {:?}", started.elapsed());
    }
}

#[actix_web::test]
async fn a_redirect_is_not_followed_and_a_closed_door_is_tried_later() {
    let (host, elsewhere) = (Robots::start().await, Robots::start().await);
    host.reply_with(Reply::Json(307, "Location: {elsewhere}/cgi-bin/webhook/send?key=key-1\r\n", "{}".into()).at(&elsewhere.url));
    let result = outbound(&host.url, None).send(&wecom("key-1"), &message(), now()).await;
    assert!(matches!(result, Err(SendError::Later { .. })), "{result:?}");
    assert_eq!((host.seen().len(), elsewhere.seen().len()), (1, 0));

    let (_kept, closed) = closed_door();
    let result = outbound(&format!("http://{closed}"), None).send(&feishu("secret-hook", None), &message(), now()).await;
    let Err(SendError::Later { reason, .. }) = result else { panic!("{result:?}") };
    assert!(!reason.contains("secret-hook"), "{reason}");
}

#[actix_web::test]
async fn no_robot_is_called_faster_than_its_maker_allows() {
    for (one, other, messages) in [
        (wecom("key-1"), wecom("key-2"), 20),
        (dingtalk("open", None), dingtalk("open-2", None), 20),
        (feishu("open", None), feishu("open-2", None), 100),
    ] {
        let host = Robots::start().await;
        let outbound = outbound(&host.url, None);
        // As fast as Feishu's other limit allows, 5 in a second.
        let at = |n: i64| now() + SignedDuration::from_millis(n / 5 * 1_200);
        for n in 0..messages {
            outbound.send(&one, &message(), at(n)).await.unwrap();
        }
        let full = at(messages);
        let Err(SendError::Later { after, .. }) = outbound.send(&one, &message(), full).await else { panic!("{one:?} is called too fast") };
        assert_eq!(host.seen().len() as i64, messages, "{one:?}: the one too many must not be sent");
        outbound.send(&other, &message(), full).await.expect("another robot has its own pace");
        // Only 5 were sent at the start, so 5 have room when their minute is over, and no more.
        let free = full + SignedDuration::try_from(after).unwrap();
        assert_eq!(free, now() + SignedDuration::from_secs(61));
        let early = outbound.send(&one, &message(), free - SignedDuration::from_millis(1)).await;
        assert!(matches!(early, Err(SendError::Later { .. })), "{early:?}");
        for _ in 0..5 {
            outbound.send(&one, &message(), free).await.unwrap();
        }
        let again = outbound.send(&one, &message(), free).await;
        assert!(matches!(again, Err(SendError::Later { .. })), "{one:?}: {again:?}");
    }
}

#[actix_web::test]
async fn the_sixth_message_of_a_second_waits_for_the_next_at_feishu() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, None);
    for _ in 0..5 {
        outbound.send(&feishu("open", None), &message(), now()).await.unwrap();
    }
    match outbound.send(&feishu("open", None), &message(), now()).await {
        Err(SendError::Later { after, .. }) => assert!(after > Duration::ZERO && after < Duration::from_secs(2), "{after:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(host.seen().len(), 5);
}

#[actix_web::test]
async fn a_robot_that_was_called_too_fast_is_left_alone_as_long_as_it_asks() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, None);
    host.reply_with(Reply::Json(200, "", r#"{"errcode":130101,"errmsg":"send too fast"}"#.into()));
    let to = dingtalk("open", None);
    assert!(outbound.send(&to, &message(), now()).await.is_err());
    host.reply_with(Reply::Honest);
    for seconds in [1, 599] {
        let result = outbound.send(&to, &message(), now() + SignedDuration::from_secs(seconds)).await;
        let Err(SendError::Later { after, .. }) = result else { panic!("{result:?}") };
        assert_eq!(after, Duration::from_secs(600 - u64::try_from(seconds).unwrap()));
    }
    assert_eq!(host.seen().len(), 1);
    outbound.send(&to, &message(), now() + SignedDuration::from_secs(600)).await.unwrap();
}

#[actix_web::test]
async fn a_hostile_title_is_shown_and_does_nothing() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, None);
    let hostile = "退款\r\n# 大标题 @all <@all> <at user_id=\"all\">所有人</at> [点我](https://evil.example/x) **粗** `代码` ~~x~~ | &#64;all \
                   \u{202e}gpj.exe\u{200b}\u{7} http://evil.example www.evil.example evil.example 单号TB_12-3 12.50元";
    let message = Message { title: hostile.into(), lines: vec![format!("- {hostile}"), "> 引用".into()], ..message() };
    for to in [wecom("key-1"), dingtalk("open", None), feishu("open", None)] {
        outbound.send(&to, &message, now()).await.unwrap();
        let body = host.last().body;
        let ours = "(https://cases.example/v1/cases/7?tab=a%28b%29)";
        let mut shown = Vec::new();
        strings(&body, &mut shown);
        for text in shown.iter().filter(|text| text.contains("退款")) {
            let text = text.trim_start_matches("### ").replace(&format!("[cases.example]{ours}"), "");
            for bad in [
                "@",
                "<",
                ">",
                "](",
                "[",
                "*",
                "`",
                "#",
                "~",
                "|",
                "&",
                "://",
                "evil.example",
                "\r",
                "\u{7}",
                "\u{202e}",
                "\u{200b}",
                "\n-",
            ] {
                assert!(!text.contains(bad), "{to:?}: {bad:?} in {text:?}");
            }
            for good in ["退款", "＠all", "所有人", "单号TB_12-3", "12.50元"] {
                assert!(text.contains(good), "{to:?}: no {good:?} in {text:?}");
            }
        }
        assert!(shown.iter().any(|text| text.contains("退款")), "{to:?}");
    }
    // The host checked that DingTalk is told to mention nobody.
    assert_eq!(host.seen()[1].body["at"]["isAtAll"], false);
}

#[actix_web::test]
async fn a_message_that_is_too_long_is_cut_between_characters_and_keeps_its_link() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, None);
    for (title, line, count) in
        [("\"".repeat(5_000), "\"".repeat(9_000), 3), ("长".repeat(900), "长a".repeat(3_000), 9), ("x".into(), "\"".into(), 5_000)]
    {
        let message = Message { title, lines: vec![line; count], ..message() };
        for to in [wecom("key-1"), dingtalk("signed", Some("SECtest")), feishu("signed", Some("feishu"))] {
            // The host refuses what is too long.
            outbound.send(&to, &message, now()).await.unwrap_or_else(|error| panic!("{to:?}: {error}"));
            let body = host.last().body.to_string();
            assert!(body.contains('…') && body.contains("https://cases.example/"), "{to:?}: {body}");
            assert!(body.len() > 3_500, "{to:?}: hardly anything is left: {body}");
        }
    }
}

#[actix_web::test]
async fn nothing_but_a_key_leads_anywhere() {
    let host = Robots::start().await;
    let outbound = outbound(&host.url, Some(&format!("smtp://127.0.0.1:{}", host.port)));
    let long = "a".repeat(201);
    for bad in ["", "a/b", "a?b", "a#b", "a@b", "a&b", "a b", "..", "a%2fb", "a\r\nb", "键", "https://evil.example/?key=1", &long] {
        for to in
            [wecom(bad), dingtalk(bad, None), feishu(bad, None), dingtalk("open", Some("a b")), feishu("open", Some(&long)), mail(bad)]
        {
            let plain_mail_address = matches!(&to, Address::Email { address } if address == "a@b");
            assert_eq!(to.check().is_ok(), plain_mail_address, "{bad:?} {to:?}");
            if !plain_mail_address {
                let result = outbound.send(&to, &message(), now()).await;
                assert!(matches!(result, Err(SendError::Never { .. })), "{bad:?}: {result:?}");
            }
        }
    }
    for bad in [
        "a@b\r\nRCPT TO:<x@y.example>",
        "\"a b\"@c.example",
        "\"ab\"@c.example",
        "a@[127.0.0.1]",
        "<a@b.example>",
        "a@b.example, c@d.example",
        "李@商店.example",
        "a@",
        "@b",
    ] {
        assert!(mail(bad).check().is_err(), "{bad:?}");
    }
    for bad in [
        "javascript:alert(1)",
        "ftp://cases.example/",
        "https://user@cases.example/",
        "cases",
        &format!("https://c.example/{long}{long}{long}{long}{long}"),
    ] {
        for to in [wecom("key-1"), feishu("open", None), mail("a@b.example")] {
            let result = outbound.send(&to, &Message { link: Some(bad.into()), ..message() }, now()).await;
            assert!(matches!(result, Err(SendError::Never { .. })), "{bad:?}: {result:?}");
        }
    }
    assert_eq!(host.connections(), 0);
    assert_eq!(format!("{:?} {:?}", wecom("key-1"), mail("li.lei@agency.example")), "Wecom(…) Email(…)");
}

#[test]
fn settings_that_would_leak_are_refused() {
    let smtp = |url: &str, from: &str| OutboundSettings { smtp: Some(Smtp { url: url.into(), from: from.into() }), ..Default::default() };
    let robots = |url: &str| OutboundSettings { wecom_url: url.into(), ..Default::default() };
    for (settings, fits) in [
        (OutboundSettings::default(), true),
        (smtp("smtps://li%40shop:p%40ss@mail.example", "Rejoinder <no-reply@cases.example>"), true),
        (smtp("smtp://mail.example:587?tls=required", "no-reply@cases.example"), true),
        (smtp("smtp://mail.example", "no-reply@cases.example"), true),
        (smtp("smtp://[::1]:2525", "no-reply@cases.example"), true),
        (smtp("smtp://mail.example?tls=opportunistic", "no-reply@cases.example"), false),
        (smtp("smtps://mail.example?tls=none", "no-reply@cases.example"), false),
        (smtp("smtps://name@mail.example", "no-reply@cases.example"), false),
        (smtp("https://mail.example", "no-reply@cases.example"), false),
        (smtp("mail.example:25", "no-reply@cases.example"), false),
        (smtp("smtps://u:hunter2@mail.example", "no-reply"), false),
        (smtp("smtps://u:hunter2@mail.example?x=y", "no-reply@cases.example"), false),
        (robots("https://robots.example/behind/a/proxy/"), true),
        (robots("http://localhost:8080"), true),
        (robots("http://robots.example"), false),
        (robots("http://0.0.0.0:8080"), false),
        (robots("http://127.0.0.1.evil.example"), false),
        (robots("https://name:hunter2@robots.example"), false),
        (robots("https://robots.example/?key=1"), false),
        (robots("robots.example"), false),
    ] {
        let result = Outbound::new(&settings);
        let url = settings.smtp.map_or(settings.wecom_url, |smtp| format!("{} {}", smtp.url, smtp.from));
        assert_eq!(result.is_ok(), fits, "{url}: {:?}", result.err());
        assert!(!result.err().is_some_and(|error| error.to_string().contains("hunter2")), "{url}");
    }
}

// ------------------------------------------------------------------------------------------------------------------ mail

#[actix_web::test]
async fn a_mail_arrives_whole_once_and_says_that_a_machine_wrote_it() {
    let host = MailServer::start(&[]).await;
    let outbound = outbound("http://127.0.0.1:9", Some(&host.url("li%40shop:p%3Ass@")));
    let receipt = outbound.send(&mail("han.meimei@agency.example"), &message(), now()).await.unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("250 2.0.0 queued as Q123"));
    let login = format!("AUTH PLAIN {}", STANDARD.encode("\0li@shop\0p:ss"));
    let expected =
        ["EHLO cases.example", &login, "MAIL FROM:<no-reply@cases.example>", "RCPT TO:<han.meimei@agency.example>", "DATA", "QUIT"];
    assert_eq!(host.commands(), expected);
    let mails = host.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].is_ascii(), "servers without 8BITMIME take it too");
    let mail = Received::read(&mails[0]);
    assert_eq!(mail.header("Subject"), "期限明天到期");
    assert_eq!(mail.header("From"), "Rejoinder <no-reply@cases.example>");
    assert_eq!(mail.header("To"), "han.meimei@agency.example");
    assert_eq!(mail.header("Message-ID"), format!("<{}@cases.example>", message().id));
    assert_eq!(mail.header("Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(mail.header("MIME-Version"), "1.0");
    assert_eq!(mail.text.trim_end(), "案件：退款\r\n店铺：旗舰店\r\nhttps://cases.example/v1/cases/7?tab=a%28b%29");
}

#[actix_web::test]
async fn a_title_cannot_write_headers_or_commands() {
    let host = MailServer::start(&[]).await;
    let outbound = outbound("http://127.0.0.1:9", Some(&host.url("")));
    let title = "退款\r\nBcc: evil@evil.example\r\n\r\n.\r\nMAIL FROM:<evil@evil.example>\u{0}\u{202e}";
    let lines = vec![".".into(), "a\r\n.\r\nRCPT TO:<evil@evil.example>".into(), "长".repeat(20_000)];
    outbound.send(&mail("han.meimei@agency.example"), &Message { title: title.into(), lines, ..message() }, now()).await.unwrap();
    assert_eq!(host.commands().iter().filter(|command| command.contains("evil")).count(), 0);
    assert_eq!(host.mails().len(), 1);
    let mail = Received::read(&host.mails()[0]);
    assert!(mail.headers.iter().all(|(name, _)| name != "Bcc"));
    assert_eq!(mail.header("Subject"), "退款  Bcc: evil@evil.example    .  MAIL FROM:<evil@evil.example>");
    assert!(mail.text.starts_with(".\r\na  .  RCPT TO:<evil@evil.example>\r\n长"), "{}", &mail.text[..80]);
    assert!(mail.text.contains("长…\r\nhttps://cases.example/") && mail.text.len() < 21_000);
}

#[actix_web::test]
async fn a_mail_server_is_believed_about_mails_and_asked_again_about_everything_else() {
    #[derive(Debug, PartialEq)]
    enum Outcome {
        Sent,
        Later,
        Never,
    }
    use Outcome::{Later, Never, Sent};
    for (name, script, outcome) in [
        ("takes it", ("", ""), Sent),
        ("knows nobody yet", ("RCPT", "451 4.7.1 Greylisted, try again"), Later),
        ("does not know the address", ("RCPT", "550 5.1.1 No such user"), Never),
        ("has a full disk", (".", "452 4.3.1 Insufficient storage"), Later),
        ("finds it spam", (".", "554 5.7.1 Spam"), Never),
        ("wants a name and a password", ("MAIL", "530 5.7.0 Authentication required"), Later),
        ("does not know the password", ("AUTH", "535 5.7.8 Bad credentials"), Later),
        ("is not open today", ("CONNECT", "554 No service"), Later),
        ("closes down", ("MAIL", "421 4.3.2 Shutting down"), Later),
        ("says nothing", ("CONNECT", "(silence)"), Later),
        ("falls silent", ("RCPT", "(silence)"), Later),
        ("falls silent over the mail", (".", "(silence)"), Later),
        ("speaks another language", ("EHLO", "HTTP/1.1 400 Bad Request"), Later),
        ("hangs up", ("DATA", "(hang up)"), Later),
        ("takes it and hangs up", ("QUIT", "(hang up)"), Sent),
        ("takes it and falls silent", ("QUIT", "(silence)"), Sent),
    ] {
        let host = MailServer::start(&[script]).await;
        let started = Instant::now();
        let result =
            with_patience(SHORT, "http://127.0.0.1:9", Some(&host.url("li:hunter2@"))).send(&mail("a@b.example"), &message(), now()).await;
        let found = match &result {
            Ok(_) => Sent,
            Err(SendError::Later { after, .. }) if *after == Duration::from_secs(300) => Later,
            Err(SendError::Later { .. }) => panic!("{name}: {result:?}"),
            Err(SendError::Never { .. }) => Never,
        };
        assert_eq!(found, outcome, "a server that {name}: {result:?}");
        assert!(!format!("{result:?}").contains("hunter2"), "{name}: {result:?}");
        let word = script.1.split(' ').next_back().unwrap();
        if outcome == Never {
            assert!(result.unwrap_err().to_string().contains(word), "{name}: the reason is the server's");
        }
        assert!(started.elapsed() < SHORT * 4, "{name} took {:?}", started.elapsed());
    }
    let (_kept, closed) = closed_door();
    let result = outbound("http://127.0.0.1:9", Some(&format!("smtp://{closed}"))).send(&mail("a@b.example"), &message(), now()).await;
    assert!(matches!(result, Err(SendError::Later { .. })), "{result:?}");
}

#[actix_web::test]
async fn a_password_is_not_said_in_the_clear() {
    // 0.0.0.0 is this machine too, but not by its number: to the product it is another one.
    for (scheme, address, options) in [("smtp", "0.0.0.0", ""), ("smtp", "127.0.0.1", "?tls=required"), ("smtps", "127.0.0.1", "")] {
        let host = MailServer::start(&[]).await;
        let url = format!("{scheme}://li:hunter2@{address}:{}{options}", host.port);
        let result = with_patience(SHORT, "http://127.0.0.1:9", Some(&url)).send(&mail("a@b.example"), &message(), now()).await;
        assert!(matches!(result, Err(SendError::Later { .. })), "{url}: {result:?}");
        let clear = host.commands().into_iter().filter(|command| command.starts_with("AUTH") || command.starts_with("MAIL")).count();
        assert_eq!(clear, 0, "{url}: {:?}", host.commands());
        assert!(host.mails().is_empty());
    }
}

#[actix_web::test]
async fn without_a_mail_server_there_is_no_mail() {
    let outbound = outbound("http://127.0.0.1:9", None);
    assert!(!outbound.can_send(&mail("a@b.example")));
    let result = outbound.send(&mail("a@b.example"), &message(), now()).await;
    assert!(matches!(result, Err(SendError::Never { .. })), "{result:?}");
}

// -------------------------------------------------------------------------------------------------------- what is sent

fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW).unwrap()
}

fn message() -> Message {
    Message {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0007),
        title: "期限明天到期".into(),
        lines: vec!["案件：退款".into(), String::new(), "店铺：旗舰店".into()],
        link: Some("https://cases.example/v1/cases/7?tab=a(b)".into()),
    }
}

fn outbound(robots: &str, smtp: Option<&str>) -> Outbound {
    with_patience(Duration::from_secs(15), robots, smtp)
}

fn with_patience(patience: Duration, robots: &str, smtp: Option<&str>) -> Outbound {
    let smtp = smtp.map(|url| Smtp { url: url.into(), from: "Rejoinder <no-reply@cases.example>".into() });
    let (wecom_url, dingtalk_url, feishu_url) = (robots.to_owned(), robots.to_owned(), robots.to_owned());
    Outbound::new(&OutboundSettings { smtp, wecom_url, dingtalk_url, feishu_url, patience }).unwrap()
}

/// A port that nobody listens on, and that nobody else gets while the socket lives.
fn closed_door() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn mail(address: &str) -> Address {
    Address::Email { address: address.into() }
}

fn wecom(key: &str) -> Address {
    Address::Wecom { key: key.into() }
}

fn dingtalk(access_token: &str, secret: Option<&str>) -> Address {
    Address::Dingtalk { access_token: access_token.into(), secret: secret.map(Into::into) }
}

fn feishu(hook: &str, secret: Option<&str>) -> Address {
    Address::Feishu { hook: hook.into(), secret: secret.map(Into::into) }
}

/// All strings in JSON.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

// ------------------------------------------------------------------------------------------------ the servers of robots

/// A server that behaves as all three makers' do.
pub(crate) struct Robots {
    pub(crate) url: String,
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    connections: usize,
    seen: Vec<Seen>,
    reply: Reply,
}

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    query: Vec<(String, String)>,
    length: usize,
    pub(crate) body: Value,
}

#[derive(Clone, Default)]
pub(crate) enum Reply {
    /// As the makers document it.
    #[default]
    Honest,
    /// A status, more headers, a body.
    Json(u16, &'static str, String),
    /// To somewhere else.
    Redirect(String),
    Endless,
    Silence,
    Break,
}

impl Reply {
    fn at(self, elsewhere: &str) -> Self {
        match self {
            Self::Json(_, headers, _) => Self::Redirect(headers.replace("{elsewhere}", elsewhere)),
            other => other,
        }
    }
}

impl Robots {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), port, state }
    }

    pub(crate) fn reply_with(&self, reply: Reply) {
        self.state.lock().unwrap().reply = reply;
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("nothing was sent")
    }

    fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let (request, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.to_ascii_lowercase();
    let header = |name: &str| headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    assert!(request.starts_with("POST /") && request.ends_with(" HTTP/1.1"), "{request}");
    assert_eq!(header("content-type"), Some("application/json; charset=utf-8"));
    let length = header("content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let target = request.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), decoded(value))).collect();
    let seen = Seen { path: path.into(), query, length, body: serde_json::from_slice(&body).unwrap() };
    let reply = {
        let mut state = state.lock().unwrap();
        state.seen.push(seen.clone());
        state.reply.clone()
    };
    let (status, more, text) = match reply {
        Reply::Honest => (200, String::new(), seen.judge().to_string()),
        Reply::Json(status, more, text) => (status, more.to_owned(), text),
        Reply::Redirect(location) => (307, location, String::new()),
        Reply::Break => return,
        Reply::Silence => return tokio::time::sleep(Duration::from_secs(60)).await,
        Reply::Endless => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunk = format!("{head}4000\r\n{}\r\n", " ".repeat(0x4000));
            let _ = stream.write_all(chunk.as_bytes()).await;
            while stream.write_all(&chunk.as_bytes()[head.len()..]).await.is_ok() {}
            return;
        }
    };
    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{more}Connection: close\r\n\r\n{text}", text.len());
    let _ = stream.write_all(answer.as_bytes()).await;
}

impl Seen {
    fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.value(name) == Some(value)
    }

    /// What an honest maker answers. The refusals repeat the key: it must not get any further.
    fn judge(&self) -> Value {
        let path = self.path.as_str();
        match path {
            "/cgi-bin/webhook/send" => self.as_wecom(),
            "/robot/send" => self.as_dingtalk(),
            _ => self.as_feishu(path.strip_prefix("/open-apis/bot/v2/hook/").unwrap_or_else(|| panic!("{path}"))),
        }
    }

    fn as_wecom(&self) -> Value {
        let key = self.value("key").unwrap();
        let content = self.body["markdown"]["content"].as_str().unwrap();
        assert_eq!((&self.body["msgtype"], self.query.len()), (&json!("markdown"), 1));
        match () {
            () if !key.starts_with("key-") => json!({"errcode": 93000, "errmsg": format!("invalid webhook url, hint: [1], key={key}")}),
            () if content.len() > 4_096 => json!({"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}),
            () => json!({"errcode": 0, "errmsg": "ok"}),
        }
    }

    fn as_dingtalk(&self) -> Value {
        let token = self.value("access_token").unwrap();
        assert_eq!(self.body["msgtype"], "markdown");
        assert!(self.body["markdown"]["title"].is_string() && self.body["markdown"]["text"].is_string());
        let signed = self.value("timestamp").zip(self.value("sign")).is_some_and(|(timestamp, sign)| {
            is_fresh(timestamp.parse().unwrap()) && sign == hmac(b"SECtest", format!("{timestamp}\nSECtest").as_bytes())
        });
        match token {
            _ if self.length > 20_000 => json!({"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}),
            "signed" if signed => json!({"errcode": 0, "errmsg": "ok"}),
            "signed" => json!({"errcode": 310000, "errmsg": format!("{} does not match, {token}", "sign")}),
            "open" | "open-2" => json!({"errcode": 0, "errmsg": "ok"}),
            _ => json!({"errcode": 300005, "errmsg": format!("token {token} is not exist")}),
        }
    }

    fn as_feishu(&self, hook: &str) -> Value {
        assert_eq!(self.body["msg_type"], "post");
        let post = &self.body["content"]["post"]["zh_cn"];
        assert!(post["title"].is_string());
        for part in post["content"].as_array().unwrap().iter().flat_map(|line| line.as_array().unwrap()) {
            assert!(matches!(part["tag"].as_str().unwrap(), "text" | "a") && part["text"].is_string(), "{part}");
        }
        let signed = self.body["timestamp"].as_str().zip(self.body["sign"].as_str()).is_some_and(|(timestamp, sign)| {
            is_fresh(timestamp.parse::<i64>().unwrap() * 1_000) && sign == hmac(format!("{timestamp}\nfeishu").as_bytes(), b"")
        });
        match hook {
            _ if self.length > 20 * 1024 => json!({"code": 9499, "msg": "Bad Request", "data": {}}),
            "signed" if signed => json!({"code": 0, "msg": "success", "data": {}}),
            "signed" => json!({"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}),
            "open" | "open-2" => json!({"code": 0, "msg": "success", "data": {}}),
            _ => json!({"code": 19001, "msg": format!("param invalid: incoming webhook access token invalid: {hook}")}),
        }
    }
}

/// Within an hour of now, in milliseconds.
fn is_fresh(timestamp: i64) -> bool {
    (timestamp - NOW).abs() <= 3_600_000
}

/// HMAC-SHA-256 as RFC 2104 §2 defines it, in base64.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let mut block = if key.len() > 64 { digest(&SHA256, key).as_ref().to_vec() } else { key.to_vec() };
    block.resize(64, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<_>>();
    let inner = digest(&SHA256, &[&padded(0x36), text].concat());
    STANDARD.encode(digest(&SHA256, &[&padded(0x5c), inner.as_ref()].concat()))
}

/// Text out of a query.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => bytes.push(
                u8::from_str_radix(&format!("{}{}", char::from(rest.next().unwrap()), char::from(rest.next().unwrap())), 16).unwrap(),
            ),
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

// ------------------------------------------------------------------------------------------------------ the mail server

/// A mail server that writes down what it hears, and answers as a script says: `CONNECT` is the greeting, `.` the end of a mail.
pub(crate) struct MailServer {
    port: u16,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    commands: Vec<String>,
    mails: Vec<String>,
}

type Script = Vec<(&'static str, &'static str)>;

impl MailServer {
    pub(crate) async fn start(script: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (shared, script) = (Arc::clone(&heard), script.to_vec());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, script.clone(), Arc::clone(&shared)));
            }
        });
        Self { port, heard }
    }

    pub(crate) fn url(&self, credentials: &str) -> String {
        format!("smtp://{credentials}127.0.0.1:{}", self.port)
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.heard.lock().unwrap().commands.clone()
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.heard.lock().unwrap().mails.clone()
    }
}

/// Talks with a client until it leaves; none of the steps of RFC 5321 §4.1.4 may be out of order.
async fn talk(stream: TcpStream, script: Script, heard: Arc<Mutex<Heard>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut before = "CONNECT";
    say(&mut stream, &script, "CONNECT", "220 mail.example ESMTP").await?;
    loop {
        let mut bytes = Vec::new();
        stream.read_until(b'\n', &mut bytes).await.ok().filter(|read| *read > 0)?;
        let line = String::from_utf8_lossy(&bytes).trim_end_matches("\r\n").to_owned();
        heard.lock().unwrap().commands.push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let (verb, allowed, answer) = match verb {
            "EHLO" => ("EHLO", before == "CONNECT", "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"),
            "AUTH" => ("AUTH", before == "EHLO", "235 2.7.0 Welcome"),
            "MAIL" => ("MAIL", before == "EHLO" || before == "AUTH", "250 2.1.0 Ok"),
            "RCPT" => ("RCPT", before == "MAIL", "250 2.1.5 Ok"),
            "DATA" => ("DATA", before == "RCPT", "354 End with <CR><LF>.<CR><LF>"),
            "QUIT" => ("QUIT", true, "221 2.0.0 Bye"),
            _ => ("?", true, "500 5.5.2 What?"),
        };
        say(&mut stream, &script, verb, if allowed { answer } else { "503 5.5.1 Out of order" }).await?;
        before = verb;
        if verb == "DATA" && !script.iter().any(|(step, _)| *step == "DATA") {
            let mut mail = String::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
                if line == ".\r\n" {
                    break;
                }
                mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            }
            heard.lock().unwrap().mails.push(mail);
            say(&mut stream, &script, ".", "250 2.0.0 queued as Q123").await?;
        }
    }
}

/// Says what the script has for a step; nothing when it hangs up.
async fn say(stream: &mut BufReader<TcpStream>, script: &Script, step: &str, otherwise: &str) -> Option<()> {
    let words = script.iter().find(|(scripted, _)| *scripted == step).map_or(otherwise, |(_, words)| *words);
    match words {
        "(hang up)" => return None,
        "(silence)" => tokio::time::sleep(Duration::from_secs(60)).await,
        words => stream.write_all(format!("{words}\r\n").as_bytes()).await.ok()?,
    }
    Some(())
}

/// A mail as its reader sees it.
pub(crate) struct Received {
    headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Received {
    pub(crate) fn read(mail: &str) -> Self {
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let headers: Vec<_> =
            unfolded.lines().map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.into(), words(value))).collect();
        let mut received = Self { headers, text: String::new() };
        received.text = match received.header("Content-Transfer-Encoding") {
            "base64" => String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap(),
            "quoted-printable" => decoded(&body.replace("=\r\n", "").replace('%', "=25").replace('+', "=2B").replace('=', "%")),
            _ => body.to_owned(),
        };
        received
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
        let value = values.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        assert_eq!(values.next(), None, "{name} twice");
        value
    }
}

/// Encoded words (RFC 2047) in base64, as text.
fn words(value: &str) -> String {
    let mut text = String::new();
    for (n, word) in value.split(' ').enumerate() {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        let follows = n > 0 && !(encoded.is_some() && value.split(' ').nth(n - 1).is_some_and(|before| before.starts_with("=?")));
        text.push_str(if follows { " " } else { "" });
        text.push_str(&encoded.map_or(word.to_owned(), |word| String::from_utf8(STANDARD.decode(word).unwrap()).unwrap()));
    }
    text
}
