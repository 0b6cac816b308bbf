//! The last stage of signing in: whoever has shown all that is asked gets a session.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    factors::second_step::{SecondStep, StepFault},
    identity::{
        clock::Clock, ids::SessionId, method::Method, port_error::PortError, request_context::RequestContext, user::User,
    },
    mail::{
        message::{Occasion, Outgoing},
        writer::MailWriter,
    },
    passwords::{ports::AttemptStore, throttle::KNOWN_FOR},
    sessions::{
        issue::Issuer,
        ports::{Begun, SessionStore},
        session::Session,
        token::TokenPair,
    },
    sign_in::prove::Proof,
};

/// Begins sessions.
#[derive(Clone)]
pub struct BeginSession {
    pub sessions: Arc<dyn SessionStore>,
    pub issuer: Issuer,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// How many live sessions an account may have.
    pub session_limit: usize,
    /// `None` on a server that sends no mail.
    pub notices: Option<NoticeOfNetwork>,
}

/// Tells an account's owner of a login from a network that the account does not know.
#[derive(Clone)]
pub struct NoticeOfNetwork {
    pub networks: Arc<dyn AttemptStore>,
    pub writer: MailWriter,
}

impl NoticeOfNetwork {
    /// The notice, if there is a reason for one: the first login ever is none.
    async fn write(&self, user: &User, context: &RequestContext, now: DateTime<Utc>) -> Result<Option<Outgoing>, PortError> {
        let (Some(network), Some(_earlier)) = (context.network(), user.last_login_at) else { return Ok(None) };
        // Written first: where none is to be, nothing is looked up.
        let Some(notice) = self.writer.notice(Occasion::NewNetwork, user, context, now) else { return Ok(None) };
        let seen_at = self.networks.network_seen_at(user.id, network).await?;
        Ok(Some(notice).filter(|_| seen_at.is_none_or(|at| now >= at + KNOWN_FOR)))
    }
}

/// Why no session began.
#[derive(Debug, thiserror::Error)]
pub enum BeginSessionError {
    #[error("the account changed meanwhile")]
    AccountChanged,
    #[error("the second step does not count")]
    Step(StepFault),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl BeginSession {
    /// # Errors
    /// [`BeginSessionError`]; there is no session then, unless the outcome is unknown.
    pub async fn execute(
        &self,
        proof: &Proof,
        step: Option<&SecondStep>,
        context: &RequestContext,
    ) -> Result<TokenPair, BeginSessionError> {
        let (user, now) = (&proof.user, self.clock.now());
        let authentication = match step {
            Some(step) => proof.authentication.with(&step.evidence, now),
            None => proof.authentication.clone(),
        };
        let session = self.issuer.session(user, authentication, context, now);
        let pair = self.issuer.pair(&session, user, now)?;
        let notices = self.notices(user, step, context, now).await?;
        let began = || self.event(proof, step, context, now).in_session(session.id);
        let (version, limit) = (user.version(), self.session_limit);
        let outcome = match step {
            Some(step) => self.sessions.begin_by(&session, version, step, limit, &notices).await,
            None => self.sessions.begin(&session, version, limit, notices.first()).await.map(Ok),
        };
        match outcome.or_unknown(&*self.audit, began)? {
            Ok(Begun::Yes { displaced }) => {
                self.report(began(), user, &session, step, &displaced);
                Ok(pair)
            }
            Ok(Begun::No) => Err(BeginSessionError::AccountChanged),
            Err(fault) => Err(BeginSessionError::Step(fault)),
        }
    }

    async fn notices(
        &self,
        user: &User,
        step: Option<&SecondStep>,
        context: &RequestContext,
        now: DateTime<Utc>,
    ) -> Result<Vec<Outgoing>, PortError> {
        let Some(notices) = &self.notices else { return Ok(Vec::new()) };
        let recovery = step.filter(|step| step.evidence.method() == Method::RecoveryCode);
        let recovery = recovery.and_then(|_| notices.writer.notice(Occasion::RecoveryCodeUsed, user, context, now));
        Ok(notices.write(user, context, now).await?.into_iter().chain(recovery).collect())
    }

    fn event(&self, proof: &Proof, step: Option<&SecondStep>, context: &RequestContext, now: DateTime<Utc>) -> AuditEvent {
        let methods = proof.methods.iter().copied().chain(step.map(|step| step.evidence.method()));
        let event = AuditEvent::new(EventKind::LoginSucceeded, context, now).by_methods(methods);
        event.by_owner(proof.user.id, &proof.user.email)
    }

    fn report(&self, began: AuditEvent, user: &User, session: &Session, step: Option<&SecondStep>, displaced: &[SessionId]) {
        let event = |kind| AuditEvent::new(kind, &session.context, began.at).by_owner(user.id, &user.email);
        let ended = displaced.iter().map(|id| event(EventKind::SessionEnded).because(Reason::SessionLimit).in_session(*id));
        let recovered = step.filter(|step| step.evidence.method() == Method::RecoveryCode);
        let recovered = recovered.map(|_| event(EventKind::RecoveryCodeUsed).in_session(session.id));
        let events: Vec<_> = recovered.into_iter().chain(ended).collect();
        self.audit.record(began);
        events.into_iter().for_each(|event| self.audit.record(event));
    }
}
