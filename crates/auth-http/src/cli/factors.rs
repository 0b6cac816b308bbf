//! Whether the configuration serves what accounts have: what a server has to know before it listens, and `check` before that.

use auth_domain::{factors::policy::MfaPolicy, mfa::start_up::StoredFactors};

use crate::settings::{SettingFault, Settings};

/// Refuses a configuration by which people who have an authenticator app could only log in with less, or not at all.
///
/// # Errors
/// `KEY_ENCRYPTION_KEY` lacks a key that secrets are encrypted with.
pub(super) fn judge(stored: &StoredFactors, settings: &Settings) -> Result<(), Vec<SettingFault>> {
    let keys = &settings.tokens.keys.encryption;
    let missing: Vec<_> = stored.encryption_keys.iter().filter(|name| !keys.has(name)).map(|name| format!("`{name}`")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let rule = format!(
        "must have the key named {}: the secrets of accounts' authenticator apps are encrypted with it. Put it back, as the last of the \
         list (docs/factors.md). If nobody has it any more, `auth-server users reset-factors` takes the factors of an account away",
        missing.join(" and the key named ")
    );
    Err(vec![SettingFault { variable: "KEY_ENCRYPTION_KEY".to_owned(), rule }])
}

/// What an operator may have done without wanting to.
pub(super) fn unasked(stored: &StoredFactors, settings: &Settings) -> Option<&'static str> {
    let is_off = settings.mfa == MfaPolicy::Off && stored.any;
    is_off.then_some("MFA is off: accounts have second factors, and no login asks for them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::ports::os_key, settings::tests::read};

    fn settings(more: &[(&str, &str)]) -> Settings {
        read(more).unwrap()
    }

    fn stored(keys: &[&str]) -> StoredFactors {
        StoredFactors { any: true, encryption_keys: keys.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn each_key_that_an_app_needs_has_to_be_there() {
        let keys = format!("new:{},old:{}", os_key(), os_key());
        let both = settings(&[("KEY_ENCRYPTION_KEY", &keys)]);
        for fine in [&[][..], &["new"], &["new", "old"]] {
            assert_eq!(judge(&stored(fine), &both), Ok(()), "{fine:?}");
        }
        assert_eq!(judge(&stored(&[]), &settings(&[])), Ok(()), "passkeys need none");
        for (given, needed, told) in [
            (&both, &["lost", "old"][..], "the key named `lost`:"),
            (&settings(&[]), &["new", "old"], "the key named `new` and the key named `old`:"),
            (&settings(&[("MFA", "off")]), &["old"], "the key named `old`:"),
        ] {
            let faults = judge(&stored(needed), given).unwrap_err();
            assert!(
                faults.len() == 1 && faults[0].variable == "KEY_ENCRYPTION_KEY" && faults[0].rule.contains(told),
                "{faults:?}"
            );
        }
    }

    #[test]
    fn that_factors_lie_idle_is_told() {
        assert!(unasked(&stored(&[]), &settings(&[("MFA", "off")])).is_some());
        assert!(unasked(&stored(&[]), &settings(&[])).is_none());
        assert!(unasked(&StoredFactors { any: false, encryption_keys: Vec::new() }, &settings(&[("MFA", "off")])).is_none());
    }
}
