//! `check` and `migrate`: what can be known, and done, before the server starts.

mod finding;

use std::io::{self, Write};

use self::finding::{Finding, is_wanted, of_clients};
use super::{Failure, settings, settings_to_serve};
use crate::app::Database;

/// Validates the configuration, connects to the database, reports pending migrations.
///
/// # Errors
/// A fault of the configuration, or a database that cannot be reached.
pub fn check() -> Result<(), Failure> {
    // Read, though not needed: a certificate that cannot serve is a fault.
    let (settings, _tls) = settings_to_serve()?;
    tell(&Finding::fine("configuration", "fine"))?;
    of_clients(&settings.http).iter().try_for_each(tell)?;
    let database = Database::open(&settings.database.url, 1)?;
    tell(&Finding::fine("database", format!("{} answers", settings.database.url)))?;
    let pending = database.pending()?;
    tell(&match pending.as_slice() {
        [] => Finding::fine("migrations", "none pending"),
        names => Finding::mind("migrations", format!("pending, applied when the server starts: {}", names.join(", "))),
    })?;
    let newer = database.newer()?.join(", ");
    if !newer.is_empty() {
        tell(&Finding::mind("migrations", format!("applied by a newer release, and unknown to this one: {newer}")))?;
    }
    Ok(())
}

/// At once: what was found before a fault is worth knowing, too.
fn tell(finding: &Finding) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{}", finding.shown(is_wanted()))?)
}

/// Applies pending migrations.
///
/// # Errors
/// A fault of the configuration, a database that cannot be reached, or a migration that fails.
pub fn migrate() -> Result<(), Failure> {
    let settings = settings()?;
    let applied = Database::open(&settings.database.url, 1)?.migrate()?;
    let mut out = io::stdout();
    match applied.as_slice() {
        [] => writeln!(out, "The schema is up to date.")?,
        names => writeln!(out, "Applied: {}", names.join(", "))?,
    }
    Ok(())
}
