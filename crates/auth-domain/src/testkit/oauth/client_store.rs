//! What every [`ClientStore`](crate::oauth::ports::ClientStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use crate::testkit::{
    fixtures::{Stores, against, together},
    samples::{after, client, id, secret_hash},
};
use crate::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::{CLIENT_NAME_MAX_CHARS, Client},
        scope::{Scope, Scopes},
    },
};

/// One test per clause: `client_store_contract!(fixture)` or `client_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! client_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::client_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; oauth::client_store:
            keeps_a_client_as_it_is,
            keeps_the_longest_name,
            keeps_an_id_once,
            lists_clients_by_age_page_by_page,
            replaces_the_secrets_and_nothing_else,
            rotates_only_from_the_secret_that_is_there,
            lets_one_of_many_rotate,
            keeps_scopes_in_any_number,
            replaces_the_scopes_and_nothing_else,
            changes_scopes_only_from_the_version_that_is_there,
            lets_one_of_many_change_scopes,
            keeps_both_a_rotation_and_a_change_of_scopes,
            forgets_a_client_once,
            revives_no_client_that_is_removed_meanwhile,
        }
    };
    ($fresh:expr) => {
        $crate::client_store_contract!(@all [] $fresh);
    };
}

async fn keep(stores: &Stores, name: &str) -> Client {
    let client = client(name);
    stores.clients.insert(&client).await.unwrap();
    client
}

async fn found(stores: &Stores, id: ClientId) -> Option<Client> {
    stores.clients.find(id).await.unwrap()
}

/// The client after a rotation so many seconds after the start, with an hour of overlap.
fn rotated(client: &Client, secret: &str, seconds: i64) -> Client {
    client.rotated(secret_hash(secret), TimeDelta::hours(1), after(seconds))
}

pub async fn keeps_a_client_as_it_is(stores: &Stores) {
    assert_eq!(found(stores, ClientId(id())).await, None);
    let (bare, full) = (keep(stores, "orders").await, rotated(&client("books"), "next", 60));
    let full = Client { name: "Bücher & Söhne".parse().unwrap(), ..full };
    stores.clients.insert(&full).await.unwrap();
    assert_eq!(found(stores, bare.id).await, Some(bare));
    assert_eq!(found(stores, full.id).await, Some(full));
}

pub async fn keeps_the_longest_name(stores: &Stores) {
    let name = "🦀".repeat(CLIENT_NAME_MAX_CHARS).parse().unwrap();
    let long = Client { name, ..client("long") };
    stores.clients.insert(&long).await.unwrap();
    assert_eq!(found(stores, long.id).await, Some(long));
    // Names are for people: two may be the same.
    assert_ne!(keep(stores, "orders").await.id, keep(stores, "orders").await.id);
}

pub async fn keeps_an_id_once(stores: &Stores) {
    let first = keep(stores, "orders").await;
    let second = Client { id: first.id, ..client("billing") };
    assert!(matches!(stores.clients.insert(&second).await, Err(PortError::Corrupt(_))));
    assert_eq!(found(stores, first.id).await, Some(first));
}

pub async fn lists_clients_by_age_page_by_page(stores: &Stores) {
    assert_eq!(stores.clients.list(None, 10).await.unwrap(), []);
    let mut all = Vec::new();
    for name in ["c", "a", "b", "a", "d"] {
        all.push(keep(stores, name).await);
    }
    let mut after = None;
    for page in all.chunks(2) {
        let listed = stores.clients.list(after, 2).await.unwrap();
        assert_eq!(listed, page);
        after = listed.last().map(|client| client.id);
    }
    assert_eq!(stores.clients.list(after, 2).await.unwrap(), []);
    assert_eq!(stores.clients.list(None, 10).await.unwrap(), all);
}

pub async fn replaces_the_secrets_and_nothing_else(stores: &Stores) {
    let (first, other) = (keep(stores, "orders").await, keep(stores, "billing").await);
    let second = rotated(&first, "second", 60);
    let renamed = Client { name: "renamed".parse().unwrap(), created_at: after(99), ..second.clone() };
    assert!(stores.clients.rotate(&renamed, &first.secret).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(second.clone()));
    let third = second.rotated(secret_hash("third"), TimeDelta::zero(), after(120));
    assert!(stores.clients.rotate(&third, &second.secret).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(third), "a secret from before is not kept");
    assert_eq!(found(stores, other.id).await, Some(other));
}

pub async fn rotates_only_from_the_secret_that_is_there(stores: &Stores) {
    let first = keep(stores, "orders").await;
    let second = rotated(&first, "second", 60);
    for wrong in ["second", "PLAIN", ""] {
        assert!(!stores.clients.rotate(&second, &secret_hash(wrong)).await.unwrap(), "{wrong}");
    }
    assert!(!stores.clients.rotate(&client("nobody"), &secret_hash("nobody")).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(first.clone()));
    assert!(stores.clients.rotate(&second, &first.secret).await.unwrap());
    assert!(
        !stores.clients.rotate(&rotated(&first, "third", 70), &first.secret).await.unwrap(),
        "the former one is none to start from"
    );
}

pub async fn lets_one_of_many_rotate(stores: &Stores) {
    let mut current = keep(stores, "orders").await;
    for round in 0..4 {
        let racers = (0..8).map(|racer| {
            let (clients, from) = (stores.clients.clone(), current.secret.clone());
            let next = rotated(&current, &format!("{round}-{racer}"), round);
            async move { clients.rotate(&next, &from).await.unwrap().then_some(next) }
        });
        let mut winners: Vec<_> = together(racers).await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        current = winners.remove(0);
        assert_eq!(found(stores, current.id).await.as_ref(), Some(&current));
    }
}

/// The client with these scopes, as after a change of them.
fn rescoped(client: &Client, scopes: &[Scope]) -> Client {
    client.rescoped(Scopes::of(scopes.iter().copied())).unwrap()
}

pub async fn keeps_scopes_in_any_number(stores: &Stores) {
    for scopes in [&[][..], &[Scope::AdminWrite], &Scope::ALL] {
        let scopes = Scopes::of(scopes.iter().copied());
        let orders = Client { scopes, scopes_version: 7, ..client("orders") };
        stores.clients.insert(&orders).await.unwrap();
        assert_eq!(found(stores, orders.id).await, Some(orders.clone()));
        assert!(stores.clients.list(None, 10).await.unwrap().contains(&orders));
    }
}

pub async fn replaces_the_scopes_and_nothing_else(stores: &Stores) {
    let (first, other) = (keep(stores, "orders").await, keep(stores, "billing").await);
    let second = rescoped(&first, &Scope::ALL);
    let more = Client { name: "renamed".parse().unwrap(), created_at: after(99), ..rotated(&second, "next", 60) };
    assert!(stores.clients.set_scopes(&more, first.scopes_version).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(second.clone()));
    let third = rescoped(&second, &[]);
    assert!(stores.clients.set_scopes(&third, second.scopes_version).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(third), "none are kept as none");
    assert_eq!(found(stores, other.id).await, Some(other));
}

pub async fn changes_scopes_only_from_the_version_that_is_there(stores: &Stores) {
    let first = keep(stores, "orders").await;
    let second = rescoped(&first, &[Scope::AdminRead]);
    for wrong in [-1, 1, i64::MAX] {
        assert!(!stores.clients.set_scopes(&second, wrong).await.unwrap(), "{wrong}");
    }
    assert!(!stores.clients.set_scopes(&client("nobody"), 0).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(first.clone()));
    assert!(stores.clients.set_scopes(&second, 0).await.unwrap());
    assert!(!stores.clients.set_scopes(&rescoped(&first, &[Scope::AdminWrite]), 0).await.unwrap());
    assert_eq!(found(stores, first.id).await, Some(second));
}

pub async fn lets_one_of_many_change_scopes(stores: &Stores) {
    let mut current = keep(stores, "orders").await;
    for round in 0..4 {
        let racers = (0..8).map(|racer| {
            let (clients, from) = (stores.clients.clone(), current.scopes_version);
            let scopes: Vec<_> = Scope::ALL.into_iter().skip(if round % 2 == 1 { Scope::ALL.len() } else { racer % 3 }).collect();
            let next = rescoped(&current, &scopes);
            async move { clients.set_scopes(&next, from).await.unwrap().then_some(next) }
        });
        let mut winners: Vec<_> = together(racers).await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        current = winners.remove(0);
        assert_eq!(found(stores, current.id).await.as_ref(), Some(&current));
    }
}

pub async fn keeps_both_a_rotation_and_a_change_of_scopes(stores: &Stores) {
    for round in 0..8 {
        let first = keep(stores, "orders").await;
        let (rotating, changing) = (stores.clients.clone(), stores.clients.clone());
        let (next, wider) = (rotated(&first, "next", 60), rescoped(&first, &Scope::ALL));
        let (from, both) = (first.secret.clone(), rotated(&wider, "next", 60));
        let rotate = async move { rotating.rotate(&next, &from).await.unwrap() };
        let change = async move { changing.set_scopes(&wider, 0).await.unwrap() };
        assert_eq!(against(round, rotate, change).await, (true, true));
        assert_eq!(found(stores, first.id).await, Some(both));
    }
}

pub async fn forgets_a_client_once(stores: &Stores) {
    let (gone, other) = (keep(stores, "orders").await, keep(stores, "billing").await);
    assert!(stores.clients.remove(gone.id).await.unwrap());
    assert!(!stores.clients.remove(gone.id).await.unwrap());
    assert_eq!(found(stores, gone.id).await, None);
    assert_eq!(stores.clients.list(None, 10).await.unwrap(), [other]);
}

pub async fn revives_no_client_that_is_removed_meanwhile(stores: &Stores) {
    for round in 0..8 {
        let first = keep(stores, "orders").await;
        let (rotating, removing) = (stores.clients.clone(), stores.clients.clone());
        let (next, from, id) = (rotated(&first, "next", 60), first.secret.clone(), first.id);
        let rotate = async move { rotating.rotate(&next, &from).await.unwrap() };
        let remove = async move { removing.remove(id).await.unwrap() };
        let (_rotated, removed) = against(round, rotate, remove).await;
        assert!(removed);
        assert_eq!(found(stores, first.id).await, None);
    }
}
