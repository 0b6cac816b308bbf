//! Which attributes of an account its access tokens say.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::identity::document::Document;

/// How much of the attributes goes into a token, in bytes of compact JSON.
pub const TOKEN_CLAIMS_MAX_BYTES: usize = 1024;

/// Names of attributes that are claims of access tokens as well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenClaims(Vec<String>);

/// Why a list of names cannot be one of claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenClaimsFault {
    #[error("must be names of attributes with a comma between two: one of them is empty")]
    Empty,
    #[error("must not have `{0}`: this server, or a standard, gives that claim a meaning of its own")]
    HasMeaning(String),
    #[error("must have `{0}` only once")]
    Twice(String),
}

/// The attributes that were asked for are more than a token is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch;

/// What has a meaning already: RFC 7519 section 4.1, RFC 7800 and 8693, RFC 9068 section 2.2, OpenID Connect Core 1.0 sections 2,
/// 3.1.3.6, 3.3.2.11, 5.1 and 5.6.2, and what this server writes.
const WITH_MEANING: [&str; 54] = [
    "_claim_names",
    "_claim_sources",
    "acr",
    "act",
    "active",
    "address",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "birthdate",
    "c_hash",
    "client_id",
    "cnf",
    "email",
    "email_verified",
    "entitlements",
    "exp",
    "family_name",
    "gen",
    "gender",
    "given_name",
    "groups",
    "iat",
    "iss",
    "jti",
    "kids",
    "locale",
    "may_act",
    "middle_name",
    "name",
    "nbf",
    "nickname",
    "nonce",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "roles",
    "scope",
    "scopes_version",
    "sid",
    "sids",
    "sub",
    "sub_jwk",
    "token_type",
    "type",
    "updated_at",
    "username",
    "version",
    "website",
    "zoneinfo",
];

impl TokenClaims {
    /// What a token says of these attributes.
    ///
    /// # Errors
    /// It is too much.
    pub fn of(&self, attributes: &Document) -> Result<Map<String, Value>, TooMuch> {
        let said = |name: &String| attributes.members().get(name).map(|value| (name.clone(), value.clone()));
        let claims: Map<_, _> = self.0.iter().filter_map(said).collect();
        let claims = Value::Object(claims);
        if claims.to_string().len() > TOKEN_CLAIMS_MAX_BYTES {
            return Err(TooMuch);
        }
        Ok(if let Value::Object(claims) = claims { claims } else { Map::new() })
    }
}

impl FromStr for TokenClaims {
    type Err = TokenClaimsFault;

    fn from_str(text: &str) -> Result<Self, TokenClaimsFault> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim) {
            if name.is_empty() {
                return Err(TokenClaimsFault::Empty);
            }
            if WITH_MEANING.contains(&name) {
                return Err(TokenClaimsFault::HasMeaning(name.to_owned()));
            }
            if names.iter().any(|other| other == name) {
                return Err(TokenClaimsFault::Twice(name.to_owned()));
            }
            names.push(name.to_owned());
        }
        Ok(Self(names))
    }
}

#[cfg(test)]
mod tests;
