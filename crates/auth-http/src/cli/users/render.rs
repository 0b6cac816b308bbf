//! What `users` answers, as text and as JSON.

use auth_domain::{
    admin::create_user::{Created, Invitation},
    identity::{
        role::{Role, Roles},
        user::{AccountState, User},
    },
    mfa::ports::FactorList,
    sessions::session::Session,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{CommandError, import::Report};
use crate::{
    cli::{page, terminal},
    routes::{
        factors::{FactorView, FactorsView},
        views::{SessionView, UserView, timestamp},
    },
};

pub(crate) enum Answer {
    User { user: User, factors: FactorList, sessions: Vec<Session>, now: DateTime<Utc> },
    Users { users: Vec<User>, limit: u32, now: DateTime<Utc> },
    Created(Created),
    Done { done: &'static str, user: User, sessions_ended: usize, now: DateTime<Utc> },
    Roles(Roles),
    Imported(Report),
}

/// An account as an operator sees it.
#[derive(Serialize)]
struct AccountView {
    #[serde(flatten)]
    user: UserView,
    /// What administrators say of it.
    attributes: Map<String, Value>,
    pending_email: Option<String>,
    state: String,
    disabled_at: Option<String>,
    last_login_at: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Document<'a> {
    User {
        #[serde(flatten)]
        user: AccountView,
        #[serde(flatten)]
        factors: FactorsView,
        sessions: Vec<SessionView>,
    },
    Users {
        users: Vec<AccountView>,
        next: Option<String>,
    },
    Created {
        #[serde(flatten)]
        user: AccountView,
        /// Whether a mail asks its owner for a password.
        invited: bool,
        sessions_ended: usize,
    },
    Done {
        #[serde(flatten)]
        user: AccountView,
        sessions_ended: usize,
    },
    Roles {
        roles: Vec<String>,
    },
    Imported(&'a Report),
}

impl AccountView {
    fn of(user: &User, now: DateTime<Utc>) -> Self {
        let pending = user.pending_email.as_ref().filter(|pending| now < pending.until);
        let disabled_at = match user.state {
            AccountState::Active => None,
            AccountState::Disabled { since } => Some(timestamp(since)),
        };
        Self {
            user: user.into(),
            attributes: user.attributes.members().clone(),
            pending_email: pending.map(|pending| pending.address.to_string()),
            state: user.state.to_string(),
            disabled_at,
            last_login_at: user.last_login_at.map(timestamp),
        }
    }
}

fn next(users: &[User], limit: u32) -> Option<String> {
    page::next(users, limit, |user| user.email.to_string())
}

impl Answer {
    pub(crate) fn json(&self) -> String {
        let document = match self {
            Self::User { user, factors, sessions, now } => {
                let sessions = sessions.iter().map(SessionView::from).collect();
                Document::User { user: AccountView::of(user, *now), factors: factors.clone().into(), sessions }
            }
            Self::Users { users, limit, now } => {
                let views = users.iter().map(|user| AccountView::of(user, *now)).collect();
                Document::Users { users: views, next: next(users, *limit) }
            }
            Self::Created(Created { user, invitation }) => Document::Created {
                user: AccountView::of(user, user.created_at),
                invited: *invitation == Invitation::Queued,
                sessions_ended: 0,
            },
            Self::Done { user, sessions_ended, now, .. } => {
                Document::Done { user: AccountView::of(user, *now), sessions_ended: *sessions_ended }
            }
            Self::Roles(roles) => Document::Roles { roles: roles.iter().map(ToString::to_string).collect() },
            Self::Imported(report) => Document::Imported(report),
        };
        terminal::json(&document)
    }

    /// Whether everything was done that was asked for.
    pub(crate) fn verdict(&self) -> Result<(), CommandError> {
        match self {
            Self::Imported(report) => report.verdict(),
            Self::User { .. } | Self::Users { .. } | Self::Created(_) | Self::Done { .. } | Self::Roles(_) => Ok(()),
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::User { user, factors, sessions, now } => {
                let mut lines = described(&AccountView::of(user, *now));
                lines.extend(factors.factors.iter().map(|factor| FactorView::from(factor).in_one_line()));
                lines.extend((!factors.factors.is_empty()).then(|| format!("codes left  {}", factors.recovery_codes_left)));
                lines.extend(sessions.iter().map(|session| in_one_line(&session.into())));
                terminal::lines(lines)
            }
            Self::Users { users, limit, .. } => {
                let lines = users.iter().map(|user| format!("{}  {}  {}", user.id, user.state, user.email)).collect();
                page::text(lines, next(users, *limit), "No accounts.")
            }
            Self::Created(Created { user, invitation }) => terminal::line(&match invitation {
                Invitation::NotNeeded => format!("created: {} ({})", user.email, user.id),
                Invitation::Queued => format!("invited: {} ({})", user.email, user.id),
                Invitation::Suppressed => format!(
                    "created: {} ({}), but no invitation goes out: the address has had its mails for now. \
                     `POST /auth/password/forgot` sends one later (docs/mail.md)",
                    user.email, user.id
                ),
            }),
            Self::Done { done, user, sessions_ended, .. } => {
                let sessions = match sessions_ended {
                    0 => String::new(),
                    1 => "; one session ended".to_owned(),
                    more => format!("; {more} sessions ended"),
                };
                terminal::line(&format!("{done}: {} ({}){sessions}", user.email, user.id))
            }
            Self::Roles(roles) if roles.is_empty() => terminal::line("No roles."),
            Self::Roles(roles) => terminal::lines(roles.iter().map(Role::as_str)),
            Self::Imported(report) => report.text(),
        }
    }
}

fn described(account: &AccountView) -> Vec<String> {
    let AccountView { user, attributes, pending_email, state, disabled_at, last_login_at } = account;
    let since = disabled_at.as_ref().map(|at| format!(" since {at}")).unwrap_or_default();
    let verified = if user.email_verified { "verified" } else { "not verified" };
    let pending = pending_email.as_ref().map(|pending| format!(", to be {pending}")).unwrap_or_default();
    let document = |name: &str, members: &Map<String, Value>| {
        (!members.is_empty()).then(|| format!("{name:<10}  {}", Value::Object(members.clone())))
    };
    let roles = (!user.roles.is_empty()).then(|| format!("roles       {}", user.roles.join(" ")));
    let lines = [
        format!("id          {}", user.id),
        format!("email       {} ({verified}{pending})", user.email),
        format!("state       {state}{since}"),
        format!("created     {}", user.created_at),
        format!("updated     {}", user.updated_at),
        format!("last login  {}", last_login_at.as_deref().unwrap_or("never")),
    ];
    let described = [roles, document("profile", &user.profile), document("attributes", attributes)];
    lines.into_iter().chain(described.into_iter().flatten()).collect()
}

fn in_one_line(session: &SessionView) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    format!(
        "session     {}  last used {}  from {}  {}",
        session.id,
        session.last_used_at,
        known(&session.ip),
        known(&session.user_agent)
    )
}
