//! What every [`FactorStore`](crate::mfa::ports::FactorStore) keeps when the first code of an app was right.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::{
    factor_store::{list, pending},
    scenes::{addition, enrolled, is_good, started},
};
use crate::factors::{
    factor::Factor,
    second_step::Evidence,
    totp::{TimeStep, TotpFactor},
};
use crate::identity::{
    method::SecondFactors,
    user::{AccountVersion, User},
};
use crate::mail::proof::Purpose;
use crate::mfa::ports::{Added, Addition, FactorList};
use crate::sessions::ports::Begun;
use crate::testkit::{
    factors::samples::{FIRST_STEP, app, codes, confirmed, with_code},
    fixtures::{Stores, against, other_versions, together},
    mail::samples::notice,
    mailbox::mailbox_store::{assert_is_open, changed, sent},
    samples::{after, session_from, user},
};

pub async fn confirms_an_app(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (own, other, bens) = (stores.begin_at(&ann, 0).await, stores.begin_at(&ann, 1).await, stores.begin_at(&ben, 1).await);
    let reset = sent(stores, Purpose::Reset, "ann@example.org", 1).await;
    let waiting = started(stores, &ann, 2).await;
    let (before, codes, session, told) = (stores.user(&ann).await, codes(), with_code(&own, 3), notice(&ann, 3));
    let addition = addition(&before, &session, &codes, 3, Some(&told));
    let added = stores.factors.confirm_totp(waiting.id, FIRST_STEP, &addition).await.unwrap();
    assert_eq!(added, Added::Yes { is_first: true, ended: vec![other.id] });
    let now = User { second_factors: SecondFactors::of(true, false, true), ..changed(&before, 3) };
    assert_eq!(stores.user(&ann).await, now);
    assert_eq!(stores.session(&own).await, session, "its owner has just been authenticated");
    assert_eq!((stores.live(&ann).await, stores.live(&ben).await), (vec![own.id], vec![bens.id]));
    let app = confirmed(&waiting, 3);
    assert_eq!(stores.steps.find(ann.id).await.unwrap(), Some((now, vec![app.clone()])));
    assert_eq!(list(stores, &ann).await, FactorList { factors: vec![Factor::from(app)], recovery_codes_left: 10 });
    assert_eq!(list(stores, &ben).await, FactorList::default());
    assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told));
    assert_is_open(stores, &reset).await;
}

pub async fn confirms_another_app_without_codes(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let waiting = started(stores, &ann.user, 10).await;
    let (codes, session) = (codes(), with_code(&ann.session, 11));
    let addition = addition(&ann.user, &session, &codes, 11, None);
    let added = stores.factors.confirm_totp(waiting.id, FIRST_STEP, &addition).await.unwrap();
    assert_eq!(added, Added::Yes { is_first: false, ended: vec![] });
    let apps = stores.steps.find(ann.user.id).await.unwrap().unwrap().1;
    assert_eq!(apps, [ann.app, confirmed(&waiting, 11)]);
    assert!(!is_good(stores, &ann.session, Evidence::RecoveryCode(codes.first().unwrap().clone())).await);
    assert!(is_good(stores, &ann.session, Evidence::RecoveryCode(ann.codes.first().unwrap().clone())).await);
    assert_eq!(list(stores, &ann.user).await.recovery_codes_left, 9);
}

/// That nothing came of a confirmation, whose notice would have been `told`.
async fn assert_refused(stores: &Stores, app: &TotpFactor, step: TimeStep, addition: &Addition<'_>) {
    let session = addition.session;
    let before = (stores.users.find(session.user).await.unwrap(), stores.sessions.find(session.id).await.unwrap());
    assert_eq!(stores.factors.confirm_totp(app.id, step, addition).await.unwrap(), Added::No);
    let now = (stores.users.find(session.user).await.unwrap(), stores.sessions.find(session.id).await.unwrap());
    assert_eq!(now, before);
    assert_eq!(stores.mails.find(addition.notice.unwrap().id).await.unwrap(), None);
}

pub async fn confirms_only_for_the_account_that_was_proven(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, codes, told) = (stores.begin_at(&ann, 0).await, codes(), notice(&ann, 3));
    let (waiting, session) = (started(stores, &ann, 2).await, with_code(&own, 3));
    let of = |user: &User, proven: AccountVersion| Addition { proven, ..addition(user, &session, &codes, 3, Some(&told)) };
    for other in other_versions(&ann) {
        assert_refused(stores, &waiting, FIRST_STEP, &of(&ann, other)).await;
    }
    assert_eq!(pending(stores, &waiting).await, Some(waiting.clone()));
    assert!(stores.disable(ann.id, after(3)).await.is_some());
    let disabled = stores.user(&ann).await;
    assert_refused(stores, &waiting, FIRST_STEP, &of(&disabled, disabled.version())).await;
    assert!(stores.delete(ann.id, None, after(4)).await);
    assert_refused(stores, &waiting, FIRST_STEP, &of(&disabled, disabled.version())).await;
}

pub async fn confirms_nothing_for_a_session_that_has_ended(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, other, codes, told) = (stores.begin_at(&ann, 0).await, stores.begin_at(&ann, 0).await, codes(), notice(&ann, 3));
    let (waiting, session) = (started(stores, &ann, 2).await, with_code(&own, 3));
    let expired = Addition { now: own.expires_at, ..addition(&ann, &session, &codes, 3, Some(&told)) };
    assert_refused(stores, &waiting, FIRST_STEP, &expired).await;
    assert!(stores.sessions.end(own.id, after(3)).await.unwrap());
    assert_refused(stores, &waiting, FIRST_STEP, &addition(&ann, &session, &codes, 3, Some(&told))).await;
    assert_eq!(stores.live(&ann).await, [other.id], "the other one goes on");
    assert_eq!((pending(stores, &waiting).await, list(stores, &ann).await), (Some(waiting.clone()), FactorList::default()));
}

pub async fn confirms_only_what_waits_for_its_owner(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (bens, codes, told) = (started(stores, &ben, 2).await, codes(), notice(&ann.user, 9));
    let session = with_code(&ann.session, 9);
    let addition = addition(&ann.user, &session, &codes, 9, Some(&told));
    for other in [&bens, &ann.app, &app(&ann.user, 2), &app(&user("x@example.org"), 2)] {
        assert_refused(stores, other, TimeStep(200), &addition).await;
    }
    assert_eq!(pending(stores, &bens).await, Some(bens.clone()));
}

pub async fn confirms_by_a_step_that_was_not_used(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, codes, told) = (stores.begin_at(&ann, 0).await, codes(), notice(&ann, 3));
    let (waiting, session) = (started(stores, &ann, 2).await, with_code(&own, 3));
    let addition = addition(&ann, &session, &codes, 3, Some(&told));
    assert_refused(stores, &waiting, TimeStep::NONE, &addition).await;
    let added = stores.factors.confirm_totp(waiting.id, TimeStep(0), &addition).await.unwrap();
    assert_eq!(added, Added::Yes { is_first: true, ended: vec![] });
    let apps = stores.steps.find(ann.id).await.unwrap().unwrap().1;
    assert_eq!(apps.first().unwrap().last_step, TimeStep(0));
}

pub async fn confirms_once_however_many_ask(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, other) = (stores.begin_at(&ann, 0).await, stores.begin_at(&ann, 1).await);
    let waiting = started(stores, &ann, 2).await;
    let outcomes = together((0..16).map(|_| {
        let (factors, ann, session, id) = (stores.factors.clone(), ann.clone(), with_code(&own, 3), waiting.id);
        async move { factors.confirm_totp(id, FIRST_STEP, &addition(&ann, &session, &codes(), 3, None)).await.unwrap() }
    }))
    .await;
    let won: Vec<_> = outcomes.into_iter().filter(|added| *added != Added::No).collect();
    assert_eq!(won, [Added::Yes { is_first: true, ended: vec![other.id] }]);
    assert_eq!(list(stores, &ann).await.recovery_codes_left, 10);
    assert_eq!(stores.user(&ann).await.version, ann.version + 1);
}

/// A login that a password alone was enough for, a moment ago.
pub async fn confirms_while_a_login_begins(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let (own, waiting) = (stores.begin_at(&ann, 0).await, started(stores, &ann, 2).await);
        let ann = stores.user(&ann).await;
        let begin = {
            let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session_from(&ann, 2));
            async move { sessions.begin(&session, ann.version(), 5, None).await.unwrap() }
        };
        let confirm = {
            let (factors, ann, session) = (stores.factors.clone(), ann.clone(), with_code(&own, 3));
            async move { factors.confirm_totp(waiting.id, FIRST_STEP, &addition(&ann, &session, &codes(), 3, None)).await.unwrap() }
        };
        let (begun, added) = against(round, begin, confirm).await;
        let Added::Yes { is_first: true, ended } = added else { panic!("{added:?}") };
        assert_eq!(ended.len(), usize::from(begun != Begun::No));
        assert_eq!(stores.live(&ann).await, [own.id]);
    }
}
