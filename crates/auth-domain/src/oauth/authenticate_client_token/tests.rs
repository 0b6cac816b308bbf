//! Telling which client calls for itself: the store mocked.

use std::sync::Arc;

use chrono::TimeDelta;
use mockall::predicate::eq;

use super::{AuthenticateClientToken, AuthorizedClient};
use crate::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::Client,
        client_token::ClientClaims,
        ports::{ClientTokenCodec, MockClientStore},
        scope::{Scope, Scopes},
    },
    sessions::{authenticate::AuthenticateError, token::InvalidToken, token::TokenId},
    testing::{access_token, caller, down, refresh_token},
    testkit::{
        FakeCodec, MovableClock,
        samples::{client, id, secret_hash, start},
    },
};

/// A client that may read and write, and its token that is good for reading, for a quarter of an hour.
fn orders() -> (Client, String) {
    let scopes = Scopes::of([Scope::AdminRead, Scope::AdminWrite]);
    let orders = Client { scopes, scopes_version: 2, ..client("orders") };
    let read = Scopes::of([Scope::AdminRead]);
    let claims = ClientClaims::of(&orders, TokenId(id()), read, start(), TimeDelta::minutes(15));
    let token = FakeCodec::default().encode(&claims).unwrap();
    (orders, token)
}

fn finding(found: Option<Client>, id: ClientId) -> MockClientStore {
    let mut clients = MockClientStore::new();
    clients.expect_find().with(eq(id)).once().returning(move |_| Ok(found.clone()));
    clients
}

async fn authenticate(clients: MockClientStore, token: &str, seconds: i64) -> Result<AuthorizedClient, AuthenticateError> {
    let clock = MovableClock::default();
    clock.advance(TimeDelta::seconds(seconds));
    let (codec, clients) = (Arc::new(FakeCodec::default()), Arc::new(clients));
    AuthenticateClientToken { codec, clients, clock: Arc::new(clock) }.execute(token).await
}

#[tokio::test]
async fn a_token_stands_for_the_client_as_it_is_now_and_for_its_own_scopes() {
    let (orders, token) = orders();
    let rotated = orders.rotated(secret_hash("next"), TimeDelta::zero(), start());
    for now in [orders.clone(), rotated] {
        let found = authenticate(finding(Some(now.clone()), orders.id), &token, 60).await.unwrap();
        assert_eq!(found, AuthorizedClient { client: now, scopes: Scopes::of([Scope::AdminRead]) });
    }
}

#[tokio::test]
async fn a_client_that_is_gone_or_has_had_other_scopes_since_is_refused_at_once() {
    let (orders, token) = orders();
    let other_scopes = Client { scopes_version: 3, ..orders.clone() };
    let restored = Client { scopes: Scopes::of([Scope::AdminWrite]), ..orders.clone() };
    for now in [None, Some(other_scopes), Some(restored)] {
        let outcome = authenticate(finding(now, orders.id), &token, 60).await;
        assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Invalid))));
    }
}

#[tokio::test]
async fn nothing_is_looked_up_for_a_token_that_does_not_count() {
    let caller = caller();
    for token in ["", "garbage", &access_token(&caller), &refresh_token(&caller, &caller.session)] {
        let outcome = authenticate(MockClientStore::new(), token, 60).await;
        assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Invalid))));
    }
    let outcome = authenticate(MockClientStore::new(), &orders().1, 15 * 60 + 11).await;
    assert!(matches!(outcome, Err(AuthenticateError::Token(InvalidToken::Expired))));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut away = MockClientStore::new();
    away.expect_find().returning(|_| down());
    let outcome = authenticate(away, &orders().1, 60).await;
    assert!(matches!(outcome, Err(AuthenticateError::Port(PortError::Unavailable(_)))));
}

#[test]
fn no_token_outlasts_an_hour() {
    for (asked, minutes) in [(15, 15), (60, 60), (61, 60), (600, 60)] {
        let claims = ClientClaims::of(&client("orders"), TokenId(id()), Scopes::default(), start(), TimeDelta::minutes(asked));
        assert_eq!(claims.expires_at - claims.issued_at, TimeDelta::minutes(minutes));
    }
}
