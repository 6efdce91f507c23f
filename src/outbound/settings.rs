//! Where messages go out, as the operator says.

use std::time::Duration;

/// Where messages go out.
pub struct OutboundSettings {
    /// The mail server; no mail is sent when absent.
    pub smtp: Option<Smtp>,
    /// Where WeCom's robots are: https, or http on this machine.
    pub wecom_url: String,
    /// Where DingTalk's robots are: https, or http on this machine.
    pub dingtalk_url: String,
    /// Where Feishu's robots are: https, or http on this machine.
    pub feishu_url: String,
    /// How long one message may take; twice as long in all for a mail, whose server is asked several times.
    pub patience: Duration,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            smtp: None,
            wecom_url: "https://qyapi.weixin.qq.com".into(),
            dingtalk_url: "https://oapi.dingtalk.com".into(),
            feishu_url: "https://open.feishu.cn".into(),
            patience: Duration::from_secs(15),
        }
    }
}

/// A mail server.
pub struct Smtp {
    /// `smtps://name:password@host:port`, or `smtp://` for STARTTLS. Name and password percent-encoded, or absent. Only a server on this
    /// machine is spoken to without TLS, unless `?tls=required` is added.
    pub url: String,
    /// Whom the mail is from: `address@domain` or `Name <address@domain>`. Its domain also names this side to the server.
    pub from: String,
}

/// Settings that cannot be used; never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSettings(pub(super) String);
