//! What administrators see.

use auth_domain::{
    admin::search::{Account, Found},
    audit::entry::Entry,
    identity::{document::Document, role::Role},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::routes::{
    factors::FactorView,
    views::{SessionView, timestamp},
};

/// An account as administrators see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView {
    #[schema(format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8057"))]
    id: String,
    #[schema(format = "email", examples("ann@example.org"))]
    email: String,
    email_verified: bool,
    #[schema(format = "date-time", examples("2026-03-01T12:00:00.000000Z"))]
    created_at: String,
    /// When anything of it last changed.
    #[schema(format = "date-time", examples("2026-03-01T12:00:00.000000Z"))]
    updated_at: String,
    /// When a session last began.
    #[schema(required, format = "date-time")]
    last_login_at: Option<String>,
    disabled: bool,
    /// In the order of their names.
    #[schema(examples(json!(["admin", "staff"])))]
    roles: Vec<String>,
    /// What its owner says of themselves.
    #[schema(value_type = Object)]
    profile: Map<String, Value>,
    /// What administrators say of it.
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    has_password: bool,
    /// Those that are confirmed, oldest first.
    factors: Vec<FactorView>,
    /// Who else vouches for its owner. None in this release.
    #[schema(value_type = Vec<Object>)]
    identities: [(); 0],
}

#[derive(Serialize, ToSchema)]
#[schema(as = Accounts)]
pub(crate) struct AccountsView {
    users: Vec<AccountView>,
    /// For `after`, if there may be more.
    #[schema(required)]
    pub(super) next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AccountSessions)]
pub(crate) struct AccountSessionsView {
    /// Newest first.
    pub(super) sessions: Vec<SessionView>,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditActor)]
pub(crate) struct ActorView {
    #[schema(pattern = "^(user|client|operator)$", examples("user"))]
    r#type: String,
    #[schema(required)]
    id: Option<String>,
}

/// An event with the field names of the log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct EventView {
    #[schema(format = "uuid")]
    pub(crate) id: String,
    #[schema(format = "date-time")]
    pub(crate) time: String,
    #[schema(examples("login_succeeded"))]
    pub(crate) event: String,
    #[schema(pattern = "^(success|failure|unknown)$", examples("success"))]
    pub(crate) outcome: String,
    #[schema(required)]
    pub(crate) reason: Option<String>,
    /// Names with one space between two.
    #[schema(required)]
    pub(crate) methods: Option<String>,
    /// Nobody, where nobody is known; earlier releases did not say it.
    #[schema(required)]
    actor: Option<ActorView>,
    /// What of an account was changed.
    #[schema(required)]
    members: Option<Vec<String>>,
    #[schema(required, format = "uuid")]
    pub(crate) user_id: Option<String>,
    #[schema(required, format = "uuid")]
    session_id: Option<String>,
    #[schema(required)]
    pub(crate) email: Option<String>,
    #[schema(required, examples("203.0.113.9"))]
    pub(crate) client: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    request_id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvents)]
pub(crate) struct EventsView {
    /// Latest first.
    pub(super) events: Vec<EventView>,
    /// For `after`, if there are more.
    #[schema(required)]
    pub(super) next: Option<String>,
}

impl From<&Account> for AccountView {
    fn from(Account { user, factors }: &Account) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            email_verified: user.email_verified_at.is_some(),
            created_at: timestamp(user.created_at),
            updated_at: timestamp(user.changed_at()),
            last_login_at: user.last_login_at.map(timestamp),
            disabled: !user.is_active(),
            roles: user.roles.iter().map(Role::to_string).collect(),
            profile: members(&user.profile),
            attributes: members(&user.attributes),
            has_password: user.password.is_some(),
            factors: factors.iter().map(FactorView::from).collect(),
            identities: [],
        }
    }
}

fn members(document: &Document) -> Map<String, Value> {
    document.members().clone()
}

impl From<Found> for AccountsView {
    fn from(Found { accounts, next }: Found) -> Self {
        Self { users: accounts.iter().map(AccountView::from).collect(), next }
    }
}

impl From<&Entry> for EventView {
    fn from(entry: &Entry) -> Self {
        let actor = |r#type: &str| ActorView { r#type: r#type.to_owned(), id: entry.actor_id.clone() };
        Self {
            id: entry.id.to_string(),
            time: timestamp(entry.at),
            event: entry.event.to_string(),
            outcome: entry.outcome.to_string(),
            reason: entry.reason.as_ref().map(ToString::to_string),
            methods: entry.methods.clone(),
            actor: entry.actor_type.as_deref().map(actor),
            members: entry.members.as_ref().map(|names| names.split(' ').map(str::to_owned).collect()),
            user_id: entry.user.map(|id| id.to_string()),
            session_id: entry.session.map(|id| id.to_string()),
            email: entry.email.clone(),
            client: entry.context.address.map(|address| address.to_string()),
            user_agent: entry.context.user_agent.as_ref().map(|agent| agent.as_str().to_owned()),
            request_id: entry.context.request_id.clone(),
        }
    }
}
