//! Starting, stopping, and being killed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::service::{Engine, Service, credentials, eventually, on_every_engine};

#[tokio::test]
async fn requests_in_flight_finish_and_new_ones_are_not_answered() {
    for signal in ["-TERM", "-INT"] {
        let mut service = Service::start(Engine::Sqlite).await;
        service.register("ann@example.org").await;
        let body = credentials("ann@example.org").to_string();
        let mut in_flight = service.login_in_flight(body.len()).await;
        service.signal(signal);
        eventually(async || TcpStream::connect(service.address()).await.is_err(), |refused| *refused).await;
        in_flight.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        in_flight.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("access_token"), "{answer}");
        assert_eq!(service.wait().code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn who_takes_too_long_does_not_hold_the_stop() {
    let limits = [("SHUTDOWN_TIMEOUT_SECONDS", "1"), ("REQUEST_TIMEOUT_SECONDS", "120")];
    let mut service = Service::with(Engine::Sqlite, &limits).await;
    let _never_finished = service.login_in_flight(2).await;
    service.signal("-TERM");
    assert_eq!(service.wait().code(), Some(0));
}

on_every_engine! {
    async fn what_was_answered_survives_a_kill(engine) {
        let mut service = Service::start(engine).await;
        let (url, client) = (service.url.clone(), service.client.clone());
        let over = Arc::new(AtomicBool::new(false));
        let registrar = tokio::spawn({
            let over = over.clone();
            async move {
                let mut registered = Vec::new();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let email = format!("user{number}@example.org");
                    match client.post(format!("{url}/auth/register")).json(&credentials(&email)).send().await {
                        Ok(answer) if answer.status() == 201 => registered.push(email),
                        _ => break,
                    }
                }
                registered
            }
        });
        // Let a few through, then pull the plug in the middle of one.
        service.audited("user_registered", 5).await;
        service.kill();
        over.store(true, Ordering::Relaxed);
        let registered = registrar.await.unwrap();
        assert!(registered.len() >= 4, "{registered:?}");
        let again = Service::on(service.database.clone(), &[]).await;
        for email in registered {
            assert_eq!(again.login(&email).await.status, 200, "{email}");
        }
    }

    async fn sessions_go_on_after_a_restart(engine) {
        let mut service = Service::start(engine).await;
        let tokens = service.register("ann@example.org").await;
        service.signal("-TERM");
        assert_eq!(service.wait().code(), Some(0));
        let again = Service::on(service.database.clone(), &[]).await;
        assert_eq!(again.me(tokens.access()).await.status, 200);
        assert_eq!(again.refresh(tokens.refresh()).await.status, 200);
        assert_eq!(again.post("/auth/refresh", json!({ "refresh_token": tokens.refresh() })).await.status, 200, "within the window");
    }
}
