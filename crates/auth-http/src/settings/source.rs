//! Where variables come from: the environment, and below it the `.env` of the working directory.

use std::{collections::HashMap, io, path::Path};

use config::{Config, ConfigError, Environment};

/// The file with variables that the environment lacks.
pub const DOTENV: &str = ".env";

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
    plain("JWT_ISSUER"),
    plain("JWT_AUDIENCE"),
    plain("JWT_ALGORITHM"),
    secret("KEY_ENCRYPTION_KEY"),
    plain("JWKS_MAX_AGE"),
    plain("KEY_ROTATION_DAYS"),
    secret("DATABASE_URL"),
    plain("DATABASE_POOL_SIZE"),
    plain("HOST"),
    plain("PORT"),
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
    plain("REQUEST_TIMEOUT_SECONDS"),
    plain("SHUTDOWN_TIMEOUT_SECONDS"),
    plain("KEEP_ALIVE_SECONDS"),
    plain("MAX_CONNECTIONS"),
    plain("TLS_CERT_FILE"),
    plain("TLS_KEY_FILE"),
    plain("ALLOWED_ORIGINS"),
    plain("TRUSTED_PROXIES"),
    plain("API_DOCS"),
    plain("AUDIT_RETENTION_DAYS"),
    plain("LOG_FORMAT"),
    plain("LOG_LEVEL"),
    plain("METRICS_ADDR"),
    plain("OTEL_EXPORTER_OTLP_ENDPOINT"),
];

/// The variables that are set and not empty.
#[derive(Debug, Default)]
pub struct Source(HashMap<String, String>);

/// Why no variable could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("cannot read {path}: {cause}")]
    Unreadable { path: String, cause: String },
    #[error("{name} is not UTF-8")]
    NotUtf8 { name: String },
    #[error("cannot read the environment: {0}")]
    Config(#[from] ConfigError),
}

impl Source {
    /// The process environment over the `.env` of the working directory, if there is one.
    ///
    /// # Errors
    /// The `.env` is there but cannot be read.
    pub fn from_process() -> Result<Self, SourceError> {
        let mut environment = HashMap::new();
        for (name, value) in std::env::vars_os() {
            // A name that is not UTF-8 is none of ours.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(environment.insert(name, value)),
                // Read as well as it goes, two different secrets could be one.
                Err(_value) if is_known(&name) => return Err(SourceError::NotUtf8 { name }),
                Err(_value) => {}
            }
        }
        Self::layered(dotenv(Path::new(DOTENV))?, environment)
    }

    /// `over` where it has a value, `under` elsewhere. Empty values count as unset.
    ///
    /// # Errors
    /// Never for variables that this program knows.
    pub fn layered(under: HashMap<String, String>, over: HashMap<String, String>) -> Result<Self, SourceError> {
        let known = |all: HashMap<String, String>| all.into_iter().filter(|(name, _)| is_known(name)).collect();
        let layer = |values| Environment::default().ignore_empty(true).source(Some(known(values)));
        let merged = Config::builder().add_source(layer(under)).add_source(layer(over)).build()?;
        Ok(Self(merged.try_deserialize()?))
    }

    /// The files that secrets are read from.
    pub fn secret_files(&self) -> impl Iterator<Item = &str> {
        VARIABLES.iter().filter(|variable| variable.secret).filter_map(|variable| self.get(&format!("{}_FILE", variable.name)))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        // `config` folds names to lower case.
        self.0.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}

/// Whether a variable holds a secret that signs tokens.
pub(crate) fn is_signing_secret(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.signs && variable.name == name)
}

fn is_known(name: &str) -> bool {
    VARIABLES
        .iter()
        .any(|variable| name == variable.name || (variable.secret && name.strip_suffix("_FILE") == Some(variable.name)))
}

/// The pairs of a `.env`; none where there is no such file.
fn dotenv(path: &Path) -> Result<HashMap<String, String>, SourceError> {
    let unreadable = |cause: String| SourceError::Unreadable { path: path.display().to_string(), cause };
    match dotenvy::from_path_iter(path) {
        Err(dotenvy::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(unreadable(error.to_string())),
        // The parser's own message quotes the line, and the line may hold a secret.
        Ok(pairs) => pairs.collect::<Result<_, _>>().map_err(|_quotes_the_line| unreadable("it has a malformed line".to_owned())),
    }
}
