//! Naming a factor.

use std::sync::Arc;

use super::{RenameFactor, RenameFactorError};
use crate::{
    factors::factor::FactorId,
    identity::port_error::PortError,
    mfa::ports::{FactorStore, MockFactorStore},
    testing::{down, factors::Server, mail::ANN, unheard},
    testkit::samples::{context, id, user},
};

fn rename(server: &Server, factors: impl FactorStore + 'static) -> RenameFactor {
    let (audit, clock) = (Arc::new(server.world.audit.clone()), Arc::new(server.world.clock.clone()));
    RenameFactor { factors: Arc::new(factors), audit, clock }
}

#[tokio::test]
async fn a_factor_gets_another_name_and_nothing_else_changes() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let before = server.ann().await;
    server.world.post().await;
    let rename = rename(&server, server.world.store.clone());
    rename.execute(&caller, app.id, "My phone".parse().unwrap(), &context()).await.unwrap();
    assert_eq!(server.list().await.factors[0].name.as_str(), "My phone");
    assert_eq!((server.told(), server.ann().await), (vec![("factor_renamed", None)], before));
    assert_eq!(server.world.post().await, []);
}

#[tokio::test]
async fn only_the_confirmed_factors_of_the_caller_have_names() {
    let (server, app, _) = Server::with_app().await;
    let ann = server.world.sign_in(ANN).await;
    let waiting = server.enrolled(&ann).await;
    let ben = server.world.keep(user("ben@example.org")).await;
    let ben = server.world.sign_in(ben.email.as_str()).await;
    server.news();
    let rename = rename(&server, server.world.store.clone());
    for (caller, id) in [(&ben, app.id), (&ann, waiting.id), (&ann, FactorId(id()))] {
        let outcome = rename.execute(caller, id, "Mine".parse().unwrap(), &context()).await;
        assert!(matches!(outcome, Err(RenameFactorError::NotFound)));
    }
    assert_eq!((server.told(), server.list().await.factors[0].name.as_str()), (vec![], "Authenticator app"));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let storing = |outcome: fn() -> Result<bool, PortError>| {
        let mut factors = MockFactorStore::new();
        factors.expect_rename().returning(move |_, _, _| outcome());
        rename(&server, factors)
    };
    let name = || "Mine".parse().unwrap();
    let outcome = storing(down).execute(&caller, FactorId(id()), name(), &context()).await;
    assert!(matches!(outcome, Err(RenameFactorError::Port(PortError::Unavailable(_)))));
    assert_eq!(server.told(), []);
    let outcome = storing(unheard).execute(&caller, FactorId(id()), name(), &context()).await;
    assert!(matches!(outcome, Err(RenameFactorError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("factor_renamed", Some("outcome_unknown"))]);
}
