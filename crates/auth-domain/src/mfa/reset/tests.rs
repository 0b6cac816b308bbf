//! An operator removes the factors of an account.

use std::sync::Arc;

use super::ResetFactors;
use crate::{
    audit::event::Actor,
    identity::{ids::SessionId, port_error::PortError, user::WrongCodes},
    mail::message::Template,
    mfa::ports::{FactorList, FactorStore, MockFactorStore},
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
    ResetFactors { factors: Arc::new(factors), writer: writer(), audit, clock }
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
    let ended = reset(&server, server.world.store.clone()).execute(&before, &operator()).await.unwrap();
    assert_eq!((ended, server.live().await), (Some(live.len()), vec![]));
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
    assert_eq!(reset(&server, server.world.store.clone()).execute(&nobody, &operator()).await.unwrap(), None);
    assert_eq!((server.told(), server.world.post().await), (vec![], vec![]));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let server = Server::with_ann().await;
    let storing = |outcome: fn() -> Result<Option<Vec<SessionId>>, PortError>| {
        let mut factors = MockFactorStore::new();
        factors.expect_reset().returning(move |_, _, _| outcome());
        reset(&server, factors)
    };
    let ann = server.ann().await;
    assert!(matches!(storing(down).execute(&ann, &operator()).await, Err(PortError::Unavailable(_))));
    assert_eq!(server.told(), []);
    assert!(matches!(storing(unheard).execute(&ann, &operator()).await, Err(PortError::Unknown(_))));
    assert_eq!(server.told(), [("factors_reset", Some("outcome_unknown"))]);
}
