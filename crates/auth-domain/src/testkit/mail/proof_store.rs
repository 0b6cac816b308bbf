//! What every [`ProofStore`](crate::mail::ports::ProofStore) keeps; of codes, see `proof_codes`.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::{DateTime, TimeDelta, Utc};

use super::samples::{LIFE, asked, asked_by, notice, proof_id, registration};
use crate::accounts::ports::Edited;
use crate::identity::{administrator::LastAdministrator, editable::Editable};
use crate::testkit::samples::user;
use crate::testkit::{
    fixtures::{Stores, together},
    samples::{PASSWORD, after, email, hash, kept_email, start},
};
use crate::{
    identity::language::Language,
    mail::{
        message::Outgoing,
        outbox::MailState,
        ports::{Registration, Requested},
        proof::{Proof, Purpose},
    },
};

/// One test per clause: `proof_store_contract!(fixture)` or `proof_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! proof_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::proof_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; mail::proof_store:
            keeps_a_proof_and_its_mail_as_they_are,
            finds_no_proof_that_nobody_asked_for,
            voids_the_older_proof_of_the_same_purpose_alone,
            gives_an_address_a_mail_a_minute_for_each_purpose,
            gives_an_address_five_mails_an_hour,
            changes_nothing_for_what_it_suppresses,
            counts_an_address_in_whatever_spelling,
            gives_one_mail_to_those_who_ask_at_once,
            gives_a_later_mail_to_one_of_those_who_ask_at_once,
            writes_as_much_for_an_unknown_address,
            keeps_the_newest_registration,
            keeps_no_registration_without_its_mail,
            keeps_a_registration_as_long_as_its_newest_proof,
            deletes_what_is_long_over,
            finds_what_of_an_account_may_still_be_used,
        }
        $crate::clauses! { $attributes $fresh; mail::proof_codes:
            gives_the_newest_proof_for_a_code,
            gives_none_for_a_code_of_what_cannot_be_used,
            tells_the_accounts_apart_that_ask_for_one_address,
            gives_five_tries_and_takes_back_what_was_right,
            gives_no_more_tries_however_many_guess_at_once,
        }
    };
    ($fresh:expr) => {
        $crate::proof_store_contract!(@all [] $fresh);
    };
}

pub(super) async fn request(stores: &Stores, mail: &Outgoing) -> Requested {
    stores.proofs.request(mail, None).await.unwrap()
}

pub(super) async fn proof(stores: &Stores, mail: &Outgoing) -> Proof {
    stores.proofs.find(proof_id(mail)).await.unwrap().unwrap()
}

async fn voided_at(stores: &Stores, mail: &Outgoing) -> Option<DateTime<Utc>> {
    proof(stores, mail).await.voided_at
}

pub async fn keeps_a_proof_and_its_mail_as_they_are(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let micro = TimeDelta::microseconds(1);
    let change = asked_by(&ann, "o'hara+tag@xn--mnchen-3ya.example", 3);
    let change = Outgoing { language: Some(Language::Chinese), expires_at: change.expires_at + micro, ..change };
    assert_eq!(request(stores, &change).await, Requested::Queued);
    assert_eq!(stores.proofs.find(proof_id(&change)).await.unwrap(), change.proof);
    let entry = stores.mails.find(change.id).await.unwrap().unwrap();
    assert_eq!((entry.state, entry.attempts, entry.next_attempt_at), (MailState::Waiting, 0, change.created_at));
    assert_eq!((entry.last_error, entry.done_at, entry.mail), (None, None, change));
}

pub async fn finds_no_proof_that_nobody_asked_for(stores: &Stores) {
    let mail = asked(Purpose::Verify, "ann@example.org", 0);
    assert_eq!(stores.proofs.find(proof_id(&mail)).await.unwrap(), None);
    assert_eq!(stores.mails.find(mail.id).await.unwrap(), None);
    assert_eq!(stores.proofs.registration(&mail.to).await.unwrap(), None);
}

pub async fn voids_the_older_proof_of_the_same_purpose_alone(stores: &Stores) {
    let ann = "ann@example.org";
    let (older, other) = (asked(Purpose::Reset, ann, 0), asked(Purpose::Verify, ann, 0));
    let bens = asked(Purpose::Reset, "ben@example.org", 0);
    let newer = asked(Purpose::Reset, ann, 60);
    for mail in [&older, &other, &bens, &newer] {
        assert_eq!(request(stores, mail).await, Requested::Queued);
    }
    assert_eq!(voided_at(stores, &older).await, Some(after(60)));
    for open in [&other, &bens, &newer] {
        assert_eq!(stores.proofs.find(proof_id(open)).await.unwrap(), open.proof);
    }
    let last = asked(Purpose::Reset, ann, 120);
    assert_eq!(request(stores, &last).await, Requested::Queued);
    assert_eq!(voided_at(stores, &older).await, Some(after(60)), "it was voided already");
}

pub async fn gives_an_address_a_mail_a_minute_for_each_purpose(stores: &Stores) {
    for purpose in [Purpose::Verify, Purpose::Reset, Purpose::Change] {
        for (seconds, outcome) in [(0, Requested::Queued), (0, Requested::Suppressed), (59, Requested::Suppressed)] {
            assert_eq!(request(stores, &asked(purpose, "ann@example.org", seconds)).await, outcome, "{purpose:?} {seconds}");
        }
        assert_eq!(request(stores, &asked(purpose, "ann@example.org", 60)).await, Requested::Queued);
        assert_eq!(request(stores, &asked(purpose, "ben@example.org", 60)).await, Requested::Queued);
    }
}

pub async fn gives_an_address_five_mails_an_hour(stores: &Stores) {
    let mut times = Vec::new();
    for minute in 0..121 {
        if request(stores, &asked(Purpose::Reset, "ann@example.org", 60 * minute)).await == Requested::Queued {
            times.push(minute);
        }
    }
    assert_eq!(times, [0, 1, 2, 3, 4, 60, 61, 62, 63, 64, 120]);
}

pub async fn changes_nothing_for_what_it_suppresses(stores: &Stores) {
    let (first, second) = (asked(Purpose::Verify, "ann@example.org", 0), asked(Purpose::Verify, "ann@example.org", 1));
    let registered = registration("ann@example.org", PASSWORD, 0);
    assert_eq!(stores.proofs.request(&first, Some(&registered)).await.unwrap(), Requested::Queued);
    let other = registration("ann@example.org", "somebody else's", 1);
    assert_eq!(stores.proofs.request(&second, Some(&other)).await.unwrap(), Requested::Suppressed);
    assert_eq!(stores.proofs.find(proof_id(&first)).await.unwrap(), first.proof);
    assert_eq!(stores.proofs.find(proof_id(&second)).await.unwrap(), None);
    assert_eq!(stores.mails.find(second.id).await.unwrap(), None);
    assert_eq!(stores.proofs.registration(&registered.address).await.unwrap(), Some(registered));
    let third = asked(Purpose::Verify, "ann@example.org", 60);
    assert_eq!(request(stores, &third).await, Requested::Queued, "what was suppressed did not count");
}

/// An account of an earlier release gets mails to its own spelling, and is asked for in the canonical one.
pub async fn counts_an_address_in_whatever_spelling(stores: &Stores) {
    let canonical = asked(Purpose::Reset, "ann@xn--mnchen-3ya.example", 0);
    let former = |seconds| {
        let mail = asked(Purpose::Reset, "ann@example.org", seconds);
        let address = kept_email("ann@münchen.example");
        Outgoing { to: address.clone(), proof: mail.proof.map(|proof| Proof { address, ..proof }), ..mail }
    };
    assert_eq!(request(stores, &canonical).await, Requested::Queued);
    assert_eq!(request(stores, &former(1)).await, Requested::Suppressed);
    assert_eq!(request(stores, &former(60)).await, Requested::Queued);
    assert_eq!(voided_at(stores, &canonical).await, Some(after(60)));
}

async fn race(stores: &Stores, racers: i64, seconds: i64) -> Vec<Outgoing> {
    let racers: Vec<_> = (0..racers).map(|racer| asked(Purpose::Reset, "ann@example.org", seconds + racer % 2)).collect();
    let outcomes = together(racers.clone().into_iter().map(|mail| {
        let proofs = stores.proofs.clone();
        async move { proofs.request(&mail, None).await.unwrap() }
    }))
    .await;
    let won = racers.into_iter().zip(outcomes).filter(|(_, outcome)| *outcome == Requested::Queued);
    won.map(|(mail, _)| mail).collect()
}

pub async fn gives_one_mail_to_those_who_ask_at_once(stores: &Stores) {
    let won = race(stores, 32, 0).await;
    assert_eq!(won.len(), 1);
    let all = stores.mails.list(None, None, 100).await.unwrap();
    assert_eq!(all.into_iter().map(|entry| entry.mail).collect::<Vec<_>>(), won);
}

pub async fn gives_a_later_mail_to_one_of_those_who_ask_at_once(stores: &Stores) {
    let first = asked(Purpose::Reset, "ann@example.org", -100);
    assert_eq!(request(stores, &first).await, Requested::Queued);
    assert_eq!(race(stores, 32, 0).await.len(), 1);
    assert!(voided_at(stores, &first).await.is_some());
    assert_eq!(stores.mails.list(None, None, 100).await.unwrap().len(), 2);
}

pub async fn writes_as_much_for_an_unknown_address(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let ben = stores.keep_new("ben@example.org").await;
    assert!(stores.disable(ben.id, after(1)).await.is_some());
    let mut kept = Vec::new();
    for address in ["ann@example.org", "ben@example.org", "nobody@example.org"] {
        let mail = asked(Purpose::Reset, address, 2);
        let registered = registration(address, PASSWORD, 2);
        assert_eq!(stores.proofs.request(&mail, Some(&registered)).await.unwrap(), Requested::Queued);
        let entry = stores.mails.find(mail.id).await.unwrap().unwrap();
        let registered = stores.proofs.registration(&mail.to).await.unwrap().unwrap();
        kept.push((entry.mail.occasion, entry.state, entry.mail.proof.unwrap().user, registered.password));
        assert_eq!(request(stores, &asked(Purpose::Reset, address, 3)).await, Requested::Suppressed);
    }
    assert!(kept.windows(2).all(|pair| pair.first() == pair.last()), "{kept:?}");
    assert_eq!(stores.user(&ann).await, ann);
}

pub async fn keeps_the_newest_registration(stores: &Stores) {
    let registrations = [
        Registration { language: Some(Language::German), ..registration("ann@example.org", PASSWORD, 0) },
        registration("ann@example.org", "another", 60),
        Registration { language: Some(Language::French), ..registration("ann@example.org", "the last", 120) },
    ];
    for (registered, seconds) in registrations.iter().zip([0, 60, 120]) {
        let mail = asked(Purpose::Verify, "ann@example.org", seconds);
        assert_eq!(stores.proofs.request(&mail, Some(registered)).await.unwrap(), Requested::Queued);
        assert_eq!(stores.proofs.registration(&mail.to).await.unwrap().as_ref(), Some(registered));
    }
    let again = asked(Purpose::Verify, "ann@example.org", 180);
    assert_eq!(request(stores, &again).await, Requested::Queued);
    assert_eq!(stores.proofs.registration(&again.to).await.unwrap().as_ref(), registrations.last(), "another mail, no other");
    assert_eq!(stores.proofs.registration(&email("ben@example.org")).await.unwrap(), None);
    assert_eq!(stores.users.find_by_email(&again.to).await.unwrap(), None, "it is no account");
}

pub async fn keeps_no_registration_without_its_mail(stores: &Stores) {
    assert_eq!(request(stores, &asked(Purpose::Verify, "ann@example.org", 0)).await, Requested::Queued);
    let (late, registered) = (asked(Purpose::Verify, "ann@example.org", 1), registration("ann@example.org", PASSWORD, 1));
    assert_eq!(stores.proofs.request(&late, Some(&registered)).await.unwrap(), Requested::Suppressed);
    assert_eq!(stores.proofs.registration(&late.to).await.unwrap(), None);
}

pub async fn keeps_a_registration_as_long_as_its_newest_proof(stores: &Stores) {
    for (address, asks_again) in [("ann@example.org", true), ("ben@example.org", false)] {
        let (mail, registered) = (asked(Purpose::Verify, address, 0), registration(address, PASSWORD, 0));
        assert_eq!(stores.proofs.request(&mail, Some(&registered)).await.unwrap(), Requested::Queued);
        // A proof of another purpose keeps nothing.
        assert_eq!(request(stores, &asked(Purpose::Reset, address, 7200)).await, Requested::Queued);
        if asks_again {
            assert_eq!(request(stores, &asked(Purpose::Verify, address, 3600)).await, Requested::Queued);
        }
    }
    let mut kept = Vec::new();
    for minutes in [30, 90] {
        let _gone = stores.proofs.prune(after(60 * minutes) + LIFE, 100).await.unwrap();
        for address in ["ann@example.org", "ben@example.org"] {
            kept.push(stores.proofs.registration(&email(address)).await.unwrap().is_some());
        }
    }
    assert_eq!(kept, [true, false, false, false]);
}

pub async fn deletes_what_is_long_over(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let link = notice(&ann, 0);
    let changed = stores.users.change_password(ann.id, ann.version(), &hash("new"), None, after(0), Some(&link)).await;
    assert!(changed.unwrap().is_some());
    let (old, new) = (asked(Purpose::Verify, "ann@example.org", 0), asked(Purpose::Verify, "ben@example.org", 10));
    for mail in [&old, &new] {
        let registered = registration(mail.to.as_str(), PASSWORD, 0);
        assert_eq!(stores.proofs.request(mail, Some(&registered)).await.unwrap(), Requested::Queued);
    }
    // The allowances first, since they are the oldest.
    assert_eq!(stores.proofs.prune(start(), 100).await.unwrap(), 0);
    assert_eq!(stores.proofs.prune(after(5), 100).await.unwrap(), 1);
    assert_eq!(
        request(stores, &asked(Purpose::Verify, "ann@example.org", 30)).await,
        Requested::Queued,
        "nothing counts any more"
    );
    assert_eq!(request(stores, &asked(Purpose::Verify, "ben@example.org", 30)).await, Requested::Suppressed);
    let gone = stores.proofs.prune(after(5) + LIFE, 100).await.unwrap();
    assert_eq!(gone, 3, "a proof and both allowances");
    assert_eq!(stores.proofs.find(proof_id(&old)).await.unwrap(), None);
    assert!(stores.proofs.registration(&old.to).await.unwrap().is_some(), "it has a newer proof");
    assert_eq!(stores.proofs.find(proof_id(&new)).await.unwrap(), new.proof);
    assert!(stores.proofs.registration(&new.to).await.unwrap().is_some());
    assert!(stores.proofs.find(proof_id(&link)).await.unwrap().is_some(), "an undo link lives longer");
    let entry = stores.mails.find(old.id).await.unwrap().unwrap();
    assert_eq!(entry.mail, Outgoing { proof: None, ..old });
    for seconds in 0..3 {
        assert_eq!(
            request(stores, &asked(Purpose::Reset, &format!("cid{seconds}@example.org"), seconds)).await,
            Requested::Queued
        );
    }
    assert_eq!(stores.proofs.prune(after(100), 2).await.unwrap(), 2, "at most as many as it is told");
}

pub async fn finds_what_of_an_account_may_still_be_used(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let [first, second, bens] = [notice(&ann, 2), notice(&ann, 1), notice(&ben, 1)];
    for (owner, mail) in [(&ann, &first), (&ann, &second), (&ben, &bens)] {
        let from = Editable::from(&stores.user(owner).await);
        let to = Editable { profile: format!(r#"{{"at":"{}"}}"#, mail.created_at).parse().unwrap(), ..from.clone() };
        let keep = LastAdministrator::MayGo;
        let stored = stores.directory.edit(owner.id, &from, &to, keep, after(3), Some(mail)).await.unwrap();
        assert!(matches!(stored, Edited::Yes { .. }));
    }
    let [first, second] = [first, second].map(|mail| mail.proof.unwrap());
    assert_eq!(stores.proofs.open(ann.id, after(4)).await.unwrap(), [second, first.clone()]);
    assert_eq!(stores.proofs.open(ann.id, first.expires_at).await.unwrap(), []);
    assert_eq!(stores.proofs.open(user("cid@example.org").id, after(4)).await.unwrap(), []);
}
