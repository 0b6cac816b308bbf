//! What a browser needs to make a passkey or to show one. Asking writes nothing.

use std::sync::Arc;

use crate::{
    factors::{
        one_time_token::{OneTimePurpose, OneTimeToken, OneTimeTokenId},
        passkey::{Credential, PASSKEY_LIMIT},
        ports::OneTimeTokenCodec,
    },
    identity::{
        clock::{Clock, Ids},
        email::Email,
        port_error::PortError,
    },
    passkeys::ports::{PasskeyStore, RelyingParty},
    sessions::authenticate::SignedIn,
};

/// The algorithms that are asked for, the best first (RFC 9053, RFC 8812): ES256, EdDSA, RS256.
pub const ALGORITHMS: [i32; 3] = [-7, -8, -257];

pub struct PasskeyOptions {
    pub relying_party: Arc<dyn RelyingParty>,
    pub passkeys: Arc<dyn PasskeyStore>,
    pub tokens: Arc<dyn OneTimeTokenCodec>,
    pub ids: Arc<dyn Ids>,
    pub clock: Arc<dyn Clock>,
    /// What people know the application by.
    pub app_name: String,
}

/// What a new passkey is made of (WebAuthn Level 3 section 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationOptions {
    pub challenge_id: String,
    pub challenge: [u8; 32],
    pub rp_id: String,
    pub rp_name: String,
    /// Says nothing of its owner (section 14.6.1).
    pub user_handle: [u8; 16],
    pub user_name: Email,
    pub algorithms: [i32; 3],
    /// Their authenticators make no second one.
    pub exclude: Vec<Credential>,
}

/// What is needed to show a passkey (WebAuthn Level 3 section 5.5). It names no credential: the browser knows which it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestOptions {
    pub challenge_id: String,
    pub challenge: [u8; 32],
    pub rp_id: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PasskeyOptionsError {
    #[error("the account has as many passkeys as it may have")]
    Limit,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl PasskeyOptions {
    /// # Errors
    /// [`PasskeyOptionsError`].
    pub async fn for_registration(&self, caller: &SignedIn) -> Result<CreationOptions, PasskeyOptionsError> {
        let user = &caller.user;
        let exclude = self.passkeys.of(user.id).await?;
        if exclude.len() >= PASSKEY_LIMIT {
            return Err(PasskeyOptionsError::Limit);
        }
        let (challenge_id, challenge) = self.challenge(OneTimePurpose::RegisterPasskey { user: user.id, proven: user.version() });
        Ok(CreationOptions {
            challenge_id,
            challenge,
            rp_id: self.relying_party.id(),
            rp_name: self.app_name.clone(),
            user_handle: *user.id.0.as_bytes(),
            user_name: user.email.clone(),
            algorithms: ALGORITHMS,
            exclude,
        })
    }

    #[must_use]
    pub fn for_authentication(&self) -> RequestOptions {
        let (challenge_id, challenge) = self.challenge(OneTimePurpose::AssertPasskey);
        RequestOptions { challenge_id, challenge, rp_id: self.relying_party.id() }
    }

    fn challenge(&self, purpose: OneTimePurpose) -> (String, [u8; 32]) {
        let token = OneTimeToken::new(OneTimeTokenId(self.ids.next()), purpose, self.clock.now());
        (self.tokens.encode(&token), self.tokens.challenge(token.id))
    }
}

#[cfg(test)]
mod tests;
