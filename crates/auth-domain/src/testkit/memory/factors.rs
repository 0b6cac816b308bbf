//! Factors in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, changed, count};
use crate::{
    factors::{
        factor::{Factor, FactorId, FactorName},
        passkey::{PASSKEY_LIMIT, Passkey},
        recovery_code::RecoveryCodeDigest,
        totp::{TOTP_LIMIT, TimeStep, TotpFactor},
    },
    identity::{
        administrator::LastAdministrator,
        encrypted::Encrypted,
        ids::UserId,
        method::{Method, SecondFactors},
        port_error::PortError,
        user::{AccountVersion, User, WrongCodes},
    },
    mail::message::Outgoing,
    mfa::ports::{Added, Addition, FactorList, FactorStore, FactorsReset, Removed, Started, StoredSecret},
};

/// A recovery code.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) made_at: DateTime<Utc>,
    pub(super) used_at: Option<DateTime<Utc>>,
}

impl State {
    /// Whether nobody could administer accounts any more if this account had no factors.
    fn needs_its_factors(&self, user: UserId, keep: LastAdministrator) -> bool {
        self.users.get(&user).is_some_and(|before| {
            let bare = User { second_factors: SecondFactors::default(), ..before.clone() };
            keep.needs(before, Some(&bare)).is_some_and(|another| !self.has(another, user))
        })
    }

    /// Removes all factors of an account, recovery codes too, and forgives its wrong codes.
    pub(super) fn remove_factors(&mut self, user: UserId) {
        self.apps.retain(|_, app| app.user != user);
        self.passkeys.retain(|_, passkey| passkey.user != user);
        self.codes.retain(|(owner, _), _| *owner != user);
        if let Some(account) = self.users.get_mut(&user) {
            account.wrong_codes = WrongCodes::default();
        }
        self.sum_up(user);
    }

    /// Removes what an account has got since a time, and whatever waits for its first code.
    pub(super) fn remove_factors_since(&mut self, user: UserId, time: DateTime<Utc>) {
        self.apps.retain(|_, app| app.user != user || app.confirmed_at.is_some_and(|at| at < time));
        self.passkeys.retain(|_, passkey| passkey.user != user || passkey.created_at < time);
        let has_none = self.confirmed(user).is_empty();
        self.codes.retain(|(owner, _), code| *owner != user || (code.made_at < time && !has_none));
        self.sum_up(user);
    }

    pub(super) fn confirmed(&self, user: UserId) -> Vec<Factor> {
        let apps = self.apps.values().filter(|app| app.user == user && app.confirmed_at.is_some());
        let passkeys = self.passkeys.values().filter(|passkey| passkey.user == user);
        let mut factors: Vec<_> = apps.cloned().map(Factor::from).chain(passkeys.cloned().map(Factor::from)).collect();
        factors.sort_by_key(|factor| (factor.created_at, factor.id));
        factors
    }

    fn active(&mut self, user: UserId, proven: AccountVersion) -> Option<&mut User> {
        self.user_of(user, proven).filter(|user| user.is_active())
    }

    fn has_as_many(&self, user: UserId, method: Method, limit: usize) -> bool {
        self.confirmed(user).iter().filter(|factor| factor.method == method).count() >= limit
    }

    /// Whether a factor may be added, and if not, what came of it.
    fn refusal(&mut self, addition: &Addition<'_>, method: Method, limit: usize) -> Option<Added> {
        let Addition { session, proven, now, .. } = *addition;
        if self.active(session.user, proven).is_none() {
            return Some(Added::No);
        }
        if self.has_as_many(session.user, method, limit) {
            return Some(Added::Limit);
        }
        self.sessions.get(&session.id).is_none_or(|kept| !kept.is_live(now)).then_some(Added::No)
    }

    /// All that comes with a factor, which was the first or not.
    fn add(&mut self, addition: &Addition<'_>, is_first: bool) -> Added {
        let Addition { session, codes, now, notice, .. } = *addition;
        if is_first {
            self.store_codes(session.user, codes, now);
        }
        self.moved_on(session.user, now);
        let kept = self.sessions.get_mut(&session.id);
        kept.into_iter().for_each(|kept| kept.authentication = session.authentication.clone());
        self.post(notice);
        Added::Yes { is_first, ended: self.end_all(session.user, Some(session.id), now) }
    }

    fn store_codes(&mut self, user: UserId, codes: &[RecoveryCodeDigest], now: DateTime<Utc>) {
        self.codes.retain(|(owner, _), _| *owner != user);
        let new = |code: &RecoveryCodeDigest| ((user, code.clone()), Code { made_at: now, used_at: None });
        self.codes.extend(codes.iter().map(new));
    }

    fn moved_on(&mut self, user: UserId, now: DateTime<Utc>) {
        self.users.get_mut(&user).into_iter().for_each(|account| changed(account, now));
        self.sum_up(user);
    }
}

#[async_trait]
impl FactorStore for MemoryStore {
    async fn list(&self, user: UserId) -> Result<FactorList, PortError> {
        let state = self.open()?;
        let left = state.codes.iter().filter(|((owner, _), code)| *owner == user && code.used_at.is_none());
        Ok(FactorList { factors: state.confirmed(user), recovery_codes_left: left.count() })
    }

    async fn start_totp(&self, factor: &TotpFactor, proven: AccountVersion) -> Result<Started, PortError> {
        let mut state = self.open()?;
        if state.active(factor.user, proven).is_none() {
            return Ok(Started::No);
        }
        if state.has_as_many(factor.user, Method::Totp, TOTP_LIMIT) {
            return Ok(Started::Limit);
        }
        state.apps.retain(|_, app| app.user != factor.user || app.confirmed_at.is_some());
        state.apps.insert(factor.id, factor.clone());
        Ok(Started::Yes)
    }

    async fn pending_totp(&self, user: UserId, id: FactorId) -> Result<Option<TotpFactor>, PortError> {
        let state = self.open()?;
        Ok(state.apps.get(&id).filter(|app| app.user == user && app.confirmed_at.is_none()).cloned())
    }

    async fn confirm_totp<'a>(&self, id: FactorId, step: TimeStep, addition: &Addition<'a>) -> Result<Added, PortError> {
        let mut state = self.open()?;
        let user = addition.session.user;
        if let Some(refusal) = state.refusal(addition, Method::Totp, TOTP_LIMIT) {
            return Ok(refusal);
        }
        let is_first = state.confirmed(user).is_empty();
        let app = state.apps.get_mut(&id).filter(|app| app.user == user && app.confirmed_at.is_none());
        let Some(app) = app.filter(|app| app.last_step < step) else { return Ok(Added::No) };
        (app.confirmed_at, app.last_step) = (Some(addition.now), step);
        Ok(state.add(addition, is_first))
    }

    async fn add_passkey<'a>(&self, passkey: &Passkey, addition: &Addition<'a>) -> Result<Added, PortError> {
        let mut state = self.open()?;
        if let Some(refusal) = state.refusal(addition, Method::Passkey, PASSKEY_LIMIT) {
            return Ok(refusal);
        }
        if state.passkeys.values().any(|other| other.credential.id == passkey.credential.id) {
            return Ok(Added::No);
        }
        let is_first = state.confirmed(passkey.user).is_empty();
        let mut passkey = passkey.clone();
        passkey.credential.transports = passkey.credential.kept_transports();
        state.passkeys.insert(passkey.id, passkey);
        Ok(state.add(addition, is_first))
    }

    async fn rename(&self, user: UserId, id: FactorId, name: &FactorName) -> Result<bool, PortError> {
        let mut state = self.open()?;
        if let Some(app) = state.apps.get_mut(&id).filter(|app| app.user == user && app.confirmed_at.is_some()) {
            app.name = name.clone();
            return Ok(true);
        }
        let passkey = state.passkeys.get_mut(&id).filter(|passkey| passkey.user == user);
        Ok(passkey.map(|passkey| passkey.name = name.clone()).is_some())
    }

    async fn remove<'a>(
        &self,
        user: UserId,
        id: FactorId,
        keeps_one: bool,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Removed, PortError> {
        let mut state = self.open()?;
        let factors = state.confirmed(user);
        let Some(method) = factors.iter().find(|factor| factor.id == id).map(|factor| factor.method) else {
            return Ok(Removed::No);
        };
        if keeps_one && factors.len() == 1 {
            return Ok(Removed::Last);
        }
        if factors.len() == 1 && state.needs_its_factors(user, keep) {
            return Ok(Removed::LastAdministrator);
        }
        state.apps.remove(&id);
        state.passkeys.remove(&id);
        if factors.len() == 1 {
            state.codes.retain(|(owner, _), _| *owner != user);
        }
        state.moved_on(user, now);
        state.post(notice);
        Ok(Removed::Yes { method })
    }

    async fn replace_recovery_codes<'a>(
        &self,
        user: UserId,
        proven: AccountVersion,
        codes: &[RecoveryCodeDigest],
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<bool, PortError> {
        let mut state = self.open()?;
        if state.active(user, proven).is_none() || state.confirmed(user).is_empty() {
            return Ok(false);
        }
        state.store_codes(user, codes, now);
        state.moved_on(user, now);
        state.post(notice);
        Ok(true)
    }

    async fn reset<'a>(
        &self,
        user: UserId,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<FactorsReset, PortError> {
        let mut state = self.open()?;
        if !state.users.contains_key(&user) {
            return Ok(FactorsReset::NoSuchUser);
        }
        if state.needs_its_factors(user, keep) {
            return Ok(FactorsReset::LastAdministrator);
        }
        state.remove_factors(user);
        state.moved_on(user, now);
        state.post(notice);
        Ok(FactorsReset::Yes { ended: state.end_all(user, None, now) })
    }

    async fn secrets(&self, after: Option<FactorId>, limit: u32) -> Result<Vec<StoredSecret>, PortError> {
        let state = self.open()?;
        let behind = state.apps.values().filter(|app| after.is_none_or(|after| app.id > after)).take(count(limit));
        Ok(behind.map(|app| StoredSecret { factor: app.id, secret: app.secret.clone() }).collect())
    }

    async fn reencrypt(&self, id: FactorId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let app = state.apps.get_mut(&id).filter(|app| app.secret == *from);
        Ok(app.map(|app| app.secret = to.clone()).is_some())
    }

    async fn encryption_keys(&self) -> Result<Vec<String>, PortError> {
        let state = self.open()?;
        let confirmed = state.apps.values().filter(|app| app.confirmed_at.is_some());
        let mut keys: Vec<_> = confirmed.map(|app| app.secret.with.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    async fn any(&self) -> Result<bool, PortError> {
        let state = self.open()?;
        Ok(!state.passkeys.is_empty() || state.apps.values().any(|app| app.confirmed_at.is_some()))
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let is_old = |app: &&TotpFactor| app.confirmed_at.is_none() && app.created_at < cutoff;
        let old: Vec<_> = state.apps.values().filter(is_old).map(|app| app.id).take(count(limit)).collect();
        Ok(old.iter().filter(|id| state.apps.remove(id).is_some()).count())
    }
}
