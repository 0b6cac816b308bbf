//! The queries of factors and of second steps.

use auth_domain::{
    factors::{
        factor::FactorId,
        passkey::Passkey,
        ports::{CountedCode, SecondStepStore},
        recovery_code::RecoveryCodeDigest,
        second_step::Evidence,
        totp::{TimeStep, TotpFactor},
    },
    identity::{administrator::LastAdministrator, encrypted::Encrypted, user::User},
    mfa::ports::{Added, Addition, FactorStore, FactorsReset, Removed, Started},
    passkeys::ports::PasskeyStore,
    sessions::{
        ports::{Begun, SessionStore},
        session::Session,
    },
    testkit::{
        factors::samples::{app, codes, credential_id, passkey, step, token, with_code},
        mail::samples::notice,
        samples::{after, session_from},
    },
};
use auth_infra::db::{Database, DieselFactors, DieselPasskeys, DieselSecondSteps, DieselSessions};

use super::{at, mail::LATE, uuid};

fn factor(number: u32) -> FactorId {
    uuid(number).parse().unwrap()
}

/// The account with this number has the apps with its number plus 2,000, 4,000 and 6,000, and the passkeys of these and its own.
async fn account(steps: &DieselSecondSteps, number: u32) -> (User, Vec<TotpFactor>) {
    steps.find(uuid(number).parse().unwrap()).await.unwrap().unwrap()
}

pub(super) async fn take_second_steps(database: &Database) {
    let (steps, sessions) = (DieselSecondSteps(database.clone()), DieselSessions(database.clone()));
    let (user, apps) = account(&steps, 110).await;
    assert_eq!(apps.iter().map(|app| app.id).collect::<Vec<_>>(), [factor(2110), factor(4110), factor(6110)]);
    let (first, second) = (token(&user), token(&user));
    for token in [&first, &first] {
        let from = account(&steps, 110).await.0.wrong_codes;
        assert_eq!(steps.count_wrong(user.id, Some(from), Some(token), after(LATE)).await.unwrap(), CountedCode::Yes);
    }
    assert!(steps.use_up(&second, after(LATE)).await.unwrap());
    assert_eq!(steps.count_wrong(user.id, None, Some(&second), after(LATE)).await.unwrap(), CountedCode::TokenUsed);
    let stale = step(&user, Evidence::Totp { factor: factor(2110), step: TimeStep(9) }, Some(&first));
    let session = session_from(&user, LATE);
    assert!(sessions.begin_by(&session, user.version(), &stale, 99, &[]).await.unwrap().is_err());
    for evidence in [
        Evidence::Totp { factor: factor(2110), step: TimeStep(9) },
        Evidence::RecoveryCode(RecoveryCodeDigest("c00000110".to_owned())),
        Evidence::Passkey { factor: factor(110), from: 0, to: 1, backed_up: true, backup_eligible: true },
    ] {
        let now = account(&steps, 110).await.0;
        let session = session_from(&user, LATE);
        let begun = sessions.begin_by(&session, now.version(), &step(&now, evidence, Some(&first)), 99, &[]).await.unwrap();
        // The token is good once.
        assert!(begun.is_err() || matches!(begun, Ok(Begun::Yes { .. })), "{begun:?}");
    }
    let now = account(&steps, 110).await.0;
    let evidence = Evidence::Totp { factor: factor(4110), step: TimeStep(9) };
    let own = with_code(&session, LATE);
    let _either = sessions.reauthenticate_by(&own, now.version(), &step(&now, evidence, None), after(LATE), None).await.unwrap();
    assert!(steps.prune(at("2026-01-01T00:30:00Z"), 5).await.unwrap() > 0);
}

pub(super) async fn change_factors(database: &Database) {
    let (steps, sessions) = (DieselSecondSteps(database.clone()), DieselSessions(database.clone()));
    let (factors, passkeys) = (DieselFactors(database.clone()), DieselPasskeys(database.clone()));
    let user = account(&steps, 111).await.0;
    let own = session_from(&user, LATE);
    let begun = sessions.begin(&own, user.version(), 99, None).await.unwrap();
    assert!(matches!(begun, Begun::Yes { .. }));
    assert_eq!(factors.list(user.id).await.unwrap().factors.len(), 7);
    assert!(factors.pending_totp(user.id, factor(111)).await.unwrap().is_some());
    let waiting = app(&user, LATE);
    assert_eq!(factors.start_totp(&waiting, user.version()).await.unwrap(), Started::Yes);
    let (session, codes, told) = (with_code(&own, LATE), codes(), notice(&user, LATE));
    let added = factors.confirm_totp(waiting.id, TimeStep(9), &addition(&user, &session)).await.unwrap();
    assert!(matches!(added, Added::Yes { is_first: false, .. }));
    let user = account(&steps, 111).await.0;
    let new = passkey(&user, LATE);
    let taken = Passkey { credential: passkeys.of(user.id).await.unwrap().remove(0), ..passkey(&user, LATE) };
    assert_eq!(factors.add_passkey(&taken, &addition(&user, &session)).await.unwrap(), Added::No);
    assert!(matches!(factors.add_passkey(&new, &addition(&user, &session)).await.unwrap(), Added::Yes { .. }));
    assert_eq!(passkeys.find(&new.credential.id).await.unwrap().unwrap().0, new);
    assert_eq!(passkeys.find(&credential_id(b"nobody's")).await.unwrap(), None);
    passkeys.report_clone(&told).await.unwrap();
    let name = "Phone".parse().unwrap();
    assert!(
        factors.rename(user.id, factor(2111), &name).await.unwrap() && factors.rename(user.id, factor(111), &name).await.unwrap()
    );
    for gone in [factor(2111), factor(111)] {
        let removed = factors.remove(user.id, gone, true, LastAdministrator::MayGo, after(LATE), None).await.unwrap();
        assert!(matches!(removed, Removed::Yes { .. }));
    }
    let user = account(&steps, 111).await.0;
    assert!(factors.replace_recovery_codes(user.id, user.version(), &codes, after(LATE), None).await.unwrap());
    let reset = factors.reset(user.id, LastAdministrator::MayGo, after(LATE), None).await.unwrap();
    assert_eq!(reset, FactorsReset::Yes { ended: vec![own.id] });
    run_by_operators(&factors).await;
}

fn addition<'a>(user: &User, session: &'a Session) -> Addition<'a> {
    Addition { session, proven: user.version(), codes: &[], now: after(LATE), notice: None }
}

async fn run_by_operators(factors: &DieselFactors) {
    for after in [None, Some(factor(4000))] {
        assert_eq!(factors.secrets(after, 20).await.unwrap().len(), 20);
    }
    let secret = |with: &str| Encrypted { with: with.to_owned(), text: "x".to_owned() };
    assert!(factors.reencrypt(factor(2112), &secret("a"), &secret("b")).await.unwrap());
    assert_eq!(factors.encryption_keys().await.unwrap(), ["a", "b"]);
    assert!(factors.any().await.unwrap());
    assert_eq!(factors.prune(at("2026-01-01T00:30:00Z"), 5).await.unwrap(), 5);
}
