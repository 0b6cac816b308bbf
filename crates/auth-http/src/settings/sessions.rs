//! Sessions: how long they and their tokens last, and how many an account may have.

use auth_domain::sessions::token::{ACCESS_MAX_MINUTES, Lifetimes};
use chrono::TimeDelta;

use super::reader::Reader;

/// The largest `SESSION_MAX_PER_USER`: no account has more live sessions.
pub(crate) const SESSIONS_MAX: u16 = 1000;

#[derive(Debug)]
pub struct SessionSettings {
    pub lifetimes: Lifetimes,
    pub reuse_window: TimeDelta,
    /// How long an authentication is fresh.
    pub fresh: TimeDelta,
    /// How many live sessions an account may have.
    pub per_user: usize,
}

impl SessionSettings {
    /// Reads the variables of sessions.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let lifetimes = Lifetimes {
            access: TimeDelta::minutes(reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 15, 1..=ACCESS_MAX_MINUTES)),
            refresh: TimeDelta::days(reader.number("REFRESH_TOKEN_EXPIRE_DAYS", 7, 1..=30)),
            session: TimeDelta::days(reader.number("SESSION_MAX_DAYS", 90, 1..=365)),
        };
        let reuse_window = TimeDelta::seconds(reader.number("REFRESH_REUSE_SECONDS", 10, 0..=60));
        let fresh = TimeDelta::minutes(reader.number("FRESH_MINUTES", 10, 1..=60));
        let per_user = reader.number("SESSION_MAX_PER_USER", 50, 1..=SESSIONS_MAX).into();
        Self { lifetimes, reuse_window, fresh, per_user }
    }
}
