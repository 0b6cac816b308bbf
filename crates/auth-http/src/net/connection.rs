//! Between actix and the socket. What actix refuses before any layer of ours sees it (a malformed head) gets the shape of every
//! other error. Heads must arrive in time. A connection ends after its last answer, or when its place is needed.

mod refusal;
mod switching;
mod usual;

use std::{
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::ServiceConfig;
use actix_web::{
    http::StatusCode,
    rt::{
        net::{ActixStream, Ready, TcpStream},
        time::{Sleep, sleep},
    },
    web::BytesMut,
};
use auth_domain::identity::clock::Ids;
use prometheus::IntCounterVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::net::connection_limit::{Permit, Phase};
use refusal::{Answers, Next, refusal};
use switching::Switching;

/// How long a client may go on sending after the last byte of the last answer on its connection, so that it gets to read it. Left
/// to itself, actix drains an endless body for ever.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a server have in common.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionConfig {
    /// How long a head may take: actix times only the first, and in steps of half a second.
    pub head_patience: Duration,
    /// How long a client may take nothing of an answer.
    pub reader_patience: Duration,
    pub with_tls: bool,
    /// Counts refused heads, by status.
    pub refused_heads: IntCounterVec,
    /// For finding out where requests begin and end.
    pub framing: ServiceConfig,
}

/// A connection's stream without TLS, or with TLS around it: boxed, since it is far larger.
pub(crate) type Socket = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// What actix takes for the socket.
pub(crate) struct Connection {
    stream: Socket,
    ids: Arc<dyn Ids>,
    config: ConnectionConfig,
    permit: Rc<Permit>,
    switching: Switching,
    /// To be read by actix.
    incoming: BytesMut,
    answers: Answers,
    /// A refusal to be written, and how many bytes of actix's own it replaces.
    refusal: BytesMut,
    replaced: usize,
    wait: Option<Wait>,
}

/// What must happen in time for the connection to go on.
struct Wait {
    awaited: Awaited,
    over: Pin<Box<Sleep>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// The rest of a head, by its number.
    Head(usize),
    /// That the client takes more of an answer.
    Reader,
    /// That the client leaves, after the last answer.
    Leaving,
}

impl Connection {
    pub(crate) fn new(stream: Socket, ids: Arc<dyn Ids>, config: ConnectionConfig, permit: Permit) -> Self {
        let switching = Switching::new(config.framing.clone());
        let (incoming, answers, refusal) = (BytesMut::new(), Answers::default(), BytesMut::new());
        Self { stream, ids, config, permit: Rc::new(permit), switching, incoming, answers, refusal, replaced: 0, wait: None }
    }

    /// A refusal of a request that never became one, to be written next.
    fn refuse(&mut self, status: StatusCode) {
        let request_id = self.ids.next().to_string();
        self.config.refused_heads.with_label_values(&[status.as_str()]).inc();
        self.refusal.extend_from_slice(refusal(status, &request_id, self.config.with_tls).as_bytes());
        self.permit.close();
    }

    /// For reporting the requests of the connection.
    pub(crate) fn permit(&self) -> Rc<Permit> {
        self.permit.clone()
    }

    /// The TCP stream below, whose readiness the kernel reports.
    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Either::Left(stream) => stream,
            Either::Right(stream) => stream.get_ref().0,
        }
    }

    fn wait_for(&mut self, awaited: Awaited) {
        let patience = match awaited {
            Awaited::Head(_) => self.config.head_patience,
            Awaited::Reader => self.config.reader_patience,
            Awaited::Leaving => LINGER,
        };
        self.wait = Some(Wait { awaited, over: Box::pin(sleep(patience)) });
    }

    fn awaited(&self) -> Option<Awaited> {
        self.wait.as_ref().map(|wait| wait.awaited)
    }

    /// Times a head while nothing else goes on: no request is under way, and no answer waits for its reader.
    fn time_the_head(&mut self) {
        let head = self.switching.head().filter(|_| self.permit.phase() == Phase::Idle);
        if let Some(Awaited::Head(timed)) = self.awaited()
            && head != Some(timed)
        {
            self.wait = None;
        }
        if let (Some(head), None) = (head, self.awaited()) {
            self.wait_for(Awaited::Head(head));
        }
    }

    /// The client has taken all that it was given so far.
    fn was_taken(&mut self) {
        if self.permit.phase() == Phase::Closing {
            self.wait_for(Awaited::Leaving);
        } else if self.awaited() == Some(Awaited::Reader) {
            self.wait = None;
        }
    }

    /// Writes what is left of a refusal, as far as the socket takes it.
    fn write_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.refusal))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.refusal.split_to(written)),
            }
            self.was_taken();
        }
        Poll::Ready(Ok(()))
    }

    /// Fails when something took too long, or another connection needs the place of this one, which has no request under way.
    fn may_go_on(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.time_the_head();
        let over = self.wait.as_mut().is_some_and(|wait| wait.over.as_mut().poll(context).is_ready());
        if over && matches!(self.awaited(), Some(Awaited::Head(_))) {
            self.refuse(StatusCode::REQUEST_TIMEOUT);
            // Who is this slow may not get it all.
            let _written = self.write_refusal(context);
        }
        if over || self.permit.poll_call(context).is_ready() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// The client takes nothing at the moment. Who does not take an answer may hold a place no longer than who does not ask. Who has
    /// not sent all of the question is timed by that.
    fn is_stuck<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.permit.phase() == Phase::Streaming {
            self.wait = None;
        } else if self.awaited() != Some(Awaited::Reader) {
            self.wait_for(Awaited::Reader);
        }
        match self.may_go_on(context) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.replaced == 0 {
            match self.answers.next(bytes) {
                Next::Answer(length) => {
                    let answer = bytes.get(..length).unwrap_or(bytes);
                    let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(context, answer) else {
                        return self.is_stuck(context);
                    };
                    let written = written?;
                    self.answers.written(written);
                    self.was_taken();
                    return Poll::Ready(Ok(written));
                }
                Next::Refusal(status) => {
                    self.refuse(status);
                    self.replaced = bytes.len();
                }
            }
        }
        let Poll::Ready(written) = self.write_refusal(context) else { return self.is_stuck(context) };
        Poll::Ready(written.map(|()| std::mem::take(&mut self.replaced)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(context) else {
            return self.is_stuck(context);
        };
        flushed?;
        if self.awaited() == Some(Awaited::Reader) {
            self.was_taken();
        }
        // Asked here as well: while actix waits for a body that it wants to drain, it does not read.
        Poll::Ready(self.may_go_on(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.may_go_on(context)?;
        let before = buffer.filled().len();
        while self.incoming.is_empty() {
            let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) else {
                // What came so far may have begun a head.
                self.may_go_on(context)?;
                return Poll::Pending;
            };
            read?;
            let came = buffer.filled().get(before..).unwrap_or_default();
            if came.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let Some(on) = self.switching.pass(came) else {
                // It is where it belongs.
                return Poll::Ready(Ok(()));
            };
            buffer.set_filled(before);
            self.incoming = on;
        }
        let length = buffer.remaining().min(self.incoming.len());
        buffer.put_slice(&self.incoming.split_to(length));
        if self.incoming.is_empty() {
            self.incoming = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl ActixStream for Connection {
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(self.tcp(), context)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(self.tcp(), context)
    }
}
