//! What every [`Outbox`](crate::mail::ports::Outbox) keeps of leases.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a clause is a test: an outage fails it")]

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::outbox::{entry, queue};
use crate::mail::{
    message::MailId,
    outbox::{Lease, MailState, Settled},
};
use crate::testkit::{
    fixtures::{Stores, together},
    samples::{after, id},
};

/// A lease for a minute, by somebody new.
pub(super) fn lease(seconds: i64) -> Lease {
    Lease { owner: id(), until: after(seconds + 60) }
}

/// What somebody new takes.
pub(super) async fn take(stores: &Stores, seconds: i64) -> Vec<MailId> {
    let taken = stores.outbox.lease(lease(seconds), after(seconds), 100).await.unwrap();
    taken.iter().map(|entry| entry.mail.id).collect()
}

pub async fn takes_what_is_due_the_longest_due_first(stores: &Stores) {
    let mails = queue(stores, 5).await;
    let ids: Vec<_> = mails.iter().map(|mail| mail.id).collect();
    let taken = stores.outbox.lease(lease(3), after(3), 2).await.unwrap();
    assert_eq!(taken.iter().map(|entry| &entry.mail).collect::<Vec<_>>(), mails.iter().take(2).collect::<Vec<_>>());
    assert!(taken.iter().all(|entry| (entry.state, entry.attempts) == (MailState::Waiting, 0)));
    assert_eq!(take(stores, 3).await, ids[2..4], "the last one's time has not come");
    assert_eq!(take(stores, 4).await, ids[4..]);
    assert_eq!(take(stores, 4).await, []);
}

pub async fn takes_a_mail_again_when_its_time_has_come(stores: &Stores) {
    let mails = queue(stores, 2).await;
    let held = lease(5);
    assert_eq!(stores.outbox.lease(held, after(5), 9).await.unwrap().len(), 2);
    for (mail, at) in mails.iter().zip([after(40), after(35)]) {
        let later = Settled::Again { at, why: "450 later".to_owned() };
        assert!(stores.outbox.settle(mail.id, held.owner, &later, after(6)).await.unwrap());
    }
    assert_eq!(take(stores, 34).await, []);
    let held = lease(50);
    let taken = stores.outbox.lease(held, after(50), 9).await.unwrap();
    assert_eq!(taken.iter().map(|entry| entry.mail.id).collect::<Vec<_>>(), [mails[1].id, mails[0].id]);
    assert!(taken.iter().all(|entry| entry.attempts == 1));
}

pub async fn takes_nothing_that_somebody_holds(stores: &Stores) {
    let mails = queue(stores, 1).await;
    let held = lease(5);
    assert_eq!(stores.outbox.lease(held, after(5), 9).await.unwrap().len(), 1);
    assert_eq!(stores.outbox.lease(held, after(6), 9).await.unwrap(), [], "not even its holder");
    let last = held.until - TimeDelta::microseconds(1);
    assert_eq!(stores.outbox.lease(lease(6), last, 9).await.unwrap(), []);
    let heir = lease(90);
    assert_eq!(stores.outbox.lease(heir, held.until, 9).await.unwrap().len(), 1, "its holder was not heard of");
    assert!(!stores.outbox.settle(mails[0].id, held.owner, &Settled::Sent, held.until).await.unwrap());
    assert_eq!(entry(stores, &mails[0]).await.state, MailState::Waiting);
    stores.outbox.release(held.owner).await.unwrap();
    assert_eq!(take(stores, 80).await, [], "the former holder releases nothing of another's");
    assert!(stores.outbox.settle(mails[0].id, heir.owner, &Settled::Sent, after(91)).await.unwrap());
}

pub async fn gives_back_what_was_not_tried(stores: &Stores) {
    let mails = queue(stores, 4).await;
    let (one, other) = (lease(5), lease(5));
    assert_eq!(stores.outbox.lease(one, after(5), 2).await.unwrap().len(), 2);
    assert_eq!(stores.outbox.lease(other, after(5), 2).await.unwrap().len(), 2);
    assert!(stores.outbox.settle(mails[0].id, one.owner, &Settled::Sent, after(6)).await.unwrap());
    stores.outbox.release(one.owner).await.unwrap();
    assert_eq!(take(stores, 6).await, [mails[1].id]);
    let back = entry(stores, &mails[1]).await;
    assert_eq!((back.attempts, back.next_attempt_at), (0, mails[1].created_at), "it was no attempt");
    assert!(!stores.outbox.settle(mails[1].id, one.owner, &Settled::Sent, after(6)).await.unwrap());
}

pub async fn lets_only_the_holder_settle(stores: &Stores) {
    let mails = queue(stores, 1).await;
    let (held, before) = (lease(5), entry(stores, &mails[0]).await);
    assert!(!stores.outbox.settle(mails[0].id, held.owner, &Settled::Sent, after(5)).await.unwrap(), "nobody holds it");
    assert_eq!(stores.outbox.lease(held, after(5), 9).await.unwrap().len(), 1);
    assert!(!stores.outbox.settle(mails[0].id, id(), &Settled::Dropped, after(5)).await.unwrap());
    assert_eq!(entry(stores, &mails[0]).await, before);
    // Late, but nobody else has taken it.
    assert!(stores.outbox.settle(mails[0].id, held.owner, &Settled::Sent, held.until + TimeDelta::hours(1)).await.unwrap());
    assert!(!stores.outbox.settle(mails[0].id, held.owner, &Settled::Sent, after(6)).await.unwrap(), "it is settled already");
}

pub async fn gives_each_mail_to_one_of_many_senders(stores: &Stores) {
    let ids: BTreeSet<_> = queue(stores, 60).await.iter().map(|mail| mail.id).collect();
    let senders = together((0..8).map(|_| {
        let outbox = stores.outbox.clone();
        async move {
            let (held, mut sent) = (lease(99), Vec::new());
            loop {
                let taken = outbox.lease(held, after(99), 5).await.unwrap();
                if taken.is_empty() {
                    return sent;
                }
                for entry in taken {
                    assert!(outbox.settle(entry.mail.id, held.owner, &Settled::Sent, after(99)).await.unwrap());
                    sent.push(entry.mail.id);
                }
            }
        }
    }))
    .await;
    let sent: Vec<_> = senders.into_iter().flatten().collect();
    assert_eq!((sent.len(), sent.into_iter().collect::<BTreeSet<_>>()), (60, ids));
}
