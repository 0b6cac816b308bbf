//! Confirming an authenticator app.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{ConfirmTotp, ConfirmTotpError};
use crate::{
    factors::{
        factor::FactorId,
        ports::MockRecoveryCodeMaker,
        recovery_code::{RECOVERY_CODES, RecoveryCode},
    },
    identity::{method::Method, port_error::PortError},
    mail::message::Template,
    mfa::{
        add::AddFactor,
        ports::{Added, FactorStore, MockFactorStore},
    },
    sessions::{authenticate::SignedIn, ports::SessionStore},
    testing::{
        broken_issuer, down,
        factors::{App, Server, code, methods_of},
        mail::{ANN, templates},
        unheard,
    },
    testkit::samples::{context, id, user},
};

async fn enrolling() -> (Server, SignedIn, App) {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let app = server.enrolled(&caller).await;
    server.news();
    (server, caller, app)
}

#[tokio::test]
async fn the_first_code_makes_the_app_a_factor_and_ends_the_other_sessions() {
    let (server, caller, app) = enrolling().await;
    let other = server.world.sign_in(ANN).await;
    server.wait(3600);
    let added = server.confirm().execute(&caller, app.id, &app.shows(server.now()), &context()).await.unwrap();

    let how = server.how(&added.token.token);
    assert_eq!((how.methods.to_string(), how.at.timestamp()), ("pwd otp mfa".to_owned(), server.now().timestamp()));
    let stored = server.stored(&caller).await;
    assert_eq!(server.live().await, std::slice::from_ref(&stored));
    assert_eq!(stored.authentication.at, server.now());
    let again = SignedIn { session: stored, user: server.ann().await };
    assert_eq!(server.demand().check(&again), Ok(()), "the session is fresh and has a second factor");
    assert_ne!(again.user.version(), caller.user.version());

    let events = server.news();
    let expected = [("factor_added", vec![Method::Totp]), ("session_ended", vec![])];
    assert_eq!(methods_of(&events), expected);
    let sessions = [Some(caller.session.id), Some(other.session.id)];
    assert_eq!((events[0].session(), events[1].session(), events[1].word()), (sessions[0], sessions[1], Some("factor_added")));
    assert_eq!(templates(&server.world.post().await), [(Template::FactorAdded, ANN)]);

    assert_eq!(added.recovery_codes.len(), RECOVERY_CODES);
    for RecoveryCode(recovery) in added.recovery_codes {
        assert!(server.logs_in(code(recovery)).await.is_ok());
    }
}

#[tokio::test]
async fn only_the_first_factor_brings_recovery_codes() {
    let (server, _) = Server::with_passkey().await;
    let (_, codes) = server.add_app().await;
    assert_eq!(codes, Vec::<String>::new());
    assert_eq!(server.list().await.recovery_codes_left, RECOVERY_CODES, "those of the first stay");
}

#[tokio::test]
async fn a_wrong_code_is_told_and_not_counted() {
    let (server, caller, app) = enrolling().await;
    let late = app.shows(server.now() - TimeDelta::seconds(60));
    for wrong in ["000000", "", "fake00-000000-000000-000001", &late] {
        for _ in 0..4 {
            let outcome = server.confirm().execute(&caller, app.id, wrong, &context()).await;
            assert!(matches!(outcome, Err(ConfirmTotpError::WrongCode)));
        }
        assert_eq!(server.told(), [("factor_confirmation_refused", Some("wrong_code")); 4]);
    }
    assert_eq!(server.ann().await, caller.user);
    assert!(server.confirm().execute(&caller, app.id, &app.shows(server.now()), &context()).await.is_ok());
}

#[tokio::test]
async fn only_what_waits_for_its_first_code_is_confirmed() {
    let (server, caller, app) = enrolling().await;
    let ben = server.world.keep(user("ben@example.org")).await;
    let of_ben = server.enrolled(&server.world.sign_in(ben.email.as_str()).await).await;
    server.news();
    for id in [of_ben.id, FactorId(id())] {
        let outcome = server.confirm().execute(&caller, id, &of_ben.shows(server.now()), &context()).await;
        assert!(matches!(outcome, Err(ConfirmTotpError::NotFound)));
    }
    server.confirmed(&caller, &app).await;
    server.wait(30);
    server.news();
    let outcome = server.confirm().execute(&caller, app.id, &app.shows(server.now()), &context()).await;
    assert!(matches!(outcome, Err(ConfirmTotpError::NotFound)), "once");
    assert_eq!(server.told(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_confirmations_at_once_one_counts() {
    let (server, caller, app) = enrolling().await;
    let shown = app.shows(server.now());
    let racers: Vec<_> = (0..32)
        .map(|_| {
            let (server, caller, shown, id) = (server.clone(), caller.clone(), shown.clone(), app.id);
            tokio::spawn(async move { server.confirm().execute(&caller, id, &shown, &context()).await.is_ok() })
        })
        .collect();
    let mut through = 0;
    for racer in racers {
        through += usize::from(racer.await.unwrap());
    }
    assert_eq!((through, server.list().await.recovery_codes_left), (1, RECOVERY_CODES));
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_confirms_nothing() {
    let (server, caller, app) = enrolling().await;
    assert!(server.world.store.end(caller.session.id, server.now()).await.unwrap());
    let outcome = server.confirm().execute(&caller, app.id, &app.shows(server.now()), &context()).await;
    assert!(matches!(outcome, Err(ConfirmTotpError::NotFound)));
    assert_eq!(server.told(), [("factor_confirmation_refused", Some("account_changed_meanwhile"))]);
    assert_eq!(server.list().await, crate::mfa::ports::FactorList::default());
}

/// A confirmation of which the store says this.
async fn storing(server: &Server, caller: &SignedIn, app: &App, outcome: fn() -> Result<Added, PortError>) -> ConfirmTotp {
    let pending = server.world.store.pending_totp(caller.user.id, app.id).await.unwrap();
    let mut factors = MockFactorStore::new();
    factors.expect_pending_totp().returning(move |_, _| Ok(pending.clone()));
    factors.expect_confirm_totp().once().returning(move |_, _, _| outcome());
    ConfirmTotp { factors: Arc::new(factors), ..server.confirm() }
}

#[tokio::test]
async fn a_sixth_app_is_not_confirmed() {
    let (server, caller, app) = enrolling().await;
    let confirm = storing(&server, &caller, &app, || Ok(Added::Limit)).await;
    let outcome = confirm.execute(&caller, app.id, &app.shows(server.now()), &context()).await;
    assert!(matches!(outcome, Err(ConfirmTotpError::Limit)));
    assert_eq!(server.told(), [("factor_confirmation_refused", Some("factor_limit"))]);
}

#[tokio::test]
async fn an_outage_stays_an_outage_and_nothing_is_stored_that_cannot_be_handed_out() {
    let (server, caller, app) = enrolling().await;
    let mut away = MockFactorStore::new();
    away.expect_pending_totp().returning(|_, _| down());
    let mut codeless = MockRecoveryCodeMaker::new();
    codeless.expect_make().returning(down);
    let adding = |add| ConfirmTotp { add, ..server.confirm() };
    for confirm in [
        ConfirmTotp { factors: Arc::new(away), ..server.confirm() },
        adding(AddFactor { issuer: broken_issuer(), ..server.add() }),
        adding(AddFactor { recovery_codes: Arc::new(codeless), ..server.add() }),
        storing(&server, &caller, &app, down).await,
    ] {
        let outcome = confirm.execute(&caller, app.id, &app.shows(server.now()), &context()).await;
        assert!(matches!(outcome, Err(ConfirmTotpError::Port(PortError::Unavailable(_)))));
    }
    assert_eq!(server.told(), []);
    assert_eq!(server.ann().await, caller.user);
    let confirm = storing(&server, &caller, &app, unheard).await;
    let outcome = confirm.execute(&caller, app.id, &app.shows(server.now()), &context()).await;
    assert!(matches!(outcome, Err(ConfirmTotpError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("factor_added", Some("outcome_unknown"))]);
}
