//! Clients' own tokens in clear, beside those of people: their first word tells them apart.

use chrono::{DateTime, Utc};

use crate::{
    identity::port_error::PortError,
    oauth::{client_token::ClientClaims, ports::ClientTokenCodec},
    sessions::token::InvalidToken,
    testkit::fakes::{FakeCodec, parse, second, with_checksum},
};

impl ClientTokenCodec for FakeCodec {
    fn encode(&self, claims: &ClientClaims) -> Result<String, PortError> {
        let ClientClaims { id, client, scopes, scopes_version, issued_at, expires_at } = claims;
        let [from, until] = [issued_at, expires_at].map(|at| at.timestamp());
        Ok(with_checksum(&self.key, &format!("client|{id}|{client}|{scopes}|{scopes_version}|{from}|{until}")))
    }

    fn decode(&self, token: &str, now: DateTime<Utc>) -> Result<ClientClaims, InvalidToken> {
        let (text, _) = token.rsplit_once('|').ok_or(InvalidToken::Invalid)?;
        let parts: Vec<_> = text.split('|').collect();
        let (true, &["client", id, client, scopes, version, from, until]) = (with_checksum(&self.key, text) == token, &*parts)
        else {
            return Err(InvalidToken::Invalid);
        };
        let claims = ClientClaims {
            id: parse(id)?,
            client: parse(client)?,
            scopes: parse(scopes)?,
            scopes_version: parse(version)?,
            issued_at: second(from)?,
            expires_at: second(until)?,
        };
        claims.check_times(now)?;
        Ok(claims)
    }
}
