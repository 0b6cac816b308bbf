//! What every [`FactorStore`](crate::mfa::ports::FactorStore) keeps when factors are removed.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::{
    factor_store::{list, pending},
    scenes::{Enrolled, enrolled, is_good, started, with_app},
};
use crate::factors::{
    factor::{Factor, FactorId},
    ports::CountedCode,
    second_step::Evidence,
};
use crate::identity::administrator::LastAdministrator;
use crate::identity::{
    method::{Method, SecondFactors},
    user::{User, WrongCodes},
};
use crate::mail::{message::Outgoing, proof::Purpose};
use crate::mfa::ports::FactorsReset;
use crate::mfa::ports::{FactorList, Removed};
use crate::testkit::{
    factors::samples::{app, codes},
    fixtures::{Stores, against},
    mail::samples::notice,
    mailbox::mailbox_store::{assert_is_open, changed, sent},
    samples::{after, user},
};

async fn remove(stores: &Stores, user: &User, id: FactorId, keeps_one: bool, told: &Outgoing) -> Removed {
    stores.factors.remove(user.id, id, keeps_one, LastAdministrator::MayGo, told.created_at, Some(told)).await.unwrap()
}

async fn assert_told(stores: &Stores, told: &Outgoing) {
    assert_eq!(stores.mails.find(told.id).await.unwrap().as_ref().map(|entry| &entry.mail), Some(told));
}

pub async fn removes_a_factor(stores: &Stores) {
    for (method, keeps_one) in [(Method::Totp, true), (Method::Passkey, false)] {
        let Enrolled { user: ann, session, app, passkey, codes } = enrolled(stores, &format!("{method:?}@example.org")).await;
        let reset = sent(stores, Purpose::Reset, ann.email.as_str(), 9).await;
        let (gone, stays) = if method == Method::Totp { (app.id, passkey.id) } else { (passkey.id, app.id) };
        let told = notice(&ann, 9);
        assert_eq!(remove(stores, &ann, gone, keeps_one, &told).await, Removed::Yes { method });
        let second_factors = SecondFactors::of(method == Method::Passkey, method == Method::Totp, true);
        assert_eq!(stores.user(&ann).await, User { second_factors, ..changed(&ann, 9) });
        let left = list(stores, &ann).await;
        assert_eq!(left.factors.iter().map(|factor| factor.id).collect::<Vec<_>>(), [stays]);
        assert_eq!(left.recovery_codes_left, 10);
        assert_told(stores, &told).await;
        assert_is_open(stores, &reset).await;
        assert_eq!(stores.live(&ann).await, [session.id], "its sessions go on");
        assert!(is_good(stores, &session, Evidence::RecoveryCode(codes.first().unwrap().clone())).await);
        assert_eq!(remove(stores, &ann, gone, keeps_one, &notice(&ann, 10)).await, Removed::No, "it is gone");
    }
}

pub async fn removes_the_recovery_codes_with_the_last_factor(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 8).await;
    assert_eq!(remove(stores, &ann.user, ann.app.id, false, &notice(&ann.user, 9)).await, Removed::Yes { method: Method::Totp });
    let last = notice(&ann.user, 10);
    assert_eq!(remove(stores, &ann.user, ann.passkey.id, false, &last).await, Removed::Yes { method: Method::Passkey });
    assert_eq!(list(stores, &ann.user).await, FactorList::default());
    assert_eq!(stores.user(&ann.user).await.second_factors, SecondFactors::default());
    assert!(!is_good(stores, &ann.session, Evidence::RecoveryCode(ann.codes.first().unwrap().clone())).await);
    assert_eq!(pending(stores, &waiting).await, Some(waiting.clone()), "what waits is none of them");
    assert_eq!(stores.user(&ben.user).await, ben.user);
    assert_eq!(list(stores, &ben.user).await.recovery_codes_left, 10);
}

pub async fn removes_all_but_the_last_factor(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    started(stores, &ann.user, 8).await;
    let told = notice(&ann.user, 9);
    assert_eq!(remove(stores, &ann.user, ann.app.id, true, &told).await, Removed::Yes { method: Method::Totp });
    let (before, untold) = (stores.user(&ann.user).await, notice(&ann.user, 10));
    assert_eq!(remove(stores, &ann.user, ann.passkey.id, true, &untold).await, Removed::Last);
    assert_eq!(stores.user(&ann.user).await, before);
    let kept = FactorList { factors: vec![Factor::from(ann.passkey)], recovery_codes_left: 10 };
    assert_eq!(list(stores, &ann.user).await, kept);
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
}

pub async fn removes_only_confirmed_factors_of_the_account(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 8).await;
    let (nobody, untold) = (user("cid@example.org"), notice(&ann.user, 9));
    for other in [waiting.id, ben.app.id, ben.passkey.id, app(&ann.user, 9).id] {
        assert_eq!(remove(stores, &ann.user, other, false, &untold).await, Removed::No);
    }
    assert_eq!(remove(stores, &nobody, ann.app.id, false, &untold).await, Removed::No);
    assert_eq!((stores.user(&ann.user).await, stores.user(&ben.user).await), (ann.user.clone(), ben.user.clone()));
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
    assert_eq!((list(stores, &ann.user).await.factors.len(), list(stores, &ben.user).await.factors.len()), (2, 2));
    assert_eq!(pending(stores, &waiting).await, Some(waiting.clone()));
}

pub async fn removes_one_of_two_contested_factors(stores: &Stores) {
    for round in 0..16 {
        let ann = enrolled(stores, &format!("ann{round}@example.org")).await;
        let removal = |id: FactorId| {
            let (factors, user) = (stores.factors.clone(), ann.user.id);
            async move { factors.remove(user, id, true, LastAdministrator::MayGo, after(9), None).await.unwrap() }
        };
        let outcomes = against(round, removal(ann.app.id), removal(ann.passkey.id)).await;
        let expected =
            [(Removed::Yes { method: Method::Totp }, Removed::Last), (Removed::Last, Removed::Yes { method: Method::Passkey })];
        assert!(expected.contains(&outcomes), "{outcomes:?}");
        assert_eq!(list(stores, &ann.user).await.factors.len(), 1);
    }
}

pub async fn resets_all_factors(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    with_app(stores, &ann.session, &ann.user, &codes(), 5).await;
    let waiting = started(stores, &ann.user, 7).await;
    let counted = stores.steps.count_wrong(ann.user.id, Some(WrongCodes::default()), None, after(8)).await.unwrap();
    assert_eq!(counted, CountedCode::Yes);
    let (before, told) = (stores.user(&ann.user).await, notice(&ann.user, 9));
    let reset = stores.factors.reset(ann.user.id, LastAdministrator::MayGo, after(9), Some(&told)).await.unwrap();
    assert_eq!(reset, FactorsReset::Yes { ended: vec![ann.session.id] });
    let bare = User { second_factors: SecondFactors::default(), wrong_codes: WrongCodes::default(), ..changed(&before, 9) };
    assert_eq!(stores.user(&ann.user).await, bare);
    assert_eq!((list(stores, &bare).await, pending(stores, &waiting).await), (FactorList::default(), None));
    assert_eq!(stores.passkeys.find(&ann.passkey.credential.id).await.unwrap(), None);
    let again = stores.begin_at(&bare, 10).await;
    assert!(!is_good(stores, &again, Evidence::RecoveryCode(ann.codes.first().unwrap().clone())).await);
    assert_told(stores, &told).await;
    assert_eq!((stores.user(&ben.user).await, stores.live(&ben.user).await), (ben.user.clone(), vec![ben.session.id]));
    assert_eq!(list(stores, &ben.user).await.factors.len(), 2);
}

pub async fn resets_an_account_without_factors(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let keep = LastAdministrator::Stays { with_factor: true };
    assert_eq!(stores.factors.reset(ann.id, keep, after(9), None).await.unwrap(), FactorsReset::Yes { ended: vec![] });
    assert_eq!(stores.user(&ann).await, changed(&ann, 9));
    let (nobody, untold) = (user("ben@example.org"), notice(&user("ben@example.org"), 9));
    assert_eq!(stores.factors.reset(nobody.id, keep, after(9), Some(&untold)).await.unwrap(), FactorsReset::NoSuchUser);
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
}
