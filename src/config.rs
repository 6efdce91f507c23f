//! Every setting with its default and its variable: each flag is also `REJOINDER_*`, secrets can come from files.

use clap::{Args, Parser, Subcommand};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

/// A complaint against an online shop, as a case that is answered truthfully, completely and on time.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server. Without a database URL it keeps everything in the data directory, which it creates.
    Serve(ServeSettings),
    /// Run the server with a demo agency: shops, a member of each role, living cases. Prints the log-in and a curl to paste.
    Demo(ServeSettings),
    /// Bring the database's schema up to date and stop.
    Migrate(DatabaseSettings),
    /// Make tenants, also while the server runs.
    Tenant {
        /// What to do with tenants.
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Ask a running server whether it can do its work: for the health check of a container.
    Health(HealthSettings),
    /// Check a file that was exported, such as a day of the register of deadlines: whether it is whole, and by which key. Needs no server.
    Verify(VerifySettings),
    /// Print the OpenAPI document.
    Openapi,
}

/// What to do with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant with its first owner; prints its id and the owner's initial password.
    Create {
        /// Where the database is.
        #[command(flatten)]
        database: DatabaseSettings,
        /// The tenant's name.
        #[arg(long)]
        name: String,
        /// The address of its first owner.
        #[arg(long)]
        owner_email: String,
        /// The address may be somebody's already, who then owns the tenant with the password that they have.
        #[arg(long)]
        existing_person: bool,
        /// Print one JSON object: `{tenant_id, email, password}`.
        #[arg(long)]
        json: bool,
    },
}

/// Where the database and the keys are.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// The folder of an embedded installation: database and keys. Created (mode 0700) when absent.
    #[arg(long, env = "REJOINDER_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// A PostgreSQL to use instead of the embedded SQLite, such as postgres://rejoinder@localhost/rejoinder.
    #[arg(long, env = "REJOINDER_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A file that holds the database URL, so that its password is in no process list.
    #[arg(long, env = "REJOINDER_DATABASE_URL_FILE", conflicts_with = "database_url")]
    pub database_url_file: Option<PathBuf>,
    /// The installation's keys (mode 0600, made when absent); several servers on one database share it. Default: keys.json in the data directory.
    #[arg(long, env = "REJOINDER_KEYS_FILE")]
    pub keys_file: Option<PathBuf>,
    /// A file with seconds by which the clock is ahead: for tests of the real binary.
    #[arg(long, env = "REJOINDER_CLOCK_SHIFT_FILE", hide = true)]
    pub clock_shift_file: Option<PathBuf>,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeSettings {
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Where to listen. An address other than loopback needs --behind-proxy.
    #[arg(long, env = "REJOINDER_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Under what the world reaches this server; also the issuer of its tokens. Default: http:// and the address it listens on.
    #[arg(long, env = "REJOINDER_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// A proxy in front ends TLS and sets X-Forwarded-For.
    #[arg(long, env = "REJOINDER_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// An origin whose pages may call the API, such as https://console.example; several with commas between. None when absent.
    #[arg(long = "allow-origin", env = "REJOINDER_ALLOW_ORIGIN", value_delimiter = ',', value_parser = origin)]
    pub allow_origins: Vec<String>,
    /// Where reminders go out.
    #[command(flatten)]
    pub outbound: OutboundOptions,
    /// Requests of one caller in one minute, or `off`.
    #[arg(long, env = "REJOINDER_RATE_LIMIT", default_value = "600", value_parser = rate_limit)]
    pub rate_limit: RateLimit,
    /// Do not migrate: refuse to start when the schema is behind.
    #[arg(long, env = "REJOINDER_NO_MIGRATE")]
    pub no_migrate: bool,
    /// Worker threads; as many as there are cores when absent.
    #[arg(long, env = "REJOINDER_WORKERS")]
    pub workers: Option<usize>,
    /// Log as JSON lines.
    #[arg(long, env = "REJOINDER_LOG_JSON")]
    pub log_json: bool,
}

/// Through which servers messages go out to people.
#[derive(Debug, Clone, Args)]
pub struct OutboundOptions {
    /// The mail server for reminders, such as smtps://name:password@mail.example (smtp:// for STARTTLS). No mail goes out without one.
    #[arg(long, env = "REJOINDER_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// A file that holds the mail server's URL, so that its password is in no process list.
    #[arg(long, env = "REJOINDER_SMTP_URL_FILE", conflicts_with = "smtp_url")]
    pub smtp_url_file: Option<PathBuf>,
    /// Whom mails are from, such as "Rejoinder <no-reply@cases.example>".
    #[arg(long, env = "REJOINDER_SMTP_FROM")]
    pub smtp_from: Option<String>,
    /// Where the group robots of WeCom are.
    #[arg(long, env = "REJOINDER_WECOM_URL", default_value = "https://qyapi.weixin.qq.com")]
    pub wecom_url: String,
    /// Where the group robots of DingTalk are.
    #[arg(long, env = "REJOINDER_DINGTALK_URL", default_value = "https://oapi.dingtalk.com")]
    pub dingtalk_url: String,
    /// Where the group robots of Feishu are.
    #[arg(long, env = "REJOINDER_FEISHU_URL", default_value = "https://open.feishu.cn")]
    pub feishu_url: String,
}

/// Whom to ask for health.
#[derive(Debug, Clone, Args)]
pub struct HealthSettings {
    /// The server's address, such as http://127.0.0.1:8080. Default: where it listens, on this machine.
    #[arg(long, env = "REJOINDER_HEALTH_URL")]
    pub url: Option<String>,
    /// Where the server listens.
    #[arg(long, env = "REJOINDER_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

/// What to check, and whose signature is good.
#[derive(Debug, Clone, Args)]
pub struct VerifySettings {
    /// The file.
    pub file: PathBuf,
    /// The keys of which one must have signed it, as a JWK set: what the server gives at /.well-known/jwks.json.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// The key that must have signed it: the member `x` of its JWK.
    #[arg(long, value_name = "BASE64URL", conflicts_with = "keys", allow_hyphen_values = true)]
    pub key: Option<String>,
}

/// An origin as browsers send it: scheme and host, no path, never `*`.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b)) => Ok(text.to_owned()),
        _ => Err("give scheme and host, such as https://console.example".into()),
    }
}

/// A rate limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(pub Option<u32>);

fn rate_limit(text: &str) -> Result<RateLimit, String> {
    match text {
        "off" => Ok(RateLimit(None)),
        number => match number.parse() {
            Ok(n) if n > 0 => Ok(RateLimit(Some(n))),
            _ => Err("give a number of requests per minute, or `off`".into()),
        },
    }
}

impl DatabaseSettings {
    /// The database URL, if there is one.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn url(&self) -> Result<Option<String>, String> {
        given(self.database_url.as_ref(), self.database_url_file.as_ref())
    }
}

impl OutboundOptions {
    /// The mail server's URL, if there is one.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn smtp_url(&self) -> Result<Option<String>, String> {
        given(self.smtp_url.as_ref(), self.smtp_url_file.as_ref())
    }
}

/// A secret that is given by itself or in a file.
fn given(secret: Option<&String>, file: Option<&PathBuf>) -> Result<Option<String>, String> {
    match file {
        Some(path) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) => Err(format!("{}: {error}", path.display())),
        },
        None => Ok(secret.cloned()),
    }
}

impl HealthSettings {
    /// The address to ask: whoever listens on every address is asked on loopback.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.listen;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        self.url.clone().unwrap_or_else(|| format!("http://{address}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn health_is_asked_on_this_machine() {
        for (arguments, expected) in [
            (["--listen", "0.0.0.0:8081"], "http://127.0.0.1:8081"),
            (["--listen", "[::]:8081"], "http://[::1]:8081"),
            (["--listen", "10.1.2.3:8081"], "http://10.1.2.3:8081"),
            (["--url", "http://cases.example"], "http://cases.example"),
        ] {
            let command = CommandLine::parse_from(["rejoinder", "health"].into_iter().chain(arguments)).command;
            assert!(matches!(&command, Command::Health(settings) if settings.url() == expected), "{command:?}");
        }
    }
}
