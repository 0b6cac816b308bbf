//! The rows that stores share with the look-up of every request, and how rows are read. One that does not parse is corrupt, never
//! missing.

use std::{net::IpAddr, str::FromStr};

use auth_domain::{
    identity::{
        email::Email,
        language::Language,
        password_hash::PasswordHash,
        request_context::{RequestContext, UserAgent},
        user::{AccountState, PendingEmail, User, WrongCodes},
    },
    sessions::{
        authentication::{Authentication, Methods},
        session::{Generation, Session},
    },
};
use diesel::{Insertable, Queryable, Selectable, result::Error};

use super::{
    tables::{sessions, users},
    timestamp::At,
};

/// What the column of an account without a password holds: no hash looks like it, so no release lets anybody in with it. SQLite
/// could make the column nullable only by making a table anew that others refer to.
pub(crate) const NO_PASSWORD: &str = "!";

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct UserRow {
    id: String,
    email: String,
    password_hash: String,
    disabled_at: Option<At>,
    last_login_at: Option<At>,
    created_at: At,
    updated_at: At,
    version: i64,
    email_verified_at: Option<At>,
    pending_email: Option<String>,
    pending_email_until: Option<At>,
    language: Option<String>,
    second_factors: Option<String>,
    wrong_codes: i64,
    wrong_code_at: Option<At>,
    roles: Option<String>,
    profile: Option<String>,
    attributes: Option<String>,
    described_at: Option<At>,
}

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub(crate) struct SessionRow {
    id: String,
    user_id: String,
    generation: i64,
    created_at: At,
    last_used_at: At,
    expires_at: At,
    ended_at: Option<At>,
    address: Option<String>,
    user_agent: Option<String>,
    authenticated_at: Option<At>,
    methods: Option<String>,
}

impl SessionRow {
    pub(crate) fn is(&self, id: &str) -> bool {
        self.id == id
    }
}

pub(crate) fn parsed<T: FromStr>(text: &str, what: &str) -> Result<T, Error> {
    text.parse().map_err(|_fault| Error::DeserializationError(format!("a row holds no {what}").into()))
}

pub(crate) fn parsed_if_any<T: FromStr>(text: Option<&str>, what: &str) -> Result<Option<T>, Error> {
    text.map(|text| parsed(text, what)).transpose()
}

/// The context of a session or an event. Only the audit trail stores the request's id.
pub(crate) fn context(address: Option<&str>, user_agent: Option<&str>, request_id: String) -> Result<RequestContext, Error> {
    let address = parsed_if_any::<IpAddr>(address, "address")?;
    Ok(RequestContext { address, user_agent: user_agent.map(UserAgent::new), language: None, request_id })
}

pub(crate) fn address_of(context: &RequestContext) -> Option<String> {
    context.address.map(|address| address.to_string())
}

pub(crate) fn user_agent_of(context: &RequestContext) -> Option<String> {
    context.user_agent.as_ref().map(|agent| agent.as_str().to_owned())
}

/// In a spelling of this or of earlier releases: an account stored under another could not be found.
pub(crate) fn address(text: &str) -> Result<Email, Error> {
    Email::from_kept(text)
        .map_err(|_fault| Error::DeserializationError("a row holds no e-mail address, or in another spelling".into()))
}

/// How a column holds what may be empty.
pub(crate) fn text_of(value: &impl ToString, is_empty: bool) -> Option<String> {
    (!is_empty).then(|| value.to_string())
}

impl From<&User> for UserRow {
    fn from(user: &User) -> Self {
        let disabled_at = match user.state {
            AccountState::Active => None,
            AccountState::Disabled { since } => Some(At::from(since)),
        };
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            password_hash: user.password.as_ref().map_or(NO_PASSWORD, PasswordHash::expose).to_owned(),
            disabled_at,
            last_login_at: user.last_login_at.map(At::from),
            created_at: At::from(user.created_at),
            updated_at: At::from(user.updated_at),
            version: user.version,
            email_verified_at: user.email_verified_at.map(At::from),
            pending_email: user.pending_email.as_ref().map(|pending| pending.address.to_string()),
            pending_email_until: user.pending_email.as_ref().map(|pending| At::from(pending.until)),
            language: user.language.map(|language| language.to_string()),
            second_factors: (!user.second_factors.is_empty()).then(|| user.second_factors.to_string()),
            wrong_codes: user.wrong_codes.count.into(),
            wrong_code_at: user.wrong_codes.last_at.map(At::from),
            roles: text_of(&user.roles, user.roles.is_empty()),
            profile: text_of(&user.profile, user.profile.is_empty()),
            attributes: text_of(&user.attributes, user.attributes.is_empty()),
            described_at: user.described_at.map(At::from),
        }
    }
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self, Error> {
        Ok(Self {
            id: parsed(&row.id, "user id")?,
            email: address(&row.email)?,
            password: (row.password_hash != NO_PASSWORD).then(|| PasswordHash::new(row.password_hash)),
            state: row.disabled_at.map_or(AccountState::Active, |since| AccountState::Disabled { since: since.utc() }),
            created_at: row.created_at.utc(),
            updated_at: row.updated_at.utc(),
            version: row.version,
            last_login_at: row.last_login_at.map(|at| at.utc()),
            email_verified_at: row.email_verified_at.map(At::utc),
            pending_email: match (row.pending_email, row.pending_email_until) {
                (Some(pending), Some(until)) => Some(PendingEmail { address: address(&pending)?, until: until.utc() }),
                (Some(_), None) | (None, _) => None,
            },
            // A later release may know more languages.
            language: row.language.and_then(|tag| Language::of_range(&tag)),
            // One that does not parse is corrupt: nobody falls back to a password alone.
            second_factors: parsed_if_any(row.second_factors.as_deref(), "list of second factors")?.unwrap_or_default(),
            wrong_codes: WrongCodes {
                count: u32::try_from(row.wrong_codes).unwrap_or(u32::MAX),
                last_at: row.wrong_code_at.map(At::utc),
            },
            roles: parsed_if_any(row.roles.as_deref(), "list of roles")?.unwrap_or_default(),
            profile: parsed_if_any(row.profile.as_deref(), "profile")?.unwrap_or_default(),
            attributes: parsed_if_any(row.attributes.as_deref(), "attributes")?.unwrap_or_default(),
            described_at: row.described_at.map(At::utc),
        })
    }
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            user_id: session.user.to_string(),
            generation: session.generation.0,
            created_at: At::from(session.created_at),
            last_used_at: At::from(session.last_used_at),
            expires_at: At::from(session.expires_at),
            ended_at: session.ended_at.map(At::from),
            address: address_of(&session.context),
            user_agent: user_agent_of(&session.context),
            authenticated_at: Some(At::from(session.authentication.at)),
            methods: Some(session.authentication.methods.to_string()),
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self, Error> {
        Ok(Self {
            id: parsed(&row.id, "session id")?,
            user: parsed(&row.user_id, "user id")?,
            generation: Generation(row.generation),
            created_at: row.created_at.utc(),
            last_used_at: row.last_used_at.utc(),
            expires_at: row.expires_at.utc(),
            ended_at: row.ended_at.map(|at| at.utc()),
            // The previous release writes neither, and knows no method but this.
            authentication: Authentication {
                at: row.authenticated_at.unwrap_or(row.created_at).utc(),
                methods: parsed_if_any(row.methods.as_deref(), "method of authentication")?.unwrap_or(Methods::PASSWORD),
            },
            context: context(row.address.as_deref(), row.user_agent.as_deref(), String::new())?,
        })
    }
}
