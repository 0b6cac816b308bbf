//! An import as it goes over the wire, where it matters when which byte is sent.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{IMPORT, NDJSON, parsed};
use crate::service::Service;

/// One request on a connection of its own, and as much of its answer as has been read.
pub(super) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

/// How an answer ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By its last chunk.
    Whole,
    CutOff,
}

impl Wire {
    /// Sends the head of an import, with these headers besides.
    pub(super) async fn import(service: &Service, token: &str, headers: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Whoever does not read has little room for what comes.
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let stream = socket.connect(service.address().parse().unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut wire = Self { stream, read: Vec::new() };
        let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let head = format!(
            "POST {IMPORT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}Content-Type: {NDJSON}\r\n{headers}\r\n\r\n"
        );
        wire.send(&head).await;
        wire
    }

    /// The head of one whose body comes in chunks.
    pub(super) async fn chunked(service: &Service, token: &str) -> Self {
        Self::import(service, token, "Transfer-Encoding: chunked").await
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// A chunk of a body; none is its end.
    pub(super) async fn chunk(&mut self, text: &str) {
        self.send(&format!("{:x}\r\n{text}\r\n", text.len())).await;
    }

    /// The lines that have been answered, once there are so many.
    pub(super) async fn lines(&mut self, count: usize) -> Vec<Value> {
        loop {
            let (body, _) = self.body();
            let whole = body.rfind('\n').map_or("", |end| &body[..=end]);
            let lines = parsed(whole);
            if lines.len() >= count {
                return lines;
            }
            assert!(self.more().await, "it ended after {}", self.text());
        }
    }

    /// All lines, once there are no more, and how they ended.
    pub(super) async fn rest(mut self) -> (Vec<Value>, Ending) {
        while self.more().await {}
        let (body, ending) = self.body();
        (parsed(&body), ending)
    }

    /// Status line and headers, once they are there.
    pub(super) async fn head(&mut self) -> String {
        loop {
            if let Some((head, _)) = self.text().split_once("\r\n\r\n") {
                return head.to_owned();
            }
            assert!(self.more().await, "it ended after {}", self.text());
        }
    }

    /// Forgets the head of an interim answer.
    pub(super) async fn go_on(&mut self) {
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 100 "), "{head}");
        self.read.drain(..head.len() + "\r\n\r\n".len());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }

    async fn more(&mut self) -> bool {
        // A connection that is reset has no more to say either.
        matches!(self.stream.read_buf(&mut self.read).await, Ok(length) if length > 0)
    }

    /// What the chunks so far have in them.
    fn body(&self) -> (String, Ending) {
        let text = self.text();
        let Some((head, mut rest)) = text.split_once("\r\n\r\n") else { return (String::new(), Ending::CutOff) };
        assert!(head.starts_with("HTTP/1.1 200 "), "{text}");
        let mut body = String::new();
        while let Some((length, more)) = rest.split_once("\r\n") {
            let length = usize::from_str_radix(length, 16).unwrap();
            if length == 0 {
                return (body, Ending::Whole);
            }
            body.push_str(&more[..length.min(more.len())]);
            let Some(next) = more.get(length + "\r\n".len()..) else { break };
            rest = next;
        }
        (body, Ending::CutOff)
    }
}
