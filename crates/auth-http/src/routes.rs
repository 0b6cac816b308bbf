//! URL -> handler: the whole API on one page. Each line says under which heading the API document has the path, what it needs of
//! the layers, and which problems each of its handlers makes.

pub mod accounts;
pub(crate) mod admin;
pub(crate) mod console;
pub(crate) mod docs;
pub mod factors;
mod files;
pub mod mail;
pub(crate) mod maintenance;
pub(crate) mod oauth;
pub mod pages;
pub mod passkeys;
pub(crate) mod sessions;
pub mod sign_in;
pub(crate) mod signing_keys;
pub(crate) mod views;

use actix_web::web::{self, PathConfig, QueryConfig, ServiceConfig};

use auth_domain::factors::policy::MfaPolicy;

use crate::{
    app::use_cases::UseCases,
    web::{
        endpoint::{
            Budget::{Admin, ByGrant, General, Introspection, Sessions},
            Endpoint, Needs, PAGE, PROBE, PUBLISHED, form, json, lines, merge_patch,
        },
        matched::RouteTable,
        problem::{
            Code::{
                CodeInvalid, CodeRefused, EmailTaken, EmailUnverified, FactorLimit, FactorRequired, InsufficientScope,
                InvalidCredentials, LastAdministrator, LastFactor, NotFound, Overloaded, PasskeyInvalid, PasskeyRefused,
                PasswordMismatch, PreconditionFailed, ProofInvalid, ReauthenticationRequired, SecondFactorRequired, TokenExpired,
                TokenInvalid, TokenMissing, TokenReused, TooManyAttempts, Unavailable, ValidationFailed,
            },
            Problem,
        },
    },
};

/// Every route there is. [`crate::openapi`] describes the same (a test holds them together).
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    served(With::ALL)
}

/// What there is of the routes that can be switched off.
#[derive(Debug, Clone, Copy)]
pub struct With {
    pub docs: bool,
    pub mail: bool,
    pub mfa: bool,
    pub apps: bool,
    pub passkeys: bool,
    pub admin: bool,
}

impl With {
    const ALL: Self = Self { docs: true, mail: true, mfa: true, apps: true, passkeys: true, admin: true };

    /// What goes with these use cases.
    #[must_use]
    pub fn of(app: &UseCases, docs: bool) -> Self {
        let mfa = app.sessions.demand_fresh.mfa != MfaPolicy::Off;
        let (apps, passkeys) = (mfa && app.mfa.apps.is_some(), app.mfa.passkeys.is_some());
        Self { docs, mail: app.mail.is_some(), mfa, apps, passkeys, admin: app.admin.api }
    }
}

fn served(with: With) -> Vec<Endpoint> {
    let mut all = api();
    if with.mail {
        all.extend(mail_api());
    }
    if with.mfa {
        // Before the ids of factors, which it could be taken for.
        all.extend(if with.apps { app_api() } else { vec![at("/auth/factors/totp", "factors", json(Sessions))] });
        all.extend(mfa_api());
    }
    if with.passkeys {
        all.extend(passkey_api());
    }
    if with.admin {
        all.extend(admin_api());
        // Without mail there is nothing to send.
        all.extend(with.mail.then(admin_mail));
        all.extend(console_of_our_own());
    }
    if with.mail || with.passkeys {
        all.push(pages_of_our_own());
    }
    if with.docs {
        all.extend(api_docs());
    }
    all
}

fn api() -> Vec<Endpoint> {
    vec![
        at("/health", "health", PROBE).get(maintenance::health, &[]),
        at("/health/live", "health", PROBE).get(maintenance::live, &[]),
        at("/health/ready", "health", PROBE).get(maintenance::ready, &[]),
        at("/auth/register", "accounts", json(General)).post(accounts::register, &[EmailTaken, Overloaded, Unavailable]),
        at("/auth/login", "tokens", json(General)).post(
            sign_in::login,
            &[InvalidCredentials, EmailUnverified, SecondFactorRequired, TooManyAttempts, Overloaded, Unavailable],
        ),
        at("/auth/refresh", "tokens", json(Sessions))
            .post(sign_in::refresh, &[TokenInvalid, TokenExpired, TokenReused, Unavailable]),
        at("/auth/reauthenticate", "tokens", json(Sessions)).post(
            sign_in::reauthenticate,
            &[PasswordMismatch, CodeRefused, ReauthenticationRequired, TooManyAttempts, Overloaded],
        ),
        at("/auth/me", "accounts", merge_patch(Sessions))
            .get(accounts::me, &[])
            .patch(accounts::change_profile, &[FactorRequired])
            .delete(
                accounts::delete,
                &[FactorRequired, ReauthenticationRequired, PasswordMismatch, LastAdministrator, TooManyAttempts, Overloaded],
            ),
        at("/auth/me/export", "accounts", json(Sessions))
            .get(accounts::export::export, &[FactorRequired, ReauthenticationRequired]),
        at("/auth/password", "accounts", json(Sessions)).post(
            accounts::change_password,
            &[FactorRequired, ReauthenticationRequired, PasswordMismatch, TooManyAttempts, Overloaded],
        ),
        at("/auth/logout", "sessions", json(Sessions)).post(sessions::logout, &[ValidationFailed]),
        at("/auth/sessions", "sessions", json(Sessions)).get(sessions::list, &[FactorRequired]),
        at("/auth/sessions/{id}", "sessions", json(Sessions)).delete(sessions::end, &[FactorRequired, NotFound]),
        at("/oauth/token", "oauth", form(ByGrant)).post(oauth::tokens::token, &[Unavailable]),
        at("/oauth/revoke", "oauth", form(Sessions)).post(oauth::tokens::revoke, &[Unavailable]),
        at("/oauth/introspect", "oauth", form(Introspection)).post(oauth::introspect::introspect, &[Unavailable]),
        at("/oauth/revocations", "keys", form(Introspection).cached())
            .get(oauth::revocation_list::list, &[ValidationFailed, Unavailable]),
        at("/.well-known/jwks.json", "keys", PUBLISHED).get(signing_keys::keys, &[]),
        at("/.well-known/oauth-authorization-server", "keys", PUBLISHED).get(signing_keys::metadata, &[NotFound]),
        at("/.well-known/openid-configuration", "keys", PUBLISHED).get(signing_keys::openid_configuration, &[NotFound]),
    ]
}

/// What there is where mails are sent.
fn mail_api() -> Vec<Endpoint> {
    vec![
        at("/auth/email/verification", "mail", json(General)).post(mail::request_verification, &[Unavailable]),
        at("/auth/email/verify", "mail", json(General)).post(
            mail::verify,
            &[
                FactorRequired,
                ProofInvalid,
                PasswordMismatch,
                TooManyAttempts,
                TokenInvalid,
                TokenExpired,
                Overloaded,
                Unavailable,
            ],
        ),
        at("/auth/password/forgot", "mail", json(General)).post(mail::forgot, &[Unavailable]),
        at("/auth/password/reset", "mail", json(General)).post(mail::reset, &[ProofInvalid, Overloaded, Unavailable]),
        at("/auth/email", "mail", json(Sessions)).post(mail::request_change, &[FactorRequired, ReauthenticationRequired]),
        at("/auth/email/confirm", "mail", json(General)).post(
            mail::confirm_change,
            &[FactorRequired, ProofInvalid, TokenMissing, TokenInvalid, TokenExpired, EmailTaken, Unavailable],
        ),
        at("/auth/undo", "mail", json(General)).post(mail::undo, &[ProofInvalid, Unavailable]),
    ]
}

/// What `MFA=off` switches off.
fn mfa_api() -> Vec<Endpoint> {
    vec![
        at("/auth/login/factor", "tokens", json(General))
            .post(sign_in::login_factor, &[CodeInvalid, TokenInvalid, TokenExpired, TooManyAttempts, Unavailable]),
        at("/auth/factors", "factors", json(Sessions)).get(factors::list, &[]),
        at("/auth/factors/recovery-codes", "factors", json(Sessions))
            .post(factors::replace_recovery_codes, &[FactorRequired, ReauthenticationRequired, NotFound]),
        at("/auth/factors/{id}", "factors", json(Sessions))
            .patch(factors::rename, &[FactorRequired, ReauthenticationRequired, NotFound])
            .delete(factors::remove, &[FactorRequired, ReauthenticationRequired, NotFound, LastAdministrator, LastFactor]),
    ]
}

/// What there is where a key encrypts the secrets of authenticator apps.
fn app_api() -> Vec<Endpoint> {
    vec![
        at("/auth/factors/totp", "factors", json(Sessions)).post(factors::enrol_totp, &[ReauthenticationRequired, FactorLimit]),
        at("/auth/factors/totp/{id}/confirm", "factors", json(Sessions))
            .post(factors::confirm_totp, &[CodeRefused, NotFound, FactorLimit]),
    ]
}

/// What there is where passkeys have a domain to be bound to.
fn passkey_api() -> Vec<Endpoint> {
    vec![
        at("/auth/passkeys/options", "passkeys", json(Sessions))
            .post(passkeys::options, &[ReauthenticationRequired, FactorLimit]),
        at("/auth/passkeys", "passkeys", json(Sessions)).post(passkeys::add, &[PasskeyRefused, FactorLimit]),
        at("/auth/passkeys/login/options", "passkeys", json(General)).post(passkeys::login_options, &[]),
        at("/auth/passkeys/login", "passkeys", json(General))
            .post(passkeys::login, &[PasskeyInvalid, EmailUnverified, Unavailable]),
        at("/.well-known/webauthn", "passkeys", PUBLISHED).get(passkeys::related_origins, &[]),
    ]
}

/// What whoever may not administer is told.
macro_rules! or_not_admin {
    ($($code:ident),* $(,)?) => { &[InsufficientScope, FactorRequired, ReauthenticationRequired, $($code),*] };
}

/// What `ADMIN_API` switches on.
fn admin_api() -> Vec<Endpoint> {
    vec![
        at("/admin/users", "admin", json(Admin))
            .get(admin::users::list, or_not_admin![ValidationFailed])
            .post(admin::users::create, or_not_admin![EmailTaken, Overloaded]),
        // Before the accounts, whose ids these words are not.
        at("/admin/users/import", "admin", lines(Admin)).post(admin::transfer::import::import, or_not_admin![ValidationFailed]),
        at("/admin/users/export", "admin", json(Admin)).get(admin::transfer::export::export, or_not_admin![]),
        at("/admin/users/{id}", "admin", merge_patch(Admin))
            .get(admin::users::show, or_not_admin![NotFound])
            .patch(admin::users::patch, or_not_admin![NotFound, EmailTaken, LastAdministrator, PreconditionFailed])
            .delete(admin::users::delete, or_not_admin![NotFound, LastAdministrator, PreconditionFailed]),
        at("/admin/users/{id}/reset-factors", "admin", json(Admin))
            .post(admin::sessions::reset_factors, or_not_admin![NotFound, LastAdministrator]),
        at("/admin/users/{id}/sessions", "admin", json(Admin))
            .get(admin::sessions::list, or_not_admin![NotFound])
            .delete(admin::sessions::end_all, or_not_admin![NotFound]),
        at("/admin/users/{id}/sessions/{sid}", "admin", json(Admin)).delete(admin::sessions::end, or_not_admin![NotFound]),
        at("/admin/audit", "admin", json(Admin)).get(admin::audit::list, or_not_admin![ValidationFailed]),
        at("/admin/clients", "admin", json(Admin)).get(admin::lists::clients, or_not_admin![ValidationFailed]),
        at("/admin/keys", "admin", json(Admin)).get(admin::lists::keys, or_not_admin![]),
        at("/admin/outbox", "admin", json(Admin)).get(admin::lists::outbox, or_not_admin![ValidationFailed]),
    ]
}

/// What there is of it where mails are sent.
fn admin_mail() -> Endpoint {
    at("/admin/users/{id}/password-reset", "admin", json(Admin)).post(admin::sessions::send_reset, or_not_admin![NotFound])
}

/// The page on it. `Data<console::Console>` goes with it.
fn console_of_our_own() -> Vec<Endpoint> {
    vec![
        at("/console", "console", PAGE).get(console::page, &[]),
        at("/console/{file}", "console", PUBLISHED).get(console::file, &[NotFound]),
    ]
}

/// What there is where mails are sent or passkeys are used. `Data<pages::Pages>` goes with it.
fn pages_of_our_own() -> Endpoint {
    at("/pages/{file}", "pages", PUBLISHED).get(pages::page, &[NotFound])
}

/// What `API_DOCS=false` switches off.
fn api_docs() -> Vec<Endpoint> {
    vec![
        at("/openapi.json", "docs", PUBLISHED).get(docs::document, &[]),
        at("/docs", "docs", PUBLISHED).get(docs::page, &[]),
        at("/docs/{file}", "docs", PUBLISHED).get(docs::file, &[NotFound]),
    ]
}

/// Registers every route, and what each of them needs. A path that is not listed is 404.
pub fn configure(config: &mut ServiceConfig, with: With) {
    config.app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into())).app_data(
        QueryConfig::default().error_handler(|_, _| Problem::parameter("", "invalid_query", "must be a query string").into()),
    );
    let endpoints = served(with);
    config.app_data(RouteTable::of(&endpoints));
    endpoints.into_iter().for_each(|endpoint| endpoint.register(config));
    config.default_service(web::to(|| async { Err::<&str, _>(Problem::not_found()) }));
}

fn at(path: &'static str, tag: &'static str, needs: Needs) -> Endpoint {
    Endpoint::at(path, tag, needs)
}

#[cfg(test)]
mod tests;
