//! `users import`: the accounts of another system or server, and a report of each.

mod own;
mod report;

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
};

use auth_domain::{
    admin::{
        import::{Candidate, Mode},
        transfer::Activity,
    },
    audit::initiator::Initiator,
};
use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use self::report::Told;
pub(crate) use self::report::{Detail, Report};
use super::CommandError;
use crate::app::{
    ports::{AccountFormat, DatabaseUrl, FileFault, HashParameters, Listed, legacy_accounts, read_accounts},
    use_cases::UseCases,
};

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file; `-` is stdin. Without --format a SQLite file with a table `users` as SQLAlchemy makes it: sqlite:///./secure_app.db
    #[arg(long)]
    from: String,
    /// What the file is an export of.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Only report what would be imported.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    firebase: Firebase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines of JSON, as `users export` of this program writes them.
    AuthServer,
    /// Lines of JSON with `passwordHash`, as Auth0's support hands them out.
    Auth0,
    /// The JSON of `firebase auth:export`.
    Firebase,
    /// The JSON of `kc.sh export`.
    Keycloak,
    /// The JSON of `manage.py dumpdata auth.user`.
    Django,
    /// A CSV of the table auth.users, of Supabase too.
    Gotrue,
    /// A CSV with columns that are named as the members of accounts here.
    Csv,
}

/// The hash parameters of a project, as the console of Firebase shows them.
#[derive(Debug, Args)]
struct Firebase {
    /// `base64_signer_key` of a project's hash parameters.
    #[arg(long, value_name = "BASE64", requires_all = ["firebase_salt_separator", "firebase_rounds", "firebase_mem_cost"])]
    firebase_signer_key: Option<SecretString>,
    /// `base64_salt_separator` of them.
    #[arg(long, value_name = "BASE64", requires = "firebase_signer_key")]
    firebase_salt_separator: Option<String>,
    /// `rounds` of them.
    #[arg(long, value_name = "NUMBER", requires = "firebase_signer_key")]
    firebase_rounds: Option<u32>,
    /// `mem_cost` of them.
    #[arg(long, value_name = "NUMBER", requires = "firebase_signer_key")]
    firebase_mem_cost: Option<u32>,
}

impl Import {
    /// Imports the accounts in the file, or only reports what would be imported.
    ///
    /// # Errors
    /// The file cannot be read, or an outage.
    pub(super) async fn run(self, app: &UseCases, by: &Initiator, detail: Detail) -> Result<Report, CommandError> {
        let parameters = self.hash_parameters()?;
        let run = if self.dry_run { Mode::Dry } else { Mode::Real };
        let mut report = Report::of(self.dry_run, detail);
        let format = match self.format {
            Some(Format::AuthServer) => {
                own::import(app, self.open()?, run, by, &mut report).await?;
                return Ok(report);
            }
            None => None,
            Some(Format::Auth0) => Some(AccountFormat::Auth0),
            Some(Format::Firebase) => Some(AccountFormat::Firebase(parameters)),
            Some(Format::Keycloak) => Some(AccountFormat::Keycloak),
            Some(Format::Django) => Some(AccountFormat::Django),
            Some(Format::Gotrue) => Some(AccountFormat::GoTrue),
            Some(Format::Csv) => Some(AccountFormat::Csv),
        };
        let (candidates, told) = self.accounts(app, format.as_ref())?;
        let outcomes = app.admin.import.execute(&candidates, run, by).await?;
        for (told, outcome) in told.into_iter().zip(outcomes) {
            report.add(told, outcome);
        }
        Ok(report)
    }

    fn hash_parameters(&self) -> Result<Option<HashParameters>, CommandError> {
        let parameters = self.firebase.parameters()?;
        if parameters.is_some() && self.format != Some(Format::Firebase) {
            return Err(CommandError::Told("--firebase-…: only with --format firebase".to_owned()));
        }
        Ok(parameters)
    }

    /// Of another system, as a whole.
    fn accounts(&self, app: &UseCases, format: Option<&AccountFormat>) -> Result<(Vec<Candidate>, Vec<Told>), CommandError> {
        let Some(format) = format else { return self.of_sqlite() };
        let listed = read_accounts(self.open()?, format, app.ports.clock.now()).map_err(|fault| from(&shown(&fault)))?;
        let told = |Listed { candidate, notes }| (tell(&candidate, notes), candidate);
        let (told, candidates) = listed.into_iter().map(told).unzip();
        Ok((candidates, told))
    }

    fn of_sqlite(&self) -> Result<(Vec<Candidate>, Vec<Told>), CommandError> {
        let source: DatabaseUrl = self.from.parse().map_err(|fault| from(&fault))?;
        let candidates = legacy_accounts(&source).map_err(|fault| from(&fault))?;
        let is_unclear = |one: &Candidate| one.account.as_ref().is_ok_and(|account| account.activity == Activity::Unknown);
        let notes = |one: &Candidate| if is_unclear(one) { vec!["its is_active says neither yes nor no"] } else { Vec::new() };
        let told = candidates.iter().map(|one| tell(one, notes(one))).collect();
        Ok((candidates, told))
    }

    fn open(&self) -> Result<Box<dyn Read>, CommandError> {
        if self.from == "-" {
            return Ok(Box::new(io::stdin()));
        }
        if self.from.starts_with("sqlite:") {
            return Err(from(&"a SQLite file is read without --format"));
        }
        let file = File::open(&self.from).map_err(|error| from(&format!("{} cannot be opened: {error}", self.from)))?;
        Ok(Box::new(file))
    }
}

impl Firebase {
    fn parameters(&self) -> Result<Option<HashParameters>, CommandError> {
        let Self { firebase_signer_key: key, firebase_salt_separator: separator, .. } = self;
        let (Some(key), Some(separator)) = (key, separator) else { return Ok(None) };
        // The command line demands all of them together.
        let (rounds, mem_cost) = (self.firebase_rounds.unwrap_or_default(), self.firebase_mem_cost.unwrap_or_default());
        HashParameters::new(key.expose_secret().to_owned(), separator.clone(), rounds, mem_cost)
            .map(Some)
            .map_err(|fault| CommandError::Told(format!("--firebase-…: {fault}")))
    }
}

fn tell(candidate: &Candidate, notes: Vec<&'static str>) -> Told {
    Told { number: candidate.number.clone(), email: candidate.email.clone(), notes }
}

fn from(fault: &dyn Display) -> CommandError {
    CommandError::Told(format!("--from: {fault}"))
}

fn shown(fault: &FileFault) -> String {
    match fault {
        FileFault::HashParametersMissing => {
            format!("{fault}: give --firebase-signer-key, --firebase-salt-separator, --firebase-rounds and --firebase-mem-cost")
        }
        FileFault::Shape { .. } => format!("{fault} (docs/moving.md)"),
        FileFault::Io(_) => fault.to_string(),
    }
}
