//! What every [`AttemptStore`](crate::ports::AttemptStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, Utc};

use super::{
    fixtures::{Stores, together},
    samples::{after, email, origin, origin_from, session_from, session_of, user},
};
use crate::{
    attempts::{Failures, Standing},
    origin::Network,
    ports::Inserted,
    session::Session,
    user::User,
};

/// One test per clause: `attempt_store_contract!(fixture)` or `attempt_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! attempt_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::attempt_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; attempt_store:
            knows_nothing_of_an_address_at_first,
            counts_for_an_address_whether_or_not_it_has_an_account,
            counts_on_top_of_nothing_but_what_stands_there,
            counts_a_contested_attempt_once,
            takes_a_failure_back,
            knows_the_networks_an_account_was_logged_in_to_from,
            knows_the_network_of_a_registration,
            knows_a_network_by_its_last_login,
            forgets_the_networks_of_an_account_that_is_gone,
            forgets_what_is_older_than_it_should_know,
            forgets_attempts_in_batches,
        }
    };
    ($fresh:expr) => {
        $crate::attempt_store_contract!(@all [] $fresh);
    };
}

const ACCOUNT: &str = "ann@example.org";

fn failures(count: u32, seconds: i64) -> Failures {
    Failures { count, last_at: after(seconds) }
}

async fn standing(stores: &Stores, address: &str, network: Option<Network>) -> Option<Standing> {
    stores.attempts.standing(&email(address), network).await.unwrap()
}

async fn count(stores: &Stores, address: &str, from: Option<Failures>, next: Failures) -> bool {
    stores.attempts.advance(&email(address), from, next).await.unwrap()
}

/// What stands against an account at an address.
async fn failed(stores: &Stores, address: &str) -> Option<Failures> {
    standing(stores, address, None).await.map(|standing| standing.failures)
}

/// When the account was last logged in to from there; told only of one that was guessed at.
async fn seen(stores: &Stores, account: &str, address: &str) -> Option<DateTime<Utc>> {
    let _counted_already = count(stores, account, None, failures(1, 0)).await;
    standing(stores, account, origin_from(address).network()).await.unwrap().network_seen_at
}

async fn login_from(stores: &Stores, user: &User, seconds: i64, address: &str) {
    let session = Session { origin: origin_from(address), ..session_from(user, seconds) };
    stores.begin(&session, &user.password).await;
}

pub async fn knows_nothing_of_an_address_at_first(stores: &Stores) {
    stores.keep_new(ACCOUNT).await;
    for address in [ACCOUNT, "nobody@example.org"] {
        assert_eq!(standing(stores, address, origin().network()).await, None);
    }
}

pub async fn counts_for_an_address_whether_or_not_it_has_an_account(stores: &Stores) {
    stores.keep_new(ACCOUNT).await;
    for address in [ACCOUNT, "nobody@example.org"] {
        assert!(count(stores, address, None, failures(1, 0)).await);
        assert!(count(stores, address, Some(failures(1, 0)), failures(2, 5)).await);
        assert_eq!(failed(stores, address).await, Some(failures(2, 5)));
    }
    assert_eq!(failed(stores, "other@example.org").await, None);
}

pub async fn counts_on_top_of_nothing_but_what_stands_there(stores: &Stores) {
    assert!(!count(stores, ACCOUNT, Some(failures(1, 0)), failures(2, 1)).await);
    assert!(count(stores, ACCOUNT, None, failures(1, 0)).await);
    for wrong in [None, Some(failures(2, 0)), Some(failures(1, 1))] {
        assert!(!count(stores, ACCOUNT, wrong, failures(7, 7)).await);
    }
    assert_eq!(failed(stores, ACCOUNT).await, Some(failures(1, 0)));
}

pub async fn counts_a_contested_attempt_once(stores: &Stores) {
    let mut from = None;
    for round in 1..9 {
        let next = failures(round, i64::from(round));
        let racers = (0..8).map(|_| {
            let attempts = stores.attempts.clone();
            async move { attempts.advance(&email(ACCOUNT), from, next).await.unwrap() }
        });
        let winners = together(racers).await.into_iter().filter(|won| *won).count();
        assert_eq!(winners, 1);
        from = Some(next);
    }
}

pub async fn takes_a_failure_back(stores: &Stores) {
    stores.attempts.forgive(&email(ACCOUNT)).await.unwrap();
    assert_eq!(failed(stores, ACCOUNT).await, None);
    assert!(count(stores, ACCOUNT, None, failures(2, 0)).await);
    for left in [1, 0, 0] {
        stores.attempts.forgive(&email(ACCOUNT)).await.unwrap();
        assert_eq!(failed(stores, ACCOUNT).await, Some(failures(left, 0)));
    }
}

pub async fn knows_the_networks_an_account_was_logged_in_to_from(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    stores.keep_new("bob@example.org").await;
    for (seconds, address) in [(1, "203.0.113.7"), (2, "2001:db8:1:2::3"), (3, "198.51.100.9")] {
        login_from(stores, &ann, seconds, address).await;
    }
    assert_eq!(seen(stores, ACCOUNT, "203.0.113.99").await, Some(after(1)));
    assert_eq!(seen(stores, ACCOUNT, "2001:db8:1:ffff::").await, Some(after(2)));
    for stranger in ["203.0.112.7", "2001:db8:2:2::3"] {
        assert_eq!(seen(stores, ACCOUNT, stranger).await, None);
    }
    for other in ["bob@example.org", "nobody@example.org"] {
        assert_eq!(seen(stores, other, "203.0.113.7").await, None);
    }
}

pub async fn knows_the_network_of_a_registration(stores: &Stores) {
    let ann = user(ACCOUNT);
    assert_eq!(stores.users.insert(&ann, Some(&session_of(&ann))).await.unwrap(), Inserted::Yes);
    assert_eq!(seen(stores, ACCOUNT, "203.0.113.7").await, Some(after(0)));
}

pub async fn knows_a_network_by_its_last_login(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    for seconds in [1, 60] {
        stores.begin_at(&ann, seconds).await;
        assert_eq!(seen(stores, ACCOUNT, "203.0.113.7").await, Some(after(seconds)));
    }
}

pub async fn forgets_the_networks_of_an_account_that_is_gone(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    stores.begin_at(&ann, 1).await;
    assert!(stores.users.delete(ann.id, None, after(9)).await.unwrap());
    stores.keep_new(ACCOUNT).await;
    assert_eq!(seen(stores, ACCOUNT, "203.0.113.7").await, None);
}

pub async fn forgets_what_is_older_than_it_should_know(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    for (seconds, address) in [(1, "203.0.113.7"), (2, "198.51.100.9")] {
        login_from(stores, &ann, seconds, address).await;
        assert!(count(stores, &format!("nobody{seconds}@example.org"), None, failures(1, seconds)).await);
    }
    assert_eq!(stores.attempts.prune(after(1), after(1), 10).await.unwrap(), 0);
    assert_eq!(stores.attempts.prune(after(2), after(1), 10).await.unwrap(), 1);
    assert_eq!(stores.attempts.prune(after(1), after(2), 10).await.unwrap(), 1);
    assert_eq!(failed(stores, "nobody1@example.org").await, None);
    assert_eq!(failed(stores, "nobody2@example.org").await, Some(failures(1, 2)));
    assert_eq!((seen(stores, ACCOUNT, "203.0.113.7").await, seen(stores, ACCOUNT, "198.51.100.9").await), (None, Some(after(2))));
}

pub async fn forgets_attempts_in_batches(stores: &Stores) {
    for number in 0..5 {
        assert!(count(stores, &format!("nobody{number}@example.org"), None, failures(1, number)).await);
    }
    let mut batches = Vec::new();
    for _ in 0..4 {
        batches.push(stores.attempts.prune(after(60), after(60), 2).await.unwrap());
    }
    assert_eq!(batches, [2, 2, 1, 0]);
}
