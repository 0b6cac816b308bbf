//! Whether signing secrets look typed instead of random. Settings have checked their length.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use super::finding::Finding;
use crate::settings::TokenSettings;

const TOPIC: &str = "secrets";

/// Of random strings of 32 hexadecimal digits, all but one in ten thousand have at least this many distinct ones.
const DISTINCT_MIN: usize = 10;

pub(crate) fn of_secrets(tokens: &TokenSettings) -> Vec<Finding> {
    let secrets = [("JWT_SECRET_KEY", &tokens.access_secret), ("JWT_REFRESH_SECRET_KEY", &tokens.refresh_secret)];
    let weak: Vec<_> = secrets.iter().filter(|(_, secret)| looks_typed(secret)).map(|(name, _)| told(name)).collect();
    if weak.is_empty() { vec![Finding::fine(TOPIC, "as if drawn at random")] } else { weak }
}

fn told(name: &str) -> Finding {
    let why = "few different characters, or one piece again and again; draw one: openssl rand -base64 48";
    Finding::mind(TOPIC, format!("{name} can be guessed: {why}"))
}

fn looks_typed(secret: &SecretString) -> bool {
    let bytes = secret.expose_secret().as_bytes();
    let distinct = bytes.iter().collect::<BTreeSet<_>>().len();
    distinct < DISTINCT_MIN || (1..=bytes.len() / 2).any(|piece| bytes.iter().zip(bytes.iter().skip(piece)).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::ports::os_secret, settings::tests::read};

    #[test]
    fn what_nobody_drew_is_told_by_name_alone() {
        let typed = "password-1234567".repeat(3);
        let findings =
            of_secrets(&read(&[("JWT_SECRET_KEY", &"a".repeat(32)), ("JWT_REFRESH_SECRET_KEY", &typed)]).unwrap().tokens);
        assert_eq!(findings, [told("JWT_SECRET_KEY"), told("JWT_REFRESH_SECRET_KEY")]);
    }

    #[test]
    fn what_was_drawn_is_fine() {
        for drawn in [os_secret(), "6f9c0a3b58d1e7427b0d93c5a8e2f164".into(), "9f2 x§Ω 81k, Пример of a long phrase".into()]
        {
            let other = os_secret();
            let variables = [("JWT_SECRET_KEY", drawn.as_str()), ("JWT_REFRESH_SECRET_KEY", &other)];
            assert!(of_secrets(&read(&variables).unwrap().tokens).iter().all(Finding::is_fine), "{drawn}");
        }
    }
}
