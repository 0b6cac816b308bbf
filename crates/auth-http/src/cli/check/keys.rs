//! Whether the server can sign with the keys that the database has.

use super::{CommandError, finding::Finding};
use crate::{
    app::use_cases::{Database, Ports, start_audit},
    cli::command::block_on,
    settings::Settings,
};

const TOPIC: &str = "keys";

/// # Errors
/// One that is in use cannot be opened, or the database does not answer.
pub(crate) fn of_keys(database: &Database, settings: &Settings) -> Result<Finding, CommandError> {
    if settings.tokens.keys.policy.is_none() {
        return Ok(Finding::fine(TOPIC, "access tokens are signed with JWT_SECRET_KEY (HS256)"));
    }
    let ports = Ports::over(database, settings, start_audit(database)?)?;
    let (keys, now) = (block_on(ports.keys.all())?, ports.clock.now());
    ports.key_cache.update(keys, now).map_err(CommandError::of_keys)?;
    let ring = ports.key_cache.ring();
    Ok(Finding::fine(
        TOPIC,
        match (ring.signer(now), ring.first_to_come(now)) {
            (Some(key), _) => format!("{} signs access tokens ({})", key.id, key.algorithm.name()),
            (None, Some(next)) => format!("{} is to sign access tokens; until then JWT_SECRET_KEY does", next.id),
            (None, None) => "none signs access tokens: the server makes one when it starts, or at once if it runs".to_owned(),
        },
    ))
}
