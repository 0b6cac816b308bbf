//! What every [`MailboxStore`](crate::mailbox::ports::MailboxStore) keeps for whoever may put a former address back.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    change::{asked_for, leaving, moved},
    mailbox_store::assert_is_open,
};
use crate::testkit::{
    fixtures::{Stores, against},
    mail::samples::{asked, notice, proof_id, registration},
    samples::{PASSWORD, after, email, hash, kept_email, session_of, user},
};
use crate::{
    accounts::ports::Inserted,
    identity::{email::Email, ids::UserId, user::User},
    mail::{
        ports::Requested,
        proof::{Purpose, UNDO_LIFE},
    },
    mailbox::ports::{Completed, Confirmed},
};

async fn is_taken(stores: &Stores, address: &Email, by_other_than: Option<UserId>, now: DateTime<Utc>) -> bool {
    stores.mailbox.is_taken(address, by_other_than, now).await.unwrap()
}

/// An account made at this time.
fn newcomer(address: &Email, now: DateTime<Utc>) -> User {
    User { email: address.clone(), created_at: now, updated_at: now, ..user("x@example.org") }
}

pub async fn keeps_the_former_address_from_others(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert!(is_taken(stores, &ann.email, None, after(0)).await && !is_taken(stores, &ann.email, Some(ann.id), after(0)).await);
    moved(stores, &ann, "new@example.org", 1).await;
    assert!(is_taken(stores, &ann.email, None, after(2)).await);
    assert!(!is_taken(stores, &ann.email, Some(ann.id), after(2)).await, "its own account may have it back");

    let late = newcomer(&ann.email, after(2));
    let (session, mail) = (session_of(&late), asked(Purpose::Verify, "ann@example.org", 2));
    assert_eq!(stores.users.insert(&late, Some(&session), Some(&mail)).await.unwrap(), Inserted::EmailTaken);
    assert_eq!((stores.users.find(late.id).await.unwrap(), stores.sessions.find(session.id).await.unwrap()), (None, None));
    assert_eq!(stores.mails.find(mail.id).await.unwrap(), None);

    assert_eq!(
        stores.proofs.request(&mail, Some(&registration("ann@example.org", PASSWORD, 2))).await.unwrap(),
        Requested::Queued
    );
    assert_eq!(stores.mailbox.complete_registration(proof_id(&mail), &late).await.unwrap(), Completed::EmailTaken);
    assert_eq!(stores.users.find(late.id).await.unwrap(), None);
    assert_is_open(stores, &mail).await;

    let ben = stores.keep_new("ben@example.org").await;
    let change = asked_for(stores, &ben, "ann@example.org", 3).await;
    let ben = stores.user(&ben).await;
    let confirmed = stores.mailbox.confirm_change(proof_id(&change), ben.id, ben.version(), after(4), None).await;
    assert_eq!(confirmed.unwrap(), Confirmed::EmailTaken);
    assert_is_open(stores, &change).await;
    assert_eq!(stores.user(&ben).await, ben);

    moved(stores, &ann, "ann@example.org", 63).await;
    assert_eq!(stores.user(&ann).await.email, ann.email);
}

pub async fn keeps_the_former_address_in_every_spelling(stores: &Stores) {
    let ann = User { email: kept_email("ann@münchen.example"), ..user("ann@example.org") };
    stores.keep(&ann).await;
    moved(stores, &ann, "new@example.org", 1).await;
    let canonical = email("ann@xn--mnchen-3ya.example");
    assert!(is_taken(stores, &canonical, None, after(2)).await);
    assert_eq!(stores.users.insert(&newcomer(&canonical, after(2)), None, None).await.unwrap(), Inserted::EmailTaken);
}

pub async fn frees_an_address_when_its_link_is_over(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    moved(stores, &ann, "new@example.org", 1).await;
    let end = after(1) + UNDO_LIFE;
    let last = end - TimeDelta::microseconds(1);
    assert!(is_taken(stores, &ann.email, None, last).await && !is_taken(stores, &ann.email, None, end).await);
    assert_eq!(stores.users.insert(&newcomer(&ann.email, last), None, None).await.unwrap(), Inserted::EmailTaken);
    assert_eq!(stores.users.insert(&newcomer(&ann.email, end), None, None).await.unwrap(), Inserted::Yes);

    // An older link voids a younger one, and what that kept.
    let ben = stores.keep_new("ben@example.org").await;
    let older = notice(&ben, 2);
    let changed = stores.users.change_password(ben.id, ben.version(), &hash("new"), None, after(2), Some(&older)).await;
    assert!(changed.unwrap().is_some());
    moved(stores, &ben, "thief@example.org", 3).await;
    moved(stores, &ben, "thief2@example.org", 4).await;
    let thiefs = email("thief@example.org");
    assert!(is_taken(stores, &thiefs, None, after(5)).await);
    let undone = stores.mailbox.undo(proof_id(&older), after(5), &asked(Purpose::Reset, "ben@example.org", 5)).await;
    assert_eq!(undone.unwrap().unwrap().user.email, ben.email);
    assert!(!is_taken(stores, &thiefs, None, after(5)).await);
}

pub async fn frees_an_address_with_its_account(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    moved(stores, &ann, "new@example.org", 1).await;
    assert!(stores.delete(ann.id, None, after(2)).await);
    for address in [&ann.email, &email("new@example.org")] {
        assert!(!is_taken(stores, address, None, after(3)).await);
        assert_eq!(stores.users.insert(&newcomer(address, after(3)), None, None).await.unwrap(), Inserted::Yes);
    }
}

pub async fn keeps_the_former_address_from_those_who_register_at_the_same_time(stores: &Stores) {
    for round in 0..16 {
        let (ann, leave) = leaving(stores, round).await;
        let come = {
            let (users, late) = (stores.users.clone(), newcomer(&ann.email, after(1)));
            async move { users.insert(&late, None, None).await.unwrap() }
        };
        assert_eq!(against(round, leave, come).await, (Confirmed::Yes, Inserted::EmailTaken));
        assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), None);
    }
}

pub async fn keeps_the_former_address_from_those_who_confirm_at_the_same_time(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let ben = stores.keep_new(&format!("ben{round}@example.org")).await;
        let (anns, bens) = (
            asked_for(stores, &ann, &format!("new{round}@example.org"), 0).await,
            asked_for(stores, &ben, ann.email.as_str(), 0).await,
        );
        let [leave, come] = [(&ann, &anns), (&ben, &bens)].map(|(account, mail)| (account.id, proof_id(mail)));
        let leave = {
            let (mailbox, account, told) = (stores.mailbox.clone(), stores.user(&ann).await, notice(&ann, 1));
            async move { mailbox.confirm_change(leave.1, leave.0, account.version(), after(1), Some(&told)).await.unwrap() }
        };
        let come = {
            let (mailbox, account) = (stores.mailbox.clone(), stores.user(&ben).await);
            async move { mailbox.confirm_change(come.1, come.0, account.version(), after(1), None).await.unwrap() }
        };
        assert_eq!(against(round, leave, come).await, (Confirmed::Yes, Confirmed::EmailTaken));
        assert_is_open(stores, &bens).await;
    }
}
