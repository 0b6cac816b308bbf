//! Ports that fail at a call one chooses, before or after its effect: outages, one step at a time.

mod clients;
mod factors;
mod keys;
mod mail;
mod transfer;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::{Mutex, MutexGuard};

use crate::{
    accounts::ports::{Deleted, Edited, Inserted, UserAdminStore, UserStore},
    audit::{
        entry::{Entry, Filter},
        ports::AuditStore,
    },
    factors::second_step::{SecondStep, StepFault},
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        request_context::{Network, Subscriber},
        user::{AccountVersion, User},
    },
    mail::message::Outgoing,
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        ports::{Admission, AttemptStore, HashFault, PasswordHasher},
        throttle::{Counted, ThrottleState},
    },
    sessions::{
        ports::{Begun, EndedSessions, SessionStore, TokenCodec},
        session::{RevocationCursor, Session},
        token::{Claims, InvalidToken, TokenKind},
    },
};

/// What goes wrong, and at which call of all the ports on one fuse, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InjectedFault {
    pub call: usize,
    /// The call had its effect, and only the answer is lost.
    pub after_the_effect: bool,
    /// Every later call fails as well.
    pub lasting: bool,
}

/// Decides which call fails. Clones are the same fuse.
#[derive(Debug, Clone, Default)]
pub struct Fuse(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    fault: Option<InjectedFault>,
    calls: usize,
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImportOutcome {
    Passes,
    NeverArrives,
    AnswerIsLost,
}

impl Fuse {
    /// From now on calls are counted, and the one that is meant fails.
    pub fn arm(&self, fault: InjectedFault) {
        *self.state() = State { fault: Some(fault), calls: 0 };
    }

    /// All is well again. Whether anything had failed.
    #[must_use]
    pub fn mend(&self) -> bool {
        let state = std::mem::take(&mut *self.state());
        state.fault.is_some_and(|fault| state.calls >= fault.call)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    fn next(&self) -> ImportOutcome {
        let mut state = self.state();
        state.calls += 1;
        match state.fault {
            Some(fault) if fault.call == state.calls && fault.after_the_effect => ImportOutcome::AnswerIsLost,
            Some(fault) if fault.call == state.calls || (fault.lasting && fault.call < state.calls) => {
                ImportOutcome::NeverArrives
            }
            Some(_) | None => ImportOutcome::Passes,
        }
    }

    async fn guard<T: Send>(&self, call: impl Future<Output = Result<T, PortError>> + Send) -> Result<T, PortError> {
        match self.next() {
            ImportOutcome::Passes => call.await,
            ImportOutcome::NeverArrives => out(),
            ImportOutcome::AnswerIsLost => call.await.and_then(|_unheard| Err(PortError::Unknown("the fuse has blown".into()))),
        }
    }

    fn guard_at_once<T>(&self, call: impl FnOnce() -> Result<T, PortError>) -> Result<T, PortError> {
        match self.next() {
            ImportOutcome::Passes => call(),
            ImportOutcome::NeverArrives => out(),
            ImportOutcome::AnswerIsLost => call().and_then(|_unheard| out()),
        }
    }
}

fn out<T>() -> Result<T, PortError> {
    Err(PortError::Unavailable("the fuse has blown".into()))
}

/// A port on a fuse.
#[derive(Debug, Clone)]
pub struct Flaky<P> {
    pub port: P,
    pub fuse: Fuse,
}

#[async_trait]
impl<P: UserStore> UserStore for Flaky<P> {
    async fn find(&self, id: UserId) -> Result<Option<User>, PortError> {
        self.fuse.guard(self.port.find(id)).await
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, PortError> {
        self.fuse.guard(self.port.find_by_email(email)).await
    }

    async fn insert<'a>(
        &self,
        user: &User,
        first: Option<&'a Session>,
        mail: Option<&'a Outgoing>,
    ) -> Result<Inserted, PortError> {
        self.fuse.guard(self.port.insert(user, first, mail)).await
    }

    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, PortError> {
        self.fuse.guard(self.port.replace_hash(id, old, new)).await
    }

    async fn change_password<'a>(
        &self,
        id: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError> {
        self.fuse.guard(self.port.change_password(id, proven, new, keep, now, notice)).await
    }

    async fn delete<'a>(
        &self,
        id: UserId,
        proven: Option<AccountVersion>,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Deleted, PortError> {
        self.fuse.guard(self.port.delete(id, proven, keep, now, notice)).await
    }
}

#[async_trait]
impl<P: UserAdminStore> UserAdminStore for Flaky<P> {
    async fn list<'a>(&self, prefix: &str, after: Option<&'a Email>, limit: u32) -> Result<Vec<User>, PortError> {
        self.fuse.guard(self.port.list(prefix, after, limit)).await
    }

    async fn edit<'a>(
        &self,
        id: UserId,
        from: &Editable,
        to: &Editable,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Edited, PortError> {
        self.fuse.guard(self.port.edit(id, from, to, keep, now, notice)).await
    }
}

#[async_trait]
impl<P: SessionStore> SessionStore for Flaky<P> {
    async fn find(&self, id: SessionId) -> Result<Option<(Session, User)>, PortError> {
        self.fuse.guard(self.port.find(id)).await
    }

    async fn begin<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        limit: usize,
        notice: Option<&'a Outgoing>,
    ) -> Result<Begun, PortError> {
        self.fuse.guard(self.port.begin(session, proven, limit, notice)).await
    }

    async fn begin_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        limit: usize,
        notices: &'a [Outgoing],
    ) -> Result<Result<Begun, StepFault>, PortError> {
        self.fuse.guard(self.port.begin_by(session, proven, step, limit, notices)).await
    }

    async fn rotate(&self, successor: &Session) -> Result<bool, PortError> {
        self.fuse.guard(self.port.rotate(successor)).await
    }

    async fn end(&self, id: SessionId, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.end(id, now)).await
    }

    async fn end_all(&self, user: UserId, keep: Option<SessionId>, now: DateTime<Utc>) -> Result<Vec<SessionId>, PortError> {
        self.fuse.guard(self.port.end_all(user, keep, now)).await
    }

    async fn reauthenticate(&self, session: &Session, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.reauthenticate(session, now)).await
    }

    async fn reauthenticate_by<'a>(
        &self,
        session: &Session,
        proven: AccountVersion,
        step: &SecondStep,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Result<bool, StepFault>, PortError> {
        self.fuse.guard(self.port.reauthenticate_by(session, proven, step, now, notice)).await
    }

    async fn live(&self, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<Session>, PortError> {
        self.fuse.guard(self.port.live(user, now, limit)).await
    }
}

#[async_trait]
impl<P: EndedSessions> EndedSessions for Flaky<P> {
    async fn ended(&self, behind: RevocationCursor, limit: u32) -> Result<Vec<RevocationCursor>, PortError> {
        self.fuse.guard(self.port.ended(behind, limit)).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(cutoff, limit)).await
    }
}

#[async_trait]
impl<P: AttemptStore> AttemptStore for Flaky<P> {
    async fn throttle_state(&self, account: &Email, client: Subscriber) -> Result<ThrottleState, PortError> {
        self.fuse.guard(self.port.throttle_state(account, client)).await
    }

    async fn count(
        &self,
        account: &Email,
        client: Subscriber,
        from: ThrottleState,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted>, PortError> {
        self.fuse.guard(self.port.count(account, client, from, limit, now)).await
    }

    async fn forgive(&self, account: &Email, client: Subscriber, counted: Counted) -> Result<(), PortError> {
        self.fuse.guard(self.port.forgive(account, client, counted)).await
    }

    async fn networks(&self, user: UserId) -> Result<Vec<(Network, DateTime<Utc>)>, PortError> {
        self.fuse.guard(self.port.networks(user)).await
    }

    async fn network_seen_at(&self, user: UserId, network: Network) -> Result<Option<DateTime<Utc>>, PortError> {
        self.fuse.guard(self.port.network_seen_at(user, network)).await
    }

    async fn prune(
        &self,
        now: DateTime<Utc>,
        former: DateTime<Utc>,
        seen: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(now, former, seen, limit)).await
    }
}

#[async_trait]
impl<P: AuditStore> AuditStore for Flaky<P> {
    async fn append(&self, entries: &[Entry]) -> Result<(), PortError> {
        self.fuse.guard(self.port.append(entries)).await
    }

    async fn list(&self, filter: &Filter) -> Result<Vec<Entry>, PortError> {
        self.fuse.guard(self.port.list(filter)).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(cutoff, limit)).await
    }
}

#[async_trait]
impl<P: PasswordHasher> PasswordHasher for Flaky<P> {
    fn admit(&self) -> Result<Admission, PortError> {
        self.fuse.guard_at_once(|| self.port.admit())
    }

    async fn hash(&self, place: Admission, password: NewPassword) -> Result<PasswordHash, PortError> {
        self.fuse.guard(self.port.hash(place, password)).await
    }

    async fn verify<'a>(
        &self,
        place: Admission,
        attempt: PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError> {
        self.fuse.guard(self.port.verify(place, attempt, hash)).await
    }

    fn fault(&self, hash: &PasswordHash) -> Option<HashFault> {
        self.port.fault(hash)
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        self.port.is_outdated(hash)
    }
}

impl<P: TokenCodec> TokenCodec for Flaky<P> {
    fn encode(&self, claims: &Claims) -> Result<String, PortError> {
        self.fuse.guard_at_once(|| self.port.encode(claims))
    }

    /// No outage can come of this: it asks nobody.
    fn decode(&self, kind: TokenKind, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        self.port.decode(kind, token, now)
    }
}
