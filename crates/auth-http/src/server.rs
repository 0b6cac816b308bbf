//! The server: the layers every request passes, and the sockets it comes by.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::atomic::Ordering,
    time::Duration,
};

use actix_http::{HttpService, error::DispatchError};
use actix_server::ServerHandle;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{AppConfig, ServiceRequest, ServiceResponse},
    middleware::{Condition, from_fn},
    rt::net::TcpStream,
    web::Data,
};

use crate::{
    app::UseCases,
    housekeeping,
    middleware::{
        cors,
        envelope::envelope,
        intake::intake,
        limit::{Limiters, limit},
    },
    routes::{self, health::Draining},
    settings::HttpSettings,
    wire::{LINGER, Wire},
};

/// How long a connection may be idle between requests: longer than most proxies and clients keep theirs.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A server that has been started.
pub struct Server {
    /// Ends when the server has stopped.
    pub running: Pin<Box<dyn Future<Output = io::Result<()>>>>,
    pub handle: Handle,
}

/// Stops a server.
#[derive(Clone)]
pub struct Handle {
    server: ServerHandle,
    draining: Data<Draining>,
}

/// What all workers share.
#[derive(Clone)]
struct Shared {
    use_cases: Data<UseCases>,
    settings: Data<HttpSettings>,
    draining: Data<Draining>,
    limiters: Data<Limiters>,
}

impl Handle {
    /// Says that it is not ready any more, takes no new connections, lets requests in flight finish.
    pub async fn stop(&self) {
        self.draining.0.store(true, Ordering::Relaxed);
        self.server.stop(true).await;
    }
}

/// Starts serving on a socket that listens already.
///
/// # Errors
/// The socket cannot be used.
pub fn start(listener: TcpListener, use_cases: UseCases, settings: HttpSettings) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let limiters = Data::new(Limiters::new(&settings).ok_or_else(|| io::Error::other("a rate limit of nothing"))?);
    let shared = Shared {
        use_cases: Data::new(use_cases),
        settings: Data::new(settings),
        draining: Data::new(Draining::default()),
        limiters: limiters.clone(),
    };
    let (draining, use_cases) = (shared.draining.clone(), shared.use_cases.clone());
    let builder = actix_server::Server::build().disable_signals().shutdown_timeout(shared.settings.shutdown_timeout.as_secs());
    let stop = builder.graceful_shutdown_signal();
    let server = builder.listen("http", listener, move || connections(&shared, address, &stop))?.run();
    let handle = Handle { server: server.handle(), draining };
    actix_web::rt::spawn(Limiters::sweep(limiters));
    actix_web::rt::spawn(housekeeping::prune(use_cases));
    tracing::info!(host = %address.ip(), port = address.port(), "listening on http://{address}");
    Ok(Server { running: Box::pin(server), handle })
}

/// Turns connections of one worker into requests, HTTP/1.1 each.
fn connections(
    shared: &Shared,
    address: SocketAddr,
    stop: &actix_server::GracefulShutdownSignal,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<> {
    let stop = stop.clone();
    let app = app(shared).into_factory().map_err(|error: Error| error.error_response());
    let http = HttpService::build()
        .keep_alive(KEEP_ALIVE)
        .client_disconnect_timeout(LINGER)
        .client_request_timeout(Duration::ZERO)
        .on_connect_ext(|wire: &Wire<TcpStream>, connection| drop(connection.insert(wire.requests())))
        .local_addr(address)
        .graceful_shutdown_signal(move || {
            let stop = stop.clone();
            async move { stop.notified().await }
        })
        .h1(map_config(app, |()| AppConfig::default()));
    let (ids, patience) = (shared.use_cases.ports.ids.clone(), shared.settings.request_timeout);
    fn_service(move |stream: TcpStream| {
        let ids = ids.clone();
        async move {
            // Answers are small and whole: nothing to gather.
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr()?;
            Ok((Wire::new(stream, ids, patience), Some(peer)))
        }
    })
    .and_then(http)
}

/// The layers, innermost first, as actix wants them written.
fn app(
    shared: &Shared,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()> + use<>,
> {
    let Shared { use_cases, settings, draining, limiters } = shared.clone();
    let with_cors = !settings.allowed_origins.is_empty();
    App::new()
        .configure(routes::configure)
        .wrap(from_fn(intake))
        .wrap(from_fn(limit))
        .wrap(Condition::new(with_cors, cors::layer(&settings)))
        .wrap(from_fn(cors::foreign_preflights))
        .wrap(from_fn(envelope))
        .app_data(use_cases)
        .app_data(settings)
        .app_data(draining)
        .app_data(limiters)
}
