//! Between actix and the socket. What actix refuses before any layer of ours sees it (a malformed head) gets the shape of every
//! other error. Heads must arrive in time. A connection ends after its last answer, or when its place is needed.

use std::{
    future::Future,
    io,
    pin::Pin,
    str,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{
    http::StatusCode,
    rt::{
        net::{ActixStream, Ready},
        time::{Sleep, sleep},
    },
};
use auth_domain::ports::Ids;
use prometheus::IntCounterVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    crowd::Place,
    middleware::envelope::{NO_STORE, security_headers},
    problem::{PROBLEM_JSON, Problem},
};

/// How long a client may go on sending after the last answer on its connection, so that it gets to read
/// it. Left to itself, actix drains an endless body for ever.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// How `middleware::envelope` reports the requests on a connection: when a head has arrived whole, and when its answer is made.
/// In between, incoming bytes belong to a body, and head timeouts do not apply.
#[derive(Clone)]
pub(crate) struct Requests {
    /// Odd while one is under way.
    turns: Arc<AtomicUsize>,
    place: Arc<Place>,
}

impl Requests {
    /// A request begins, or ends.
    pub(crate) fn turn(&self) {
        let ends = self.turns.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        if ends { self.place.is_idle() } else { self.place.is_busy() }
    }

    fn count(&self) -> usize {
        self.turns.load(Ordering::Relaxed)
    }
}

/// What all connections of a server have in common.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// How long a head may take: actix times only the first, and in steps of half a second.
    pub head_patience: Duration,
    pub with_tls: bool,
    /// Counts refused heads, by status.
    pub refused_heads: IntCounterVec,
}

/// A connection's stream.
pub(crate) struct Wire<S> {
    stream: S,
    ids: Arc<dyn Ids>,
    /// To be written in the place of bytes that have been accepted already.
    rewritten: Vec<u8>,
    manner: Manner,
    requests: Requests,
    /// How many turns the requests had taken when last asked.
    turns: usize,
    /// Runs while a head is on its way: from the first byte, on a new connection from the start.
    head: Option<Pin<Box<Sleep>>>,
    /// Runs after the last answer.
    end: Option<Pin<Box<Sleep>>>,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, ids: Arc<dyn Ids>, manner: Manner, place: Place) -> Self {
        let head = Some(Box::pin(sleep(manner.head_patience)));
        let requests = Requests { turns: Arc::default(), place: Arc::new(place) };
        Self { stream, ids, rewritten: Vec::new(), manner, requests, turns: 0, head, end: None }
    }

    /// A refusal of a request that never became one, to be written next.
    fn refuse(&mut self, status: StatusCode) {
        let request_id = self.ids.next().to_string();
        self.manner.refused_heads.with_label_values(&[status.as_str()]).inc();
        self.rewritten.extend(refusal(status, &request_id, self.manner.with_tls).into_bytes());
    }

    /// For reporting the requests of the connection.
    pub(crate) fn requests(&self) -> Requests {
        self.requests.clone()
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    fn poll_rewritten(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rewritten.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.rewritten))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.rewritten.drain(..written)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the time after the last answer is over.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.end.as_mut().is_some_and(|end| end.as_mut().poll(context).is_ready())
    }

    /// Whether another connection needs the place of this one, which has no request under way.
    fn is_in_the_way(&self, context: &Context<'_>) -> bool {
        self.requests.place.poll_call(context).is_ready()
    }

    /// Whether a head has taken too long. Says so to the client, if there is anything to say it to.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let turns = self.requests.count();
        if std::mem::replace(&mut self.turns, turns) != turns {
            // The head that was timed has arrived.
            self.head = None;
        }
        let late = self.head.as_mut().is_some_and(|head| head.as_mut().poll(context).is_ready());
        if late {
            self.refuse(StatusCode::REQUEST_TIMEOUT);
            // As much as the socket takes; who is this slow may not get it all.
            let _sent = self.poll_rewritten(context);
        }
        late
    }
}

/// Whether an answer announces that it is the last. No body of ours has such a line.
fn says_goodbye(bytes: &[u8]) -> bool {
    const GOODBYE: &[u8] = b"\r\nconnection: close\r\n";
    bytes.windows(GOODBYE.len()).any(|window| window == GOODBYE)
}

/// A refusal of actix's own: where it begins, and its status. It is the last thing on its
/// connection, it has no body, and it lacks the request id that every answer of ours has.
fn bare_refusal(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let begin = bytes.windows(9).rposition(|window| window == b"HTTP/1.1 ")?;
    let Ok(head) = str::from_utf8(bytes.get(begin..)?) else { return None };
    let Ok(status) = head.get(9..12)?.parse::<StatusCode>() else { return None };
    let bare = head.contains("\r\ncontent-length: 0\r\n") && !head.contains("\r\nx-request-id: ");
    (bare && (status.is_client_error() || status.is_server_error())).then_some((begin, status))
}

/// The same refusal with a body, and the connection closed behind it.
fn refusal(status: StatusCode, request_id: &str, with_tls: bool) -> String {
    let body = Problem::of_status(status).document(request_id);
    let mut head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nconnection: close\r\nx-request-id: {request_id}\r\n",
        body.len()
    );
    for (name, value) in security_headers(with_tls).chain([NO_STORE]) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    tracing::debug!(request_id, status = status.as_u16(), "refused a request before it was one");
    head + "\r\n" + &body
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_rewritten(context))?;
        if self.end.is_none() && says_goodbye(bytes) {
            self.end = Some(Box::pin(sleep(LINGER)));
        }
        let Some((begin, status)) = bare_refusal(bytes) else {
            let written = Pin::new(&mut self.stream).poll_write(context, bytes);
            // Who does not take an answer may hold a place no longer than who does not ask.
            if written.is_pending() && self.is_in_the_way(context) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            return written;
        };
        self.rewritten = bytes.get(..begin).unwrap_or_default().to_vec();
        self.refuse(status);
        // Accepted; what is left of it goes out with the next write, flush or shutdown.
        match self.poll_rewritten(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rewritten(context))?;
        // Asked here as well: while actix waits for a body that it wants to drain, it does not read.
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rewritten(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_over(context) || self.is_late(context) || self.is_in_the_way(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let under_way = self.turns % 2 == 1;
        if buffer.filled().len() > before && self.head.is_none() && !under_way {
            self.head = Some(Box::pin(sleep(self.manner.head_patience)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: ActixStream> ActixStream for Wire<S> {
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        self.stream.poll_read_ready(context)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        self.stream.poll_write_ready(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_refusal_is_found_behind_earlier_answers() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
        let ours = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-request-id: 1\r\n\r\n{}";
        assert_eq!(bare_refusal(bare.as_bytes()), Some((0, StatusCode::BAD_REQUEST)));
        assert_eq!(bare_refusal(format!("{ours}{bare}").as_bytes()), Some((ours.len(), StatusCode::BAD_REQUEST)));
    }

    #[test]
    fn the_last_answer_is_known_by_its_head() {
        assert!(says_goodbye(b"HTTP/1.1 413 x\r\nconnection: close\r\n\r\n{}"));
        assert!(!says_goodbye(b"HTTP/1.1 200 OK\r\n\r\n{\"x\":\"connection: close\"}"));
    }

    #[test]
    fn answers_of_ours_are_left_alone() {
        for ours in [
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nx-request-id: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "",
        ] {
            assert_eq!(bare_refusal(ours.as_bytes()), None, "{ours:?}");
        }
    }
}
