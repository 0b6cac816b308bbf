//! What every [`SessionStore`](crate::sessions::ports::SessionStore) keeps when a session's owner is authenticated again by a second step, and
//! when steps race.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::session_step::{BEGUN, code, count_wrong, every_evidence};
use crate::factors::{ports::CountedCode, second_step::StepFault};
use crate::identity::administrator::LastAdministrator;
use crate::identity::user::{User, WrongCodes};
use crate::sessions::ports::Begun;
use crate::testkit::{
    factors::samples::{by_app, by_passkey, step, token, with_code},
    fixtures::{Stores, against, other_versions, together},
    mail::samples::notice,
    mfa::scenes::{enrolled, is_good},
    samples::{after, as_kept, session_from},
};

pub async fn authenticates_again_by_a_second_step(stores: &Stores) {
    for kind in 0..3 {
        let ann = enrolled(stores, &format!("ann{kind}@example.org")).await;
        count_wrong(stores, &ann.user, 9).await;
        let (now, session, told) = (stores.user(&ann.user).await, with_code(&ann.session, 30), notice(&ann.user, 30));
        let evidence = every_evidence(&ann).into_iter().nth(kind).unwrap();
        let by = step(&now, evidence.clone(), None);
        let done = stores.sessions.reauthenticate_by(&session, now.version(), &by, after(30), Some(&told)).await.unwrap();
        assert_eq!(done, Ok(true));
        assert_eq!(stores.session(&session).await, as_kept(&session));
        assert_eq!(stores.user(&now).await, User { wrong_codes: WrongCodes::default(), ..now.clone() });
        assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told));
        let (again, untold) = (with_code(&ann.session, 40), notice(&ann.user, 40));
        let by = step(&stores.user(&now).await, evidence, None);
        let done = stores.sessions.reauthenticate_by(&again, now.version(), &by, after(40), Some(&untold)).await.unwrap();
        assert_eq!(done, Err(StepFault::EvidenceUsed));
        assert_eq!(stores.session(&session).await, as_kept(&session));
        assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
    }
}

pub async fn authenticates_again_only_for_the_account_that_was_proven(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    count_wrong(stores, &ann.user, 9).await;
    let (now, session, untold) = (stores.user(&ann.user).await, with_code(&ann.session, 30), notice(&ann.user, 30));
    for evidence in every_evidence(&ann) {
        let by = step(&now, evidence.clone(), None);
        for other in other_versions(&now) {
            let done = stores.sessions.reauthenticate_by(&session, other, &by, after(30), Some(&untold)).await.unwrap();
            assert_eq!(done, Ok(false));
        }
        let at = ann.session.expires_at;
        let done = stores.sessions.reauthenticate_by(&session, now.version(), &by, at, Some(&untold)).await.unwrap();
        assert_eq!(done, Ok(false), "the session has expired");
    }
    assert_eq!((stores.user(&now).await, stores.session(&session).await), (now.clone(), ann.session.clone()));
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
    assert!(stores.sessions.end(ann.session.id, after(31)).await.unwrap());
    for evidence in every_evidence(&ann) {
        let by = step(&now, evidence, None);
        let done = stores.sessions.reauthenticate_by(&session, now.version(), &by, after(32), None).await.unwrap();
        assert_eq!(done, Ok(false), "the session has ended");
    }
    assert_eq!(stores.user(&now).await, now);
    let second = stores.begin_at(&now, 33).await;
    for evidence in every_evidence(&ann) {
        assert!(is_good(stores, &second, evidence).await, "nothing was used");
    }
}

pub async fn authenticates_again_only_by_what_is_judged_now(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let (judged, session) = (ann.user.clone(), with_code(&ann.session, 30));
    count_wrong(stores, &ann.user, 9).await;
    let [app, code, passkey] = every_evidence(&ann);
    for (evidence, expected) in [(app, Err(StepFault::Raced)), (code, Err(StepFault::Raced)), (passkey, Ok(true))] {
        let by = step(&judged, evidence, None);
        let done = stores.sessions.reauthenticate_by(&session, judged.version(), &by, after(30), None).await.unwrap();
        assert_eq!(done, expected);
    }
    assert_eq!(stores.user(&judged).await.wrong_codes, WrongCodes::default());
}

pub async fn uses_contested_evidence_once(stores: &Stores) {
    for kind in 0..3 {
        let ann = enrolled(stores, &format!("ann{kind}@example.org")).await;
        let evidence = every_evidence(&ann).into_iter().nth(kind).unwrap();
        let outcomes = together((0..16).map(|racer| {
            let (sessions, user, own) = (stores.sessions.clone(), ann.user.clone(), with_code(&ann.session, 30));
            let (by, alone) = (step(&user, evidence.clone(), Some(&token(&user))), step(&user, evidence.clone(), None));
            async move {
                // Half of them log in, and half are authenticated again.
                if racer % 2 == 0 {
                    let session = session_from(&user, 20);
                    sessions.begin_by(&session, user.version(), &by, 99, &[]).await.unwrap().map(|begun| begun != Begun::No)
                } else {
                    sessions.reauthenticate_by(&own, user.version(), &alone, after(30), None).await.unwrap()
                }
            }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(true)).count(), 1, "{outcomes:?}");
        let lost = outcomes.iter().filter(|outcome| **outcome == Err(StepFault::EvidenceUsed)).count();
        assert_eq!(lost, 15, "{outcomes:?}");
        assert!(stores.live(&ann.user).await.len() <= 2);
    }
}

/// By as many recovery codes, each of them good.
pub async fn uses_a_contested_token_once(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let contested = token(&ann.user);
    let outcomes = together((0..10).map(|racer| {
        let (sessions, user) = (stores.sessions.clone(), ann.user.clone());
        let by = step(&user, code(&ann, racer), Some(&contested));
        async move { sessions.begin_by(&session_from(&user, 20), user.version(), &by, 99, &[]).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == BEGUN).count(), 1, "{outcomes:?}");
    let lost = outcomes.iter().filter(|outcome| **outcome == Err(StepFault::TokenUsed)).count();
    assert_eq!(lost, 9, "{outcomes:?}");
    assert_eq!(stores.factors.list(ann.user.id).await.unwrap().recovery_codes_left, 9, "the others' codes are good still");
    assert_eq!(stores.live(&ann.user).await.len(), 2);
}

/// A guess that is counted first has the right code judged again; one that comes later is one of a new count.
pub async fn counts_a_wrong_code_while_a_session_begins(stores: &Stores) {
    for round in 0..16 {
        let ann = enrolled(stores, &format!("ann{round}@example.org")).await;
        let (user, contested) = (ann.user.clone(), token(&ann.user));
        let begin = {
            let (sessions, user) = (stores.sessions.clone(), user.clone());
            let by = step(&user, code(&ann, 0), Some(&contested));
            async move { sessions.begin_by(&session_from(&user, 20), user.version(), &by, 99, &[]).await.unwrap() }
        };
        let count = {
            let (steps, user, contested) = (stores.steps.clone(), user.clone(), contested.clone());
            async move { steps.count_wrong(user.id, Some(user.wrong_codes), Some(&contested), after(20)).await.unwrap() }
        };
        let outcomes = against(round, begin, count).await;
        let expected = [(BEGUN, CountedCode::TokenUsed), (Err(StepFault::Raced), CountedCode::Yes)];
        assert!(expected.contains(&outcomes), "{outcomes:?}");
        let counted = u32::from(outcomes.1 == CountedCode::Yes);
        assert_eq!(stores.user(&user).await.wrong_codes.count, counted);
    }
}

pub async fn a_factor_that_is_removed_begins_nothing_more(stores: &Stores) {
    for round in 0..16 {
        let ann = enrolled(stores, &format!("ann{round}@example.org")).await;
        let (by_which, gone) = match round % 4 {
            0 | 1 => (by_app(&ann.app, 101), ann.app.id),
            _ => (by_passkey(&ann.passkey, 1), ann.passkey.id),
        };
        let begin = {
            let (sessions, user) = (stores.sessions.clone(), ann.user.clone());
            let by = step(&user, by_which.clone(), None);
            async move { sessions.begin_by(&session_from(&user, 20), user.version(), &by, 99, &[]).await.unwrap() }
        };
        let remove = {
            let (factors, user) = (stores.factors.clone(), ann.user.id);
            async move { factors.remove(user, gone, false, LastAdministrator::MayGo, after(20), None).await.unwrap() }
        };
        let (begun, _removed) = against(round, begin, remove).await;
        assert!(begun == BEGUN || begun == Ok(Begun::No), "{begun:?}");
        assert!(!is_good(stores, &ann.session, by_which).await);
    }
}
