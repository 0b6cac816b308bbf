//! Who may administer: people with the role, and clients with the scope, each as the database has them now.

use std::sync::Arc;

use crate::{
    audit::{
        event::{Actor, AuditEvent, Target},
        initiator::Initiator,
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    identity::{clock::Clock, ids::ClientId, request_context::RequestContext},
    oauth::scope::{Scope, Scopes},
    sessions::{
        authenticate::SignedIn,
        authentication::{AssuranceLevel, DemandFresh, NotFresh, is_for_enrolment},
    },
};

pub struct Authorize {
    pub demand: DemandFresh,
    /// Whether people need a second factor for it.
    pub with_factor: bool,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Somebody who has shown a good token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminCaller {
    Person(Box<SignedIn>),
    /// A client, and what its token is good for.
    Client(ClientId, Scopes),
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefusal {
    /// A person without the role, or a client's token without this scope.
    #[error("it takes the role `admin`, or a token with this scope")]
    InsufficientScope(Scope),
    /// A person who needs a second factor and has none.
    #[error("it takes a second factor")]
    FactorRequired,
    /// A person who has to authenticate again.
    #[error(transparent)]
    NotFresh(#[from] NotFresh),
}

impl Authorize {
    /// Who it is, for everything they do.
    ///
    /// # Errors
    /// [`AdminRefusal`]. The trail has it.
    pub fn execute(&self, caller: &AdminCaller, need: Scope, context: &RequestContext) -> Result<Initiator, AdminRefusal> {
        let judged = match caller {
            AdminCaller::Person(person) => self.judge(person, need),
            AdminCaller::Client(_, scopes) if scopes.has(need) => Ok(()),
            AdminCaller::Client(..) => Err(AdminRefusal::InsufficientScope(need)),
        };
        judged.inspect_err(|refusal| self.audit.record(self.refused(caller, refusal, context)))?;
        let actor = match caller {
            AdminCaller::Person(person) => Actor::User(person.user.id),
            AdminCaller::Client(id, _) => Actor::Client(*id),
        };
        Ok(Initiator { actor, context: context.clone() })
    }

    fn judge(&self, person: &SignedIn, need: Scope) -> Result<(), AdminRefusal> {
        let SignedIn { user, session } = person;
        // Such a session may do nothing else anywhere.
        if is_for_enrolment(session, self.demand.mfa) {
            return Err(AdminRefusal::FactorRequired);
        }
        // By the account as it is now: a token may have been made before the role was taken away.
        if !user.roles.administers() {
            return Err(AdminRefusal::InsufficientScope(need));
        }
        if self.with_factor && session.authentication.methods.level() < AssuranceLevel::Aal2 {
            return Err(if user.second_factors.is_empty() {
                AdminRefusal::FactorRequired
            } else {
                self.demand.with_factor().into()
            });
        }
        // What nobody can take back: hashes that have left.
        match need {
            Scope::AdminExport => Ok(self.demand.check(person)?),
            Scope::AdminRead | Scope::AdminWrite => Ok(()),
        }
    }

    fn refused(&self, caller: &AdminCaller, refusal: &AdminRefusal, context: &RequestContext) -> AuditEvent {
        let now = self.clock.now();
        let event = match caller {
            AdminCaller::Person(person) => person.event(EventKind::AdminRefused, context, now),
            AdminCaller::Client(id, _) => {
                AuditEvent::new(EventKind::AdminRefused, context, now).by(Actor::Client(*id)).on(Target::Client(*id))
            }
        };
        event.because(match refusal {
            AdminRefusal::InsufficientScope(_) => Reason::InsufficientScope,
            AdminRefusal::FactorRequired => Reason::AdministratorWithoutFactor,
            AdminRefusal::NotFresh(NotFresh { level: Some(_), .. }) => Reason::AdministratorWithoutFactor,
            AdminRefusal::NotFresh(NotFresh { level: None, .. }) => Reason::AuthenticationTooOld,
        })
    }
}

#[cfg(test)]
mod tests;
