//! URL -> handler: the whole API on one page.

pub mod accounts;
pub mod health;
pub mod sessions;
pub mod tokens;

use actix_web::{
    Resource, Route,
    guard::{self, Guard},
    http::Method,
    web::{self, PathConfig, QueryConfig, ServiceConfig},
};

use crate::problem::Problem;

/// Registers every route. A method that is not listed is 405 with `Allow`, a path that is not is 404.
pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
        .app_data(
            QueryConfig::default().error_handler(|_, _| Problem::parameter("", "invalid_query", "must be a query string").into()),
        )
        .service(resource("/health", "GET, HEAD").route(get().to(health::live)))
        .service(resource("/health/live", "GET, HEAD").route(get().to(health::live)))
        .service(resource("/health/ready", "GET, HEAD").route(get().to(health::ready)))
        .service(resource("/auth/register", "POST").route(web::post().to(accounts::register)))
        .service(resource("/auth/login", "POST").route(web::post().to(tokens::login)))
        .service(resource("/auth/refresh", "POST").route(web::post().to(tokens::refresh)))
        .service(
            resource("/auth/me", "GET, HEAD, DELETE").route(get().to(accounts::me)).route(web::delete().to(accounts::delete)),
        )
        .service(resource("/auth/password", "POST").route(web::post().to(accounts::change_password)))
        .service(resource("/auth/logout", "POST").route(web::post().to(sessions::logout)))
        .service(resource("/auth/sessions", "GET, HEAD").route(get().to(sessions::list)))
        .service(resource("/auth/sessions/{id}", "DELETE").route(web::delete().to(sessions::end)))
        .default_service(web::to(|| async { Err::<&str, _>(Problem::not_found()) }));
}

fn resource(path: &str, allow: &'static str) -> Resource {
    let refuse = move || async move { Err::<&str, _>(Problem::method_not_allowed(allow)) };
    web::resource(path).default_service(web::to(refuse))
}

/// GET, and HEAD with it (RFC 9110 section 9.3.2).
fn get() -> Route {
    web::route().guard(guard::fn_guard(|request| {
        [Method::GET, Method::HEAD].iter().any(|method| guard::Method(method.clone()).check(request))
    }))
}
