//! Where variables come from: the environment, and below it the `.env` of the working directory.

use std::{collections::HashMap, path::Path};

use config::{Config, ConfigError, Environment};

use super::{
    SettingFault,
    dotenv::{DOTENV, Dotenv},
};

/// A variable that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// Can be given as `NAME_FILE` as well, and is never printed.
    pub secret: bool,
    /// Signs tokens. `.env.example` has a placeholder for it.
    pub signs: bool,
}

const fn plain(name: &'static str) -> Variable {
    Variable { name, secret: false, signs: false }
}

const fn secret(name: &'static str) -> Variable {
    Variable { name, secret: true, signs: false }
}

const fn signing(name: &'static str) -> Variable {
    Variable { name, secret: true, signs: true }
}

/// Every variable of this program; `.env.example` has the same (a test holds them together).
pub const VARIABLES: &[Variable] = &[
    signing("JWT_SECRET_KEY"),
    signing("JWT_REFRESH_SECRET_KEY"),
    plain("ACCESS_TOKEN_EXPIRE_MINUTES"),
    plain("REFRESH_TOKEN_EXPIRE_DAYS"),
    plain("SESSION_MAX_DAYS"),
    plain("SESSION_MAX_PER_USER"),
    plain("REFRESH_REUSE_SECONDS"),
    plain("FRESH_MINUTES"),
    plain("JWT_ISSUER"),
    plain("JWT_AUDIENCE"),
    plain("TOKEN_CLAIMS"),
    plain("JWT_ALGORITHM"),
    secret("KEY_ENCRYPTION_KEY"),
    plain("JWKS_MAX_AGE"),
    plain("KEY_ROTATION_DAYS"),
    secret("DATABASE_URL"),
    plain("DATABASE_POOL_SIZE"),
    plain("HOST"),
    plain("PORT"),
    plain("PUBLIC_URL"),
    plain("BCRYPT_COST"),
    plain("PASSWORD_MIN_LENGTH"),
    plain("PASSWORD_POLICY"),
    plain("LOGIN_FAILURES"),
    plain("HASH_WORKERS"),
    plain("HASH_MAX_WAIT_SECONDS"),
    plain("MAX_REQUEST_BODY_SIZE"),
    plain("RATE_LIMIT_REQUESTS"),
    plain("RATE_LIMIT_WINDOW"),
    plain("RATE_LIMIT_SESSION_REQUESTS"),
    plain("RATE_LIMIT_INTROSPECT_REQUESTS"),
    plain("RATE_LIMIT_ADMIN_REQUESTS"),
    secret("RATE_LIMIT_URL"),
    plain("ADMIN_API"),
    plain("ADMIN_REQUIRE_MFA"),
    plain("REQUEST_TIMEOUT_SECONDS"),
    plain("SHUTDOWN_TIMEOUT_SECONDS"),
    plain("KEEP_ALIVE_SECONDS"),
    plain("MAX_CONNECTIONS"),
    plain("TLS_CERT_FILE"),
    plain("TLS_KEY_FILE"),
    plain("ALLOWED_ORIGINS"),
    plain("TRUSTED_PROXIES"),
    plain("API_DOCS"),
    secret("MAIL_URL"),
    plain("MAIL_FROM"),
    plain("MAIL_APP_NAME"),
    plain("MAIL_TEMPLATES_DIR"),
    plain("MAIL_LANGUAGE"),
    plain("EMAIL_VERIFICATION"),
    plain("VERIFY_EXPIRE_HOURS"),
    plain("RESET_EXPIRE_MINUTES"),
    plain("LINK_VERIFY"),
    plain("LINK_RESET"),
    plain("LINK_EMAIL"),
    plain("LINK_UNDO"),
    plain("SECURITY_NOTICES"),
    plain("MFA"),
    plain("WEBAUTHN_RP_ID"),
    plain("WEBAUTHN_ORIGINS"),
    plain("AUDIT_RETENTION_DAYS"),
    plain("LOG_FORMAT"),
    plain("LOG_LEVEL"),
    plain("METRICS_ADDR"),
    plain("OTEL_EXPORTER_OTLP_ENDPOINT"),
];

/// The variables that are set and not empty.
#[derive(Debug, Default)]
pub struct Source {
    variables: HashMap<String, String>,
    /// What could not be read as a variable.
    faults: Vec<SettingFault>,
}

/// Why no variable could be read at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the environment: {0}")]
pub struct SourceError(#[from] ConfigError);

impl Source {
    /// The process environment over the `.env` of the working directory, if there is one.
    ///
    /// # Errors
    /// Never for variables that this program knows.
    pub fn from_process() -> Result<Self, SourceError> {
        let Dotenv { pairs, mut faults } = Dotenv::read(Path::new(DOTENV));
        let mut environment = HashMap::new();
        for (name, value) in std::env::vars_os() {
            // A name that is not UTF-8 is none of ours.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(environment.insert(name, value)),
                // Read as well as it goes, two different secrets could be one.
                Err(_value) if is_known(&name) => faults.push(SettingFault { variable: name, rule: "is not UTF-8".to_owned() }),
                Err(_value) => {}
            }
        }
        Ok(Self { faults, ..Self::layered(pairs, environment)? })
    }

    /// `over` where it has a value, `under` elsewhere. Empty values count as unset.
    ///
    /// `config` is made for this, and for no more: two maps merged by hand are as short and pass the same tests. Here a third layer
    /// would be a line. It parses nothing, for it would round a secret of digits; each room does that, and tells all faults at once.
    ///
    /// # Errors
    /// Never for variables that this program knows.
    pub fn layered(under: HashMap<String, String>, over: HashMap<String, String>) -> Result<Self, SourceError> {
        let known = |all: HashMap<String, String>| all.into_iter().filter(|(name, _)| is_known(name)).collect();
        let layer = |values| Environment::default().ignore_empty(true).source(Some(known(values)));
        let merged = Config::builder().add_source(layer(under)).add_source(layer(over)).build()?;
        Ok(Self { variables: merged.try_deserialize()?, faults: Vec::new() })
    }

    /// The same, with these values where it has none.
    #[must_use]
    pub fn or_else(mut self, defaults: &[(&str, &str)]) -> Self {
        for (name, value) in defaults {
            self.variables.entry(name.to_ascii_lowercase()).or_insert_with(|| (*value).to_owned());
        }
        self
    }

    /// The files that secrets are read from.
    pub fn secret_files(&self) -> impl Iterator<Item = &str> {
        VARIABLES.iter().filter(|variable| variable.secret).filter_map(|variable| self.get(&format!("{}_FILE", variable.name)))
    }

    pub(super) fn faults(&self) -> &[SettingFault] {
        &self.faults
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        // `config` folds names to lower case.
        self.variables.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}

/// Whether a variable holds a secret that signs tokens.
pub(crate) fn is_signing_secret(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.signs && variable.name == name)
}

pub(super) fn is_known(name: &str) -> bool {
    VARIABLES
        .iter()
        .any(|variable| name == variable.name || (variable.secret && name.strip_suffix("_FILE") == Some(variable.name)))
}
