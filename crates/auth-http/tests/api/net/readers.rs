//! Clients that read their answers slowly, or not at all.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    net::connection_limit::{connect, is_served},
    service::{Engine, Service, eventually},
    telemetry::metrics,
};

const SCRIPT: &str = "/docs/swagger-ui-bundle.js";

/// Asks for more than the sockets take, and has little room for it. The last answer is as the last request has it.
async fn ask_for_much(service: &Service, connection: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(service.address().parse().unwrap()).await.unwrap();
    let head = |connection| format!("GET {SCRIPT} HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n");
    let heads = head("keep-alive").repeat(3) + &head(connection);
    stream.write_all(heads.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_last_answer_reaches_a_slow_reader_whole() {
    const PART: u64 = 64 * 1024;
    let service = Service::start(Engine::Sqlite).await;
    let whole = service.client.get(format!("{}{SCRIPT}", service.url)).send().await.unwrap().bytes().await.unwrap();
    let mut stream = ask_for_much(&service, "close").await;
    let mut answers = Vec::new();
    // Three seconds for all of it: more than there is after the last byte.
    let mut pace = tokio::time::interval(Duration::from_millis(28));
    while (&mut stream).take(PART).read_to_end(&mut answers).await.unwrap() > 0 {
        pace.tick().await;
    }
    assert!(answers.len() > 4 * whole.len(), "{} of 4 times {} bytes", answers.len(), whole.len());
    assert!(answers.ends_with(&whole));
}

#[tokio::test]
async fn who_stops_reading_holds_no_place_for_ever() {
    let service = Service::with(Engine::Sqlite, &[metrics::ON, ("KEEP_ALIVE_SECONDS", "1")]).await;
    let open = async || metrics::value(&metrics::scrape(&service).await, "auth_http_connections");
    for connection in ["close", "keep-alive"] {
        let _never_reads = ask_for_much(&service, connection).await;
        eventually(&open, |open| *open > 0.5).await;
        eventually(&open, |open| *open < 0.5).await;
    }
}

#[tokio::test]
async fn who_stops_reading_makes_room_at_the_cap() {
    let patient = [("MAX_CONNECTIONS", "4"), ("KEEP_ALIVE_SECONDS", "3600")];
    let service = Service::with(Engine::Sqlite, &patient).await;
    for connection in ["close", "keep-alive"] {
        let mut never_read = Vec::new();
        for _ in 0..4 {
            let mut stream = ask_for_much(&service, connection).await;
            // Its answer has begun.
            stream.read_exact(&mut [0; 1024]).await.unwrap();
            never_read.push(stream);
        }
        for _ in 0..8 {
            assert!(is_served(&mut connect(&service).await).await, "{connection}");
        }
    }
}
