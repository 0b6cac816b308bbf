//! The line of an account: one JSON object with all that another server needs to take the account over. Written by an export, read by
//! an import; what was read of what was written is the same.

use auth_domain::{
    admin::{
        import::{Candidate, Refusal},
        transfer::{AccountRecord, Activity, Arrival, Contradiction, Verification},
    },
    factors::recovery_code::{RECOVERY_CODES, RecoveryCodeDigest},
    identity::{
        email::Email,
        ids::UserId,
        language::Language,
        password_hash::PasswordHash,
        port_error::PortError,
        role::Role,
        user::{AccountState, User},
    },
    passwords::policy::PasswordPolicy,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use strict_json::Malformed;

use super::factors::{Carried, Digest, FactorLine, factors};
use crate::{
    routes::{
        admin::bodies::{document, roles},
        views::timestamp,
    },
    web::{
        json_body::{FromMembers, Members, Rules, Time, Told, from_object},
        problem::FieldError,
    },
};

/// The longest line that is read, in bytes, without its end.
pub(crate) const LINE_MAX_BYTES: usize = 64 * 1024;

/// What `GET /admin/users/{id}` shows of an account, and besides what must not be shown there.
#[derive(Serialize)]
struct AccountLine<'a> {
    id: String,
    email: &'a str,
    email_verified: bool,
    email_verified_at: Option<String>,
    created_at: String,
    updated_at: String,
    last_login_at: Option<String>,
    disabled: bool,
    disabled_at: Option<String>,
    language: Option<&'static str>,
    roles: Vec<&'a str>,
    profile: &'a Map<String, Value>,
    attributes: &'a Map<String, Value>,
    has_password: bool,
    password_hash: Option<&'a str>,
    factors: Vec<FactorLine<'a>>,
    recovery_codes: Vec<&'a str>,
    recovery_codes_made_at: Option<String>,
    identities: [(); 0],
}

/// Writes the line of an account, and its end.
///
/// # Errors
/// None that is known: all of it is text.
pub(crate) fn write(record: &AccountRecord, to: &mut Vec<u8>) -> serde_json::Result<()> {
    let user = &record.user;
    let line = AccountLine {
        id: user.id.to_string(),
        email: user.email.as_str(),
        email_verified: user.email_verified_at.is_some(),
        email_verified_at: user.email_verified_at.map(timestamp),
        created_at: timestamp(user.created_at),
        updated_at: timestamp(user.changed_at()),
        last_login_at: user.last_login_at.map(timestamp),
        disabled: !user.is_active(),
        disabled_at: disabled_at(user).map(timestamp),
        language: user.language.map(Language::tag),
        roles: user.roles.iter().map(Role::as_str).collect(),
        profile: user.profile.members(),
        attributes: user.attributes.members(),
        has_password: user.password.is_some(),
        password_hash: user.password.as_ref().map(PasswordHash::expose),
        factors: factors(record),
        recovery_codes: record.recovery_codes.iter().map(|RecoveryCodeDigest(digest)| digest.as_str()).collect(),
        recovery_codes_made_at: record.recovery_codes_made_at.map(timestamp),
        identities: [],
    };
    serde_json::to_writer(&mut *to, &line)?;
    to.push(b'\n');
    Ok(())
}

/// The lines of a page of accounts.
///
/// # Errors
/// As of [`write`].
pub(crate) fn written(page: &[AccountRecord]) -> Result<Vec<u8>, PortError> {
    let mut text = Vec::new();
    for account in page {
        write(account, &mut text).map_err(|fault| PortError::Internal(format!("an account cannot be written: {fault}")))?;
    }
    Ok(text)
}

fn disabled_at(user: &User) -> Option<DateTime<Utc>> {
    match user.state {
        AccountState::Active => None,
        AccountState::Disabled { since } => Some(since),
    }
}

/// The account of a line. What is wrong with it is told member by member, and never what a member says.
pub(crate) fn read(number: u64, line: &[u8]) -> Candidate {
    let (email, account) = match strict_json::parse(line) {
        Ok(Value::Object(given)) => (written_email(&given), from_object(given, RULES).map_err(|faults| told(&faults))),
        Ok(_) => (String::new(), Err("is no JSON object".to_owned())),
        Err(fault) => (String::new(), Err(malformed(&fault))),
    };
    Candidate { number: number.to_string(), email, account: account.map(Box::new).map_err(Refusal::Unreadable) }
}

/// In the place of a line that is longer than [`LINE_MAX_BYTES`].
pub(crate) fn too_long(number: u64) -> Candidate {
    let refusal = Refusal::Unreadable(format!("has more than {LINE_MAX_BYTES} bytes"));
    Candidate { number: number.to_string(), email: String::new(), account: Err(refusal) }
}

/// No member of a line is a password.
const RULES: Rules = Rules { policy: PasswordPolicy { min_chars: 0, classes: false }, owner: None };

fn written_email(given: &Map<String, Value>) -> String {
    given.get("email").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn told(faults: &[FieldError]) -> String {
    let told = |FieldError { field, message, .. }: &FieldError| format!("`{field}` {message}");
    faults.iter().map(told).collect::<Vec<_>>().join("; ")
}

/// With the place in the line, where the parser says it: its messages are constants.
fn malformed(fault: &Malformed) -> String {
    match fault {
        Malformed::NotUtf8 => "is not UTF-8".to_owned(),
        Malformed::ByteOrderMark => "has a byte order mark, which only the first line may have".to_owned(),
        Malformed::DuplicateMember { column, .. } => format!("has a member twice, at column {column}"),
        Malformed::NotJson(message) => format!("is not valid JSON: {}", message.replace(" at line 1 column", " at column")),
    }
}

impl FromMembers for Arrival {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (email, id) = (members.required::<Email>("email"), members.optional::<UserId>("id"));
        let password = members.optional::<String>("password_hash");
        let verification = since(members, ["email_verified", "email_verified_at"], Verification::of);
        let activity = since(members, ["disabled", "disabled_at"], Activity::of);
        let [created_at, updated_at, last_login_at] =
            ["created_at", "updated_at", "last_login_at"].map(|name| time(members, name));
        let (language, roles) = (members.optional::<Language>("language"), roles(members));
        let (profile, attributes) = (document(members, "profile"), document(members, "attributes"));
        // A summary, which follows from the others.
        drop(members.raw("has_password"));
        let (carried, recovery_codes) = (carried(members), recovery_codes(members));
        let recovery_codes_made_at = time(members, "recovery_codes_made_at");
        no_identities(members);
        members.refuse_others("is no member of an account");
        let carried = carried?;
        let id = id?;
        let (totp, passkeys) = match id {
            Some(id) => carried.of(id),
            None if carried.is_empty() => Default::default(),
            None => return Err(members.fault("id", "missing", "is required where there are factors, which are bound to it")),
        };
        let recovery_codes = recovery_codes?;
        if totp.is_empty() && passkeys.is_empty() && !recovery_codes.is_empty() {
            return Err(members.fault("recovery_codes", "unsupported", "stand in for a factor, and there is none"));
        }
        Ok(Self {
            id,
            email: email?,
            password: password?.map(PasswordHash::new),
            activity: activity?,
            verification: verification?,
            created_at: created_at?,
            updated_at: updated_at?,
            last_login_at: last_login_at?,
            language: language?,
            roles: roles?.unwrap_or_default(),
            profile: profile?,
            attributes: attributes?,
            totp,
            passkeys,
            recovery_codes,
            recovery_codes_made_at: recovery_codes_made_at?,
        })
    }
}

fn time(members: &mut Members, name: &'static str) -> Result<Option<DateTime<Utc>>, Told> {
    Ok(members.optional::<Time>(name)?.map(|Time(time)| time))
}

/// Whether something is so, and since when if that is known.
fn since<T>(
    members: &mut Members,
    [is, since]: [&'static str; 2],
    of: impl FnOnce(Option<bool>, Option<DateTime<Utc>>) -> Result<T, Contradiction>,
) -> Result<T, Told> {
    let (is_so, at) = (members.boolean(is), time(members, since));
    let contradicted = |Contradiction| members.fault(since, "unsupported", format!("does not go with a `{is}` of false"));
    of(is_so?, at?).map_err(contradicted)
}

fn carried(members: &mut Members) -> Result<Carried, Told> {
    let carried = Carried::from(members.objects("factors")?.unwrap_or_default());
    match carried.fault() {
        None => Ok(carried),
        Some((code, message)) => Err(members.fault("factors", code, message)),
    }
}

fn recovery_codes(members: &mut Members) -> Result<Vec<RecoveryCodeDigest>, Told> {
    let mut digests: Vec<_> =
        members.list::<Digest>("recovery_codes")?.unwrap_or_default().into_iter().map(|Digest(digest)| digest).collect();
    digests.sort();
    if digests.len() > RECOVERY_CODES {
        return Err(members.fault("recovery_codes", "too_many", format!("must be at most {RECOVERY_CODES}")));
    }
    if digests.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(members.fault("recovery_codes", "duplicate", "must not have one twice"));
    }
    Ok(digests)
}

/// Nothing is lost in silence: who logs in by another provider alone could not log in here.
fn no_identities(members: &mut Members) {
    let identities = members.raw("identities").unwrap_or_default();
    if !identities.is_null() && identities.as_array().is_none_or(|identities| !identities.is_empty()) {
        members.fault("identities", "unsupported", "must be empty: this release has no logins by other providers");
    }
}

#[cfg(test)]
mod tests;
