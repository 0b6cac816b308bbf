//! Keycloak: the JSON of `kc.sh export`, a realm with its users or a file of users.

use std::io::BufRead;

use auth_domain::{admin::import::Refusal, identity::language::Language};
use serde_json::Value;

use super::{
    FileFault, JsonAccounts, Listed,
    document::{Place, records},
    draft::{Draft, FACTORS, PROVIDERS},
    members::{Members, unreadable, wrong},
};

const EXPECTED: &str = "an export of a Keycloak realm, as `kc.sh export --realm REALM --file FILE` writes it";

/// What every realm gives every user.
const USUAL_ROLES: [&str; 2] = ["offline_access", "uma_authorization"];
const USUAL_ROLES_OF_REALM: &str = "default-roles-";

pub(super) fn read(source: impl BufRead) -> Result<Vec<Listed>, FileFault> {
    let mut listed = Vec::new();
    records(source, Place::Member("users"), EXPECTED, |number, text| listed.extend(Keycloak.listed(number, text.as_bytes())))?;
    Ok(listed)
}

struct Keycloak;

impl JsonAccounts for Keycloak {
    fn address<'a>(&self, record: Members<'a>) -> Result<Option<&'a str>, Refusal> {
        record.text("email")
    }

    fn account(&self, record: Members<'_>) -> Result<Draft, Refusal> {
        if record.has("serviceAccountClientId") {
            return Err(unreadable("the account of a client, not of a person"));
        }
        let mut draft = Draft::of(self.address(record)?)?;
        if let Some(attributes) = record.object("attributes")? {
            draft.attributes_of("attributes", attributes.to_map());
            let locale = attributes.list("locale").unwrap_or_default().first().and_then(Value::as_str);
            draft.arrival.language = locale.and_then(Language::of_range);
        }
        if let Some(id) = record.text("id")? {
            draft.id(id)?;
        }
        draft.username(record.text("username")?)?;
        draft.claim("given_name", record.text("firstName")?);
        draft.claim("family_name", record.text("lastName")?);
        let credentials = record.objects("credentials")?;
        draft.password(hash(&credentials)?);
        draft.disabled(!record.flag("enabled")?.unwrap_or(true));
        draft.verified(record.flag("emailVerified")?.unwrap_or_default(), None);
        draft.arrival.created_at = record.millis("createdTimestamp")?;
        let roles: Option<Vec<_>> = record.list("realmRoles")?.iter().map(Value::as_str).collect();
        let roles = roles.ok_or_else(|| wrong("realmRoles", "a list of texts"))?;
        draft.roles(roles.into_iter().filter(|name| !USUAL_ROLES.contains(name) && !name.starts_with(USUAL_ROLES_OF_REALM)))?;
        draft.note(credentials.iter().any(|credential| !is_password(*credential)), FACTORS);
        draft.note(!record.list("federatedIdentities")?.is_empty(), PROVIDERS);
        Ok(draft)
    }
}

fn is_password(credential: Members<'_>) -> bool {
    credential.text("type").is_ok_and(|kind| ["password", "password-history"].map(Some).contains(&kind))
}

fn hash(credentials: &[Members<'_>]) -> Result<Option<String>, Refusal> {
    let mut passwords =
        credentials.iter().filter(|credential| credential.text("type").is_ok_and(|kind| kind == Some("password")));
    match (passwords.next(), passwords.next()) {
        (Some(_), Some(_)) => Err(unreadable("credentials has two passwords")),
        (Some(credential), None) => hash_of(*credential).map(Some),
        (None, _) => Ok(None),
    }
}

fn hash_of(credential: Members<'_>) -> Result<String, Refusal> {
    if credential.has("value") {
        return Err(unreadable("credentials has a password that is not hashed"));
    }
    if credential.has("hashedSaltedValue") {
        // Before Keycloak 8.
        return form(credential, credential, "hashedSaltedValue");
    }
    let (secret, public) = (credential.json("secretData")?, credential.json("credentialData")?);
    match (&secret, &public) {
        (Some(secret), Some(public)) => form(Members::of(public), Members::of(secret), "value"),
        _ => Err(unreadable("credentials has a password without secretData or credentialData")),
    }
}

fn form(public: Members<'_>, secret: Members<'_>, called: &str) -> Result<String, Refusal> {
    let value = secret.text(called)?.ok_or_else(|| unreadable(format!("credentials has a password without {called}")))?;
    let algorithm = public.text("algorithm")?.unwrap_or_default();
    // That of an extension, which keeps the whole hash.
    if algorithm == "bcrypt" && value.starts_with("$2") {
        return Ok(value.to_owned());
    }
    if !["pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512", "argon2"].contains(&algorithm) {
        return Err(unreadable("credentials has a password of an algorithm that this server does not verify"));
    }
    let iterations = public.get("hashIterations").and_then(Value::as_u64).ok_or_else(|| wrong("hashIterations", "a number"))?;
    let salt = secret.text("salt")?.unwrap_or_default();
    Ok(format!("keycloak${algorithm}${iterations}${salt}${value}"))
}
