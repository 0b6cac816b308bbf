//! `check` and `migrate`: what can be known, and done, before the server starts.

use std::io::{self, Write};

use super::{Failure, settings, settings_to_serve};
use crate::app::Database;

/// Validates the configuration, connects to the database, reports pending migrations.
///
/// # Errors
/// A fault of the configuration, or a database that cannot be reached.
pub fn check() -> Result<(), Failure> {
    let (settings, tls) = settings_to_serve()?;
    let mut out = io::stdout();
    writeln!(out, "configuration  fine")?;
    writeln!(out, "clients        {}", if tls.is_some() { "by TLS" } else { "by plain HTTP" })?;
    let database = Database::open(&settings.database.url, 1)?;
    writeln!(out, "database       {} answers", settings.database.url)?;
    let pending = database.pending()?;
    match pending.as_slice() {
        [] => writeln!(out, "migrations     none pending")?,
        names => writeln!(out, "migrations     pending, applied when the server starts: {}", names.join(", "))?,
    }
    let newer = database.newer()?.join(", ");
    if !newer.is_empty() {
        writeln!(out, "               applied by a newer release, and unknown to this one: {newer}")?;
    }
    Ok(())
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
