//! The secrets of authenticator apps and their codes: RFC 6238 with SHA-1, six digits and 30 seconds, which is all that every app takes.

mod code;
mod qr_code;
mod uri;

use std::sync::Arc;

use auth_domain::{
    factors::{
        factor::FactorId,
        ports::TotpCodec,
        totp::{NewTotpSecret, TimeStep},
    },
    identity::{email::Email, encrypted::Encrypted, port_error::PortError},
};
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::{
    base32::{RFC_4648, base32},
    encryption::EncryptionKeys,
    system::random,
};

/// As long as the output of SHA-1 (RFC 4226 section 4, R6): 160 bits.
const SECRET_BYTES: usize = 20;

/// Makes secrets, encrypted with these keys, and reads their codes.
pub struct Totp {
    pub keys: Arc<EncryptionKeys>,
    /// What an app shows beside the account, so that its owner knows whose codes these are. A colon in it becomes an underscore.
    pub issuer: String,
}

impl TotpCodec for Totp {
    fn make(&self, factor: FactorId, account: &Email) -> Result<NewTotpSecret, PortError> {
        let plain = Zeroizing::new(random::<SECRET_BYTES>());
        let encrypted = self.keys.encrypt(&bound_to(factor), &*plain)?;
        let secret = base32(RFC_4648, &*plain);
        let uri = uri::key_uri(&self.issuer, account.as_str(), &secret);
        let qr = qr_code::svg(&uri)?;
        Ok(NewTotpSecret { encrypted, secret: secret.to_string(), uri, qr })
    }

    fn step_of(
        &self,
        factor: FactorId,
        secret: &Encrypted,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeStep>, PortError> {
        let secret = self.keys.decrypt(&bound_to(factor), secret)?;
        Ok(code::digits(code).and_then(|typed| code::matching_step(&secret, &typed, TimeStep::at(now))))
    }

    fn reencrypt(&self, factor: FactorId, secret: &Encrypted) -> Result<Option<Encrypted>, PortError> {
        self.keys.reencrypt(&bound_to(factor), secret)
    }
}

/// What the secret of a factor is bound to where it is encrypted.
fn bound_to(factor: FactorId) -> String {
    format!("totp/{factor}")
}

#[cfg(test)]
mod tests;
