//! Which adapter stands behind which port: the only code that names them.

use std::sync::Arc;

use auth_domain::{
    audit::ports::AuditSink,
    identity::{
        clock::{Clock, Ids},
        port_error::PortError,
    },
    mfa::ports::FactorStore,
    rate_limits::ports::SharedRateLimiter,
};
pub use auth_infra::{
    account_files::{FileFault, Format as AccountFormat, HashParameters, Listed, read_accounts},
    audit::QueuedAudit,
    cancellation::{CancellationToken, on_behalf_of},
    db::{AdministratorCounts, Database, DatabaseUrl, FactorCounts, OddAddresses, OpenError, Stuck, legacy_accounts},
    metrics::{level, sampled},
    system::{SystemClock, UuidV7, os_key, os_secret},
};
use auth_infra::{
    audit::{CountingAudit, QueueOptions, TracingAudit},
    client_secrets::Sha256Secrets,
    cursors::HmacCursors,
    db::{
        DieselAttempts, DieselAudit, DieselClients, DieselFactors, DieselKeys, DieselMailbox, DieselOutbox, DieselPasskeys,
        DieselProofs, DieselReadiness, DieselSecondSteps, DieselSessions, DieselTransfers, DieselUsers,
    },
    hashing::{BcryptHasher, HasherOptions},
    jwt::{JwtCodec, JwtSecrets, key_maker::PairMaker},
    one_time_tokens::HmacOneTimeTokens,
    proof_codec::HmacProofs,
    rate_limits::RedisRateLimiter,
    recovery_codes::Sha256RecoveryCodes,
    totp::Totp,
    webauthn::WebAuthn,
};
pub(crate) use auth_outbound::test_mail::TestMail;
use auth_outbound::{
    mailer::{Mailer, MailerFault},
    templates::{Branding, TemplateFaults, Templates},
};
use prometheus::Registry;
use secrecy::ExposeSecret;

use super::{
    accounts::AccountPorts, admin::AdminPorts, audit::AuditPorts, mail::MailPorts, maintenance::MaintenancePorts,
    mfa::FactorPorts, oauth::OAuthPorts, passwords::PasswordPorts, rate_limits::RateLimitPorts, sessions::SessionPorts,
    signing_keys::KeyPorts,
};
use crate::settings::{
    DatabaseSettings, KeySettings, MailSettings, PasskeySettings, PasswordSettings, SettingFault, Settings, TokenSettings,
};

/// Everything the use cases need of the world, by room.
#[derive(Clone)]
pub struct Ports {
    pub accounts: AccountPorts,
    pub admin: AdminPorts,
    pub passwords: PasswordPorts,
    pub sessions: SessionPorts,
    pub signing_keys: KeyPorts,
    pub oauth: OAuthPorts,
    pub audit: AuditPorts,
    pub maintenance: MaintenancePorts,
    pub mail: MailPorts,
    pub factors: FactorPorts,
    pub rate_limits: RateLimitPorts,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// The metrics.
    pub measures: Registry,
}

impl Ports {
    /// The adapters that ship, over a database that is up to date.
    ///
    /// # Errors
    /// A key or a thread cannot be made.
    pub fn open(database: &Database, settings: &Settings, audit: Arc<dyn AuditSink>) -> Result<Self, PortError> {
        let measures = Registry::new();
        database.register(&measures).map_err(twice)?;
        let (sessions, signing_keys, oauth) = tokens(database, &settings.tokens)?;
        let users = Arc::new(DieselUsers(database.clone()));
        Ok(Self {
            accounts: AccountPorts { users: users.clone(), directory: users.clone() },
            admin: AdminPorts {
                search: users,
                cursors: Arc::new(HmacCursors::new(settings.tokens.refresh_secret.expose_secret().as_bytes())?),
                transfer: Arc::new(DieselTransfers(database.clone())),
            },
            passwords: passwords(database, &settings.passwords, &measures)?,
            sessions,
            signing_keys,
            oauth,
            audit: AuditPorts {
                sink: Arc::new(CountingAudit::over(audit, &measures).map_err(twice)?),
                trail: Arc::new(DieselAudit(database.clone())),
            },
            maintenance: MaintenancePorts { readiness: Arc::new(DieselReadiness(database.clone())) },
            mail: mail(database, settings)?,
            factors: factors(database, settings)?,
            rate_limits: rate_limits(settings, &measures)?,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
            measures,
        })
    }
}

fn twice(fault: prometheus::Error) -> PortError {
    PortError::Internal(fault.to_string())
}

fn passwords(database: &Database, settings: &PasswordSettings, measures: &Registry) -> Result<PasswordPorts, PortError> {
    let options = HasherOptions { cost: settings.cost, workers: settings.workers, max_wait: settings.max_wait };
    let hasher = BcryptHasher::start(options)?;
    hasher.register(measures).map_err(twice)?;
    Ok(PasswordPorts { attempts: Arc::new(DieselAttempts(database.clone())), hasher: Arc::new(hasher) })
}

fn mail(database: &Database, settings: &Settings) -> Result<MailPorts, PortError> {
    let (outbox, proofs) = (Arc::new(DieselOutbox(database.clone())), Arc::new(DieselProofs(database.clone())));
    Ok(MailPorts {
        proofs,
        outbox: outbox.clone(),
        admin: outbox,
        mailbox: Arc::new(DieselMailbox(database.clone())),
        codec: Arc::new(HmacProofs::new(settings.tokens.refresh_secret.expose_secret().as_bytes())?),
        transport: match &settings.mail {
            Some(mail) => Some(Arc::new(mailer(mail).map_err(|fault| PortError::Internal(fault.told()))?)),
            None => None,
        },
    })
}

fn factors(database: &Database, settings: &Settings) -> Result<FactorPorts, PortError> {
    let TokenSettings { refresh_secret, keys: KeySettings { encryption, .. }, .. } = &settings.tokens;
    let totp = || Totp { keys: encryption.clone(), issuer: settings.app_name() };
    let webauthn = |passkeys: &PasskeySettings| WebAuthn::new(passkeys.rp_id.clone(), passkeys.origins.clone());
    Ok(FactorPorts {
        store: factor_store(database),
        steps: Arc::new(DieselSecondSteps(database.clone())),
        passkeys: Arc::new(DieselPasskeys(database.clone())),
        recovery_codes: Arc::new(Sha256RecoveryCodes),
        tokens: Arc::new(HmacOneTimeTokens::new(refresh_secret.expose_secret().as_bytes())?),
        totp: if encryption.is_empty() { None } else { Some(Arc::new(totp())) },
        relying_party: match &settings.passkeys {
            Some(passkeys) => Some(Arc::new(webauthn(passkeys))),
            None => None,
        },
    })
}

fn rate_limits(settings: &Settings, measures: &Registry) -> Result<RateLimitPorts, PortError> {
    let shared = shared_limiter(settings).map_err(|fault| PortError::Internal(fault.to_string()))?;
    if let Some(limiter) = &shared {
        limiter.register(measures).map_err(twice)?;
    }
    Ok(RateLimitPorts { shared: shared.map(|limiter| -> Arc<dyn SharedRateLimiter> { Arc::new(limiter) }) })
}

/// Counts for all servers, where they have a store for it.
///
/// # Errors
/// There is no certificate to trust: `RATE_LIMIT_URL` is at fault.
pub(crate) fn shared_limiter(settings: &Settings) -> Result<Option<RedisRateLimiter>, SettingFault> {
    let secret = settings.tokens.refresh_secret.expose_secret().as_bytes();
    let limiter = settings.rate_limit_url.as_ref().map(|url| RedisRateLimiter::new(url, secret)).transpose();
    limiter.map_err(|rule| SettingFault { variable: "RATE_LIMIT_URL".to_owned(), rule })
}

/// The factors of accounts, for a look before there are ports.
pub(crate) fn factor_store(database: &Database) -> Arc<dyn FactorStore> {
    Arc::new(DieselFactors(database.clone()))
}

/// Hands mails over as the operator decided, in the words of the built-in templates and of the operator's.
///
/// # Errors
/// A template is broken, or there is no certificate to trust: [`MAIL_TEMPLATES_DIR`](crate::settings::MailSettings::templates_dir) and
/// `MAIL_URL` are at fault.
pub(crate) fn mailer(settings: &MailSettings) -> Result<Mailer, MailFault> {
    let templates = templates(settings).map_err(MailFault::Templates)?;
    Mailer::new(&settings.transport, settings.from.clone(), Arc::new(templates)).map_err(MailFault::Transport)
}

/// # Errors
/// Every template that is broken.
pub(crate) fn templates(settings: &MailSettings) -> Result<Templates, TemplateFaults> {
    let branding = Branding { app_name: settings.app_name.clone(), public_url: settings.public_url.clone() };
    match &settings.templates_dir {
        Some(folder) => Templates::load(folder, branding),
        None => Templates::built_in(branding),
    }
}

/// Mails cannot be written or handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailFault {
    #[error("{0}")]
    Templates(TemplateFaults),
    #[error("{0}")]
    Transport(MailerFault),
}

impl MailFault {
    /// In one text, each fault with its variable.
    fn told(self) -> String {
        self.settings().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The variables at fault.
    pub(crate) fn settings(self) -> Vec<SettingFault> {
        let fault = |variable: &str, rule: String| SettingFault { variable: variable.to_owned(), rule };
        match self {
            Self::Templates(TemplateFaults(faults)) => {
                faults.iter().map(|broken| fault("MAIL_TEMPLATES_DIR", broken.to_string())).collect()
            }
            Self::Transport(broken) => vec![fault("MAIL_URL", broken.to_string())],
        }
    }
}

/// Sessions, keys and clients, whose tokens one codec makes.
fn tokens(database: &Database, settings: &TokenSettings) -> Result<(SessionPorts, KeyPorts, OAuthPorts), PortError> {
    let secrets = JwtSecrets {
        access: settings.access_secret.expose_secret().as_bytes(),
        refresh: settings.refresh_secret.expose_secret().as_bytes(),
    };
    let encryption = settings.keys.encryption.clone();
    let codec = JwtCodec::new(secrets, settings.issuer.clone(), settings.audience.clone())?;
    let codec = Arc::new(match settings.keys.policy {
        Some(_) => codec.signing_with_pairs(encryption.clone()),
        None => codec,
    });
    let sessions = Arc::new(DieselSessions(database.clone()));
    let keys =
        KeyPorts { store: Arc::new(DieselKeys(database.clone())), maker: Arc::new(PairMaker(encryption)), cache: codec.clone() };
    let clients = Arc::new(DieselClients(database.clone()));
    let oauth = OAuthPorts { clients, secrets: Arc::new(Sha256Secrets), codec: codec.clone() };
    Ok((SessionPorts { store: sessions.clone(), ended: sessions, codec }, keys, oauth))
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
