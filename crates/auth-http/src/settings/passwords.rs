//! Passwords: what a new one must meet, how they are hashed, how guessing is slowed down.

use std::time::Duration;

use auth_domain::passwords::policy::PasswordPolicy;

use super::reader::Reader;

#[derive(Debug)]
pub struct PasswordSettings {
    pub policy: PasswordPolicy,
    pub cost: u32,
    pub workers: usize,
    pub max_wait: Duration,
    /// Failed password attempts before strangers have to wait.
    pub login_failures: u32,
}

impl PasswordSettings {
    /// Reads the variables of passwords.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            policy: PasswordPolicy {
                min_chars: reader.number("PASSWORD_MIN_LENGTH", 12, 8..=64),
                classes: reader.choice("PASSWORD_POLICY", &[("classes", true), ("length", false)]).unwrap_or(true),
            },
            cost: reader.number("BCRYPT_COST", 12, 10..=15),
            workers: reader.number("HASH_WORKERS", cores, 1..=256),
            max_wait: Duration::from_secs(reader.number("HASH_MAX_WAIT_SECONDS", 5, 1..=60)),
            login_failures: reader.number("LOGIN_FAILURES", 10, 1..=100),
        }
    }
}
