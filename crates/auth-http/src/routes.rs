//! URL -> handler: the whole API on one page. Each line says under which heading the API document has the path, what it needs of
//! the layers, and which problems each of its handlers makes.

pub mod accounts;
pub(crate) mod docs;
pub mod mail;
pub(crate) mod maintenance;
pub(crate) mod oauth;
pub mod pages;
pub(crate) mod sessions;
pub mod sign_in;
pub(crate) mod signing_keys;
pub(crate) mod views;

use actix_web::web::{self, PathConfig, QueryConfig, ServiceConfig};

use crate::web::{
    endpoint::{
        Budget::{General, Introspection, Sessions},
        Endpoint, Needs, PROBE, PUBLISHED, form, json,
    },
    matched::RouteTable,
    problem::{
        Code::{
            EmailTaken, EmailUnverified, InvalidCredentials, NotFound, Overloaded, PasswordMismatch, ProofInvalid,
            ReauthenticationRequired, TokenExpired, TokenInvalid, TokenMissing, TokenReused, TooManyAttempts, Unavailable,
            ValidationFailed,
        },
        Problem,
    },
};

/// Every route there is. [`crate::openapi`] describes the same (a test holds them together).
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    served(With { docs: true, mail: true })
}

/// What there is of the routes that can be switched off.
#[derive(Debug, Clone, Copy)]
pub struct With {
    pub docs: bool,
    pub mail: bool,
}

fn served(with: With) -> Vec<Endpoint> {
    let mut all = api();
    if with.mail {
        all.extend(mail_api());
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
        at("/auth/login", "tokens", json(General))
            .post(sign_in::login, &[InvalidCredentials, EmailUnverified, TooManyAttempts, Overloaded, Unavailable]),
        at("/auth/refresh", "tokens", json(Sessions))
            .post(sign_in::refresh, &[TokenInvalid, TokenExpired, TokenReused, Unavailable]),
        at("/auth/reauthenticate", "tokens", json(Sessions))
            .post(sign_in::reauthenticate, &[PasswordMismatch, TooManyAttempts, Overloaded]),
        at("/auth/me", "accounts", json(Sessions))
            .get(accounts::me, &[])
            .delete(accounts::delete, &[PasswordMismatch, TooManyAttempts, Overloaded]),
        at("/auth/password", "accounts", json(Sessions))
            .post(accounts::change_password, &[PasswordMismatch, TooManyAttempts, Overloaded]),
        at("/auth/logout", "sessions", json(Sessions)).post(sessions::logout, &[ValidationFailed]),
        at("/auth/sessions", "sessions", json(Sessions)).get(sessions::list, &[]),
        at("/auth/sessions/{id}", "sessions", json(Sessions)).delete(sessions::end, &[NotFound]),
        at("/oauth/token", "oauth", form(Sessions)).post(oauth::tokens::token, &[Unavailable]),
        at("/oauth/revoke", "oauth", form(Sessions)).post(oauth::tokens::revoke, &[Unavailable]),
        at("/oauth/introspect", "oauth", form(Introspection)).post(oauth::introspect::introspect, &[Unavailable]),
        at("/oauth/revocations", "keys", form(Introspection).cached())
            .get(oauth::revocation_list::list, &[ValidationFailed, Unavailable]),
        at("/.well-known/jwks.json", "keys", PUBLISHED).get(signing_keys::keys, &[]),
        at("/.well-known/oauth-authorization-server", "keys", PUBLISHED).get(signing_keys::metadata, &[NotFound]),
        at("/.well-known/openid-configuration", "keys", PUBLISHED).get(signing_keys::openid_configuration, &[NotFound]),
    ]
}

/// What there is where mails are sent. `Data<pages::Pages>` goes with it.
fn mail_api() -> Vec<Endpoint> {
    vec![
        at("/auth/email/verification", "mail", json(General)).post(mail::request_verification, &[Unavailable]),
        at("/auth/email/verify", "mail", json(General)).post(
            mail::verify,
            &[ProofInvalid, PasswordMismatch, TooManyAttempts, TokenInvalid, TokenExpired, Overloaded, Unavailable],
        ),
        at("/auth/password/forgot", "mail", json(General)).post(mail::forgot, &[Unavailable]),
        at("/auth/password/reset", "mail", json(General)).post(mail::reset, &[ProofInvalid, Overloaded, Unavailable]),
        at("/auth/email", "mail", json(Sessions)).post(mail::request_change, &[ReauthenticationRequired]),
        at("/auth/email/confirm", "mail", json(General))
            .post(mail::confirm_change, &[ProofInvalid, TokenMissing, TokenInvalid, TokenExpired, EmailTaken, Unavailable]),
        at("/auth/undo", "mail", json(General)).post(mail::undo, &[ProofInvalid, Unavailable]),
        at("/pages/{file}", "mail", PUBLISHED).get(pages::page, &[NotFound]),
    ]
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
