//! The claims step for clients' own tokens (RFC 9068): from verified bytes to claims, all of them required, and back.

use auth_domain::{
    identity::port_error::PortError,
    oauth::{client_token::ClientClaims, scope::Scopes},
    sessions::token::InvalidToken,
};
use serde::Serialize;
use serde_json::Value;

use super::claims::{Members, TokenIssuer};

/// The `type` of a client's own token. That of a person's is another word, so neither passes for the other (RFC 8725 section 3.12),
/// under the same header and key.
const KIND: &str = "client";

#[derive(Serialize)]
struct Payload<'a> {
    sub: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    scopes_version: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl TokenIssuer {
    pub(super) fn write_client(&self, claims: &ClientClaims) -> Result<Vec<u8>, PortError> {
        let client = claims.client.to_string();
        let payload = Payload {
            sub: &client,
            client_id: &client,
            scope: Some(claims.scopes.to_string()).filter(|scope| !scope.is_empty()),
            scopes_version: claims.scopes_version,
            kind: KIND,
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
            jti: claims.id.to_string(),
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
        };
        serde_json::to_vec(&payload).map_err(|fault| PortError::Internal(format!("claims cannot be written: {fault}")))
    }

    /// The claims of a payload, with times not checked yet. Every other fault gives the same answer.
    pub(super) fn read_client(&self, payload: &[u8]) -> Result<ClientClaims, InvalidToken> {
        let members = Members::of(payload)?;
        let for_itself = members.text("sub")? == members.text("client_id")?;
        if members.text("type")? != KIND || !for_itself || !self.is_addressed(&members) {
            return Err(InvalidToken::Invalid);
        }
        Ok(ClientClaims {
            id: members.parsed("jti")?,
            client: members.parsed("client_id")?,
            scopes: scopes(&members)?,
            scopes_version: members.integer("scopes_version")?,
            issued_at: members.time("iat")?,
            expires_at: members.time("exp")?,
        })
    }
}

/// A scope that this release does not know is one of a later release: its tokens are for that one.
fn scopes(members: &Members) -> Result<Scopes, InvalidToken> {
    match members.0.get("scope") {
        None => Ok(Scopes::default()),
        Some(Value::String(names)) => names.parse().map_err(|_fault| InvalidToken::Invalid),
        Some(_) => Err(InvalidToken::Invalid),
    }
}
