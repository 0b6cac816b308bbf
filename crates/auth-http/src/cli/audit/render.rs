//! What `audit` answers, as text and as JSON.

use auth_domain::audit::entry::Entry;
use serde::Serialize;

use super::Mark;
use crate::{
    cli::{page, terminal},
    routes::admin::views::EventView,
};

/// Some of the trail.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) limit: u32,
}

#[derive(Serialize)]
struct Document {
    events: Vec<EventView>,
    next: Option<String>,
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

fn in_one_line(event: &EventView) -> String {
    let EventView { time, event: name, outcome, reason, methods, user_id, email, client, .. } = event;
    let who = email.as_deref().or(user_id.as_deref()).unwrap_or("nobody in particular");
    let client = client.as_deref().unwrap_or("here");
    let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let how = methods.as_ref().map(|methods| format!(" by {methods}")).unwrap_or_default();
    format!("{time}  {name}  {outcome}{how}{why}  from {client}  {who}")
}
