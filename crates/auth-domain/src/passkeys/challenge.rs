//! Challenges: each is used up by the first request that names it, good or bad, before anything is verified.

use chrono::{DateTime, Utc};

use crate::{
    factors::{
        one_time_token::OneTimePurpose,
        ports::{OneTimeTokenCodec, SecondStepStore},
    },
    identity::port_error::PortError,
};

/// The challenge of a one-time token, which nobody can use any more. `None` if it is for something else, too old, or was used.
pub(super) async fn use_up(
    tokens: &dyn OneTimeTokenCodec,
    steps: &dyn SecondStepStore,
    challenge_id: &str,
    expected: OneTimePurpose,
    now: DateTime<Utc>,
) -> Result<Option<[u8; 32]>, PortError> {
    let token = tokens.decode(challenge_id).filter(|token| token.purpose == expected && !token.is_expired(now));
    let Some(token) = token else { return Ok(None) };
    Ok(steps.use_up(&token, now).await?.then(|| tokens.challenge(token.id)))
}
