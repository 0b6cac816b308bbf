//! One fixture for every use case: accounts, sessions, and a fuse that all its ports hang on.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    factors::{Factors, SeenFactors},
    mail::{Proofs, SeenMail},
};
pub(crate) use crate::testkit::samples::context;
use crate::{
    accounts::ports::{Inserted, UserAdminStore, UserStore},
    identity::{
        email::Email,
        ids::{ClientId, KeyId, SessionId},
        password_hash::PasswordHash,
        user::User,
    },
    maintenance::prune::Prune,
    oauth::{client::Client, ports::ClientStore},
    passwords::{policy::PasswordAttempt, verify::PasswordVerifier},
    sessions::{
        authenticate::{Authenticate, SignedIn},
        issue::Issuer,
        ports::{Begun, SessionStore},
        refresh::Refresh,
        session::{Generation, Session},
    },
    sign_in::{begin::BeginSession, login::Login, prove::Prove},
    signing_keys::{
        key::{KeyAlgorithm, SigningKey},
        ports::{KeyCache, KeyStore},
    },
    testing::{Fresh, issuer, refresh_token, second_step},
    testkit::{
        FakeCodec, FakeKeys, Flaky, Fuse, MemoryAudit, MemoryStore, MovableClock, PlainHasher, PlainSecrets,
        samples::{PASSWORD, after, attempt, client, email, refreshed, session_from, signing_key, start, user},
    },
};

/// Why a use case did not do as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Outage,
    /// A "no", in the words of the error.
    No(String),
}

/// All that can be seen of the fixture, without ids, and without times but those of keys. A stronger form of a password is the same password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// By address.
    accounts: BTreeMap<String, SeenAccount>,
    mail: SeenMail,
    factors: SeenFactors,
    /// The generations that the known sessions are in, where they live.
    own: Option<Generation>,
    other: Option<Generation>,
    /// When the owner of Ann's own session was authenticated, where it lives.
    authenticated_at: Option<DateTime<Utc>>,
    /// How many sessions began since.
    pub(crate) newcomers: usize,
    /// Whether the session that is long over is still known.
    old_is_known: bool,
    /// The names of the clients, whether a former secret of theirs is kept, and what they may do.
    clients: BTreeMap<String, (bool, String)>,
    pub(crate) keys: Vec<SeenKey>,
}

/// What can be seen of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenAccount {
    password: Option<String>,
    is_active: bool,
    is_verified: bool,
    pending: Option<String>,
    roles: String,
}

/// What can be seen of a signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenKey {
    number: i64,
    algorithm: KeyAlgorithm,
    sealed_with: String,
    signs_from: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

pub(crate) struct Fixture {
    pub(crate) store: MemoryStore,
    pub(crate) audit: MemoryAudit,
    pub(crate) clock: MovableClock,
    pub(crate) fuse: Fuse,
    ann: User,
    /// At generation 3, refreshed a moment ago.
    own: Session,
    /// Ann's as well.
    other: Session,
    old: Session,
    orders: Client,
    /// By number, from 1: one that is over, one that is retiring, and the one that signs.
    keys: [SigningKey; 3],
    known: FakeKeys,
    pub(crate) proofs: Proofs,
    pub(crate) factors: Factors,
}

impl SeenKey {
    /// The next key, made in the same moment.
    pub(crate) fn once_more(&self) -> Self {
        Self { number: self.number + 1, ..self.clone() }
    }
}

impl From<&User> for SeenAccount {
    fn from(user: &User) -> Self {
        let text = |hash: &PasswordHash| hash.expose().rsplit(':').next().unwrap_or_default().to_owned();
        Self {
            password: user.password.as_ref().map(text),
            is_active: user.is_active(),
            is_verified: user.email_verified_at.is_some(),
            pending: user.pending_email.as_ref().map(|pending| pending.address.to_string()),
            roles: user.roles.to_string(),
        }
    }
}

impl From<SigningKey> for SeenKey {
    fn from(key: SigningKey) -> Self {
        let SigningKey { number, algorithm, private, signs_from, retired_at, revoked_at, .. } = key;
        Self { number, algorithm, sealed_with: private.with, signs_from, retired_at, revoked_at }
    }
}

pub(crate) fn ann() -> Email {
    email("ann@example.org")
}

pub(crate) fn right() -> PasswordAttempt {
    attempt(PASSWORD)
}

/// When the scene begins, in seconds after [`start`]: two days, so that there is something to forget.
const LATER: i64 = 2 * 24 * 3600;

impl Fixture {
    /// Ann with two sessions, and mails that were sent to her; Dan, who is disabled; Eve with a session that ended two days ago; Fay
    /// with second factors; Gil, who alone administers accounts; a client, `orders`; and keys that sign.
    pub(crate) async fn new() -> Self {
        let store = MemoryStore::default();
        let [ann, dan, eve] = ["ann@example.org", "dan@example.org", "eve@example.org"].map(user);
        let gil = User { roles: "admin".parse().unwrap(), ..user("gil@example.org") };
        for account in [&ann, &dan, &eve, &gil] {
            assert_eq!(UserStore::insert(&store, account, None, None).await.unwrap(), Inserted::Yes);
        }
        store.disable(dan.id, start()).await.unwrap();
        let (own, other, old) = (session_from(&ann, LATER - 60), session_from(&ann, LATER - 50), session_from(&eve, 0));
        for (account, session) in [(&ann, &own), (&ann, &other), (&eve, &old)] {
            let begun = store.begin(session, account.version(), 50, None).await.unwrap();
            assert_eq!(begun, Begun::Yes { displaced: Vec::new() });
        }
        assert!(store.end(old.id, after(1)).await.unwrap());
        let second = refreshed(&own, LATER - 40);
        let third = refreshed(&second, LATER);
        assert!(SessionStore::rotate(&store, &second).await.unwrap() && SessionStore::rotate(&store, &third).await.unwrap());
        let proofs = Proofs::sent(&store, &ann, LATER).await;
        let factors = Factors::kept(&store, LATER).await;
        let orders = client("orders");
        ClientStore::insert(&store, &orders).await.unwrap();
        let (keys, known) = ([signing_key(1, 0), signing_key(2, 600), signing_key(3, LATER - 1310)], FakeKeys::default());
        for key in &keys {
            assert!(KeyStore::insert(&store, key).await.unwrap());
        }
        known.update(keys.to_vec(), after(LATER)).unwrap();
        let (audit, clock, fuse) = (MemoryAudit::default(), MovableClock::default(), Fuse::default());
        clock.advance(TimeDelta::seconds(LATER));
        Self { store, audit, clock, fuse, ann, own: third, other, old, orders, keys, known, proofs, factors }
    }

    pub(crate) fn flaky<P>(&self, port: P) -> Arc<Flaky<P>> {
        Arc::new(Flaky { port, fuse: self.fuse.clone() })
    }

    /// The store, whichever of its ports is asked for.
    pub(crate) fn kept(&self) -> Arc<Flaky<MemoryStore>> {
        self.flaky(self.store.clone())
    }

    pub(crate) fn hasher(&self) -> Arc<Flaky<PlainHasher>> {
        self.flaky(PlainHasher::default())
    }

    pub(crate) fn issuer(&self) -> Issuer {
        Issuer { codec: self.flaky(FakeCodec::default()), ids: Arc::new(Fresh), ..issuer() }
    }

    pub(crate) fn audit(&self) -> Arc<MemoryAudit> {
        Arc::new(self.audit.clone())
    }

    pub(crate) fn clock(&self) -> Arc<MovableClock> {
        Arc::new(self.clock.clone())
    }

    pub(crate) fn proof(&self) -> PasswordVerifier {
        let (hasher, attempts) = (self.hasher(), self.kept());
        PasswordVerifier { hasher, attempts, audit: self.audit(), clock: self.clock(), failure_limit: 10 }
    }

    pub(crate) fn login(&self) -> Login {
        let prove = Prove { users: self.kept(), hasher: self.hasher(), verifier: self.proof(), clock: self.clock() };
        let (begin, second_step) = (self.begin(), second_step());
        Login { prove, begin, second_step, audit: self.audit(), clock: self.clock(), unverified: None }
    }

    pub(crate) fn begin(&self) -> BeginSession {
        let (sessions, issuer, audit, clock) = (self.kept(), self.issuer(), self.audit(), self.clock());
        BeginSession { sessions, issuer, audit, clock, session_limit: 50, notices: None }
    }

    pub(crate) fn refresh(&self) -> Refresh {
        let (issuer, reuse_window) = (self.issuer(), TimeDelta::seconds(10));
        Refresh { sessions: self.kept(), issuer, audit: self.audit(), clock: self.clock(), reuse_window }
    }

    pub(crate) fn prune(&self) -> Prune {
        let (sessions, attempts, trail) = (self.kept(), self.kept(), self.kept());
        let (proofs, mails, steps, factors) = (self.kept(), self.kept(), self.kept(), self.kept());
        let (trail_kept, clock) = (Some(TimeDelta::days(90)), self.clock());
        Prune { sessions, attempts, trail, proofs, mails, steps, factors, trail_kept, clock }
    }

    pub(crate) fn authenticate(&self) -> Authenticate {
        Authenticate { codec: self.flaky(FakeCodec::default()), sessions: self.kept(), clock: self.clock() }
    }

    /// The refresh token of a generation of Ann's own session.
    pub(crate) fn refresh_token(&self, generation: i64) -> String {
        let session = Session { generation: Generation(generation), ..self.own.clone() };
        refresh_token(&SignedIn { user: self.ann.clone(), session: session.clone() }, &session)
    }

    pub(crate) fn own_access_token(&self) -> String {
        self.access_token(&self.own)
    }

    pub(crate) fn other(&self) -> SessionId {
        self.other.id
    }

    pub(crate) fn orders(&self) -> ClientId {
        self.orders.id
    }

    /// A key that signs, or one that nobody has.
    pub(crate) fn key(&self, number: i64) -> KeyId {
        let found = self.keys.iter().find(|key| key.number == number);
        found.map_or_else(|| KeyId::new("unknown".to_owned()), |key| key.id.clone())
    }

    /// What a server knows of the keys, which makes them as well.
    pub(crate) fn known(&self) -> Arc<Flaky<FakeKeys>> {
        self.flaky(self.known.clone())
    }

    pub(crate) fn secrets(&self) -> Arc<PlainSecrets> {
        Arc::new(PlainSecrets::default())
    }

    fn access_token(&self, session: &Session) -> String {
        let pair = Issuer { codec: Arc::new(FakeCodec::default()), ..self.issuer() }.pair(session, &self.ann, after(LATER));
        pair.unwrap().access
    }

    pub(crate) async fn sight(&self) -> Snapshot {
        let now = after(LATER);
        let accounts = UserAdminStore::list(&self.store, "", None, 100).await.unwrap();
        let mut live = Vec::new();
        for account in &accounts {
            live.extend(self.store.live(account.id, now, 100).await.unwrap());
        }
        let clients = ClientStore::list(&self.store, None, 100).await.unwrap();
        let generation = |of: &Session| live.iter().find(|session| session.id == of.id).map(|session| session.generation);
        let known = [self.own.id, self.other.id, self.factors.session().id];
        Snapshot {
            own: generation(&self.own),
            other: generation(&self.other),
            authenticated_at: live.iter().find(|session| session.id == self.own.id).map(|session| session.authentication.at),
            newcomers: live.iter().filter(|session| !known.contains(&session.id)).count(),
            old_is_known: SessionStore::find(&self.store, self.old.id).await.unwrap().is_some(),
            keys: self.store.all().await.unwrap().into_iter().map(SeenKey::from).collect(),
            clients: clients
                .iter()
                .map(|client| (client.name.to_string(), (client.former.is_some(), client.scopes.to_string())))
                .collect(),
            accounts: accounts.iter().map(|user| (user.email.to_string(), user.into())).collect(),
            mail: SeenMail::of(self).await,
            factors: SeenFactors::of(self).await,
        }
    }

    /// No account is half, and no session is both dead and alive. Leaves no trace.
    pub(crate) async fn is_sound(&self, what: &str) {
        let sight = self.sight().await;
        for (session, lives) in [(&self.own, sight.own), (&self.other, sight.other)] {
            let signed_in = self.authenticate().execute(&self.access_token(session)).await;
            assert_eq!(signed_in.is_ok(), lives.is_some(), "{what}: {signed_in:?}");
        }
        for (address, SeenAccount { password, is_active, .. }) in &sight.accounts {
            let user = self.store.find_by_email(&email(address)).await.unwrap().unwrap();
            let copy = MemoryStore::default();
            assert_eq!(UserStore::insert(&copy, &user, None, None).await.unwrap(), Inserted::Yes);
            let (users, sessions) = (Arc::new(copy.clone()), Arc::new(copy));
            let login = self.login();
            let prove = Prove { users, ..login.prove.clone() };
            let audit = Arc::new(MemoryAudit::default());
            let begin = BeginSession { sessions, audit: audit.clone(), ..login.begin.clone() };
            let login = Login { prove, begin, audit, ..login };
            let entered = login.execute(&user.email, attempt(password.as_deref().unwrap_or(PASSWORD)), &context()).await;
            assert_eq!(entered.is_ok(), *is_active && password.is_some(), "{what}: {address}");
        }
    }
}
