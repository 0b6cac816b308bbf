//! Everything that is stored of the caller's account, in one document: the trail page by page, however long it is.

use actix_web::{
    HttpResponse,
    http::header::{ContentDisposition, DispositionParam, DispositionType},
    web::{Bytes, Data},
};
use auth_domain::{
    admin::export_account::{AccountExport, EXPORT_PAGE},
    audit::entry::{AuditCursor, Entry},
    identity::{ids::UserId, port_error::PortError, request_context::Network, user::User},
    mail::proof::Proof,
};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    app::use_cases::UseCases,
    routes::{
        factors::FactorsView,
        views::{SessionView, UserView, timestamp},
    },
    web::{
        caller::{Caller, Context, FreshUser},
        problem::Problem,
    },
};

/// Everything that is stored of an account: no hash, no secret, no code.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountExport)]
pub(crate) struct ExportView<'a> {
    account: ExportedAccount<'a>,
    #[serde(flatten)]
    factors: FactorsView,
    /// Logins by other providers.
    #[schema(value_type = Vec<Object>)]
    identities: [Value; 0],
    /// Those that are alive, newest first.
    sessions: Vec<SessionView>,
    /// Where sessions began.
    networks: Vec<NetworkView>,
    /// Links and codes in mails that may still be used.
    proofs: Vec<ProofView>,
    /// What happened to the account, latest first.
    audit: Vec<EventView<'a>>,
}

#[derive(Serialize, ToSchema)]
struct ExportedAccount<'a> {
    #[serde(flatten)]
    user: UserView,
    /// What administrators say of the account.
    #[schema(value_type = Object)]
    attributes: &'a Map<String, Value>,
    disabled: bool,
    #[schema(required, format = "date-time")]
    last_login_at: Option<String>,
    #[schema(required, format = "date-time")]
    email_verified_at: Option<String>,
    has_password: bool,
    /// In which notices are written.
    #[schema(required, examples("en"))]
    language: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct NetworkView {
    #[schema(examples("203.0.113.0/24"))]
    network: String,
    #[schema(format = "date-time")]
    last_seen_at: String,
}

#[derive(Serialize, ToSchema)]
struct ProofView {
    #[schema(examples("verify"))]
    purpose: &'static str,
    #[schema(format = "email")]
    email: String,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    expires_at: String,
}

/// An event.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedEvent)]
struct EventView<'a> {
    #[schema(format = "date-time")]
    time: String,
    #[schema(examples("login_succeeded"))]
    event: &'a str,
    #[schema(examples("success"))]
    outcome: &'a str,
    #[schema(required)]
    reason: Option<&'a str>,
    #[schema(required)]
    methods: Option<&'a str>,
    #[schema(required)]
    members: Option<&'a str>,
    #[schema(required)]
    actor_type: Option<&'a str>,
    #[schema(required)]
    actor_id: Option<&'a str>,
    #[schema(required)]
    session_id: Option<String>,
    #[schema(required)]
    email: Option<&'a str>,
    #[schema(required)]
    ip: Option<String>,
    #[schema(required)]
    user_agent: Option<&'a str>,
    request_id: &'a str,
}

impl<'a> ExportedAccount<'a> {
    fn of(user: &'a User, now: DateTime<Utc>) -> Self {
        Self {
            user: UserView::with_mailbox(user, now),
            attributes: user.attributes.members(),
            disabled: !user.is_active(),
            last_login_at: user.last_login_at.map(timestamp),
            email_verified_at: user.email_verified_at.map(timestamp),
            has_password: user.password.is_some(),
            language: user.language.map(|language| language.to_string()),
        }
    }
}

impl From<(Network, DateTime<Utc>)> for NetworkView {
    fn from((network, at): (Network, DateTime<Utc>)) -> Self {
        Self { network: network.to_string(), last_seen_at: timestamp(at) }
    }
}

impl From<Proof> for ProofView {
    fn from(proof: Proof) -> Self {
        Self {
            purpose: proof.purpose.name(),
            email: proof.address.to_string(),
            created_at: timestamp(proof.created_at),
            expires_at: timestamp(proof.expires_at),
        }
    }
}

impl<'a> From<&'a Entry> for EventView<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            time: timestamp(entry.at),
            event: &entry.event,
            outcome: &entry.outcome,
            reason: entry.reason.as_deref(),
            methods: entry.methods.as_deref(),
            members: entry.members.as_deref(),
            actor_type: entry.actor_type.as_deref(),
            actor_id: entry.actor_id.as_deref(),
            session_id: entry.session.map(|id| id.to_string()),
            email: entry.email.as_deref(),
            ip: entry.context.address.map(|address| address.to_string()),
            user_agent: entry.context.user_agent.as_ref().map(|agent| agent.as_str()),
            request_id: &entry.context.request_id,
        }
    }
}

/// Everything that is stored of the account.
///
/// A JSON document to keep: the account, its factors, sessions, known networks and open proofs, and its audit trail. No hash, no secret,
/// no code. The caller has to be fresh.
#[utoipa::path(
    get, path = "/auth/me/export", operation_id = "export_account", security(("bearer" = [])),
    responses((status = 200, description = "All of it. An answer that breaks off is not whole.", body = ExportView)),
)]
pub(crate) async fn export(
    app: Data<UseCases>,
    Context(context): Context,
    Caller(caller, ..): FreshUser,
) -> Result<HttpResponse, Problem> {
    let export = app.accounts.export.execute(&caller, &context).await?;
    let more = place_of_the_next(&export.trail);
    let (head, tail) = written(&caller.user, export, app.ports.clock.now())?;
    let pieces = stream::iter([Ok(head)]).chain(rest(app, caller.user.id, more)).chain(stream::iter([Ok(tail)]));
    Ok(HttpResponse::Ok().content_type("application/json").insert_header(attachment()).streaming(pieces))
}

fn attachment() -> ContentDisposition {
    let name = DispositionParam::Filename("account.json".to_owned());
    ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![name] }
}

/// The document in two parts, between which the rest of the trail goes.
fn written(user: &User, export: AccountExport, now: DateTime<Utc>) -> Result<(Bytes, Bytes), Problem> {
    let view = ExportView {
        account: ExportedAccount::of(user, now),
        factors: export.factors.into(),
        identities: [],
        sessions: export.sessions.iter().map(SessionView::from).collect(),
        networks: export.networks.into_iter().map(NetworkView::from).collect(),
        proofs: export.proofs.into_iter().map(ProofView::from).collect(),
        audit: export.trail.iter().map(EventView::from).collect(),
    };
    let whole = Bytes::from(serde_json::to_vec(&view).map_err(|_texts_and_lists| Problem::internal())?);
    let end = whole.len().saturating_sub(END.len());
    Ok((whole.slice(..end), whole.slice(end..)))
}

/// How the document ends: the trail is its last member.
const END: &[u8] = b"]}";

/// The pages of the trail behind the first. One that cannot be read breaks the answer off.
fn rest(app: Data<UseCases>, user: UserId, from: Option<AuditCursor>) -> impl Stream<Item = Result<Bytes, PortError>> {
    stream::try_unfold(from, move |place| {
        let app = app.clone();
        async move {
            let Some(place) = place else { return Ok(None) };
            let entries = app.accounts.export.page(user, Some(place)).await?;
            Ok(Some((listed(&entries)?, place_of_the_next(&entries))))
        }
    })
}

/// The place behind a page, if that may not be the last.
fn place_of_the_next(entries: &[Entry]) -> Option<AuditCursor> {
    let is_full = u32::try_from(entries.len()).is_ok_and(|count| count >= EXPORT_PAGE);
    entries.last().filter(|_last| is_full).map(Entry::place)
}

/// As they go behind others in a list.
fn listed(entries: &[Entry]) -> Result<Bytes, PortError> {
    let mut text = Vec::new();
    for entry in entries {
        text.push(b',');
        let written = serde_json::to_writer(&mut text, &EventView::from(entry));
        written.map_err(|fault| PortError::Internal(format!("an event cannot be written: {fault}")))?;
    }
    Ok(text.into())
}
