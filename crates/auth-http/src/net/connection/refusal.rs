//! What actix refuses before any layer of ours sees it, found among the answers and put into the shape of every other error.

use actix_web::http::StatusCode;

use crate::web::{
    headers::{NO_STORE, security_headers},
    problem::{PROBLEM_JSON, Problem},
};

/// No refusal of actix's own is longer.
const BARE_MAX: usize = 256;

/// What is written to a connection. Each byte is looked at once at most, however little the client takes at a time.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// How much of what is to be written has been looked at, from the front.
    seen: usize,
    /// The refusal at its end: length and status.
    refusal: Option<(usize, StatusCode)>,
    #[cfg(test)]
    inspected: usize,
}

/// What is to be written next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// So many bytes as they are.
    Answer(usize),
    /// A refusal of actix's own, up to the end.
    Refusal(StatusCode),
}

impl Answers {
    /// Takes all that is to be written: what is left of the last time, and more behind it.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Next {
        let new = bytes.get(self.seen..).unwrap_or_default();
        if !new.is_empty() {
            let end = new.get(new.len().saturating_sub(BARE_MAX)..).unwrap_or_default();
            self.refusal = bare_refusal(end);
            self.seen = bytes.len();
            #[cfg(test)]
            {
                self.inspected += end.len();
            }
        }
        match self.refusal {
            Some((length, status)) if length >= bytes.len() => Next::Refusal(status),
            Some((length, _)) => Next::Answer(bytes.len() - length),
            None => Next::Answer(bytes.len()),
        }
    }

    /// So many bytes are written.
    pub(crate) fn written(&mut self, count: usize) {
        self.seen = self.seen.saturating_sub(count);
    }
}

/// A refusal of actix's own at the end of what is written: its length and status. It is the last thing on its connection, has no
/// body, and lacks the request id that every answer of ours has.
fn bare_refusal(end: &[u8]) -> Option<(usize, StatusCode)> {
    const VERSION: &[u8] = b"HTTP/1.";
    if !end.ends_with(b"\r\n\r\n") {
        return None;
    }
    let begin = end.windows(VERSION.len()).rposition(|window| window == VERSION)?;
    let Ok(head) = str::from_utf8(end.get(begin..)?) else { return None };
    let Ok(status) = head.get(9..12)?.parse::<StatusCode>() else { return None };
    let bare = head.contains("\r\ncontent-length: 0\r\n") && !head.contains("\r\nx-request-id: ");
    (bare && (status.is_client_error() || status.is_server_error())).then_some((head.len(), status))
}

/// The same refusal with a body, and the connection closed behind it.
pub(crate) fn refusal(status: StatusCode, request_id: &str, with_tls: bool) -> String {
    let body = Problem::of_status(status).document(request_id);
    let mut head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nconnection: close\r\nx-request-id: {request_id}\r\n",
        body.len()
    );
    for (name, value) in security_headers(with_tls).chain([&NO_STORE]) {
        head.extend([name.as_str(), ": ", value.to_str().unwrap_or_default(), "\r\n"]);
    }
    tracing::debug!(request_id, status = status.as_u16(), "refused a request before it was one");
    head + "\r\n" + &body
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
    const OURS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-request-id: 1\r\n\r\n{}";

    #[test]
    fn a_bare_refusal_is_found_behind_earlier_answers() {
        for bare in [BARE, &BARE.replace("1.1", "1.0")] {
            let mut answers = Answers::default();
            assert_eq!(answers.next(bare.as_bytes()), Next::Refusal(StatusCode::BAD_REQUEST));
            let (both, mut answers) = (format!("{OURS}{bare}"), Answers::default());
            for written in 0..OURS.len() {
                assert_eq!(answers.next(&both.as_bytes()[written..]), Next::Answer(OURS.len() - written));
                answers.written(1);
            }
            assert_eq!(answers.next(bare.as_bytes()), Next::Refusal(StatusCode::BAD_REQUEST));
        }
    }

    #[test]
    fn a_refusal_that_comes_behind_the_rest_of_an_answer_is_found() {
        let mut answers = Answers::default();
        assert_eq!(answers.next(OURS.as_bytes()), Next::Answer(OURS.len()));
        answers.written(OURS.len() - 1);
        assert_eq!(answers.next(format!("}}{BARE}").as_bytes()), Next::Answer(1));
    }

    #[test]
    fn answers_of_ours_are_left_alone() {
        for ours in [
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "x\r\n\r\n",
            "",
        ] {
            assert_eq!(Answers::default().next(ours.as_bytes()), Next::Answer(ours.len()), "{ours:?}");
        }
    }

    #[test]
    fn what_is_looked_at_does_not_depend_on_how_the_client_reads() {
        // A body that speaks of refusals, and ends as they do.
        let body = format!("{}\r\n\r\n", BARE.repeat(1000).replace("content-length", "content-width"));
        for taken in [1, 7, 4096, body.len()] {
            let (mut answers, mut rest) = (Answers::default(), body.as_bytes());
            while !rest.is_empty() {
                assert_eq!(answers.next(rest), Next::Answer(rest.len()));
                let taken = taken.min(rest.len());
                answers.written(taken);
                rest = &rest[taken..];
            }
            assert_eq!(answers.inspected, BARE_MAX, "{taken} bytes at a time");
        }
    }
}
