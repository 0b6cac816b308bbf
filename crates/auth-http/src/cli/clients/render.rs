//! What `clients` answers, as text and as JSON.

use auth_domain::{
    identity::ids::ClientId,
    oauth::{client::Client, clients::Issued},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    cli::{page, terminal},
    routes::views::timestamp,
};

pub(crate) enum Answer {
    Issued { done: &'static str, issued: Issued },
    Client { client: Client, now: DateTime<Utc> },
    Clients { clients: Vec<Client>, limit: u32, now: DateTime<Utc> },
    Removed(ClientId),
}

/// A client as an operator sees it, with OAuth's field names.
#[derive(Serialize)]
struct ClientView<'a> {
    client_id: String,
    name: &'a str,
    /// Names with one space between two (RFC 7591 section 2).
    scope: String,
    created_at: String,
    rotated_at: Option<String>,
    /// Until when the previous secret is valid.
    former_secret_until: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Document<'a> {
    Issued {
        #[serde(flatten)]
        client: ClientView<'a>,
        client_secret: &'a str,
    },
    Client(ClientView<'a>),
    Clients {
        clients: Vec<ClientView<'a>>,
        next: Option<String>,
    },
    Removed {
        client_id: String,
    },
}

impl<'a> ClientView<'a> {
    fn of(client: &'a Client, now: DateTime<Utc>) -> Self {
        Self {
            client_id: client.id.to_string(),
            name: client.name.as_str(),
            scope: client.scopes.to_string(),
            created_at: timestamp(client.created_at),
            rotated_at: client.rotated_at.map(timestamp),
            former_secret_until: client.former_at(now).map(|former| timestamp(former.good_until)),
        }
    }

    /// As it was issued: a moment ago.
    fn of_issued(client: &'a Client) -> Self {
        Self::of(client, client.rotated_at.unwrap_or(client.created_at))
    }
}

fn next(clients: &[Client], limit: u32) -> Option<String> {
    page::next(clients, limit, |client| client.id.to_string())
}

impl Answer {
    pub(crate) fn json(&self) -> Zeroizing<String> {
        let document = match self {
            Self::Issued { issued, .. } => {
                Document::Issued { client: ClientView::of_issued(&issued.client), client_secret: issued.secret.expose() }
            }
            Self::Client { client, now } => Document::Client(ClientView::of(client, *now)),
            Self::Clients { clients, limit, now } => Document::Clients {
                clients: clients.iter().map(|client| ClientView::of(client, *now)).collect(),
                next: next(clients, *limit),
            },
            Self::Removed(id) => Document::Removed { client_id: id.to_string() },
        };
        Zeroizing::new(terminal::json(&document))
    }

    pub(crate) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Issued { done, issued } => issued_in_lines(done, issued),
            Self::Client { client, now } => in_lines(&ClientView::of(client, *now)),
            Self::Clients { clients, limit, now } => {
                let lines = clients.iter().map(|client| in_one_line(&ClientView::of(client, *now))).collect();
                page::text(lines, next(clients, *limit), "No clients.")
            }
            Self::Removed(id) => format!("removed: {id}"),
        })
    }
}

fn issued_in_lines(done: &str, issued: &Issued) -> String {
    let client = ClientView::of_issued(&issued.client);
    let mut lines = vec![
        format!("{done}: {}", client.name),
        format!("client_id      {}", client.client_id),
        format!("client_secret  {}", issued.secret.expose()),
        format!("scope          {}", in_words(&client.scope)),
        "The secret is not kept and cannot be shown again.".to_owned(),
    ];
    if client.rotated_at.is_some() {
        lines.push(match client.former_secret_until {
            Some(until) => format!("The one before stays good until {until}; --overlap-hours 0 ends it at once."),
            None => "The one before is refused from now on.".to_owned(),
        });
    }
    terminal::lines(lines)
}

fn in_lines(client: &ClientView<'_>) -> String {
    let mut lines = vec![
        client.name.to_owned(),
        format!("client_id  {}", client.client_id),
        format!("scope      {}", in_words(&client.scope)),
        format!("created    {}", client.created_at),
    ];
    lines.extend(client.rotated_at.as_ref().map(|at| format!("rotated    {at}")));
    lines.extend(client.former_secret_until.as_ref().map(|until| format!("The secret before stays good until {until}.")));
    terminal::lines(lines)
}

fn in_words(scope: &str) -> &str {
    if scope.is_empty() { "none" } else { scope }
}

fn in_one_line(client: &ClientView<'_>) -> String {
    let rotated = client.rotated_at.as_ref().map(|at| format!("  rotated {at}")).unwrap_or_default();
    let former =
        client.former_secret_until.as_ref().map(|until| format!("  secret before good until {until}")).unwrap_or_default();
    let scope = Some(&client.scope).filter(|scope| !scope.is_empty()).map(|scope| format!("  scope {scope}")).unwrap_or_default();
    format!("{}  created {}{rotated}{former}{scope}  {}", client.client_id, client.created_at, client.name)
}
