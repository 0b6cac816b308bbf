//! What every [`ProofStore`](crate::mail::ports::ProofStore) keeps of codes.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use super::{
    proof_store::{proof, request},
    samples::{LIFE, asked, asked_by, proof_id},
};
use crate::testkit::{
    fixtures::{Stores, together},
    samples::{after, email, kept_email},
};
use crate::{
    identity::ids::UserId,
    mail::{
        message::Outgoing,
        ports::Requested,
        proof::{CODE_TRIES, Proof, Purpose},
    },
};

async fn tried(stores: &Stores, purpose: Purpose, address: &str, seconds: i64) -> Option<Proof> {
    stores.proofs.try_code(purpose, &email(address), None, after(seconds)).await.unwrap()
}

async fn asked_for(stores: &Stores, purpose: Purpose, seconds: i64) -> Outgoing {
    let mail = asked(purpose, "ann@example.org", seconds);
    assert_eq!(request(stores, &mail).await, Requested::Queued);
    mail
}

pub async fn gives_the_newest_proof_for_a_code(stores: &Stores) {
    let older = asked_for(stores, Purpose::Reset, 0).await;
    let newer = asked_for(stores, Purpose::Reset, 60).await;
    let found = tried(stores, Purpose::Reset, "ann@example.org", 61).await.unwrap();
    assert_eq!(Some(&found), newer.proof.map(|proof| Proof { tries: 1, ..proof }).as_ref());
    assert_eq!(proof(stores, &older).await.tries, 0);
    // As an account of an earlier release spells it.
    let mail = asked(Purpose::Reset, "ann@xn--mnchen-3ya.example", 0);
    assert_eq!(request(stores, &mail).await, Requested::Queued);
    let former = kept_email("ann@münchen.example");
    let found = stores.proofs.try_code(Purpose::Reset, &former, None, after(1)).await.unwrap();
    assert_eq!(found.map(|proof| proof.id), Some(proof_id(&mail)));
}

pub async fn gives_none_for_a_code_of_what_cannot_be_used(stores: &Stores) {
    assert_eq!(tried(stores, Purpose::Reset, "ann@example.org", 0).await, None);
    let mail = asked_for(stores, Purpose::Reset, 0).await;
    assert_eq!(tried(stores, Purpose::Verify, "ann@example.org", 1).await, None, "of another purpose");
    assert_eq!(tried(stores, Purpose::Reset, "ben@example.org", 1).await, None, "of another address");
    let (last, end) = (after(0) + LIFE - TimeDelta::microseconds(1), after(0) + LIFE);
    assert!(stores.proofs.try_code(Purpose::Reset, &mail.to, None, last).await.unwrap().is_some());
    assert_eq!(stores.proofs.try_code(Purpose::Reset, &mail.to, None, end).await.unwrap(), None);
    assert_eq!(proof(stores, &mail).await.tries, 1, "what gave nothing was no try");
    let ann = stores.keep_new("ann@example.org").await;
    assert!(stores.disable(ann.id, after(2)).await.is_some());
    assert_eq!(tried(stores, Purpose::Reset, "ann@example.org", 3).await, None, "it is void");
}

/// Else one could keep the other from a code.
pub async fn tells_the_accounts_apart_that_ask_for_one_address(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (anns, bens) = (asked_by(&ann, "new@example.org", 0), asked_by(&ben, "new@example.org", 60));
    let pending = |mail: &Outgoing| crate::identity::user::PendingEmail { address: mail.to.clone(), until: mail.expires_at };
    for (user, mail) in [(&ann, &anns), (&ben, &bens)] {
        let requested = stores.mailbox.request_change(user.id, &pending(mail), mail, None).await.unwrap();
        assert_eq!(requested, Requested::Queued);
    }
    let of = async |user: UserId| {
        let found = stores.proofs.try_code(Purpose::Change, &anns.to, Some(user), after(61)).await.unwrap();
        found.map(|proof| proof.id)
    };
    assert_eq!((of(ann.id).await, of(ben.id).await), (Some(proof_id(&anns)), Some(proof_id(&bens))));
    assert_eq!((proof(stores, &anns).await.tries, proof(stores, &bens).await.tries), (1, 1));
}

pub async fn gives_five_tries_and_takes_back_what_was_right(stores: &Stores) {
    let mail = asked_for(stores, Purpose::Verify, 0).await;
    for _ in 0..9 {
        assert!(tried(stores, Purpose::Verify, "ann@example.org", 1).await.is_some());
        stores.proofs.take_back_try(proof_id(&mail)).await.unwrap();
    }
    stores.proofs.take_back_try(proof_id(&mail)).await.unwrap();
    assert_eq!(proof(stores, &mail).await.tries, 0, "never below none");
    for tries in 1..=CODE_TRIES {
        assert_eq!(tried(stores, Purpose::Verify, "ann@example.org", 1).await.unwrap().tries, tries);
    }
    assert_eq!(tried(stores, Purpose::Verify, "ann@example.org", 1).await, None);
    let spent = proof(stores, &mail).await;
    assert_eq!((spent.tries, spent.spent_at, spent.voided_at), (CODE_TRIES, None, None), "its link is as good as before");
    asked_for(stores, Purpose::Verify, 60).await;
    assert_eq!(tried(stores, Purpose::Verify, "ann@example.org", 61).await.unwrap().tries, 1, "a newer one has tries of its own");
}

pub async fn gives_no_more_tries_however_many_guess_at_once(stores: &Stores) {
    let mail = asked_for(stores, Purpose::Reset, 0).await;
    let outcomes = together((0..32).map(|_| {
        let (proofs, address) = (stores.proofs.clone(), mail.to.clone());
        async move { proofs.try_code(Purpose::Reset, &address, None, after(1)).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.into_iter().flatten().count(), usize::try_from(CODE_TRIES).unwrap());
    assert_eq!(proof(stores, &mail).await.tries, CODE_TRIES);
}
