//! Whom logins ask for a second factor, and where passkeys work.

use auth_domain::{factors::policy::MfaPolicy, mfa::start_up::FindStoredFactors};

use super::{CommandError, finding::Finding};
use crate::{
    app::ports::{Database, FactorCounts, factor_store},
    cli::{command::block_on, factors::judge},
    settings::{PasskeySettings, PublicUrl, Settings},
};

const FACTORS: &str = "second factors";
const PASSKEYS: &str = "passkeys";

/// # Errors
/// An encryption key is missing that accounts' authenticator apps need, or the database does not answer.
pub(crate) fn of_factors(database: &Database, settings: &Settings) -> Result<Vec<Finding>, CommandError> {
    let stored = block_on(FindStoredFactors { factors: factor_store(database) }.execute())?;
    judge(&stored, settings).map_err(CommandError::Settings)?;
    let counts = database.second_factors()?;
    let mut findings = vec![of_logins(settings.mfa, counts)];
    if settings.tokens.keys.encryption.is_empty() {
        let text = "no authenticator apps: KEY_ENCRYPTION_KEY is unset, and their secrets are encrypted with it";
        findings.push(Finding::fine(FACTORS, text));
    }
    if let (None, 1..) = (&settings.passkeys, counts.with_passkeys) {
        let text = format!("{} account(s) have some, which cannot be used: set WEBAUTHN_RP_ID as it was", counts.with_passkeys);
        findings.push(Finding::mind(PASSKEYS, text));
    }
    Ok(findings)
}

fn of_logins(policy: MfaPolicy, FactorCounts { accounts, without, .. }: FactorCounts) -> Finding {
    let with = accounts.saturating_sub(without);
    match (policy, with, without) {
        (MfaPolicy::Off, 0, _) => Finding::fine(FACTORS, "no login asks for one (MFA=off)"),
        (MfaPolicy::Off, ..) => Finding::mind(FACTORS, format!("{with} account(s) have one, and no login asks for it (MFA=off)")),
        (MfaPolicy::Optional, ..) => {
            Finding::fine(FACTORS, format!("{with} of {accounts} account(s) have one, and are asked for it (MFA=optional)"))
        }
        (MfaPolicy::Required, _, 0) => Finding::fine(FACTORS, "every account has one (MFA=required)"),
        (MfaPolicy::Required, ..) => Finding::mind(
            FACTORS,
            format!(
                "{without} of {accounts} account(s) have none: their sessions may only add one, at once, and other services take them for \
                 none (MFA=required)"
            ),
        ),
    }
}

/// Where passkeys work, if anywhere.
pub(crate) fn of_passkeys(settings: &Settings) -> Vec<Finding> {
    let Some(passkeys) = &settings.passkeys else {
        return vec![off(settings.http.public_url.as_ref())];
    };
    let PasskeySettings { rp_id, origins } = passkeys;
    let on = Finding::fine(PASSKEYS, format!("bound to {rp_id} for good, shown on {}", origins.join(", ")));
    let strangers: Vec<_> = passkeys.related_origins().collect();
    let related = || {
        let pages = strangers.join(", ");
        let how = "browsers ask whether they may, and those that do not know Related Origin Requests refuse";
        let text = format!("not of {rp_id}: {pages}. https://{rp_id}/.well-known/webauthn has to lead here: {how}");
        Finding::mind(PASSKEYS, text)
    };
    [on].into_iter().chain((!strangers.is_empty()).then(related)).collect()
}

fn off(public_url: Option<&PublicUrl>) -> Finding {
    match public_url {
        None => Finding::fine(PASSKEYS, "off: neither PUBLIC_URL nor WEBAUTHN_RP_ID names a domain"),
        Some(url) => Finding::mind(
            PASSKEYS,
            format!(
                "off: {} is an address, and passkeys are bound to a domain; give PUBLIC_URL one, or set WEBAUTHN_RP_ID",
                url.host()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read;

    fn told(more: &[(&str, &str)]) -> Vec<String> {
        of_passkeys(&read(more).unwrap()).iter().map(|finding| finding.shown(false).to_string()).collect()
    }

    fn tells(more: &[(&str, &str)], expected: &[&str]) {
        let told = told(more);
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (line, words) in told.iter().zip(expected) {
            assert!(line.contains(words), "{line}");
        }
    }

    #[test]
    fn where_passkeys_work_is_told() {
        tells(&[], &["✓ passkeys       off: neither PUBLIC_URL"]);
        tells(&[("PUBLIC_URL", "http://127.0.0.1:8000")], &["! passkeys       off: 127.0.0.1 is an address"]);
        tells(&[("PUBLIC_URL", "http://[::1]:8000")], &["off: [::1] is an address"]);
        tells(
            &[("PUBLIC_URL", "http://localhost:8000")],
            &["✓ passkeys       bound to localhost for good, shown on http://localhost:8000"],
        );
    }

    #[test]
    fn pages_of_other_domains_need_more() {
        let own = ("PUBLIC_URL", "https://auth.example.org");
        let id = ("WEBAUTHN_RP_ID", "example.org");
        let hash = format!("android:apk-key-hash:{}", "A".repeat(43));
        let pages = |more: &str| format!("https://auth.example.org,https://app.example.org,{hash}{more}");
        tells(&[own, id, ("WEBAUTHN_ORIGINS", &pages(""))], &["✓ passkeys"]);
        let strange = pages(",https://example.de,https://notexample.org");
        let related = "! passkeys       not of example.org: https://example.de, https://notexample.org. https://example.org/.well-known/webauthn";
        tells(&[own, id, ("WEBAUTHN_ORIGINS", &strange)], &["✓ passkeys", related]);
    }

    #[test]
    fn whom_logins_ask_is_told() {
        let counts = |accounts, without| FactorCounts { accounts, without, ..FactorCounts::default() };
        for (policy, counts, is_fine, words) in [
            (MfaPolicy::Off, counts(3, 3), true, "MFA=off"),
            (MfaPolicy::Off, counts(3, 1), false, "2 account(s) have one, and no login asks"),
            (MfaPolicy::Optional, counts(3, 1), true, "2 of 3 account(s)"),
            (MfaPolicy::Required, counts(0, 0), true, "every account"),
            (MfaPolicy::Required, counts(3, 1), false, "1 of 3 account(s) have none"),
        ] {
            let finding = of_logins(policy, counts);
            assert!(finding.is_fine() == is_fine && finding.shown(false).to_string().contains(words), "{finding:?}");
        }
    }
}
