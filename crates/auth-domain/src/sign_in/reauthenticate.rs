//! Authenticates the owner of a session again: the session is fresh from then on, and its refresh token stays.

use std::{sync::Arc, time::Duration};

use crate::{
    audit::{kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    factors::{ports::CountedCode, second_step::StepFault, totp::TotpFactor},
    identity::{clock::Clock, method::Method, port_error::PortError, request_context::RequestContext, user::User},
    mail::{message::Occasion, writer::MailWriter},
    passwords::{
        policy::PasswordAttempt,
        verify::{PasswordVerifier, Verdict},
    },
    sessions::{
        authenticate::SignedIn,
        authentication::{Authentication, DemandFresh, NotFresh},
        issue::Issuer,
        ports::SessionStore,
        session::Session,
        token::AccessToken,
    },
    sign_in::second_factor::{JudgeSecondFactor, Judged, Presented, Shown, reason_if_used},
};

pub struct Reauthenticate {
    pub proof: PasswordVerifier,
    pub judge: JudgeSecondFactor,
    /// What is missing where only a password was given.
    pub demand: DemandFresh,
    pub sessions: Arc<dyn SessionStore>,
    pub issuer: Issuer,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    #[error("the password is wrong")]
    Mismatch,
    /// Whatever is wrong with the code or the passkey.
    #[error("the second factor is refused")]
    FactorRefused,
    /// The account has one, and only a password was given: it was not looked at.
    #[error("a second factor is needed")]
    FactorMissing(NotFresh),
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    /// While the proof was judged.
    #[error("the session has ended")]
    Ended,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What came of one look at the account.
enum Attempt {
    Done(AccessToken),
    Wrong(Method, Reason),
    /// A wrong code was counted meanwhile: whatever was found out has to be judged again.
    Raced,
}

impl Reauthenticate {
    /// By a password, where that is enough.
    ///
    /// # Errors
    /// [`ReauthenticateError`]; the session is then as fresh as it was, unless the outcome is unknown.
    pub async fn by_password(
        &self,
        caller: &SignedIn,
        password: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<AccessToken, ReauthenticateError> {
        let user = &caller.user;
        if self.demand.mfa.asks(user) {
            let missing = ReauthenticateError::FactorMissing(self.demand.with_factor());
            return Err(self.refuse(caller, Reason::FactorMissing, context, missing));
        }
        let place = self.proof.hasher.admit()?;
        match self.proof.verify(place, &user.email, Some(user), password, context).await? {
            Verdict::Right => {}
            Verdict::Wrong => {
                self.audit.record(caller.failed_login(context, self.clock.now()));
                return Err(self.refuse(caller, Reason::WrongPassword, context, ReauthenticateError::Mismatch));
            }
            Verdict::Throttled { retry_after } => return Err(ReauthenticateError::TooManyAttempts { retry_after }),
        }
        let now = self.clock.now();
        let session = Session { authentication: Authentication::by_password(now), ..caller.session.clone() };
        let token = self.issuer.access(&session, user, now)?;
        let event = || caller.event(EventKind::Reauthenticated, context, now).by_methods([Method::Password]);
        // A change of the account's credentials ends its sessions, all but the one that makes it, which is fresh by that itself.
        let outcome = self.sessions.reauthenticate(&session, now).await;
        if !outcome.or_unknown(&*self.audit, event)? {
            return Err(self.refuse(caller, Reason::EndedMeanwhile, context, ReauthenticateError::Ended));
        }
        self.audit.record(event());
        Ok(token)
    }

    /// By a second factor, beside what the session was begun with.
    ///
    /// # Errors
    /// [`ReauthenticateError`]; the session is then as fresh as it was, unless the outcome is unknown.
    pub async fn by_factor(
        &self,
        caller: &SignedIn,
        shown: Shown,
        context: &RequestContext,
    ) -> Result<AccessToken, ReauthenticateError> {
        let presented = self.judge.present(shown, &caller.user, context).await?;
        loop {
            let found = self.judge.steps.find(caller.user.id).await?;
            let (user, apps) = found.ok_or(ReauthenticateError::Ended)?;
            match self.attempt(caller, &user, &apps, &presented, context).await? {
                Attempt::Done(token) => return Ok(token),
                Attempt::Raced => {}
                Attempt::Wrong(method, reason) => match self.judge.count_wrong(&user, method, None).await? {
                    CountedCode::Raced => {}
                    CountedCode::Yes | CountedCode::TokenUsed => {
                        self.judge.report_refused(&user, method, reason, context);
                        return Err(self.refuse(caller, reason, context, ReauthenticateError::FactorRefused));
                    }
                },
            }
        }
    }

    async fn attempt(
        &self,
        caller: &SignedIn,
        user: &User,
        apps: &[TotpFactor],
        presented: &Presented,
        context: &RequestContext,
    ) -> Result<Attempt, ReauthenticateError> {
        let step = match self.judge.judge(presented, user, apps, None)? {
            Judged::Right(step) => step,
            Judged::Wrong(method, reason) => return Ok(Attempt::Wrong(method, reason)),
            Judged::Throttled { retry_after } => {
                self.judge.report_throttled(user, context);
                return Err(ReauthenticateError::TooManyAttempts { retry_after });
            }
        };
        let (now, method) = (self.clock.now(), step.evidence.method());
        let authentication = caller.session.authentication.with(&step.evidence, now);
        let session = Session { authentication, ..caller.session.clone() };
        let token = self.issuer.access(&session, user, now)?;
        let recovery = method == Method::RecoveryCode;
        let notice = if recovery { self.writer.notice(Occasion::RecoveryCodeUsed, user, context, now) } else { None };
        let event = || caller.event(EventKind::Reauthenticated, context, now).by_methods([method]);
        let outcome = self.sessions.reauthenticate_by(&session, caller.user.version(), &step, now, notice.as_ref()).await;
        match outcome.or_unknown(&*self.audit, event)? {
            Ok(true) => {
                self.audit.record(event());
                if recovery {
                    self.audit.record(caller.event(EventKind::RecoveryCodeUsed, context, now));
                }
                Ok(Attempt::Done(token))
            }
            Ok(false) => Err(self.refuse(caller, Reason::EndedMeanwhile, context, ReauthenticateError::Ended)),
            Err(StepFault::Raced) => Ok(Attempt::Raced),
            Err(StepFault::EvidenceUsed | StepFault::TokenUsed) => Ok(Attempt::Wrong(method, reason_if_used(method))),
        }
    }

    fn refuse(
        &self,
        caller: &SignedIn,
        why: Reason,
        context: &RequestContext,
        error: ReauthenticateError,
    ) -> ReauthenticateError {
        self.audit.record(caller.event(EventKind::ReauthenticationRefused, context, self.clock.now()).because(why));
        error
    }
}

#[cfg(test)]
mod tests;
