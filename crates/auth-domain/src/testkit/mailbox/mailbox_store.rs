//! What every [`MailboxStore`](crate::mailbox::ports::MailboxStore) keeps of verifying and of forgotten passwords; of the rest, see
//! `registrations`, `change`, `undo`, `factors` and `reserved`.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use crate::identity::user::{AccountState, User};
use crate::mail::{
    message::Outgoing,
    ports::Requested,
    proof::{Proof, Purpose},
};
use crate::testkit::{
    fixtures::{Stores, other_versions, together},
    mail::samples::{LIFE, asked, notice, proof_id},
    samples::{after, hash, kept_email, session_from, user},
};

/// One test per clause: `mailbox_store_contract!(fixture)` or `mailbox_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! mailbox_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::mailbox_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; mailbox::mailbox_store:
            verifies_an_address,
            verifies_no_address_with_another_proof,
            verifies_the_address_of_an_account_of_an_earlier_release,
            verifies_once_however_many_ask,
            resets_a_password,
            resets_only_the_account_that_was_proven,
            resets_no_password_with_another_proof,
            forgets_networks_with_a_reset_of_what_was_never_verified,
            resets_once_however_many_ask,
        }
        $crate::clauses! { $attributes $fresh; mailbox::registrations:
            makes_the_account_of_a_registration,
            makes_no_account_of_what_is_gone_or_taken,
            makes_one_account_however_many_ask,
            makes_one_account_of_two_registrations,
        }
        $crate::clauses! { $attributes $fresh; mailbox::change:
            asks_for_another_address,
            asks_for_one_address_at_a_time,
            asks_for_nothing_beyond_the_allowance,
            asks_for_nothing_without_an_active_account,
            moves_an_account_to_its_new_address,
            moves_only_the_account_that_was_proven,
            moves_no_account_with_another_proof,
            moves_to_no_address_that_is_taken,
            moves_once_however_many_ask,
            moves_one_of_two_to_a_contested_address,
            moves_nobody_to_an_address_that_is_registered_at_the_same_time,
        }
        $crate::clauses! { $attributes $fresh; mailbox::undo:
            undoes_a_change_of_address,
            undoes_what_changed_no_address,
            undoes_nothing_with_another_proof,
            undoes_in_order,
            undoes_once_however_many_ask,
            undoes_a_change_while_a_login_begins,
            sends_the_mail_of_an_undo_in_any_case,
            leaves_a_disabled_account_disabled,
        }
        $crate::clauses! { $attributes $fresh; mailbox::factors:
            removes_factors_with_a_reset_of_what_was_never_verified,
            keeps_the_factors_with_a_reset_of_a_verified_account,
            undoes_the_factors_that_were_added_since,
            undoes_the_codes_with_the_last_factor,
            undoes_the_codes_that_were_made_since,
            undoes_no_removal,
        }
        $crate::clauses! { $attributes $fresh; mailbox::reserved:
            keeps_the_former_address_from_others,
            keeps_the_former_address_in_every_spelling,
            frees_an_address_when_its_link_is_over,
            frees_an_address_with_its_account,
            keeps_the_former_address_from_those_who_register_at_the_same_time,
            keeps_the_former_address_from_those_who_confirm_at_the_same_time,
        }
    };
    ($fresh:expr) => {
        $crate::mailbox_store_contract!(@all [] $fresh);
    };
}

/// A mail that was asked for, and is in the outbox.
pub(in crate::testkit) async fn sent(stores: &Stores, purpose: Purpose, address: &str, seconds: i64) -> Outgoing {
    let mail = asked(purpose, address, seconds);
    assert_eq!(stores.proofs.request(&mail, None).await.unwrap(), Requested::Queued);
    mail
}

pub(super) async fn proof(stores: &Stores, mail: &Outgoing) -> Proof {
    stores.proofs.find(proof_id(mail)).await.unwrap().unwrap()
}

/// That a proof was neither spent nor voided.
pub(in crate::testkit) async fn assert_is_open(stores: &Stores, mail: &Outgoing) {
    assert_eq!(Some(proof(stores, mail).await), mail.proof);
}

pub(super) async fn assert_is_void(stores: &Stores, mail: &Outgoing, seconds: i64) {
    let proof = proof(stores, mail).await;
    assert_eq!((proof.spent_at, proof.voided_at), (None, Some(after(seconds))));
}

pub(super) async fn assert_is_spent(stores: &Stores, mail: &Outgoing, seconds: i64) {
    let proof = proof(stores, mail).await;
    assert_eq!((proof.spent_at, proof.voided_at), (Some(after(seconds)), None));
}

/// An account as it is after one more change.
pub(in crate::testkit) fn changed(user: &User, seconds: i64) -> User {
    User { version: user.version + 1, updated_at: after(seconds), ..user.clone() }
}

pub async fn verifies_an_address(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let first = sent(stores, Purpose::Verify, "ann@example.org", 0).await;
    assert!(stores.mailbox.verify(proof_id(&first), ann.id, after(9)).await.unwrap());
    let verified = User { email_verified_at: Some(after(9)), ..changed(&ann, 9) };
    assert_eq!(stores.user(&ann).await, verified);
    assert_is_spent(stores, &first, 9).await;
    assert!(!stores.mailbox.verify(proof_id(&first), ann.id, after(10)).await.unwrap(), "it is spent");
    let again = sent(stores, Purpose::Verify, "ann@example.org", 60).await;
    assert!(stores.mailbox.verify(proof_id(&again), ann.id, after(61)).await.unwrap());
    assert_eq!(stores.user(&ann).await, changed(&verified, 61), "it was verified first when it was verified");
}

pub async fn verifies_no_address_with_another_proof(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let nobodys = asked(Purpose::Verify, "ann@example.org", 0);
    let reset = sent(stores, Purpose::Reset, "ann@example.org", 0).await;
    let bens = sent(stores, Purpose::Verify, "ben@example.org", 0).await;
    let own = sent(stores, Purpose::Verify, "ann@example.org", 0).await;
    for other in [&nobodys, &reset, &bens] {
        assert!(!stores.mailbox.verify(proof_id(other), ann.id, after(1)).await.unwrap());
    }
    assert!(!stores.mailbox.verify(proof_id(&own), user("ann@example.org").id, after(1)).await.unwrap());
    assert!(!stores.mailbox.verify(proof_id(&own), ann.id, after(0) + LIFE).await.unwrap(), "it has expired");
    assert_is_open(stores, &own).await;
    let newer = sent(stores, Purpose::Verify, "ann@example.org", 60).await;
    assert!(!stores.mailbox.verify(proof_id(&own), ann.id, after(61)).await.unwrap(), "a newer one voids it");
    assert!(stores.disable(ben.id, after(61)).await.is_some());
    let bens = sent(stores, Purpose::Verify, "ben@example.org", 62).await;
    assert!(!stores.mailbox.verify(proof_id(&bens), ben.id, after(63)).await.unwrap(), "it is disabled");
    assert_is_open(stores, &bens).await;
    assert_eq!(stores.user(&ann).await, ann);
    let last = after(60) + LIFE - TimeDelta::microseconds(1);
    assert!(stores.mailbox.verify(proof_id(&newer), ann.id, last).await.unwrap());
}

pub async fn verifies_the_address_of_an_account_of_an_earlier_release(stores: &Stores) {
    let ann = User { email: kept_email("ann@münchen.example"), ..user("ann@example.org") };
    stores.keep(&ann).await;
    let mail = sent(stores, Purpose::Verify, "ann@xn--mnchen-3ya.example", 0).await;
    assert!(stores.mailbox.verify(proof_id(&mail), ann.id, after(1)).await.unwrap());
    let reset = sent(stores, Purpose::Reset, "ann@xn--mnchen-3ya.example", 1).await;
    let proven = stores.user(&ann).await.version();
    let changed = stores.users.change_password(ann.id, proven, &hash("new"), None, after(2), None).await;
    assert!(changed.unwrap().is_some());
    assert_is_void(stores, &reset, 2).await;
}

pub async fn verifies_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mail = sent(stores, Purpose::Verify, "ann@example.org", 0).await;
    let outcomes = together((0..32).map(|_| {
        let (mailbox, proof, user) = (stores.mailbox.clone(), proof_id(&mail), ann.id);
        async move { mailbox.verify(proof, user, after(1)).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.into_iter().filter(|verified| *verified).count(), 1);
    assert_eq!(stores.user(&ann).await.version, ann.version + 1);
}

pub async fn resets_a_password(stores: &Stores) {
    let ann = User { email_verified_at: Some(after(0)), ..user("ann@example.org") };
    stores.keep(&ann).await;
    let ben = stores.keep_new("ben@example.org").await;
    let (session, bens) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ben, 1).await);
    let ann = stores.user(&ann).await;
    let (verify, reset) =
        (sent(stores, Purpose::Verify, "ann@example.org", 2).await, sent(stores, Purpose::Reset, "ann@example.org", 2).await);
    let told = notice(&ann, 3);
    let ended = stores.mailbox.reset(proof_id(&reset), ann.id, ann.version(), &hash("new"), after(3), Some(&told)).await;
    assert_eq!(ended.unwrap(), Some(vec![session.id]));
    let renewed = User { password: Some(hash("new")), ..changed(&ann, 3) };
    assert_eq!(stores.user(&ann).await, renewed);
    assert_eq!((stores.live(&ann).await, stores.live(&ben).await), (vec![], vec![bens.id]));
    assert_is_spent(stores, &reset, 3).await;
    assert_is_void(stores, &verify, 3).await;
    assert_is_open(stores, &told).await;
    assert_eq!(stores.mails.find(told.id).await.unwrap().unwrap().mail, told);
}

pub async fn resets_only_the_account_that_was_proven(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mail = sent(stores, Purpose::Reset, "ann@example.org", 0).await;
    let told = notice(&ann, 3);
    for other in other_versions(&ann) {
        let reset = stores.mailbox.reset(proof_id(&mail), ann.id, other, &hash("new"), after(3), Some(&told)).await;
        assert_eq!(reset.unwrap(), None);
    }
    assert_eq!(stores.user(&ann).await, ann);
    assert_is_open(stores, &mail).await;
    assert_eq!(stores.mails.find(told.id).await.unwrap(), None);
}

pub async fn resets_no_password_with_another_proof(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let verify = sent(stores, Purpose::Verify, "ann@example.org", 0).await;
    let bens = sent(stores, Purpose::Reset, "ben@example.org", 0).await;
    let own = sent(stores, Purpose::Reset, "ann@example.org", 0).await;
    for (mail, at) in [(&verify, after(1)), (&bens, after(1)), (&own, after(0) + LIFE)] {
        let reset = stores.mailbox.reset(proof_id(mail), ann.id, ann.version(), &hash("new"), at, None).await;
        assert_eq!(reset.unwrap(), None);
        assert_is_open(stores, mail).await;
    }
    assert!(stores.disable(ben.id, after(1)).await.is_some());
    let (bens, ben) = (sent(stores, Purpose::Reset, "ben@example.org", 90).await, stores.user(&ben).await);
    assert_eq!(ben.state, AccountState::Disabled { since: after(1) });
    let reset = stores.mailbox.reset(proof_id(&bens), ben.id, ben.version(), &hash("new"), after(91), None).await;
    assert_eq!(reset.unwrap(), None);
    assert_eq!((stores.user(&ann).await, stores.user(&ben).await), (ann, ben));
}

/// Whoever registered the address first may not be its owner.
pub async fn forgets_networks_with_a_reset_of_what_was_never_verified(stores: &Stores) {
    for (address, verified) in [("ann@example.org", None), ("ben@example.org", Some(after(0)))] {
        let account = User { email_verified_at: verified, ..user(address) };
        stores.keep(&account).await;
        let network = session_from(&account, 1).context.network().unwrap();
        stores.begin(&session_from(&account, 1), account.version()).await;
        let mail = sent(stores, Purpose::Reset, address, 2).await;
        let reset = stores.mailbox.reset(proof_id(&mail), account.id, account.version(), &hash("new"), after(3), None).await;
        assert!(reset.unwrap().is_some());
        assert_eq!(stores.user(&account).await.email_verified_at, Some(verified.unwrap_or(after(3))));
        let seen = stores.attempts.network_seen_at(account.id, network).await.unwrap();
        assert_eq!(seen, verified.map(|_| after(1)));
    }
}

pub async fn resets_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let mail = sent(stores, Purpose::Reset, "ann@example.org", 2).await;
    let outcomes = together((0..32).map(|racer| {
        let (mailbox, proof, ann, new) = (stores.mailbox.clone(), proof_id(&mail), ann.clone(), hash(&format!("racer {racer}")));
        async move {
            let reset = mailbox.reset(proof, ann.id, ann.version(), &new, after(3), None).await.unwrap();
            reset.map(|ended| (new, ended))
        }
    }))
    .await;
    let winners: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(winners, [(stores.user(&ann).await.password.unwrap(), vec![session.id])]);
}
