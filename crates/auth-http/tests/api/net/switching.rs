//! Clients that would rather speak another protocol: they are answered as if they had not said so.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    middleware::general::raw,
    service::{Engine, Service},
};

/// What clients send that would rather speak something else.
const SWITCHES: [&str; 7] = [
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n",
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n",
    "connection:upgrade\r\nupgrade:WebSocket\r\n",
    "CONNECTION: keep-alive\r\nCONNECTION: \tUPGRADE \r\nUPGRADE: h2c, websocket\r\n",
    "Connection: Upgrade\r\n",
    "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\nUpgrade: websocket\r\n",
];

/// A request without a body, with one of a known length, and with a chunked one; what each is answered with.
fn switching(switch: &str) -> [(String, u16); 4] {
    let (body, text) = (r#"{"refresh_token":"x"}"#, format!("\r\n\r\n{switch}"));
    let refresh = format!("POST /auth/refresh HTTP/1.1\r\n{switch}Host: x\r\nContent-Type: application/json\r\n");
    [
        (format!("GET /health HTTP/1.1\r\nHost: x\r\n{switch}\r\n"), 200),
        (format!("{refresh}Content-Length: {}\r\n\r\n{body}", body.len()), 401),
        (format!("{refresh}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()), 401),
        // Inside of a body it is only text.
        (format!("{refresh}Content-Length: {}\r\n\r\n{text}", text.len()), 400),
    ]
}

/// The heads of so many answers that come by this connection, in order.
async fn heads(stream: &mut TcpStream, count: usize) -> Vec<String> {
    let (mut heads, mut come) = (Vec::new(), Vec::new());
    while heads.len() < count {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "only these came: {heads:?}");
        come.extend_from_slice(&part[..read]);
        while let Some(end) = come.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(come[..end + 2].to_vec()).unwrap().to_lowercase();
            let length = head.split_once("\r\ncontent-length: ").unwrap().1.split_once("\r\n").unwrap().0;
            let whole = end + 4 + length.parse::<usize>().unwrap();
            if come.len() < whole {
                break;
            }
            come.drain(..whole);
            heads.push(head);
        }
    }
    assert!(come.is_empty(), "one more came");
    heads
}

/// Whether each is answered in turn, on a connection that is kept, with no word of another protocol.
fn assert_as_any_other(heads: &[String], requests: &[(String, u16)]) {
    assert_eq!(heads.len(), requests.len());
    for (head, (request, status)) in heads.iter().zip(requests) {
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{request}: {head}");
        assert!(!head.contains("\r\nconnection:") && !head.contains("upgrade"), "{request}: {head}");
    }
}

#[tokio::test]
async fn a_request_to_switch_protocols_is_answered_as_any_other() {
    let service = Service::with(Engine::Sqlite, &[("RATE_LIMIT_REQUESTS", "100000")]).await;
    for switch in SWITCHES {
        let requests = switching(switch);
        let mut stream = TcpStream::connect(service.address()).await.unwrap();
        // One after the other, by the same connection.
        for request in &requests {
            stream.write_all(request.0.as_bytes()).await.unwrap();
            assert_as_any_other(&heads(&mut stream, 1).await, std::slice::from_ref(request));
        }
        // All at once.
        let mut stream = TcpStream::connect(service.address()).await.unwrap();
        let all = requests.iter().map(|(request, _)| request.as_str()).collect::<String>();
        stream.write_all(all.as_bytes()).await.unwrap();
        assert_as_any_other(&heads(&mut stream, requests.len()).await, &requests);
        // Cut anywhere. Each waits for the answer before it: actix closes after an answer while a body behind it is incomplete.
        for piece in [7, 1] {
            let mut stream = TcpStream::connect(service.address()).await.unwrap();
            stream.set_nodelay(true).unwrap();
            for request in &requests {
                for piece in request.0.as_bytes().chunks(piece) {
                    stream.write_all(piece).await.unwrap();
                }
                assert_as_any_other(&heads(&mut stream, 1).await, std::slice::from_ref(request));
            }
        }
    }
}

#[tokio::test]
async fn who_wants_to_switch_protocols_smuggles_nothing() {
    let service = Service::start(Engine::Sqlite).await;
    let smuggled = "GET /auth/me HTTP/1.1\r\nHost: x\r\n\r\n";
    for switch in SWITCHES {
        let head = format!(
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{switch}\r\n",
            smuggled.len()
        );
        let last = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let answers = raw(&service, format!("{head}{smuggled}{last}").as_bytes()).await;
        let status: Vec<_> = answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
        assert_eq!(status, ["400", "404"], "{switch}: {answers}");
        assert!(answers.contains("\r\nconnection: close\r\n") && !answers.contains("upgrade"), "{switch}: {answers}");
    }
}
