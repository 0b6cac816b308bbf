//! What an operator does to clients: the store mocked.

use std::sync::Arc;

use chrono::TimeDelta;
use mockall::predicate::eq;

use super::{AddClient, ClientError, Issued, RemoveClient, RotateClientSecret, SetClientScopes};
use crate::{
    audit::event::{AuditEvent, Target},
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::Client,
        ports::MockClientStore,
        scope::{Scope, Scopes},
    },
    testing::{clock, down, told},
    testkit::{
        MemoryAudit, PlainSecrets, SequentialIds,
        samples::{client, context, id, secret_hash, start},
    },
};

const OPERATOR: Option<&str> = Some("operator");

async fn add(clients: MockClientStore) -> (Result<Issued, PortError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let (secrets, ids) = (Arc::new(PlainSecrets::default()), Arc::new(SequentialIds::default()));
    let add = AddClient { clients: Arc::new(clients), secrets, ids, audit: Arc::new(audit.clone()), clock: clock() };
    let scopes = Scopes::of([Scope::AdminRead, Scope::AdminWrite]);
    (add.execute("orders".parse().unwrap(), scopes, &context()).await, audit.events())
}

async fn rotate(id: ClientId, clients: MockClientStore) -> (Result<Issued, ClientError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let (clients, secrets) = (Arc::new(clients), Arc::new(PlainSecrets::default()));
    let rotate = RotateClientSecret { clients, secrets, audit: Arc::new(audit.clone()), clock: clock() };
    (rotate.execute(id, TimeDelta::hours(1), &context()).await, audit.events())
}

async fn set_scopes(id: ClientId, scopes: &[Scope], clients: MockClientStore) -> (Result<Client, ClientError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let set = SetClientScopes { clients: Arc::new(clients), audit: Arc::new(audit.clone()), clock: clock() };
    (set.execute(id, Scopes::of(scopes.iter().copied()), &context()).await, audit.events())
}

async fn remove(id: ClientId, clients: MockClientStore) -> (Result<(), ClientError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let remove = RemoveClient { clients: Arc::new(clients), audit: Arc::new(audit.clone()), clock: clock() };
    (remove.execute(id, &context()).await, audit.events())
}

fn finding(found: Option<&Client>) -> MockClientStore {
    let found = found.cloned();
    let mut clients = MockClientStore::new();
    clients.expect_find().returning(move |_| Ok(found.clone()));
    clients
}

fn about(events: &[AuditEvent]) -> Vec<Option<ClientId>> {
    let client = |event: &AuditEvent| if let Target::Client(id) = event.target { Some(id) } else { None };
    events.iter().map(client).collect()
}

/// The scopes that events name.
fn what(events: &[AuditEvent]) -> Vec<String> {
    events.iter().filter_map(AuditEvent::what).collect()
}

#[tokio::test]
async fn a_new_client_gets_a_secret_of_which_only_the_hash_is_kept() {
    let mut clients = MockClientStore::new();
    clients.expect_insert().withf(|kept| kept.secret == secret_hash("secret-1")).once().returning(|_| Ok(()));
    let (outcome, events) = add(clients).await;
    let Issued { client, secret } = outcome.unwrap();
    assert_eq!((client.name.as_str(), client.created_at, secret.expose()), ("orders", start(), "secret-1"));
    assert_eq!((told(&events), about(&events)), (vec![("client_added", OPERATOR)], vec![Some(client.id)]));
    assert_eq!((client.scopes.to_string().as_str(), client.scopes_version), ("admin:read admin:write", 0));
    assert_eq!(what(&events), ["admin:read admin:write"]);
}

#[tokio::test]
async fn other_scopes_have_another_version_and_the_same_ones_change_nothing() {
    let orders = Client { scopes: Scopes::of([Scope::AdminRead]), scopes_version: 3, ..client("orders") };
    let next = Client { scopes: Scopes::of([Scope::AdminWrite]), scopes_version: 4, ..orders.clone() };
    let mut clients = finding(Some(&orders));
    clients.expect_set_scopes().with(eq(next.clone()), eq(3)).once().returning(|_, _| Ok(true));
    let (outcome, events) = set_scopes(orders.id, &[Scope::AdminWrite], clients).await;
    assert_eq!(outcome.unwrap(), next);
    assert_eq!((told(&events), about(&events)), (vec![("client_scopes_changed", OPERATOR)], vec![Some(orders.id)]));
    assert_eq!(what(&events), ["admin:write"]);
    let (outcome, events) = set_scopes(orders.id, &[Scope::AdminRead], finding(Some(&orders))).await;
    assert_eq!((outcome.unwrap(), events), (orders, vec![]));
}

#[tokio::test]
async fn who_loses_the_race_to_change_scopes_has_changed_none() {
    let orders = client("orders");
    let mut clients = finding(Some(&orders));
    clients.expect_set_scopes().once().returning(|_, _| Ok(false));
    let (outcome, events) = set_scopes(orders.id, &Scope::ALL, clients).await;
    assert!(matches!(outcome, Err(ClientError::ChangedMeanwhile)) && events.is_empty());
    let (outcome, events) = set_scopes(orders.id, &Scope::ALL, finding(None)).await;
    assert!(matches!(outcome, Err(ClientError::NoSuchClient)) && events.is_empty());
}

#[tokio::test]
async fn a_rotation_starts_from_the_secret_it_has_found() {
    let orders = client("orders");
    let next = orders.rotated(secret_hash("secret-1"), TimeDelta::hours(1), start());
    let mut clients = finding(Some(&orders));
    clients.expect_rotate().with(eq(next.clone()), eq(orders.secret.clone())).once().returning(|_, _| Ok(true));
    let (outcome, events) = rotate(orders.id, clients).await;
    let issued = outcome.unwrap();
    assert_eq!((issued.client, issued.secret.expose()), (next, "secret-1"));
    assert_eq!((told(&events), about(&events)), (vec![("client_secret_rotated", OPERATOR)], vec![Some(orders.id)]));
}

#[tokio::test]
async fn who_loses_the_race_to_rotate_has_no_secret() {
    let mut clients = finding(Some(&client("orders")));
    clients.expect_rotate().once().returning(|_, _| Ok(false));
    let (outcome, events) = rotate(ClientId(id()), clients).await;
    assert!(matches!(outcome, Err(ClientError::ChangedMeanwhile)));
    assert_eq!(events, []);
}

#[tokio::test]
async fn a_client_is_removed_once() {
    let orders = ClientId(id());
    let removing = |there| {
        let mut clients = MockClientStore::new();
        clients.expect_remove().with(eq(orders)).once().returning(move |_| Ok(there));
        clients
    };
    let (outcome, events) = remove(orders, removing(true)).await;
    assert!(outcome.is_ok());
    assert_eq!((told(&events), about(&events)), (vec![("client_removed", OPERATOR)], vec![Some(orders)]));
    let (outcome, events) = remove(orders, removing(false)).await;
    assert!(matches!(outcome, Err(ClientError::NoSuchClient)) && events.is_empty());
    let (outcome, events) = rotate(orders, finding(None)).await;
    assert!(matches!(outcome, Err(ClientError::NoSuchClient)) && events.is_empty());
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut breaking = MockClientStore::new();
    breaking.expect_insert().returning(|_| down());
    let (outcome, events) = add(breaking).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))) && events.is_empty());
    let mut away = MockClientStore::new();
    away.expect_find().returning(|_| down());
    let mut breaking = finding(Some(&client("orders")));
    breaking.expect_rotate().returning(|_, _| down());
    for clients in [away, breaking] {
        let (outcome, events) = rotate(ClientId(id()), clients).await;
        assert!(matches!(outcome, Err(ClientError::Port(PortError::Unavailable(_)))) && events.is_empty());
    }
    let mut breaking = finding(Some(&client("orders")));
    breaking.expect_set_scopes().returning(|_, _| down());
    let (outcome, events) = set_scopes(ClientId(id()), &Scope::ALL, breaking).await;
    assert!(matches!(outcome, Err(ClientError::Port(PortError::Unavailable(_)))) && events.is_empty());
    let mut breaking = MockClientStore::new();
    breaking.expect_remove().returning(|_| down());
    let (outcome, events) = remove(ClientId(id()), breaking).await;
    assert!(matches!(outcome, Err(ClientError::Port(PortError::Unavailable(_)))) && events.is_empty());
}
