//! `serve`: starts everything in its order, and stops it gracefully.

use std::{fmt::Display, future, mem::ManuallyDrop, net::TcpListener, time::Duration};

use actix_web::{rt::System, web::Data};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};

use super::{
    command::{CommandError, settings_to_serve},
    factors::{judge, unasked},
};
use crate::{
    app::{
        jobs::{self, Jobs},
        ports::{Ports, QueuedAudit, open_database, start_audit},
        use_cases::{Policies, UseCases},
    },
    cli::stop::{Interrupted, Stop},
    net::{fd_limit, metrics_listener, tls::Tls},
    server::{self, Server},
    settings::Source,
    telemetry::log::{self, Stream},
};

/// The least time for storing the last audit events, however long the requests in flight took to finish.
const FLUSH_AT_LEAST: Duration = Duration::from_millis(500);

/// How much longer than requests may take their threads have to say that they have ended.
const THREADS: Duration = Duration::from_millis(100);

/// Serves until SIGTERM or SIGINT. Then it ends in time, whatever hangs.
///
/// # Errors
/// A fault of the configuration or of the start; nothing listens then.
pub(crate) fn serve(source: &Source) -> Result<(), CommandError> {
    let (mut settings, tls) = settings_to_serve(source)?;
    let traces = log::start(&settings.telemetry, Stream::Stdout);
    // From here on: a database that hangs must not keep the program from ending, nor must being the first process of a container.
    let stop = Stop::listen(Interrupted::Server)?;
    let database = open_database(&settings.database).map_err(no_start)?;
    let audit = start_audit(&database).map_err(no_start)?;
    stop.spares(&audit);
    let ports = Ports::open(&database, &settings, audit.clone()).map_err(no_start)?;
    audit.register(&ports.measures).map_err(no_start)?;
    let use_cases = Data::new(UseCases::over(ports, &Policies::from(&settings)));
    // Whatever fails is to be told: dropping the runtime would wait for what hangs in the database.
    let system = ManuallyDrop::new(System::new());
    let stored = system.block_on(use_cases.mfa.stored.execute()).map_err(no_start)?;
    judge(&stored, &settings).map_err(CommandError::Settings)?;
    if let Some(words) = unasked(&stored, &settings) {
        tracing::warn!("{words}");
    }
    settings.http.max_connections = fd_limit::room_for(settings.http.max_connections);
    let listener = listen((settings.http.host.as_str(), settings.http.port))?;
    let scrapes =
        settings.telemetry.metrics.map(|address| listen((address.ip().to_string().as_str(), address.port()))).transpose()?;
    let measures = use_cases.ports.measures.clone();
    let patience = settings.http.shutdown_timeout;
    let served = {
        let _sent_at_the_end = traces;
        system.block_on(async {
            let clock = use_cases.ports.clock.clone();
            if let Some(known_by) = use_cases.signing_keys.reconcile.execute().await.map_err(CommandError::of_keys)? {
                // What this server signs from now on, the others would not take before.
                sleep((known_by - clock.now()).to_std().unwrap_or_default()).await;
                // Others may have made a key of theirs meanwhile.
                use_cases.signing_keys.maintain.execute().await.map_err(CommandError::of_keys)?;
            }
            stop.serves(patience);
            let jobs = jobs::start(&use_cases).map_err(no_start)?;
            let server = server::start(listener, use_cases, settings.http, tls.as_ref()).map_err(no_start)?;
            tokio::select! {
                stopped = until_stopped(server, jobs, &audit, &stop, patience) => stopped,
                failed = reload_when_told(tls.as_ref()) => failed,
                failed = metrics_listener::serve(scrapes, measures) => Ok(failed?),
            }
        })
    };
    if served.is_ok() {
        stop.leave();
        drop(ManuallyDrop::into_inner(system));
    }
    served
}

fn no_start(fault: impl Display) -> CommandError {
    CommandError::Start(fault.to_string())
}

fn listen((host, port): (&str, u16)) -> Result<TcpListener, CommandError> {
    TcpListener::bind((host, port)).map_err(|cause| CommandError::Listen { address: format!("{host}:{port}"), cause })
}

/// Reads certificate and key again at each SIGHUP. Without TLS there is nothing to read, and the signal ends the
/// program, as it does when its terminal goes away.
async fn reload_when_told(tls: Option<&Tls>) -> Result<(), CommandError> {
    let Some(tls) = tls else { return future::pending().await };
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        match tls.reload() {
            Ok(()) => tracing::info!("the certificate was read again; new connections get it"),
            Err(faults) => {
                let faults = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                tracing::error!(faults, "the certificate cannot be used; new connections get the one before");
            }
        }
    }
    future::pending().await
}

async fn until_stopped(
    server: Server,
    jobs: Jobs,
    audit: &QueuedAudit,
    stop: &Stop,
    patience: Duration,
) -> Result<(), CommandError> {
    let Server { mut running, handle } = server;
    let told_at = tokio::select! {
        ended = &mut running => return Ok(ended?),
        told_at = stop.told() => told_at,
    };
    tracing::info!("stopping: requests in flight may finish, new ones are not answered");
    let finished = async { tokio::join!(running, handle.stop()).0 };
    let (served, ()) = tokio::join!(timeout(patience + THREADS, finished), jobs.stop(patience));
    let served = served.unwrap_or_else(|_elapsed| {
        tracing::warn!("a thread of the server hangs; going without it");
        Ok(())
    });
    // Last of all, and no job: what ends before it may have something to tell, commands have a queue and no runner, and a signal
    // closes it from a thread of its own when the runtime hangs.
    audit.close(patience.saturating_sub(told_at.elapsed()).max(FLUSH_AT_LEAST));
    tracing::info!("stopped");
    Ok(served?)
}
