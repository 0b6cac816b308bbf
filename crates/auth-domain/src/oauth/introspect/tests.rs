//! Introspection: its ports mocked.

use std::sync::Arc;

use chrono::{SubsecRound, TimeDelta};
use mockall::predicate::eq;

use super::{Active, Alive, Introspect};
use crate::{
    factors::policy::MfaPolicy,
    identity::{
        port_error::PortError,
        user::{AccountState, User},
    },
    oauth::{authenticate_client_token::AuthenticateClientToken, client::Client, ports::MockClientStore, scope::Scopes},
    sessions::{
        authenticate::SignedIn,
        ports::MockSessionStore,
        session::{Generation, Session},
        token::TokenKind,
    },
    testing::{access_token, caller, down, finding, orders_and_token, read, refresh_token},
    testkit::{
        FakeCodec, MovableClock,
        samples::{after, user},
    },
};

/// Of a token of a person: no client is looked up.
async fn introspect(sessions: MockSessionStore, token: &str, seconds: i64) -> Result<Option<Alive>, PortError> {
    let active = asked(sessions, MockClientStore::new(), token, seconds).await?;
    Ok(active.map(|active| match active {
        Active::Session(alive) => *alive,
        Active::Client(claims) => panic!("{claims:?}"),
    }))
}

async fn asked(
    sessions: MockSessionStore,
    clients: MockClientStore,
    token: &str,
    seconds: i64,
) -> Result<Option<Active>, PortError> {
    let clock = MovableClock::default();
    clock.advance(TimeDelta::seconds(seconds));
    // Nothing but finding is expected: asking changes nothing.
    let (codec, sessions, clock) = (Arc::new(FakeCodec::default()), Arc::new(sessions), Arc::new(clock));
    let clients = AuthenticateClientToken { codec: codec.clone(), clients: Arc::new(clients), clock: clock.clone() };
    Introspect { codec, sessions, clock, mfa: MfaPolicy::Optional, clients }.execute(token).await
}

fn at_generation(session: &Session, generation: i64) -> Session {
    Session { generation: Generation(generation), ..session.clone() }
}

#[tokio::test]
async fn a_token_that_counts_comes_with_its_claims_and_its_owner_as_they_are_now() {
    let caller = caller();
    let token = access_token(&caller);
    let owner = SignedIn {
        user: User { email: "ann@new.example.org".parse().unwrap(), ..caller.user.clone() },
        session: Session { last_used_at: after(60), ..caller.session.clone() },
    };
    let alive = introspect(finding(&owner.session, &owner.user), &token, 60).await.unwrap();
    assert_eq!(alive, Some(Alive { claims: read(TokenKind::Access, &token), owner }));
}

#[tokio::test]
async fn a_clients_own_token_counts_while_its_client_may_do_the_same() {
    let (orders, token) = orders_and_token();
    let finding = |found: Option<Client>| {
        let mut clients = MockClientStore::new();
        clients.expect_find().with(eq(orders.id)).once().returning(move |_| Ok(found.clone()));
        clients
    };
    let ask = async |found, seconds| asked(MockSessionStore::new(), finding(found), &token, seconds).await.unwrap();
    let Some(Active::Client(claims)) = ask(Some(orders.clone()), 60).await else { panic!() };
    assert_eq!(
        (claims.client, claims.scopes.to_string().as_str(), claims.issued_at),
        (orders.id, "admin:read", after(0).trunc_subsecs(0))
    );
    assert_eq!(ask(None, 60).await, None);
    assert_eq!(ask(orders.rescoped(Scopes::default()), 60).await, None);
    assert_eq!(asked(MockSessionStore::new(), MockClientStore::new(), &token, 15 * 60 + 11).await.unwrap(), None);
}

#[tokio::test]
async fn of_refresh_tokens_the_current_one_counts() {
    let caller = caller();
    let now = at_generation(&caller.session, 3);
    for (generation, counts) in [(1, false), (2, false), (3, true), (4, false)] {
        let token = refresh_token(&caller, &at_generation(&caller.session, generation));
        let alive = introspect(finding(&now, &caller.user), &token, 1).await.unwrap();
        assert_eq!(alive.is_some(), counts, "generation {generation}");
    }
}

#[tokio::test]
async fn what_has_ended_since_does_not_count() {
    let SignedIn { user: ann, session } = caller();
    let caller = SignedIn { user: ann.clone(), session: session.clone() };
    let ben = user("ben@example.org");
    let ended = Session { ended_at: Some(after(59)), ..session.clone() };
    let expired = Session { expires_at: after(60), ..session.clone() };
    let disabled = User { state: AccountState::Disabled { since: after(1) }, ..ann.clone() };
    for token in [access_token(&caller), refresh_token(&caller, &session)] {
        for (session, user) in [(&ended, &ann), (&expired, &ann), (&session, &disabled), (&session, &ben)] {
            assert_eq!(introspect(finding(session, user), &token, 60).await.unwrap(), None);
        }
        let mut gone = MockSessionStore::new();
        gone.expect_find().once().returning(|_| Ok(None));
        assert_eq!(introspect(gone, &token, 60).await.unwrap(), None);
    }
}

#[tokio::test]
async fn nothing_is_looked_up_for_what_is_no_token() {
    for (token, seconds) in [("", 0), ("garbage", 0), (&*access_token(&caller()), 15 * 60 + 11)] {
        assert_eq!(introspect(MockSessionStore::new(), token, seconds).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_outage_is_no_answer() {
    let caller = caller();
    for token in [access_token(&caller), refresh_token(&caller, &caller.session)] {
        let mut away = MockSessionStore::new();
        away.expect_find().returning(|_| down());
        assert!(matches!(introspect(away, &token, 60).await, Err(PortError::Unavailable(_))));
    }
    let mut away = MockClientStore::new();
    away.expect_find().returning(|_| down());
    let outcome = asked(MockSessionStore::new(), away, &orders_and_token().1, 60).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))));
}
