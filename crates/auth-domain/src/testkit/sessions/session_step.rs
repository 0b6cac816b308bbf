//! What every [`SessionStore`](crate::sessions::ports::SessionStore) keeps when a session begins by a second step.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::factors::{
    one_time_token::{OneTimeToken, STEP_TRIES},
    passkey::{Credential, Passkey},
    ports::CountedCode,
    second_step::{Evidence, StepFault},
    totp::{TimeStep, TotpFactor},
};
use crate::identity::user::{User, WrongCodes};
use crate::sessions::ports::Begun;
use crate::testkit::{
    factors::samples::{by_app, by_passkey, passkey, step, token, with_code},
    fixtures::{Stores, other_versions},
    mail::samples::notice,
    mfa::scenes::{Enrolled, enrolled, started, with_app, with_passkey},
    samples::{after, as_kept, session_from},
};

pub(super) type Outcome = Result<Begun, StepFault>;

pub(super) const BEGUN: Outcome = Ok(Begun::Yes { displaced: Vec::new() });

/// Each kind, shown for the first time.
pub(super) fn every_evidence(of: &Enrolled) -> [Evidence; 3] {
    [by_app(&of.app, 101), code(of, 0), by_passkey(&of.passkey, 7)]
}

pub(super) fn code(of: &Enrolled, number: usize) -> Evidence {
    Evidence::RecoveryCode(of.codes.get(number).unwrap().clone())
}

pub(super) async fn count_wrong(stores: &Stores, user: &User, seconds: i64) {
    let from = stores.user(user).await.wrong_codes;
    assert_eq!(stores.steps.count_wrong(user.id, Some(from), None, after(seconds)).await.unwrap(), CountedCode::Yes);
}

/// Begins a session for the account as it is now, without a notice.
async fn begin(stores: &Stores, user: &User, evidence: Evidence, token: Option<&OneTimeToken>) -> Outcome {
    let user = stores.user(user).await;
    let session = with_code(&session_from(&user, 20), 20);
    stores.sessions.begin_by(&session, user.version(), &step(&user, evidence, token), 99, &[]).await.unwrap()
}

/// What is stored of an account and its factors, whatever its sessions are.
async fn stored(stores: &Stores, of: &Enrolled) -> (Option<(User, Vec<TotpFactor>)>, Option<Passkey>, usize) {
    let passkey = stores.passkeys.find(&of.passkey.credential.id).await.unwrap().map(|(passkey, _)| passkey);
    let codes = stores.factors.list(of.user.id).await.unwrap().recovery_codes_left;
    (stores.steps.find(of.user.id).await.unwrap(), passkey, codes)
}

pub async fn begins_a_session_by_a_second_step(stores: &Stores) {
    for kind in 0..3 {
        let ann = enrolled(stores, &format!("ann{kind}@example.org")).await;
        count_wrong(stores, &ann.user, 9).await;
        let (now, first) = (stores.user(&ann.user).await, token(&ann.user));
        let (session, told) = (with_code(&session_from(&now, 20), 19), [notice(&now, 20), notice(&now, 20)]);
        let evidence = every_evidence(&ann).into_iter().nth(kind).unwrap();
        let by = step(&now, evidence, Some(&first));
        assert_eq!(stores.sessions.begin_by(&session, now.version(), &by, 99, &told).await.unwrap(), BEGUN);
        assert_eq!(stores.session(&session).await, as_kept(&session));
        let user = User { last_login_at: Some(after(20)), wrong_codes: WrongCodes::default(), ..now };
        let app = if kind == 0 {
            TotpFactor { last_step: TimeStep(101), last_used_at: Some(after(20)), ..ann.app.clone() }
        } else {
            ann.app.clone()
        };
        let passkey = if kind == 2 {
            let credential = Credential { counter: 7, backed_up: true, ..ann.passkey.credential.clone() };
            Passkey { credential, last_used_at: Some(after(20)), ..ann.passkey.clone() }
        } else {
            ann.passkey.clone()
        };
        let left = if kind == 1 { 9 } else { 10 };
        assert_eq!(stored(stores, &ann).await, (Some((user, vec![app])), Some(passkey), left));
        for told in told {
            assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told));
        }
        let network = session.context.network().unwrap();
        assert_eq!(stores.attempts.network_seen_at(ann.user.id, network).await.unwrap(), Some(after(20)));
    }
}

pub async fn begins_by_each_evidence_once(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    for evidence in every_evidence(&ann) {
        let (first, second) = (token(&ann.user), token(&ann.user));
        assert_eq!(begin(stores, &ann.user, evidence.clone(), Some(&first)).await, BEGUN);
        count_wrong(stores, &ann.user, 30).await;
        let (before, live) = (stored(stores, &ann).await, stores.live(&ann.user).await);
        assert_eq!(begin(stores, &ann.user, evidence, Some(&second)).await, Err(StepFault::EvidenceUsed));
        assert_eq!((stored(stores, &ann).await, stores.live(&ann.user).await), (before, live));
        assert!(stores.steps.use_up(&second, after(31)).await.unwrap(), "its token is as good as before");
    }
}

pub async fn begins_by_no_older_step(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    for (number, expected) in [
        (100, Err(StepFault::EvidenceUsed)),
        (99, Err(StepFault::EvidenceUsed)),
        (103, BEGUN),
        (102, Err(StepFault::EvidenceUsed)),
        (104, BEGUN),
    ] {
        assert_eq!(begin(stores, &ann.user, by_app(&ann.app, number), None).await, expected, "{number}");
    }
    let another = with_app(stores, &ann.session, &ann.user, &[], 10).await;
    assert_eq!(begin(stores, &ann.user, by_app(&another, 101), None).await, BEGUN, "each app has its own");
}

/// Zero before and after is an authenticator that does not count.
pub async fn begins_by_a_counter_that_grows(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    for (to, is_good) in
        [(0, true), (0, true), (5, true), (5, false), (4, false), (0, false), (6, true), (u32::MAX, true), (u32::MAX, false)]
    {
        let before = stored(stores, &ann).await;
        let expected = if is_good { BEGUN } else { Err(StepFault::EvidenceUsed) };
        assert_eq!(begin(stores, &ann.user, by_passkey(&ann.passkey, to), None).await, expected, "{to}");
        let counter = stores.passkeys.of(ann.user.id).await.unwrap().first().unwrap().counter;
        assert!(if is_good { counter == to } else { stored(stores, &ann).await == before }, "{to}: {counter}");
    }
}

pub async fn begins_by_no_factor_of_others(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let waiting = started(stores, &ann.user, 10).await;
    let others = every_evidence(&ben).into_iter().chain([by_app(&waiting, 101), by_passkey(&passkey(&ann.user, 0), 1)]);
    for other in others {
        assert_eq!(begin(stores, &ann.user, other, None).await, Err(StepFault::EvidenceUsed));
    }
    for own in every_evidence(&ben) {
        assert_eq!(begin(stores, &ben.user, own, None).await, BEGUN, "nothing of it was used");
    }
}

pub async fn begins_by_a_step_only_for_the_account_that_was_proven(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    count_wrong(stores, &ann.user, 9).await;
    let (now, session, untold) = (stores.user(&ann.user).await, session_from(&ann.user, 20), [notice(&ann.user, 20)]);
    let (before, first) = (stored(stores, &ann).await, token(&ann.user));
    for evidence in every_evidence(&ann) {
        for other in other_versions(&now) {
            let by = step(&now, evidence.clone(), Some(&first));
            let begun = stores.sessions.begin_by(&session, other, &by, 99, &untold).await.unwrap();
            assert_eq!(begun, Ok(Begun::No));
        }
    }
    assert_eq!((stored(stores, &ann).await, stores.live(&ann.user).await), (before, vec![ann.session.id]));
    assert_eq!(stores.mails.find(untold.first().unwrap().id).await.unwrap(), None);
    assert_eq!(begin(stores, &ann.user, code(&ann, 0), Some(&first)).await, BEGUN, "its token is as good as before");
    assert!(stores.disable(ann.user.id, after(30)).await.is_some());
    let before = stored(stores, &ann).await;
    for evidence in [by_app(&ann.app, 101), code(&ann, 1), by_passkey(&ann.passkey, 7)] {
        assert_eq!(begin(stores, &ann.user, evidence, None).await, Ok(Begun::No), "it is disabled");
    }
    assert_eq!(stored(stores, &ann).await, before);
    assert!(stores.delete(ann.user.id, None, after(31)).await);
    let by = step(&ann.user, code(&ann, 1), Some(&token(&ann.user)));
    let begun = stores.sessions.begin_by(&session, ann.user.version(), &by, 99, &untold).await.unwrap();
    assert_eq!(begun, Ok(Begun::No));
}

pub async fn begins_by_each_token_once(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let (used, tried, good) = (token(&ann.user), token(&ann.user), token(&ann.user));
    assert_eq!(begin(stores, &ann.user, code(&ann, 0), Some(&used)).await, BEGUN);
    for tries in 1..=STEP_TRIES {
        let tokens = if tries < STEP_TRIES { vec![&tried, &good] } else { vec![&tried] };
        for token in tokens {
            let counted = stores.steps.count_wrong(ann.user.id, None, Some(token), after(30)).await.unwrap();
            assert_eq!(counted, CountedCode::Yes);
        }
    }
    let before = stored(stores, &ann).await;
    for evidence in [by_app(&ann.app, 101), code(&ann, 1), by_passkey(&ann.passkey, 7)] {
        for void in [&used, &tried] {
            assert_eq!(begin(stores, &ann.user, evidence.clone(), Some(void)).await, Err(StepFault::TokenUsed));
        }
    }
    assert_eq!(stored(stores, &ann).await, before);
    assert_eq!(begin(stores, &ann.user, code(&ann, 1), Some(&good)).await, BEGUN, "it has had four wrong codes");
    assert_eq!(begin(stores, &ann.user, code(&ann, 2), Some(&good)).await, Err(StepFault::TokenUsed));
}

/// Whoever guesses must not learn of a right code before the wrong ones are counted. Nobody guesses a passkey.
pub async fn begins_nothing_by_what_was_judged_before_a_wrong_code(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let judged = ann.user.clone();
    count_wrong(stores, &ann.user, 9).await;
    let [app, code, passkey] = every_evidence(&ann);
    let (now, session, first) = (stores.user(&judged).await, session_from(&judged, 20), token(&judged));
    let before = stored(stores, &ann).await;
    let later = User { wrong_codes: WrongCodes { last_at: Some(after(10)), ..now.wrong_codes }, ..judged.clone() };
    for stale in [&judged, &later] {
        for evidence in [&app, &code] {
            let by = step(stale, evidence.clone(), Some(&first));
            let begun = stores.sessions.begin_by(&session, judged.version(), &by, 99, &[]).await.unwrap();
            assert_eq!(begun, Err(StepFault::Raced));
        }
    }
    assert_eq!((stored(stores, &ann).await, stores.live(&judged).await), (before, vec![ann.session.id]));
    let by = step(&judged, passkey, Some(&first));
    assert_eq!(stores.sessions.begin_by(&session, judged.version(), &by, 99, &[]).await.unwrap(), BEGUN);
    assert_eq!(stores.user(&judged).await.wrong_codes, WrongCodes::default());
}

pub async fn begins_by_the_last_recovery_code(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    for number in 0..10 {
        assert_eq!(stores.user(&ann.user).await.second_factors, ann.user.second_factors);
        assert_eq!(begin(stores, &ann.user, code(&ann, number), None).await, BEGUN);
    }
    let now = stores.user(&ann.user).await;
    assert_eq!(now.second_factors.to_string(), "totp passkey", "none is left to be asked for");
    assert_eq!(now.version(), ann.user.version());
    with_passkey(stores, &ann.session, &passkey(&ann.user, 40), &[]).await;
    assert_eq!(stores.user(&ann.user).await.second_factors.to_string(), "totp passkey");
}

pub async fn displaces_sessions_for_one_that_begins_by_a_step(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let session = session_from(&ann.user, 20);
    let by = step(&ann.user, code(&ann, 0), None);
    let begun = stores.sessions.begin_by(&session, ann.user.version(), &by, 1, &[]).await.unwrap();
    assert_eq!(begun, Ok(Begun::Yes { displaced: vec![ann.session.id] }));
    assert_eq!(stores.live(&ann.user).await, [session.id]);
}
