//! Opens what a server stands on, builds it, runs it and lets it drain.

use crate::{
    api::{Services, frame, operations},
    auth::{
        passwords::{PasswordError, Passwords},
        tokens::Tokens,
        vault::{Vault, VaultError},
    },
    clock::Clock,
    config::{DatabaseSettings, OutboundOptions, ServeSettings},
    domain::content::{Content, ContentError},
    jobs::Jobs,
    limits::Limits,
    outbound::{Outbound, OutboundSettings, Smtp},
    store::{Ground, Location, Migrating, Store, StoreError},
};
use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::{Condition, from_fn},
    web::Data,
};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// The embedded database in the data directory.
pub const DATABASE_FILE: &str = "rejoinder.db";

/// How often what is only remembered is written down; every sixtieth time, what has had its time is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// How often somebody looks whether the moment of a deadline or of a message has come.
const LOOKING: Duration = Duration::from_secs(5);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting, in a sentence for the operator.
    #[error("{0}")]
    Setting(String),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] VaultError),
    /// The content inside the binary.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password pool.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The operating system.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// Creates a private folder.
fn private_folder(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    if path.is_dir() {
        return Ok(());
    }
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    created.map_err(|e| StartError::Setting(format!("the data directory {} cannot be created: {e}", path.display())))?;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?)
}

/// Opens the database of an installation, with its keys.
///
/// # Errors
/// With a sentence for the operator.
pub fn open_store(settings: &DatabaseSettings, migrating: Migrating) -> Result<Store, StartError> {
    let clock = settings.clock_shift_file.clone().map_or_else(Clock::default, Clock::shifted_by_file);
    let url = settings.url().map_err(StartError::Setting)?;
    let keys_file = settings.keys_file.clone().unwrap_or_else(|| settings.data_dir.join("keys.json"));
    if url.is_none() || settings.keys_file.is_none() {
        private_folder(&settings.data_dir)?;
    }
    let database = settings.data_dir.join(DATABASE_FILE);
    let vault = if url.is_none() && database.exists() {
        // New keys for an old database would make its secrets unreadable.
        Vault::open(&keys_file)?
    } else {
        Vault::open_or_create(&keys_file, &clock)?
    };
    let ground = Ground::new(clock, Arc::new(Content::embedded()?), Arc::new(vault));
    let location = url.as_deref().map_or(Location::Embedded(&database), Location::Server);
    Ok(Store::open(location, migrating, ground)?)
}

/// The services of a server under a public URL.
///
/// # Errors
/// When the password pool cannot be made.
pub fn services(
    store: Store,
    limits: Limits,
    public_url: String,
    behind_proxy: bool,
    outbound: Outbound,
) -> Result<Data<Services>, StartError> {
    let tokens = Tokens::new(&store.ground().vault, public_url.clone());
    let passwords = Passwords::new(limits.passwords)?;
    Ok(Data::new(Services::new(store, tokens, passwords, limits, public_url, behind_proxy, Arc::new(outbound))))
}

/// What sends messages to people, as the settings say.
///
/// # Errors
/// With a sentence for the operator.
pub fn outbound(settings: &OutboundOptions) -> Result<Outbound, StartError> {
    let smtp = match (settings.smtp_url().map_err(StartError::Setting)?, &settings.smtp_from) {
        (Some(url), Some(from)) => Some(Smtp { url, from: from.clone() }),
        (Some(_), None) => return Err(StartError::Setting("--smtp-url needs --smtp-from: whom the mails are from".into())),
        (None, _) => None,
    };
    let settings = OutboundSettings {
        smtp,
        wecom_url: settings.wecom_url.clone(),
        dingtalk_url: settings.dingtalk_url.clone(),
        feishu_url: settings.feishu_url.clone(),
        ..OutboundSettings::default()
    };
    Outbound::new(&settings).map_err(|bad| StartError::Setting(bad.to_string()))
}

/// How a server meets the world.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// Worker threads; as many as there are cores when absent.
    pub workers: Option<usize>,
    /// The origins whose pages may call the API.
    pub allow_origins: Vec<String>,
}

/// Lets pages of these origins call the API, and read the headers that it answers with. Nobody's cookies are sent: there are none.
fn cors(origins: &[String]) -> Condition<Cors> {
    let given =
        ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "accept-language", "prefer", "traceparent"];
    let told = [
        "etag",
        "link",
        "location",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "idempotent-replayed",
        "x-request-id",
        "accept-patch",
        "content-disposition",
        "repr-digest",
    ];
    let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    let cors = cors.allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).allowed_headers(given).expose_headers(told);
    Condition::new(!origins.is_empty(), cors.max_age(3600))
}

/// Does what is due by itself, as long as this process lives: deadlines and messages, one not waiting for the other.
pub fn work_by_itself(services: &Services) {
    let jobs = Jobs::new(services.store.clone(), Arc::clone(&services.outbound), services.public_url.clone());
    let sender = jobs.clone();
    actix_web::rt::spawn(async move {
        loop {
            if let Err(error) = jobs.look_after_deadlines().await {
                tracing::warn!(%error, "work that was due was not done; it will be tried again");
            }
            actix_web::rt::time::sleep(LOOKING).await;
        }
    });
    actix_web::rt::spawn(async move {
        loop {
            if let Err(error) = sender.send_messages().await {
                tracing::warn!(%error, "messages that were due were not sent; it will be tried again");
            }
            actix_web::rt::time::sleep(LOOKING).await;
        }
    });
}

/// Serves on a listener.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(listener: TcpListener, services: Data<Services>, front: Front) -> Result<Server, StartError> {
    let limits = services.limits.clone();
    let housekeeping = services.clone();
    let Front { workers, allow_origins } = front;
    let app = move || {
        let app = App::new().app_data(services.clone()).configure(operations::configure);
        app.wrap(from_fn(frame::frame)).wrap(cors(&allow_origins))
    };
    actix_web::rt::spawn(async move {
        for minute in 1_u64.. {
            actix_web::rt::time::sleep(HOUSEKEEPING).await;
            let written = housekeeping.write_down().await;
            let forgotten = if minute % 60 == 0 { housekeeping.forget_expired().await } else { Ok(()) };
            if let Err(error) = written.and(forgotten) {
                tracing::warn!(%error, "housekeeping failed; it will be tried again");
            }
        }
    });
    let mut server = HttpServer::new(app)
        .client_request_timeout(limits.head)
        .max_connections(limits.connections)
        .shutdown_timeout(limits.drain.as_secs());
    if let Some(workers) = workers {
        server = server.workers(workers.max(1));
    }
    Ok(server.listen(listener)?.run())
}

/// Binds the address that the settings name, with the public URL that belongs to it.
///
/// # Errors
/// With a sentence for the operator.
pub fn bind(settings: &ServeSettings) -> Result<(TcpListener, String), StartError> {
    if !settings.listen.ip().is_loopback() && !settings.behind_proxy {
        return Err(StartError::Setting(format!(
            "{} can be reached from other machines: put a proxy that ends TLS in front and say --behind-proxy",
            settings.listen
        )));
    }
    let busy = |e: std::io::Error| StartError::Setting(format!("cannot listen on {}: {e}", settings.listen));
    let listener = TcpListener::bind(settings.listen).map_err(busy)?;
    let address: SocketAddr = listener.local_addr()?;
    let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    Ok((listener, url.trim_end_matches('/').to_owned()))
}

/// The limits that the settings ask for.
#[must_use]
pub fn limits(settings: &ServeSettings) -> Limits {
    Limits { requests_per_minute: settings.rate_limit.0, ..Limits::default() }
}
