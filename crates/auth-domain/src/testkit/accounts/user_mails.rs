//! What every [`UserStore`](crate::accounts::ports::UserStore) keeps of the mails that go with accounts.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::accounts::ports::Deleted;
use crate::identity::administrator::LastAdministrator;
use crate::testkit::{
    fixtures::{Stores, other_versions},
    mail::samples::{asked, asked_by, notice, proof_id},
    samples::{after, as_kept, hash, session_of, user},
};
use crate::{
    accounts::ports::Inserted,
    identity::user::{PendingEmail, User},
    mail::{message::Outgoing, ports::Requested, proof::Purpose},
};

async fn is_stored(stores: &Stores, mail: &Outgoing) -> bool {
    let (entry, proof) = (stores.mails.find(mail.id).await.unwrap(), stores.proofs.find(proof_id(mail)).await.unwrap());
    assert_eq!(entry.is_some(), proof.is_some(), "both or neither");
    entry.is_some_and(|entry| entry.mail == *mail)
}

pub async fn keeps_a_mail_with_the_account(stores: &Stores) {
    let ann = user("ann@example.org");
    let (first, mail) = (session_of(&ann), asked(Purpose::Verify, "ann@example.org", 0));
    assert_eq!(stores.users.insert(&ann, Some(&first), Some(&mail)).await.unwrap(), Inserted::Yes);
    assert_eq!(stores.sessions.find(first.id).await.unwrap(), Some((as_kept(&first), ann)));
    assert!(is_stored(stores, &mail).await);
}

pub async fn keeps_an_account_without_a_mail_that_is_one_too_many(stores: &Stores) {
    let (before, mail) = (asked(Purpose::Verify, "ann@example.org", 0), asked(Purpose::Verify, "ann@example.org", 1));
    assert_eq!(stores.proofs.request(&before, None).await.unwrap(), Requested::Queued);
    let ann = user("ann@example.org");
    assert_eq!(stores.users.insert(&ann, None, Some(&mail)).await.unwrap(), Inserted::MailSuppressed);
    assert_eq!(stores.user(&ann).await, ann);
    assert!(is_stored(stores, &before).await && !is_stored(stores, &mail).await, "and the older one is as good as before");
}

pub async fn keeps_no_mail_of_a_refused_account(stores: &Stores) {
    stores.keep_new("ann@example.org").await;
    let (ben, mail) = (user("ann@example.org"), asked(Purpose::Verify, "ann@example.org", 0));
    assert_eq!(stores.users.insert(&ben, None, Some(&mail)).await.unwrap(), Inserted::EmailTaken);
    assert!(!is_stored(stores, &mail).await);
    assert_eq!(stores.proofs.request(&mail, None).await.unwrap(), Requested::Queued, "it counted for nothing");
}

/// An account and its open proofs: an undo link, and others.
async fn with_proofs(stores: &Stores, address: &str) -> (User, Outgoing, Vec<Outgoing>) {
    let account = stores.keep_new(address).await;
    let link = notice(&account, 0);
    let changed = stores.users.change_password(account.id, account.version(), &hash("x"), None, after(0), Some(&link)).await;
    assert_eq!(changed.unwrap(), Some(vec![]));
    let change = asked_by(&account, &format!("new-{address}"), 1);
    let pending = PendingEmail { address: change.to.clone(), until: change.expires_at };
    let requested = stores.mailbox.request_change(account.id, &pending, &change, None).await.unwrap();
    assert_eq!(requested, Requested::Queued);
    let mut others = vec![change];
    for purpose in [Purpose::Verify, Purpose::Reset] {
        let mail = asked(purpose, address, 1);
        assert_eq!(stores.proofs.request(&mail, None).await.unwrap(), Requested::Queued);
        others.push(mail);
    }
    (stores.user(&account).await, link, others)
}

async fn assert_are_void(stores: &Stores, mails: &[Outgoing], seconds: i64) {
    for mail in mails {
        let voided_at = stores.proofs.find(proof_id(mail)).await.unwrap().map(|proof| proof.voided_at);
        assert_eq!(voided_at, Some(Some(after(seconds))), "{:?}", mail.occasion);
    }
}

pub async fn voids_proofs_and_keeps_the_notice_with_a_change_of_password(stores: &Stores) {
    let (ann, link, others) = with_proofs(stores, "ann@example.org").await;
    let (_ben, bens_link, bens) = with_proofs(stores, "ben@example.org").await;
    let told = notice(&ann, 5);
    for other in other_versions(&ann) {
        let refused = stores.users.change_password(ann.id, other, &hash("y"), None, after(5), Some(&told)).await;
        assert_eq!(refused.unwrap(), None);
    }
    assert!(!is_stored(stores, &told).await);
    let changed = stores.users.change_password(ann.id, ann.version(), &hash("y"), None, after(5), Some(&told)).await;
    assert_eq!(changed.unwrap(), Some(vec![]));
    assert_are_void(stores, &others, 5).await;
    assert_eq!(stores.user(&ann).await.pending_email, None);
    for open in [&told, &link, &bens_link].into_iter().chain(&bens) {
        assert!(is_stored(stores, open).await, "{:?}", open.occasion);
    }
}

pub async fn voids_proofs_of_who_is_disabled(stores: &Stores) {
    let (ann, link, others) = with_proofs(stores, "ann@example.org").await;
    assert!(stores.disable(ann.id, after(5)).await.is_some());
    assert_are_void(stores, &others, 5).await;
    assert_eq!(stores.user(&ann).await.pending_email, None);
    assert!(is_stored(stores, &link).await);
    assert!(stores.enable(ann.id, after(6)).await);
    assert_are_void(stores, &others, 5).await;
}

pub async fn leaves_no_proof_of_a_deleted_account(stores: &Stores) {
    let (ann, link, others) = with_proofs(stores, "ann@example.org").await;
    let told = Outgoing { proof: None, ..notice(&ann, 5) };
    for other in other_versions(&ann) {
        let deleted = stores.users.delete(ann.id, Some(other), LastAdministrator::MayGo, after(5), Some(&told)).await.unwrap();
        assert_eq!(deleted, Deleted::No);
    }
    assert_eq!(stores.mails.find(told.id).await.unwrap(), None);
    let deleted = stores.users.delete(ann.id, Some(ann.version()), LastAdministrator::MayGo, after(5), Some(&told)).await;
    assert_eq!(deleted.unwrap(), Deleted::Yes);
    assert_eq!(stores.mails.find(told.id).await.unwrap().unwrap().mail, told);
    let (own, of_its_address): (Vec<_>, Vec<_>) =
        others.into_iter().chain([link]).partition(|mail| mail.proof.as_ref().is_some_and(|proof| proof.user.is_some()));
    assert_are_void(stores, &of_its_address, 5).await;
    for mail in own {
        assert_eq!(stores.proofs.find(proof_id(&mail)).await.unwrap(), None);
    }
}
