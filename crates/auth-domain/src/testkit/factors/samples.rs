//! Ready-made factors, codes and tokens. No two are the same.

use super::super::samples::{after, id};
use crate::{
    factors::{
        factor::{FactorId, FactorName},
        one_time_token::{OneTimePurpose, OneTimeToken, OneTimeTokenId},
        passkey::{Credential, CredentialId, Passkey},
        recovery_code::{RECOVERY_CODES, RecoveryCodeDigest},
        second_step::{Evidence, SecondStep},
        totp::{TimeStep, TotpFactor},
    },
    identity::{encrypted::Encrypted, method::Method, user::User},
    sessions::{
        authentication::{Authentication, Methods},
        session::Session,
    },
};

/// The step of the first code of every sample app.
pub const FIRST_STEP: TimeStep = TimeStep(100);

/// An authenticator app that waits for its first code, made so many seconds after the start.
#[must_use]
pub fn app(user: &User, seconds: i64) -> TotpFactor {
    let id = FactorId(id());
    TotpFactor {
        id,
        user: user.id,
        name: FactorName::of_unnamed(Method::Totp),
        secret: Encrypted { with: "a".to_owned(), text: format!("secret of {id}") },
        created_at: after(seconds),
        confirmed_at: None,
        last_step: TimeStep::NONE,
        last_used_at: None,
    }
}

/// The same app, as it is once its first code was shown.
#[must_use]
pub fn confirmed(app: &TotpFactor, seconds: i64) -> TotpFactor {
    TotpFactor { confirmed_at: Some(after(seconds)), last_step: FIRST_STEP, ..app.clone() }
}

/// A passkey made so many seconds after the start, whose authenticator does not count.
#[must_use]
pub fn passkey(user: &User, seconds: i64) -> Passkey {
    let id = id();
    Passkey {
        id: FactorId(id),
        user: user.id,
        name: FactorName::of_unnamed(Method::Passkey),
        credential: Credential {
            // A credential's id may be any bytes.
            id: credential_id(&[&[0, 255], &id.as_bytes()[..]].concat()),
            public_key: vec![0xA5, 0x01, 0x02, 0x00, 0xFF],
            counter: 0,
            backup_eligible: true,
            backed_up: false,
            aaguid: id,
            transports: vec!["internal".to_owned(), "smart-card".to_owned()],
        },
        created_at: after(seconds),
        last_used_at: None,
    }
}

/// # Panics
/// There are none, or too many.
#[must_use]
pub fn credential_id(bytes: &[u8]) -> CredentialId {
    CredentialId::new(bytes.to_vec()).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Ten recovery codes.
#[must_use]
pub fn codes() -> Vec<RecoveryCodeDigest> {
    (0..RECOVERY_CODES).map(|_| RecoveryCodeDigest(format!("{:064x}", id().as_u128()))).collect()
}

/// What the first step of a login gives, at the start.
#[must_use]
pub fn token(user: &User) -> OneTimeToken {
    let purpose = OneTimePurpose::SecondStep { user: user.id, proven: user.version(), authenticated_at: after(0) };
    OneTimeToken::new(OneTimeTokenId(id()), purpose, after(0))
}

#[must_use]
pub fn by_app(app: &TotpFactor, step: i64) -> Evidence {
    Evidence::Totp { factor: app.id, step: TimeStep(step) }
}

/// A signature whose counter is `to`.
#[must_use]
pub fn by_passkey(passkey: &Passkey, to: u32) -> Evidence {
    let Credential { counter: from, backup_eligible, .. } = passkey.credential;
    Evidence::Passkey { factor: passkey.id, from, to, backed_up: true, backup_eligible }
}

/// A second step of an account that was judged as it is now.
#[must_use]
pub fn step(user: &User, evidence: Evidence, token: Option<&OneTimeToken>) -> SecondStep {
    SecondStep { evidence, token: token.cloned(), wrong_codes: user.wrong_codes }
}

/// A session, whose owner is authenticated by a code beside the password so many seconds after the start.
#[must_use]
pub fn with_code(session: &Session, seconds: i64) -> Session {
    let methods = Methods::PASSWORD.with(&Evidence::RecoveryCode(RecoveryCodeDigest(String::new())));
    Session { authentication: Authentication { at: after(seconds), methods }, ..session.clone() }
}
