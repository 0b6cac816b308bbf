//! The second step of a login: shows a second factor, and begins the session.

use std::{sync::Arc, time::Duration};

use crate::{
    audit::reason::Reason,
    factors::{
        one_time_token::{OneTimePurpose, OneTimeToken},
        ports::{CountedCode, OneTimeTokenCodec},
        second_step::StepFault,
        totp::TotpFactor,
    },
    identity::{
        clock::Clock,
        ids::UserId,
        method::Method,
        port_error::PortError,
        request_context::RequestContext,
        user::{AccountVersion, User},
    },
    sessions::token::TokenPair,
    sign_in::{
        begin::{BeginSession, BeginSessionError},
        prove::Proof,
        second_factor::{JudgeSecondFactor, Judged, Presented, Shown, reason_if_used},
    },
};

pub struct LoginWithFactor {
    pub judge: JudgeSecondFactor,
    pub begin: BeginSession,
    pub tokens: Arc<dyn OneTimeTokenCodec>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginWithFactorError {
    /// It was never issued, was used, had too many wrong codes, or the account has changed since.
    #[error("the token is not valid")]
    TokenInvalid,
    #[error("the token has expired")]
    TokenExpired,
    /// Whatever is wrong with what was shown.
    #[error("the second factor is refused")]
    Refused,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What came of one look at the account.
enum Attempt {
    Begun(TokenPair),
    Wrong(Method, Reason),
    /// The token is good for nothing any more.
    Void(Method, Reason),
    /// A wrong code was counted meanwhile: whatever was found out has to be judged again.
    Raced,
}

impl LoginWithFactor {
    /// # Errors
    /// [`LoginWithFactorError`]; the token stays good unless it had too many wrong codes.
    pub async fn execute(&self, token: &str, shown: Shown, context: &RequestContext) -> Result<TokenPair, LoginWithFactorError> {
        let token = self.tokens.decode(token).ok_or(LoginWithFactorError::TokenInvalid)?;
        let OneTimePurpose::SecondStep { user, proven, authenticated_at } = token.purpose else {
            return Err(LoginWithFactorError::TokenInvalid);
        };
        if token.is_expired(self.clock.now()) {
            return Err(LoginWithFactorError::TokenExpired);
        }
        let mut found = self.account(user, proven, context).await?;
        let presented = self.judge.present(shown, &found.0, context).await?;
        // Once more for each wrong code that is counted meanwhile: ten hold the account.
        loop {
            let (account, apps) = &found;
            let proof = Proof::by_password(account.clone(), authenticated_at);
            let mut attempt = self.attempt(&proof, &presented, apps, &token, context).await?;
            if let Attempt::Wrong(method, reason) = attempt {
                attempt = self.count(account, method, reason, &token).await?;
            }
            match attempt {
                Attempt::Begun(pair) => return Ok(pair),
                Attempt::Raced => found = self.account(user, proven, context).await?,
                Attempt::Wrong(method, reason) => {
                    self.judge.report_refused(account, method, reason, context);
                    return Err(LoginWithFactorError::Refused);
                }
                Attempt::Void(method, reason) => {
                    self.judge.report_refused(account, method, reason, context);
                    return Err(LoginWithFactorError::TokenInvalid);
                }
            }
        }
    }

    /// The account as it was when its password was right, and its authenticator apps.
    async fn account(
        &self,
        user: UserId,
        proven: AccountVersion,
        context: &RequestContext,
    ) -> Result<(User, Vec<TotpFactor>), LoginWithFactorError> {
        let found = self.judge.steps.find(user).await?;
        let (account, apps) = found.ok_or(LoginWithFactorError::TokenInvalid)?;
        if account.version() == proven && account.is_active() {
            return Ok((account, apps));
        }
        self.judge.report_refused(&account, Method::Password, Reason::AccountChangedMeanwhile, context);
        Err(LoginWithFactorError::TokenInvalid)
    }

    async fn attempt(
        &self,
        proof: &Proof,
        presented: &Presented,
        apps: &[TotpFactor],
        token: &OneTimeToken,
        context: &RequestContext,
    ) -> Result<Attempt, LoginWithFactorError> {
        let step = match self.judge.judge(presented, &proof.user, apps, Some(token))? {
            Judged::Right(step) => step,
            Judged::Wrong(method, reason) => return Ok(Attempt::Wrong(method, reason)),
            Judged::Throttled { retry_after } => {
                self.judge.report_throttled(&proof.user, context);
                return Err(LoginWithFactorError::TooManyAttempts { retry_after });
            }
        };
        let method = step.evidence.method();
        Ok(match self.begin.execute(proof, Some(&step), context).await {
            Ok(pair) => Attempt::Begun(pair),
            Err(BeginSessionError::Step(StepFault::Raced)) => Attempt::Raced,
            Err(BeginSessionError::Step(StepFault::EvidenceUsed)) => Attempt::Wrong(method, reason_if_used(method)),
            Err(BeginSessionError::Step(StepFault::TokenUsed)) => Attempt::Void(method, Reason::TokenUsed),
            Err(BeginSessionError::AccountChanged) => Attempt::Void(method, Reason::AccountChangedMeanwhile),
            Err(BeginSessionError::Port(error)) => return Err(error.into()),
        })
    }

    async fn count(&self, account: &User, method: Method, reason: Reason, token: &OneTimeToken) -> Result<Attempt, PortError> {
        Ok(match self.judge.count_wrong(account, method, Some(token)).await? {
            CountedCode::Yes => Attempt::Wrong(method, reason),
            // Counted at the account all the same: the answer is that to a right code, but the time that it takes is not.
            CountedCode::TokenUsed => match self.judge.count_wrong(account, method, None).await? {
                CountedCode::Yes | CountedCode::TokenUsed => Attempt::Void(method, Reason::TokenUsed),
                CountedCode::Raced => Attempt::Raced,
            },
            CountedCode::Raced => Attempt::Raced,
        })
    }
}

#[cfg(test)]
mod tests;
