//! Calls the servers of group robots, within their pace, and reads what they answer.

use super::{
    message::{cut, one_line},
    outcome::{Receipt, SendError},
    pace::{Limit, Pace},
    settings::{BadSettings, OutboundSettings},
};
use jiff::Timestamp;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};
use serde_json::Value;
use std::{error::Error as _, net::IpAddr, time::Duration};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer at most.
const ANSWER: usize = 64 * 1024;
/// Bytes of a reason at most.
const REASON: usize = 300;
/// How long to wait when a server is out of order.
const OUT_OF_ORDER: Duration = Duration::from_secs(60);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Whose robot it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Maker {
    WeCom,
    DingTalk,
    Feishu,
}

/// One call of a robot.
pub(super) struct Errand<'a> {
    /// Whose robot.
    pub(super) maker: Maker,
    /// What tells it from others of its maker; never in a reason.
    pub(super) key: &'a str,
    /// The path under the maker's URL.
    pub(super) path: String,
    /// Names and values that follow the path.
    pub(super) query: Vec<(&'static str, String)>,
    /// The message.
    pub(super) body: Value,
    /// What its maker allows.
    pub(super) limits: &'static [Limit],
    /// What an answer other than success means.
    pub(super) judge: fn(&Answer) -> Verdict,
}

/// What a robot answered.
pub(super) struct Answer {
    /// 0 is success.
    pub(super) code: i64,
    /// What it says about it.
    pub(super) text: String,
}

/// What an answer other than success means.
pub(super) enum Verdict {
    /// Called too fast: not again before this time is over.
    TooFast(Duration),
    /// Its maker's servers are busy.
    Busy,
    /// It will say the same again.
    Refused,
}

/// The servers of all makers.
pub(super) struct Robots {
    http: Client,
    wecom: Url,
    dingtalk: Url,
    feishu: Url,
    pace: Pace,
}

impl Robots {
    pub(super) fn new(settings: &OutboundSettings) -> Result<Self, BadSettings> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT.min(settings.patience))
            .timeout(settings.patience)
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            http: client.build().map_err(|error| BadSettings(format!("no HTTPS: {}", causes(&error))))?,
            wecom: base(Maker::WeCom, &settings.wecom_url)?,
            dingtalk: base(Maker::DingTalk, &settings.dingtalk_url)?,
            feishu: base(Maker::Feishu, &settings.feishu_url)?,
            pace: Pace::default(),
        })
    }

    /// Runs an errand, if the robot's pace allows it.
    pub(super) async fn send(&self, errand: Errand<'_>, now: Timestamp) -> Result<Receipt, SendError> {
        let robot = format!("{:?} {}", errand.maker, errand.key);
        if let Err(after) = self.pace.take(&robot, errand.limits, now) {
            return Err(SendError::as_told(after, format!("the {:?} robot has enough to say", errand.maker)));
        }
        let (status, headers, answer) = self.call(&errand).await.map_err(|reason| SendError::later(OUT_OF_ORDER, reason))?;
        let said = match &answer {
            Some(Answer { code, text }) => format!("{:?} answers {code}: {}", errand.maker, text.replace(errand.key, "…")),
            None => format!("{:?} answers {status} and nothing a robot would say", errand.maker),
        };
        let said = cut(&one_line(&said), REASON);
        let verdict = match answer {
            _ if status.is_server_error() => Verdict::Busy,
            _ if status == StatusCode::TOO_MANY_REQUESTS => Verdict::TooFast(wait(&headers)),
            Some(Answer { code: 0, .. }) if status.is_success() => return Ok(Receipt { reference: None }),
            // Robots answer in JSON, refusals too. This came from something on the way, and says nothing about the robot.
            Some(Answer { code: 0, .. }) | None => Verdict::Busy,
            Some(answer) => (errand.judge)(&answer),
        };
        match verdict {
            Verdict::TooFast(after) => {
                self.pace.rest(&robot, after, now);
                Err(SendError::as_told(after, said))
            }
            Verdict::Busy => Err(SendError::later(OUT_OF_ORDER, said)),
            Verdict::Refused => Err(SendError::never(said)),
        }
    }

    /// Asks, and reads no more of the answer than an answer has.
    async fn call(&self, errand: &Errand<'_>) -> Result<(StatusCode, HeaderMap, Option<Answer>), String> {
        let base = match errand.maker {
            Maker::WeCom => &self.wecom,
            Maker::DingTalk => &self.dingtalk,
            Maker::Feishu => &self.feishu,
        };
        let mut url = base.clone();
        url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), errand.path));
        if !errand.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&errand.query);
        }
        // The URL holds the key.
        let failed = |error: reqwest::Error| format!("{:?} is out of reach: {}", errand.maker, causes(&error.without_url()));
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json; charset=utf-8").body(errand.body.to_string());
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Answer::read(&bounded(response).await.map_err(failed)?);
        Ok((status, headers, answer))
    }
}

impl Answer {
    /// Reads the forms of all makers: `errcode` and `errmsg`, or `code` and `msg`.
    fn read(bytes: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(bytes).ok()?;
        let code = answer.get("errcode").or_else(|| answer.get("code"))?.as_i64()?;
        let text = answer.get("errmsg").or_else(|| answer.get("msg")).and_then(Value::as_str).unwrap_or_default();
        Some(Self { code, text: text.to_owned() })
    }
}

/// The body of an answer; nothing of one that is too long.
async fn bounded(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER {
            return Ok(Vec::new());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// How long a server asks to wait: the seconds of `Retry-After`, or of Feishu's own header
/// (<https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control>).
fn wait(headers: &HeaderMap) -> Duration {
    let seconds = ["retry-after", "x-ogw-ratelimit-reset"].iter().find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok());
    seconds.map_or(OUT_OF_ORDER, Duration::from_secs).clamp(Duration::from_secs(1), LONGEST_WAIT)
}

/// The URL under which a maker's robots are. Only a server on this machine is spoken to without TLS.
fn base(maker: Maker, text: &str) -> Result<Url, BadSettings> {
    let bad = |why: &str| BadSettings(format!("the URL of {maker:?} cannot be used: {why}"));
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(host) => {}
        _ => return Err(bad("it has to begin with https://")),
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain { Ok(url) } else { Err(bad("scheme, host, port and path, nothing else")) }
}

/// Whether a host is loopback, by its name or number.
pub(super) fn is_this_machine(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || number.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An error and what caused it, in one sentence.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    cut(&one_line(&text), REASON)
}
