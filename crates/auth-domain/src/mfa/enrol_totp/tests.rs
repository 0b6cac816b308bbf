//! Enrolling an authenticator app.

use std::sync::Arc;

use super::{EnrolTotp, EnrolTotpError};
use crate::{
    factors::totp::{TOTP_LIMIT, TimeStep},
    identity::{method::Method, port_error::PortError},
    mfa::ports::{FactorStore, MockFactorStore, Started},
    testing::{
        down,
        factors::{Server, methods_of},
        mail::ANN,
        unheard,
    },
    testkit::{FakeTotp, samples::context},
};

#[tokio::test]
async fn a_secret_is_shown_and_its_app_waits_for_its_first_code() {
    for (name, expected) in [(None, "Authenticator app"), (Some("My phone"), "My phone")] {
        let server = Server::with_ann().await;
        let caller = server.world.sign_in(ANN).await;
        let name = name.map(|name| name.parse().unwrap());
        let enrolment = server.enrol().execute(&caller, name, &context()).await.unwrap();
        assert!(enrolment.secret.uri.contains(&enrolment.secret.secret) && enrolment.secret.uri.contains(ANN));
        let kept = server.world.store.pending_totp(caller.user.id, enrolment.id).await.unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.created_at, kept.confirmed_at), (expected, server.now(), None));
        assert_eq!((kept.secret, kept.last_step, kept.last_used_at), (enrolment.secret.encrypted, TimeStep::NONE, None));
        let events = server.news();
        assert_eq!(methods_of(&events), [("factor_enrolment_started", vec![Method::Totp])]);
        assert_eq!(events[0].session(), Some(caller.session.id));
        assert_eq!(server.ann().await.version(), caller.user.version(), "nothing has changed yet");
        assert_eq!(server.world.post().await, []);
    }
}

#[tokio::test]
async fn a_second_enrolment_takes_the_place_of_one_that_waits() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let (first, second) = (server.enrolled(&caller).await, server.enrolled(&caller).await);
    assert_eq!(server.world.store.pending_totp(caller.user.id, first.id).await.unwrap(), None);
    assert!(server.world.store.pending_totp(caller.user.id, second.id).await.unwrap().is_some());
}

#[tokio::test]
async fn five_apps_are_as_many_as_there_may_be() {
    let server = Server::with_ann().await;
    for _ in 0..TOTP_LIMIT {
        server.add_app().await;
    }
    server.add_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    server.news();
    let outcome = server.enrol().execute(&caller, None, &context()).await;
    assert!(matches!(outcome, Err(EnrolTotpError::Limit)));
    assert_eq!(server.told(), []);
}

#[tokio::test]
async fn an_account_that_changed_meanwhile_enrols_nothing() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    server.add_passkey().await;
    server.news();
    let outcome = server.enrol().execute(&caller, None, &context()).await;
    assert!(matches!(outcome, Err(EnrolTotpError::Ended)));
    assert_eq!(server.told(), []);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let storing = |outcome: fn() -> Result<Started, PortError>| {
        let mut factors = MockFactorStore::new();
        factors.expect_start_totp().returning(move |_, _| outcome());
        EnrolTotp { factors: Arc::new(factors), ..server.enrol() }
    };
    let outcome = storing(down).execute(&caller, None, &context()).await;
    assert!(matches!(outcome, Err(EnrolTotpError::Port(PortError::Unavailable(_)))));
    let keyless = EnrolTotp { codec: Arc::new(FakeTotp::with_keys(&[])), ..server.enrol() };
    assert!(matches!(keyless.execute(&caller, None, &context()).await, Err(EnrolTotpError::Port(PortError::Internal(_)))));
    assert_eq!(server.told(), []);
    let outcome = storing(unheard).execute(&caller, None, &context()).await;
    assert!(matches!(outcome, Err(EnrolTotpError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("factor_enrolment_started", Some("outcome_unknown"))]);
}
