//! Group robots of WeCom (企业微信).

use super::{
    message::Message,
    outcome::SendError,
    pace::{Limit, MINUTE},
    robots::{Answer, Errand, Maker, Verdict},
};
use serde_json::json;
use std::time::Duration;

/// Bytes of a Markdown message at most.
const TEXT: usize = 4_096;
/// 20 messages in a minute for each robot.
const LIMITS: &[Limit] = &[Limit { messages: 20, span: MINUTE }];

/// A message as Markdown: form, length and pace as in <https://developer.work.weixin.qq.com/document/path/91770>.
pub(super) fn errand<'a>(key: &'a str, message: &Message) -> Result<Errand<'a>, SendError> {
    Ok(Errand {
        maker: Maker::WeCom,
        key,
        path: "cgi-bin/webhook/send".into(),
        query: vec![("key", key.to_owned())],
        body: json!({"msgtype": "markdown", "markdown": {"content": message.markdown("### ", "\n", TEXT)?}}),
        limits: LIMITS,
        judge,
    })
}

/// The codes of <https://developer.work.weixin.qq.com/document/path/90455>; 93000 is a key that is none.
fn judge(answer: &Answer) -> Verdict {
    match answer.code {
        // Calls in a time, calls at a time.
        45009 | 45033 => Verdict::TooFast(Duration::from_secs(60)),
        -1 | 6000 => Verdict::Busy,
        _ => Verdict::Refused,
    }
}
