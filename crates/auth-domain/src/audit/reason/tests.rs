//! The documents tell operators of every event and every reason, in the words of the two lists.

use std::collections::BTreeSet;

use super::Reason;
use crate::audit::kind::EventKind;

const DOCUMENT: &str = include_str!("../../../../../docs/audit.md");

/// The lines of the table under this head.
fn table(head: &str) -> Vec<&'static str> {
    DOCUMENT.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|')).collect()
}

#[test]
fn the_document_has_every_event_in_the_words_of_the_list() {
    let rows = EventKind::ALL.map(|kind| format!("| `{}` | {} | {} |", kind.name(), kind.outcome().name(), kind.description()));
    assert_eq!(table("| event | outcome | what happened |"), rows, "the table of docs/audit.md is:\n{}", rows.join("\n"));
}

#[test]
fn the_document_has_every_reason_in_the_words_of_the_list() {
    let rows = Reason::ALL.map(|reason| {
        let events: Vec<_> = reason.events().iter().map(|event| format!("`{}`", event.name())).collect();
        format!("| `{}` | {} | {} |", reason.name(), events.join(", "), reason.description())
    });
    assert_eq!(table("| reason | of | what it means |"), rows, "the table of docs/audit.md is:\n{}", rows.join("\n"));
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), Reason::ALL.len());
}

/// Rows of earlier releases and the queries of operators have these.
#[test]
fn a_reason_keeps_the_name_it_has_been_stored_by() {
    let stored = [
        "account_changed_meanwhile",
        "account_disabled",
        "changed_meanwhile",
        "email_taken",
        "ended_by_owner",
        "import",
        "logout",
        "not_hashed",
        "password_changed",
        "session_limit",
        "token_revoked",
        "unchanged",
        "unknown_address",
        "unknown_client",
        "wrong_current_password",
        "wrong_password",
        "wrong_secret",
    ];
    let names: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    assert!(stored.iter().all(|name| names.contains(name)));
}
