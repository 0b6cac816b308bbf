//! The commands of the program, one file each.

use std::{io, mem::ManuallyDrop, time::Duration};

use actix_web::rt::System;
use auth_domain::identity::{
    email::Email,
    port_error::PortError,
    request_context::{RequestContext, UserAgent},
};

use crate::{
    app::{
        ports::{MailFault, OpenError, Ports, mailer, open_database, shared_limiter, start_audit},
        use_cases::{Policies, UseCases},
    },
    cli::stop::{Interrupted, Stop},
    net::tls::Tls,
    settings::{SettingFault, Settings, Source, SourceError, TlsFiles},
    telemetry::log::{self, Stream},
};

/// How long a command waits until its audit events are stored.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the program ends with exit code 1, worded for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("The configuration has {} fault(s):\n{}", .0.len(), listed(.0))]
    Settings(Vec<SettingFault>),
    #[error("The configuration cannot be read: {0}")]
    Source(#[from] SourceError),
    #[error("Failed: {0}")]
    Port(#[from] PortError),
    #[error("Failed: {0}")]
    Open(#[from] OpenError),
    #[error("Cannot start: {0}")]
    Start(String),
    #[error("Cannot listen on {address}: {cause}{}", way_out(.cause))]
    Listen { address: String, cause: io::Error },
    #[error("{0}")]
    Told(String),
    #[error("Failed: {0}")]
    Io(#[from] io::Error),
}

impl CommandError {
    /// The server cannot sign. Adds a way out, since an encryption key may be lost for good.
    pub(super) fn of_keys(fault: PortError) -> Self {
        match fault {
            PortError::Corrupt(what) | PortError::Internal(what) => Self::Start(format!(
                "{what}. If nobody has it any more, `auth-server keys rotate --at-once` makes a key that can be used \
                 (docs/keys.md)"
            )),
            outage @ (PortError::Unavailable(_)
            | PortError::Refused(_)
            | PortError::Unknown(_)
            | PortError::Overloaded { .. }
            | PortError::Abandoned) => Self::Start(outage.to_string()),
        }
    }

    /// As it is printed.
    #[must_use]
    pub fn shown(&self) -> String {
        crate::cli::terminal::message(&self.to_string())
    }

    /// The reader of the output closed it early, as `head` does. Nothing is wrong.
    #[must_use]
    pub fn is_of_the_reader(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What to do when listening fails, by the kind of error.
const WAYS_OUT: [(io::ErrorKind, &str); 3] = [
    (io::ErrorKind::AddrInUse, "; stop what listens there, or choose another port (PORT, METRICS_ADDR)"),
    (io::ErrorKind::AddrNotAvailable, "; choose an address of this machine (HOST, METRICS_ADDR)"),
    (io::ErrorKind::PermissionDenied, "; choose a port above 1023 (PORT, METRICS_ADDR), and put a proxy in front"),
];

pub(super) fn way_out(cause: &io::Error) -> &'static str {
    WAYS_OUT.iter().find(|(kind, _)| *kind == cause.kind()).map_or("", |(_, words)| words)
}

pub(super) fn listed(faults: &[SettingFault]) -> String {
    crate::cli::terminal::lines(faults.iter().map(|fault| format!("  {fault}")))
}

/// Every setting, the certificate with its key, the templates of mails, and the certificates by which the store of shared budgets is
/// trusted. Only a server needs those files: `healthcheck` must work whatever is in them.
///
/// # Errors
/// All faults together.
pub(super) fn settings_to_serve(source: &Source) -> Result<(Settings, Option<Tls>), CommandError> {
    let files = TlsFiles::named_by(source);
    let settings = Settings::read(source);
    let mail = settings.as_ref().map_or(None, |settings| settings.mail.as_ref()).map(mailer).transpose();
    let mail = mail.err().map(MailFault::settings);
    let limiter = settings.as_ref().map_or(None, |settings| shared_limiter(settings).err()).map(|fault| vec![fault]);
    match (settings, files.as_ref().map(Tls::load).transpose(), mail, limiter) {
        (Ok(settings), Ok(tls), None, None) => Ok((settings, tls)),
        (settings, tls, mail, limiter) => {
            let faults = settings.err().into_iter().chain(tls.err()).chain(mail).chain(limiter).flatten();
            Err(CommandError::Settings(faults.collect()))
        }
    }
}

/// The settings of this process.
///
/// # Errors
/// All faults together.
pub(crate) fn settings() -> Result<Settings, CommandError> {
    Settings::read(&Source::from_process()?).map_err(CommandError::Settings)
}

/// Runs an operator's command on the configured database, beside any running server. Its audit events are stored before this
/// returns. Logs go to stderr: stdout is for the answer.
pub(super) fn operate<T>(work: impl AsyncFnOnce(&UseCases) -> Result<T, CommandError>) -> Result<T, CommandError> {
    let settings = settings()?;
    let _until_the_end = log::start(&settings.telemetry, Stream::Stderr);
    let stop = Stop::listen(Interrupted::Command)?;
    let database = open_database(&settings.database)?;
    let audit = start_audit(&database)?;
    stop.spares(&audit);
    let app = UseCases::over(Ports::open(&database, &settings, audit.clone())?, &Policies::from(&settings));
    let done = block_on(work(&app));
    audit.close(FLUSH_TIMEOUT);
    done
}

/// Does the work. Leaves the runtime as it is: it would wait for what hangs in the database.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> T {
    ManuallyDrop::new(System::new()).block_on(work)
}

/// The context in the audit trail: the command line.
pub(super) fn operator(app: &UseCases, command: &str) -> RequestContext {
    RequestContext {
        address: None,
        user_agent: Some(UserAgent::new(command)),
        language: None,
        request_id: app.ports.ids.next().to_string(),
    }
}

pub(super) fn parse_email(text: &str) -> Result<Email, CommandError> {
    text.parse().map_err(|fault| CommandError::Told(format!("`{text}` {fault}")))
}
