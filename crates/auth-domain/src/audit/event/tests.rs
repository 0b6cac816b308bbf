//! The words of the audit trail, which logs and databases hold for years.

use std::collections::BTreeSet;

use super::{AuditEvent, Subject};
use crate::audit::entry::{Entry, EntryId};
use crate::audit::kind::{
    EventKind::{self, *},
    Outcome,
};
use crate::{
    identity::ids::{ClientId, SessionId, UserId},
    testkit::samples::{context, email, id, start},
};

const SUCCESSES: [EventKind; 15] = [
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
    ClientRemoved,
];
const FAILURES: [EventKind; 9] = [
    RegistrationRefused,
    LoginFailed,
    LoginThrottled,
    RefreshRefused,
    TokenReused,
    PasswordChangeRefused,
    AccountDeletionRefused,
    ClientRefused,
    RateLimited,
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
    assert!(EventKind::ALL.iter().all(|kind| AuditEvent::new(*kind, &context(), start()).outcome() == kind.outcome()));
}

#[test]
fn what_nobody_heard_of_has_an_outcome_of_its_own() {
    let unknown = AuditEvent::new(PasswordChanged, &context(), start()).because("operator").of_unknown_outcome();
    let entry = Entry::of(EntryId(id()), unknown);
    assert_eq!(
        (&*entry.event, &*entry.outcome, entry.reason.as_deref()),
        ("password_changed", "unknown", Some("outcome_unknown"))
    );
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
    assert_eq!((bare.reason, bare.user, bare.session, &bare.email), (None, None, None, &None));
    assert_eq!((bare.at, &bare.context), (start(), &context()));
    let attempted = bare.clone().attempted_as(&ann);
    assert_eq!((attempted.user, attempted.email), (None, Some(ann.clone())));
    let full = bare.because("reason").by(user, &ann).in_session(session);
    assert_eq!((full.reason, full.user, full.session, full.email), (Some("reason"), Some(user), Some(session), Some(ann)));
}

#[test]
fn a_client_is_named_with_the_reason() {
    let (event, client) = (AuditEvent::new(ClientRefused, &context(), start()), ClientId(id()));
    assert_eq!(event.clone().why(), None);
    assert_eq!(event.clone().because("wrong_secret").why().as_deref(), Some("wrong_secret"));
    assert_eq!(event.clone().about(Subject::Client(client)).why(), Some(client.to_string().into()));
    let both = event.because("unknown_client").about(Subject::Client(client)).why().unwrap();
    assert!(both == format!("unknown_client {client}") && both.len() <= 64, "{both}: as long as the database keeps it");
}
