//! The composition root: which adapter stands behind which port, and the use cases over them.

use std::sync::Arc;

pub use crate::app::oauth::ClientUseCases;
pub use crate::app::ports::Ports;
pub use crate::app::signing_keys::KeyUseCases;
use actix_web::{HttpRequest, web::Data};
use auth_domain::{
    accounts::{
        admin::{
            create_user::CreateUser, delete_user::DeleteUser, disable_user::DisableUser, enable_user::EnableUser,
            end_sessions::EndSessions, set_password::SetPassword,
        },
        change_password::ChangePassword,
        delete::DeleteAccount,
        import::ImportUsers,
    },
    identity::port_error::PortError,
    maintenance::prune::Prune,
    oauth::{introspect::Introspect, revoke::Revoke},
    passwords::{policy::PasswordPolicy, verify::PasswordVerifier},
    sessions::{
        authenticate::Authenticate, authentication::DemandFresh, end::EndSession, issue::Issuer, list::ListSessions,
        logout::Logout, refresh::Refresh,
    },
    sign_in::{login::Login, prove::Prove, reauthenticate::Reauthenticate, register::Register},
    signing_keys::ring::KeyPolicy,
};
pub use auth_infra::{
    audit::QueuedAudit,
    cancellation::{CancellationToken, on_behalf_of},
    db::{Database, DatabaseUrl, OddAddresses, OpenError, Stuck, legacy_accounts},
    metrics::{level, sampled},
    system::{SystemClock, os_secret},
};
use auth_infra::{
    audit::{QueueOptions, TracingAudit},
    db::DieselAudit,
};
use chrono::TimeDelta;

use crate::settings::{DatabaseSettings, Settings};

/// The policies the use cases follow.
#[derive(Debug, Clone)]
pub struct Policies {
    pub passwords: PasswordPolicy,
    pub lifetimes: auth_domain::sessions::token::Lifetimes,
    pub reuse_window: TimeDelta,
    /// How long an authentication is fresh.
    pub fresh: TimeDelta,
    pub sessions_per_user: usize,
    /// Failed password attempts at an address before whoever fails has to wait.
    pub login_failures: u32,
    /// How long the audit trail is kept; `None` is for ever.
    pub audit_kept: Option<TimeDelta>,
    /// None where the access secret signs.
    pub keys: Option<KeyPolicy>,
    /// The issuer and audience of tokens, and how long keys are cached.
    pub realm: TokenIssuer,
}

/// What tokens and metadata say of this server.
#[derive(Debug, Clone, Default)]
pub struct TokenIssuer {
    /// The `iss` of every token, where it is set.
    pub issuer: Option<String>,
    /// The `aud` of every token, where it is set.
    pub audience: Option<String>,
    /// For how many seconds verifiers may cache the keys.
    pub keys_max_age: u32,
}

/// All use cases. One `Data` holds them: a missing one is a compile error, not a 500.
pub struct UseCases {
    pub register: Register,
    pub login: Login,
    pub refresh: Refresh,
    pub authenticate: Authenticate,
    pub reauthenticate: Reauthenticate,
    pub demand_fresh: DemandFresh,
    pub logout: Logout,
    pub revoke: Revoke,
    pub introspect: Introspect,
    pub list_sessions: ListSessions,
    pub end_session: EndSession,
    pub change_password: ChangePassword,
    pub delete_account: DeleteAccount,
    pub create_user: CreateUser,
    pub import_users: ImportUsers,
    pub set_password: SetPassword,
    pub disable_user: DisableUser,
    pub enable_user: EnableUser,
    pub end_sessions: EndSessions,
    pub delete_user: DeleteUser,
    pub prune: Prune,
    pub keys: KeyUseCases,
    pub clients: ClientUseCases,
    /// What a new password must meet.
    pub policy: PasswordPolicy,
    pub realm: TokenIssuer,
    /// For what is no use case: health, request ids, the limiter's audit line, the operator's look-ups.
    pub ports: Ports,
}

/// Opens the database of these settings and brings its schema up to date.
///
/// # Errors
/// It cannot be reached, is another program's, or a migration fails.
pub fn open_database(settings: &DatabaseSettings) -> Result<Database, OpenError> {
    let database = Database::open(&settings.url, settings.pool_size)?;
    for migration in database.migrate()? {
        tracing::info!(migration, "applied a migration");
    }
    let newer = database.newer()?.join(", ");
    if !newer.is_empty() {
        tracing::warn!(newer, "a newer release has migrated this database; this one goes on with what it knows of it");
    }
    Ok(database)
}

/// Reports events to the log, and stores them in this database. Must be closed at the end, or the last events are not stored.
///
/// # Errors
/// Its thread cannot be started.
pub fn start_audit(database: &Database) -> Result<Arc<QueuedAudit>, PortError> {
    let trail = Arc::new(DieselAudit(database.aside()));
    Ok(Arc::new(QueuedAudit::start(Arc::new(TracingAudit), trail, QueueOptions::default())?))
}

impl From<&Settings> for Policies {
    fn from(settings: &Settings) -> Self {
        Self {
            passwords: settings.passwords.policy,
            lifetimes: settings.sessions.lifetimes,
            reuse_window: settings.sessions.reuse_window,
            sessions_per_user: settings.sessions.per_user,
            fresh: settings.sessions.fresh,
            login_failures: settings.passwords.login_failures,
            audit_kept: settings.audit.kept,
            keys: settings.tokens.keys.policy,
            realm: TokenIssuer {
                issuer: settings.tokens.issuer.clone(),
                audience: settings.tokens.audience.clone(),
                keys_max_age: settings.tokens.keys.max_age,
            },
        }
    }
}

impl UseCases {
    #[must_use]
    pub fn over(ports: Ports, policies: &Policies) -> Self {
        let Ports { users, directory, sessions, ended, attempts, hasher, codec, audit, trail, clock, ids, .. } = ports.clone();
        let issuer = Issuer { codec: codec.clone(), ids: ids.clone(), lifetimes: policies.lifetimes };
        let proof = PasswordVerifier {
            hasher: hasher.clone(),
            attempts: attempts.clone(),
            audit: audit.clone(),
            clock: clock.clone(),
            failure_limit: policies.login_failures,
        };
        Self {
            register: Register {
                users: users.clone(),
                hasher: hasher.clone(),
                issuer: issuer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            login: Login {
                prove: Prove { users: users.clone(), hasher: hasher.clone(), verifier: proof.clone(), clock: clock.clone() },
                sessions: sessions.clone(),
                issuer: issuer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
                session_limit: policies.sessions_per_user,
            },
            reauthenticate: Reauthenticate {
                proof: proof.clone(),
                sessions: sessions.clone(),
                issuer: issuer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            demand_fresh: DemandFresh { clock: clock.clone(), window: policies.fresh },
            refresh: Refresh {
                sessions: sessions.clone(),
                issuer,
                audit: audit.clone(),
                clock: clock.clone(),
                reuse_window: policies.reuse_window,
            },
            revoke: Revoke { codec: codec.clone(), sessions: sessions.clone(), audit: audit.clone(), clock: clock.clone() },
            introspect: Introspect { codec: codec.clone(), sessions: sessions.clone(), clock: clock.clone() },
            authenticate: Authenticate { codec, sessions: sessions.clone(), clock: clock.clone() },
            logout: Logout { sessions: sessions.clone(), audit: audit.clone(), clock: clock.clone() },
            list_sessions: ListSessions { sessions: sessions.clone(), clock: clock.clone() },
            end_session: EndSession { sessions: sessions.clone(), audit: audit.clone(), clock: clock.clone() },
            change_password: ChangePassword {
                users: users.clone(),
                hasher: hasher.clone(),
                proof: proof.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            delete_account: DeleteAccount { users: users.clone(), proof, audit: audit.clone(), clock: clock.clone() },
            import_users: ImportUsers {
                users: users.clone(),
                hasher: hasher.clone(),
                ids: ids.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            create_user: CreateUser {
                users: users.clone(),
                hasher: hasher.clone(),
                ids,
                audit: audit.clone(),
                clock: clock.clone(),
            },
            prune: Prune { sessions: ended, attempts, trail, trail_kept: policies.audit_kept, clock: clock.clone() },
            set_password: SetPassword { users: users.clone(), hasher, audit: audit.clone(), clock: clock.clone() },
            disable_user: DisableUser { users: directory.clone(), audit: audit.clone(), clock: clock.clone() },
            enable_user: EnableUser { users: directory, audit: audit.clone(), clock: clock.clone() },
            end_sessions: EndSessions { sessions, audit: audit.clone(), clock: clock.clone() },
            delete_user: DeleteUser { users, audit, clock },
            keys: KeyUseCases::over(&ports, policies),
            clients: ClientUseCases::over(&ports),
            policy: policies.passwords,
            realm: policies.realm.clone(),
            ports,
        }
    }

    /// The use cases behind a request: [`crate::server`] gives every request the same.
    ///
    /// # Panics
    /// Never in a running server.
    #[must_use]
    #[expect(clippy::expect_used, reason = "there is no server without it, and a test starts one")]
    pub fn of(request: &HttpRequest) -> &Data<Self> {
        request.app_data::<Data<Self>>().expect("server::run registers the use cases")
    }
}
