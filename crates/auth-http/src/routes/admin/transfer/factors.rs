//! The factors in the line of an account: as their owner sees them, and what each takes to go on working elsewhere.

use std::fmt::{self, Display};

use auth_domain::{
    admin::transfer::AccountRecord,
    factors::{
        factor::{Factor, FactorId, FactorName},
        passkey::{Credential, CredentialId, NoCredentialId, PASSKEY_LIMIT, Passkey},
        recovery_code::RecoveryCodeDigest,
        totp::{TOTP_LIMIT, TimeStep, TotpFactor},
    },
    identity::{encrypted::Encrypted, ids::UserId, method::Method},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{
    routes::{factors::FactorView, views::timestamp},
    web::{
        json_body::{Bytes64, FromMembers, Members, Parse, Rules, Time, Told},
        problem::FaultCode,
    },
};

/// How many bytes of a public key there is room for where it is stored. One of RSA with 8192 bits has 1040.
const PUBLIC_KEY_MAX_BYTES: usize = 1536;

/// A factor in the line of its account.
#[derive(Serialize)]
pub(super) struct FactorLine<'a> {
    #[serde(flatten)]
    view: FactorView,
    #[serde(flatten)]
    rest: Rest<'a>,
}

/// What takes a factor along. A secret stays encrypted: it takes the other server the same key.
#[derive(Serialize)]
#[serde(untagged)]
enum Rest<'a> {
    Totp {
        encrypted_with: &'a str,
        encrypted_text: &'a str,
        last_step: i64,
        confirmed_at: Option<String>,
    },
    Passkey {
        credential_id: String,
        public_key: String,
        counter: u32,
        backup_eligible: bool,
        backed_up: bool,
        aaguid: String,
        transports: Vec<String>,
    },
}

/// Those of an account, oldest first.
pub(super) fn factors(record: &AccountRecord) -> Vec<FactorLine<'_>> {
    let apps = record.totp.iter().map(|app| (Factor::from(app.clone()), Rest::from(app)));
    let passkeys = record.passkeys.iter().map(|passkey| (Factor::from(passkey.clone()), Rest::from(&passkey.credential)));
    let mut factors: Vec<_> = apps.chain(passkeys).collect();
    factors.sort_by_key(|(factor, _)| (factor.created_at, factor.id));
    factors.into_iter().map(|(factor, rest)| FactorLine { view: FactorView::from(&factor), rest }).collect()
}

impl<'a> From<&'a TotpFactor> for Rest<'a> {
    fn from(app: &'a TotpFactor) -> Self {
        Self::Totp {
            encrypted_with: &app.secret.with,
            encrypted_text: &app.secret.text,
            last_step: app.last_step.0,
            confirmed_at: app.confirmed_at.map(timestamp),
        }
    }
}

impl From<&Credential> for Rest<'_> {
    fn from(credential: &Credential) -> Self {
        Self::Passkey {
            credential_id: URL_SAFE_NO_PAD.encode(credential.id.as_bytes()),
            public_key: URL_SAFE_NO_PAD.encode(&credential.public_key),
            counter: credential.counter,
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backed_up,
            aaguid: credential.aaguid.to_string(),
            transports: credential.kept_transports(),
        }
    }
}

/// A factor as it was read: whose it is, the line around it says.
pub(super) enum Unowned {
    Totp(TotpFactor),
    Passkey(Passkey),
}

/// The factors of a line.
#[derive(Default)]
pub(super) struct Carried {
    totp: Vec<TotpFactor>,
    passkeys: Vec<Passkey>,
}

impl From<Vec<Unowned>> for Carried {
    fn from(factors: Vec<Unowned>) -> Self {
        let mut carried = Self::default();
        for factor in factors {
            match factor {
                Unowned::Totp(app) => carried.totp.push(app),
                Unowned::Passkey(passkey) => carried.passkeys.push(passkey),
            }
        }
        carried.totp.sort_by_key(|app| (app.created_at, app.id));
        carried.passkeys.sort_by_key(|passkey| (passkey.created_at, passkey.id));
        carried
    }
}

impl Carried {
    pub(super) fn is_empty(&self) -> bool {
        self.totp.is_empty() && self.passkeys.is_empty()
    }

    /// What is wrong with them as a whole.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if self.totp.len() > TOTP_LIMIT || self.passkeys.len() > PASSKEY_LIMIT {
            let message = format!("must be at most {TOTP_LIMIT} authenticator apps and {PASSKEY_LIMIT} passkeys");
            return Some(("too_many", message));
        }
        let ids = self.totp.iter().map(|app| app.id).chain(self.passkeys.iter().map(|passkey| passkey.id));
        let credentials = self.passkeys.iter().map(|passkey| passkey.credential.id.as_bytes());
        (has_twice(ids) || has_twice(credentials)).then(|| ("duplicate", "must not have one twice".to_owned()))
    }

    pub(super) fn of(mut self, user: UserId) -> (Vec<TotpFactor>, Vec<Passkey>) {
        self.totp.iter_mut().for_each(|app| app.user = user);
        self.passkeys.iter_mut().for_each(|passkey| passkey.user = user);
        (self.totp, self.passkeys)
    }
}

fn has_twice<T: Ord>(all: impl Iterator<Item = T>) -> bool {
    let mut all: Vec<_> = all.collect();
    all.sort();
    all.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

impl FromMembers for Unowned {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (id, kind) = (members.required::<FactorId>("id"), members.required("type"));
        let (name, created_at) = (members.required::<FactorName>("name"), members.required("created_at"));
        let last_used_at = members.optional("last_used_at");
        // What is not of its kind is an unknown member.
        let rest = match kind {
            Ok(Kind::Totp) => Kept::totp(members),
            Ok(Kind::Passkey) => Kept::passkey(members),
            Err(told) => return Err(told),
        };
        members.refuse_others("is no member of such a factor");
        let (id, name, Time(created_at)) = (id?, name?, created_at?);
        // Replaced by the line around it.
        let user = UserId(id.0);
        let last_used_at = last_used_at?.map(|Time(time)| time);
        Ok(match rest? {
            Kept::Totp { secret, last_step, confirmed_at: Time(confirmed_at) } => {
                let confirmed_at = Some(confirmed_at);
                Self::Totp(TotpFactor { id, user, name, secret, created_at, confirmed_at, last_step, last_used_at })
            }
            Kept::Passkey(credential) => Self::Passkey(Passkey { id, user, name, credential, created_at, last_used_at }),
        })
    }
}

/// What is kept of a factor besides what its owner sees.
enum Kept {
    Totp { secret: Encrypted, last_step: TimeStep, confirmed_at: Time },
    Passkey(Credential),
}

impl Kept {
    fn totp(members: &mut Members) -> Result<Self, Told> {
        let (with, text) = (members.required("encrypted_with"), members.required("encrypted_text"));
        let (last_step, confirmed_at) = (members.integer("last_step"), members.required("confirmed_at"));
        let secret = Encrypted { with: with?, text: text? };
        Ok(Self::Totp { secret, last_step: TimeStep(last_step?), confirmed_at: confirmed_at? })
    }

    fn passkey(members: &mut Members) -> Result<Self, Told> {
        let (id, public_key) = (members.required::<CredentialId>("credential_id"), public_key(members));
        let (counter, aaguid) = (members.integer("counter"), members.required("aaguid"));
        let [backup_eligible, backed_up] = ["backup_eligible", "backed_up"].map(|name| members.required_boolean(name));
        let transports = members.list("transports");
        // An id of a factor is a UUID as well.
        let FactorId(aaguid) = aaguid?;
        let credential = Credential {
            id: id?,
            public_key: public_key?,
            counter: counter?,
            backup_eligible: backup_eligible?,
            backed_up: backed_up?,
            aaguid,
            transports: transports?.unwrap_or_default(),
        };
        if credential.kept_transports() == credential.transports {
            Ok(Self::Passkey(credential))
        } else {
            Err(members.fault("transports", "invalid_transports", "must be names, of 255 characters in all"))
        }
    }
}

fn public_key(members: &mut Members) -> Result<Vec<u8>, Told> {
    let Bytes64(key) = members.required("public_key")?;
    if (1..=PUBLIC_KEY_MAX_BYTES).contains(&key.len()) {
        Ok(key)
    } else {
        Err(members.fault("public_key", "out_of_range", format!("must have 1 to {PUBLIC_KEY_MAX_BYTES} bytes")))
    }
}

/// Why a member of a factor is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorFault {
    Kind,
    Digest,
    Base64,
    CredentialId,
}

impl Display for FactorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind => f.write_str("must be totp or passkey"),
            Self::Digest => f.write_str("must be SHA-256 in lower-case hexadecimal"),
            Self::Base64 => f.write_str("must be base64url without padding"),
            Self::CredentialId => NoCredentialId.fmt(f),
        }
    }
}

impl FaultCode for FactorFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Kind => "unknown_type",
            Self::Digest => "invalid_digest",
            Self::Base64 => "invalid_base64url",
            Self::CredentialId => "out_of_range",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Totp,
    Passkey,
}

impl Parse for Kind {
    type Fault = FactorFault;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<FactorFault>> {
        match Method::from_name(text) {
            Some(Method::Totp) => Ok(Self::Totp),
            Some(Method::Passkey) => Ok(Self::Passkey),
            Some(Method::Password | Method::RecoveryCode) | None => Err(vec![FactorFault::Kind]),
        }
    }
}

impl Parse for CredentialId {
    type Fault = FactorFault;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<FactorFault>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_malformed| vec![FactorFault::Base64])?;
        Self::new(bytes).map_err(|NoCredentialId| vec![FactorFault::CredentialId])
    }
}

/// What is stored of a recovery code.
pub(super) struct Digest(pub(super) RecoveryCodeDigest);

impl Parse for Digest {
    type Fault = FactorFault;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<FactorFault>> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = text.len() == 64 && text.bytes().all(is_digit);
        if is_digest { Ok(Self(RecoveryCodeDigest(text.to_owned()))) } else { Err(vec![FactorFault::Digest]) }
    }
}
