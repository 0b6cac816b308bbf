//! Each variable: its default, its range, its faults; and that `.env.example` tells the truth.

mod lists;
mod mail;
mod passkeys;
mod rate_limits;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use auth_domain::{passwords::policy::PasswordPolicy, signing_keys::key::KeyAlgorithm};
use chrono::TimeDelta;

use super::*;

const SECRETS: [(&str, &str); 2] =
    [("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"), ("JWT_REFRESH_SECRET_KEY", "fedcba9876543210fedcba9876543210")];

/// The settings that these variables make, beside the secrets that there have to be.
pub(crate) fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<SettingFault>> {
    let all = SECRETS.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::read(&Source::layered(HashMap::new(), all).unwrap())
}

fn faulty(name: &str, value: &str) -> bool {
    match read(&[(name, value)]) {
        Ok(_) => false,
        Err(faults) => {
            assert!(faults.len() == 1 && faults[0].variable == name, "{faults:?}");
            true
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.sessions.lifetimes.access, TimeDelta::minutes(15));
    assert_eq!(settings.sessions.lifetimes.refresh, TimeDelta::days(7));
    assert_eq!(settings.sessions.lifetimes.session, TimeDelta::days(90));
    assert_eq!((settings.sessions.reuse_window, settings.sessions.fresh), (TimeDelta::seconds(10), TimeDelta::minutes(10)));
    assert_eq!((settings.tokens.issuer, settings.tokens.audience), (None, None));
    assert_eq!(settings.database.pool_size, 10);
    assert_eq!((settings.http.host.as_str(), settings.http.port, settings.http.max_body), ("127.0.0.1", 8000, 10_240));
    assert_eq!(settings.http.rate_limit, RateLimit { requests: 10, window: Duration::from_secs(60) });
    assert_eq!(settings.http.session_rate_limit, None);
    assert_eq!(settings.http.introspection_rate_limit, RateLimit { requests: 6000, window: Duration::from_secs(60) });
    assert_eq!(settings.passwords.policy, PasswordPolicy { min_chars: 12, classes: true });
    assert_eq!((settings.passwords.cost, settings.passwords.max_wait), (12, Duration::from_secs(5)));
    assert_eq!(settings.http.request_timeout, Duration::from_secs(10));
    assert_eq!(settings.http.shutdown_timeout, Duration::from_secs(8));
    assert_eq!((settings.http.keep_alive, settings.http.max_connections), (Duration::from_secs(75), 15_000));
    assert_eq!((settings.http.tls, settings.http.api_docs), (None, true));
    assert_eq!(settings.sessions.per_user, 50);
    assert!(settings.http.public_url.is_none() && settings.mail.is_none());
}

/// The rows of the reference: a variable, its default, its rule.
fn reference() -> Vec<(&'static str, &'static str, &'static str)> {
    let rows = include_str!("../../../../docs/configuration.md").lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let names = cells[0].split(", ").map(|name| name.trim_matches('`'));
        names.map(|name| (name, cells[1], cells[2])).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_reference_has_every_variable_and_no_other() {
    let listed: BTreeSet<_> = reference().iter().map(|(name, ..)| *name).collect();
    assert_eq!(listed, VARIABLES.iter().map(|variable| variable.name).collect());
}

#[test]
fn the_defaults_are_those_of_the_reference() {
    let said = |default: &str| default.starts_with(|c: char| c.is_ascii_digit()) || default.ends_with('`');
    // What the log looks like depends on the terminal.
    let defaults = reference().into_iter().filter(|(name, default, _)| said(default) && *name != "LOG_FORMAT");
    let defaults: Vec<_> = defaults.collect();
    assert!(defaults.len() > 20, "{defaults:?}");
    for (name, default, _) in defaults {
        let (given, without) = (read(&[(name, default.trim_matches('`'))]).unwrap(), read(&[]).unwrap());
        assert_eq!(format!("{given:?}"), format!("{without:?}"), "{name}={default}");
    }
}

#[test]
fn numbers_keep_to_the_ranges_of_the_reference() {
    let ranges: Vec<_> = reference().into_iter().filter_map(|(name, _, rule)| Some((name, range(rule)?))).collect();
    assert!(ranges.len() > 20, "{ranges:?}");
    for (name, (low, high)) in ranges {
        for fine in [low, high] {
            assert!(!faulty(name, &fine.to_string()), "{name}={fine}");
        }
        for wrong in
            [(low - 1).to_string(), (high + 1).to_string(), "x".into(), "1.5".into(), "1e3".into(), "99999999999999999999".into()]
        {
            assert!(faulty(name, &wrong), "{name}={wrong}");
        }
        assert!(!faulty(name, ""), "empty counts as unset");
    }
}

/// `1 to 60` at the beginning of a rule.
fn range(rule: &str) -> Option<(i64, i64)> {
    let (low, rest) = rule.split_once(" to ")?;
    let high = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) => Some((low, high)),
        (Err(_), _) | (_, Err(_)) => None,
    }
}

#[test]
fn a_host_is_an_address_or_a_name() {
    for fine in ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost", "auth-1.example.org"] {
        assert!(!faulty("HOST", fine), "{fine}");
    }
    for wrong in ["999.1.1.1", "foo bar", "[::1]", "127.0.0.1:80", "http://x", "1.2.3"] {
        assert!(faulty("HOST", wrong), "{wrong}");
    }
}

#[test]
fn issuer_and_audience_leave_room_in_a_token() {
    for name in ["JWT_ISSUER", "JWT_AUDIENCE"] {
        assert!(!faulty(name, &"x".repeat(1024)) && faulty(name, &"x".repeat(1025)), "{name}");
    }
}

#[test]
fn the_api_document_is_on_or_off() {
    assert!(!read(&[("API_DOCS", "false")]).unwrap().http.api_docs);
    for wrong in ["no", "0", "FALSE"] {
        assert!(faulty("API_DOCS", wrong), "{wrong}");
    }
}

#[test]
fn log_settings_are_understood_in_any_case_and_told_where_they_are_not() {
    assert_eq!(read(&[("LOG_LEVEL", "WARNING")]).unwrap().telemetry.directives, "warn");
    assert_eq!(read(&[("LOG_FORMAT", "JSON")]).unwrap().telemetry.format, LogFormat::Json);
    assert!(faulty("LOG_FORMAT", "pretty") && faulty("LOG_LEVEL", "info;debug"));
    let faults = read(&[("LOG_LEVEL", "loud,shout"), ("LOG_FORMAT", "xml")]).unwrap_err();
    assert_eq!(faults.iter().map(|fault| &*fault.variable).collect::<Vec<_>>(), ["LOG_FORMAT", "LOG_LEVEL", "LOG_LEVEL"]);
    assert!(faults[1].rule.contains("`loud` is no level; those are off, error, warn"), "{}", faults[1]);
}

#[test]
fn a_certificate_needs_its_key() {
    for (given, missing) in [("TLS_CERT_FILE", "TLS_KEY_FILE"), ("TLS_KEY_FILE", "TLS_CERT_FILE")] {
        let faults = read(&[(given, "/x.pem")]).unwrap_err();
        assert!(faults.len() == 1 && faults[0].variable == missing && faults[0].rule.contains(given), "{faults:?}");
    }
    let files = read(&[("TLS_CERT_FILE", "/c.pem"), ("TLS_KEY_FILE", "/k.pem")]).unwrap().http.tls.unwrap();
    assert_eq!((files.certificate.to_str(), files.key.to_str()), (Some("/c.pem"), Some("/k.pem")));
}

#[test]
fn the_layers_have_their_order() {
    let layer = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let under = layer(&[SECRETS[0], SECRETS[1], ("PORT", "1"), ("HOST", "localhost")]);
    let over = layer(&[("PORT", "2"), ("HOST", ""), ("PATH", "/bin"), ("a[0]b.c", "x")]);
    let http = Settings::read(&Source::layered(under, over).unwrap()).unwrap().http;
    assert_eq!((http.port, http.host.as_str()), (2, "localhost"));
}

#[test]
fn a_secret_is_kept_to_the_letter_and_shown_to_nobody() {
    let digits = "01234567890123456789012345678901";
    let settings = read(&[("JWT_SECRET_KEY", digits)]).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&settings.tokens.access_secret), digits);
    assert!(!format!("{settings:?}").contains(digits));
}

#[test]
fn the_example_lists_every_variable_and_no_other() {
    let listed: BTreeSet<_> = EXAMPLE
        .lines()
        .map(|line| line.trim_start_matches('#'))
        .filter_map(|line| Some(line.split_once('=')?.0))
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    assert_eq!(listed, VARIABLES.iter().map(|variable| variable.name).collect());
}

#[test]
fn the_example_shows_values_the_program_takes() {
    let uncommented = EXAMPLE.lines().filter_map(|line| line.trim_start_matches('#').split_once('='));
    let examples = uncommented.filter(|(name, _)| VARIABLES.iter().any(|variable| variable.name == *name && !variable.secret));
    let examples: Vec<_> = examples.collect();
    assert!(examples.len() > 20);
    // Together: some mean nothing alone.
    assert!(read(&examples).is_ok(), "{:?}", read(&examples));
}

#[test]
fn the_placeholders_of_the_example_are_refused() {
    let pairs: Vec<_> =
        EXAMPLE.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| is_signing_secret(name)).collect();
    assert_eq!(pairs.len(), 2);
    for (_, placeholder) in &pairs {
        // Neither in its own place nor in the other's.
        assert!(faulty("JWT_SECRET_KEY", placeholder) && faulty("JWT_REFRESH_SECRET_KEY", placeholder));
    }
}

#[test]
fn metrics_and_spans_go_only_where_somebody_listens() {
    let settings = read(&[]).unwrap();
    assert!(settings.telemetry.metrics.is_none() && settings.telemetry.traces.is_none());
    for fine in ["127.0.0.1:9100", "[::]:0", " 0.0.0.0:9100 "] {
        assert!(read(&[("METRICS_ADDR", fine)]).unwrap().telemetry.metrics.is_some(), "{fine}");
    }
    for fault in ["9100", ":9100", "localhost", "127.0.0.1", "127.0.0.1:65536", "http://127.0.0.1:9100"] {
        assert!(faulty("METRICS_ADDR", fault), "{fault}");
    }
    for fine in ["http://127.0.0.1:4318", "http://collector:4318/", "http://[::1]:4318/path"] {
        assert!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", fine)]).unwrap().telemetry.traces.is_some(), "{fine}");
    }
    for fault in ["127.0.0.1:4318", "https://collector", "grpc://collector", "http://", "http://user@collector", "http://c/?a=b"]
    {
        assert!(faulty("OTEL_EXPORTER_OTLP_ENDPOINT", fault), "{fault}");
    }
}

#[test]
fn keys_that_others_verify_need_a_name_and_something_to_be_sealed_with() {
    let key = format!("k1:{}", "A".repeat(43) + "=");
    let with = |algorithm, issuer, key| {
        let variables = [("JWT_ALGORITHM", algorithm), ("JWT_ISSUER", issuer), ("KEY_ENCRYPTION_KEY", key)];
        read(&variables).map(|settings| settings.tokens.keys.policy.map(|policy| policy.algorithm))
    };
    for algorithm in KeyAlgorithm::ALL {
        assert_eq!(with(algorithm.name(), "https://auth.example.org", &key), Ok(Some(algorithm)));
    }
    assert_eq!((with("HS256", "", ""), with("", "a name", &key)), (Ok(None), Ok(None)));
    let faults = with("ES256", "", "").unwrap_err();
    assert_eq!(faults.iter().map(|fault| &*fault.variable).collect::<Vec<_>>(), ["JWT_ISSUER", "KEY_ENCRYPTION_KEY"]);
    for issuer in ["a name", "ftp://x.org", "https://", "https://x.org?a", "https://x.org#a", "https://u@x.org"] {
        assert_eq!(with("ES256", issuer, &key).unwrap_err().len(), 1, "{issuer}");
    }
    for wrong in ["es256", "HS384", "none", "RS512", "EDDSA"] {
        assert!(faulty("JWT_ALGORITHM", wrong), "{wrong}");
    }
    let shown = format!("{:?}", read(&[("KEY_ENCRYPTION_KEY", &key)]).unwrap());
    assert!(faulty("KEY_ENCRYPTION_KEY", "k1:short") && !shown.contains("AAAA"));
    let policy = |name, value| {
        let own = [("JWT_ALGORITHM", "EdDSA"), ("JWT_ISSUER", "https://x.org"), ("KEY_ENCRYPTION_KEY", &*key), (name, value)];
        read(&own).unwrap().tokens.keys.policy.unwrap()
    };
    assert_eq!(policy("JWKS_MAX_AGE", "7").cached_for, TimeDelta::seconds(7));
    assert_eq!(policy("KEY_ROTATION_DAYS", "30").signs_for, TimeDelta::days(30));
}
