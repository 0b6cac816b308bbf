//! The line to a mail server, as lettre speaks over it: in clear or by TLS, and never more than a reply at a time.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most that a server may say between two commands, in bytes. lettre looks at a reply from its start for each line of it.
pub(super) const REPLY_MAX_BYTES: usize = 16 * 1024;

/// What a connection is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// A stream beneath lettre.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    peer: SocketAddr,
    /// What the server would say first, if it had not said it before TLS began: lettre waits for a greeting.
    greeting: &'static [u8],
    /// Bytes that came since something was sent.
    unasked: usize,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, peer: SocketAddr, greeting: &'static [u8]) -> Self {
        Self { stream, peer, greeting, unasked: 0 }
    }
}

/// lettre demands it.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({})", self.peer)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.greeting.is_empty() {
            let (now, later) = this.greeting.split_at(this.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            this.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let came = buffer.filled_mut().split_at_mut_checked(before).map(|(_, came)| came).unwrap_or_default();
        this.unasked = this.unasked.saturating_add(came.len());
        // lettre reads a line to its end, however far that is.
        if this.unasked > REPLY_MAX_BYTES {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the server says too much")));
        }
        // Replies are ASCII (RFC 5321 section 4.2). Another letter would hide the code before it: lettre takes only UTF-8.
        for byte in came.iter_mut().filter(|byte| !byte.is_ascii()) {
            *byte = b'?';
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.unasked = 0;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
