//! Takes the wish to switch protocols out of requests. A server may ignore it (RFC 9110 section 7.8), but actix would repeat it in
//! its answer and hang up, and for WebSocket take all that follows as the body, whatever its declared length.

use actix_codec::Decoder;
use actix_http::{
    ConnectionType, Request, ServiceConfig,
    h1::{Codec, Message, MessageType},
};
use actix_web::{http::header, web::BytesMut};

use super::usual;

/// Longer heads are refused, by actix's own limit.
const HEAD_MAX: usize = 128 * 1024;

/// What comes in by a connection.
pub(crate) struct Switching {
    config: ServiceConfig,
    /// Finds out where messages begin and end, as actix's own will behind this. `None` once that cannot be told any more.
    codec: Option<Codec>,
    /// How much of a usual request's body is still to come; the codec has not seen its head.
    body: u64,
    /// A head that is on its way.
    held: BytesMut,
    /// How much of it has been passed on: its first line, so that actix knows of it.
    passed: usize,
    /// How many heads have arrived whole.
    heads: usize,
    #[cfg(test)]
    decoded: usize,
}

impl Switching {
    pub(crate) fn new(config: ServiceConfig) -> Self {
        Self {
            codec: Some(Codec::new(config.clone())),
            config,
            body: 0,
            held: BytesMut::new(),
            passed: 0,
            heads: 0,
            #[cfg(test)]
            decoded: 0,
        }
    }

    /// The head that is on its way, or on a new connection expected; they are numbered.
    pub(crate) fn head(&self) -> Option<usize> {
        let expected = self.codec.is_some() && (self.heads == 0 || !self.held.is_empty());
        expected.then_some(self.heads)
    }

    /// What is to be passed on in place of what came; `None` where that is the same.
    pub(crate) fn pass(&mut self, came: &[u8]) -> Option<BytesMut> {
        let (usual, rest) = came.split_at(self.skim(came));
        if rest.is_empty() {
            return None;
        }
        let mut on = BytesMut::from(usual);
        self.pass_closely(rest, &mut on);
        Some(on)
    }

    /// How much of what came belongs to usual requests, of which nothing is held or changed.
    fn skim(&mut self, came: &[u8]) -> usize {
        let between = self.held.is_empty() && self.codec.as_ref().is_some_and(|codec| codec.message_type() == MessageType::None);
        if !between {
            return 0;
        }
        let mut rest = came;
        loop {
            let body = usize::try_from(self.body).unwrap_or(usize::MAX).min(rest.len());
            self.body -= u64::try_from(body).unwrap_or(self.body);
            rest = rest.get(body..).unwrap_or_default();
            let usual = if rest.is_empty() { None } else { usual::lengths(rest) };
            let Some((head, body)) = usual else { return came.len() - rest.len() };
            self.heads += 1;
            self.body = body;
            rest = rest.get(head..).unwrap_or_default();
        }
    }

    /// Passes on what is to be passed on. The rest follows when its head is whole.
    fn pass_closely(&mut self, came: &[u8], on: &mut BytesMut) {
        let begun = !self.held.is_empty();
        self.held.extend_from_slice(came);
        // No head ends in the middle of a line: parsing it anew for each byte would cost too much.
        if begun && !came.contains(&b'\n') && self.held.len() < HEAD_MAX {
            return;
        }
        let mut unseen = self.held.clone();
        #[cfg(test)]
        {
            self.decoded += unseen.len();
        }
        while self.decode(&mut unseen, on) {}
        if self.codec.is_none() {
            on.extend_from_slice(self.held.get(self.passed..).unwrap_or_default());
            (self.held, self.passed) = (BytesMut::new(), 0);
        } else if self.held.is_empty() {
            // An idle connection has no buffer.
            self.held = BytesMut::new();
        }
    }

    /// Takes the next step; whether there may be another.
    fn decode(&mut self, unseen: &mut BytesMut, on: &mut BytesMut) -> bool {
        let Some(codec) = &mut self.codec else { return false };
        let before = unseen.len();
        let decoded = codec.decode(unseen);
        let length = before - unseen.len();
        match decoded {
            Ok(Some(Message::Item(request))) => self.pass_head(&request, length, on),
            Ok(Some(Message::Chunk(_))) => {
                on.extend_from_slice(&self.held.split_to(length));
                true
            }
            Ok(None) => {
                on.extend_from_slice(&self.held.split_to(length));
                self.pass_first_line(on);
                false
            }
            // actix will refuse it, and close the connection.
            Err(_malformed) => self.give_up(),
        }
    }

    fn pass_head(&mut self, request: &Request, length: usize, on: &mut BytesMut) -> bool {
        self.heads += 1;
        let passed = self.passed;
        let mut head = self.held.split_to(length);
        self.passed = 0;
        if wants_to_switch(request) {
            head = without_the_wish(&head);
            // What follows is framed by the head that actix gets to see.
            let mut codec = Codec::new(self.config.clone());
            self.codec = codec.decode(&mut head.clone()).is_ok().then_some(codec);
        }
        on.extend_from_slice(head.get(passed..).unwrap_or_default());
        // After CONNECT, everything is the body.
        let ends = self.codec.as_ref().is_none_or(|codec| codec.message_type() == MessageType::Stream);
        if ends { self.give_up() } else { true }
    }

    fn pass_first_line(&mut self, on: &mut BytesMut) {
        if self.passed == 0
            && let Some(end) = self.held.iter().position(|byte| *byte == b'\n')
        {
            self.passed = end + 1;
            on.extend_from_slice(self.held.get(..self.passed).unwrap_or_default());
        }
    }

    fn give_up(&mut self) -> bool {
        self.codec = None;
        false
    }
}

fn wants_to_switch(request: &Request) -> bool {
    request.head().headers.contains_key(header::UPGRADE) || request.head().connection_type() == ConnectionType::Upgrade
}

/// The same head without `Upgrade`, in whatever lines it stands. The codec has understood it, so each line is a field.
fn without_the_wish(head: &[u8]) -> BytesMut {
    let mut rest = BytesMut::with_capacity(head.len());
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    rest.extend_from_slice(lines.next().unwrap_or_default());
    for line in lines {
        let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':').unwrap_or_default());
        if name.eq_ignore_ascii_case(b"connection") {
            let options = value.get(1..).unwrap_or_default().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            let others: Vec<_> =
                options.filter(|option| !option.is_empty() && !option.eq_ignore_ascii_case(b"upgrade")).collect();
            if !others.is_empty() {
                rest.extend_from_slice(&[b"connection: ", &others.join(&b", "[..])[..], b"\r\n"].concat());
            }
        } else if !name.eq_ignore_ascii_case(b"upgrade") {
            rest.extend_from_slice(line);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(switching: &mut Switching, came: &[u8]) -> BytesMut {
        switching.pass(came).unwrap_or_else(|| came.into())
    }

    /// What is passed on of bytes that come in pieces of this size, and whether a head is held at the end.
    fn passed(bytes: &str, piece: usize) -> (String, bool) {
        let mut switching = Switching::new(ServiceConfig::default());
        let parts: Vec<_> = bytes.as_bytes().chunks(piece).map(|part| pass(&mut switching, part)).collect();
        (String::from_utf8(parts.concat()).unwrap(), switching.head().is_some())
    }

    const WISH: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

    #[actix_web::test]
    async fn the_wish_is_taken_out_of_heads_and_out_of_nothing_else() {
        let tail = "Content-Length: 5\r\n\r\n";
        let heads = [
            (format!("POST /a HTTP/1.1\r\nHost: x\r\n{WISH}{tail}"), format!("POST /a HTTP/1.1\r\nHost: x\r\n{tail}")),
            (
                format!("POST /a HTTP/1.1\nHost: x\nconnection:keep-alive ,UPGRADE\nupgrade:h2c\n{tail}"),
                format!("POST /a HTTP/1.1\nHost: x\nconnection: keep-alive\r\n{tail}"),
            ),
            (
                format!("\r\nPOST /a HTTP/1.1\r\nUpgrade: a\r\nHost: x\r\nUpgrade: b\r\nConnection: close, upgrade\r\n{tail}"),
                format!("\r\nPOST /a HTTP/1.1\r\nHost: x\r\nconnection: close\r\n{tail}"),
            ),
            (format!("POST /upgrade: HTTP/1.1\r\nHost: x\r\n{tail}"), format!("POST /upgrade: HTTP/1.1\r\nHost: x\r\n{tail}")),
        ];
        let bodies = [
            ("hello".to_owned(), "hello"),
            (format!("hello{}", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "helloGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ];
        for piece in [1, 2, 3, 5, 8, 1000] {
            for (head, bare) in &heads {
                for (body, same) in &bodies {
                    assert_eq!(passed(&format!("{head}{body}"), piece), (format!("{bare}{same}"), false), "{piece}");
                }
            }
        }
    }

    #[actix_web::test]
    async fn usual_requests_are_neither_copied_nor_parsed_by_the_codec() {
        let get = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n";
        let post = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nUpgrade: ";
        let (head, body) = post.split_at(post.len() - 9);
        let mut switching = Switching::new(ServiceConfig::default());
        for came in [get, post, get, head, body, &format!("{get}{post}{head}"), &body[..4], &format!("{}{get}", &body[4..])] {
            assert_eq!(switching.pass(came.as_bytes()), None, "{came}");
        }
        assert_eq!((switching.decoded, switching.head()), (0, None));
    }

    #[actix_web::test]
    async fn a_wish_is_taken_out_behind_usual_requests_and_before_them() {
        let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
        let post = format!("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{WISH}", WISH.len());
        let chunked =
            format!("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{WISH}\r\n0\r\n\r\n", WISH.len());
        let wish = format!("GET /b HTTP/1.1\r\nHost: x\r\n{WISH}\r\n");
        let bare = wish.replace(WISH, "");
        for piece in [1, 7, 30, 64, 100, 1000] {
            for usual in [get, &post, &chunked] {
                let sent = format!("{usual}{wish}{usual}{usual}{wish}");
                let expected = format!("{usual}{bare}{usual}{usual}{bare}");
                assert_eq!(passed(&sent, piece), (expected, false), "{piece}");
            }
        }
    }

    #[actix_web::test]
    async fn in_a_body_it_is_text_whatever_its_frame() {
        let text = format!("\r\n\r\nGET / HTTP/1.1\r\n{WISH}\r\n");
        let known = format!("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{text}", text.len());
        let chunked = format!(
            "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{:x};{WISH}\r\n{text}\r\n0\r\n\r\n",
            text.len()
        );
        let chunked = chunked.replace(&format!(";{WISH}"), ";a=b");
        for piece in [1, 2, 3, 5, 8, 1000] {
            for whole in [&known, &chunked] {
                let twice = format!("{whole}{whole}");
                assert_eq!(passed(&twice, piece), (twice.clone(), false), "{piece}");
            }
        }
    }

    #[actix_web::test]
    async fn a_head_on_its_way_shows_its_first_line_alone() {
        let (line, rest) = ("GET / HTTP/1.1\r\n", "Host: x\r\nConnection: Upg");
        assert_eq!(passed(&format!("{line}{rest}"), 1), (line.to_owned(), true));
        assert_eq!(passed("GET / HT", 1000), (String::new(), true));
        assert_eq!(passed("", 1), (String::new(), true));
    }

    #[actix_web::test]
    async fn what_is_no_request_is_passed_on_as_it_is() {
        for bytes in [
            "nonsense\r\n\r\nGET / HTTP/1.1\r\nUpgrade: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\nUpgrade: x\r\n\r\nx",
            "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nUpgrade: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nUpgrade: x\r\n\r\n",
        ] {
            for piece in [1, 4, 1000] {
                assert_eq!(passed(bytes, piece), (bytes.to_owned(), false), "{piece}");
            }
        }
    }

    #[actix_web::test]
    async fn what_a_head_costs_does_not_depend_on_how_the_client_sends() {
        let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\nUpgrade: x\r\n\r\n", "x".repeat(100_000));
        let mut switching = Switching::new(ServiceConfig::default());
        let passed: Vec<_> = long.as_bytes().chunks(1).map(|byte| pass(&mut switching, byte)).collect();
        assert_eq!(passed.concat(), long.replace("Upgrade: x\r\n", "").as_bytes());
        // Once for each line that ends, and for the first byte.
        assert!(switching.decoded < 4 * long.len(), "{}", switching.decoded);
        let endless = "x".repeat(200_000);
        let mut switching = Switching::new(ServiceConfig::default());
        let line = pass(&mut switching, b"GET / HTTP/1.1\r\nX: ");
        let passed: Vec<_> = endless.as_bytes().chunks(1000).map(|part| pass(&mut switching, part)).collect();
        assert_eq!(line.len() + passed.concat().len(), "GET / HTTP/1.1\r\nX: ".len() + endless.len());
        assert_eq!(switching.head(), None);
    }
}
