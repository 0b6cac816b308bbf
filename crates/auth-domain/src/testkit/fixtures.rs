//! What a contract's clauses are given: ports of one making, and short ways to set a scene.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be set fails the test it is for")]

use std::{any::Any, fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    FakeCodec, FakeCursors, FakeOneTimeTokens, FakeProofs, FakeRecoveryCodes, FakeTotp, MemoryStore, PlainHasher, PlainSecrets,
    samples::{after, as_kept, session_from, user},
};
use crate::{
    accounts::ports::{Deleted, Edited, Inserted, UserAdminStore, UserStore},
    admin::ports::{CursorCodec, TransferStore, UserSearchStore},
    audit::ports::AuditStore,
    factors::{
        ports::{OneTimeTokenCodec, RecoveryCodeMaker, SecondStepStore, TotpCodec},
        totp::NewTotpSecret,
    },
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        ids::{SessionId, UserId},
        user::{AccountVersion, User},
    },
    mail::ports::{Outbox, OutboxAdmin, ProofCodec, ProofStore},
    mailbox::ports::MailboxStore,
    mfa::ports::FactorStore,
    oauth::ports::{ClientSecrets, ClientStore, ClientTokenCodec},
    passkeys::ports::PasskeyStore,
    passwords::ports::{AttemptStore, PasswordHasher},
    sessions::{
        ports::{Begun, EndedSessions, SessionStore, TokenCodec},
        session::Session,
    },
    signing_keys::ports::KeyStore,
};

/// The store ports over one and the same empty database.
#[derive(Clone)]
pub struct Stores {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
    pub search: Arc<dyn UserSearchStore>,
    pub transfer: Arc<dyn TransferStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub ended: Arc<dyn EndedSessions>,
    pub attempts: Arc<dyn AttemptStore>,
    pub trail: Arc<dyn AuditStore>,
    pub keys: Arc<dyn KeyStore>,
    pub clients: Arc<dyn ClientStore>,
    pub proofs: Arc<dyn ProofStore>,
    pub outbox: Arc<dyn Outbox>,
    pub mails: Arc<dyn OutboxAdmin>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub steps: Arc<dyn SecondStepStore>,
    pub factors: Arc<dyn FactorStore>,
    pub passkeys: Arc<dyn PasskeyStore>,
    /// What keeps the database there until the test is over.
    pub guard: Arc<dyn Any + Send + Sync>,
}

/// A codec, and one like it in all but its keys.
pub struct Codecs {
    pub codec: Arc<dyn TokenCodec>,
    pub stranger: Arc<dyn TokenCodec>,
}

/// A codec of clients' own tokens, one like it in all but its keys, and the one of people's tokens with the keys of the first.
pub struct ClientCodecs {
    pub codec: Arc<dyn ClientTokenCodec>,
    pub stranger: Arc<dyn ClientTokenCodec>,
    pub of_people: Arc<dyn TokenCodec>,
}

/// What derives tokens and codes, and another with another secret.
pub struct ProofCodecs {
    pub codec: Arc<dyn ProofCodec>,
    pub stranger: Arc<dyn ProofCodec>,
}

/// What makes secrets of authenticator apps, the same once a newer encryption key is there, and one that lacks the first's key.
pub struct TotpCodecs {
    pub codec: Arc<dyn TotpCodec>,
    pub newer: Arc<dyn TotpCodec>,
    pub stranger: Arc<dyn TotpCodec>,
    /// What an app shows at a time, once it has taken a secret.
    pub app: fn(&NewTotpSecret, DateTime<Utc>) -> String,
}

/// What makes recovery codes.
pub struct RecoveryCodeMakers {
    pub maker: Arc<dyn RecoveryCodeMaker>,
}

/// What signs one-time tokens, and another with another secret.
pub struct OneTimeTokenCodecs {
    pub codec: Arc<dyn OneTimeTokenCodec>,
    pub stranger: Arc<dyn OneTimeTokenCodec>,
}

/// What seals cursors, and another with another secret.
pub struct CursorCodecs {
    pub codec: Arc<dyn CursorCodec>,
    pub stranger: Arc<dyn CursorCodec>,
}

/// A hasher of the lowest cost that it takes, and one of a higher.
pub struct Hashers {
    pub hasher: Arc<dyn PasswordHasher>,
    pub costlier: Arc<dyn PasswordHasher>,
}

/// What makes secrets.
pub struct SecretMakers {
    pub secrets: Arc<dyn ClientSecrets>,
}

impl Stores {
    #[must_use]
    pub fn in_memory() -> Self {
        let store = MemoryStore::default();
        Self {
            users: Arc::new(store.clone()),
            directory: Arc::new(store.clone()),
            search: Arc::new(store.clone()),
            transfer: Arc::new(store.clone()),
            sessions: Arc::new(store.clone()),
            ended: Arc::new(store.clone()),
            attempts: Arc::new(store.clone()),
            trail: Arc::new(store.clone()),
            keys: Arc::new(store.clone()),
            clients: Arc::new(store.clone()),
            proofs: Arc::new(store.clone()),
            outbox: Arc::new(store.clone()),
            mails: Arc::new(store.clone()),
            mailbox: Arc::new(store.clone()),
            steps: Arc::new(store.clone()),
            factors: Arc::new(store.clone()),
            passkeys: Arc::new(store),
            guard: Arc::new(()),
        }
    }

    pub(super) async fn keep(&self, user: &User) {
        assert_eq!(self.users.insert(user, None, None).await.unwrap(), Inserted::Yes);
    }

    pub(super) async fn keep_new(&self, address: &str) -> User {
        let user = user(address);
        self.keep(&user).await;
        user
    }

    pub(super) async fn begin(&self, session: &Session, proven: AccountVersion) {
        assert_eq!(self.sessions.begin(session, proven, 1000, None).await.unwrap(), Begun::Yes { displaced: Vec::new() });
    }

    /// A session begun so many seconds after the start, as it comes back.
    pub(super) async fn begin_at(&self, user: &User, seconds: i64) -> Session {
        let session = session_from(user, seconds);
        self.begin(&session, self.user(user).await.version()).await;
        as_kept(&session)
    }

    /// Changes an account as it is by now, whoever administers the others afterwards.
    pub async fn edit(&self, id: UserId, change: impl Fn(Editable) -> Editable, now: DateTime<Utc>) -> Edited {
        let Some(user) = self.users.find(id).await.unwrap() else { return Edited::NoSuchUser };
        let from = Editable::from(&user);
        self.directory.edit(id, &from, &change(from.clone()), LastAdministrator::MayGo, now, None).await.unwrap()
    }

    /// The sessions that ended; `None` when there is no such account.
    pub async fn disable(&self, id: UserId, now: DateTime<Utc>) -> Option<Vec<SessionId>> {
        ended(self.edit(id, |from| Editable { disabled: true, ..from }, now).await)
    }

    pub async fn enable(&self, id: UserId, now: DateTime<Utc>) -> bool {
        ended(self.edit(id, |from| Editable { disabled: false, ..from }, now).await).is_some()
    }

    pub async fn verify(&self, id: UserId, now: DateTime<Utc>) -> bool {
        ended(self.edit(id, |from| Editable { email_verified: true, ..from }, now).await).is_some()
    }

    pub async fn delete(&self, id: UserId, proven: Option<AccountVersion>, now: DateTime<Utc>) -> bool {
        self.users.delete(id, proven, LastAdministrator::MayGo, now, None).await.unwrap() == Deleted::Yes
    }

    pub(super) async fn user(&self, user: &User) -> User {
        self.users.find(user.id).await.unwrap().unwrap()
    }

    pub(super) async fn session(&self, session: &Session) -> Session {
        self.sessions.find(session.id).await.unwrap().unwrap().0
    }

    /// The sessions of an account that are alive a minute after the start, newest first.
    pub(super) async fn live(&self, user: &User) -> Vec<SessionId> {
        ids(&self.sessions.live(user.id, after(60), 1000).await.unwrap())
    }
}

/// The sessions that ended with a change of an account that is there.
fn ended(edited: Edited) -> Option<Vec<SessionId>> {
    match edited {
        Edited::Yes { ended, .. } => Some(ended),
        Edited::NoSuchUser => None,
        Edited::ChangedMeanwhile | Edited::EmailTaken | Edited::LastAdministrator => {
            unreachable!("nobody else changes it, and whoever administers may go")
        }
    }
}

impl Codecs {
    #[must_use]
    pub fn fake() -> Self {
        Self { codec: Arc::new(FakeCodec::default()), stranger: Arc::new(FakeCodec::with_key("another key")) }
    }
}

impl ClientCodecs {
    #[must_use]
    pub fn fake() -> Self {
        let codec = Arc::new(FakeCodec::default());
        Self { codec: codec.clone(), stranger: Arc::new(FakeCodec::with_key("another key")), of_people: codec }
    }
}

impl ProofCodecs {
    #[must_use]
    pub fn fake() -> Self {
        Self { codec: Arc::new(FakeProofs::default()), stranger: Arc::new(FakeProofs::with_key("another")) }
    }
}

impl TotpCodecs {
    #[must_use]
    pub fn fake() -> Self {
        Self {
            codec: Arc::new(FakeTotp::with_keys(&["old"])),
            newer: Arc::new(FakeTotp::with_keys(&["new", "old"])),
            stranger: Arc::new(FakeTotp::with_keys(&["new"])),
            app: |secret, at| FakeTotp::code_of(&secret.encrypted, at),
        }
    }
}

impl RecoveryCodeMakers {
    #[must_use]
    pub fn fake() -> Self {
        Self { maker: Arc::new(FakeRecoveryCodes::default()) }
    }
}

impl OneTimeTokenCodecs {
    #[must_use]
    pub fn fake() -> Self {
        Self { codec: Arc::new(FakeOneTimeTokens::default()), stranger: Arc::new(FakeOneTimeTokens::with_key("another")) }
    }
}

impl CursorCodecs {
    #[must_use]
    pub fn fake() -> Self {
        Self { codec: Arc::new(FakeCursors::default()), stranger: Arc::new(FakeCursors::with_key("another")) }
    }
}

impl Hashers {
    #[must_use]
    pub fn plain() -> Self {
        Self { hasher: Arc::new(PlainHasher::default()), costlier: Arc::new(PlainHasher::of_cost(11)) }
    }
}

impl SecretMakers {
    #[must_use]
    pub fn plain() -> Self {
        Self { secrets: Arc::new(PlainSecrets::default()) }
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stores")
    }
}

/// What an account is not, or no longer: by its number alone, and by its time alone, which is all that the previous release moves.
pub(super) fn other_versions(user: &User) -> [AccountVersion; 3] {
    let AccountVersion { number, changed_at } = user.version();
    [
        AccountVersion { number: number + 1, changed_at },
        AccountVersion { number: number - 1, changed_at },
        AccountVersion { number, changed_at: changed_at - TimeDelta::microseconds(1) },
    ]
}

pub(super) fn ids(sessions: &[Session]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}

/// Runs them all at once, and gives what came of them in the order they were named.
pub(super) async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    tasks: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let running: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut outcomes = Vec::new();
    for task in running {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

/// Runs two things at once, now the one and now the other having the start.
pub(super) async fn against<A: Send + 'static, B: Send + 'static>(
    round: usize,
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let (one, other) = if round.is_multiple_of(2) {
        let one = tokio::spawn(one);
        (one, tokio::spawn(other))
    } else {
        let other = tokio::spawn(other);
        (tokio::spawn(one), other)
    };
    (one.await.unwrap(), other.await.unwrap())
}
