//! Mail, through the one mail server of the installation.

use super::{
    address,
    message::{self, Message},
    outcome::{Receipt, SendError},
    robots::is_this_machine,
    settings::{BadSettings, Smtp},
};
use jiff::Timestamp;
use lettre::{
    Address, Message as Mail,
    address::Envelope,
    message::{
        Mailbox, SinglePart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
        response::Response,
    },
};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use std::{error::Error as StdError, fmt::Display, time::Duration};
use tokio::time::timeout;

/// Bytes of a mail's text at most.
const TEXT: usize = 20_000;
/// Bytes of a reason and of a reference at most.
const REASON: usize = 300;
/// How long a server may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(1);
/// How long to wait after a refusal that passes: servers that know nobody (greylisting) take minutes.
const REFUSED: Duration = Duration::from_secs(300);
/// "Authentication required" (RFC 4954 §6): about this side, not about the mail.
const UNKNOWN_HERE: u16 = 530;

/// Sends mails.
///
/// It speaks with the server step by step. `AsyncSmtpTransport` limits the time of the connection only, and gives an error for a mail that
/// was taken when the server then hangs up without a good-bye: the mail would go out twice.
pub(super) struct Mailer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    from: Mailbox,
    patience: Duration,
}

enum Tls {
    FromTheStart(TlsParameters),
    Starttls(TlsParameters),
    None,
}

impl Mailer {
    pub(super) fn new(smtp: &Smtp, patience: Duration) -> Result<Self, BadSettings> {
        let bad = |why: &str| BadSettings(format!("the mail server's URL cannot be used: {why}"));
        let url = Url::parse(&smtp.url).map_err(|error| bad(&error.to_string()))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("it has no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let options: Vec<_> = url.query_pairs().collect();
        let options: Vec<_> = options.iter().map(|(name, value)| (&**name, &**value)).collect();
        let secure = || TlsParameters::new(host.clone()).map_err(|error| bad(&error.to_string()));
        let (tls, port) = match (url.scheme(), options.as_slice()) {
            ("smtps", [] | [("tls", "required")]) => (Tls::FromTheStart(secure()?), 465),
            ("smtp", []) if is_this_machine(&host) => (Tls::None, 25),
            ("smtp", [] | [("tls", "required")]) => (Tls::Starttls(secure()?), 587),
            ("smtp" | "smtps", _) => return Err(bad("nothing but ?tls=required can follow")),
            _ => return Err(bad("it has to begin with smtps:// or smtp://")),
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| bad("it is not UTF-8"));
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None if url.username().is_empty() => None,
            None => return Err(bad("a name needs a password")),
        };
        let from: Mailbox = smtp.from.parse().map_err(|_| BadSettings(format!("{} is no sender of mails", smtp.from)))?;
        address::mail(from.email.as_ref()).map_err(|_| BadSettings(format!("{} is no sender of mails", smtp.from)))?;
        Ok(Self { port: url.port().unwrap_or(port), host, tls, credentials, from, patience })
    }

    /// Sends one mail.
    pub(super) async fn send(&self, address: &str, message: &Message, now: Timestamp) -> Result<Receipt, SendError> {
        let to = address::mail(address).map_err(|bad| SendError::never(bad.to_string()))?;
        let mail = self.mail(to.clone(), message, now)?;
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to]).map_err(|error| SendError::never(said(&error)))?;
        let silent = |_| SendError::later(REFUSED, "the mail server takes too long");
        let mut server = timeout(self.patience, self.connect()).await.map_err(silent)?.map_err(|error| {
            // Nothing was said about the mail yet, so no code can be about it.
            SendError::later(REFUSED, format!("the mail server does not let this server in: {}", said(&error)))
        })?;
        let response = timeout(self.patience, server.send(&envelope, &mail)).await.map_err(silent)?.map_err(|error| judge(&error))?;
        let _ = timeout(GOOD_BYE, server.quit()).await;
        Ok(Receipt { reference: Some(reference(&response)) })
    }

    /// A connection on which mails can be sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let name = ClientId::Domain(self.from.email.domain().to_owned());
        let place = (self.host.as_str(), self.port);
        let from_the_start = match &self.tls {
            Tls::FromTheStart(parameters) => Some(parameters.clone()),
            Tls::Starttls(_) | Tls::None => None,
        };
        let mut server = AsyncSmtpConnection::connect_tokio1(place, Some(self.patience), &name, from_the_start, None).await?;
        if let Tls::Starttls(parameters) = &self.tls {
            server.starttls(parameters.clone(), &name).await?;
        }
        if let Some(credentials) = &self.credentials {
            server.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(server)
    }

    /// The mail as it goes over the line: headers encoded (RFC 2047), the body in ASCII too.
    fn mail(&self, to: Address, message: &Message, now: Timestamp) -> Result<Vec<u8>, SendError> {
        let link = message.link()?.map(|link| format!("\r\n{}", link.url)).unwrap_or_default();
        let text = message.lines().collect::<Vec<_>>().join("\r\n");
        let text = message::cut(&text, TEXT) + &link;
        let mail = Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(message.title())
            .date(now.into())
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .header(AutoSubmitted)
            .singlepart(SinglePart::plain(text));
        Ok(mail.map_err(|error| SendError::never(said(&error)))?.formatted())
    }
}

/// Says that a machine wrote the mail, so that no machine answers it (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// What an answer about a mail means (RFC 5321 §4.2.1): 5yz will be said again, everything else may pass.
fn judge(error: &smtp::Error) -> SendError {
    let reason = format!("the mail server does not take the mail: {}", said(error));
    let about_the_mail = error.is_permanent() && error.status().is_some_and(|code| u16::from(code) != UNKNOWN_HERE);
    if about_the_mail { SendError::never(reason) } else { SendError::later(REFUSED, reason) }
}

/// The answer to a mail that was taken, on one line.
fn reference(response: &Response) -> String {
    let text: Vec<_> = response.message().collect();
    message::cut(&message::one_line(&format!("{} {}", response.code(), text.join(" "))), REASON)
}

/// An error on one line.
fn said(error: &impl Display) -> String {
    message::cut(&message::one_line(&error.to_string()), REASON)
}
