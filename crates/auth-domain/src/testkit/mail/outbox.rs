//! What every [`Outbox`](crate::mail::ports::Outbox) and [`OutboxAdmin`](crate::mail::ports::OutboxAdmin) keeps; of leases, see
//! `outbox_lease`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use super::{
    outbox_lease::{lease, take},
    samples::{asked, notice, proof_id},
};
use crate::mail::{
    message::{MailId, Outgoing},
    outbox::{Backlog, ERROR_MAX_CHARS, Entry, MailState, Settled},
    ports::Requested,
    proof::Purpose,
};
use crate::testkit::{
    fixtures::Stores,
    samples::{after, hash, id},
};

/// One test per clause: `outbox_contract!(fixture)` or `outbox_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! outbox_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::outbox_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; mail::outbox:
            remembers_what_became_of_a_mail,
            keeps_a_mail_servers_words_in_bounds,
            tells_how_much_waits,
            lists_the_newest_first,
            lists_one_state_alone,
            finds_a_mail_with_its_proof_as_it_is_now,
            lets_a_mail_be_tried_again,
            deletes_mails_that_were_done_long_ago,
        }
        $crate::clauses! { $attributes $fresh; mail::outbox_lease:
            takes_what_is_due_the_longest_due_first,
            takes_a_mail_again_when_its_time_has_come,
            takes_nothing_that_somebody_holds,
            gives_back_what_was_not_tried,
            lets_only_the_holder_settle,
            gives_each_mail_to_one_of_many_senders,
        }
    };
    ($fresh:expr) => {
        $crate::outbox_contract!(@all [] $fresh);
    };
}

/// So many mails, a second apart.
pub(super) async fn queue(stores: &Stores, count: i64) -> Vec<Outgoing> {
    let mut mails = Vec::new();
    for number in 0..count {
        let mail = asked(Purpose::Reset, &format!("ann{number}@example.org"), number);
        assert_eq!(stores.proofs.request(&mail, None).await.unwrap(), Requested::Queued);
        mails.push(mail);
    }
    mails
}

pub(super) async fn entry(stores: &Stores, mail: &Outgoing) -> Entry {
    stores.mails.find(mail.id).await.unwrap().unwrap()
}

async fn settled(stores: &Stores, mail: &Outgoing, outcome: Settled, seconds: i64) -> Entry {
    let lease = lease(seconds);
    let taken = stores.outbox.lease(lease, after(seconds), 100).await.unwrap();
    assert!(taken.iter().any(|entry| entry.mail.id == mail.id));
    assert!(stores.outbox.settle(mail.id, lease.owner, &outcome, after(seconds)).await.unwrap());
    stores.outbox.release(lease.owner).await.unwrap();
    entry(stores, mail).await
}

fn again(seconds: i64) -> Settled {
    Settled::Again { at: after(seconds), why: "450 later".to_owned() }
}

fn dead() -> Settled {
    Settled::Dead { why: "550 no such user".to_owned() }
}

pub async fn remembers_what_became_of_a_mail(stores: &Stores) {
    let mails = queue(stores, 4).await;
    let [sent, dropped, refused, late] = mails.as_slice() else { panic!("four were queued") };
    let fresh = entry(stores, sent).await;
    let (before, error) = (Entry { attempts: 1, done_at: Some(after(10)), ..fresh }, |why: &str| Some(why.to_owned()));
    assert_eq!(settled(stores, sent, Settled::Sent, 10).await, Entry { state: MailState::Sent, ..before });
    let entry = settled(stores, dropped, Settled::Dropped, 11).await;
    assert_eq!((entry.state, entry.attempts, entry.done_at), (MailState::Dropped, 0, Some(after(11))), "nobody tried it");
    let entry = settled(stores, refused, dead(), 12).await;
    assert_eq!((entry.state, entry.attempts, entry.done_at), (MailState::Dead, 1, Some(after(12))));
    assert_eq!(entry.last_error, error("550 no such user"));
    let entry = settled(stores, late, again(50), 13).await;
    assert_eq!((entry.state, entry.attempts, entry.done_at), (MailState::Waiting, 1, None));
    assert_eq!((entry.next_attempt_at, entry.last_error), (after(50), error("450 later")));
    let entry = settled(stores, late, Settled::Sent, 50).await;
    assert_eq!((entry.state, entry.attempts, entry.last_error), (MailState::Sent, 2, None));
    assert_eq!(take(stores, 1_000).await, [], "nothing waits any more");
}

pub async fn keeps_a_mail_servers_words_in_bounds(stores: &Stores) {
    let mails = queue(stores, 1).await;
    let why = format!("421 \0\r\n\u{1b}[31m ünïcode 🦀 {}", "x".repeat(2 * ERROR_MAX_CHARS));
    let entry = settled(stores, &mails[0], Settled::Again { at: after(9), why }, 1).await;
    let kept = entry.last_error.unwrap();
    assert!(kept.starts_with("421 [31m ünïcode 🦀 xxx"), "{kept}");
    assert_eq!(kept.chars().count(), ERROR_MAX_CHARS);
}

pub async fn tells_how_much_waits(stores: &Stores) {
    assert_eq!(stores.outbox.backlog().await.unwrap(), Backlog::default());
    let mails = queue(stores, 4).await;
    let waits = |waiting, dead, oldest| Backlog { waiting, dead, oldest };
    assert_eq!(stores.outbox.backlog().await.unwrap(), waits(4, 0, Some(after(0))));
    settled(stores, &mails[0], dead(), 10).await;
    settled(stores, &mails[1], Settled::Sent, 11).await;
    settled(stores, &mails[2], again(50), 12).await;
    assert_eq!(stores.outbox.backlog().await.unwrap(), waits(2, 1, Some(after(2))), "a later try makes no mail younger");
}

async fn listed(stores: &Stores, state: Option<MailState>, after: Option<MailId>, limit: u32) -> Vec<MailId> {
    stores.mails.list(state, after, limit).await.unwrap().iter().map(|entry| entry.mail.id).collect()
}

pub async fn lists_the_newest_first(stores: &Stores) {
    let mut ids: Vec<_> = queue(stores, 5).await.iter().map(|mail| mail.id).collect();
    ids.reverse();
    assert_eq!(listed(stores, None, None, 9).await, ids);
    assert_eq!(listed(stores, None, None, 2).await, ids[..2]);
    assert_eq!(listed(stores, None, Some(ids[1]), 2).await, ids[2..4]);
    assert_eq!(listed(stores, None, Some(ids[4]), 2).await, []);
}

pub async fn lists_one_state_alone(stores: &Stores) {
    let mails = queue(stores, 4).await;
    settled(stores, &mails[1], dead(), 10).await;
    settled(stores, &mails[3], dead(), 11).await;
    assert_eq!(listed(stores, Some(MailState::Dead), None, 9).await, [mails[3].id, mails[1].id]);
    assert_eq!(listed(stores, Some(MailState::Dead), Some(mails[3].id), 9).await, [mails[1].id]);
    assert_eq!(listed(stores, Some(MailState::Waiting), None, 9).await, [mails[2].id, mails[0].id]);
    assert_eq!(listed(stores, Some(MailState::Sent), None, 9).await, []);
}

pub async fn finds_a_mail_with_its_proof_as_it_is_now(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (link, reset) = (notice(&ann, 1), asked(Purpose::Reset, "ann@example.org", 0));
    assert_eq!(stores.proofs.request(&reset, None).await.unwrap(), Requested::Queued);
    let changed = stores.users.change_password(ann.id, ann.version(), &hash("new"), None, after(1), Some(&link)).await;
    assert!(changed.unwrap().is_some());
    assert_eq!(entry(stores, &reset).await.mail.proof.unwrap().voided_at, Some(after(1)));
    assert_eq!(entry(stores, &link).await.mail, link);
    assert!(stores.delete(ann.id, None, after(2)).await);
    assert_eq!(stores.proofs.find(proof_id(&link)).await.unwrap(), None);
    let left = stores.mails.list(None, None, 9).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|entry| entry.mail.proof.map(|proof| proof.id)).collect();
    assert_eq!(left, [Some(proof_id(&reset)), None], "a mail outlives its proof");
}

pub async fn lets_a_mail_be_tried_again(stores: &Stores) {
    let mails = queue(stores, 4).await;
    settled(stores, &mails[0], dead(), 10).await;
    settled(stores, &mails[1], again(9_000), 11).await;
    settled(stores, &mails[2], Settled::Sent, 12).await;
    settled(stores, &mails[3], Settled::Dropped, 13).await;
    for (mail, is_tried) in mails.iter().zip([true, true, false, false]) {
        assert_eq!(stores.mails.retry(mail.id, after(20)).await.unwrap(), is_tried);
    }
    assert!(!stores.mails.retry(MailId(id()), after(20)).await.unwrap());
    let revived = entry(stores, &mails[0]).await;
    assert_eq!((revived.state, revived.attempts, revived.done_at), (MailState::Waiting, 1, None));
    let held = lease(20);
    let taken = stores.outbox.lease(held, after(20), 9).await.unwrap();
    assert_eq!(taken.iter().map(|entry| entry.mail.id).collect::<Vec<_>>(), [mails[0].id, mails[1].id]);
    // Who tries it now goes on: it is not sent twice.
    assert!(stores.mails.retry(mails[0].id, after(21)).await.unwrap());
    assert_eq!(take(stores, 22).await, []);
    assert!(stores.outbox.settle(mails[0].id, held.owner, &Settled::Sent, after(23)).await.unwrap());
}

pub async fn deletes_mails_that_were_done_long_ago(stores: &Stores) {
    let mails = queue(stores, 5).await;
    for (mail, (outcome, seconds)) in
        mails.iter().zip([(Settled::Sent, 10), (dead(), 11), (Settled::Dropped, 12), (Settled::Sent, 13)])
    {
        settled(stores, mail, outcome, seconds).await;
    }
    assert_eq!(stores.mails.prune(after(10), 9).await.unwrap(), 0);
    assert_eq!(stores.mails.prune(after(13), 2).await.unwrap(), 2, "at most as many as it is told");
    assert_eq!(stores.mails.prune(after(13), 9).await.unwrap(), 1);
    assert_eq!(stores.mails.prune(after(99) + TimeDelta::days(999), 9).await.unwrap(), 1);
    assert_eq!(listed(stores, None, None, 9).await, [mails[4].id], "what waits is not over");
}
