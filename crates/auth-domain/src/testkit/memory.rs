//! Accounts, sessions and clients in memory, with every promise of the ports: state for tests of what stands upon them.

mod clients;

mod attempts;
mod factors;
mod keys;
mod mail;
mod mailbox;
mod outbox;
mod passkeys;
mod search;
mod second_steps;
mod trail;
mod transfer;
mod users;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::{Mutex, MutexGuard};

use super::samples::as_kept;
use crate::{
    audit::entry::{Entry, EntryId},
    factors::{
        factor::FactorId,
        one_time_token::OneTimeTokenId,
        passkey::Passkey,
        recovery_code::RecoveryCodeDigest,
        second_step::{SecondStep, StepFault},
        totp::TotpFactor,
    },
    identity::{
        email::Email,
        ids::{ClientId, SessionId, UserId},
        port_error::PortError,
        request_context::{Network, Subscriber},
        user::{AccountVersion, User},
    },
    mail::{
        allowance::Allowance,
        message::{MailId, Outgoing},
        outbox::{Entry as Queued, Lease},
        ports::Registration,
        proof::{Proof, ProofId, Purpose},
    },
    maintenance::ports::Readiness,
    oauth::client::Client,
    passwords::throttle::{Failures, KNOWN_FOR},
    sessions::{
        ports::{Begun, EndedSessions, SessionStore},
        session::{RevocationCursor, Session},
    },
    signing_keys::key::SigningKey,
};

/// One database in memory. Clones are the same database.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    users: BTreeMap<UserId, User>,
    sessions: BTreeMap<SessionId, Session>,
    /// By address and client; those of all clients under none.
    failures: BTreeMap<(Email, Option<Subscriber>), Failures>,
    networks: BTreeMap<(UserId, Network), DateTime<Utc>>,
    entries: BTreeMap<EntryId, Entry>,
    keys: Vec<SigningKey>,
    /// Sessions that went with their account.
    gone: Vec<RevocationCursor>,
    clients: BTreeMap<ClientId, Client>,
    proofs: BTreeMap<ProofId, Proof>,
    /// By the canonical address.
    allowances: BTreeMap<(String, Purpose), Allowance>,
    /// With the end of its proof.
    registrations: BTreeMap<Email, (Registration, DateTime<Utc>)>,
    outbox: BTreeMap<MailId, Queued>,
    leases: BTreeMap<MailId, Lease>,
    apps: BTreeMap<FactorId, TotpFactor>,
    passkeys: BTreeMap<FactorId, Passkey>,
    codes: BTreeMap<(UserId, RecoveryCodeDigest), factors::Code>,
    tokens: BTreeMap<OneTimeTokenId, second_steps::SeenToken>,
    away: bool,
}

impl MemoryStore {
    /// From now on every call is an outage, until it comes back.
    pub fn go_away(&self) {
        self.lock().away = true;
    }

    pub fn come_back(&self) {
        self.lock().away = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, PortError> {
        let state = self.lock();
        if state.away { Err(PortError::Unavailable("the memory store is away".into())) } else { Ok(state) }
    }
}

impl State {
    fn user_of(&mut self, id: UserId, proven: AccountVersion) -> Option<&mut User> {
        self.users.get_mut(&id).filter(|user| user.version() == proven)
    }

    fn live_of(&self, user: UserId, now: DateTime<Utc>) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(move |session| session.user == user && session.is_live(now))
    }

    fn unended_of(&self, user: UserId) -> Vec<&Session> {
        self.sessions.values().filter(|session| session.user == user && session.ended_at.is_none()).collect()
    }

    /// Whether it was live; what has only expired is ended as well.
    fn end(&mut self, id: SessionId, now: DateTime<Utc>) -> bool {
        let unended = self.sessions.get_mut(&id).filter(|session| session.ended_at.is_none());
        unended.is_some_and(|session| {
            let was_live = session.is_live(now);
            session.ended_at = Some(now);
            was_live
        })
    }

    fn end_all(&mut self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Vec<SessionId> {
        let ending: Vec<_> = self.unended_of(user).iter().map(|session| session.id).filter(|id| Some(*id) != keep).collect();
        ending.into_iter().filter(|id| self.end(*id, now)).collect()
    }

    /// Begins a session of an account that is active.
    fn begin<'a>(&mut self, session: &Session, limit: usize, notices: impl IntoIterator<Item = &'a Outgoing>) -> Begun {
        let now = session.created_at;
        let user = self.users.get_mut(&session.user).filter(|user| user.is_active());
        let Some(user) = user else { return Begun::No };
        user.last_login_at = Some(now);
        let place = |other: &&Session| (other.is_live(now), other.last_used_at, other.id);
        let mut others: Vec<_> = self.unended_of(session.user).iter().map(place).collect();
        others.sort_unstable();
        let excess = (others.len() + 1).saturating_sub(limit);
        let displaced: Vec<_> = others.into_iter().take(excess).map(|(_, _, id)| id).filter(|id| self.end(*id, now)).collect();
        let is_known = self.keep_session(session);
        if let Some(user) = self.users.get_mut(&session.user) {
            user.language = session.context.language.filter(|_| is_known || user.language.is_none()).or(user.language);
        }
        notices.into_iter().for_each(|notice| self.post(Some(notice)));
        Begun::Yes { displaced }
    }

    /// A session that begins: where it does is known from then on. Whether it was before.
    fn keep_session(&mut self, session: &Session) -> bool {
        let now = session.created_at;
        let seen = session.context.network().and_then(|network| self.networks.insert((session.user, network), now));
        self.sessions.insert(session.id, as_kept(session));
        seen.is_some_and(|at| at > now - KNOWN_FOR)
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn find(&self, id: SessionId) -> Result<Option<(Session, User)>, PortError> {
        let state = self.open()?;
        let session = state.sessions.get(&id);
        Ok(session.and_then(|session| Some((session.clone(), state.users.get(&session.user)?.clone()))))
    }

    async fn begin<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        limit: usize,
        notice: Option<&'a Outgoing>,
    ) -> Result<Begun, PortError> {
        let mut state = self.open()?;
        if state.user_of(session.user, proven).is_none() {
            return Ok(Begun::No);
        }
        Ok(state.begin(session, limit, notice))
    }

    async fn begin_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        limit: usize,
        notices: &'a [Outgoing],
    ) -> Result<Result<Begun, StepFault>, PortError> {
        let mut state = self.open()?;
        if state.users.get(&session.user).is_none_or(|user| !user.is_active()) {
            return Ok(Ok(Begun::No));
        }
        Ok(match state.use_step(session.user, proven, step, session.created_at) {
            Ok(true) => Ok(state.begin(session, limit, notices)),
            Ok(false) => Ok(Begun::No),
            Err(fault) => Err(fault),
        })
    }

    async fn rotate(&self, successor: &Session) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let before = successor.generation.0.checked_sub(1);
        let current = state.sessions.get_mut(&successor.id);
        let Some(session) =
            current.filter(|session| Some(session.generation.0) == before && session.is_live(successor.last_used_at))
        else {
            return Ok(false);
        };
        let next = as_kept(successor);
        session.generation = next.generation;
        session.last_used_at = next.last_used_at;
        session.expires_at = next.expires_at;
        session.context = next.context;
        Ok(true)
    }

    async fn end(&self, id: SessionId, now: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.open()?.end(id, now))
    }

    async fn end_all(&self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Result<Vec<SessionId>, PortError> {
        Ok(self.open()?.end_all(user, keep, now))
    }

    async fn reauthenticate(&self, session: &Session, now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let live = state.sessions.get_mut(&session.id).filter(|kept| kept.is_live(now));
        Ok(live.map(|kept| kept.authentication = session.authentication.clone()).is_some())
    }

    async fn reauthenticate_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Result<bool, StepFault>, PortError> {
        let mut state = self.open()?;
        if state.sessions.get(&session.id).is_none_or(|kept| !kept.is_live(now)) {
            return Ok(Ok(false));
        }
        let used = state.use_step(session.user, proven, step, now);
        if used == Ok(true) {
            let kept = state.sessions.get_mut(&session.id);
            kept.into_iter().for_each(|kept| kept.authentication = session.authentication.clone());
            state.post(notice);
        }
        Ok(used)
    }

    async fn live(&self, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<Session>, PortError> {
        let state = self.open()?;
        let mut found: Vec<_> = state.live_of(user, now).cloned().collect();
        found.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
        found.truncate(count(limit));
        Ok(found)
    }
}

#[async_trait]
impl EndedSessions for MemoryStore {
    async fn ended(&self, behind: RevocationCursor, limit: u32) -> Result<Vec<RevocationCursor>, PortError> {
        let state = self.open()?;
        let mut found: Vec<_> = state.sessions.values().filter_map(ended).chain(state.gone.iter().copied()).collect();
        found.retain(|ended| *ended > behind);
        found.sort_unstable();
        found.truncate(count(limit));
        Ok(found)
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        state.gone.retain(|ended| ended.at >= cutoff);
        let over = |session: &&Session| session.expires_at < cutoff || session.ended_at.is_some_and(|ended| ended < cutoff);
        let forgotten: Vec<_> = state.sessions.values().filter(over).take(count(limit)).map(|session| session.id).collect();
        Ok(forgotten.iter().filter(|id| state.sessions.remove(id).is_some()).count())
    }
}

#[async_trait]
impl Readiness for MemoryStore {
    async fn check(&self) -> Result<(), PortError> {
        self.open().map(drop)
    }
}

fn changed(user: &mut User, now: DateTime<Utc>) {
    user.version += 1;
    user.updated_at = now;
}

fn ended(session: &Session) -> Option<RevocationCursor> {
    session.ended_at.map(|at| RevocationCursor { at, id: session.id })
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
