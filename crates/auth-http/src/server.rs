//! The server: the layers every request passes, and the sockets it comes by.

use std::{
    future::{Future, poll_fn},
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, ServiceConfig, error::DispatchError};
use actix_server::ServerHandle;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{AppConfig, ServiceRequest, ServiceResponse},
    middleware::{Condition, Next, from_fn},
    rt::net::TcpStream,
    web::Data,
};

use tokio_rustls::TlsAcceptor;

use auth_domain::identity::language::Language;

use crate::{
    app::use_cases::UseCases,
    middleware::{
        Answered, cors,
        overload::Refusals,
        rate_limit::{Limiters, limit},
        request_body::intake,
        response::envelope,
    },
    net::{
        connection::{Connection, ConnectionConfig, LINGER, Socket},
        connection_limit::{ConnectionLimit, Permit},
        tls::Tls,
    },
    openapi,
    routes::{
        self, With,
        console::{Console, ConsoleSettings},
        docs::ApiDocument,
        maintenance::{Draining, ReadinessLook},
        oauth::feed::{Feed, heed_changes},
        pages::{PageSettings, Pages},
    },
    settings::HttpSettings,
    telemetry::http_metrics::{Measures, Meter},
};

/// How much higher the library's own limit is than ours, for connections that are opening or closing. The library counts by
/// worker, and lets nobody in at its limit.
const ON_THE_WAY: usize = 1024;

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
    refusals: Data<Refusals>,
    looks: Data<ReadinessLook>,
    feed: Data<Feed>,
    document: Data<ApiDocument>,
    pages: Option<Data<Pages>>,
    console: Option<Data<Console>>,
    crowd: Arc<ConnectionLimit>,
    measures: Arc<Measures>,
    tls: Option<Tls>,
}

impl Handle {
    /// Says that it is not ready any more, takes no new connections, lets requests in flight finish.
    pub async fn stop(&self) {
        self.draining.0.cancel();
        self.server.stop(true).await;
    }
}

/// Starts serving on a socket that listens already, with TLS or without.
///
/// # Errors
/// The socket cannot be used.
pub fn start(listener: TcpListener, use_cases: Data<UseCases>, settings: HttpSettings, tls: Option<&Tls>) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let limiters = Data::new(
        Limiters::new(&settings, use_cases.ports.rate_limits.shared.clone())
            .ok_or_else(|| io::Error::other("a rate limit of nothing"))?,
    );
    let with_docs = settings.api_docs;
    let with_console = use_cases.admin.api;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let crowd = ConnectionLimit::of_at_most(settings.max_connections);
    let measures = &use_cases.ports.measures;
    crowd.register(measures).map_err(io::Error::other)?;
    let shared = Shared {
        crowd,
        measures: Arc::new(Measures::register(measures).map_err(io::Error::other)?),
        tls: tls.cloned(),
        looks: Data::default(),
        document: Data::new(ApiDocument::written_by(openapi::document)),
        pages: pages(&use_cases)?,
        console: console(&use_cases)?,
        feed: Data::new(Feed::of(&use_cases)),
        use_cases,
        settings: Data::new(settings),
        draining: Data::new(Draining::default()),
        limiters: limiters.clone(),
        refusals: Data::default(),
    };
    let draining = shared.draining.clone();
    let builder = actix_server::Server::build()
        .disable_signals()
        .max_concurrent_connections(shared.settings.max_connections.saturating_add(ON_THE_WAY))
        .shutdown_timeout(shared.settings.shutdown_timeout.as_secs());
    let stop = builder.graceful_shutdown_signal();
    let server = builder.listen("http", listener, move || connections(&shared, address, &stop))?.run();
    let handle = Handle { server: server.handle(), draining };
    actix_web::rt::spawn(Limiters::sweep(limiters));
    tracing::info!(host = %address.ip(), port = address.port(), "listening on {scheme}://{address}");
    if with_docs {
        tracing::info!("the API, to read and to try: {scheme}://{address}/docs");
    }
    if with_console {
        tracing::info!("the console, for those who administer: {scheme}://{address}/console");
    }
    Ok(Server { running: Box::pin(server), handle })
}

/// The pages, on a server that has any: what links in mails lead to, and the one for passkeys.
fn pages(app: &UseCases) -> io::Result<Option<Data<Pages>>> {
    let (mail, passkeys) = (app.mail.as_ref(), app.mfa.passkeys.as_ref());
    let Some(app_name) = app_name(app) else { return Ok(None) };
    let language = mail.map_or(Language::English, |mail| mail.language);
    let settings = PageSettings { app_name, language, mail: mail.is_some(), passkeys: passkeys.is_some() };
    Ok(Some(Data::new(Pages::of(&settings).map_err(io::Error::other)?)))
}

/// The page for those who administer, on a server with an API for them.
fn console(app: &UseCases) -> io::Result<Option<Data<Console>>> {
    let settings = ConsoleSettings {
        app_name: app_name(app).unwrap_or_else(|| "auth-server".to_owned()),
        mail: app.mail.is_some(),
        passkeys: app.mfa.passkeys.is_some(),
    };
    let console = app.admin.api.then(|| Console::of(&settings)).transpose().map_err(io::Error::other)?;
    Ok(console.map(Data::new))
}

/// What the application is called, where people are told of it.
fn app_name(app: &UseCases) -> Option<String> {
    let of_passkeys = app.mfa.passkeys.as_ref().map(|passkeys| &passkeys.options.app_name);
    app.mail.as_ref().map(|mail| &mail.app_name).or(of_passkeys).cloned()
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
        .keep_alive(shared.settings.keep_alive)
        .client_disconnect_timeout(LINGER)
        .client_request_timeout(Duration::ZERO)
        // Who says nothing more has left: the two look alike, and next to no client ends its half and still listens.
        .h1_allow_half_closed(false)
        .on_connect_ext(|wire: &Connection, connection| drop(connection.insert(wire.permit())))
        .local_addr(address)
        .graceful_shutdown_signal({
            let stop = stop.clone();
            move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            }
        })
        .h1(map_config(app, |()| AppConfig::default()));
    let (ids, crowd, tls) = (shared.use_cases.ports.ids.clone(), shared.crowd.clone(), shared.tls.clone());
    let refused_heads = shared.measures.refused_heads.clone();
    let config = ConnectionConfig {
        head_patience: shared.settings.request_timeout,
        reader_patience: shared.settings.keep_alive,
        with_tls: tls.is_some(),
        refused_heads,
        framing: ServiceConfig::default(),
    };
    // The library runs this for each connection by itself: none waits for another's handshake.
    fn_service(move |stream: TcpStream| {
        let (ids, place, tls, stop, config) =
            (ids.clone(), crowd.enter(), tls.as_ref().map(Tls::acceptor), stop.clone(), config.clone());
        async move {
            let place = place.ok_or_else(|| io::Error::other("every connection has a request under way"))?;
            // Answers are small and whole: nothing to gather.
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr()?;
            let socket = match tls {
                None => Socket::Left(stream),
                Some(tls) => tokio::select! {
                    shaken = handshake(&tls, stream, &place, config.head_patience) => shaken?,
                    () = stop.notified() => return Err(io::Error::from(io::ErrorKind::Interrupted).into()),
                },
            };
            Ok((Connection::new(socket, ids, config, place), Some(peer)))
        }
    })
    .and_then(http)
}

/// Performs the TLS handshake within the time for a head, and only while nobody else needs the place.
async fn handshake(tls: &TlsAcceptor, stream: TcpStream, place: &Permit, patience: Duration) -> io::Result<Socket> {
    tokio::select! {
        shaken = tokio::time::timeout(patience, tls.accept(stream)) => {
            let stream = shaken.map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))??;
            Ok(Socket::Right(Box::new(stream)))
        }
        () = poll_fn(|context| place.poll_call(context)) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// The layers, innermost first, as actix wants them written.
fn app(
    shared: &Shared,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()> + use<>,
> {
    let Shared { use_cases, settings, draining, limiters, refusals, looks, feed, document, pages, console, measures, .. } =
        shared.clone();
    let with_cors = !settings.allowed_origins.is_empty();
    App::new()
        .configure(|config| {
            if let Some(pages) = pages {
                config.app_data(pages);
            }
            if let Some(console) = console {
                config.app_data(console);
            }
            routes::configure(config, With::of(&use_cases, settings.api_docs));
        })
        .wrap(from_fn(admission))
        .wrap(Condition::new(with_cors, cors::layer(&settings)))
        .wrap(from_fn(envelope))
        .app_data(use_cases)
        .app_data(settings)
        .app_data(draining)
        .app_data(limiters)
        .app_data(refusals)
        .app_data(looks)
        .app_data(feed)
        .app_data(document)
        // Of this worker alone: looking a route up takes no lock.
        .app_data(Meter::of(measures))
}

/// What a request passes inside of the layers, outermost first.
async fn admission(request: ServiceRequest, next: Next<BoxBody>) -> Answered {
    let heeded = async |request| heed_changes(request, next).await;
    limit(request, async |request| intake(request, heeded).await).await
}
