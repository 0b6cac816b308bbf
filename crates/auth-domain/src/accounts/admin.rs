//! What an operator does to accounts from the command line, each step in the audit trail.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    accounts::ports::{Inserted, UserAdminStore, UserStore},
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        unknown_outcome::Written,
    },
    identity::{
        clock::{Clock, Ids},
        email::Email,
        ids::{SessionId, UserId},
        port_error::PortError,
        request_context::RequestContext,
        user::User,
    },
    passwords::{policy::NewPassword, ports::PasswordHasher},
    sessions::ports::SessionStore,
};

/// Makes an account without a session.
pub struct CreateUser {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Gives an account another password and ends all its sessions.
pub struct SetPassword {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Does to an account what needs no password.
pub struct Govern {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// What [`Govern`] can do to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Disable,
    Enable,
    EndSessions,
    Delete,
}

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

impl CreateUser {
    /// # Errors
    /// [`OperateError::EmailTaken`], or an outage.
    pub async fn execute(&self, email: Email, password: NewPassword, context: &RequestContext) -> Result<User, OperateError> {
        let hash = self.hasher.hash(self.hasher.admit()?, password).await?;
        let user = User::new(UserId(self.ids.next()), email, hash, self.clock.now());
        let event = || by_operator(EventKind::UserRegistered, &user, context, user.created_at);
        match self.users.insert(&user, None).await.or_unknown(&*self.audit, event)? {
            Inserted::EmailTaken => Err(OperateError::EmailTaken),
            Inserted::Yes => {
                self.audit.record(event());
                Ok(user)
            }
        }
    }
}

impl SetPassword {
    /// How many sessions ended.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn execute(&self, user: &User, password: NewPassword, context: &RequestContext) -> Result<usize, OperateError> {
        let hash = self.hasher.hash(self.hasher.admit()?, password).await?;
        let now = self.clock.now();
        let outcome = self.users.change_password(user.id, &user.password, &hash, None, now).await;
        let changed = || by_operator(EventKind::PasswordChanged, user, context, now);
        let ended = outcome.or_unknown(&*self.audit, changed)?.ok_or(OperateError::ChangedMeanwhile)?;
        report(&*self.audit, EventKind::PasswordChanged, user, &ended, context, now);
        Ok(ended.len())
    }
}

impl Govern {
    /// How many sessions ended.
    ///
    /// # Errors
    /// [`OperateError::NoSuchUser`] when the account is gone, or an outage.
    pub async fn execute(&self, measure: Measure, user: &User, context: &RequestContext) -> Result<usize, OperateError> {
        let now = self.clock.now();
        let kind = match measure {
            Measure::Disable => Some(EventKind::AccountDisabled),
            Measure::Enable => Some(EventKind::AccountEnabled),
            Measure::EndSessions => None,
            Measure::Delete => Some(EventKind::AccountDeleted),
        };
        let none = |done: bool| done.then(Vec::new);
        let outcome = match measure {
            Measure::Disable => self.directory.disable(user.id, now).await,
            Measure::Enable => self.directory.enable(user.id, now).await.map(none),
            Measure::EndSessions => self.sessions.end_all(user.id, None, now).await.map(Some),
            Measure::Delete => self.users.delete(user.id, None, now).await.map(none),
        };
        let attempted = || by_operator(kind.unwrap_or(EventKind::SessionEnded), user, context, now);
        let ended = outcome.or_unknown(&*self.audit, attempted)?.ok_or(OperateError::NoSuchUser)?;
        report(&*self.audit, kind, user, &ended, context, now);
        Ok(ended.len())
    }
}

fn by_operator(kind: EventKind, user: &User, context: &RequestContext, now: DateTime<Utc>) -> AuditEvent {
    AuditEvent::new(kind, context, now).by(Actor::Operator).on(Target::account(user))
}

fn report(
    audit: &dyn AuditSink,
    kind: impl Into<Option<EventKind>>,
    user: &User,
    ended: &[SessionId],
    context: &RequestContext,
    now: DateTime<Utc>,
) {
    let event = |kind| by_operator(kind, user, context, now);
    if let Some(kind) = kind.into() {
        audit.record(event(kind));
    }
    for id in ended {
        audit.record(event(EventKind::SessionEnded).in_session(*id));
    }
}

#[cfg(test)]
mod tests;
