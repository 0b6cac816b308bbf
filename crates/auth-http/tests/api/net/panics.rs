//! A handler that panics: its client gets a problem, and the server goes on. No request makes the real one panic, so one
//! of its ports does here, in this process.

use std::{collections::HashMap, net::TcpListener, sync::Arc};

use actix_web::web::Data;
use auth_domain::{
    identity::port_error::PortError,
    sessions::{
        ports::TokenCodec,
        token::{Claims, InvalidToken, TokenKind},
    },
};
use auth_http::{
    app::{
        ports::{Ports, open_database, start_audit},
        use_cases::{Policies, UseCases},
    },
    server,
    settings::{Settings, Source},
};
use chrono::{DateTime, Utc};
use reqwest::{Client, Method};

use crate::service::{ACCESS_SECRET, Answer, REFRESH_SECRET, credentials};

struct Panics;

impl TokenCodec for Panics {
    fn encode(&self, _claims: &Claims) -> Result<String, PortError> {
        panic!("a secret of the codec")
    }

    fn decode(&self, _kind: TokenKind, _token: &str, _now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        panic!("a secret of the codec")
    }
}

fn settings() -> Settings {
    let variables = [
        ("JWT_SECRET_KEY", ACCESS_SECRET),
        ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET),
        ("DATABASE_URL", "sqlite::memory:"),
        ("BCRYPT_COST", "10"),
        ("RATE_LIMIT_REQUESTS", "1000"),
    ];
    let all = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Settings::read(&Source::layered(HashMap::new(), all).unwrap()).unwrap()
}

#[actix_web::test]
async fn a_panic_is_a_plain_500_and_the_server_goes_on() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let settings = settings();
    let database = open_database(&settings.database).unwrap();
    let audit = start_audit(&database).unwrap();
    let mut ports = Ports::open(&database, &settings, audit).unwrap();
    ports.sessions.codec = Arc::new(Panics);
    let use_cases = Data::new(UseCases::over(ports, &Policies::from(&settings)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server::start(listener, use_cases, settings.http, None).unwrap();
    let running = actix_web::rt::spawn(server.running);
    let client = Client::new();
    let me = async || Answer::of(client.get(format!("{url}/auth/me")).bearer_auth("x.y.z")).await;
    let register = async || Answer::of(client.post(format!("{url}/auth/register")).json(&credentials("ann@example.org"))).await;
    // More than there are workers: none of them is lost.
    for _ in 0..2 * std::thread::available_parallelism().unwrap().get() {
        let refused = me().await;
        assert_eq!(refused.refusal(), (500, "internal_error"));
        assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
        assert!(!format!("{refused:?}").contains("codec"), "{refused:?}");
    }
    assert_eq!(register().await.refusal(), (500, "internal_error"), "a body and a hash before it change nothing");
    assert_eq!(Answer::of(client.get(format!("{url}/health/ready"))).await.status, 200);
    let unknown = Answer::of(client.request(Method::POST, format!("{url}/auth/login")).json(&credentials("bob@example.org")));
    assert_eq!(unknown.await.refusal(), (401, "invalid_credentials"));
    server.handle.stop().await;
    running.await.unwrap().unwrap();
}
