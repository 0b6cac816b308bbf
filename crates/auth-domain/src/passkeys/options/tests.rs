//! What a browser is given.

use std::sync::Arc;

use super::{ALGORITHMS, PasskeyOptions, PasskeyOptionsError};
use crate::{
    factors::{
        one_time_token::{ONE_TIME_LIFE, OneTimePurpose},
        passkey::PASSKEY_LIMIT,
        ports::OneTimeTokenCodec,
    },
    identity::port_error::PortError,
    passkeys::ports::MockPasskeyStore,
    testing::{down, factors::Server, mail::ANN},
    testkit::FakeOneTimeTokens,
};

#[tokio::test]
async fn a_new_passkey_is_for_the_callers_account_and_no_authenticator_has_one_already() {
    let (server, authenticator) = Server::with_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    let options = server.options().for_registration(&caller).await.unwrap();
    assert_eq!((&*options.rp_id, &*options.rp_name, options.user_name.as_str()), ("auth.example", "Example", ANN));
    assert_eq!((options.user_handle, options.algorithms), (*caller.user.id.0.as_bytes(), ALGORITHMS));
    let excluded: Vec<_> = options.exclude.iter().map(|credential| credential.id.as_bytes().to_vec()).collect();
    assert_eq!((excluded, options.exclude[0].transports.clone()), (vec![authenticator.id], vec!["internal".to_owned()]));
    let token = FakeOneTimeTokens::default().decode(&options.challenge_id).unwrap();
    let expected = OneTimePurpose::RegisterPasskey { user: caller.user.id, proven: caller.user.version() };
    assert_eq!((token.purpose, token.expires_at), (expected, server.now() + ONE_TIME_LIFE));
    assert_eq!(options.challenge, FakeOneTimeTokens::default().challenge(token.id));
    assert_eq!(server.told(), [], "asking writes nothing");
}

#[tokio::test]
async fn whoever_shows_a_passkey_need_not_say_which_in_advance() {
    let server = Server::with_ann().await;
    let (one, other) = (server.options().for_authentication(), server.options().for_authentication());
    let token = FakeOneTimeTokens::default().decode(&one.challenge_id).unwrap();
    assert_eq!((token.purpose, token.expires_at), (OneTimePurpose::AssertPasskey, server.now() + ONE_TIME_LIFE));
    assert_eq!((&*one.rp_id, one.challenge), ("auth.example", FakeOneTimeTokens::default().challenge(token.id)));
    assert_ne!((one.challenge, &one.challenge_id), (other.challenge, &other.challenge_id));
}

#[tokio::test]
async fn twenty_passkeys_are_as_many_as_there_may_be() {
    let server = Server::with_ann().await;
    for _ in 0..PASSKEY_LIMIT {
        let caller = server.world.sign_in(ANN).await;
        assert!(server.options().for_registration(&caller).await.is_ok());
        server.add_passkey().await;
    }
    let caller = server.world.sign_in(ANN).await;
    assert!(matches!(server.options().for_registration(&caller).await, Err(PasskeyOptionsError::Limit)));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let server = Server::with_ann().await;
    let mut away = MockPasskeyStore::new();
    away.expect_of().returning(|_| down());
    let options = PasskeyOptions { passkeys: Arc::new(away), ..server.options() };
    let outcome = options.for_registration(&server.world.sign_in(ANN).await).await;
    assert!(matches!(outcome, Err(PasskeyOptionsError::Port(PortError::Unavailable(_)))));
}
