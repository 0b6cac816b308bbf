//! Removing a factor.

use std::sync::Arc;

use super::{RemoveFactor, RemoveFactorError};
use crate::{
    factors::{factor::FactorId, policy::MfaPolicy},
    identity::{method::Method, port_error::PortError},
    mail::message::Template,
    mfa::ports::{FactorStore, MockFactorStore, Removed},
    testing::{
        down,
        factors::{Server, methods_of},
        mail::{ANN, templates, writer},
        unheard,
    },
    testkit::samples::{context, id, user},
};

fn remove(server: &Server, factors: impl FactorStore + 'static) -> RemoveFactor {
    let (audit, clock) = (Arc::new(server.world.audit.clone()), Arc::new(server.world.clock.clone()));
    RemoveFactor { factors: Arc::new(factors), policy: server.policy, writer: writer(), audit, clock, with_factor: true }
}

#[tokio::test]
async fn each_kind_has_a_notice_of_its_own_and_the_last_takes_the_recovery_codes_along() {
    let (server, app, _) = Server::with_app().await;
    server.add_passkey().await;
    let passkey = server.list().await.factors[1].id;
    server.world.post().await;
    server.news();
    let remove = remove(&server, server.world.store.clone());
    for (id, method, template, left) in
        [(app.id, Method::Totp, Template::FactorRemoved, 10), (passkey, Method::Passkey, Template::PasskeyRemoved, 0)]
    {
        let caller = server.world.sign_in(ANN).await;
        remove.execute(&caller, id, &context()).await.unwrap();
        assert_eq!(methods_of(&server.news()), [("factor_removed", vec![method])]);
        assert_eq!(templates(&server.world.post().await), [(template, ANN)]);
        assert_eq!(server.list().await.recovery_codes_left, left);
        assert_ne!(server.ann().await.version(), caller.user.version());
        assert!(server.world.is_alive(caller.session.id).await);
    }
    assert!(server.ann().await.second_factors.is_empty());
}

#[tokio::test]
async fn where_a_factor_is_required_one_stays() {
    let (mut server, app, _) = Server::with_app().await;
    server.policy = MfaPolicy::Required;
    server.add_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    let passkey = server.list().await.factors[1].id;
    let remove = remove(&server, server.world.store.clone());
    remove.execute(&caller, passkey, &context()).await.unwrap();
    server.world.post().await;
    server.news();
    let outcome = remove.execute(&caller, app.id, &context()).await;
    assert!(matches!(outcome, Err(RemoveFactorError::Last)));
    assert_eq!((server.list().await.factors.len(), server.told(), server.world.post().await), (1, vec![], vec![]));
}

#[tokio::test]
async fn only_the_confirmed_factors_of_the_caller_are_removed() {
    let (server, app, _) = Server::with_app().await;
    let ann = server.world.sign_in(ANN).await;
    let waiting = server.enrolled(&ann).await;
    let ben = server.world.keep(user("ben@example.org")).await;
    let ben = server.world.sign_in(ben.email.as_str()).await;
    server.news();
    let remove = remove(&server, server.world.store.clone());
    for (caller, id) in [(&ben, app.id), (&ann, waiting.id), (&ann, FactorId(id()))] {
        assert!(matches!(remove.execute(caller, id, &context()).await, Err(RemoveFactorError::NotFound)));
    }
    assert_eq!((server.told(), server.list().await.factors.len()), (vec![], 1));
}

#[tokio::test]
async fn one_that_was_removed_meanwhile_is_not_there() {
    let (server, app, _) = Server::with_app().await;
    let (caller, list) = (server.world.sign_in(ANN).await, server.list().await);
    let storing = |outcome: fn() -> Result<Removed, PortError>| {
        let (mut factors, list) = (MockFactorStore::new(), list.clone());
        factors.expect_list().returning(move |_| Ok(list.clone()));
        factors.expect_remove().returning(move |_, _, _, _, _, _| outcome());
        remove(&server, factors)
    };
    let outcome = storing(|| Ok(Removed::No)).execute(&caller, app.id, &context()).await;
    assert!(matches!(outcome, Err(RemoveFactorError::NotFound)));
    // An outage stays an outage.
    let mut away = MockFactorStore::new();
    away.expect_list().returning(|_| down());
    for remove in [storing(down), remove(&server, away)] {
        let outcome = remove.execute(&caller, app.id, &context()).await;
        assert!(matches!(outcome, Err(RemoveFactorError::Port(PortError::Unavailable(_)))));
    }
    assert_eq!(server.told(), []);
    let outcome = storing(unheard).execute(&caller, app.id, &context()).await;
    assert!(matches!(outcome, Err(RemoveFactorError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("factor_removed", Some("outcome_unknown"))]);
}
