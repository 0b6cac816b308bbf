//! An answer that grows faster than its client reads: the first of it waits in memory, and what is beyond in a temporary file that has no
//! name. So a client may send all of a long request before it reads, and memory stays bounded.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::Arc,
};

use actix_web::web::{Bytes, block};
use futures_util::stream::{self, Stream};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::app::ports::CancellationToken;

/// How much waits in memory, in bytes.
const IN_MEMORY: usize = 256 * 1024;

/// How much is read back from the file at a time, in bytes.
const PIECE: u64 = 64 * 1024;

/// Where the answer is written.
pub(super) struct Spool(Arc<Shared>);

/// Where it is read.
struct Reader(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is more to read, or there will be no more.
    news: Notify,
    /// Nobody reads it any more.
    left: CancellationToken,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Bytes>,
    held: usize,
    /// What is beyond. As long as some of it is unread, everything goes there, so that all stays in order.
    file: Option<Arc<Mutex<File>>>,
    written: u64,
    read: u64,
    is_over: bool,
}

/// Where the next piece is.
enum Next {
    Here(Bytes),
    InFile(Arc<Mutex<File>>, u64, u64),
    NotYet,
    Over,
}

/// A new one: where it is written, and the body of the answer.
pub(super) fn spool() -> (Spool, impl Stream<Item = io::Result<Bytes>>) {
    let shared = Arc::<Shared>::default();
    let body = stream::try_unfold(Reader(shared.clone()), async |reader| {
        let piece = reader.next().await?;
        Ok(piece.map(|piece| (piece, reader)))
    });
    (Spool(shared), body)
}

impl Spool {
    /// # Errors
    /// The temporary file cannot be written.
    pub(super) async fn write(&self, piece: Bytes) -> io::Result<()> {
        let file = {
            let mut state = self.0.state.lock();
            if state.read == state.written && state.held + piece.len() <= IN_MEMORY {
                state.held += piece.len();
                state.waiting.push_back(piece);
                drop(state);
                self.0.news.notify_one();
                return Ok(());
            }
            state.file.clone()
        };
        let file = match file {
            Some(file) => file,
            None => {
                let new = Arc::new(Mutex::new(block(tempfile::tempfile).await.map_err(io::Error::other)??));
                self.0.state.lock().file.insert(new).clone()
            }
        };
        let (at, length) = (self.0.state.lock().end(), piece.len());
        block(move || append(&file, at, &piece)).await.map_err(io::Error::other)??;
        self.0.state.lock().written += u64::try_from(length).unwrap_or_default();
        self.0.news.notify_one();
        Ok(())
    }

    /// Once nobody reads it any more.
    pub(super) async fn left(&self) {
        self.0.left.cancelled().await;
    }

    pub(super) fn is_left(&self) -> bool {
        self.0.left.is_cancelled()
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.0.state.lock().is_over = true;
        self.0.news.notify_one();
    }
}

impl Reader {
    /// The next piece, once there is one; `None` at the end.
    async fn next(&self) -> io::Result<Option<Bytes>> {
        loop {
            let next = self.0.state.lock().next();
            match next {
                Next::Here(piece) => return Ok(Some(piece)),
                Next::InFile(file, at, length) => {
                    let piece = block(move || read(&file, at, length)).await.map_err(io::Error::other)??;
                    self.0.state.lock().was_read(length);
                    return Ok(Some(piece));
                }
                Next::NotYet => self.0.news.notified().await,
                Next::Over => return Ok(None),
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.left.cancel();
    }
}

impl State {
    fn next(&mut self) -> Next {
        if let Some(piece) = self.waiting.pop_front() {
            self.held -= piece.len();
            return Next::Here(piece);
        }
        match &self.file {
            Some(file) if self.read < self.written => {
                Next::InFile(file.clone(), self.read, (self.written - self.read).min(PIECE))
            }
            Some(_) | None if self.is_over => Next::Over,
            Some(_) | None => Next::NotYet,
        }
    }

    fn was_read(&mut self, length: u64) {
        self.read += length;
    }

    /// Where the file is written next: from its beginning once all of it is read, so that it is as long as the reader was behind at most.
    fn end(&mut self) -> u64 {
        if self.read == self.written {
            (self.read, self.written) = (0, 0);
        }
        self.written
    }
}

fn append(file: &Mutex<File>, at: u64, piece: &[u8]) -> io::Result<()> {
    let mut file = file.lock();
    file.seek(SeekFrom::Start(at))?;
    file.write_all(piece)
}

fn read(file: &Mutex<File>, at: u64, length: u64) -> io::Result<Bytes> {
    let mut file = file.lock();
    file.seek(SeekFrom::Start(at))?;
    let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut piece)?;
    Ok(piece.into())
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    #[actix_web::test]
    async fn what_was_written_is_read_in_order_whether_or_not_anybody_reads_meanwhile() {
        for reads_every in [1, 7, 1000] {
            let (spool, body) = spool();
            let mut body = Box::pin(body);
            let (mut expected, mut got) = (Vec::new(), Vec::new());
            for number in 0..400_u32 {
                let piece = vec![number.to_le_bytes()[0]; usize::try_from(number * 13 % 5000).unwrap() + 1];
                expected.extend_from_slice(&piece);
                spool.write(piece.into()).await.unwrap();
                if number % reads_every == 0 {
                    got.extend(body.next().await.unwrap().unwrap());
                }
            }
            assert!(spool.0.state.lock().held <= IN_MEMORY);
            drop(spool);
            while let Some(piece) = body.next().await {
                got.extend(piece.unwrap());
            }
            assert!(got == expected, "reading after every {reads_every}");
        }
    }

    #[actix_web::test]
    async fn a_reader_waits_for_what_is_not_written_yet() {
        let (spool, body) = spool();
        let mut body = Box::pin(body);
        assert!(body.next().now_or_never().is_none());
        spool.write("a".into()).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), "a");
        drop(spool);
        assert!(body.next().await.is_none());
    }

    #[actix_web::test]
    async fn a_writer_hears_that_its_reader_left() {
        let (spool, body) = spool();
        assert!(!spool.is_left() && spool.left().now_or_never().is_none());
        drop(body);
        spool.left().await;
        assert!(spool.is_left());
    }
}
