//! Lists the caller's sessions, and ends one of them.

use std::sync::Arc;

use crate::{
    identity::{clock::Clock, port_error::PortError},
    sessions::{authenticate::SignedIn, ports::SessionStore, session::Session},
};

pub struct ListSessions {
    pub sessions: Arc<dyn SessionStore>,
    pub clock: Arc<dyn Clock>,
}

impl ListSessions {
    /// The caller's live sessions, newest first, at most `limit`.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, caller: &SignedIn, limit: u32) -> Result<Vec<Session>, PortError> {
        self.sessions.live(caller.user.id, self.clock.now(), limit).await
    }
}

#[cfg(test)]
mod tests;
