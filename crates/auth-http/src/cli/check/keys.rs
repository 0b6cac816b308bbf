//! Whether the server can sign with the keys that the database has.

use super::{CommandError, finding::Finding};
use crate::{
    app::ports::{Database, Ports, start_audit},
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
    let ports = Ports::open(database, settings, start_audit(database)?)?;
    let (keys, now) = (block_on(ports.signing_keys.store.all())?, ports.clock.now());
    ports.signing_keys.cache.update(keys, now).map_err(CommandError::of_keys)?;
    let ring = ports.signing_keys.cache.ring();
    Ok(Finding::fine(
        TOPIC,
        match (ring.signer(now), ring.first_to_come(now)) {
            (Some(key), _) => format!("{} signs access tokens ({})", key.id, key.algorithm.name()),
            (None, Some(next)) => format!("{} is to sign access tokens; until then JWT_SECRET_KEY does", next.id),
            (None, None) => "none signs access tokens: the server makes one when it starts, or at once if it runs".to_owned(),
        },
    ))
}
