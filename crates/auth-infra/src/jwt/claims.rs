//! The claims step (RFC 7519): from verified bytes to claims, all of them required, and back.

use std::str::FromStr;

use auth_domain::{
    identity::{
        email::Email,
        ids::KeyId,
        port_error::PortError,
        role::{Role, Roles},
    },
    sessions::{
        authentication::Authentication,
        session::Generation,
        token::{Claims, InvalidToken, Scope, TokenKind, TokenPurpose},
    },
    signing_keys::revocations::Revocations,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

/// The issuer and the audience of tokens.
pub(super) struct TokenIssuer {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
}

#[derive(Serialize)]
struct Payload<'a> {
    sub: String,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(rename = "type")]
    kind: &'static str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    sid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(rename = "gen", skip_serializing_if = "Option::is_none")]
    generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    /// None of them has the name of another member.
    #[serde(flatten)]
    attributes: &'a Map<String, Value>,
}

impl TokenIssuer {
    /// Times are cut to whole seconds, all in the same direction, so `exp` stays `iat` plus the token's lifetime.
    pub(super) fn write(&self, claims: &Claims) -> Result<Vec<u8>, PortError> {
        let payload = Payload {
            sub: claims.user.to_string(),
            email: claims.email.as_str(),
            email_verified: claims.email_verified,
            scope: claims.scope.map(scope_name),
            kind: name(claims.purpose.kind()),
            iat: claims.issued_at.timestamp(),
            nbf: claims.not_before.timestamp(),
            exp: claims.expires_at.timestamp(),
            jti: claims.id.to_string(),
            sid: claims.session.to_string(),
            auth_time: claims.authentication.as_ref().map(|how| how.at.timestamp()),
            amr: claims.authentication.as_ref().map(|how| how.methods.names().collect()),
            acr: claims.authentication.as_ref().map(|how| how.methods.level().name()),
            generation: match claims.purpose {
                TokenPurpose::Access => None,
                TokenPurpose::Refresh(generation) => Some(generation.0),
            },
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
            roles: claims.roles.iter().map(Role::as_str).collect(),
            attributes: &claims.attributes,
        };
        serde_json::to_vec(&payload).map_err(|fault| PortError::Internal(format!("claims cannot be written: {fault}")))
    }

    /// The claims of a payload, with times not checked yet. Every other fault gives the same answer.
    pub(super) fn read(&self, kind: TokenKind, payload: &[u8]) -> Result<Claims, InvalidToken> {
        let members = Members::of(payload)?;
        let addressed = members.text("type")? == name(kind) && self.is_addressed(&members);
        // A token of an earlier release is as good as it was.
        let email = Email::from_kept(members.text("email")?).map_err(|_fault| InvalidToken::Invalid)?;
        if !addressed {
            return Err(InvalidToken::Invalid);
        }
        Ok(Claims {
            id: members.parsed("jti")?,
            purpose: members.purpose(kind)?,
            user: members.parsed("sub")?,
            email,
            session: members.parsed("sid")?,
            email_verified: members.0.get("email_verified").and_then(Value::as_bool),
            scope: members.scope()?,
            authentication: members.authentication(),
            // For others alone: this server goes by the account.
            roles: Roles::default(),
            attributes: Map::new(),
            issued_at: members.time("iat")?,
            not_before: members.time("nbf")?,
            expires_at: members.time("exp")?,
        })
    }

    /// Whether it is from this issuer, and for this audience.
    pub(super) fn is_addressed(&self, members: &Members) -> bool {
        self.is_issuer(members) && self.is_audience(members)
    }

    fn is_issuer(&self, members: &Members) -> bool {
        self.issuer.as_ref().is_none_or(|own| members.0.get("iss").is_some_and(|one| one == own))
    }

    /// RFC 7519 section 4.1.3: a token with an audience is refused unless this server is in it, even if this server has no name.
    fn is_audience(&self, members: &Members) -> bool {
        match (members.0.get("aud"), &self.audience) {
            (None, None) => true,
            (Some(Value::String(one)), Some(own)) => one == own,
            (Some(Value::Array(several)), Some(own)) => {
                several.iter().all(Value::is_string) && several.iter().any(|one| one == own)
            }
            (Some(_), _) | (None, Some(_)) => false,
        }
    }
}

#[derive(Serialize)]
struct ListPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    iat: i64,
    sids: Vec<String>,
    kids: Vec<&'a str>,
    next: String,
    more: bool,
}

impl TokenIssuer {
    /// A list of revocations. It has neither `sub` nor `exp` nor `type`, so nobody accepts it as a token.
    pub(super) fn write_list(&self, list: &Revocations) -> Result<Vec<u8>, PortError> {
        let payload = ListPayload {
            iss: self.issuer.as_deref(),
            iat: list.as_of.timestamp(),
            sids: list.sessions.iter().map(ToString::to_string).collect(),
            kids: list.keys.iter().map(KeyId::as_str).collect(),
            next: list.next.to_string(),
            more: list.more,
        };
        serde_json::to_vec(&payload).map_err(|fault| PortError::Internal(format!("a list cannot be written: {fault}")))
    }
}

/// The members of the payload, by type. A number with a fraction or an exponent is not an integer, whatever its value.
pub(super) struct Members(pub(super) Map<String, Value>);

impl Members {
    pub(super) fn of(payload: &[u8]) -> Result<Self, InvalidToken> {
        match strict_json::parse(payload) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) | Err(_) => Err(InvalidToken::Invalid),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, InvalidToken> {
        self.0.get(name).and_then(Value::as_str).ok_or(InvalidToken::Invalid)
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<T, InvalidToken> {
        self.text(name)?.parse().map_err(|_fault| InvalidToken::Invalid)
    }

    pub(super) fn integer(&self, name: &str) -> Result<i64, InvalidToken> {
        self.0.get(name).and_then(Value::as_i64).ok_or(InvalidToken::Invalid)
    }

    pub(super) fn time(&self, name: &str) -> Result<DateTime<Utc>, InvalidToken> {
        DateTime::from_timestamp(self.integer(name)?, 0).ok_or(InvalidToken::Invalid)
    }

    /// A scope that this release does not know is one of a later release: its tokens are good for less, or for something else.
    fn scope(&self) -> Result<Option<Scope>, InvalidToken> {
        match self.0.get("scope") {
            None => Ok(None),
            Some(Value::String(name)) if name == scope_name(Scope::Enrol) => Ok(Some(Scope::Enrol)),
            Some(_) => Err(InvalidToken::Invalid),
        }
    }

    /// `None` as well where it does not make sense: nothing here goes by it, and earlier releases did not write it.
    fn authentication(&self) -> Option<Authentication> {
        let at = DateTime::from_timestamp(self.0.get("auth_time")?.as_i64()?, 0)?;
        let names: Option<Vec<_>> = self.0.get("amr")?.as_array()?.iter().map(Value::as_str).collect();
        names?.join(" ").parse().map_or(None, |methods| Some(Authentication { at, methods }))
    }

    fn purpose(&self, kind: TokenKind) -> Result<TokenPurpose, InvalidToken> {
        match kind {
            // Only a refresh token has a generation; an access token with one was never issued here.
            TokenKind::Access if self.0.contains_key("gen") => Err(InvalidToken::Invalid),
            TokenKind::Access => Ok(TokenPurpose::Access),
            TokenKind::Refresh => match self.integer("gen")? {
                ..1 => Err(InvalidToken::Invalid),
                generation => Ok(TokenPurpose::Refresh(Generation(generation))),
            },
        }
    }
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Enrol => "enrol",
    }
}

fn name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access => "access",
        TokenKind::Refresh => "refresh",
    }
}
