//! What every [`UserStore`](crate::accounts::ports::UserStore) keeps of passwords, and of the sessions that hang on them.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::testkit::{
    fixtures::{Stores, against, ids, other_versions, together},
    samples::{OTHER_PASSWORD, PASSWORD, after, hash, refreshed, session_from, user},
};
use crate::{
    identity::user::User,
    sessions::{authentication::Authentication, session::Session},
};

pub async fn replaces_a_hash_and_nothing_else(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let session = stores.begin_at(&ann, 1).await;
    let before = stores.user(&ann).await;
    let stronger = hash("stronger");
    assert!(stores.users.replace_hash(ann.id, &hash(PASSWORD), &stronger).await.unwrap());
    assert_eq!(stores.user(&ann).await, User { password: Some(stronger), ..before });
    assert_eq!(stores.session(&session).await, session);
    assert_eq!(stores.user(&ben).await, ben);
}

pub async fn replaces_only_the_hash_that_is_there(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let stronger = hash("stronger");
    for old in [hash(OTHER_PASSWORD), hash(&PASSWORD.to_uppercase()), hash(&format!("{PASSWORD} "))] {
        assert!(!stores.users.replace_hash(ann.id, &old, &stronger).await.unwrap());
    }
    assert!(!stores.users.replace_hash(user("ben@example.org").id, &hash(PASSWORD), &stronger).await.unwrap());
    assert_eq!(stores.user(&ann).await, ann);
}

pub async fn replaces_a_hash_by_itself(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert!(stores.users.replace_hash(ann.id, &hash(PASSWORD), &hash(PASSWORD)).await.unwrap());
    assert_eq!(stores.user(&ann).await, ann);
}

pub async fn replaces_a_contested_hash_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let outcomes = together((0..32).map(|racer| {
        let (users, ann) = (stores.users.clone(), ann.clone());
        async move { users.replace_hash(ann.id, &hash(PASSWORD), &hash(&format!("racer {racer}"))).await.unwrap() }
    }))
    .await;
    let winners: Vec<_> = outcomes.into_iter().enumerate().filter(|(_, won)| *won).map(|(racer, _)| racer).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(stores.user(&ann).await.password, Some(hash(&format!("racer {}", winners.first().unwrap()))));
}

pub async fn changes_a_password_and_ends_the_other_sessions(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, other) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await);
    let before = stores.user(&ann).await;
    let new = hash(OTHER_PASSWORD);
    let ended = stores.users.change_password(ann.id, ann.version(), &new, Some(own.id), after(3), None).await.unwrap();
    assert_eq!(ended, Some(vec![other.id]));
    assert_eq!(
        stores.user(&ann).await,
        User { password: Some(new), updated_at: after(3), version: before.version + 1, ..before }
    );
    let authentication = Authentication { at: after(3), ..own.authentication.clone() };
    assert_eq!(stores.session(&own).await, Session { authentication, ..own }, "its owner has just been authenticated");
    assert_eq!(stores.session(&other).await.ended_at, Some(after(3)));
}

/// When a session's owner was authenticated is said of all that was needed for it.
pub async fn changes_a_password_and_leaves_how_more_than_one_was_shown(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for (seconds, methods) in [(1, "pwd otp mfa"), (3, "hwk user mfa"), (5, "otp")] {
        let now = stores.user(&ann).await;
        let authentication = Authentication { at: after(-7), methods: methods.parse().unwrap() };
        let own = Session { authentication, ..session_from(&ann, seconds) };
        stores.begin(&own, now.version()).await;
        let (new, at) = (hash("new"), after(seconds + 1));
        let changed = stores.users.change_password(ann.id, now.version(), &new, Some(own.id), at, None).await.unwrap();
        assert!(changed.is_some());
        let at = if methods.contains("mfa") { after(-7) } else { after(seconds + 1) };
        assert_eq!(stores.session(&own).await.authentication, Authentication { at, ..own.authentication });
    }
}

pub async fn changes_a_password_and_ends_every_session(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mut sessions = ids(&[stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await]);
    let new = hash(OTHER_PASSWORD);
    let mut ended = stores.users.change_password(ann.id, ann.version(), &new, None, after(3), None).await.unwrap().unwrap();
    ended.sort_unstable();
    sessions.sort_unstable();
    assert_eq!(ended, sessions);
    assert_eq!(stores.live(&ann).await, []);
}

pub async fn changes_only_the_account_that_was_proven(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let before = stores.user(&ann).await;
    for other in other_versions(&before) {
        let refused = stores.users.change_password(ann.id, other, &hash("new"), None, after(3), None).await.unwrap();
        assert_eq!(refused, None);
    }
    let nobody = user("ben@example.org");
    let refused = stores.users.change_password(nobody.id, ann.version(), &hash("new"), None, after(3), None).await.unwrap();
    assert_eq!(refused, None);
    assert_eq!(stores.user(&ann).await, before);
    assert_eq!(stores.session(&session).await, session);
}

pub async fn ends_nobody_elses_session_with_a_change(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (anns, bens) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ben, 1).await);
    let changed = stores.users.change_password(ann.id, ann.version(), &hash("new"), Some(bens.id), after(3), None).await;
    assert_eq!(changed.unwrap(), Some(vec![anns.id]), "another's session keeps none of one's own");
    assert_eq!(stores.session(&bens).await, bens);
    assert_eq!(stores.user(&ben).await.password, ben.password);
}

pub async fn names_only_the_sessions_that_a_change_ended(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (ended, expired) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await);
    let live = refreshed(&stores.begin_at(&ann, 3).await, 4);
    assert!(stores.sessions.rotate(&live).await.unwrap());
    assert!(stores.sessions.end(ended.id, after(5)).await.unwrap());
    let changed = stores.users.change_password(ann.id, ann.version(), &hash("new"), None, expired.expires_at, None).await;
    assert_eq!(changed.unwrap(), Some(vec![live.id]));
    assert_eq!(stores.session(&ended).await.ended_at, Some(after(5)));
}

pub async fn changes_a_contested_password_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let outcomes = together((0..32).map(|racer| {
        let (users, ann, new) = (stores.users.clone(), ann.clone(), hash(&format!("racer {racer}")));
        async move {
            users.change_password(ann.id, ann.version(), &new, None, after(3), None).await.unwrap().map(|ended| (new, ended))
        }
    }))
    .await;
    let winners: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(winners, [(stores.user(&ann).await.password.unwrap(), vec![session.id])]);
}

pub async fn never_undoes_a_change_by_a_replacement(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        stores.begin(&session_from(&ann, 1), ann.version()).await;
        let (stronger, new) = (hash("stronger"), hash(OTHER_PASSWORD));
        let replace = {
            let (users, ann) = (stores.users.clone(), ann.clone());
            async move { users.replace_hash(ann.id, &hash(PASSWORD), &stronger).await.unwrap() }
        };
        let change = {
            let (users, ann, new) = (stores.users.clone(), ann.clone(), new.clone());
            async move { users.change_password(ann.id, ann.version(), &new, None, after(3), None).await.unwrap() }
        };
        let (_either, changed) = against(round, replace, change).await;
        assert!(changed.is_some(), "a stronger hash of the same password is no change");
        assert_eq!(stores.user(&ann).await.password, Some(new));
        assert_eq!(stores.live(&ann).await, []);
    }
}
