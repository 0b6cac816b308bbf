//! What every [`MailboxStore`](crate::mailbox::ports::MailboxStore) keeps of undo links.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::{
    change::{asked_for, moved},
    mailbox_store::{assert_is_open, assert_is_spent, assert_is_void, changed, proof, sent},
};
use crate::mail::{
    message::Outgoing,
    proof::{Purpose, UNDO_LIFE},
};
use crate::testkit::{
    fixtures::{Stores, against, together},
    mail::samples::{asked, notice, proof_id},
    samples::{after, hash, session_from, user},
};
use crate::{
    identity::user::{AccountState, User},
    mailbox::ports::Undone,
    sessions::ports::Begun,
};

/// The mail of a reset to the address that an undo link puts back.
fn reset(link: &Outgoing, seconds: i64) -> Outgoing {
    asked(Purpose::Reset, link.to.as_str(), seconds)
}

async fn undo(stores: &Stores, link: &Outgoing, seconds: i64) -> Option<Undone> {
    stores.mailbox.undo(proof_id(link), after(seconds), &reset(link, seconds)).await.unwrap()
}

/// Tells an account of a change of its password.
async fn told(stores: &Stores, account: &User, seconds: i64) -> Outgoing {
    let now = stores.user(account).await;
    let told = notice(&now, seconds);
    let changed = stores.users.change_password(now.id, now.version(), &hash("new"), None, after(seconds), Some(&told)).await;
    assert!(changed.unwrap().is_some());
    told
}

pub async fn undoes_a_change_of_address(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let link = moved(stores, &ann, "thief@example.org", 1).await;
    let session = stores.begin_at(&ann, 2).await;
    let change = asked_for(stores, &stores.user(&ann).await, "newer@example.org", 61).await;
    let thiefs = sent(stores, Purpose::Reset, "thief@example.org", 62).await;
    let owners = sent(stores, Purpose::Reset, "ann@example.org", 62).await;
    let (before, mail) = (stores.user(&ann).await, reset(&link, 63));
    let undone = stores.mailbox.undo(proof_id(&link), after(63), &mail).await.unwrap().unwrap();
    let restored = User {
        email: ann.email.clone(),
        email_verified_at: Some(after(63)),
        password: None,
        pending_email: None,
        ..changed(&before, 63)
    };
    assert_eq!(undone, Undone { user: restored.clone(), ended: vec![session.id] });
    assert_eq!(stores.user(&ann).await, restored);
    assert_eq!(stores.users.find_by_email(&ann.email).await.unwrap(), Some(restored));
    assert_eq!(stores.live(&ann).await, []);
    assert_is_spent(stores, &link, 63).await;
    for void in [&change, &thiefs, &owners] {
        assert_is_void(stores, void, 63).await;
    }
    assert_is_open(stores, &mail).await;
    assert_eq!(stores.mails.find(mail.id).await.unwrap().unwrap().mail, mail);
}

pub async fn undoes_what_changed_no_address(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (session, bens) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ben, 1).await);
    let link = told(stores, &ann, 2).await;
    let session = (session, stores.begin_at(&ann, 3).await).1;
    let before = stores.user(&ann).await;
    let undone = undo(stores, &link, 4).await.unwrap();
    assert_eq!(undone, Undone { user: User { password: None, ..changed(&before, 4) }, ended: vec![session.id] });
    assert_eq!(stores.user(&ben).await.version(), ben.version());
    assert_eq!(stores.live(&ben).await, [bens.id]);
}

pub async fn undoes_nothing_with_another_proof(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let link = told(stores, &ann, 0).await;
    let others = [sent(stores, Purpose::Reset, "ann@example.org", 0).await, notice(&ann, 0), notice(&user("x@example.org"), 0)];
    let before = stores.user(&ann).await;
    for other in &others {
        assert_eq!(undo(stores, other, 1).await, None);
    }
    let end = after(0) + UNDO_LIFE;
    let mail = reset(&link, 1);
    assert_eq!(stores.mailbox.undo(proof_id(&link), end, &mail).await.unwrap(), None, "it has expired");
    assert_eq!(stores.mails.find(mail.id).await.unwrap(), None);
    assert_eq!(stores.user(&ann).await, before);
    assert!(undo(stores, &link, 1).await.is_some());
    assert_eq!(undo(stores, &link, 2).await, None, "it is spent");
    assert!(stores.delete(ann.id, None, after(3)).await);
    assert_eq!(undo(stores, &link, 4).await, None, "deletion is final");
}

/// Whoever reads the younger mails may be the thief: an older link is the owner's, and wins.
pub async fn undoes_in_order(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let first = told(stores, &ann, 1).await;
    let second = moved(stores, &ann, "second@example.org", 2).await;
    let third = told(stores, &ann, 3).await;
    // In the same moment: its id tells that it is younger.
    let fourth = told(stores, &ann, 3).await;
    let bens = told(stores, &stores.keep_new("ben@example.org").await, 9).await;

    assert_eq!(undo(stores, &third, 4).await.unwrap().user.email, fourth.to, "it puts back the address that it went to");
    assert_is_void(stores, &fourth, 4).await;
    for older in [&first, &second] {
        assert_is_open(stores, older).await;
    }
    let fifth = told(stores, &ann, 5).await;
    assert_eq!(undo(stores, &second, 6).await.unwrap().user.email, ann.email);
    assert_is_void(stores, &fifth, 6).await;
    assert_is_void(stores, &fourth, 4).await;
    assert_is_open(stores, &first).await;
    assert!(undo(stores, &first, 7).await.is_some());
    assert_is_open(stores, &bens).await;
    assert_eq!(proof(stores, &third).await.spent_at, Some(after(4)));
}

pub async fn undoes_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let link = moved(stores, &ann, "thief@example.org", 1).await;
    let session = stores.begin_at(&ann, 2).await;
    let outcomes = together((0..32).map(|_| {
        let (mailbox, link) = (stores.mailbox.clone(), link.clone());
        async move { mailbox.undo(proof_id(&link), after(3), &reset(&link, 3)).await.unwrap() }
    }))
    .await;
    let won: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(won, [Undone { user: stores.user(&ann).await, ended: vec![session.id] }]);
    assert_eq!(stores.mails.list(None, None, 99).await.unwrap().len(), 3, "the change, its notice, and one reset");
}

pub async fn undoes_a_change_while_a_login_begins(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let link = told(stores, &ann, 1).await;
        let ann = stores.user(&ann).await;
        let begin = {
            let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session_from(&ann, 2));
            async move { sessions.begin(&session, ann.version(), 5, None).await.unwrap() }
        };
        let undo = {
            let (mailbox, link) = (stores.mailbox.clone(), link.clone());
            async move { mailbox.undo(proof_id(&link), after(3), &reset(&link, 3)).await.unwrap() }
        };
        let (begun, undone) = against(round, begin, undo).await;
        assert_eq!(undone.unwrap().ended.len(), usize::from(begun != Begun::No));
        assert_eq!(stores.live(&ann).await, []);
    }
}

pub async fn sends_the_mail_of_an_undo_in_any_case(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let link = told(stores, &ann, 1).await;
    sent(stores, Purpose::Reset, "ann@example.org", 2).await;
    let mail = reset(&link, 3);
    assert!(stores.mailbox.undo(proof_id(&link), after(3), &mail).await.unwrap().is_some());
    assert_is_open(stores, &mail).await;
    sent(stores, Purpose::Reset, "ann@example.org", 62).await;
    assert_is_void(stores, &mail, 62).await;
}

pub async fn leaves_a_disabled_account_disabled(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let link = moved(stores, &ann, "thief@example.org", 1).await;
    assert!(stores.disable(ann.id, after(2)).await.is_some());
    assert_is_open(stores, &link).await;
    let undone = undo(stores, &link, 3).await.unwrap().user;
    assert_eq!((undone.email, undone.state), (ann.email.clone(), AccountState::Disabled { since: after(2) }));
}
