//! A mail server that takes every mail at once and keeps none: whoever sends to it shows its own speed.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};

/// How long nothing may arrive before it is taken for stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a wait looks.
const LOOK: Duration = Duration::from_millis(2);

#[derive(Default)]
struct Counts {
    taken: AtomicU32,
    /// When the first and the latest came.
    times: Mutex<Option<(Instant, Instant)>>,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    counts: Arc<Counts>,
}

impl Sink {
    /// Serves until the program ends, each connection by a thread.
    pub(crate) fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let sink = Self { port: listener.local_addr()?.port(), counts: Arc::default() };
        let counts = sink.counts.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = counts.clone();
                thread::spawn(move || serve(&stream, &counts));
            }
        });
        Ok(sink)
    }

    /// The `MAIL_URL` of it.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=off", self.port)
    }

    pub(crate) fn taken(&self) -> u32 {
        self.counts.taken.load(Ordering::Relaxed)
    }

    /// Waits until so many mails were taken, and returns how many came a second between the first and the last.
    pub(crate) fn rate_of(&self, mails: u32) -> Result<f64> {
        let (mut before, mut since) = (0, Instant::now());
        while self.taken() < mails {
            if self.taken() != before {
                (before, since) = (self.taken(), Instant::now());
            }
            ensure!(since.elapsed() < PATIENCE, "only {before} of {mails} mails came");
            thread::sleep(LOOK);
        }
        let times = self.counts.times.lock().map_err(|_poisoned| anyhow!("the sink panicked"))?;
        let (first, last) = times.ok_or_else(|| anyhow!("no mail came"))?;
        Ok(f64::from(self.taken() - 1) / (last - first).as_secs_f64())
    }
}

/// One connection, until the other side ends it.
fn serve(stream: &TcpStream, counts: &Counts) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut lines, mut out) = (BufReader::new(stream), stream);
    let (mut line, mut in_mail) = (Vec::new(), false);
    out.write_all(b"220 sink\r\n")?;
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match (in_mail, line.as_slice()) {
            (true, b".\r\n") => {
                in_mail = false;
                counts.note();
                b"250 taken\r\n"
            }
            (true, _) => continue,
            (false, b"DATA\r\n") => {
                in_mail = true;
                b"354 go on\r\n"
            }
            (false, b"QUIT\r\n") => b"221 bye\r\n",
            (false, _) => b"250 yes\r\n",
        };
        out.write_all(reply)?;
    }
}

impl Counts {
    fn note(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut times) = self.times.lock() {
            let now = Instant::now();
            *times = Some((times.map_or(now, |(first, _)| first), now));
        }
    }
}
