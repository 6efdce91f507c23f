//! The command line.

use clap::Parser as _;
use rejoinder::{
    api::operations,
    config::{Command, CommandLine, ServeSettings, TenantCommand},
    demo,
    domain::violation::RuleViolation,
    health, server,
    server::StartError,
    store::{Failure, Migrating},
    usecases::tenants,
    verify::{self, Trusted},
};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[actix_web::main]
async fn main() -> ExitCode {
    match run(CommandLine::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rejoinder: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line; that nobody reads it any more is no reason to fail.
fn say(line: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn run(command: Command) -> Result<(), StartError> {
    match command {
        Command::Serve(settings) => serve(settings, false).await,
        Command::Demo(settings) => serve(settings, true).await,
        Command::Migrate(settings) => {
            server::open_store(&settings, Migrating::Apply)?;
            say("the schema is up to date");
            Ok(())
        }
        Command::Tenant { command: TenantCommand::Create { database, name, owner_email, existing_person, json } } => {
            let name = name.try_into().map_err(|rule| StartError::Setting(format!("--name: {rule}")))?;
            let email: rejoinder::domain::text::Email =
                owner_email.try_into().map_err(|rule| StartError::Setting(format!("--owner-email: {rule}")))?;
            let embedded = database.url().map_err(StartError::Setting)?.is_none();
            if embedded && !database.data_dir.join(server::DATABASE_FILE).exists() {
                let folder = database.data_dir.display();
                return Err(StartError::Setting(format!("there is no installation in {folder}: `rejoinder serve` or `migrate` makes one")));
            }
            let store = server::open_store(&database, Migrating::Apply)?;
            let known = if existing_person { tenants::Known::Accept } else { tenants::Known::Refuse };
            let made = tenants::create(&store, name, email.clone(), None, known).await.map_err(|trouble| match trouble {
                tenants::Trouble::Failure(Failure::Rule(RuleViolation::AlreadyMember)) => {
                    StartError::Setting(format!("{} is somebody's address already: say --existing-person to make them the owner", &*email))
                }
                other => StartError::Setting(other.to_string()),
            })?;
            if json {
                say(serde_json::json!({ "tenant_id": made.tenant_id, "email": &*email, "password": made.password }));
            } else {
                let password = made.password.as_deref().unwrap_or("(the one this person has already)");
                say(format_args!("tenant    {}\nowner     {}\npassword  {password}", made.tenant_id, &*email));
            }
            Ok(())
        }
        Command::Health(settings) => {
            say(health::check(&settings.url()).map_err(StartError::Setting)?);
            Ok(())
        }
        Command::Verify(settings) => {
            let trusted = match (&settings.keys, &settings.key) {
                (Some(set), _) => Trusted::Set(set),
                (None, Some(key)) => Trusted::Key(key),
                (None, None) => Trusted::Any,
            };
            say(verify::check(&settings.file, trusted).map_err(StartError::Setting)?);
            Ok(())
        }
        Command::Openapi => {
            say(operations::document_text().trim_end());
            Ok(())
        }
    }
}

async fn serve(settings: ServeSettings, with_demo: bool) -> Result<(), StartError> {
    let filter = EnvFilter::try_from_env("REJOINDER_LOG").unwrap_or_else(|_| EnvFilter::new("warn,rejoinder=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if settings.log_json {
        log.json().init()
    } else {
        log.init()
    }
    let migrating = if settings.no_migrate { Migrating::Check } else { Migrating::Apply };
    let outbound = server::outbound(&settings.outbound)?;
    let store = server::open_store(&settings.database, migrating)?;
    let (listener, url) = server::bind(&settings)?;
    if with_demo {
        let demo = demo::prepare(&store).await.map_err(|e| StartError::Setting(e.to_string()))?;
        say(demo.greeting(&url));
    } else {
        say(format_args!("rejoinder listens on {url}"));
    }
    let services = server::services(store, server::limits(&settings), url, settings.behind_proxy, outbound)?;
    server::work_by_itself(&services);
    let front = server::Front { workers: settings.workers, allow_origins: settings.allow_origins };
    Ok(server::serve(listener, services, front)?.await?)
}
