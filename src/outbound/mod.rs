//! Messages to people outside the product: by mail, and through the group robots of WeCom, DingTalk and Feishu.
//!
//! Whoever gives an address gives a key and never a URL: nobody can make the product call a host of their choice.

mod address;
mod dingtalk;
mod email;
mod feishu;
mod message;
mod outcome;
mod pace;
mod robots;
mod settings;
mod wecom;

pub use address::{Address, BadAddress};
pub use message::Message;
pub use outcome::{Receipt, SendError};
pub use settings::{BadSettings, OutboundSettings, Smtp};

use email::Mailer;
use robots::Robots;

/// Sends messages, each at most once a call; trying again is the caller's.
pub struct Outbound {
    mailer: Option<Mailer>,
    robots: Robots,
}

impl Outbound {
    /// Prepares everything; calls nobody.
    ///
    /// # Errors
    /// When a URL or the sender cannot be used, or the system has no certificate authorities.
    pub fn new(settings: &OutboundSettings) -> Result<Self, BadSettings> {
        let mailer = settings.smtp.as_ref().map(|smtp| Mailer::new(smtp, settings.patience)).transpose()?;
        Ok(Self { mailer, robots: Robots::new(settings)? })
    }

    /// Whether messages to such an address can be sent: mail needs a mail server.
    #[must_use]
    pub fn can_send(&self, to: &Address) -> bool {
        self.mailer.is_some() || !matches!(to, Address::Email { .. })
    }

    /// Sends one message. `now` dates mails and signatures and measures the pace of robots.
    ///
    /// A robot's pace is known to this process only: several servers that use one robot can be too fast together, and then wait as the
    /// robot says.
    ///
    /// # Errors
    /// [`SendError::Later`] for limits of pace, silence, and refusals that pass; [`SendError::Never`] for everything else.
    pub async fn send(&self, to: &Address, message: &Message, now: jiff::Timestamp) -> Result<Receipt, SendError> {
        to.check().map_err(|bad| SendError::never(bad.to_string()))?;
        match (to, &self.mailer) {
            (Address::Email { address }, Some(mailer)) => mailer.send(address, message, now).await,
            (Address::Email { .. }, None) => Err(SendError::never("no mail server is set")),
            (Address::Wecom { key }, _) => self.robots.send(wecom::errand(key, message)?, now).await,
            (Address::Dingtalk { access_token, secret }, _) => {
                self.robots.send(dingtalk::errand(access_token, secret.as_deref(), message, now)?, now).await
            }
            (Address::Feishu { hook, secret }, _) => self.robots.send(feishu::errand(hook, secret.as_deref(), message, now)?, now).await,
        }
    }
}
