//! Environment -> Settings: every variable with its default and its rule, every fault at once, no secret shown. A file for each
//! room.

mod admin;
mod audit;
mod database;
mod directives;
mod dotenv;
mod http;
mod mail;
mod mfa;
mod passkeys;
mod passwords;
mod public_url;
mod rate_limits;
mod reader;
mod sessions;
mod signing_keys;
mod source;
mod telemetry;

use auth_domain::factors::policy::MfaPolicy;

pub use admin::AdminSettings;
pub use audit::AuditSettings;
pub use database::DatabaseSettings;
pub use dotenv::DOTENV;
pub(crate) use dotenv::EXAMPLE;
pub(crate) use http::{CERT_FILE, KEY_FILE};
pub use http::{HttpSettings, RateLimit, TlsFiles, network, origin};
pub use mail::{EmailVerification, MailSettings};
pub use passkeys::PasskeySettings;
pub use passwords::PasswordSettings;
pub use public_url::PublicUrl;
pub use rate_limits::RateLimitUrl;
use reader::Reader;
pub use reader::SettingFault;
pub(crate) use sessions::SESSIONS_MAX;
pub use sessions::SessionSettings;
pub use signing_keys::{KeySettings, TokenSettings, is_issuer};
pub(crate) use source::is_signing_secret;
pub use source::{Source, SourceError, VARIABLES, Variable};
pub use telemetry::{LogFormat, TelemetrySettings};

/// What the operator decided.
#[derive(Debug)]
pub struct Settings {
    pub tokens: TokenSettings,
    pub sessions: SessionSettings,
    pub passwords: PasswordSettings,
    pub audit: AuditSettings,
    pub database: DatabaseSettings,
    pub http: HttpSettings,
    /// Where all servers count requests together; `None`: each for itself.
    pub rate_limit_url: Option<RateLimitUrl>,
    pub telemetry: TelemetrySettings,
    /// `None`: this server sends no mail.
    pub mail: Option<MailSettings>,
    /// Whether logins ask for a second factor.
    pub mfa: MfaPolicy,
    /// `None`: this server takes no passkeys.
    pub passkeys: Option<PasskeySettings>,
    pub admin: AdminSettings,
}

impl Settings {
    /// Reads every variable.
    ///
    /// # Errors
    /// All faults together, each with its variable and the rule that it breaks.
    pub fn read(source: &Source) -> Result<Self, Vec<SettingFault>> {
        let mut reader = Reader::new(source);
        let tokens = TokenSettings::read(&mut reader);
        let sessions = SessionSettings::read(&mut reader);
        let database = DatabaseSettings::read(&mut reader);
        let passwords = PasswordSettings::read(&mut reader);
        let http = HttpSettings::read(&mut reader);
        let rate_limit_url = rate_limits::read(&mut reader);
        let telemetry = TelemetrySettings::read(&mut reader);
        let audit = AuditSettings::read(&mut reader);
        let mail = MailSettings::read(&mut reader, http.public_url.as_ref());
        let has_key = tokens.as_ref().is_none_or(|tokens| !tokens.keys.encryption.is_empty());
        let mfa = mfa::read(&mut reader, has_key);
        let passkeys = PasskeySettings::read(&mut reader, http.public_url.as_ref(), &http.allowed_origins);
        let admin = AdminSettings::read(&mut reader);
        match (tokens, database, rate_limit_url, mail, reader.into_faults()) {
            (Some(tokens), Some(database), Some(rate_limit_url), Some(mail), faults) if faults.is_empty() => Ok(Self {
                tokens,
                sessions,
                passwords,
                audit,
                database,
                http,
                rate_limit_url,
                telemetry,
                mail,
                mfa,
                passkeys,
                admin,
            }),
            (_, _, _, _, faults) => Err(faults),
        }
    }
}

impl Settings {
    /// What people know this application by.
    #[must_use]
    pub fn app_name(&self) -> String {
        let host = || self.http.public_url.as_ref().map_or("auth-server", PublicUrl::host).to_owned();
        self.mail.as_ref().map_or_else(host, |mail| mail.app_name.clone())
    }
}

#[cfg(test)]
pub(crate) mod tests;
