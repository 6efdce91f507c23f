//! Group robots of DingTalk (钉钉).

use super::{
    message::{Message, plain},
    outcome::SendError,
    pace::{Limit, MINUTE},
    robots::{Answer, Errand, Maker, Verdict},
};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

/// Bytes of the text at most. All of a message may have 20,000, and JSON can double it.
const TEXT: usize = 5_000;
/// 20 messages in a minute for each robot, or it is refused for ten minutes.
const LIMITS: &[Limit] = &[Limit { messages: 20, span: MINUTE }];
/// How long it is refused then.
const REFUSED: Duration = Duration::from_secs(600);

/// A message as Markdown: form and pace as in <https://open.dingtalk.com/document/orgapp/custom-robot-access>. Lines need an empty one
/// between to be lines.
pub(super) fn errand<'a>(access_token: &'a str, secret: Option<&str>, message: &Message, now: Timestamp) -> Result<Errand<'a>, SendError> {
    let mut query = vec![("access_token", access_token.to_owned())];
    if let Some(secret) = secret {
        let timestamp = now.as_millisecond();
        query.extend([("timestamp", timestamp.to_string()), ("sign", signature(timestamp, secret))]);
    }
    let (title, text) = (plain(&message.title()), message.markdown("### ", "\n\n", TEXT)?);
    Ok(Errand {
        maker: Maker::DingTalk,
        key: access_token,
        path: "robot/send".into(),
        query,
        body: json!({"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": {"isAtAll": false}}),
        limits: LIMITS,
        judge,
    })
}

/// The signature (加签) of <https://open.dingtalk.com/document/robots/customize-robot-security-settings>: the secret signs the time in
/// milliseconds, a line feed and itself. It holds for an hour.
fn signature(timestamp: i64, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, format!("{timestamp}\n{secret}").as_bytes()))
}

/// The codes are on no one page. 310000 is a keyword, signature or sender that the robot does not take, 300005 a token that is none.
fn judge(answer: &Answer) -> Verdict {
    match answer.code {
        130101 | 410100 | 660026 | 90030 => Verdict::TooFast(REFUSED),
        -1 => Verdict::Busy,
        _ => Verdict::Refused,
    }
}
