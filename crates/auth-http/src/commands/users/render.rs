//! What `users` answers, as text and as JSON.

use auth_domain::{
    session::Session,
    user::{AccountState, User},
};
use serde::Serialize;

use crate::view::timestamp;

pub(super) enum Answer {
    User { user: User, sessions: Vec<Session> },
    Users { users: Vec<User>, limit: u32 },
    Done { done: &'static str, user: User, sessions_ended: usize },
}

#[derive(Serialize)]
struct UserView {
    id: String,
    email: String,
    state: String,
    created_at: String,
    updated_at: String,
    last_login_at: Option<String>,
    disabled_at: Option<String>,
}

#[derive(Serialize)]
struct SessionView {
    id: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Document {
    User { user: UserView, sessions: Vec<SessionView> },
    Users { users: Vec<UserView>, next: Option<String> },
    Done { done: &'static str, user: UserView, sessions_ended: usize },
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        let disabled_at = match user.state {
            AccountState::Active => None,
            AccountState::Disabled { since } => Some(timestamp(since)),
        };
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            state: user.state.to_string(),
            created_at: timestamp(user.created_at),
            updated_at: timestamp(user.updated_at),
            last_login_at: user.last_login_at.map(timestamp),
            disabled_at,
        }
    }
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: timestamp(session.created_at),
            last_used_at: timestamp(session.last_used_at),
            expires_at: timestamp(session.expires_at),
            ip: session.origin.address.map(|address| address.to_string()),
            user_agent: session.origin.user_agent.as_ref().map(|agent| agent.as_str().to_owned()),
        }
    }
}

/// Where the next page begins, when this one is full.
fn next(users: &[User], limit: u32) -> Option<String> {
    let full = u32::try_from(users.len()).is_ok_and(|count| count >= limit);
    users.last().filter(|_| full).map(|user| user.email.to_string())
}

impl Answer {
    pub(super) fn json(&self) -> String {
        let document = match self {
            Self::User { user, sessions } => {
                Document::User { user: user.into(), sessions: sessions.iter().map(SessionView::from).collect() }
            }
            Self::Users { users, limit } => {
                Document::Users { users: users.iter().map(UserView::from).collect(), next: next(users, *limit) }
            }
            Self::Done { done, user, sessions_ended } => {
                Document::Done { done, user: user.into(), sessions_ended: *sessions_ended }
            }
        };
        serde_json::to_string(&document).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::User { user, sessions } => {
                let mut lines = described(&user.into());
                lines.extend(sessions.iter().map(|session| in_one_line(&session.into())));
                lines.join("\n")
            }
            Self::Users { users, limit } => {
                let mut lines: Vec<_> = users.iter().map(|user| format!("{}  {}  {}", user.id, user.state, user.email)).collect();
                lines.extend(next(users, *limit).map(|email| format!("There may be more: --after {email}")));
                if lines.is_empty() { "No accounts.".to_owned() } else { lines.join("\n") }
            }
            Self::Done { done, user, sessions_ended } => {
                format!("{done}: {} ({}); sessions ended: {sessions_ended}", user.email, user.id)
            }
        }
    }
}

fn described(user: &UserView) -> Vec<String> {
    let never = || "never".to_owned();
    vec![
        format!("id          {}", user.id),
        format!("email       {}", user.email),
        format!(
            "state       {}",
            user.disabled_at.as_ref().map_or_else(|| user.state.clone(), |at| format!("{} since {at}", user.state))
        ),
        format!("created     {}", user.created_at),
        format!("updated     {}", user.updated_at),
        format!("last login  {}", user.last_login_at.clone().unwrap_or_else(never)),
    ]
}

fn in_one_line(session: &SessionView) -> String {
    let unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    format!(
        "session     {}  last used {}  from {}  {}",
        session.id,
        session.last_used_at,
        unknown(&session.ip),
        unknown(&session.user_agent)
    )
}
