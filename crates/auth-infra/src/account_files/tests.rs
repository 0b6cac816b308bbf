//! What becomes of files as each system hands them out, of odd ones, and of any other.

mod odd;
mod random;
mod systems;

use super::*;
use auth_domain::admin::transfer::{Activity, Arrival, Verification};

const SIGNER_KEY: &str = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";

/// A file of each format, with records that are right, wrong and odd, and what becomes of them.
const FILES: [(&str, &str, &str); 6] = [
    ("auth0", include_str!("tests/files/auth0.ndjson"), include_str!("tests/files/auth0.txt")),
    ("firebase", include_str!("tests/files/firebase.json"), include_str!("tests/files/firebase.txt")),
    ("keycloak", include_str!("tests/files/keycloak.json"), include_str!("tests/files/keycloak.txt")),
    ("django", include_str!("tests/files/django.json"), include_str!("tests/files/django.txt")),
    ("gotrue", include_str!("tests/files/gotrue.csv"), include_str!("tests/files/gotrue.txt")),
    ("csv", include_str!("tests/files/csv.csv"), include_str!("tests/files/csv.txt")),
];

fn format(name: &str) -> Format {
    let parameters = HashParameters::new(SIGNER_KEY.to_owned(), "Bw==".to_owned(), 8, 14).unwrap();
    match name {
        "auth0" => Format::Auth0,
        "firebase" => Format::Firebase(Some(parameters)),
        "keycloak" => Format::Keycloak,
        "django" => Format::Django,
        "gotrue" => Format::GoTrue,
        "csv" => Format::Csv,
        other => panic!("{other}"),
    }
}

fn now() -> DateTime<Utc> {
    time::of_text("2026-12-01T12:00:00Z").unwrap()
}

fn read(name: &str, text: impl AsRef<[u8]>) -> Result<Vec<Listed>, FileFault> {
    read_accounts(text.as_ref(), &format(name), now())
}

/// Each account or refusal.
fn shown(name: &str, text: impl AsRef<[u8]>) -> Vec<String> {
    read(name, text).unwrap_or_else(|fault| panic!("{fault}")).iter().map(in_words).collect()
}

fn fault(name: &str, text: impl AsRef<[u8]>) -> String {
    read(name, text).map(|listed| listed.len()).unwrap_err().to_string()
}

fn in_words(Listed { candidate, notes }: &Listed) -> String {
    let head = format!("{} {}", candidate.number, candidate.email);
    match &candidate.account {
        Err(refusal) => format!("{head}\n  refused: {refusal}\n"),
        Ok(account) => {
            let lines = described(account).into_iter().chain(notes.iter().map(|note| format!("note: {note}")));
            lines.fold(format!("{head}\n"), |text, line| format!("{text}  {line}\n"))
        }
    }
}

fn described(account: &Arrival) -> Vec<String> {
    let since = |what: &str, time: Option<DateTime<Utc>>| {
        format!("{what} {}", time.map_or("at an unknown time".to_owned(), |at| at.to_rfc3339()))
    };
    let at = |what: &str, time: Option<DateTime<Utc>>| time.map(|at| format!("{what} {}", at.to_rfc3339()));
    let lines = [
        account.id.map(|id| format!("id {id}")),
        Some(format!("email {}", account.email)),
        account.password.as_ref().map(|hash| format!("hash {}", hash.expose())),
        match account.activity {
            Activity::Active => None,
            Activity::Disabled(time) => Some(since("disabled", time)),
            Activity::Unknown => Some("unknown activity".to_owned()),
        },
        match account.verification {
            Verification::No => None,
            Verification::Yes(time) => Some(since("verified", time)),
        },
        at("created", account.created_at),
        at("updated", account.updated_at),
        at("last login", account.last_login_at),
        account.language.map(|language| format!("language {language}")),
        (!account.roles.is_empty()).then(|| format!("roles {}", account.roles)),
        (!account.profile.is_empty()).then(|| format!("profile {}", account.profile)),
        (!account.attributes.is_empty()).then(|| format!("attributes {}", account.attributes)),
    ];
    lines.into_iter().flatten().collect()
}
