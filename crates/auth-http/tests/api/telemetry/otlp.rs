//! Spans by OTLP, in a build with the feature `otlp`: sent to a collector that the test plays.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::service::{Answer, Engine, PASSWORD, Service, credentials};

/// What a collector has been sent, head and body, one after the other.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<u8>>>);

impl Collector {
    /// Takes everything in, and says that it is fine.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = collector.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(kept.clone().serve(stream));
            }
        });
        (collector, url)
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap_or(0);
            if read == 0 {
                break;
            }
            request.extend_from_slice(&chunk[..read]);
            if is_whole(&request) {
                self.0.lock().unwrap().append(&mut request);
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")
                    .await
                    .unwrap();
            }
        }
    }

    fn was_sent(&self, bytes: &[u8]) -> bool {
        self.0.lock().unwrap().windows(bytes.len()).any(|window| window == bytes)
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let length: usize = length.unwrap().parse().unwrap();
    request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4 + length <= request.len()
}

fn id(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_of_its_callers_trace() {
    let (collector, url) = Collector::start().await;
    let mut service = Service::with(Engine::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]).await;
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let request = service.request(reqwest::Method::POST, "/auth/register").json(&credentials("ann@example.org"));
    let answer = Answer::of(request.header("traceparent", format!("00-{trace}-{parent}-01"))).await;
    assert_eq!(answer.status, 201);
    // Without a trace of the client's, one begins here.
    service.get("/auth/me").await;
    let lines = service.lines(2, |line| line["target"] == "request").await;
    assert_eq!(lines[0]["trace_id"], trace);
    let own = lines[1]["trace_id"].as_str().unwrap().to_owned();
    assert!(own.len() == 32 && own != trace, "{own}");
    // An orderly stop sends what is left.
    service.signal("-TERM");
    assert_eq!(service.wait().code(), Some(0));
    for (bytes, what) in [
        (&b"POST /v1/traces HTTP/1.1\r\n"[..], "where to"),
        (&id(trace), "the client's trace"),
        (&id(parent), "its span"),
        (&id(&own), "our own trace"),
        (b"POST /auth/register", "the name of the span"),
        (b"GET /auth/me", "the name of the other"),
        (b"auth-server", "whose it is"),
    ] {
        assert!(collector.was_sent(bytes), "{what}");
    }
    for secret in [PASSWORD.as_bytes(), answer.access().as_bytes(), b"ann@example.org"] {
        assert!(!collector.was_sent(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_does_not_matter() {
    let mut service = Service::with(Engine::Sqlite, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
    service.register("ann@example.org").await;
    service.signal("-TERM");
    assert_eq!(service.wait().code(), Some(0));
}
