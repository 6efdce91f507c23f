//! Where a message goes: what a user gives, checked before anything is made of it.

use std::fmt;

/// The longest mail address (RFC 5321 §4.5.3.1.3, without its angle brackets).
const MAIL_ADDRESS: usize = 254;
/// The longest key, token, hook or secret.
const CREDENTIAL: usize = 200;

/// Where a message goes. Its `Debug` form shows the kind only: everything else is a secret or names a person.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A mail address.
    Email {
        /// ASCII, such as `li.lei@agency.example`.
        address: String,
    },
    /// A group robot of WeCom (企业微信).
    Wecom {
        /// What stands behind `key=` in the robot's webhook.
        key: String,
    },
    /// A group robot of DingTalk (钉钉).
    Dingtalk {
        /// What stands behind `access_token=` in the robot's webhook.
        access_token: String,
        /// The secret of its signatures (加签), if it asks for them.
        secret: Option<String>,
    },
    /// A group robot of Feishu (飞书).
    Feishu {
        /// What stands behind `/hook/` in the robot's webhook.
        hook: String,
        /// The secret of its signatures (签名校验), if it asks for them.
        secret: Option<String>,
    },
}

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not a plain ASCII address.
    #[error("this is no mail address")]
    Email,
    /// It could mean something in a URL, or is too long.
    #[error("a robot's key has 1 to {CREDENTIAL} letters, digits, - and _: not the whole URL")]
    Key,
    /// It holds blanks or other than ASCII, or is too long.
    #[error("a robot's secret has 1 to {CREDENTIAL} visible ASCII characters")]
    Secret,
}

impl Address {
    /// Whether this can be an address; whether it is one, only sending shows.
    ///
    /// # Errors
    /// When a part has a form that it cannot have.
    pub fn check(&self) -> Result<(), BadAddress> {
        match self {
            Self::Email { address } => mail(address).map(|_| ()),
            Self::Wecom { key } => check_key(key),
            Self::Dingtalk { access_token: key, secret } | Self::Feishu { hook: key, secret } => {
                check_key(key)?;
                secret.as_deref().map_or(Ok(()), check_secret)
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email { .. } => "Email(…)",
            Self::Wecom { .. } => "Wecom(…)",
            Self::Dingtalk { .. } => "Dingtalk(…)",
            Self::Feishu { .. } => "Feishu(…)",
        })
    }
}

/// Reads a mail address. Quoted and internationalised ones are left out: hardly a server takes them.
pub(super) fn mail(text: &str) -> Result<lettre::Address, BadAddress> {
    let plain = text.len() <= MAIL_ADDRESS && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\<>()[],;:".contains(&b));
    if plain { text.parse().map_err(|_| BadAddress::Email) } else { Err(BadAddress::Email) }
}

/// No `.` either: a key that stands in a path must not climb.
fn check_key(key: &str) -> Result<(), BadAddress> {
    let fits = (1..=CREDENTIAL).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits { Ok(()) } else { Err(BadAddress::Key) }
}

fn check_secret(secret: &str) -> Result<(), BadAddress> {
    let fits = (1..=CREDENTIAL).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(()) } else { Err(BadAddress::Secret) }
}
