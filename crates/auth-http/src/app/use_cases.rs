//! The use cases of all rooms, and the policies they follow.

use actix_web::{HttpRequest, web::Data};
use auth_domain::{
    factors::policy::MfaPolicy,
    mailbox::retry_mail::RetryMail,
    passwords::policy::PasswordPolicy,
    sessions::{token::Lifetimes, token_claims::TokenClaims},
    signing_keys::ring::KeyPolicy,
};
use chrono::TimeDelta;

use super::{
    accounts::AccountUseCases,
    admin::AdminUseCases,
    mail::{MailPolicy, MailUseCases},
    maintenance::MaintenanceUseCases,
    mfa::{MfaUseCases, PasskeyPolicy},
    oauth::OAuthUseCases,
    passwords::Passwords,
    ports::Ports,
    sessions::SessionUseCases,
    sign_in::SignInUseCases,
    signing_keys::KeyUseCases,
};
use crate::settings::Settings;

/// The policies the use cases follow.
#[derive(Debug, Clone)]
pub struct Policies {
    pub passwords: PasswordPolicy,
    pub lifetimes: Lifetimes,
    pub reuse_window: TimeDelta,
    /// How long an authentication is fresh.
    pub fresh: TimeDelta,
    pub sessions_per_user: usize,
    /// Failed password attempts at an address before whoever fails has to wait.
    pub login_failures: u32,
    /// Whether logins ask for a second factor.
    pub mfa: MfaPolicy,
    /// `None` on a server that takes no passkeys.
    pub passkeys: Option<PasskeyPolicy>,
    /// `None` on a server that sends no mail.
    pub mail: Option<MailPolicy>,
    /// How long the audit trail is kept; `None` is for ever.
    pub audit_kept: Option<TimeDelta>,
    /// Which attributes access tokens say.
    pub token_claims: TokenClaims,
    /// Whether there is an API for administrators.
    pub admin_api: bool,
    /// Whether administrators need a second factor.
    pub admin_factor: bool,
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

/// All use cases, by room. One `Data` holds them: a missing one is a compile error, not a 500.
pub struct UseCases {
    pub sign_in: SignInUseCases,
    pub sessions: SessionUseCases,
    pub accounts: AccountUseCases,
    pub admin: AdminUseCases,
    pub mfa: MfaUseCases,
    pub passwords: Passwords,
    /// `None` on a server that sends no mail.
    pub mail: Option<Data<MailUseCases>>,
    /// For operators. The outbox is there in any case.
    pub retry_mail: RetryMail,
    pub oauth: OAuthUseCases,
    pub signing_keys: KeyUseCases,
    pub maintenance: MaintenanceUseCases,
    pub realm: TokenIssuer,
    /// For what is no use case: health, request ids, the limiter's audit line, the operator's look-ups.
    pub ports: Ports,
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
            mfa: settings.mfa,
            passkeys: settings
                .passkeys
                .as_ref()
                .map(|passkeys| PasskeyPolicy { app_name: settings.app_name(), origins: passkeys.origins.clone() }),
            mail: settings.mail.as_ref().map(MailPolicy::from),
            audit_kept: settings.audit.kept,
            token_claims: settings.tokens.claims.clone(),
            admin_api: settings.admin.api,
            admin_factor: settings.admin.require_factor,
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
        Self {
            sign_in: SignInUseCases::over(&ports, policies),
            sessions: SessionUseCases::over(&ports, policies),
            accounts: AccountUseCases::over(&ports, policies),
            admin: AdminUseCases::over(&ports, policies),
            mfa: MfaUseCases::over(&ports, policies),
            mail: MailUseCases::over(&ports, policies).map(Data::new),
            retry_mail: RetryMail { outbox: ports.mail.admin.clone(), clock: ports.clock.clone() },
            passwords: Passwords { policy: policies.passwords },
            oauth: OAuthUseCases::over(&ports, policies),
            signing_keys: KeyUseCases::over(&ports, policies),
            maintenance: MaintenanceUseCases::over(&ports, policies),
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
