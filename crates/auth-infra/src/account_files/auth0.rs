//! Auth0: the lines that its support hands out with the hashes, those of a user export job, and both joined.

use std::io::BufRead;

use auth_domain::admin::import::Refusal;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    FileFault, JsonAccounts, Listed,
    draft::{Draft, FACTORS, PROVIDERS},
    lines::{Line, Lines},
    members::{Members, unreadable, wrong},
    time,
};

const EXPECTED: &str = "an export of Auth0, one JSON object a line";

/// The longest line, in bytes.
const LONGEST: u64 = 1 << 20;

pub(super) fn read(source: impl BufRead) -> Result<Vec<Listed>, FileFault> {
    let (mut listed, mut any) = (Vec::new(), false);
    for line in Lines::of(source, LONGEST) {
        let Line { number, text } = line?;
        any |= text.as_deref().is_some_and(|text| text.trim_ascii_start().starts_with(b"{"));
        match text {
            Some(text) => listed.extend(Auth0.listed(number, &text)),
            None => listed.push(Listed::refused(number, unreadable(format!("a line of more than {LONGEST} bytes")))),
        }
    }
    if !listed.is_empty() && !any {
        let why = "no line is a JSON object (of a list, `jq -c '.[]'` makes lines)".to_owned();
        return Err(FileFault::Shape { expected: EXPECTED, why });
    }
    Ok(listed)
}

struct Auth0;

impl JsonAccounts for Auth0 {
    fn address<'a>(&self, record: Members<'a>) -> Result<Option<&'a str>, Refusal> {
        if record.has("email") {
            return record.text("email");
        }
        identifier(record)?.map_or(Ok(None), |identifier| identifier.text("value"))
    }

    fn account(&self, record: Members<'_>) -> Result<Draft, Refusal> {
        let address = self.address(record)?;
        let phone = record.text("phone_number")?;
        if address.is_none() && phone.is_some() {
            return Err(unreadable("it has a phone number and no e-mail address"));
        }
        let mut draft = Draft::of(address)?;
        if let Some(metadata) = record.object("user_metadata")? {
            draft.profile_of("user_metadata", metadata.to_map());
        }
        if let Some(metadata) = record.object("app_metadata")? {
            draft.attributes_of("app_metadata", metadata.to_map());
        }
        if let Some(id) = id(record)? {
            draft.id(&id)?;
        }
        draft.username(record.text("username")?)?;
        draft.attribute("phone_number", phone)?;
        for name in ["given_name", "family_name", "nickname", "picture"] {
            draft.claim(name, record.text(name)?);
        }
        // Where nobody has given a name, Auth0 writes the address.
        draft.claim("name", record.text("name")?.filter(|name| Some(*name) != address));
        draft.password(hash(record)?);
        draft.disabled(record.flag("blocked")?.unwrap_or_default());
        let verified = match record.flag("email_verified")? {
            Some(verified) => verified,
            None => identifier(record)?.map_or(Ok(None), |email| email.flag("verified"))?.unwrap_or_default(),
        };
        draft.verified(verified, None);
        draft.arrival.created_at = moment(record, "created_at")?;
        draft.arrival.last_login_at = moment(record, "last_login")?;
        let has_factors = !record.list("mfa_factors")?.is_empty() || record.get("multifactor").is_some_and(is_something);
        draft.note(has_factors, FACTORS);
        let connections = record.objects("identities")?;
        let is_social =
            |identity: &Members<'_>| identity.text("provider").is_ok_and(|name| name.is_some_and(|name| name != "auth0"));
        draft.note(connections.iter().any(is_social), PROVIDERS);
        Ok(draft)
    }
}

/// Where newer exports have the address.
fn identifier(record: Members<'_>) -> Result<Option<Members<'_>>, Refusal> {
    let identifiers = record.objects("identifiers")?;
    Ok(identifiers.into_iter().find(|identifier| identifier.text("type").is_ok_and(|kind| kind == Some("email"))))
}

/// As tokens had it in `sub`.
fn id(record: Members<'_>) -> Result<Option<String>, Refusal> {
    if let Some(id) = record.text("user_id")? {
        return Ok(Some(id.to_owned()));
    }
    let own = match record.text("alt_id")? {
        Some(id) => Some(id),
        None => record.object("_id")?.map_or(Ok(None), |id| id.text("$oid"))?,
    };
    Ok(own.map(|id| format!("auth0|{id}")))
}

fn hash(record: Members<'_>) -> Result<Option<String>, Refusal> {
    let plain = [record.text("passwordHash")?, record.text("password_hash")?];
    let custom = record.object("custom_password_hash")?.map(custom_hash).transpose()?;
    let mut hashes = plain.into_iter().flatten().map(str::to_owned).chain(custom);
    match (hashes.next(), hashes.next()) {
        (Some(_), Some(_)) => Err(unreadable("it has two password hashes")),
        (hash, _) => Ok(hash),
    }
}

/// What was imported into Auth0 and never used there: it is handed out as it came.
fn custom_hash(custom: Members<'_>) -> Result<String, Refusal> {
    let hash = custom.object("hash")?.ok_or_else(|| wrong("custom_password_hash.hash", "there"))?;
    let value = hash.text("value")?.ok_or_else(|| wrong("custom_password_hash.hash.value", "there"))?;
    let is_utf8 = |of: Members<'_>| Ok(of.text("encoding")?.is_none_or(|encoding| encoding == "utf8"));
    let of_plain_text = custom.object("password")?.map_or(Ok(true), is_utf8)?;
    if custom.has("salt") || !is_utf8(hash)? || !of_plain_text {
        return Err(unreadable("custom_password_hash has a salt or an encoding of its own, which this server does not compute"));
    }
    match custom.text("algorithm")? {
        Some("bcrypt" | "argon2") => Ok(value.to_owned()),
        Some("pbkdf2") => pbkdf2(value).ok_or_else(|| wrong("custom_password_hash.hash.value", "a PHC string of PBKDF2")),
        Some(_) | None => Err(unreadable("custom_password_hash is of another algorithm than bcrypt and pbkdf2")),
    }
}

/// passlib's form of a PHC string: `$pbkdf2-sha512$i=100000,l=64$salt$hash`.
fn pbkdf2(text: &str) -> Option<String> {
    let mut fields = text.strip_prefix('$')?.split('$');
    let (function, parameters, salt, hash) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let function = if function == "pbkdf2-sha1" { "pbkdf2" } else { function };
    let is_known = ["pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512"].contains(&function);
    let iterations = parameters.split(',').find_map(|parameter| parameter.strip_prefix("i="))?;
    (is_known && fields.next().is_none()).then(|| format!("${function}${iterations}${salt}${hash}"))
}

/// RFC 3339, or as MongoDB exports times.
fn moment(record: Members<'_>, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    match record.get(name) {
        Some(Value::Object(wrapped)) => {
            let wrapped = Members::of(wrapped);
            let text = wrapped.text("$date").map_or(None, |text| text.and_then(time::of_text));
            let time = text.or_else(|| wrapped.millis("$date").map_or(None, |time| time));
            time.map(Some).ok_or_else(|| wrong(name, "a time"))
        }
        Some(_) => record.time(name),
        None => Ok(None),
    }
}

fn is_something(value: &Value) -> bool {
    value.as_array().is_none_or(|items| !items.is_empty())
}
