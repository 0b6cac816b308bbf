//! Judges a second step: a code of an authenticator app, a recovery code, or a passkey. What was found out is told only once it has
//! been counted, so parallel guesses gain nothing.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    factors::{
        one_time_token::OneTimeToken,
        ports::{CountedCode, RecoveryCodeMaker, SecondStepStore, TotpCodec},
        second_step::{Evidence, SecondStep},
        totp::{TimeStep, TotpFactor},
    },
    identity::{
        clock::Clock, method::Method, password_hash::redacted, port_error::PortError, request_context::RequestContext, user::User,
    },
    mfa::throttle,
    passkeys::assert::{AssertPasskey, AssertPasskeyError, PasskeyAnswer},
};

/// Judges second steps.
#[derive(Clone)]
pub struct JudgeSecondFactor {
    pub steps: Arc<dyn SecondStepStore>,
    /// `None` where no key encrypts secrets.
    pub totp: Option<Arc<dyn TotpCodec>>,
    pub recovery_codes: Arc<dyn RecoveryCodeMaker>,
    /// `None` where passkeys are off.
    pub passkeys: Option<AssertPasskey>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// What somebody shows as a second factor.
#[derive(Clone)]
pub enum Shown {
    /// Of an authenticator app, or a recovery code: their forms differ.
    Code(String),
    Passkey(PasskeyAnswer),
}

redacted!(Shown);

/// What was shown, once it has been looked at as far as that needs no account.
pub(super) enum Presented {
    Code(String),
    /// It was right.
    Passkey(Evidence),
    WrongPasskey,
}

/// What came of it.
pub(super) enum Judged {
    /// To be used up with what it brings.
    Right(SecondStep),
    Wrong(Method, Reason),
    Throttled {
        retry_after: Duration,
    },
}

impl JudgeSecondFactor {
    /// Looks at a passkey, whose challenge is used up by that: once, however often the rest is judged again.
    pub(super) async fn present(&self, shown: Shown, user: &User, context: &RequestContext) -> Result<Presented, PortError> {
        let answer = match shown {
            Shown::Code(code) => return Ok(Presented::Code(code)),
            Shown::Passkey(answer) => answer,
        };
        let Some(passkeys) = &self.passkeys else { return Ok(Presented::WrongPasskey) };
        match passkeys.execute(&answer, Some(user), context).await {
            Ok(asserted) => Ok(Presented::Passkey(asserted.evidence)),
            Err(AssertPasskeyError::Refused) => Ok(Presented::WrongPasskey),
            Err(AssertPasskeyError::Port(error)) => Err(error),
        }
    }

    /// # Errors
    /// A secret cannot be decrypted.
    pub(super) fn judge(
        &self,
        presented: &Presented,
        user: &User,
        apps: &[TotpFactor],
        token: Option<&OneTimeToken>,
    ) -> Result<Judged, PortError> {
        let now = self.clock.now();
        let right = |evidence| SecondStep { evidence, token: token.cloned(), wrong_codes: user.wrong_codes };
        let code = match presented {
            Presented::Passkey(evidence) => return Ok(Judged::Right(right(evidence.clone()))),
            Presented::WrongPasskey => return Ok(Judged::Wrong(Method::Passkey, Reason::WrongPasskey)),
            Presented::Code(code) => code,
        };
        // Whoever cannot guess is not held: a passkey is a signature.
        if let Some(wait) = throttle::wait(&user.wrong_codes, now) {
            return Ok(Judged::Throttled { retry_after: wait.to_std().unwrap_or_default() });
        }
        Ok(match self.recovery_codes.digest(code) {
            // Whether the account has it shows when it is used up.
            Some(digest) => Judged::Right(right(Evidence::RecoveryCode(digest))),
            None => match self.step_of(apps, code, now)? {
                None => Judged::Wrong(Method::Totp, Reason::WrongCode),
                Some((app, step)) if step <= app.last_step => Judged::Wrong(Method::Totp, Reason::CodeUsed),
                Some((app, step)) => Judged::Right(right(Evidence::Totp { factor: app.id, step })),
            },
        })
    }

    /// Counts a wrong code at the account and at the token, or a wrong passkey at the token alone.
    pub(super) async fn count_wrong(
        &self,
        user: &User,
        method: Method,
        token: Option<&OneTimeToken>,
    ) -> Result<CountedCode, PortError> {
        let from = (method != Method::Passkey).then_some(user.wrong_codes);
        self.steps.count_wrong(user.id, from, token, self.clock.now()).await
    }

    pub(super) fn report_refused(&self, user: &User, method: Method, reason: Reason, context: &RequestContext) {
        self.report(EventKind::SecondFactorRefused, user, context, |event| event.by_methods([method]).because(reason));
    }

    pub(super) fn report_throttled(&self, user: &User, context: &RequestContext) {
        self.report(EventKind::SecondFactorThrottled, user, context, |event| event.by_methods([Method::Totp]));
    }

    fn report(&self, kind: EventKind, user: &User, context: &RequestContext, say: impl FnOnce(AuditEvent) -> AuditEvent) {
        let event = AuditEvent::new(kind, context, self.clock.now()).on(Target::account(user));
        self.audit.record(say(event));
    }

    /// Which app shows the code, and at which step. Looks at all of them.
    fn step_of<'a>(
        &self,
        apps: &'a [TotpFactor],
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(&'a TotpFactor, TimeStep)>, PortError> {
        let Some(totp) = &self.totp else { return Ok(None) };
        let mut found = None;
        for app in apps {
            if let Some(step) = totp.step_of(app.id, &app.secret, code, now)? {
                found = Some((app, step));
            }
        }
        Ok(found)
    }
}

/// Why something does not count that seemed right. A recovery code is looked up only when it is used up: it may never have been one.
pub(super) fn reason_if_used(method: Method) -> Reason {
    if method == Method::RecoveryCode { Reason::WrongCode } else { Reason::CodeUsed }
}
