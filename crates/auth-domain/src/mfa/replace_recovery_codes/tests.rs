//! Replacing recovery codes.

use std::sync::Arc;

use super::{ReplaceRecoveryCodes, ReplaceRecoveryCodesError};
use crate::{
    factors::{ports::MockRecoveryCodeMaker, recovery_code::RECOVERY_CODES},
    identity::port_error::PortError,
    mail::message::Template,
    mfa::ports::{FactorStore, MockFactorStore},
    sign_in::login_factor::LoginWithFactorError,
    testing::{
        down,
        factors::{Server, code},
        mail::{ANN, templates, writer},
        unheard,
    },
    testkit::samples::context,
};

fn replace(server: &Server, factors: impl FactorStore + 'static) -> ReplaceRecoveryCodes {
    let (audit, clock) = (Arc::new(server.world.audit.clone()), Arc::new(server.world.clock.clone()));
    let (factors, recovery_codes) = (Arc::new(factors), Arc::new(server.codes.clone()));
    ReplaceRecoveryCodes { factors, recovery_codes, writer: writer(), audit, clock }
}

#[tokio::test]
async fn the_old_codes_are_void_and_ten_others_count() {
    let (server, _, old) = Server::with_app().await;
    assert!(server.logs_in(code(&old[0])).await.is_ok());
    let caller = server.world.sign_in(ANN).await;
    server.world.post().await;
    server.news();
    let new = replace(&server, server.world.store.clone()).execute(&caller, &context()).await.unwrap();
    assert_eq!((new.plain.len(), server.list().await.recovery_codes_left), (RECOVERY_CODES, RECOVERY_CODES));
    assert_eq!(server.told(), [("recovery_codes_replaced", None)]);
    assert_eq!(templates(&server.world.post().await), [(Template::RecoveryCodesReplaced, ANN)]);
    assert!(matches!(server.logs_in(code(&old[1])).await, Err(LoginWithFactorError::Refused)));
    assert!(server.logs_in(code(&new.plain[0].0)).await.is_ok());
    assert!(server.world.is_alive(caller.session.id).await);
}

#[tokio::test]
async fn an_account_without_a_factor_has_no_codes() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    server.enrolled(&caller).await;
    server.news();
    let outcome = replace(&server, server.world.store.clone()).execute(&caller, &context()).await;
    assert!(matches!(outcome, Err(ReplaceRecoveryCodesError::NoFactor)));
    assert_eq!((server.told(), server.world.post().await), (vec![], vec![]));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (server, _, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let storing = |outcome: fn() -> Result<bool, PortError>| {
        let mut factors = MockFactorStore::new();
        factors.expect_replace_recovery_codes().returning(move |_, _, _, _, _| outcome());
        replace(&server, factors)
    };
    let mut codeless = MockRecoveryCodeMaker::new();
    codeless.expect_make().returning(down);
    let codeless = ReplaceRecoveryCodes { recovery_codes: Arc::new(codeless), ..replace(&server, MockFactorStore::new()) };
    for replace in [storing(down), codeless] {
        let outcome = replace.execute(&caller, &context()).await;
        assert!(matches!(outcome, Err(ReplaceRecoveryCodesError::Port(PortError::Unavailable(_)))));
    }
    assert_eq!(server.told(), []);
    let outcome = storing(unheard).execute(&caller, &context()).await;
    assert!(matches!(outcome, Err(ReplaceRecoveryCodesError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("recovery_codes_replaced", Some("outcome_unknown"))]);
}
