//! What every [`MailboxStore`](crate::mailbox::ports::MailboxStore) keeps of registrations that become accounts.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use super::mailbox_store::{assert_is_open, assert_is_spent, assert_is_void, sent};
use crate::mail::{message::Outgoing, ports::Requested, proof::Purpose};
use crate::testkit::{
    fixtures::{Stores, against, together},
    mail::samples::{LIFE, asked, proof_id, registration},
    samples::{PASSWORD, after, context, user},
};
use crate::{accounts::ports::Inserted, identity::user::User, mailbox::ports::Completed};

/// An account as it is made of a registration.
fn registered(address: &str, seconds: i64) -> User {
    let account = user(address);
    User {
        email_verified_at: Some(after(seconds)),
        created_at: after(seconds),
        updated_at: after(seconds),
        language: context().language,
        ..account
    }
}

async fn register(stores: &Stores, address: &str, seconds: i64) -> Outgoing {
    let mail = asked(Purpose::Verify, address, seconds);
    let registered = registration(address, PASSWORD, seconds);
    assert_eq!(stores.proofs.request(&mail, Some(&registered)).await.unwrap(), Requested::Queued);
    mail
}

pub async fn makes_the_account_of_a_registration(stores: &Stores) {
    let mail = register(stores, "ann@example.org", 0).await;
    let (reset, bens) = (sent(stores, Purpose::Reset, "ann@example.org", 0).await, register(stores, "ben@example.org", 0).await);
    let ann = registered("ann@example.org", 5);
    assert_eq!(stores.mailbox.complete_registration(proof_id(&mail), &ann).await.unwrap(), Completed::Yes);
    assert_eq!(stores.user(&ann).await, ann);
    assert_is_spent(stores, &mail, 5).await;
    assert_is_void(stores, &reset, 5).await;
    assert_is_open(stores, &bens).await;
    assert_eq!(stores.proofs.registration(&ann.email).await.unwrap(), None);
    assert!(stores.proofs.registration(&bens.to).await.unwrap().is_some());
}

pub async fn makes_no_account_of_what_is_gone_or_taken(stores: &Stores) {
    let complete = async |mail: &Outgoing, account: &User| {
        let completed = stores.mailbox.complete_registration(proof_id(mail), account).await.unwrap();
        (completed, stores.users.find(account.id).await.unwrap().is_some())
    };
    let older = register(stores, "ann@example.org", 0).await;
    let newer = register(stores, "ann@example.org", 60).await;
    assert_eq!(complete(&older, &registered("ann@example.org", 61)).await, (Completed::ProofGone, false), "it is void");
    assert_eq!(complete(&newer, &registered("ben@example.org", 61)).await, (Completed::ProofGone, false), "of another address");
    let late = (LIFE + TimeDelta::seconds(60)).num_seconds();
    assert_eq!(complete(&newer, &registered("ann@example.org", late)).await, (Completed::ProofGone, false), "it has expired");
    let bare = sent(stores, Purpose::Verify, "cid@example.org", 0).await;
    assert_eq!(complete(&bare, &registered("cid@example.org", 1)).await, (Completed::ProofGone, false), "nobody registered it");
    assert_is_open(stores, &bare).await;
    let holder = stores.keep_new("ann@example.org").await;
    assert_eq!(complete(&newer, &registered("ann@example.org", 62)).await, (Completed::EmailTaken, false));
    assert_is_open(stores, &newer).await;
    assert_eq!(stores.user(&holder).await, holder);
}

pub async fn makes_one_account_however_many_ask(stores: &Stores) {
    let mail = register(stores, "ann@example.org", 0).await;
    let outcomes = together((0..32).map(|_| {
        let (mailbox, proof, account) = (stores.mailbox.clone(), proof_id(&mail), registered("ann@example.org", 1));
        async move { (mailbox.complete_registration(proof, &account).await.unwrap(), account) }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(outcome, _)| *outcome == Completed::Yes);
    assert!(lost.iter().all(|(outcome, _)| *outcome == Completed::ProofGone), "{lost:?}");
    let holder = stores.users.find_by_email(&mail.to).await.unwrap();
    assert_eq!(won.into_iter().map(|(_, account)| Some(account)).collect::<Vec<_>>(), [holder]);
}

/// Of an address that somebody takes in another way at the same time.
pub async fn makes_one_account_of_two_registrations(stores: &Stores) {
    for round in 0..16 {
        let address = format!("ann{round}@example.org");
        let mail = register(stores, &address, 0).await;
        let complete = {
            let (mailbox, proof, account) = (stores.mailbox.clone(), proof_id(&mail), registered(&address, 1));
            async move { mailbox.complete_registration(proof, &account).await.unwrap() }
        };
        let insert = {
            let (users, account) = (stores.users.clone(), user(&address));
            async move { users.insert(&account, None, None).await.unwrap() }
        };
        let (completed, inserted) = against(round, complete, insert).await;
        let is_inserted = inserted == Inserted::Yes;
        assert_eq!(completed, if is_inserted { Completed::EmailTaken } else { Completed::Yes });
    }
}
