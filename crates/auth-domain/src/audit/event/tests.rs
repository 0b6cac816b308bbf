//! The words of the audit trail, which logs and databases hold for years.

use std::collections::BTreeSet;

use super::{Actor, AuditEvent, Target};
use crate::audit::entry::{Entry, EntryId};
use crate::audit::kind::{
    EventKind::{self, *},
    Outcome,
};
use crate::{
    audit::reason::Reason,
    identity::ids::{ClientId, KeyId, SessionId, UserId},
    testkit::samples::{context, email, id, start, user},
};

const SUCCESSES: [EventKind; 39] = [
    Reauthenticated,
    UserRegistered,
    LoginSucceeded,
    TokenRefreshed,
    LoggedOut,
    SessionEnded,
    PasswordChanged,
    AccountDeleted,
    AccountDisabled,
    AccountEnabled,
    KeyCreated,
    KeyRetired,
    KeyRevoked,
    ClientAdded,
    ClientSecretRotated,
    ClientScopesChanged,
    ClientTokenIssued,
    ClientRemoved,
    VerificationSent,
    EmailVerified,
    ResetRequested,
    PasswordReset,
    EmailChangeRequested,
    EmailChanged,
    Undone,
    SecondFactorRequired,
    FactorEnrolmentStarted,
    FactorAdded,
    FactorRenamed,
    FactorRemoved,
    RecoveryCodeUsed,
    RecoveryCodesReplaced,
    FactorsReset,
    UserCreated,
    UserUpdated,
    UserDeleted,
    UsersImported,
    UsersExported,
    AccountExported,
];
const FAILURES: [EventKind; 19] = [
    AdminRefused,
    ReauthenticationRefused,
    RegistrationRefused,
    LoginFailed,
    LoginThrottled,
    RefreshRefused,
    TokenReused,
    PasswordChangeRefused,
    AccountDeletionRefused,
    ClientRefused,
    ProofRefused,
    MailSuppressed,
    MailDead,
    RateLimited,
    SecondFactorRefused,
    SecondFactorThrottled,
    FactorConfirmationRefused,
    PasskeyRefused,
    PasskeyCloned,
];

#[test]
fn every_kind_has_a_name_of_its_own_and_an_outcome() {
    let names: BTreeSet<_> = SUCCESSES.iter().chain(&FAILURES).map(|kind| kind.name()).collect();
    assert_eq!(names.len(), SUCCESSES.len() + FAILURES.len());
    assert_eq!(names, EventKind::ALL.iter().map(|kind| kind.name()).collect());
    assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    assert!(SUCCESSES.iter().all(|kind| kind.outcome() == Outcome::Success));
    assert!(FAILURES.iter().all(|kind| kind.outcome() == Outcome::Failure));
    assert_eq!((Outcome::Success.name(), Outcome::Failure.name()), ("success", "failure"));
    assert!(EventKind::ALL.iter().all(|kind| AuditEvent::new(*kind, &context(), start()).outcome == kind.outcome()));
}

#[test]
fn what_nobody_heard_of_has_an_outcome_of_its_own() {
    let changed = || AuditEvent::new(PasswordChanged, &context(), start());
    for event in [changed(), changed().by(Actor::Operator), changed().because(Reason::Unchanged)] {
        let entry = Entry::of(EntryId(id()), event.of_unknown_outcome());
        assert_eq!(
            (&*entry.event, &*entry.outcome, entry.reason.as_deref()),
            ("password_changed", "unknown", Some("outcome_unknown"))
        );
    }
}

#[test]
fn a_name_is_its_kind_in_snake_case() {
    for kind in SUCCESSES.iter().chain(&FAILURES) {
        let mut expected = String::new();
        for c in format!("{kind:?}").chars() {
            if c.is_uppercase() && !expected.is_empty() {
                expected.push('_');
            }
            expected.push(c.to_ascii_lowercase());
        }
        assert_eq!(kind.name(), expected);
    }
}

#[test]
fn an_event_says_no_more_than_it_was_told() {
    let (user, session, ann) = (UserId(id()), SessionId(id()), email("ann@example.org"));
    let bare = AuditEvent::new(LoginFailed, &context(), start());
    assert_eq!((bare.reason, bare.user(), bare.session(), bare.email()), (None, None, None, None));
    assert_eq!((bare.at, &bare.context, bare.actor), (start(), &context(), Actor::Unknown));
    let attempted = bare.clone().on(Target::Address(ann.clone()));
    assert_eq!((attempted.user(), attempted.email(), attempted.actor), (None, Some(&ann), Actor::Unknown));
    let full = bare.because(Reason::WrongPassword).by_owner(user, &ann).in_session(session);
    assert_eq!((full.reason, full.actor), (Some(Reason::WrongPassword), Actor::User(user)));
    assert_eq!((full.user(), full.session(), full.email()), (Some(user), Some(session), Some(&ann)));
}

/// An account of an earlier release may have another spelling of the address than the one that was tried.
#[test]
fn an_attempt_has_the_address_that_was_given() {
    let (given, ann) = (email("ann@xn--mnchen-3ya.example"), user("ann@example.org"));
    let known = AuditEvent::new(LoginFailed, &context(), start()).on(Target::attempted(&given, Some(&ann)));
    assert_eq!((known.user(), known.email(), known.actor), (Some(ann.id), Some(&given), Actor::Unknown));
    let unknown = AuditEvent::new(LoginFailed, &context(), start()).on(Target::attempted(&given, None));
    assert_eq!((unknown.user(), unknown.email()), (None, Some(&given)));
}

#[test]
fn a_session_is_known_with_its_account_or_alone() {
    let (ann, session) = (user("ann@example.org"), SessionId(id()));
    let of_account = Target::account(&ann).in_session(session);
    assert_eq!(of_account, Target::Account { user: ann.id, email: ann.email.clone(), session: Some(session) });
    assert_eq!(Target::Nothing.in_session(session), Target::Session(session));
    let alone = AuditEvent::new(RefreshRefused, &context(), start()).on(Target::Session(session));
    assert_eq!((alone.user(), alone.session(), alone.email()), (None, Some(session), None));
}

#[test]
fn a_client_is_named_with_the_reason() {
    let (event, client) = (AuditEvent::new(ClientRefused, &context(), start()), ClientId(id()));
    assert_eq!(event.clone().why(), None);
    assert_eq!(event.clone().because(Reason::WrongSecret).why().as_deref(), Some("wrong_secret"));
    assert_eq!(event.clone().on(Target::Client(client)).why(), Some(client.to_string().into()));
    let both = event.because(Reason::UnknownClient).on(Target::Client(client)).why().unwrap();
    assert!(both == format!("unknown_client {client}") && both.len() <= 64, "{both}: as long as the database keeps it");
}

/// As every release has stored them.
#[test]
fn an_operator_is_the_reason_where_there_is_no_other_one() {
    let by_operator = |kind, target| AuditEvent::new(kind, &context(), start()).by(Actor::Operator).on(target);
    let (ann, client) = (user("ann@example.org"), ClientId(id()));
    let key = KeyId::new("key-1".to_owned());
    let imported = by_operator(UserRegistered, Target::account(&ann)).because(Reason::Import);
    for (event, why) in [
        (by_operator(AccountDisabled, Target::account(&ann)), "operator".to_owned()),
        (imported, "import".to_owned()),
        (by_operator(ClientAdded, Target::Client(client)), format!("operator {client}")),
        (by_operator(ClientAdded, Target::Client(client)).of_unknown_outcome(), format!("outcome_unknown {client}")),
        (by_operator(KeyCreated, Target::Key(key.clone())), "key-1".to_owned()),
        (by_operator(KeyCreated, Target::Key(key)).of_unknown_outcome(), "outcome_unknown key-1".to_owned()),
    ] {
        assert_eq!(event.why().as_deref(), Some(&*why));
    }
}
