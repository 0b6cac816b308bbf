//! Where a request came from, as sessions and the audit trail remember it.

use std::net::IpAddr;

/// The longest user agent that is kept, in characters.
pub const USER_AGENT_MAX_CHARS: usize = 256;

/// The client behind a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    pub address: Option<IpAddr>,
    pub user_agent: Option<UserAgent>,
    pub request_id: String,
}

/// What the client calls itself: control characters removed, cut to 256 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX_CHARS).collect())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
