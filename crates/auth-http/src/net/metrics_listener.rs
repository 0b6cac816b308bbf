//! `GET /metrics`, for Prometheus alone: a listener of its own, which never uses the database.

use std::{convert::Infallible, future, io, net::TcpListener, time::Duration};

use actix_http::{HttpService, KeepAlive, Method, Request, Response, StatusCode, body::BoxBody, error::DispatchError};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service};
use actix_web::{
    http::header,
    rt::{net::TcpStream, time::timeout},
};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};

use crate::web::headers::{NO_STORE, security_headers};

/// The most connections at a time: more than a few scrapers need.
const CONNECTIONS: usize = 16;

/// How long a connection lives, from its first byte to the last of its one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers scrapes until an error; without a listener, waits for ever.
///
/// # Errors
/// The socket cannot be used.
pub(crate) async fn serve(listener: Option<TcpListener>, registry: Registry) -> io::Result<()> {
    let Some(listener) = listener else { return future::pending().await };
    let address = listener.local_addr()?;
    let server = actix_server::Server::build()
        .disable_signals()
        .workers(1)
        .max_concurrent_connections(CONNECTIONS)
        .listen("metrics", listener, move || scrapes(registry.clone()))?
        .run();
    tracing::info!("metrics at http://{address}/metrics");
    server.await
}

fn scrapes(
    registry: Registry,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<> {
    let http = HttpService::build()
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(PATIENCE)
        .h1(fn_service(move |request: Request| future::ready(Ok::<_, Infallible>(answer(&request, &registry)))));
    // The library times the head alone: here is an end to everything.
    let http = apply_fn_factory(http, |connection, http| {
        let served = timeout(PATIENCE, http.call(connection));
        async move { served.await.unwrap_or(Err(DispatchError::SlowRequestTimeout)) }
    });
    fn_service(|stream: TcpStream| async move {
        let peer = stream.peer_addr()?;
        Ok((stream, Some(peer)))
    })
    .and_then(http)
}

fn answer(request: &Request, registry: &Registry) -> Response<BoxBody> {
    let mut response = match (request.path(), request.method()) {
        ("/metrics", &Method::GET) => exposition(registry),
        ("/metrics", _) => {
            let mut response = Response::new(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET"));
            response
        }
        _ => Response::new(StatusCode::NOT_FOUND),
    };
    for (name, value) in security_headers(false).chain([&NO_STORE]) {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}

fn exposition(registry: &Registry) -> Response<BoxBody> {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => {
            let mut response = Response::new(StatusCode::OK).set_body(BoxBody::new(text));
            response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(TEXT_FORMAT));
            response
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written down");
            Response::new(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}
