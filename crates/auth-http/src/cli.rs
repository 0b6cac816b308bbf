//! The command line.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod clients;
pub(crate) mod command;
pub(crate) mod factors;
pub(crate) mod healthcheck;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod manual;
pub(crate) mod page;
pub(crate) mod serve;
pub(crate) mod stop;
pub(crate) mod terminal;
pub(crate) mod users;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::{
    cli::{audit::Audit, clients::Clients, command::CommandError, keys::Keys, mail::Mail, users::Users},
    settings::Source,
};

/// Accounts and JWTs for REST clients: register, log in, refresh, who am I.
///
/// Configured by environment variables and a `.env` in the working directory; `.env.example` lists them all.
#[derive(Debug, Parser)]
#[command(
    name = "auth-server",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 fine, 1 a configuration or start-up fault or a command that failed, 2 wrong usage, \
                  130 or 143 a command interrupted by SIGINT or SIGTERM."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Validate the configuration, migrate the database, serve until SIGTERM or SIGINT (the default).
    Serve,
    /// For a first try: write a .env with fresh random secrets if there is none, then serve, with the API for administrators unless ADMIN_API says otherwise.
    Dev,
    /// Write a .env with fresh random secrets; never overwrites one.
    Init,
    /// Validate the configuration, connect to the database and the mail server, report pending migrations, whether the keys can be opened, and whom logins ask for a second factor.
    Check,
    /// Apply pending migrations and exit.
    Migrate,
    /// Ask the running server's /health/ready; for container health checks.
    Healthcheck,
    /// Print the OpenAPI document.
    Openapi,
    /// Create, import, show, list, verify, disable, enable and delete accounts, set passwords, end sessions, remove second factors.
    Users(Users),
    /// Add, list, show and remove resource servers, which may ask about tokens, replace their secrets, and say what they may do for themselves.
    Clients(Clients),
    /// Look into the audit trail.
    Audit(Audit),
    /// List, rotate, revoke, import and export the keys that sign access tokens; encrypt what is encrypted at rest with the newest key.
    Keys(Keys),
    /// Look into the outbox, let mails be tried again, send a test mail, render all mails.
    Mail(Mail),
    /// Print the completion script of a shell.
    Completions { shell: Shell },
    /// Print the manual page (roff); for packagers.
    Man,
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// What to tell the operator; the exit code is 1 then.
    pub fn run(self) -> Result<(), CommandError> {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => crate::cli::serve::serve(&Source::from_process()?),
            Command::Dev => crate::cli::serve::serve(&crate::cli::init::prepare()?),
            Command::Init => crate::cli::init::init(),
            Command::Check => crate::cli::check::check(),
            Command::Migrate => crate::cli::check::migrate(),
            Command::Healthcheck => crate::cli::healthcheck::healthcheck(),
            Command::Openapi => crate::cli::manual::openapi(),
            Command::Users(users) => users.run(),
            Command::Clients(clients) => clients.run(),
            Command::Audit(audit) => audit.run(),
            Command::Keys(keys) => keys.run(),
            Command::Mail(mail) => mail.run(),
            Command::Completions { shell } => crate::cli::manual::completions(shell),
            Command::Man => crate::cli::manual::man(),
        }
    }
}
