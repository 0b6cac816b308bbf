//! Logging in where an address has to be verified first.

use std::sync::Arc;

use super::{Login, LoginError};
use crate::{
    identity::port_error::PortError,
    mail::{
        message::Template,
        ports::{MockProofStore, Requested},
    },
    mailbox::ask::AskForProof,
    testing::{
        down,
        mail::{ANN, World, templates},
    },
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, start},
};

impl World {
    fn strict(&self) -> Login {
        Login { unverified: Some(self.ask()), ..self.login() }
    }
}

async fn logs_in(login: &Login, password: &str) -> Result<(), LoginError> {
    login.execute(&email(ANN), attempt(password), &context()).await.map(drop)
}

#[tokio::test]
async fn a_right_password_of_an_unverified_account_gets_a_mail_and_no_session() {
    let (world, ann) = World::with_ann().await;
    let before = world.sign_in(ANN).await;
    assert!(matches!(logs_in(&world.strict(), PASSWORD).await, Err(LoginError::Unverified)));
    assert_eq!(world.told(), [("verification_sent", None), ("login_failed", Some("email_unverified"))]);
    assert_eq!(world.events()[1].user(), Some(ann.id));
    assert_eq!(templates(&world.post().await), [(Template::Verify, ANN)]);
    assert!(world.is_alive(before.session.id).await, "sessions from before go on");
    let live = crate::sessions::ports::SessionStore::live(&world.store, ann.id, start(), 10).await.unwrap();
    assert_eq!(live.len(), 1);
    // It was right: nobody has to wait for it.
    let state = world.verifier().attempts.throttle_state(&ann.email, context().subscriber()).await.unwrap();
    assert_eq!(state.own, None);
    // Asked again at once, the answer is the same without a mail.
    assert!(matches!(logs_in(&world.strict(), PASSWORD).await, Err(LoginError::Unverified)));
    assert_eq!(templates(&world.post().await), []);
    assert_eq!(world.told()[2..], [("mail_suppressed", None), ("login_failed", Some("email_unverified"))]);
}

#[tokio::test]
async fn a_wrong_password_gets_no_mail_and_the_usual_answer() {
    let (world, ann) = World::with_ann().await;
    assert!(matches!(logs_in(&world.strict(), OTHER_PASSWORD).await, Err(LoginError::InvalidCredentials)));
    world.store.disable(ann.id, start()).await.unwrap();
    assert!(matches!(logs_in(&world.strict(), PASSWORD).await, Err(LoginError::InvalidCredentials)));
    assert_eq!(world.store.mails(), []);
}

#[tokio::test]
async fn a_verified_address_opens_the_door() {
    let (world, ann) = World::with_ann().await;
    world.store.verify_address(ann.id, start()).await.unwrap();
    assert!(logs_in(&world.strict(), PASSWORD).await.is_ok());
    assert_eq!(world.store.mails(), []);
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_asking() {
    let (world, _) = World::with_ann().await;
    let mut proofs = MockProofStore::new();
    proofs.expect_request().once().returning(|_, _| down::<Requested>());
    let login = Login { unverified: Some(AskForProof { proofs: Arc::new(proofs), ..world.ask() }), ..world.login() };
    assert!(matches!(logs_in(&login, PASSWORD).await, Err(LoginError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.told(), []);
}
