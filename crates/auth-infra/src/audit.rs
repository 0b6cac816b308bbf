//! The audit trail as log lines: one per event, with the target `audit`. `queue` stores it in the database.

mod counting;
mod queue;

use std::borrow::Cow;

use auth_domain::audit::{event::AuditEvent, ports::AuditSink};

pub use counting::CountingAudit;
pub use queue::{QueueOptions, QueuedAudit};

/// Writes each event to the log.
pub struct TracingAudit;

impl AuditSink for TracingAudit {
    fn record(&self, event: AuditEvent) {
        let name = event.kind.name();
        let context = &event.context;
        let email = event.email().map(|email| one_line(email.as_str()));
        let user_agent = context.user_agent.as_ref().map(|agent| one_line(agent.as_str()));
        // What a client chose is recorded as text, never by Display: the log's text format quotes and escapes only text.
        tracing::info!(
            target: "audit",
            event = name,
            outcome = event.outcome.name(),
            reason = event.why().as_deref(),
            methods = event.how().as_deref(),
            user_id = event.user().map(display),
            session_id = event.session().map(display),
            email = email.as_deref(),
            client = context.address.map(display),
            user_agent = user_agent.as_deref(),
            request_id = &*one_line(&context.request_id),
            "{name}"
        );
    }
}

/// Replaces characters that some reader takes for a line end, executes or reorders. JSON escapes only control characters below
/// the space, not C1 controls, Unicode line ends or bidirectional overrides.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(is_disruptive) { text.replace(is_disruptive, "\u{fffd}").into() } else { text.into() }
}

fn is_disruptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
