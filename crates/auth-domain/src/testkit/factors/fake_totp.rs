//! Secrets that count, and codes that a test can work out.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    factors::{
        factor::FactorId,
        ports::TotpCodec,
        totp::{NewTotpSecret, STEP, TimeStep},
    },
    identity::{email::Email, encrypted::Encrypted, port_error::PortError},
};

/// How many codes there are: six digits.
const CODES: i64 = 1_000_000;

/// Makes the secrets number 1, 2 and so on, "encrypted" as `factor:secret`. The code of a step is the step plus a thousand for each
/// number, in its last six digits. Clones share the count.
#[derive(Debug, Clone)]
pub struct FakeTotp {
    /// The names of the encryption keys it has, newest first.
    keys: Vec<&'static str>,
    made: Arc<AtomicU64>,
}

impl FakeTotp {
    #[must_use]
    pub fn with_keys(newest_first: &[&'static str]) -> Self {
        Self { keys: newest_first.to_vec(), made: Arc::default() }
    }

    /// What an authenticator app shows at that time.
    ///
    /// # Panics
    /// It is no secret of this kind.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that asks for the code of something else fails")]
    pub fn code_of(secret: &Encrypted, at: DateTime<Utc>) -> String {
        let (_, secret) = secret.text.split_once(':').expect("a secret that this made");
        Self::code_at(secret, TimeStep::at(at))
    }

    fn code_at(secret: &str, step: TimeStep) -> String {
        let number = secret.bytes().fold(0_i64, |number, letter| number * 10 + i64::from(letter - b'A'));
        format!("{:06}", (step.0 + number * 1000).rem_euclid(CODES))
    }

    fn plain<'a>(&self, factor: FactorId, secret: &'a Encrypted) -> Result<&'a str, PortError> {
        let has_key = self.keys.contains(&secret.with.as_str());
        let plain = secret.text.strip_prefix(&format!("{factor}:")).filter(|text| has_key && is_secret(text));
        plain.ok_or_else(|| PortError::Corrupt(format!("the secret of factor {factor} does not decrypt")))
    }

    fn newest(&self) -> Result<&'static str, PortError> {
        self.keys.first().copied().ok_or_else(|| PortError::Internal("there is no key to encrypt with".to_owned()))
    }
}

impl Default for FakeTotp {
    fn default() -> Self {
        Self::with_keys(&["a"])
    }
}

impl TotpCodec for FakeTotp {
    fn make(&self, factor: FactorId, account: &Email) -> Result<NewTotpSecret, PortError> {
        let with = self.newest()?.to_owned();
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let secret: String = format!("{number:032}").bytes().map(|digit| char::from(digit - b'0' + b'A')).collect();
        let uri = format!("otpauth://totp/Fake:{account}?secret={secret}&issuer=Fake");
        let encrypted = Encrypted { with, text: format!("{factor}:{secret}") };
        Ok(NewTotpSecret { encrypted, secret, qr: format!("<svg>{uri}</svg>"), uri })
    }

    fn step_of(
        &self,
        factor: FactorId,
        secret: &Encrypted,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeStep>, PortError> {
        let secret = self.plain(factor, secret)?;
        let code = match code.split_once(' ') {
            Some((head, tail)) if head.len() == 3 => format!("{head}{tail}"),
            Some(_) | None => code.to_owned(),
        };
        let steps = [STEP, TimeDelta::zero(), -STEP].map(|off| TimeStep::at(now + off));
        Ok(steps.into_iter().find(|step| Self::code_at(secret, *step) == code))
    }

    fn reencrypt(&self, factor: FactorId, secret: &Encrypted) -> Result<Option<Encrypted>, PortError> {
        self.plain(factor, secret)?;
        let again = Encrypted { with: self.newest()?.to_owned(), ..secret.clone() };
        Ok((again != *secret).then_some(again))
    }
}

fn is_secret(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|letter| (b'A'..=b'J').contains(&letter))
}
