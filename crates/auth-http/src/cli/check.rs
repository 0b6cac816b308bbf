//! `check` and `migrate`: what can be known, and done, before the server starts.

mod addresses;
mod admin;
mod certificates;
mod factors;
mod files;
mod finding;
mod keys;
mod mail;
mod rate_limits;
mod secrets;

use std::io::{self, Write};

use auth_domain::identity::clock::Clock;

use self::{
    addresses::{of_addresses, stuck},
    admin::of_admin,
    certificates::of_certificates,
    factors::{of_factors, of_passkeys},
    files::of_files,
    finding::{Finding, is_wanted, of_clients},
    keys::of_keys,
    mail::{of_mail, of_mail_server, of_unverified},
    rate_limits::of_rate_limits,
    secrets::of_secrets,
};
use super::command::{CommandError, settings, settings_to_serve};
use crate::{
    app::ports::{Database, SystemClock},
    cli::stop::{Interrupted, Stop},
    settings::Source,
};

/// Validates the configuration, connects to the mail server, to what counts for all servers and to the database, reports pending
/// migrations, whether every account can be found by its address, whether the keys can be opened, whom logins ask for a second factor,
/// who could administer accounts, and what else is worth a thought.
///
/// # Errors
/// A fault of the configuration, or a database that cannot be reached.
pub(crate) fn check() -> Result<(), CommandError> {
    let _stop = Stop::listen(Interrupted::Command)?;
    let source = Source::from_process()?;
    // A certificate that cannot serve is a fault; one that clients refuse is not, since it can be exchanged any time.
    let (settings, tls) = settings_to_serve(&source)?;
    tell(&Finding::fine("configuration", "fine"))?;
    of_secrets(&settings.tokens).iter().try_for_each(tell)?;
    of_files(&source, &settings).iter().try_for_each(tell)?;
    of_clients(&settings.http).iter().try_for_each(tell)?;
    if let Some(tls) = tls {
        of_certificates(&tls.chain(), SystemClock.now()).iter().try_for_each(tell)?;
    }
    of_rate_limits(&settings)?.iter().try_for_each(tell)?;
    of_passkeys(&settings).iter().try_for_each(tell)?;
    of_mail(&settings).iter().try_for_each(tell)?;
    of_mail_server(&settings)?.iter().try_for_each(tell)?;
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
    of_addresses(&database.odd_addresses()?).iter().try_for_each(tell)?;
    if pending.is_empty() {
        tell(&of_keys(&database, &settings)?)?;
        of_unverified(&database, &settings)?.iter().try_for_each(tell)?;
        of_factors(&database, &settings)?.iter().try_for_each(tell)?;
        of_admin(&database, &settings)?.iter().try_for_each(tell)?;
    }
    Ok(())
}

/// Prints a finding at once, so that those before a fault are shown, too.
fn tell(finding: &Finding) -> Result<(), CommandError> {
    Ok(writeln!(io::stdout(), "{}", finding.shown(is_wanted()))?)
}

/// Applies pending migrations, and rewrites addresses that are not in their canonical spelling.
///
/// # Errors
/// A fault of the configuration, a database that cannot be reached, or a migration that fails.
pub(crate) fn migrate() -> Result<(), CommandError> {
    let _stop = Stop::listen(Interrupted::Command)?;
    let settings = settings()?;
    let database = Database::open(&settings.database.url, 1)?;
    let applied = database.migrate()?;
    let mut out = io::stdout();
    match applied.as_slice() {
        [] => writeln!(out, "The schema is up to date.")?,
        names => writeln!(out, "Applied: {}", names.join(", "))?,
    }
    let addresses = database.rewrite_addresses()?;
    if addresses.rewritable > 0 {
        writeln!(out, "Rewrote {} address(es) to their canonical spelling.", addresses.rewritable)?;
    }
    if let Some(told) = stuck(&addresses) {
        writeln!(out, "{told}")?;
    }
    Ok(())
}
