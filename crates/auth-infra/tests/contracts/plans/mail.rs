//! The queries of mails, proofs, and of what proofs change.

use auth_domain::{
    accounts::ports::UserStore,
    identity::{
        ids::UserId,
        user::{PendingEmail, User},
    },
    mail::{
        outbox::{Lease, MailState, Settled},
        ports::{Outbox, OutboxAdmin, ProofStore, Requested},
        proof::{ProofId, Purpose},
    },
    mailbox::ports::{Completed, Confirmed, MailboxStore},
    testkit::{
        mail::samples::{asked, asked_by, notice, proof_id, registration},
        samples::{after, email, hash, id, user},
    },
};
use auth_infra::db::{DieselMailbox, DieselOutbox, DieselProofs, DieselUsers};
use chrono::{DateTime, Utc};

use super::{at, uuid};

/// Seconds after the samples' start that are as long after the seeded rows as the server's now.
pub(super) const LATE: i64 = 1_600_000;

pub(super) async fn prove_mailboxes(proofs: &DieselProofs) {
    let now = after(LATE);
    for (address, outcome) in [("user00000050@example.org", Requested::Queued), ("x@example.org", Requested::Queued)] {
        let mail = asked(Purpose::Reset, address, LATE);
        assert_eq!(proofs.request(&mail, Some(&registration(address, "x", LATE))).await.unwrap(), outcome);
        assert_eq!(proofs.find(proof_id(&mail)).await.unwrap(), mail.proof);
        assert!(proofs.try_code(Purpose::Reset, &mail.to, None, now).await.unwrap().is_some());
        assert_eq!(proofs.try_code(Purpose::Change, &mail.to, Some(UserId(id())), now).await.unwrap(), None);
        proofs.take_back_try(proof_id(&mail)).await.unwrap();
        assert!(proofs.registration(&mail.to).await.unwrap().is_some());
    }
    assert!(proofs.prune(at("2026-01-03T00:00:00Z"), 5).await.unwrap() >= 12);
}

pub(super) async fn send_mails(outbox: &DieselOutbox) {
    let now = after(LATE);
    let lease = Lease { owner: id(), until: after(LATE + 120) };
    let taken = outbox.lease(lease, now, 20).await.unwrap();
    assert_eq!(taken.len(), 20);
    let outcomes = [Settled::Sent, Settled::Again { at: after(LATE + 30), why: "later".to_owned() }];
    for (entry, outcome) in taken.iter().zip(&outcomes) {
        assert!(outbox.settle(entry.mail.id, lease.owner, outcome, now).await.unwrap());
    }
    outbox.release(lease.owner).await.unwrap();
    assert!(outbox.backlog().await.unwrap().waiting > 4_000);
    for state in [None, Some(MailState::Dead)] {
        for after in [None, Some(uuid(10_000).parse().unwrap())] {
            assert_eq!(outbox.list(state, after, 20).await.unwrap().len(), 20);
        }
    }
    let dead = outbox.list(Some(MailState::Dead), None, 1).await.unwrap().remove(0);
    assert_eq!(outbox.find(dead.mail.id).await.unwrap(), Some(dead.clone()));
    assert!(outbox.retry(dead.mail.id, now).await.unwrap());
    assert!(outbox.prune(at("2026-01-03T00:00:00Z"), 5).await.unwrap() > 0);
}

pub(super) async fn spend_proofs(mailbox: &DieselMailbox, users: &DieselUsers, now: DateTime<Utc>) {
    let account = users.find(uuid(90).parse().unwrap()).await.unwrap().unwrap();
    let (own, other) = (email("user00000090@example.org"), email("user00000091@example.org"));
    assert!(!mailbox.is_taken(&own, Some(account.id), now).await.unwrap() && mailbox.is_taken(&other, None, now).await.unwrap());
    let spent: ProofId = uuid(90).parse().unwrap();
    assert!(!mailbox.verify(spent, account.id, now).await.unwrap());
    let new = hash("y");
    let change = asked_by(&account, "next@example.org", LATE);
    let pending = PendingEmail { address: change.to.clone(), until: change.expires_at };
    let asked_for = mailbox.request_change(account.id, &pending, &change, None).await.unwrap();
    assert_eq!(asked_for, Requested::Queued);
    let account = users.find(account.id).await.unwrap().unwrap();
    let told = notice(&account, LATE);
    let moved = mailbox.confirm_change(proof_id(&change), account.id, account.version(), after(LATE), Some(&told)).await;
    assert_eq!(moved.unwrap(), Confirmed::Yes);
    let reset = asked(Purpose::Reset, "user00000090@example.org", LATE);
    let undone = mailbox.undo(proof_id(&told), after(LATE + 1), &reset).await.unwrap().unwrap();
    assert_eq!(undone.user.email, own);
    let ended = mailbox.reset(proof_id(&reset), undone.user.id, undone.user.version(), &new, after(LATE + 2), None).await;
    assert_eq!(ended.unwrap(), Some(vec![]));
    let newcomer = User { updated_at: now, ..user("newcomer@example.org") };
    let completed = mailbox.complete_registration(proof_id(&reset), &newcomer).await.unwrap();
    assert_eq!(completed, Completed::ProofGone);
}
