//! What every [`FactorStore`](crate::mfa::ports::FactorStore) keeps when recovery codes are replaced.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::{
    factor_store::list,
    scenes::{enrolled, is_good, started},
};
use crate::factors::{recovery_code::RecoveryCodeDigest, second_step::Evidence};
use crate::identity::{ids::UserId, user::AccountVersion};
use crate::mail::{message::Outgoing, proof::Purpose};
use crate::testkit::{
    factors::samples::codes,
    fixtures::{Stores, other_versions, together},
    mail::samples::notice,
    mailbox::mailbox_store::{assert_is_open, changed, sent},
    samples::{after, user},
};

fn first(codes: &[RecoveryCodeDigest]) -> Evidence {
    Evidence::RecoveryCode(codes.first().unwrap().clone())
}

async fn replace(stores: &Stores, id: UserId, proven: AccountVersion, codes: &[RecoveryCodeDigest], told: &Outgoing) -> bool {
    stores.factors.replace_recovery_codes(id, proven, codes, told.created_at, Some(told)).await.unwrap()
}

pub async fn replaces_recovery_codes(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    assert!(is_good(stores, &ann.session, first(&ann.codes)).await);
    let reset = sent(stores, Purpose::Reset, "ann@example.org", 8).await;
    let (new, told) = (codes(), notice(&ann.user, 9));
    assert_eq!(list(stores, &ann.user).await.recovery_codes_left, 9);
    assert!(replace(stores, ann.user.id, ann.user.version(), &new, &told).await);
    assert_eq!(stores.user(&ann.user).await, changed(&ann.user, 9));
    assert_eq!(list(stores, &ann.user).await.recovery_codes_left, 10);
    for old in &ann.codes {
        assert!(!is_good(stores, &ann.session, Evidence::RecoveryCode(old.clone())).await);
    }
    assert!(is_good(stores, &ann.session, first(&new)).await);
    assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told));
    assert_is_open(stores, &reset).await;
    assert_eq!(stores.live(&ann.user).await, [ann.session.id], "its sessions go on");
    assert!(is_good(stores, &ben.session, first(&ben.codes)).await);
}

pub async fn replaces_codes_only_for_the_account_that_was_proven(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let (new, untold, nobody) = (codes(), notice(&ann.user, 9), user("ben@example.org"));
    for other in other_versions(&ann.user) {
        assert!(!replace(stores, ann.user.id, other, &new, &untold).await);
    }
    assert!(!replace(stores, nobody.id, nobody.version(), &new, &untold).await);
    assert_eq!(stores.user(&ann.user).await, ann.user);
    assert!(!is_good(stores, &ann.session, first(&new)).await && is_good(stores, &ann.session, first(&ann.codes)).await);
    assert!(stores.disable(ann.user.id, after(8)).await.is_some());
    let disabled = stores.user(&ann.user).await;
    assert!(!replace(stores, ann.user.id, disabled.version(), &new, &untold).await);
    assert_eq!(stores.user(&ann.user).await, disabled);
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
}

/// They stand in for one.
pub async fn replaces_no_codes_without_a_factor(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    started(stores, &ann, 1).await;
    let untold = notice(&ann, 9);
    assert!(!replace(stores, ann.id, ann.version(), &codes(), &untold).await);
    assert_eq!((stores.user(&ann).await, list(stores, &ann).await.recovery_codes_left), (ann.clone(), 0));
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
}

pub async fn replaces_codes_once_however_many_ask(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let id = ann.user.id;
    let outcomes = together((0..16).map(|_| {
        let (factors, proven, codes) = (stores.factors.clone(), ann.user.version(), codes());
        async move { factors.replace_recovery_codes(id, proven, &codes, after(9), None).await.unwrap().then_some(codes) }
    }))
    .await;
    let won: Vec<_> = outcomes.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    assert!(is_good(stores, &ann.session, first(won.first().unwrap())).await);
    assert_eq!(list(stores, &ann.user).await.recovery_codes_left, 9);
}
