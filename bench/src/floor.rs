//! The floor: what this machine does with actix-web alone, one route and a bit of JSON.

use std::env;

use actix_web::{App, HttpServer, web};
use anyhow::Result;
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Serves until it is killed, with as many workers as the server has: one a core.
pub(crate) fn serve() -> Result<()> {
    let port: u16 = env::var("PORT")?.parse()?;
    actix_web::rt::System::new().block_on(async {
        let app = || App::new().route("/health", web::get().to(async || web::Json(Health { status: "healthy" })));
        HttpServer::new(app).bind(("127.0.0.1", port))?.run().await
    })?;
    Ok(())
}
