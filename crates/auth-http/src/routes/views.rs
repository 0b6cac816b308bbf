//! How accounts, sessions and times look from outside, to clients and to operators.

use auth_domain::{identity::user::User, sessions::session::Session};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// RFC 3339 in UTC, with as many fractions as the database keeps.
#[must_use]
pub(crate) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// What a person sees of their account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    #[schema(format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8057"))]
    pub id: String,
    #[schema(format = "email", examples("ann@example.org"))]
    pub email: String,
    /// Whether the address is verified.
    pub email_verified: bool,
    #[schema(format = "date-time", examples("2026-03-01T12:00:00.000000Z"))]
    pub created_at: String,
    #[schema(format = "date-time", examples("2026-03-01T12:00:00.000000Z"))]
    pub updated_at: String,
    /// What the account is allowed.
    #[schema(examples(json!(["editor"])))]
    pub roles: Vec<String>,
    /// What its owner says of themselves.
    #[schema(value_type = Object, examples(json!({ "name": "Ann" })))]
    pub profile: Map<String, Value>,
    /// Of a server that sends mails.
    #[serde(flatten)]
    pub mailbox: Option<MailboxView>,
}

/// What a person sees of their mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailboxView {
    /// The address that was asked for and is not proven yet.
    #[schema(required = false, format = "email")]
    pub pending_email: Option<String>,
}

/// A session as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8057"))]
    pub id: String,
    #[schema(format = "date-time", examples("2026-03-01T12:00:00.000000Z"))]
    pub created_at: String,
    #[schema(format = "date-time", examples("2026-03-01T12:10:00.000000Z"))]
    pub last_used_at: String,
    #[schema(format = "date-time", examples("2026-03-08T12:10:00.000000Z"))]
    pub expires_at: String,
    /// Where it began or was last refreshed from.
    #[schema(required, examples("203.0.113.9"))]
    pub ip: Option<String>,
    #[schema(required, examples("curl/8.5.0"))]
    pub user_agent: Option<String>,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            email_verified: user.email_verified_at.is_some(),
            created_at: timestamp(user.created_at),
            updated_at: timestamp(user.changed_at()),
            roles: user.roles.iter().map(ToString::to_string).collect(),
            profile: user.profile.members().clone(),
            mailbox: None,
        }
    }
}

impl UserView {
    /// With what a server that sends mails knows of the address at a time.
    #[must_use]
    pub fn with_mailbox(user: &User, now: DateTime<Utc>) -> Self {
        Self { mailbox: Some(MailboxView::of(user, now)), ..user.into() }
    }
}

impl MailboxView {
    fn of(user: &User, now: DateTime<Utc>) -> Self {
        let pending = user.pending_email.as_ref().filter(|pending| now < pending.until);
        Self { pending_email: pending.map(|pending| pending.address.to_string()) }
    }
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: timestamp(session.created_at),
            last_used_at: timestamp(session.last_used_at),
            expires_at: timestamp(session.expires_at),
            ip: session.context.address.map(|address| address.to_string()),
            user_agent: session.context.user_agent.as_ref().map(|agent| agent.as_str().to_owned()),
        }
    }
}
