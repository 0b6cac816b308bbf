//! What every [`MailboxStore`](crate::mailbox::ports::MailboxStore) does to factors: a proof of the mailbox takes away what may be somebody else's.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::mailbox_store::{changed, sent};
use crate::factors::{factor::Factor, second_step::Evidence};
use crate::identity::administrator::LastAdministrator;
use crate::identity::{
    method::SecondFactors,
    user::{User, WrongCodes},
};
use crate::mail::{message::Outgoing, proof::Purpose};
use crate::mfa::ports::{Addition, FactorList};
use crate::testkit::{
    factors::samples::{FIRST_STEP, codes, passkey, with_code},
    fixtures::Stores,
    mail::samples::{asked, notice, proof_id},
    mfa::scenes::{Enrolled, enrolled, is_good, started, with_app, with_passkey},
    samples::{after, hash},
};

/// Whoever registered the address first may not be its owner, and would be asked for a code for ever.
pub async fn removes_factors_with_a_reset_of_what_was_never_verified(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 8).await;
    let _counted = stores.steps.count_wrong(ann.user.id, Some(WrongCodes::default()), None, after(9)).await.unwrap();
    let mail = sent(stores, Purpose::Reset, "ann@example.org", 10).await;
    let before = stores.user(&ann.user).await;
    let reset = stores.mailbox.reset(proof_id(&mail), before.id, before.version(), &hash("new"), after(11), None).await;
    assert_eq!(reset.unwrap(), Some(vec![ann.session.id]));
    let bare = User {
        password: Some(hash("new")),
        email_verified_at: Some(after(11)),
        second_factors: SecondFactors::default(),
        wrong_codes: WrongCodes::default(),
        ..changed(&before, 11)
    };
    assert_eq!(stores.user(&bare).await, bare);
    assert_eq!(stores.factors.list(bare.id).await.unwrap(), FactorList::default());
    assert_eq!(stores.factors.pending_totp(bare.id, waiting.id).await.unwrap(), None);
    assert_eq!(stores.passkeys.find(&ann.passkey.credential.id).await.unwrap(), None);
    assert_eq!(stores.user(&ben.user).await, ben.user);
    assert_eq!(stores.factors.list(ben.user.id).await.unwrap().factors.len(), 2);
}

pub async fn keeps_the_factors_with_a_reset_of_a_verified_account(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    assert!(stores.verify(ann.user.id, after(8)).await);
    let _counted = stores.steps.count_wrong(ann.user.id, Some(WrongCodes::default()), None, after(9)).await.unwrap();
    let mail = sent(stores, Purpose::Reset, "ann@example.org", 10).await;
    let before = stores.user(&ann.user).await;
    let reset = stores.mailbox.reset(proof_id(&mail), before.id, before.version(), &hash("new"), after(11), None).await;
    assert!(reset.unwrap().is_some());
    assert_eq!(stores.user(&before).await, User { password: Some(hash("new")), ..changed(&before, 11) });
    let factors = vec![Factor::from(ann.app), Factor::from(ann.passkey)];
    assert_eq!(stores.factors.list(before.id).await.unwrap(), FactorList { factors, recovery_codes_left: 10 });
}

/// Tells an account of something, so many seconds after the start.
async fn told(stores: &Stores, user: &User, seconds: i64) -> Outgoing {
    let link = notice(user, seconds);
    stores.passkeys.report_clone(&link).await.unwrap();
    link
}

async fn undo(stores: &Stores, link: &Outgoing, seconds: i64) -> User {
    let reset = asked(Purpose::Reset, link.to.as_str(), seconds);
    stores.mailbox.undo(proof_id(link), after(seconds), &reset).await.unwrap().unwrap().user
}

async fn names(stores: &Stores, user: &User) -> Vec<Factor> {
    stores.factors.list(user.id).await.unwrap().factors
}

/// An app is as old as its first code, whenever it began to wait.
pub async fn undoes_the_factors_that_were_added_since(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 4).await;
    let link = told(stores, &ann.user, 5).await;
    with_passkey(stores, &ann.session, &passkey(&ann.user, 5), &[]).await;
    let session = with_code(&ann.session, 6);
    let now = stores.user(&ann.user).await;
    let addition = Addition { session: &session, proven: now.version(), codes: &[], now: after(6), notice: None };
    let _added = stores.factors.confirm_totp(waiting.id, FIRST_STEP, &addition).await.unwrap();
    let still = started(stores, &ann.user, 7).await;
    with_passkey(stores, &ben.session, &passkey(&ben.user, 8), &[]).await;
    assert_eq!(names(stores, &ann.user).await.len(), 4);

    let undone = undo(stores, &link, 9).await;
    assert_eq!(undone, stores.user(&ann.user).await);
    assert_eq!(undone.second_factors, SecondFactors::of(true, true, true));
    let Enrolled { app, passkey, codes, .. } = ann;
    assert_eq!(names(stores, &undone).await, [Factor::from(app), Factor::from(passkey)]);
    assert_eq!(stores.factors.pending_totp(undone.id, still.id).await.unwrap(), None, "what waits is nobody's");
    let again = stores.begin_at(&undone, 10).await;
    assert!(is_good(stores, &again, Evidence::RecoveryCode(codes.first().unwrap().clone())).await);
    assert_eq!(names(stores, &ben.user).await.len(), 3);
}

pub async fn undoes_the_codes_with_the_last_factor(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 0).await;
    let link = told(stores, &ann, 2).await;
    with_app(stores, &session, &ann, &codes(), 1).await;
    assert_eq!(stores.factors.list(ann.id).await.unwrap().recovery_codes_left, 10);
    let undone = undo(stores, &link, 9).await;
    assert_eq!(undone.second_factors, SecondFactors::default());
    assert_eq!(stores.factors.list(ann.id).await.unwrap(), FactorList::default());
}

pub async fn undoes_the_codes_that_were_made_since(stores: &Stores) {
    for (made, good) in [(4, true), (5, false), (6, false)] {
        let ann = enrolled(stores, &format!("ann{made}@example.org")).await;
        let link = told(stores, &ann.user, 5).await;
        let (new, version) = (codes(), stores.user(&ann.user).await.version());
        assert!(stores.factors.replace_recovery_codes(ann.user.id, version, &new, after(made), None).await.unwrap());
        let undone = undo(stores, &link, 9).await;
        assert_eq!(undone.second_factors, SecondFactors::of(true, true, good));
        let again = stores.begin_at(&undone, 10).await;
        assert_eq!(is_good(stores, &again, Evidence::RecoveryCode(new.first().unwrap().clone())).await, good);
        for gone in &ann.codes {
            assert!(!is_good(stores, &again, Evidence::RecoveryCode(gone.clone())).await, "they stay replaced");
        }
    }
}

/// Those that have been used are not given back either.
pub async fn undoes_no_removal(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let link = told(stores, &ann.user, 5).await;
    assert!(is_good(stores, &ann.session, Evidence::RecoveryCode(ann.codes.first().unwrap().clone())).await);
    let _removed = stores.factors.remove(ann.user.id, ann.app.id, false, LastAdministrator::MayGo, after(6), None).await.unwrap();
    with_passkey(stores, &ann.session, &passkey(&ann.user, 7), &[]).await;
    let undone = undo(stores, &link, 9).await;
    assert_eq!(undone.second_factors, SecondFactors::of(false, true, true));
    let left = FactorList { factors: vec![Factor::from(ann.passkey)], recovery_codes_left: 9 };
    assert_eq!(stores.factors.list(ann.user.id).await.unwrap(), left);
}
