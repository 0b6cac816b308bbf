//! Which adapter stands behind which port.

use std::sync::Arc;

use auth_domain::{
    accounts::ports::{UserAdminStore, UserStore},
    audit::ports::{AuditSink, AuditStore},
    identity::{
        clock::{Clock, Ids},
        port_error::PortError,
    },
    maintenance::ports::Readiness,
    oauth::ports::{ClientSecrets, ClientStore},
    passwords::ports::{AttemptStore, PasswordHasher},
    sessions::ports::{EndedSessions, SessionStore, TokenCodec},
    signing_keys::ports::{KeyCache, KeyMaker, KeyStore},
};
use auth_infra::{
    audit::CountingAudit,
    client_secrets::Sha256Secrets,
    db::{Database, DieselAttempts, DieselAudit, DieselClients, DieselKeys, DieselReadiness, DieselSessions, DieselUsers},
    hashing::{BcryptHasher, HasherOptions},
    jwt::{JwtCodec, JwtSecrets, key_maker::PairMaker},
    system::{SystemClock, UuidV7},
};
use prometheus::Registry;
use secrecy::ExposeSecret;

use crate::settings::Settings;

/// Everything the use cases need of the world.
#[derive(Clone)]
pub struct Ports {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub ended: Arc<dyn EndedSessions>,
    pub attempts: Arc<dyn AttemptStore>,
    pub readiness: Arc<dyn Readiness>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub codec: Arc<dyn TokenCodec>,
    pub keys: Arc<dyn KeyStore>,
    pub key_maker: Arc<dyn KeyMaker>,
    pub key_cache: Arc<dyn KeyCache>,
    pub audit: Arc<dyn AuditSink>,
    pub trail: Arc<dyn AuditStore>,
    pub clients: Arc<dyn ClientStore>,
    pub secrets: Arc<dyn ClientSecrets>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// The metrics.
    pub measures: Registry,
}

impl Ports {
    /// The adapters that ship, over a database that is up to date. The only code that names them.
    ///
    /// # Errors
    /// A key or a thread cannot be made.
    pub fn over(database: &Database, settings: &Settings, audit: Arc<dyn AuditSink>) -> Result<Self, PortError> {
        let (tokens, passwords) = (&settings.tokens, &settings.passwords);
        let users = Arc::new(DieselUsers(database.clone()));
        let sessions = Arc::new(DieselSessions(database.clone()));
        let secrets = JwtSecrets {
            access: tokens.access_secret.expose_secret().as_bytes(),
            refresh: tokens.refresh_secret.expose_secret().as_bytes(),
        };
        let hashing = HasherOptions { cost: passwords.cost, workers: passwords.workers, max_wait: passwords.max_wait };
        let measures = Registry::new();
        let twice = |fault: prometheus::Error| PortError::Internal(fault.to_string());
        let hasher = BcryptHasher::start(hashing)?;
        hasher.register(&measures).and_then(|()| database.register(&measures)).map_err(twice)?;
        let audit = CountingAudit::over(audit, &measures).map_err(twice)?;
        let encryption = tokens.keys.encryption.clone();
        let codec = JwtCodec::new(secrets, tokens.issuer.clone(), tokens.audience.clone())?;
        let codec = Arc::new(match tokens.keys.policy {
            Some(_) => codec.signing_with_pairs(encryption.clone()),
            None => codec,
        });
        Ok(Self {
            users: users.clone(),
            directory: users,
            sessions: sessions.clone(),
            ended: sessions,
            attempts: Arc::new(DieselAttempts(database.clone())),
            readiness: Arc::new(DieselReadiness(database.clone())),
            hasher: Arc::new(hasher),
            codec: codec.clone(),
            keys: Arc::new(DieselKeys(database.clone())),
            key_maker: Arc::new(PairMaker(encryption)),
            key_cache: codec,
            audit: Arc::new(audit),
            trail: Arc::new(DieselAudit(database.clone())),
            clients: Arc::new(DieselClients(database.clone())),
            secrets: Arc::new(Sha256Secrets),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
            measures,
        })
    }
}
