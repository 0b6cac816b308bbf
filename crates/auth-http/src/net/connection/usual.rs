//! Requests that need no closer look: they end where one length says, and wish for nothing else. Read by the parser that actix has.

use httparse::{EMPTY_HEADER, Request, Status};

/// How many fields a usual head has at most.
const FIELDS: usize = 32;

/// The length of the head at the beginning, and of its body. `None` where only actix's codec can tell: the head is not whole, wishes
/// to switch protocols, or frames its body in another way.
pub(super) fn lengths(bytes: &[u8]) -> Option<(usize, u64)> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut request = Request::new(&mut fields);
    let Ok(Status::Complete(head)) = request.parse(bytes) else { return None };
    if request.version != Some(1) || request.method == Some("CONNECT") {
        return None;
    }
    let mut body = None;
    for field in &*request.headers {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        let fits = if is("content-length") {
            body.replace(length(field.value)?).is_none()
        } else if is("connection") {
            field.value.eq_ignore_ascii_case(b"keep-alive") || field.value.eq_ignore_ascii_case(b"close")
        } else {
            !is("transfer-encoding") && !is("upgrade")
        };
        if !fits {
            return None;
        }
    }
    Some((head, body.unwrap_or(0)))
}

/// Digits alone (RFC 9110 section 8.6).
fn length(value: &[u8]) -> Option<u64> {
    let Ok(digits) = std::str::from_utf8(value) else { return None };
    let Ok(length) = digits.parse() else { return None };
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(length)
}

#[cfg(test)]
mod tests {
    use actix_codec::Decoder;
    use actix_http::{
        ServiceConfig,
        h1::{Codec, Message, MessageType},
    };
    use actix_web::{rt::System, web::BytesMut};
    use proptest::prelude::*;

    use super::*;

    /// As actix frames it; `None` for what it refuses. There is more behind the head than any body here has.
    fn framed(bytes: &[u8]) -> Option<(usize, u64)> {
        let (mut codec, mut rest) = (Codec::new(ServiceConfig::default()), BytesMut::from(bytes));
        let Ok(Some(Message::Item(_head))) = codec.decode(&mut rest) else { return None };
        let (head, mut body) = (bytes.len() - rest.len(), 0);
        while codec.message_type() == MessageType::Payload {
            let Ok(Some(Message::Chunk(chunk))) = codec.decode(&mut rest) else { return None };
            body += chunk.map_or(0, |chunk| u64::try_from(chunk.len()).unwrap());
        }
        (codec.message_type() == MessageType::None).then_some((head, body))
    }

    const FIELDS_OF_FRAMING: &[&str] = &[
        "Content-Length: 3",
        "content-length:0",
        "Content-Length: 03\t",
        "Content-Length: +3",
        "Content-Length: 3, 3",
        "Content-Length: ",
        "Transfer-Encoding: chunked",
        "transfer-encoding: identity",
        "Transfer-Encoding:",
        "Connection: keep-alive",
        "Connection: close",
        "Connection: close, upgrade",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Upgrade: h2c",
        "Expect: 100-continue",
        "X: Upgrade",
        "X : y",
        "Host: y",
    ];

    proptest! {
        #[test]
        fn what_is_usual_is_framed_as_actix_frames_it(
            method in prop::sample::select(vec!["GET", "POST", "HEAD", "CONNECT", "\r\nPUT"]),
            version in prop::sample::select(vec!["1.1", "1.0"]),
            fields in prop::sample::subsequence(FIELDS_OF_FRAMING, 0..4).prop_shuffle(),
            end in prop::sample::select(vec!["\r\n", "\n"]),
        ) {
            let lines: String = fields.iter().map(|field| format!("{field}{end}")).collect();
            let text = format!("{method} /a HTTP/{version}{end}Host: x{end}{lines}{end}3\r\nabc\r\n0\r\n\r\n");
            // What actix refuses ends the connection, wherever it ends itself.
            let framed = System::new().block_on(async { framed(text.as_bytes()) });
            if let (Some(usual), Some(framed)) = (lengths(text.as_bytes()), framed) {
                prop_assert_eq!(usual, framed, "{}", text);
                prop_assert!(!text.to_lowercase().contains("\nupgrade"), "{}", text);
            }
        }
    }

    #[test]
    fn a_usual_request_ends_where_one_length_says() {
        for (head, body) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0),
            ("\r\n\r\nGET /upgrade HTTP/1.1\nHost: x\nConnection: Keep-Alive\n\n", 0),
            ("POST / HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH:  12 \r\nconnection: close\r\nX: Upgrade: h2c\r\n\r\n", 12),
            ("DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 0),
        ] {
            for rest in ["", "GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n"] {
                let bytes = format!("{head}{rest}");
                assert_eq!(lengths(bytes.as_bytes()), Some((head.len(), body)), "{head}");
            }
        }
    }

    #[test]
    fn what_is_framed_in_another_way_or_wishes_for_more_is_not_usual() {
        for fields in [
            "Upgrade: h2c",
            "UPGRADE:",
            "Connection: upgrade",
            "Connection: keep-alive, Upgrade",
            "Connection: keep-alive\r\nconnection: upgrade",
            "Transfer-Encoding: chunked",
            "transfer-encoding: identity",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: +1",
            "Content-Length: -1",
            "Content-Length: 1, 1",
            "Content-Length: 0x1",
            "Content-Length:",
            "Content-Length: 18446744073709551616",
            "Content-Length : 1",
            " Content-Length: 1",
        ] {
            assert_eq!(lengths(format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n").as_bytes()), None, "{fields}");
        }
        for bytes in [
            "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n",
            "nonsense\r\n\r\n",
            "",
        ] {
            assert_eq!(lengths(bytes.as_bytes()), None, "{bytes}");
        }
        let many = "X: y\r\n".repeat(FIELDS + 1);
        assert_eq!(lengths(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()), None);
    }
}
