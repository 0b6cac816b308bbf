//! URL -> handler: the whole API on one page.

pub mod accounts;
pub(crate) mod docs;
pub(crate) mod maintenance;
pub(crate) mod matched;
pub(crate) mod oauth;
pub(crate) mod sessions;
pub mod sign_in;
pub(crate) mod signing_keys;
pub(crate) mod views;

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route, guard,
    http::Method,
    web::{self, PathConfig, QueryConfig, ServiceConfig},
};

use crate::{
    middleware::rate_limit::Budget::{General, Introspection, Sessions},
    web::problem::Problem,
};
use matched::{Needs, PROBE, PUBLISHED, form, json};

/// A path, the methods it takes, and what it needs of the layers.
pub struct Endpoint {
    pub path: &'static str,
    pub methods: Vec<Method>,
    needs: Needs,
    resource: Resource,
}

/// Every route there is. [`crate::openapi`] describes the same (a test holds them together).
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = api();
    all.extend(api_docs());
    all
}

fn api() -> Vec<Endpoint> {
    vec![
        at("/health", PROBE).get(maintenance::health),
        at("/health/live", PROBE).get(maintenance::live),
        at("/health/ready", PROBE).get(maintenance::ready),
        at("/auth/register", json(General)).post(accounts::register),
        at("/auth/login", json(General)).post(sign_in::login),
        at("/auth/refresh", json(Sessions)).post(sign_in::refresh),
        at("/auth/me", json(Sessions)).get(accounts::me).delete(accounts::delete),
        at("/auth/password", json(Sessions)).post(accounts::change_password),
        at("/auth/logout", json(Sessions)).post(sessions::logout),
        at("/auth/sessions", json(Sessions)).get(sessions::list),
        at("/auth/sessions/{id}", json(Sessions)).delete(sessions::end),
        at("/oauth/token", form(Sessions)).post(oauth::tokens::token),
        at("/oauth/revoke", form(Sessions)).post(oauth::tokens::revoke),
        at("/oauth/revocations", form(Introspection)).get(oauth::revocation_list::list),
        at("/.well-known/jwks.json", PUBLISHED).get(signing_keys::keys),
        at("/.well-known/oauth-authorization-server", PUBLISHED).get(signing_keys::metadata),
        at("/.well-known/openid-configuration", PUBLISHED).get(signing_keys::openid_configuration),
        at("/oauth/introspect", form(Introspection)).post(oauth::introspect::introspect),
    ]
}

/// What `API_DOCS=false` switches off.
fn api_docs() -> Vec<Endpoint> {
    vec![
        at("/openapi.json", PUBLISHED).get(docs::document),
        at("/docs", PUBLISHED).get(docs::page),
        at("/docs/{file}", PUBLISHED).get(docs::file),
    ]
}

/// Registers every route. A method that is not listed is 405 with `Allow`, a path that is not is 404.
pub fn configure(config: &mut ServiceConfig, with_docs: bool) {
    config.app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into())).app_data(
        QueryConfig::default().error_handler(|_, _| Problem::parameter("", "invalid_query", "must be a query string").into()),
    );
    for endpoint in if with_docs { endpoints() } else { api() } {
        config.service(endpoint.into_resource());
    }
    config.default_service(web::to(|| async { Err::<&str, _>(Problem::not_found()) }));
}

fn at(path: &'static str, needs: Needs) -> Endpoint {
    Endpoint { path, methods: Vec::new(), needs, resource: web::resource(path) }
}

impl Endpoint {
    /// GET, and HEAD with it (RFC 9110 section 9.3.2).
    fn get<F, A>(self, handler: F) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        self.takes([Method::GET, Method::HEAD], web::route().guard(either).to(handler))
    }

    fn post<F, A>(self, handler: F) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        self.takes([Method::POST], web::post().to(handler))
    }

    fn delete<F, A>(self, handler: F) -> Self
    where
        F: Handler<A, Output: Responder + 'static>,
        A: FromRequest + 'static,
    {
        self.takes([Method::DELETE], web::delete().to(handler))
    }

    fn takes<const N: usize>(mut self, methods: [Method; N], route: Route) -> Self {
        self.methods.extend(methods);
        Self { resource: self.resource.route(route), ..self }
    }

    fn into_resource(self) -> Resource {
        let allow = self.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let refuse = move || {
            let problem = Problem::method_not_allowed(allow.clone());
            async move { Err::<&str, _>(problem) }
        };
        self.resource.default_service(web::to(refuse))
    }
}
