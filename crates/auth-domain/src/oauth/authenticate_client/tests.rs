//! Telling which client asks: the store mocked.

use std::sync::Arc;

use chrono::TimeDelta;
use mockall::predicate::eq;

use super::{AuthenticateClient, AuthenticateClientError, Credentials};
use crate::{
    audit::event::Target,
    identity::port_error::PortError,
    oauth::{client::Client, ports::MockClientStore},
    testing::{down, told},
    testkit::{
        MemoryAudit, MovableClock, PlainSecrets,
        samples::{client, client_secret, context, id, secret_hash, start},
    },
};

async fn present(
    clients: MockClientStore,
    id: &str,
    secret: &str,
    seconds: i64,
) -> (Result<Client, AuthenticateClientError>, MemoryAudit) {
    let (audit, clock) = (MemoryAudit::default(), MovableClock::default());
    clock.advance(TimeDelta::seconds(seconds));
    let (clients, secrets, log) = (Arc::new(clients), Arc::new(PlainSecrets::default()), Arc::new(audit.clone()));
    let authenticate = AuthenticateClient { clients, secrets, audit: log, clock: Arc::new(clock) };
    let presented = Credentials { id: id.to_owned(), secret: client_secret(secret) };
    (authenticate.execute(&presented, &context()).await, audit)
}

fn finding(client: &Client) -> MockClientStore {
    let (id, found) = (client.id, client.clone());
    let mut clients = MockClientStore::new();
    clients.expect_find().with(eq(id)).once().returning(move |_| Ok(Some(found.clone())));
    clients
}

#[tokio::test]
async fn a_client_is_known_by_its_id_and_its_secret() {
    let orders = client("orders");
    let (outcome, audit) = present(finding(&orders), &orders.id.to_string(), "orders", 0).await;
    assert_eq!(outcome.unwrap(), orders);
    assert_eq!(audit.events(), []);
}

#[tokio::test]
async fn a_secret_that_was_replaced_is_good_until_its_time_is_over() {
    let orders = client("orders").rotated(secret_hash("next"), TimeDelta::hours(1), start());
    let id = orders.id.to_string();
    for (secret, seconds, right) in [("orders", 3599, true), ("orders", 3600, false), ("next", 3600, true)] {
        let (outcome, _audit) = present(finding(&orders), &id, secret, seconds).await;
        assert_eq!(outcome.is_ok(), right, "{secret} after {seconds}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_reported_with_the_id_if_it_is_one() {
    let orders = client("orders");
    for wrong in ["", "Orders", "plain:orders"] {
        let (outcome, audit) = present(finding(&orders), &orders.id.to_string(), wrong, 0).await;
        assert!(matches!(outcome, Err(AuthenticateClientError::Refused)), "{wrong}");
        let events = audit.events();
        assert_eq!(told(&events), [("client_refused", Some("wrong_secret"))]);
        assert_eq!(events.first().unwrap().target, Target::Client(orders.id));
    }
    let unknown = id().to_string();
    for (given, asks) in
        [(unknown.as_str(), true), ("orders", false), (&orders.id.to_string().to_uppercase(), false), ("", false)]
    {
        let mut clients = MockClientStore::new();
        clients.expect_find().times(usize::from(asks)).returning(|_| Ok(None));
        let (outcome, audit) = present(clients, given, "orders", 0).await;
        assert!(matches!(outcome, Err(AuthenticateClientError::Refused)), "{given}");
        let events = audit.events();
        assert_eq!(told(&events), [("client_refused", Some("unknown_client"))]);
        let named = if asks { Target::Client(given.parse().unwrap()) } else { Target::Nothing };
        assert_eq!(events.first().unwrap().target, named, "what is no id is not repeated");
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut away = MockClientStore::new();
    away.expect_find().returning(|_| down());
    let (outcome, audit) = present(away, &id().to_string(), "orders", 0).await;
    assert!(matches!(outcome, Err(AuthenticateClientError::Port(PortError::Unavailable(_)))));
    assert_eq!(audit.events(), []);
}
