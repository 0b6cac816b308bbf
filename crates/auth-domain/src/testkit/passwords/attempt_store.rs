//! What every [`AttemptStore`](crate::passwords::ports::AttemptStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, Utc};

use crate::testkit::{
    fixtures::{Stores, together},
    samples::{after, email, origin_from, session_from, session_of, user},
};
use crate::{
    accounts::ports::Inserted,
    identity::{request_context::Subscriber, user::User},
    passwords::throttle::{Counted, Failures, ThrottleState},
    sessions::session::Session,
};

/// One test per clause: `attempt_store_contract!(fixture)` or `attempt_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! attempt_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::attempt_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; passwords::attempt_store:
            lists_the_networks_of_an_account,
            knows_nothing_of_an_address_at_first,
            counts_for_an_address_whether_or_not_it_has_an_account,
            counts_each_client_by_itself_and_all_together,
            counts_on_top_of_nothing_but_what_stands_there,
            counts_a_contested_attempt_once,
            counts_every_client_of_many_at_once,
            takes_a_failure_back,
            takes_back_no_more_than_one_failure,
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
const HERE: &str = "198.51.100.1";
const THERE: &str = "2001:db8:ffff:ff00::1";
const LIMIT: u32 = 3;

fn client(address: &str) -> Subscriber {
    origin_from(address).subscriber()
}

async fn throttle_state(stores: &Stores, address: &str, from: &str) -> ThrottleState {
    stores.attempts.throttle_state(&email(address), client(from)).await.unwrap()
}

/// Counts a failure from there, so many seconds after the start.
async fn fail(stores: &Stores, address: &str, from: &str, seconds: i64) -> Counted {
    let before = throttle_state(stores, address, from).await;
    stores.attempts.count(&email(address), client(from), before, LIMIT, after(seconds)).await.unwrap().unwrap()
}

/// How often the client has failed at an address, and how often all have.
async fn counts(stores: &Stores, address: &str, from: &str) -> (u32, u32) {
    let count = |failures: Option<Failures>| failures.map_or(0, |failures| failures.count);
    let ThrottleState { own, all } = throttle_state(stores, address, from).await;
    (count(own), count(all))
}

async fn seen(stores: &Stores, user: &User, address: &str) -> Option<DateTime<Utc>> {
    stores.attempts.network_seen_at(user.id, origin_from(address).network().unwrap()).await.unwrap()
}

pub async fn lists_the_networks_of_an_account(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    for (user, seconds, address) in
        [(&ann, 1, "203.0.113.7"), (&ann, 2, "2001:db8:1::1"), (&ann, 3, "203.0.113.8"), (&ben, 4, "198.51.100.1")]
    {
        login_from(stores, user, seconds, address).await;
    }
    let of = |address: &str| origin_from(address).network().unwrap();
    let expected = [(of("2001:db8:1::1"), after(2)), (of("203.0.113.7"), after(3))];
    assert_eq!(stores.attempts.networks(ann.id).await.unwrap(), expected);
    assert_eq!(stores.attempts.networks(user("cid@example.org").id).await.unwrap(), []);
}

async fn login_from(stores: &Stores, user: &User, seconds: i64, address: &str) {
    let session = Session { context: origin_from(address), ..session_from(user, seconds) };
    stores.begin(&session, user.version()).await;
}

pub async fn knows_nothing_of_an_address_at_first(stores: &Stores) {
    stores.keep_new(ACCOUNT).await;
    for address in [ACCOUNT, "nobody@example.org"] {
        assert_eq!(throttle_state(stores, address, HERE).await, ThrottleState::default());
    }
}

pub async fn counts_for_an_address_whether_or_not_it_has_an_account(stores: &Stores) {
    stores.keep_new(ACCOUNT).await;
    for address in [ACCOUNT, "nobody@example.org"] {
        let first = fail(stores, address, HERE, 0).await;
        assert_eq!((first.before, first.after), (ThrottleState::default(), ThrottleState::default().one_more(LIMIT, after(0))));
        let second = fail(stores, address, HERE, 5).await;
        assert_eq!((second.before, second.after), (first.after, first.after.one_more(LIMIT, after(5))));
        assert_eq!(throttle_state(stores, address, HERE).await, second.after);
    }
    assert_eq!(throttle_state(stores, "other@example.org", HERE).await, ThrottleState::default());
}

pub async fn counts_each_client_by_itself_and_all_together(stores: &Stores) {
    for (from, seconds) in [(HERE, 0), (THERE, 1), (HERE, 2), (THERE, 3)] {
        fail(stores, ACCOUNT, from, seconds).await;
    }
    let ThrottleState { own, all } = throttle_state(stores, ACCOUNT, THERE).await;
    let own = own.unwrap();
    assert_eq!((own.count, own.others, own.last_at), (2, 2, after(3)));
    // Two failures, where the others left one: remembered as long as after two waits.
    assert_eq!(own.forgotten_at, after(3 + 2_700));
    assert_eq!(all, Some(Failures { count: 4, others: 0, ..own }));
    let other = throttle_state(stores, ACCOUNT, HERE).await.own.unwrap();
    assert_eq!((other.count, other.others, other.last_at), (2, 1, after(2)));
    for (address, from, known) in [(ACCOUNT, "192.0.2.1", (0, 4)), ("bob@example.org", HERE, (0, 0))] {
        assert_eq!(counts(stores, address, from).await, known);
    }
}

pub async fn counts_on_top_of_nothing_but_what_stands_there(stores: &Stores) {
    let count = async |from: ThrottleState| {
        let counted = stores.attempts.count(&email(ACCOUNT), client(HERE), from, LIMIT, after(9)).await;
        counted.unwrap().is_some()
    };
    let one = ThrottleState::default().one_more(LIMIT, after(0));
    assert!(!count(one).await);
    assert!(!count(ThrottleState { own: None, ..one }).await);
    let first = fail(stores, ACCOUNT, HERE, 0).await.after;
    let second = fail(stores, ACCOUNT, HERE, 1).await.after;
    for wrong in [ThrottleState::default(), ThrottleState { own: None, ..second }, first, second.one_more(LIMIT, after(2))] {
        assert!(!count(wrong).await, "{wrong:?}");
    }
    assert_eq!(throttle_state(stores, ACCOUNT, HERE).await, second);
}

pub async fn counts_a_contested_attempt_once(stores: &Stores) {
    for round in 1..9 {
        let from = throttle_state(stores, ACCOUNT, HERE).await;
        let racers = (0..8).map(|_| {
            let attempts = stores.attempts.clone();
            async move { attempts.count(&email(ACCOUNT), client(HERE), from, LIMIT, after(round)).await.unwrap() }
        });
        assert_eq!(together(racers).await.into_iter().flatten().count(), 1);
    }
    assert_eq!(counts(stores, ACCOUNT, HERE).await, (8, 8));
}

pub async fn counts_every_client_of_many_at_once(stores: &Stores) {
    let racers = (0..8).map(|host| {
        let (attempts, from) = (stores.attempts.clone(), client(&format!("198.51.100.{host}")));
        async move {
            let mut tries = 0;
            loop {
                tries += 1;
                let before = attempts.throttle_state(&email(ACCOUNT), from).await.unwrap();
                if let Some(counted) = attempts.count(&email(ACCOUNT), from, before, LIMIT, after(0)).await.unwrap() {
                    return (tries, counted.after.all.unwrap().count);
                }
            }
        }
    });
    let (tries, mut ranks): (Vec<_>, Vec<_>) = together(racers).await.into_iter().unzip();
    ranks.sort_unstable();
    assert_eq!(ranks, [1, 2, 3, 4, 5, 6, 7, 8]);
    // Whoever meets the first failure of all looks again, once.
    assert!(tries.iter().all(|tries| *tries <= 2), "{tries:?}");
}

pub async fn takes_a_failure_back(stores: &Stores) {
    for seconds in [0, 5, 9] {
        let counted = fail(stores, ACCOUNT, HERE, seconds).await;
        stores.attempts.forgive(&email(ACCOUNT), client(HERE), counted).await.unwrap();
        assert_eq!(throttle_state(stores, ACCOUNT, HERE).await, counted.before);
        fail(stores, ACCOUNT, THERE, seconds).await;
        fail(stores, ACCOUNT, HERE, seconds + 1).await;
    }
}

pub async fn takes_back_no_more_than_one_failure(stores: &Stores) {
    let first = fail(stores, ACCOUNT, HERE, 0).await;
    let second = fail(stores, ACCOUNT, HERE, 1).await;
    fail(stores, ACCOUNT, THERE, 2).await;
    let forgive = async |counted| stores.attempts.forgive(&email(ACCOUNT), client(HERE), counted).await.unwrap();
    forgive(first).await;
    assert_eq!(counts(stores, ACCOUNT, HERE).await, (1, 2));
    assert_eq!(throttle_state(stores, ACCOUNT, HERE).await.own.unwrap().last_at, after(1));
    forgive(second).await;
    assert_eq!(counts(stores, ACCOUNT, HERE).await, (0, 1));
    for _ in 0..2 {
        forgive(second).await;
        assert_eq!(counts(stores, ACCOUNT, HERE).await, (0, 0));
    }
    assert_eq!(counts(stores, ACCOUNT, THERE).await, (1, 0));
}

pub async fn knows_the_networks_an_account_was_logged_in_to_from(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    let bob = stores.keep_new("bob@example.org").await;
    for (seconds, address) in [(1, "203.0.113.7"), (2, "2001:db8:1:2::3"), (3, "198.51.100.9")] {
        login_from(stores, &ann, seconds, address).await;
    }
    assert_eq!(seen(stores, &ann, "203.0.113.99").await, Some(after(1)));
    assert_eq!(seen(stores, &ann, "2001:db8:1:ffff::").await, Some(after(2)));
    for stranger in ["203.0.112.7", "2001:db8:2:2::3"] {
        assert_eq!(seen(stores, &ann, stranger).await, None);
    }
    for other in [bob, user("nobody@example.org")] {
        assert_eq!(seen(stores, &other, "203.0.113.7").await, None);
    }
}

pub async fn knows_the_network_of_a_registration(stores: &Stores) {
    let ann = user(ACCOUNT);
    assert_eq!(stores.users.insert(&ann, Some(&session_of(&ann)), None).await.unwrap(), Inserted::Yes);
    assert_eq!(seen(stores, &ann, "203.0.113.7").await, Some(after(0)));
}

pub async fn knows_a_network_by_its_last_login(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    for seconds in [1, 60] {
        stores.begin_at(&ann, seconds).await;
        assert_eq!(seen(stores, &ann, "203.0.113.7").await, Some(after(seconds)));
    }
}

pub async fn forgets_the_networks_of_an_account_that_is_gone(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    stores.begin_at(&ann, 1).await;
    assert!(stores.delete(ann.id, None, after(9)).await);
    assert_eq!(seen(stores, &ann, "203.0.113.7").await, None);
    stores.keep(&ann).await;
    assert_eq!(seen(stores, &ann, "203.0.113.7").await, None);
}

pub async fn forgets_what_is_older_than_it_should_know(stores: &Stores) {
    let ann = stores.keep_new(ACCOUNT).await;
    for (seconds, address) in [(1, "203.0.113.7"), (2, "198.51.100.9")] {
        login_from(stores, &ann, seconds, address).await;
        fail(stores, &format!("nobody{seconds}@example.org"), HERE, seconds).await;
    }
    let prune = async |failures: i64, networks: i64| {
        stores.attempts.prune(after(900 + failures), after(0), after(networks), 10).await.unwrap()
    };
    assert_eq!(prune(1, 1).await, 0);
    // The client's own, and those of all.
    assert_eq!(prune(2, 1).await, 2);
    assert_eq!(prune(1, 2).await, 1);
    assert_eq!(counts(stores, "nobody1@example.org", HERE).await, (0, 0));
    assert_eq!(counts(stores, "nobody2@example.org", HERE).await, (1, 1));
    assert_eq!((seen(stores, &ann, "203.0.113.7").await, seen(stores, &ann, "198.51.100.9").await), (None, Some(after(2))));
}

pub async fn forgets_attempts_in_batches(stores: &Stores) {
    for number in 0..5 {
        fail(stores, &format!("nobody{number}@example.org"), HERE, number).await;
    }
    let mut batches = Vec::new();
    for _ in 0..4 {
        batches.push(stores.attempts.prune(after(960), after(60), after(60), 4).await.unwrap());
    }
    assert_eq!(batches, [4, 4, 2, 0]);
}
