//! Tells in the log what access tokens leave out.

use auth_domain::{identity::ids::UserId, sessions::ports::TokenNotes};

use super::once_a_minute::OnceAMinute;

static WARNING: OnceAMinute = OnceAMinute::new();

/// The log, at most once a minute.
pub(crate) struct LoggedNotes;

impl TokenNotes for LoggedNotes {
    fn left_out(&self, user: UserId) {
        if WARNING.take_turn() {
            tracing::warn!(
                user_id = %user,
                "the attributes of TOKEN_CLAIMS are more than 1 KiB: the access tokens of this account leave them out"
            );
        }
    }
}
