//! Group robots of Feishu (飞书).

use super::{
    message::{Message, cut, plain},
    outcome::SendError,
    pace::{Limit, MINUTE, SECOND},
    robots::{Answer, Errand, Maker, Verdict},
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Bytes of all lines with their frames at most. All of a message may have 20 KB, and JSON can double a line.
const TEXT: usize = 7_000;
/// Bytes of a line's frame.
const FRAME: usize = 32;
/// 100 messages in a minute and 5 in a second for each robot.
const LIMITS: &[Limit] = &[Limit { messages: 100, span: MINUTE }, Limit { messages: 5, span: SECOND }];

/// A message as rich text (`post`), whose parts say what they are: form, length, pace and signature as in
/// <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>.
pub(super) fn errand<'a>(hook: &'a str, secret: Option<&str>, message: &Message, now: Timestamp) -> Result<Errand<'a>, SendError> {
    let mut left = TEXT;
    let mut paragraphs = Vec::new();
    for line in message.lines() {
        let line = plain(&line);
        let text = cut(&line, left.saturating_sub(FRAME));
        let was_cut = text != line;
        left = left.saturating_sub(text.len() + FRAME);
        paragraphs.push(json!([{"tag": "text", "text": text}]));
        if was_cut {
            break;
        }
    }
    if let Some(link) = message.link()? {
        paragraphs.push(json!([{"tag": "a", "text": link.host, "href": link.url}]));
    }
    let post = json!({"zh_cn": {"title": plain(&message.title()), "content": paragraphs}});
    let mut body = json!({"msg_type": "post", "content": {"post": post}});
    if let (Some(secret), Some(fields)) = (secret, body.as_object_mut()) {
        let timestamp = now.as_second().to_string();
        fields.insert("sign".into(), signature(&timestamp, secret).into());
        fields.insert("timestamp".into(), Value::String(timestamp));
    }
    Ok(Errand {
        maker: Maker::Feishu,
        key: hook,
        path: format!("open-apis/bot/v2/hook/{hook}"),
        query: Vec::new(),
        body,
        limits: LIMITS,
        judge,
    })
}

/// The time in seconds, a line feed and the secret are the key, and nothing is signed with it. It holds for an hour.
fn signature(timestamp: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, format!("{timestamp}\n{secret}").as_bytes());
    STANDARD.encode(hmac::sign(&key, b""))
}

/// 19001 is a hook that is none, 19021 a signature, 19022 a sender and 19024 a keyword that the robot does not take. 9499 is said both of
/// calls that are too many and of bodies that are wrong. 11232 comes most often at full and half hours, to everybody.
fn judge(answer: &Answer) -> Verdict {
    match answer.code {
        11232 | 99991400 => Verdict::TooFast(Duration::from_secs(60)),
        9499 if answer.text.to_lowercase().contains("too many") => Verdict::TooFast(Duration::from_secs(60)),
        1500 => Verdict::Busy,
        _ => Verdict::Refused,
    }
}
