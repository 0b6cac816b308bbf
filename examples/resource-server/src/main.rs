//! A service with two resources: one for anyone with an access token of auth-server, one for who has shown two factors lately.

mod caller;
mod verifier;
mod watch;

use std::{env, io, net::TcpListener, time::Duration};

use actix_web::{
    App, HttpServer, Responder, get, post,
    web::{Data, Json},
};
use serde_json::json;

use caller::{Caller, MaxAge, SureCaller};
use verifier::Verifier;
use watch::Watch;

/// The caller is an argument: without a valid token, the handler never runs.
#[get("/greeting")]
async fn greeting(caller: Caller) -> impl Responder {
    Json(json!({ "greeting": format!("Hello, {}", caller.email), "user": caller.sub, "session": caller.sid }))
}

/// What an open laptop or one password should not be enough for.
#[post("/payment")]
async fn payment(SureCaller(caller): SureCaller) -> impl Responder {
    Json(json!({ "paid_by": caller.sub }))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let verifier = Data::new(verifier()?);
    let port = set("PORT").map_or(Ok(8001), |port| port.parse()).map_err(io::Error::other)?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let max_age = MaxAge(set("MAX_AGE").map_or(Ok(300), |seconds| seconds.parse()).map_err(io::Error::other)?);
    println!("listening on http://{}", listener.local_addr()?);
    HttpServer::new(move || App::new().app_data(verifier.clone()).app_data(max_age).service(greeting).service(payment))
        .workers(2)
        .listen(listener)?
        .run()
        .await
}

/// With the shared secret if it is set, otherwise with the keys that the issuer publishes.
fn verifier() -> io::Result<Verifier> {
    let (issuer, audience) = (set("JWT_ISSUER"), set("JWT_AUDIENCE"));
    match (set("JWT_SECRET_KEY"), issuer) {
        (Some(secret), issuer) => Ok(Verifier::hs256(secret.as_bytes(), issuer.as_deref(), audience.as_deref())),
        (None, Some(issuer)) => {
            let seconds = set("POLL_SECONDS").map_or(Ok(2), |seconds| seconds.parse()).map_err(io::Error::other)?;
            let watch = Watch::start(issuer.clone(), Duration::from_secs(seconds));
            let watch = watch.map_err(|fault| io::Error::other(fault.to_string()))?;
            Ok(Verifier::published(watch, &issuer, audience.as_deref()))
        }
        (None, None) => Err(io::Error::other("JWT_ISSUER must be the URL of auth-server, or JWT_SECRET_KEY its secret")),
    }
}

/// Empty counts as unset, as in auth-server.
fn set(name: &str) -> Option<String> {
    env::var(name).map_or(None, |value| (!value.is_empty()).then_some(value))
}
