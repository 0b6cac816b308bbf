//! What every [`UserStore`](crate::accounts::ports::UserStore) keeps of accounts; of passwords, see `user_passwords`.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use crate::testkit::{
    fixtures::{Stores, against, other_versions, together},
    samples::{after, as_kept, email, hash, kept_email, session_of, user},
};
use crate::{
    accounts::ports::Inserted,
    identity::user::{AccountState, User},
    sessions::ports::Begun,
};

/// One test per clause: `user_store_contract!(fixture)` or `user_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! user_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::user_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; accounts::user_store:
            keeps_an_account_as_it_is,
            keeps_what_an_account_went_through,
            finds_nobody_it_does_not_keep,
            refuses_a_second_holder_of_an_email,
            tells_addresses_apart_by_their_accents,
            finds_an_account_that_an_earlier_release_stored_in_unicode,
            prefers_the_account_that_has_the_canonical_address,
            keeps_the_first_session_with_the_account,
            keeps_no_session_of_a_refused_account,
            gives_a_contested_address_to_one,
            keeps_every_account_of_a_crowd,
            deletes_an_account_and_its_sessions,
            deletes_only_the_one_account,
            deletes_only_the_account_that_was_proven,
            deletes_without_proof_when_none_is_asked,
            frees_the_address_of_a_deleted_account,
            deletes_once_however_many_ask,
            leaves_no_session_begun_while_its_account_was_deleted,
        }
        $crate::clauses! { $attributes $fresh; accounts::user_passwords:
            replaces_a_hash_and_nothing_else,
            replaces_only_the_hash_that_is_there,
            replaces_a_hash_by_itself,
            replaces_a_contested_hash_once,
            changes_a_password_and_ends_the_other_sessions,
            changes_a_password_and_leaves_how_more_than_one_was_shown,
            changes_a_password_and_ends_every_session,
            changes_only_the_account_that_was_proven,
            ends_nobody_elses_session_with_a_change,
            names_only_the_sessions_that_a_change_ended,
            changes_a_contested_password_once,
            never_undoes_a_change_by_a_replacement,
        }
        $crate::clauses! { $attributes $fresh; accounts::user_mails:
            keeps_a_mail_with_the_account,
            keeps_an_account_without_a_mail_that_is_one_too_many,
            keeps_no_mail_of_a_refused_account,
            voids_proofs_and_keeps_the_notice_with_a_change_of_password,
            voids_proofs_of_who_is_disabled,
            leaves_no_proof_of_a_deleted_account,
        }
    };
    ($fresh:expr) => {
        $crate::user_store_contract!(@all [] $fresh);
    };
}

pub async fn keeps_an_account_as_it_is(stores: &Stores) {
    let ann = user("ann@example.org");
    assert_eq!(stores.users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    assert_eq!(stores.users.find(ann.id).await.unwrap(), Some(ann.clone()));
    assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), Some(ann));
}

pub async fn keeps_what_an_account_went_through(stores: &Stores) {
    let micro = TimeDelta::microseconds(1);
    let ann = User {
        state: AccountState::Disabled { since: after(3) + micro },
        updated_at: after(4) - micro,
        last_login_at: Some(after(2) + micro),
        password: Some(hash("  ünïcode 🦀, and spaces behind  ")),
        ..user("o'hara+tag@example.org")
    };
    stores.keep(&ann).await;
    assert_eq!(stores.user(&ann).await, ann);
}

pub async fn finds_nobody_it_does_not_keep(stores: &Stores) {
    stores.keep_new("ann@example.org").await;
    let ben = user("ben@example.org");
    assert_eq!(stores.users.find(ben.id).await.unwrap(), None);
    assert_eq!(stores.users.find_by_email(&ben.email).await.unwrap(), None);
}

pub async fn refuses_a_second_holder_of_an_email(stores: &Stores) {
    let first = stores.keep_new("ann@example.org").await;
    let second = user("Ann@Example.ORG");
    assert_eq!(stores.users.insert(&second, None, None).await.unwrap(), Inserted::EmailTaken);
    assert_eq!(stores.users.find_by_email(&second.email).await.unwrap(), Some(first));
    assert_eq!(stores.users.find(second.id).await.unwrap(), None);
}

pub async fn tells_addresses_apart_by_their_accents(stores: &Stores) {
    for address in ["jose@x.org", "josé@x.org", "straße@x.org", "strasse@x.org"] {
        let user = stores.keep_new(address).await;
        assert_eq!(stores.users.find_by_email(&email(address)).await.unwrap(), Some(user));
    }
}

fn of_an_earlier_release() -> User {
    User { email: kept_email("ann@münchen.example"), ..user("ann@example.org") }
}

pub async fn finds_an_account_that_an_earlier_release_stored_in_unicode(stores: &Stores) {
    let ann = of_an_earlier_release();
    stores.keep(&ann).await;
    let canonical = user("ann@xn--mnchen-3ya.example");
    assert_eq!(stores.users.find_by_email(&canonical.email).await.unwrap(), Some(ann.clone()));
    assert_eq!(stores.users.insert(&canonical, None, None).await.unwrap(), Inserted::EmailTaken);
    assert_eq!(stores.user(&ann).await, ann);
}

pub async fn prefers_the_account_that_has_the_canonical_address(stores: &Stores) {
    let (canonical, former) = (stores.keep_new("ann@xn--mnchen-3ya.example").await, of_an_earlier_release());
    stores.keep(&former).await;
    assert_eq!(stores.users.find_by_email(&canonical.email).await.unwrap(), Some(canonical));
    assert_eq!(stores.user(&former).await, former, "two they are, and two they stay");
}

pub async fn keeps_the_first_session_with_the_account(stores: &Stores) {
    let ann = user("ann@example.org");
    let first = session_of(&ann);
    assert_eq!(stores.users.insert(&ann, Some(&first), None).await.unwrap(), Inserted::Yes);
    assert_eq!(stores.sessions.find(first.id).await.unwrap(), Some((as_kept(&first), ann)));
}

pub async fn keeps_no_session_of_a_refused_account(stores: &Stores) {
    let first = stores.keep_new("ann@example.org").await;
    let second = user("ann@example.org");
    let session = session_of(&second);
    assert_eq!(stores.users.insert(&second, Some(&session), None).await.unwrap(), Inserted::EmailTaken);
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), None);
    assert_eq!((stores.live(&first).await, stores.live(&second).await), (vec![], vec![]));
}

pub async fn gives_a_contested_address_to_one(stores: &Stores) {
    let racers: Vec<_> = (0..32).map(|_| user("ann@example.org")).collect();
    let outcomes = together(racers.clone().into_iter().map(|racer| {
        let users = stores.users.clone();
        async move { users.insert(&racer, Some(&session_of(&racer)), None).await.unwrap() }
    }))
    .await;
    let holder = stores.users.find_by_email(&email("ann@example.org")).await.unwrap().unwrap();
    for (racer, outcome) in racers.iter().zip(outcomes) {
        let won = racer.id == holder.id;
        assert_eq!(outcome, if won { Inserted::Yes } else { Inserted::EmailTaken });
        assert_eq!(stores.users.find(racer.id).await.unwrap().is_some(), won);
        assert_eq!(stores.live(racer).await.len(), usize::from(won));
    }
}

pub async fn keeps_every_account_of_a_crowd(stores: &Stores) {
    let crowd: Vec<_> = (0..32).map(|number| user(&format!("ann{number}@example.org"))).collect();
    let outcomes = together(crowd.clone().into_iter().map(|user| {
        let users = stores.users.clone();
        async move { users.insert(&user, Some(&session_of(&user)), None).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes, [Inserted::Yes; 32]);
    for user in crowd {
        assert_eq!(stores.user(&user).await, user);
    }
}

pub async fn deletes_an_account_and_its_sessions(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 0).await;
    let ended = stores.begin_at(&ann, 1).await;
    assert!(stores.sessions.end(ended.id, after(2)).await.unwrap());
    assert!(stores.delete(ann.id, Some(ann.version()), after(9)).await);
    assert_eq!(stores.users.find(ann.id).await.unwrap(), None);
    assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), None);
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), None);
    assert_eq!(stores.sessions.find(ended.id).await.unwrap(), None);
    assert!(!stores.delete(ann.id, Some(ann.version()), after(9)).await, "it is gone already");
}

pub async fn deletes_only_the_one_account(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let bens = stores.begin_at(&ben, 0).await;
    assert!(stores.delete(ann.id, Some(ann.version()), after(9)).await);
    assert_eq!(stores.user(&ben).await.email, ben.email);
    assert_eq!(stores.session(&bens).await, bens);
}

pub async fn deletes_only_the_account_that_was_proven(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 0).await;
    for other in other_versions(&ann) {
        assert!(!stores.delete(ann.id, Some(other), after(9)).await);
    }
    assert_eq!(stores.user(&ann).await.password, ann.password);
    assert_eq!(stores.session(&session).await, session);
}

pub async fn deletes_without_proof_when_none_is_asked(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert!(stores.delete(ann.id, None, after(9)).await);
    assert!(!stores.delete(ann.id, None, after(9)).await);
    assert!(!stores.delete(user("ben@example.org").id, None, after(9)).await);
}

pub async fn frees_the_address_of_a_deleted_account(stores: &Stores) {
    let first = stores.keep_new("ann@example.org").await;
    assert!(stores.delete(first.id, None, after(9)).await);
    let second = stores.keep_new("ann@example.org").await;
    assert_eq!(stores.users.find_by_email(&second.email).await.unwrap(), Some(second));
}

pub async fn deletes_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let outcomes = together((0..16).map(|_| {
        let (stores, ann) = (stores.clone(), ann.clone());
        async move { stores.delete(ann.id, Some(ann.version()), after(9)).await }
    }))
    .await;
    assert_eq!(outcomes.into_iter().filter(|deleted| *deleted).count(), 1);
}

pub async fn leaves_no_session_begun_while_its_account_was_deleted(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new("ann@example.org").await;
        let session = session_of(&ann);
        let begin = {
            let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session.clone());
            async move { sessions.begin(&session, ann.version(), 5, None).await.unwrap() }
        };
        let delete = {
            let (stores, ann) = (stores.clone(), ann.clone());
            async move { stores.delete(ann.id, Some(ann.version()), after(9)).await }
        };
        let (begun, deleted) = against(round, begin, delete).await;
        assert!(deleted);
        assert!(matches!(begun, Begun::No) || begun == Begun::Yes { displaced: Vec::new() });
        assert_eq!(stores.sessions.find(session.id).await.unwrap(), None);
    }
}
