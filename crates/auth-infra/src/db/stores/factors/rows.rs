//! Factors as rows. One that does not parse is corrupt, never missing.

use auth_domain::{
    factors::{
        factor::FactorName,
        passkey::{Credential, CredentialId, Passkey},
        totp::{TimeStep, TotpFactor},
    },
    identity::encrypted::Encrypted,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{Insertable, Queryable, Selectable, result::Error};

use crate::db::schema::{
    rows::parsed,
    tables::{passkeys, recovery_codes, totp_factors},
    timestamp::At,
};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = totp_factors, treat_none_as_default_value = false)]
pub(crate) struct TotpRow {
    id: String,
    user_id: String,
    name: String,
    encrypted_with: String,
    encrypted_text: String,
    created_at: At,
    confirmed_at: Option<At>,
    last_step: i64,
    last_used_at: Option<At>,
}

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys, treat_none_as_default_value = false)]
pub(crate) struct PasskeyRow {
    id: String,
    user_id: String,
    name: String,
    credential_id: String,
    public_key: String,
    counter: i64,
    backup_eligible: bool,
    backed_up: bool,
    aaguid: String,
    transports: String,
    created_at: At,
    last_used_at: Option<At>,
}

/// A recovery code that was not used.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = recovery_codes, treat_none_as_default_value = false)]
pub(crate) struct CodeRow {
    pub(crate) user_id: String,
    pub(crate) digest: String,
    pub(crate) created_at: At,
}

impl From<&TotpFactor> for TotpRow {
    fn from(factor: &TotpFactor) -> Self {
        Self {
            id: factor.id.to_string(),
            user_id: factor.user.to_string(),
            name: factor.name.to_string(),
            encrypted_with: factor.secret.with.clone(),
            encrypted_text: factor.secret.text.clone(),
            created_at: At::from(factor.created_at),
            confirmed_at: factor.confirmed_at.map(At::from),
            last_step: factor.last_step.0,
            last_used_at: factor.last_used_at.map(At::from),
        }
    }
}

impl TryFrom<TotpRow> for TotpFactor {
    type Error = Error;

    fn try_from(row: TotpRow) -> Result<Self, Error> {
        Ok(Self {
            id: parsed(&row.id, "factor id")?,
            user: parsed(&row.user_id, "user id")?,
            name: parsed::<FactorName>(&row.name, "name of a factor")?,
            secret: Encrypted { with: row.encrypted_with, text: row.encrypted_text },
            created_at: row.created_at.utc(),
            confirmed_at: row.confirmed_at.map(At::utc),
            last_step: TimeStep(row.last_step),
            last_used_at: row.last_used_at.map(At::utc),
        })
    }
}

impl TotpRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl PasskeyRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn credential(&self) -> &str {
        &self.credential_id
    }
}

impl From<&Passkey> for PasskeyRow {
    fn from(passkey: &Passkey) -> Self {
        let credential = &passkey.credential;
        Self {
            id: passkey.id.to_string(),
            user_id: passkey.user.to_string(),
            name: passkey.name.to_string(),
            credential_id: as_text(&credential.id),
            public_key: URL_SAFE_NO_PAD.encode(&credential.public_key),
            counter: credential.counter.into(),
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backed_up,
            aaguid: credential.aaguid.to_string(),
            transports: credential.kept_transports().join(" "),
            created_at: At::from(passkey.created_at),
            last_used_at: passkey.last_used_at.map(At::from),
        }
    }
}

impl TryFrom<PasskeyRow> for Passkey {
    type Error = Error;

    fn try_from(row: PasskeyRow) -> Result<Self, Error> {
        let credential = CredentialId::new(bytes(&row.credential_id)?).map_err(|_fault| corrupt("id of a credential"))?;
        let credential = Credential {
            id: credential,
            public_key: bytes(&row.public_key)?,
            counter: u32::try_from(row.counter).map_err(|_fault| corrupt("counter of a passkey"))?,
            backup_eligible: row.backup_eligible,
            backed_up: row.backed_up,
            aaguid: parsed(&row.aaguid, "model of an authenticator")?,
            transports: row.transports.split_whitespace().map(str::to_owned).collect(),
        };
        Ok(Self {
            id: parsed(&row.id, "factor id")?,
            user: parsed(&row.user_id, "user id")?,
            name: parsed::<FactorName>(&row.name, "name of a factor")?,
            credential,
            created_at: row.created_at.utc(),
            last_used_at: row.last_used_at.map(At::utc),
        })
    }
}

/// The id of a credential as it is stored.
pub(crate) fn as_text(id: &CredentialId) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

fn bytes(text: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_fault| corrupt("base64url"))
}

fn corrupt(what: &str) -> Error {
    Error::DeserializationError(format!("a row holds no {what}").into())
}
