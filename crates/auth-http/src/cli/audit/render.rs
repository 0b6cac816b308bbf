//! What `audit` answers, as text and as JSON.

use auth_domain::audit::entry::Entry;
use serde::Serialize;

use super::Mark;
use crate::{
    cli::{page, terminal},
    routes::views::timestamp,
};

/// Some of the trail.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) limit: u32,
}

/// An event with the field names of the log.
#[derive(Serialize)]
struct EventView<'a> {
    id: String,
    time: String,
    event: &'a str,
    outcome: &'a str,
    reason: Option<&'a str>,
    methods: Option<&'a str>,
    user_id: Option<String>,
    session_id: Option<String>,
    email: Option<&'a str>,
    client: Option<String>,
    user_agent: Option<&'a str>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Document<'a> {
    events: Vec<EventView<'a>>,
    next: Option<String>,
}

impl<'a> From<&'a Entry> for EventView<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            time: timestamp(entry.at),
            event: &entry.event,
            outcome: &entry.outcome,
            reason: entry.reason.as_deref(),
            methods: entry.methods.as_deref(),
            user_id: entry.user.map(|id| id.to_string()),
            session_id: entry.session.map(|id| id.to_string()),
            email: entry.email.as_deref(),
            client: entry.context.address.map(|address| address.to_string()),
            user_agent: entry.context.user_agent.as_ref().map(|agent| agent.as_str()),
            request_id: &entry.context.request_id,
        }
    }
}

impl Page {
    /// Where the next one begins, when this one is full.
    fn next(&self) -> Option<String> {
        page::next(&self.entries, self.limit, |entry| Mark(entry.place()).to_string())
    }

    pub(crate) fn json(&self) -> String {
        let document = Document { events: self.entries.iter().map(EventView::from).collect(), next: self.next() };
        terminal::json(&document)
    }

    /// Without user agents: bidirectional characters in them could garble the line in a terminal.
    pub(crate) fn text(&self) -> String {
        let lines = self.entries.iter().map(|entry| in_one_line(&entry.into())).collect();
        page::text(lines, self.next(), "No events.")
    }
}

fn in_one_line(event: &EventView<'_>) -> String {
    let EventView { time, event: name, outcome, reason, methods, user_id, email, client, .. } = event;
    let who = email.or(user_id.as_deref()).unwrap_or("nobody in particular");
    let client = client.as_deref().unwrap_or("here");
    let why = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let how = methods.map(|methods| format!(" by {methods}")).unwrap_or_default();
    format!("{time}  {name}  {outcome}{how}{why}  from {client}  {who}")
}
