//! Who administers accounts, and from where.

use chrono::{DateTime, Utc};

use super::{
    event::{Actor, AuditEvent, Target},
    kind::EventKind,
    ports::AuditSink,
    reason::Reason,
};
use crate::identity::{ids::SessionId, request_context::RequestContext, user::User};

/// Who does something to the accounts of others, and from where: every event of it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiator {
    pub actor: Actor,
    pub context: RequestContext,
}

impl Initiator {
    /// Whoever may run commands on this machine.
    #[must_use]
    pub fn operator(context: RequestContext) -> Self {
        Self { actor: Actor::Operator, context }
    }

    /// Something done to an account.
    #[must_use]
    pub fn event(&self, kind: EventKind, user: &User, now: DateTime<Utc>) -> AuditEvent {
        AuditEvent::new(kind, &self.context, now).by(self.actor).on(Target::account(user))
    }

    /// Records each session of an account that has ended by it.
    pub fn record_ended(
        &self,
        audit: &dyn AuditSink,
        user: &User,
        ended: &[SessionId],
        reason: Option<Reason>,
        now: DateTime<Utc>,
    ) {
        for id in ended {
            let event = self.event(EventKind::SessionEnded, user, now).in_session(*id);
            audit.record(AuditEvent { reason, ..event });
        }
    }
}
