//! A service with one thing to get, for whoever has an access token of auth-server.

mod caller;
mod verifier;

use std::{env, io, net::TcpListener};

use actix_web::{App, HttpServer, Responder, get, web::Data, web::Json};
use serde_json::json;

use caller::Caller;
use verifier::Verifier;

/// The caller is an argument: without a good token, this is never reached.
#[get("/greeting")]
async fn greeting(caller: Caller) -> impl Responder {
    Json(json!({ "greeting": format!("Hello, {}", caller.email), "user": caller.sub, "session": caller.sid }))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    // Empty counts as unset, as it does for auth-server.
    let set = |name| env::var(name).map_or(None, |value| (!value.is_empty()).then_some(value));
    let secret = set("JWT_SECRET_KEY").ok_or_else(|| io::Error::other("JWT_SECRET_KEY must be that of auth-server"))?;
    let verifier = Data::new(Verifier::hs256(secret.as_bytes(), set("JWT_ISSUER").as_deref(), set("JWT_AUDIENCE").as_deref()));
    let port = set("PORT").map_or(Ok(8001), |port| port.parse()).map_err(io::Error::other)?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on http://{}", listener.local_addr()?);
    HttpServer::new(move || App::new().app_data(verifier.clone()).service(greeting)).workers(2).listen(listener)?.run().await
}
