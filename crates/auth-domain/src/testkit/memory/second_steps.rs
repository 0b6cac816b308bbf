//! Second steps in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, count};
use crate::{
    factors::{
        one_time_token::{OneTimeToken, STEP_TRIES},
        ports::{CountedCode, SecondStepStore},
        second_step::{Evidence, SecondStep, StepFault},
        totp::TotpFactor,
    },
    identity::{
        ids::UserId,
        method::SecondFactors,
        port_error::PortError,
        user::{AccountVersion, User, WrongCodes},
    },
    mfa::throttle::one_more,
};

/// A token that was used or had wrong codes.
#[derive(Debug, Clone)]
pub(super) struct SeenToken {
    tries: i64,
    used: bool,
    expires_at: DateTime<Utc>,
}

impl State {
    /// Uses a second step up, or changes nothing. `false` when the account is no longer the one that was proven.
    pub(super) fn use_step(
        &mut self,
        user: UserId,
        proven: AccountVersion,
        step: &SecondStep,
        now: DateTime<Utc>,
    ) -> Result<bool, StepFault> {
        let Some(account) = self.user_of(user, proven) else { return Ok(false) };
        let is_guessed = !matches!(step.evidence, Evidence::Passkey { .. });
        if is_guessed && account.wrong_codes != step.wrong_codes {
            return Err(StepFault::Raced);
        }
        if step.token.as_ref().is_some_and(|token| !self.is_good(token)) {
            return Err(StepFault::TokenUsed);
        }
        if !self.use_evidence(user, &step.evidence, now) {
            return Err(StepFault::EvidenceUsed);
        }
        step.token.iter().for_each(|token| self.seen(token).used = true);
        if let Some(account) = self.users.get_mut(&user) {
            account.wrong_codes = WrongCodes::default();
        }
        self.sum_up(user);
        Ok(true)
    }

    /// Writes down which second factors an account has.
    pub(super) fn sum_up(&mut self, user: UserId) {
        let app = self.apps.values().any(|app| app.user == user && app.confirmed_at.is_some());
        let passkey = self.passkeys.values().any(|passkey| passkey.user == user);
        let code = self.codes.iter().any(|((owner, _), code)| *owner == user && code.used_at.is_none());
        if let Some(account) = self.users.get_mut(&user) {
            account.second_factors = SecondFactors::of(app, passkey, code);
        }
    }

    fn use_evidence(&mut self, user: UserId, evidence: &Evidence, now: DateTime<Utc>) -> bool {
        match evidence {
            Evidence::Totp { factor, step } => {
                let app = self.apps.get_mut(factor).filter(|app| app.user == user && app.confirmed_at.is_some());
                let app = app.filter(|app| app.last_step < *step);
                app.map(|app| (app.last_step, app.last_used_at) = (*step, Some(now))).is_some()
            }
            Evidence::RecoveryCode(digest) => {
                let code = self.codes.get_mut(&(user, digest.clone())).filter(|code| code.used_at.is_none());
                code.map(|code| code.used_at = Some(now)).is_some()
            }
            Evidence::Passkey { factor, from: _, to, backed_up, backup_eligible: _ } => {
                let grows = |counter: u32| counter < *to || (counter, *to) == (0, 0);
                let passkey = self.passkeys.get_mut(factor).filter(|passkey| passkey.user == user);
                let passkey = passkey.filter(|passkey| grows(passkey.credential.counter));
                let used = passkey.map(|passkey| {
                    (passkey.credential.counter, passkey.credential.backed_up) = (*to, *backed_up);
                    passkey.last_used_at = Some(now);
                });
                used.is_some()
            }
        }
    }

    fn is_good(&self, token: &OneTimeToken) -> bool {
        self.tokens.get(&token.id).is_none_or(|seen| !seen.used && seen.tries < STEP_TRIES)
    }

    fn seen(&mut self, token: &OneTimeToken) -> &mut SeenToken {
        let unused = SeenToken { tries: 0, used: false, expires_at: token.expires_at };
        self.tokens.entry(token.id).or_insert(unused)
    }
}

#[async_trait]
impl SecondStepStore for MemoryStore {
    async fn find(&self, user: UserId) -> Result<Option<(User, Vec<TotpFactor>)>, PortError> {
        let state = self.open()?;
        let apps = state.apps.values().filter(|app| app.user == user && app.confirmed_at.is_some()).cloned().collect();
        Ok(state.users.get(&user).map(|account| (account.clone(), apps)))
    }

    async fn count_wrong<'a>(
        &self,
        user: UserId,
        from: Option<WrongCodes>,
        token: Option<&'a OneTimeToken>,
        now: DateTime<Utc>,
    ) -> Result<CountedCode, PortError> {
        let mut state = self.open()?;
        let known = state.users.get(&user).map(|account| account.wrong_codes);
        if from.is_some_and(|from| known != Some(from)) {
            return Ok(CountedCode::Raced);
        }
        if token.is_some_and(|token| !state.is_good(token)) {
            return Ok(CountedCode::TokenUsed);
        }
        token.into_iter().for_each(|token| state.seen(token).tries += 1);
        if let (Some(from), Some(account)) = (from, state.users.get_mut(&user)) {
            account.wrong_codes = one_more(&from, now);
        }
        Ok(CountedCode::Yes)
    }

    async fn use_up(&self, token: &OneTimeToken, _now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let is_new = !state.tokens.contains_key(&token.id);
        state.seen(token).used = true;
        Ok(is_new)
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let over = state.tokens.iter().filter(|(_, seen)| seen.expires_at < cutoff).map(|(id, _)| *id);
        let over: Vec<_> = over.take(count(limit)).collect();
        Ok(over.iter().filter(|id| state.tokens.remove(id).is_some()).count())
    }
}
