//! `serve`: everything in its order, and an orderly end.

use std::net::TcpListener;

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, settings};
use crate::{
    app::{Policies, Ports, UseCases, open_database},
    server::{self, Server},
    settings::Settings,
    telemetry::{self, Stream},
};

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A fault of the configuration or of the start; nothing listens then.
pub fn serve() -> Result<(), Failure> {
    let settings = settings()?;
    telemetry::start(&settings.log, Stream::Stdout);
    let database = open_database(&settings.database)?;
    let ports = Ports::over(&database, &settings)?;
    let listener = listen(&settings)?;
    let use_cases = UseCases::over(ports, &Policies::from(&settings));
    actix_web::rt::System::new().block_on(async {
        let server = server::start(listener, use_cases, settings.http)?;
        until_stopped(server).await
    })
}

fn listen(settings: &Settings) -> Result<TcpListener, Failure> {
    let (host, port) = (settings.http.host.as_str(), settings.http.port);
    TcpListener::bind((host, port)).map_err(|cause| Failure::Listen { address: format!("{host}:{port}"), cause })
}

async fn until_stopped(server: Server) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests in flight may finish, new ones are not answered");
        server.handle.stop().await;
    };
    let (served, ()) = tokio::join!(server.running, stopping);
    tracing::info!("stopped");
    Ok(served?)
}
