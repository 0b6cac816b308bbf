//! What every [`MailboxStore`](crate::mailbox::ports::MailboxStore) keeps of changes of address.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::mailbox_store::{assert_is_open, assert_is_spent, assert_is_void, changed, sent};
use crate::mail::{message::Outgoing, ports::Requested, proof::Purpose};
use crate::testkit::{
    fixtures::{Stores, against, other_versions, together},
    mail::samples::{LIFE, asked_by, notice, proof_id},
    samples::{after, email, user},
};
use crate::{
    accounts::ports::Inserted,
    identity::user::{PendingEmail, User},
    mailbox::ports::Confirmed,
};

fn pending(mail: &Outgoing) -> PendingEmail {
    PendingEmail { address: mail.to.clone(), until: mail.expires_at }
}

/// Asks for another address, and tells the present one.
pub(in crate::testkit) async fn asked_for(stores: &Stores, user: &User, address: &str, seconds: i64) -> Outgoing {
    let mail = asked_by(user, address, seconds);
    let requested = stores.mailbox.request_change(user.id, &pending(&mail), &mail, None).await.unwrap();
    assert_eq!(requested, Requested::Queued);
    mail
}

/// An account, and what gives up its address for another one: it has yet to be done.
pub(in crate::testkit) async fn leaving(stores: &Stores, round: usize) -> (User, impl Future<Output = Confirmed> + use<>) {
    let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
    let mail = asked_for(stores, &ann, &format!("new{round}@example.org"), 0).await;
    let proven = stores.user(&ann).await;
    let (mailbox, proof, told) = (stores.mailbox.clone(), proof_id(&mail), notice(&proven, 1));
    let leave = async move { mailbox.confirm_change(proof, proven.id, proven.version(), after(1), Some(&told)).await.unwrap() };
    (ann, leave)
}

/// Moves an account to another address; returns the notice to the former one.
pub(in crate::testkit) async fn moved(stores: &Stores, user: &User, address: &str, seconds: i64) -> Outgoing {
    let mail = asked_for(stores, user, address, seconds).await;
    let now = stores.user(user).await;
    let told = notice(&now, seconds);
    let confirmed = stores.mailbox.confirm_change(proof_id(&mail), user.id, now.version(), after(seconds), Some(&told)).await;
    assert_eq!(confirmed.unwrap(), Confirmed::Yes);
    told
}

pub async fn asks_for_another_address(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let ann = stores.user(&ann).await;
    let (mail, told) = (asked_by(&ann, "new@example.org", 2), notice(&ann, 2));
    let requested = stores.mailbox.request_change(ann.id, &pending(&mail), &mail, Some(&told)).await.unwrap();
    assert_eq!(requested, Requested::Queued);
    assert_eq!(stores.user(&ann).await, User { pending_email: Some(pending(&mail)), ..changed(&ann, 2) });
    assert_eq!(stores.session(&session).await, session);
    for written in [&mail, &told] {
        assert_is_open(stores, written).await;
        assert_eq!(&stores.mails.find(written.id).await.unwrap().unwrap().mail, written);
    }
    assert_eq!(stores.users.find_by_email(&email("new@example.org")).await.unwrap(), None);
    assert!(!stores.mailbox.is_taken(&email("new@example.org"), None, after(3)).await.unwrap(), "who asks keeps nobody from it");
}

pub async fn asks_for_one_address_at_a_time(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let bens = asked_for(stores, &ben, "new@example.org", 0).await;
    let first = asked_for(stores, &ann, "first@example.org", 0).await;
    let second = asked_for(stores, &ann, "new@example.org", 60).await;
    assert_is_void(stores, &first, 60).await;
    assert_is_open(stores, &second).await;
    assert_is_open(stores, &bens).await;
    assert_eq!(stores.user(&ann).await.pending_email, Some(pending(&second)));
}

pub async fn asks_for_nothing_beyond_the_allowance(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    asked_for(stores, &ann, "new@example.org", 0).await;
    let first = asked_for(stores, &ben, "bens@example.org", 0).await;
    let before = stores.user(&ben).await;
    let (mail, told) = (asked_by(&ben, "new@example.org", 59), notice(&ben, 59));
    let requested = stores.mailbox.request_change(ben.id, &pending(&mail), &mail, Some(&told)).await.unwrap();
    assert_eq!(requested, Requested::Suppressed);
    assert_eq!(stores.user(&ben).await, before);
    assert_is_open(stores, &first).await;
    for unwritten in [&mail, &told] {
        assert_eq!(stores.proofs.find(proof_id(unwritten)).await.unwrap(), None);
        assert_eq!(stores.mails.find(unwritten.id).await.unwrap(), None);
    }
}

pub async fn asks_for_nothing_without_an_active_account(stores: &Stores) {
    let (ann, nobody) = (stores.keep_new("ann@example.org").await, user("ben@example.org"));
    assert!(stores.disable(ann.id, after(1)).await.is_some());
    let disabled = stores.user(&ann).await;
    for account in [&ann, &nobody] {
        let mail = asked_by(account, "new@example.org", 2);
        let requested = stores.mailbox.request_change(account.id, &pending(&mail), &mail, None).await.unwrap();
        assert_eq!(requested, Requested::Suppressed);
        assert_eq!(stores.mails.find(mail.id).await.unwrap(), None);
    }
    assert_eq!(stores.user(&ann).await, disabled);
    let ben = stores.keep_new("ben@example.org").await;
    asked_for(stores, &ben, "new@example.org", 3).await;
}

pub async fn moves_an_account_to_its_new_address(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let mail = asked_for(stores, &ann, "new@example.org", 2).await;
    let (older, reset) = (notice(&ann, 2), sent(stores, Purpose::Reset, "ann@example.org", 2).await);
    let theirs = sent(stores, Purpose::Reset, "new@example.org", 2).await;
    let proven = stores.user(&ann).await;
    let told = notice(&proven, 3);
    let confirmed = stores.mailbox.confirm_change(proof_id(&mail), ann.id, proven.version(), after(3), Some(&told)).await;
    assert_eq!(confirmed.unwrap(), Confirmed::Yes);
    let moved = User { email: mail.to.clone(), email_verified_at: Some(after(3)), pending_email: None, ..changed(&proven, 3) };
    assert_eq!(stores.user(&ann).await, moved);
    assert_eq!(stores.users.find_by_email(&mail.to).await.unwrap(), Some(moved.clone()));
    assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), None);
    assert_eq!(stores.session(&session).await, session, "sessions stay");
    assert_is_spent(stores, &mail, 3).await;
    for void in [&reset, &theirs] {
        assert_is_void(stores, void, 3).await;
    }
    assert_is_open(stores, &told).await;
    // Undo links stand by themselves.
    let next = asked_for(stores, &moved, "newest@example.org", 4).await;
    let proven = stores.user(&ann).await.version();
    let confirmed = stores.mailbox.confirm_change(proof_id(&next), ann.id, proven, after(5), Some(&older)).await;
    assert_eq!(confirmed.unwrap(), Confirmed::Yes);
    assert_is_open(stores, &told).await;
}

pub async fn moves_only_the_account_that_was_proven(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let mail = asked_for(stores, &ann, "new@example.org", 0).await;
    let proven = stores.user(&ann).await;
    let told = notice(&ann, 1);
    for other in other_versions(&proven) {
        let confirmed = stores.mailbox.confirm_change(proof_id(&mail), ann.id, other, after(1), Some(&told)).await;
        assert_eq!(confirmed.unwrap(), Confirmed::ProofGone);
    }
    let confirmed = stores.mailbox.confirm_change(proof_id(&mail), ben.id, ben.version(), after(1), Some(&told)).await;
    assert_eq!(confirmed.unwrap(), Confirmed::ProofGone, "it is another's");
    assert_is_open(stores, &mail).await;
    assert_eq!(stores.mails.find(told.id).await.unwrap(), None);
    assert_eq!((stores.user(&ann).await, stores.user(&ben).await), (proven, ben));
}

pub async fn moves_no_account_with_another_proof(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (reset, verify) =
        (sent(stores, Purpose::Reset, "ann@example.org", 0).await, sent(stores, Purpose::Verify, "new@example.org", 0).await);
    let mail = asked_for(stores, &ann, "new@example.org", 0).await;
    let unsent = asked_by(&ann, "new@example.org", 0);
    let proven = stores.user(&ann).await;
    for (other, at) in [(&reset, after(1)), (&verify, after(1)), (&unsent, after(1)), (&mail, after(0) + LIFE)] {
        let confirmed = stores.mailbox.confirm_change(proof_id(other), ann.id, proven.version(), at, None).await;
        assert_eq!(confirmed.unwrap(), Confirmed::ProofGone);
    }
    assert_eq!(stores.user(&ann).await, proven);
    assert!(stores.disable(ann.id, after(1)).await.is_some());
    assert_is_void(stores, &mail, 1).await;
}

pub async fn moves_to_no_address_that_is_taken(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mail = asked_for(stores, &ann, "ben@example.org", 0).await;
    let ben = stores.keep_new("ben@example.org").await;
    let (proven, told) = (stores.user(&ann).await, notice(&ann, 1));
    let confirm = async || {
        let confirmed = stores.mailbox.confirm_change(proof_id(&mail), ann.id, proven.version(), after(1), Some(&told));
        confirmed.await.unwrap()
    };
    assert_eq!(confirm().await, Confirmed::EmailTaken);
    assert_eq!((stores.user(&ann).await, stores.user(&ben).await), (proven.clone(), ben.clone()));
    assert_is_open(stores, &mail).await;
    assert_eq!(stores.mails.find(told.id).await.unwrap(), None);
    assert!(stores.delete(ben.id, None, after(1)).await);
    assert_eq!(confirm().await, Confirmed::Yes, "the proof was as good as before");
}

pub async fn moves_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mail = asked_for(stores, &ann, "new@example.org", 0).await;
    let proven = stores.user(&ann).await;
    let outcomes = together((0..32).map(|_| {
        let (mailbox, proof, account) = (stores.mailbox.clone(), proof_id(&mail), proven.clone());
        let told = notice(&ann, 1);
        async move { mailbox.confirm_change(proof, account.id, account.version(), after(1), Some(&told)).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Confirmed::Yes).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Confirmed::Yes | Confirmed::ProofGone)));
    assert_eq!(stores.mails.list(None, None, 99).await.unwrap().len(), 2, "one notice");
}

pub async fn moves_one_of_two_to_a_contested_address(stores: &Stores) {
    for round in 0..16 {
        let accounts = [format!("ann{round}@example.org"), format!("ben{round}@example.org")];
        let mut races = Vec::new();
        for (account, seconds) in accounts.iter().zip([0, 60]) {
            let account = stores.keep_new(account).await;
            let mail = asked_for(stores, &account, &format!("new{round}@example.org"), seconds).await;
            races.push((mail, stores.user(&account).await));
        }
        let [one, other] = [0, 1].map(|at| {
            let (mailbox, (mail, account)) = (stores.mailbox.clone(), races.get(at).cloned().unwrap());
            let told = notice(&account, 61);
            async move {
                let confirmed =
                    mailbox.confirm_change(proof_id(&mail), account.id, account.version(), after(61), Some(&told)).await.unwrap();
                (confirmed, mail)
            }
        });
        let (one, other) = against(round, one, other).await;
        let (won, lost) = if one.0 == Confirmed::Yes { (one, other) } else { (other, one) };
        assert_eq!((won.0, lost.0), (Confirmed::Yes, Confirmed::EmailTaken));
        assert_is_spent(stores, &won.1, 61).await;
        assert_is_open(stores, &lost.1).await;
    }
}

pub async fn moves_nobody_to_an_address_that_is_registered_at_the_same_time(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let mail = asked_for(stores, &ann, &format!("new{round}@example.org"), 0).await;
        let ann = stores.user(&ann).await;
        let confirm = {
            let (mailbox, proof, account) = (stores.mailbox.clone(), proof_id(&mail), ann.clone());
            async move { mailbox.confirm_change(proof, account.id, account.version(), after(1), None).await.unwrap() }
        };
        let insert = {
            let (users, newcomer) = (stores.users.clone(), user(mail.to.as_str()));
            async move { users.insert(&newcomer, None, None).await.unwrap() }
        };
        match against(round, confirm, insert).await {
            (Confirmed::Yes, Inserted::EmailTaken) => {}
            (Confirmed::EmailTaken, Inserted::Yes) => assert_is_open(stores, &mail).await,
            outcomes => panic!("{outcomes:?}"),
        }
    }
}
