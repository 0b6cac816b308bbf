//! Judging what is shown of a passkey, as far as logins do not show it.

use std::sync::Arc;

use super::{AssertPasskey, AssertPasskeyError, Asserted, reason};
use crate::{
    audit::{event::Target, reason::Reason},
    factors::{ports::MockSecondStepStore, second_step::Evidence},
    identity::port_error::PortError,
    passkeys::ports::{MockPasskeyStore, MockRelyingParty, PasskeyStore, WebAuthnFault},
    testing::{down, factors::Server, no_mail},
    testkit::samples::{context, user},
};

#[tokio::test]
async fn what_is_shown_is_not_used_up_yet() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let ann = server.ann().await;
    let Asserted { user, evidence } =
        server.assert().execute(&server.signed_by(&mut authenticator), None, &context()).await.unwrap();
    let factor = server.list().await.factors[0].id;
    let expected = Evidence::Passkey { factor, from: 1, to: 2, backed_up: true, backup_eligible: true };
    assert_eq!((&user, evidence), (&ann, expected));
    assert_eq!((server.list().await.factors[0].last_used_at, server.told()), (None, vec![]));
}

/// WebAuthn Level 3 section 7.2 step 6: where the account is known, a browser may leave the user handle out.
#[tokio::test]
async fn whose_it_is_is_said_by_the_account_or_by_the_user_handle() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let (ann, ben) = (server.ann().await, user("ben@example.org"));
    let handle = |user: &crate::identity::user::User| Some(user.id.0.as_bytes().to_vec());
    for (owner, said, is_right) in [
        (Some(&ann), handle(&ann), true),
        (Some(&ann), None, true),
        (Some(&ann), handle(&ben), false),
        (Some(&ben), handle(&ann), false),
        (Some(&ben), handle(&ben), false),
        (Some(&ben), None, false),
        (None, handle(&ann), true),
        (None, None, false),
        (None, handle(&ben), false),
        (None, Some(Vec::new()), false),
    ] {
        let mut answer = server.signed_by(&mut authenticator);
        answer.response.user_handle = said;
        let outcome = server.assert().execute(&answer, owner, &context()).await;
        assert_eq!(outcome.is_ok(), is_right);
        let target = owner.map_or(Target::Nothing, Target::account);
        assert!(server.news().iter().all(|event| event.word() == Some("unknown_credential") && event.target == target));
    }
}

#[tokio::test]
async fn the_trail_says_what_was_wrong() {
    let faults = [
        (WebAuthnFault::ClientData, Reason::Malformed),
        (WebAuthnFault::WrongType, Reason::Malformed),
        (WebAuthnFault::Cbor, Reason::Malformed),
        (WebAuthnFault::AuthenticatorData, Reason::Malformed),
        (WebAuthnFault::Attestation, Reason::Malformed),
        (WebAuthnFault::CredentialId, Reason::Malformed),
        (WebAuthnFault::WrongChallenge, Reason::WrongChallenge),
        (WebAuthnFault::WrongOrigin, Reason::WrongOrigin),
        (WebAuthnFault::CrossOrigin, Reason::WrongOrigin),
        (WebAuthnFault::WrongRelyingParty, Reason::WrongRelyingParty),
        (WebAuthnFault::NotPresent, Reason::UserNotVerified),
        (WebAuthnFault::NotVerified, Reason::UserNotVerified),
        (WebAuthnFault::BackupState, Reason::BackupState),
        (WebAuthnFault::UnsupportedKey, Reason::UnsupportedKey),
        (WebAuthnFault::Signature, Reason::WrongSignature),
        (WebAuthnFault::Counter, Reason::CounterWentBack),
    ];
    let (server, mut authenticator) = Server::with_passkey().await;
    for (fault, expected) in faults {
        assert_eq!(reason(fault), expected);
        let mut relying_party = MockRelyingParty::new();
        relying_party.expect_authenticate().once().returning(move |_, _, _| Err(fault));
        let assert = AssertPasskey { relying_party: Arc::new(relying_party), ..server.assert() };
        let outcome = assert.execute(&server.signed_by(&mut authenticator), None, &context()).await;
        assert!(matches!(outcome, Err(AssertPasskeyError::Refused)));
        assert_eq!(server.told().last(), Some(&("passkey_refused", Some(expected.name()))));
    }
}

#[tokio::test]
async fn where_no_mail_is_sent_a_copy_is_told_to_the_trail_alone() {
    let (server, mut authenticator) = Server::with_passkey().await;
    server.world.post().await;
    let mut relying_party = MockRelyingParty::new();
    relying_party.expect_authenticate().returning(|_, _, _| Err(WebAuthnFault::Counter));
    let assert = AssertPasskey { relying_party: Arc::new(relying_party), writer: no_mail(), ..server.assert() };
    assert!(assert.execute(&server.signed_by(&mut authenticator), None, &context()).await.is_err());
    assert_eq!(server.told(), [("passkey_cloned", None), ("passkey_refused", Some("counter"))]);
    assert_eq!(server.world.post().await, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let mut not_using = MockSecondStepStore::new();
    not_using.expect_use_up().returning(|_, _| down());
    let mut not_finding = MockPasskeyStore::new();
    not_finding.expect_find().returning(|_| down());
    let first = server.signed_by(&mut authenticator);
    let id = crate::factors::passkey::CredentialId::new(first.response.id.clone()).unwrap();
    let found = PasskeyStore::find(&server.world.store, &id).await.unwrap();
    let mut not_reporting = MockPasskeyStore::new();
    not_reporting.expect_find().returning(move |_| Ok(found.clone()));
    not_reporting.expect_report_clone().once().returning(|_| down());
    let mut cloned = MockRelyingParty::new();
    cloned.expect_authenticate().returning(|_, _, _| Err(WebAuthnFault::Counter));
    for (assert, told) in [
        (AssertPasskey { steps: Arc::new(not_using), ..server.assert() }, &[][..]),
        (AssertPasskey { passkeys: Arc::new(not_finding), ..server.assert() }, &[]),
        (
            AssertPasskey { passkeys: Arc::new(not_reporting), relying_party: Arc::new(cloned), ..server.assert() },
            &[("passkey_cloned", None)],
        ),
    ] {
        let outcome = assert.execute(&server.signed_by(&mut authenticator), None, &context()).await;
        assert!(matches!(outcome, Err(AssertPasskeyError::Port(PortError::Unavailable(_)))));
        assert_eq!(server.told(), told);
    }
}
