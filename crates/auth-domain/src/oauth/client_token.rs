//! What a client's own token says (RFC 9068), and when it counts.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity::{ids::ClientId, password_hash::redacted},
    oauth::{client::Client, scope::Scopes},
    sessions::token::{InvalidToken, TokenId, check_period},
};

/// The longest that such a token lasts: changes of a client end its tokens here at once, but elsewhere only with their time.
pub const CLIENT_TOKEN_MAX: TimeDelta = TimeDelta::hours(1);

/// What a client's own token says, every claim present and of its type. It is no token of a person, and no person's is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientClaims {
    pub id: TokenId,
    /// Both `sub` and `client_id`: the client acts for nobody but itself.
    pub client: ClientId,
    pub scopes: Scopes,
    /// How often the client's scopes had changed when the token was made.
    pub scopes_version: i64,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A token of a client's own, as it is handed out (RFC 6749 section 4.4.3): without a refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientToken {
    pub token: String,
    pub scopes: Scopes,
    pub expires_in: TimeDelta,
}

redacted!(ClientToken);

impl ClientClaims {
    /// A token of a client as it stands, from now on.
    #[must_use]
    pub fn of(client: &Client, id: TokenId, scopes: Scopes, now: DateTime<Utc>, life: TimeDelta) -> Self {
        let expires_at = now + life.min(CLIENT_TOKEN_MAX);
        Self { id, client: client.id, scopes, scopes_version: client.scopes_version, issued_at: now, expires_at }
    }

    /// Judges the times, as those of every token.
    ///
    /// # Errors
    /// [`InvalidToken::Expired`] when only its age is wrong.
    pub fn check_times(&self, now: DateTime<Utc>) -> Result<(), InvalidToken> {
        check_period(self.issued_at, self.expires_at, now)
    }

    /// Whether they count for a client as it is now: its scopes have not changed since.
    #[must_use]
    pub fn count_for(&self, client: &Client) -> bool {
        let same = self.client == client.id && self.scopes_version == client.scopes_version;
        // A restored backup counts its changes anew: the same number need not mean the same scopes.
        same && self.scopes.are_among(&client.scopes)
    }
}
