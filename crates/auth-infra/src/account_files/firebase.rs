//! Firebase Authentication: the JSON of `firebase auth:export`.

use std::{cell::Cell, io::BufRead};

use auth_domain::admin::import::Refusal;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    FileFault, JsonAccounts, Listed,
    document::{Place, records},
    draft::{Draft, FACTORS, PROVIDERS},
    members::{Members, unreadable},
};

const EXPECTED: &str = "an export of Firebase, as `firebase auth:export FILE --format=json` writes it";

/// What stands in the place of a hash where whoever exported was not allowed to see it: `REDACTED`.
const REDACTED: &str = "UkVEQUNURUQ=";

/// What all hashes of a project are computed with. Its console shows them.
#[derive(Clone)]
pub struct HashParameters {
    signer_key: String,
    salt_separator: String,
    rounds: u32,
    mem_cost: u32,
}

/// The signer key or the salt separator is not what the console shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signer key and the salt separator are texts of base64, as the console shows them")]
pub struct NoHashParameters;

impl HashParameters {
    /// # Errors
    /// A text is not base64.
    pub fn new(signer_key: String, salt_separator: String, rounds: u32, mem_cost: u32) -> Result<Self, NoHashParameters> {
        let is_base64 = |text: &str| STANDARD.decode(text).is_ok();
        let is_sound = !signer_key.is_empty() && is_base64(&signer_key) && is_base64(&salt_separator);
        if is_sound { Ok(Self { signer_key, salt_separator, rounds, mem_cost }) } else { Err(NoHashParameters) }
    }

    /// A hash that says itself how to verify it.
    fn hash(&self, salt: &str, hash: &str) -> String {
        let Self { signer_key, salt_separator, rounds, mem_cost } = self;
        format!("$fbscrypt$v=1,n={mem_cost},r={rounds},p=1,ss={salt_separator},sk={signer_key}${salt}${hash}")
    }
}

/// The signer key is a secret of the project.
impl std::fmt::Debug for HashParameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashParameters(redacted)")
    }
}

pub(super) fn read(source: impl BufRead, parameters: Option<&HashParameters>) -> Result<Vec<Listed>, FileFault> {
    let (mut listed, firebase) = (Vec::new(), Firebase { parameters, lacks_them: Cell::new(false) });
    records(source, Place::Member("users"), EXPECTED, |number, text| listed.extend(firebase.listed(number, text.as_bytes())))?;
    if firebase.lacks_them.get() { Err(FileFault::HashParametersMissing) } else { Ok(listed) }
}

struct Firebase<'a> {
    parameters: Option<&'a HashParameters>,
    /// Whether a hash needs parameters, and there are none.
    lacks_them: Cell<bool>,
}

impl JsonAccounts for Firebase<'_> {
    fn address<'a>(&self, record: Members<'a>) -> Result<Option<&'a str>, Refusal> {
        record.text("email")
    }

    fn account(&self, record: Members<'_>) -> Result<Draft, Refusal> {
        let (address, phone) = (self.address(record)?, record.text("phoneNumber")?);
        let providers = record.objects("providerUserInfo")?;
        let provider = |info: &Members<'_>| info.text("providerId").map_or(None, |name| name).unwrap_or_default().to_owned();
        let providers: Vec<_> =
            providers.iter().map(provider).filter(|name| !["password", "phone"].contains(&name.as_str())).collect();
        match (address, phone) {
            (None, Some(_)) => return Err(unreadable("it has a phone number and no e-mail address")),
            (None, None) if providers.is_empty() => return Err(unreadable("an anonymous account")),
            (None | Some(_), None) | (Some(_), Some(_)) => {}
        }
        let mut draft = Draft::of(address)?;
        if let Some(claims) = record.json("customAttributes")? {
            draft.attributes_of("customAttributes", claims);
        }
        if let Some(id) = record.text("localId")? {
            draft.id(id)?;
        }
        draft.attribute("phone_number", phone)?;
        draft.claim("name", record.text("displayName")?);
        draft.claim("picture", record.text("photoUrl")?);
        draft.password(self.hash(record)?);
        draft.disabled(record.flag("disabled")?.unwrap_or_default());
        draft.verified(record.flag("emailVerified")?.unwrap_or_default(), None);
        draft.arrival.created_at = record.millis("createdAt")?;
        draft.arrival.last_login_at = record.millis("lastSignedInAt")?;
        draft.note(!record.list("mfaInfo")?.is_empty(), FACTORS);
        draft.note(!providers.is_empty(), PROVIDERS);
        Ok(draft)
    }
}

impl Firebase<'_> {
    fn hash(&self, record: Members<'_>) -> Result<Option<String>, Refusal> {
        let Some(hash) = record.text("passwordHash")? else { return Ok(None) };
        if hash == REDACTED {
            return Err(unreadable("passwordHash is redacted: whoever exported was not allowed to see hashes"));
        }
        let salt = record.text("salt")?.unwrap_or_default();
        self.lacks_them.set(self.lacks_them.get() || self.parameters.is_none());
        Ok(self.parameters.map(|parameters| parameters.hash(salt, hash)))
    }
}
