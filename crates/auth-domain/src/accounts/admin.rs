//! What an operator does to accounts from the command line, each step in the audit trail.

pub mod create_user;
pub mod delete_user;
pub mod disable_user;
pub mod enable_user;
pub mod end_sessions;
pub mod set_password;
pub mod verify_user;

use chrono::{DateTime, Utc};

use crate::{
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
    },
    identity::{ids::SessionId, port_error::PortError, request_context::RequestContext, user::User},
};

#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    #[error("the address has an account already")]
    EmailTaken,
    #[error("there is no such account")]
    NoSuchUser,
    /// Somebody else changed the account at the same moment.
    #[error("the account was changed meanwhile; try again")]
    ChangedMeanwhile,
    #[error(transparent)]
    Port(#[from] PortError),
}

fn by_operator(kind: EventKind, user: &User, context: &RequestContext, now: DateTime<Utc>) -> AuditEvent {
    AuditEvent::new(kind, context, now).by(Actor::Operator).on(Target::account(user))
}

/// Records each session that an operator's command has ended.
fn record_ended(audit: &dyn AuditSink, user: &User, ended: &[SessionId], context: &RequestContext, now: DateTime<Utc>) {
    for id in ended {
        audit.record(by_operator(EventKind::SessionEnded, user, context, now).in_session(*id));
    }
}

#[cfg(test)]
mod tests;
