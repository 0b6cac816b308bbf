//! Whether there is an API for administrators, and who could use it.

use super::{CommandError, finding::Finding};
use crate::{
    app::ports::{AdministratorCounts, Database},
    settings::{AdminSettings, Settings},
};

const TOPIC: &str = "administration";

/// # Errors
/// The database does not answer.
pub(crate) fn of_admin(database: &Database, settings: &Settings) -> Result<Vec<Finding>, CommandError> {
    Ok(judge(settings.admin, database.administrators()?, &database.clients_with_scopes()?))
}

fn judge(settings: AdminSettings, people: AdministratorCounts, clients: &[(String, String)]) -> Vec<Finding> {
    if !settings.api {
        return vec![Finding::fine(TOPIC, "no API for it (ADMIN_API is off)")];
    }
    let able = if settings.require_factor { people.with_factor } else { people.all };
    let named: Vec<_> = clients.iter().map(|(name, scopes)| format!("{name} ({scopes})")).collect();
    let named = if named.is_empty() { "no client".to_owned() } else { format!("the client(s) {}", named.join(", ")) };
    let mut findings = vec![match (able, clients) {
        (0, []) => Finding::mind(
            TOPIC,
            "the API is on (ADMIN_API), and nobody can use it: no account has the role `admin` and what it takes besides, and no \
             client has a scope",
        ),
        (able, _) => Finding::fine(TOPIC, format!("the API is on (ADMIN_API), for {able} account(s) and {named}")),
    }];
    if settings.require_factor && people.with_factor < people.all {
        let without = people.all - people.with_factor;
        let text = format!("{without} account(s) with the role `admin` have no second factor, and need one (ADMIN_REQUIRE_MFA)");
        findings.push(Finding::mind(TOPIC, text));
    }
    if !settings.require_factor {
        findings.push(Finding::mind(TOPIC, "people need no second factor for it (ADMIN_REQUIRE_MFA=false)"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_could_use_it_is_told() {
        let shop = [("shop".to_owned(), "admin:read".to_owned())];
        let on = |require_factor| AdminSettings { api: true, require_factor };
        let counts = |all, with_factor| AdministratorCounts { all, with_factor };
        for (settings, counts, clients, expected) in [
            (AdminSettings { api: false, require_factor: true }, counts(2, 1), &shop[..], vec![(true, "ADMIN_API is off")]),
            (on(true), counts(0, 0), &[], vec![(false, "nobody can use it")]),
            (on(true), counts(0, 0), &shop, vec![(true, "for 0 account(s) and the client(s) shop (admin:read)")]),
            (on(true), counts(1, 0), &[], vec![(false, "nobody can use it"), (false, "1 account(s) with the role")]),
            (on(true), counts(2, 2), &[], vec![(true, "for 2 account(s) and no client")]),
            (on(false), counts(1, 0), &[], vec![(true, "for 1 account(s)"), (false, "ADMIN_REQUIRE_MFA=false")]),
        ] {
            let findings = judge(settings, counts, clients);
            assert_eq!(findings.len(), expected.len(), "{findings:?}");
            for (finding, (is_fine, words)) in findings.iter().zip(expected) {
                assert!(finding.is_fine() == is_fine && finding.shown(false).to_string().contains(words), "{finding:?}");
            }
        }
    }
}
