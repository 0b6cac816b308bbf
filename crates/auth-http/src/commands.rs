//! What the program can be told to do, one file each.

pub mod check;
pub mod healthcheck;
pub mod init;
pub mod manual;
pub mod serve;
pub mod users;

use std::io;

use auth_domain::ports::PortError;

use crate::{
    settings::{Fault, Settings, Source, SourceError},
    tls::Tls,
};

/// Why the program stops with exit code 1, worded for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("The configuration has {} fault(s):\n{}", .0.len(), listed(.0))]
    Settings(Vec<Fault>),
    #[error("The configuration cannot be read: {0}")]
    Source(#[from] SourceError),
    #[error("Cannot start: {0}")]
    Port(#[from] PortError),
    #[error("Cannot listen on {address}: {cause}")]
    Listen { address: String, cause: io::Error },
    #[error("{0}")]
    Told(String),
    #[error("Stopped: {0}")]
    Io(#[from] io::Error),
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("  {fault}")).collect::<Vec<_>>().join("\n")
}

/// The settings of this process, and what it needs to serve with TLS.
///
/// # Errors
/// All faults together.
pub fn settings_to_serve() -> Result<(Settings, Option<Tls>), Failure> {
    Settings::read_to_serve(&Source::from_process()?).map_err(Failure::Settings)
}

/// The settings of this process.
///
/// # Errors
/// All faults together.
pub fn settings() -> Result<Settings, Failure> {
    Settings::read(&Source::from_process()?).map_err(Failure::Settings)
}
