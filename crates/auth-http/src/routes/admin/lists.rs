//! What a console shows besides: clients, keys, and mails that wait or are dead.

use std::cmp::Reverse;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use auth_domain::{
    admin::cut,
    identity::{ids::ClientId, language::Language},
    mail::{
        message::MailId,
        outbox::{Entry, MailState},
    },
    oauth::{client::Client, scope::Scope},
    signing_keys::ring::{KeyState, KeyTimeline},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{PAGE, PAGE_MAX, page, place, sealed};
use crate::{
    app::use_cases::UseCases,
    routes::views::timestamp,
    web::{
        admin::{Admin, Read},
        problem::Problem,
        query::Query,
    },
};

/// The names of these lists, which their cursors are bound to.
const CLIENTS: &str = "clients";
const OUTBOX: &str = "outbox";

/// What mails there are to show: the others are done with.
const STATES: [MailState; 2] = [MailState::Waiting, MailState::Dead];

/// How the document shows which page is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape matters")]
pub(crate) struct PageParameters {
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the page before, of the same list.
    #[param(required = false)]
    after: String,
}

/// A client, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct ClientView {
    #[schema(format = "uuid")]
    client_id: String,
    name: String,
    /// What its tokens may be good for.
    #[schema(examples(json!(["admin:read"])))]
    scopes: Vec<&'static str>,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(required, format = "date-time")]
    rotated_at: Option<String>,
    /// Until when the previous secret is valid.
    #[schema(required, format = "date-time")]
    former_secret_until: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Clients)]
pub(crate) struct ClientsView {
    /// Oldest first.
    clients: Vec<ClientView>,
    #[schema(required)]
    next: Option<String>,
}

/// A key that signs access tokens, without its private half.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub(crate) struct KeyView {
    pub(crate) kid: String,
    #[schema(examples("ES256"))]
    pub(crate) alg: &'static str,
    #[schema(pattern = "^(pending|active|retiring|revoked|gone)$", examples("active"))]
    pub(crate) state: &'static str,
    #[schema(format = "date-time")]
    pub(crate) created_at: String,
    #[schema(format = "date-time")]
    pub(crate) signs_from: String,
    /// When it stops signing, as far as that is known.
    #[schema(required, format = "date-time")]
    pub(crate) signs_until: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SigningKeys)]
pub(crate) struct KeysView {
    /// Oldest first. None where the shared secret signs.
    keys: Vec<KeyView>,
}

/// A mail that waits or is dead, without its content.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxMail)]
pub(crate) struct MailView {
    #[schema(format = "uuid")]
    id: String,
    /// Why it was written.
    #[schema(examples("reset"))]
    occasion: &'static str,
    #[schema(format = "email")]
    to: String,
    #[schema(required)]
    language: Option<&'static str>,
    #[schema(pattern = "^(waiting|dead)$", examples("waiting"))]
    state: &'static str,
    attempts: i64,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    expires_at: String,
    /// Of one that waits.
    #[schema(required, format = "date-time")]
    next_attempt_at: Option<String>,
    /// In the mail server's words.
    #[schema(required)]
    last_error: Option<String>,
    #[schema(required, format = "date-time")]
    done_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Outbox)]
pub(crate) struct OutboxView {
    /// Newest first.
    mails: Vec<MailView>,
    #[schema(required)]
    next: Option<String>,
}

/// List the clients.
#[utoipa::path(
    get, path = "/admin/clients", operation_id = "admin_clients", security(("bearer" = []), ("client_token" = ["admin:read"])),
    params(PageParameters),
    responses((status = 200, description = "A page of clients, without their secrets.", body = ClientsView)),
)]
pub(crate) async fn clients(app: Data<UseCases>, Admin(..): Admin<Read>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request)?;
    let (limit, after) = (query.limit(PAGE, PAGE_MAX), place::<ClientId>(&app, &mut query, CLIENTS));
    query.whole()?;
    let mut clients = app.ports.oauth.clients.list(after, limit.saturating_add(1)).await?;
    let there_are_more = cut(&mut clients, limit);
    let next = clients.last().filter(|_| there_are_more).map(|client| sealed(&app, CLIENTS, &client.id));
    let now = app.ports.clock.now();
    let view = ClientsView { clients: clients.iter().map(|client| ClientView::of(client, now)).collect(), next };
    Ok(page(&request, &view, view.next.as_deref()))
}

/// List the keys that sign access tokens.
#[utoipa::path(
    get, path = "/admin/keys", operation_id = "admin_keys", security(("bearer" = []), ("client_token" = ["admin:read"])),
    responses((status = 200, description = "The keys, without their private halves.", body = KeysView)),
)]
pub(crate) async fn keys(app: Data<UseCases>, Admin(..): Admin<Read>) -> Result<Json<KeysView>, Problem> {
    let (ring, now) = (app.signing_keys.list.execute().await?, app.ports.clock.now());
    Ok(Json(KeysView { keys: ring.timelines().map(|timeline| KeyView::of(timeline, now)).collect() }))
}

/// List the mails that wait or are dead.
#[utoipa::path(
    get, path = "/admin/outbox", operation_id = "admin_outbox", security(("bearer" = []), ("client_token" = ["admin:read"])),
    params(PageParameters, ("state" = Option<String>, Query, description = "`waiting` or `dead`; both without it.")),
    responses((status = 200, description = "A page of mails, without their content.", body = OutboxView)),
)]
pub(crate) async fn outbox(app: Data<UseCases>, Admin(..): Admin<Read>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request)?;
    let state = query.one_of("state", &STATES.map(|state| (state.name(), state)));
    let list = format!("{OUTBOX} {state:?}");
    let (limit, after) = (query.limit(PAGE, PAGE_MAX), place::<MailId>(&app, &mut query, &list));
    query.whole()?;
    let mut mails = Vec::new();
    for state in STATES.into_iter().filter(|one| state.is_none_or(|state| state == *one)) {
        mails.extend(app.ports.mail.admin.list(Some(state), after, limit.saturating_add(1)).await?);
    }
    mails.sort_by_key(|entry| Reverse(entry.mail.id));
    let there_are_more = cut(&mut mails, limit);
    let next = mails.last().filter(|_| there_are_more).map(|entry| sealed(&app, &list, &entry.mail.id));
    let view = OutboxView { mails: mails.iter().map(MailView::from).collect(), next };
    Ok(page(&request, &view, view.next.as_deref()))
}

impl ClientView {
    fn of(client: &Client, now: DateTime<Utc>) -> Self {
        Self {
            client_id: client.id.to_string(),
            name: client.name.to_string(),
            scopes: client.scopes.iter().map(Scope::name).collect(),
            created_at: timestamp(client.created_at),
            rotated_at: client.rotated_at.map(timestamp),
            former_secret_until: client.former_at(now).map(|former| timestamp(former.good_until)),
        }
    }
}

impl KeyView {
    pub(crate) fn of(timeline: &KeyTimeline, now: DateTime<Utc>) -> Self {
        let key = &timeline.key;
        Self {
            kid: key.id.to_string(),
            alg: key.algorithm.name(),
            state: match timeline.state(now) {
                KeyState::Pending => "pending",
                KeyState::Active => "active",
                KeyState::Retiring => "retiring",
                KeyState::Revoked => "revoked",
                KeyState::Gone => "gone",
            },
            created_at: timestamp(key.created_at),
            signs_from: timestamp(key.signs_from),
            signs_until: timeline.end().map(timestamp),
        }
    }
}

impl From<&Entry> for MailView {
    fn from(entry: &Entry) -> Self {
        let mail = &entry.mail;
        Self {
            id: mail.id.to_string(),
            occasion: mail.occasion.name(),
            to: mail.to.to_string(),
            language: mail.language.map(Language::tag),
            state: entry.state.name(),
            attempts: entry.attempts,
            created_at: timestamp(mail.created_at),
            expires_at: timestamp(mail.expires_at),
            next_attempt_at: (entry.state == MailState::Waiting).then(|| timestamp(entry.next_attempt_at)),
            last_error: entry.last_error.clone(),
            done_at: entry.done_at.map(timestamp),
        }
    }
}
