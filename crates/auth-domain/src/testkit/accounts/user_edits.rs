//! What every [`UserAdminStore`](crate::accounts::ports::UserAdminStore) keeps of edits, and every store of the last administrator.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, Utc};

use crate::testkit::{
    fixtures::{Stores, against, together},
    mail::samples::notice,
    mfa::scenes::enrolled,
    samples::{after, email, user},
};
use crate::{
    accounts::ports::{Deleted, Edited, Inserted},
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        ids::UserId,
        role::{ROLES_MAX, Role, Roles},
        user::User,
    },
    mail::message::Occasion,
    mfa::ports::{FactorsReset, Removed},
};

/// As [`user_admin_store_contract`](crate::user_admin_store_contract), of which it is a part.
#[macro_export]
macro_rules! user_edits_contract {
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; accounts::user_edits:
            keeps_roles_profile_and_attributes,
            keeps_as_many_and_as_large_as_may_be,
            describes_an_account_without_moving_its_version,
            moves_an_account_to_another_address,
            moves_no_account_to_an_address_that_is_taken,
            moves_no_account_to_an_address_that_may_come_back,
            edits_only_what_is_still_as_it_was_seen,
            edits_once_however_many_ask,
            edits_nobody_who_is_not_there,
            tells_the_owner_of_an_edit_if_it_happens,
            keeps_the_last_administrator,
            keeps_the_last_administrator_who_has_a_factor,
            counts_roles_as_they_are_now,
            keeps_one_of_two_administrators_however_they_race,
        }
    };
}

const STAYS: LastAdministrator = LastAdministrator::Stays { with_factor: false };

fn with_roles(address: &str, roles: &str) -> User {
    User { roles: roles.parse().unwrap(), ..user(address) }
}

fn without_roles(from: Editable) -> Editable {
    Editable { roles: Roles::default(), ..from }
}

fn disabled(from: Editable) -> Editable {
    Editable { disabled: true, ..from }
}

async fn edited(
    stores: &Stores,
    id: UserId,
    keep: LastAdministrator,
    change: impl Fn(Editable) -> Editable,
    now: DateTime<Utc>,
) -> Edited {
    let from = Editable::from(&stores.users.find(id).await.unwrap().unwrap());
    stores.directory.edit(id, &from, &change(from.clone()), keep, now, None).await.unwrap()
}

fn is_done(edited: &Edited) -> bool {
    matches!(edited, Edited::Yes { .. })
}

pub async fn keeps_roles_profile_and_attributes(stores: &Stores) {
    let profile = r#"{"name":"Ann \"é\" \u0000 😀","nested":{"list":[1,2.5,null]}}"#.parse().unwrap();
    let ann =
        User { profile, attributes: r#"{"plan":"gold"}"#.parse().unwrap(), ..with_roles("ann@example.org", "admin editor") };
    stores.keep(&ann).await;
    assert_eq!(stores.user(&ann).await, ann);
    assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), Some(ann));
}

pub async fn keeps_as_many_and_as_large_as_may_be(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let names = (0..ROLES_MAX).map(|number| format!("r{number:062}").parse::<Role>().unwrap());
    let roles = Roles::of(names).unwrap();
    let largest = |letter: &str| format!(r#"{{"a":"{}"}}"#, letter.repeat(4088 / letter.len())).parse().unwrap();
    let change = |from| Editable { roles: roles.clone(), profile: largest("x"), attributes: largest("😀"), ..from };
    assert!(is_done(&stores.edit(ann.id, change, after(1)).await));
    let now = stores.user(&ann).await;
    assert_eq!((now.roles, now.profile, now.attributes), (roles, largest("x"), largest("😀")));
}

pub async fn describes_an_account_without_moving_its_version(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let before = stores.user(&ann).await;
    let to = Editable { roles: "editor".parse().unwrap(), profile: r#"{"a":1}"#.parse().unwrap(), ..Editable::from(&before) };
    let described = to.applied_to(&before, after(3));
    assert_eq!(described.version(), ann.version());
    let outcome = stores.edit(ann.id, |_from| to.clone(), after(3)).await;
    assert_eq!(outcome, Edited::Yes { user: Box::new(described.clone()), ended: vec![] });
    assert_eq!((stores.user(&ann).await, stores.session(&session).await), (described, session.clone()));
    let bare = stores.edit(ann.id, |_from| Editable::from(&before), after(4)).await;
    let expected = User { described_at: Some(after(4)), ..before };
    assert_eq!(bare, Edited::Yes { user: Box::new(expected.clone()), ended: vec![] });
    assert_eq!(stores.user(&ann).await, expected);
}

pub async fn moves_an_account_to_another_address(stores: &Stores) {
    let ann = User { email_verified_at: Some(after(0)), ..user("ann@example.org") };
    stores.keep(&ann).await;
    let session = stores.begin_at(&ann, 1).await;
    let before = stores.user(&ann).await;
    let other = email("ann@other.example");
    let outcome = stores.edit(ann.id, |from| from.moved_to(other.clone()), after(3)).await;
    let moved =
        User { email: other.clone(), email_verified_at: None, version: before.version + 1, updated_at: after(3), ..before };
    assert_eq!(outcome, Edited::Yes { user: Box::new(moved.clone()), ended: vec![] });
    assert_eq!(stores.users.find_by_email(&other).await.unwrap(), Some(moved));
    assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), None);
    assert_eq!(stores.session(&session).await.ended_at, None);
    stores.keep_new("ann@example.org").await;
}

pub async fn moves_no_account_to_an_address_that_is_taken(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let told = notice(&ann, 3);
    let from = Editable::from(&ann);
    let to = from.clone().moved_to(ben.email.clone());
    let outcome = stores.directory.edit(ann.id, &from, &to, STAYS, after(3), Some(&told)).await.unwrap();
    assert_eq!(outcome, Edited::EmailTaken);
    assert_eq!((stores.user(&ann).await, stores.user(&ben).await), (ann, ben));
    assert_eq!(stores.mails.find(told.id).await.unwrap(), None);
}

pub async fn moves_no_account_to_an_address_that_may_come_back(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let told = notice(&ann, 3);
    assert!(told.proof.is_some(), "it has an undo link");
    let from = Editable::from(&ann);
    let to = from.clone().moved_to(email("ann@other.example"));
    let outcome = stores.directory.edit(ann.id, &from, &to, STAYS, after(3), Some(&told)).await.unwrap();
    assert!(is_done(&outcome));
    assert_eq!(stores.edit(ben.id, |from| from.moved_to(ann.email.clone()), after(4)).await, Edited::EmailTaken);
    assert_eq!(stores.user(&ben).await, ben);
    assert!(is_done(&stores.edit(ann.id, |from| from.moved_to(ann.email.clone()), after(5)).await), "it is its own");
}

pub async fn edits_only_what_is_still_as_it_was_seen(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let seen = Editable::from(&ann);
    assert!(is_done(&stores.edit(ann.id, |from| Editable { profile: r#"{"a":1}"#.parse().unwrap(), ..from }, after(1)).await));
    let now = stores.user(&ann).await;
    let to = Editable { roles: "editor".parse().unwrap(), ..seen.clone() };
    let outcome = stores.directory.edit(ann.id, &seen, &to, STAYS, after(2), None).await.unwrap();
    assert_eq!((outcome, stores.user(&ann).await), (Edited::ChangedMeanwhile, now));
}

pub async fn edits_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let from = Editable::from(&ann);
    let outcomes = together((0..16).map(|number| {
        let (directory, from, id) = (stores.directory.clone(), from.clone(), ann.id);
        let to = Editable { profile: format!(r#"{{"number":{number}}}"#).parse().unwrap(), ..from.clone() };
        async move { directory.edit(id, &from, &to, STAYS, after(1), None).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| is_done(outcome)).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Edited::ChangedMeanwhile).count(), 15);
}

pub async fn edits_nobody_who_is_not_there(stores: &Stores) {
    let (nobody, told) = (user("ann@example.org"), notice(&user("ann@example.org"), 1));
    let from = Editable::from(&nobody);
    let outcome = stores.directory.edit(nobody.id, &from, &disabled(from.clone()), STAYS, after(1), Some(&told)).await.unwrap();
    assert_eq!(outcome, Edited::NoSuchUser);
    assert_eq!(stores.mails.find(told.id).await.unwrap(), None);
}

pub async fn tells_the_owner_of_an_edit_if_it_happens(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (from, told) =
        (Editable::from(&ann), crate::mail::message::Outgoing { occasion: Occasion::EmailChanged, ..notice(&ann, 3) });
    let to = from.clone().moved_to(email("ann@other.example"));
    assert!(is_done(&stores.directory.edit(ann.id, &from, &to, STAYS, after(3), Some(&told)).await.unwrap()));
    assert_eq!(stores.mails.find(told.id).await.unwrap().unwrap().mail, told);
}

pub async fn keeps_the_last_administrator(stores: &Stores) {
    let ann = with_roles("ann@example.org", "admin editor");
    stores.keep(&ann).await;
    stores.keep(&with_roles("ben@example.org", "editor")).await;
    let cid = with_roles("cid@example.org", "admin");
    stores.keep(&cid).await;
    assert!(stores.disable(cid.id, after(1)).await.is_some());
    for change in [without_roles, disabled] {
        assert_eq!(edited(stores, ann.id, STAYS, change, after(2)).await, Edited::LastAdministrator);
    }
    assert_eq!(stores.users.delete(ann.id, None, STAYS, after(2), None).await.unwrap(), Deleted::LastAdministrator);
    assert_eq!(stores.user(&ann).await, ann);
    let other = |from| Editable { roles: "admin".parse().unwrap(), ..from };
    assert!(is_done(&edited(stores, ann.id, STAYS, other, after(2)).await), "it stays one");
    assert!(is_done(&edited(stores, cid.id, STAYS, without_roles, after(2)).await), "it could not act");
    assert!(is_done(&edited(stores, ann.id, LastAdministrator::MayGo, disabled, after(3)).await));
    assert!(is_done(&edited(stores, ann.id, STAYS, without_roles, after(4)).await));
}

pub async fn keeps_the_last_administrator_who_has_a_factor(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let administer = |from| Editable { roles: "admin".parse().unwrap(), ..from };
    assert!(is_done(&stores.edit(ann.user.id, administer, after(20)).await));
    let ben = with_roles("ben@example.org", "admin");
    stores.keep(&ben).await;
    let keep = LastAdministrator::Stays { with_factor: true };
    let (id, before) = (ann.user.id, stores.user(&ann.user).await);
    assert_eq!(edited(stores, id, keep, without_roles, after(21)).await, Edited::LastAdministrator);
    assert_eq!(stores.users.delete(id, None, keep, after(21), None).await.unwrap(), Deleted::LastAdministrator);
    let reset = stores.factors.reset(id, keep, after(21), None).await.unwrap();
    assert_eq!((reset, stores.user(&ann.user).await), (FactorsReset::LastAdministrator, before));
    let removed = stores.factors.remove(id, ann.app.id, false, keep, after(21), None).await.unwrap();
    assert!(matches!(removed, Removed::Yes { .. }), "it has another");
    let removed = stores.factors.remove(id, ann.passkey.id, false, keep, after(21), None).await.unwrap();
    assert_eq!(removed, Removed::LastAdministrator);
    assert!(is_done(&edited(stores, ben.id, keep, without_roles, after(22)).await), "it could not act");
    assert!(is_done(&stores.edit(ben.id, administer, after(23)).await));
    let reset = stores.factors.reset(id, STAYS, after(24), None).await.unwrap();
    assert!(matches!(reset, FactorsReset::Yes { .. }), "a password is enough");
    assert_eq!(stores.users.delete(id, None, keep, after(25), None).await.unwrap(), Deleted::Yes, "it could not act any more");
}

pub async fn counts_roles_as_they_are_now(stores: &Stores) {
    let (ann, ben) = (with_roles("ann@example.org", "admin"), stores.keep_new("ben@example.org").await);
    assert_eq!(stores.users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    for round in 0..2 {
        assert_eq!(edited(stores, ann.id, STAYS, without_roles, after(round)).await, Edited::LastAdministrator);
        let administer = |from| Editable { roles: "admin auditor".parse().unwrap(), ..from };
        assert!(is_done(&stores.edit(ben.id, administer, after(10 + round)).await));
        assert!(is_done(&edited(stores, ann.id, STAYS, without_roles, after(20 + round)).await));
        assert_eq!(edited(stores, ben.id, STAYS, without_roles, after(30 + round)).await, Edited::LastAdministrator);
        assert!(is_done(
            &stores.edit(ann.id, |from| Editable { roles: "admin".parse().unwrap(), ..from }, after(40 + round)).await
        ));
        assert!(is_done(&edited(stores, ben.id, STAYS, without_roles, after(50 + round)).await));
    }
    assert!(stores.delete(ann.id, None, after(60)).await);
    let cid = with_roles("cid@example.org", "admin");
    stores.keep(&cid).await;
    assert_eq!(edited(stores, cid.id, STAYS, disabled, after(61)).await, Edited::LastAdministrator, "the other one is gone");
}

pub async fn keeps_one_of_two_administrators_however_they_race(stores: &Stores) {
    for round in 0..24 {
        let (ann, ben) =
            (with_roles(&format!("ann{round}@example.org"), "admin"), with_roles(&format!("ben{round}@example.org"), "admin"));
        stores.keep(&ann).await;
        stores.keep(&ben).await;
        let removal = |who: &User, how: usize| {
            let (stores, id) = (stores.clone(), who.id);
            async move {
                match how {
                    0 => is_done(&edited(&stores, id, STAYS, without_roles, after(9)).await),
                    1 => is_done(&edited(&stores, id, STAYS, disabled, after(9)).await),
                    _ => stores.users.delete(id, None, STAYS, after(9), None).await.unwrap() == Deleted::Yes,
                }
            }
        };
        let outcomes = against(round, removal(&ann, round % 3), removal(&ben, round / 3 % 3)).await;
        assert!(outcomes.0 != outcomes.1, "exactly one of them goes: {outcomes:?} in round {round}");
        stores.delete(ann.id, None, after(10)).await;
        stores.delete(ben.id, None, after(10)).await;
    }
}
