//! What an owner gets of their account.

use std::sync::Arc;

use super::{AccountExport, ExportAccount};
use crate::{
    identity::port_error::PortError,
    sessions::ports::MockSessionStore,
    testing::{
        down,
        factors::Server,
        mail::{ANN, NEW},
        told,
    },
    testkit::samples::{context, email},
};

fn export(server: &Server) -> ExportAccount {
    let store = Arc::new(server.world.store.clone());
    ExportAccount {
        factors: store.clone(),
        sessions: store.clone(),
        attempts: store.clone(),
        proofs: store.clone(),
        trail: store,
        audit: Arc::new(server.world.audit.clone()),
        clock: Arc::new(server.world.clock.clone()),
        session_limit: 50,
    }
}

#[tokio::test]
async fn an_owner_gets_what_is_stored_and_it_is_told() {
    let (server, ..) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    server.news();
    let AccountExport { factors, sessions, networks, trail, .. } = export(&server).execute(&caller, &context()).await.unwrap();
    assert_eq!((factors, sessions), (server.list().await, server.live().await));
    assert!(!networks.is_empty() && trail.is_empty());
    assert_eq!(server.told(), [("account_exported", None)]);
}

#[tokio::test]
async fn proofs_are_told_that_may_still_be_used() {
    let (server, ..) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let before = export(&server).execute(&caller, &context()).await.unwrap().proofs;
    server.world.request_change().execute(&caller, email(NEW), &context()).await.unwrap();
    let after = export(&server).execute(&caller, &context()).await.unwrap().proofs;
    assert!(after.len() > before.len() && after.iter().all(|proof| proof.user == Some(caller.user.id)));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (server, ..) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    server.news();
    let mut sessions = MockSessionStore::new();
    sessions.expect_live().returning(|_, _, _| down());
    let outcome = ExportAccount { sessions: Arc::new(sessions), ..export(&server) }.execute(&caller, &context()).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))));
    assert_eq!(told(&server.news()), []);
}
