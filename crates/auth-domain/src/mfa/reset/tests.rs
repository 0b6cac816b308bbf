//! An operator removes the factors of an account.

use std::sync::Arc;

use super::ResetFactors;
use crate::{
    audit::event::Actor,
    identity::{administrator::LastAdministrator, ids::SessionId, port_error::PortError, user::WrongCodes},
    mail::message::Template,
    mfa::ports::{FactorList, FactorStore, FactorsReset, MockFactorStore},
    testing::{
        down,
        factors::{Server, wrong_code},
        mail::{ANN, templates, writer},
        unheard,
    },
    testkit::samples::{operator, user},
};

fn reset(server: &Server, factors: impl FactorStore + 'static) -> ResetFactors {
    let (audit, clock) = (Arc::new(server.world.audit.clone()), Arc::new(server.world.clock.clone()));
    ResetFactors { factors: Arc::new(factors), writer: writer(), audit, clock, with_factor: true }
}

#[tokio::test]
async fn nothing_is_left_of_the_factors_and_every_session_ends() {
    let (server, _, _) = Server::with_app().await;
    server.add_passkey().await;
    assert!(server.logs_in(wrong_code()).await.is_err());
    let (caller, before) = (server.world.sign_in(ANN).await, server.ann().await);
    let live: Vec<SessionId> = server.live().await.iter().map(|session| session.id).collect();
    assert!(live.contains(&caller.session.id) && live.len() > 1);
    server.world.post().await;
    server.news();
    let ended = reset(&server, server.world.store.clone()).execute(&before, false, &operator()).await.unwrap();
    assert!(matches!(ended, FactorsReset::Yes { ended } if ended.len() == live.len()));
    assert_eq!(server.live().await, []);
    let after = server.ann().await;
    assert!(after.second_factors.is_empty() && after.version() != before.version());
    assert_eq!((after.wrong_codes, server.list().await), (WrongCodes::default(), FactorList::default()));
    let events = server.news();
    assert!(events.iter().all(|event| event.actor == Actor::Operator && event.user() == Some(before.id)));
    let told = crate::testing::told(&events);
    assert_eq!(told[0], ("factors_reset", Some("operator")));
    assert!(told.len() == live.len() + 1 && told[1..].iter().all(|told| *told == ("session_ended", Some("factors_reset"))));
    assert!(events[1..].iter().all(|event| event.session().is_some_and(|session| live.contains(&session))));
    assert_eq!(templates(&server.world.post().await), [(Template::FactorsReset, ANN)]);
}

#[tokio::test]
async fn an_account_that_is_gone_has_none() {
    let server = Server::with_ann().await;
    let nobody = user("nobody@example.org");
    assert_eq!(
        reset(&server, server.world.store.clone()).execute(&nobody, false, &operator()).await.unwrap(),
        FactorsReset::NoSuchUser
    );
    assert_eq!((server.told(), server.world.post().await), (vec![], vec![]));
}

#[tokio::test]
async fn the_last_administrator_keeps_theirs_unless_forced() {
    let server = Server::with_ann().await;
    let ann = server.ann().await;
    for (force, keep) in [(false, LastAdministrator::Stays { with_factor: true }), (true, LastAdministrator::MayGo)] {
        let mut factors = MockFactorStore::new();
        let expected = factors.expect_reset().withf(move |_, kept, _, _| *kept == keep);
        expected.once().returning(|_, _, _, _| Ok(FactorsReset::LastAdministrator));
        let outcome = reset(&server, factors).execute(&ann, force, &operator()).await.unwrap();
        assert_eq!((outcome, server.told()), (FactorsReset::LastAdministrator, vec![]));
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let server = Server::with_ann().await;
    let storing = |outcome: fn() -> Result<FactorsReset, PortError>| {
        let mut factors = MockFactorStore::new();
        factors.expect_reset().returning(move |_, _, _, _| outcome());
        reset(&server, factors)
    };
    let ann = server.ann().await;
    assert!(matches!(storing(down).execute(&ann, false, &operator()).await, Err(PortError::Unavailable(_))));
    assert_eq!(server.told(), []);
    assert!(matches!(storing(unheard).execute(&ann, false, &operator()).await, Err(PortError::Unknown(_))));
    assert_eq!(server.told(), [("factors_reset", Some("outcome_unknown"))]);
}
