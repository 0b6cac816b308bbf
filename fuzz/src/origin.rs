//! `ALLOWED_ORIGINS`: an accepted item is one origin as browsers and apps send it, and the layers that use it agree.

use actix_cors::Cors;
use actix_service::{Transform, fn_service};
use actix_web::{
    Error, HttpResponse,
    dev::{ServiceRequest, ServiceResponse},
    http::{Uri, header},
    test::TestRequest,
};
use auth_http::{
    middleware::cors,
    settings::{HttpSettings, RateLimit, origin},
};
use futures_util::FutureExt;
use std::time::Duration;

/// Any text as an item of the list.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(taken) = origin(text) else { return };
    assert_eq!(origin(&taken), Ok(taken.clone()), "what is kept is kept as it is");

    let (scheme, host) = taken.split_once("://").expect("a scheme and a host");
    let of_the_web = ["http", "https"].contains(&scheme);
    assert!(!host.is_empty() && taken.is_ascii() && scheme == scheme.to_ascii_lowercase(), "{taken:?}");
    assert!(!of_the_web || host == host.to_ascii_lowercase(), "{taken:?}");
    assert!(!["file", "data", "blob", "javascript", "about"].contains(&scheme), "{taken:?} sends null");
    assert!(!host.contains(['/', '?', '#', '@', '*', '\\', '%']), "{taken:?}");
    assert!(!taken.chars().any(|c| c.is_ascii_control() || c.is_ascii_whitespace()), "{taken:?}");

    let uri: Uri = taken.parse().unwrap_or_else(|fault| panic!("{text:?} is taken as {taken:?}, which CORS refuses: {fault}"));
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let spelled = format!("{}://{}{port}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default());
    assert_eq!(spelled, taken, "two parsers see one origin");
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    assert!(!of_the_web || port != own_port, "browsers leave out the scheme's own");

    let settings = settings(taken.clone());
    assert!(is_built(&cors::layer(&settings)), "the layer cannot be built with {taken:?}");
    assert!(passes(&taken, &settings), "{taken:?} is listed");
    for foreign in ["null".to_owned(), "*".to_owned(), String::new(), format!("{taken}.evil.example"), format!("{taken}/")] {
        assert!(!passes(&foreign, &settings), "{foreign:?} is not {taken:?}");
    }
}

fn passes(origin: &str, settings: &HttpSettings) -> bool {
    let request = TestRequest::default().insert_header((header::ORIGIN, origin)).to_http_request();
    cors::check_origin(&request, settings).is_ok()
}

fn is_built(layer: &Cors) -> bool {
    let inner = fn_service(async |request: ServiceRequest| {
        Ok::<ServiceResponse, Error>(request.into_response(HttpResponse::Ok().finish()))
    });
    Transform::<_, ServiceRequest>::new_transform(layer, inner).now_or_never().is_some_and(|built| built.is_ok())
}

fn settings(origin: String) -> HttpSettings {
    HttpSettings {
        public_url: None,
        host: "127.0.0.1".to_owned(),
        port: 0,
        max_body: 10_240,
        rate_limit: RateLimit { requests: 10, window: Duration::from_secs(60) },
        session_rate_limit: None,
        introspection_rate_limit: RateLimit { requests: 6000, window: Duration::from_secs(60) },
        admin_rate_limit: RateLimit { requests: 600, window: Duration::from_secs(60) },
        allowed_origins: vec![origin],
        trusted_proxies: Vec::new(),
        request_timeout: Duration::from_secs(10),
        shutdown_timeout: Duration::from_secs(8),
        keep_alive: Duration::from_secs(75),
        max_connections: 15_000,
        tls: None,
        api_docs: true,
    }
}
