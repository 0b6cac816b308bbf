//! Accounts that move: an import through HTTP, what its answers cost in memory whether or not anybody reads them, and an export.

use std::{
    io::{BufReader, BufWriter, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};

use super::Plan;
use crate::{
    client::Client,
    engine::{Engine, Scratch},
    parts::member,
    report::{
        Aim::{AtLeast, AtMost},
        Row,
    },
    seed::COST,
    server::{self, Running},
    tokens::{PASSWORD, email},
};

const ACCOUNTS: u64 = 100_000;

/// Accounts per second at least.
const PACE: f64 = 2000.0;

/// Megabytes above idle at most.
const ROOM: f64 = 30.0;

/// When a client reads its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Meanwhile,
    /// Only when it has sent all.
    AtTheEnd,
}

/// What it took.
struct Took {
    seconds: f64,
    /// Of the server, in microseconds for each account.
    cpu: f64,
    idle: f64,
    peak: f64,
    bytes: usize,
}

impl Plan<'_> {
    pub(super) fn import(&mut self, engine: Engine) -> Result<()> {
        let scratch = Scratch::new(engine, "import", &self.options.folder)?;
        server::migrate(&self.program, &scratch)?;
        let client = server::add_client(&self.program, &scratch, "admin:write,admin:export")?;
        let (name, hash) = (engine.name(), bcrypt::hash(PASSWORD, COST)?);
        for (reads, measure) in [
            (Reads::Meanwhile, format!("import of {ACCOUNTS} accounts, {name}")),
            (Reads::AtTheEnd, format!("import of them again, the answer read when all is sent, {name}")),
        ] {
            let took = self.run(&scratch, &client, |port, token| import(port, token, &hash, reads))?;
            self.took(measure, &took);
        }
        let took = self.run(&scratch, &client, export)?;
        self.took(format!("export of {ACCOUNTS} accounts, {name}, {:.0} MB", megabytes(took.bytes)), &took);
        Ok(())
    }

    /// By a server of its own: how much memory there was at most is the process's figure.
    fn run(&self, scratch: &Scratch, client: &(String, String), work: impl Fn(u16, &str) -> Result<usize>) -> Result<Took> {
        let server = server::server_for_administrators(&self.program, scratch)?;
        let token = token(&server, client)?;
        thread::sleep(Duration::from_secs(2));
        let ((idle, ..), cpu, begun) = (server.memory()?, server.cpu()?, Instant::now());
        let bytes = work(server.port, &token)?;
        let seconds = begun.elapsed().as_secs_f64();
        let (_, peak, _) = server.memory()?;
        Ok(Took { seconds, cpu: (server.cpu()? - cpu) * 1e6 / count(), idle, peak, bytes })
    }

    fn took(&mut self, measure: String, took: &Took) {
        let Took { seconds, cpu, idle, peak, .. } = *took;
        let (rate, above) = (count() / seconds, peak - idle);
        let figure = format!("{rate:.0} accounts/s, {cpu:.0} µs of CPU each; {idle:.1} MB idle, {above:.1} more at most");
        let row = Row::figure(measure, figure).per(rate / PACE, "2000/s", Some(AtLeast(1.0)));
        self.add(row.per(above / ROOM, "30 MB", Some(AtMost(1.0))));
    }
}

fn count() -> f64 {
    f64::from(u32::try_from(ACCOUNTS).unwrap_or(u32::MAX))
}

fn megabytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1e3
}

fn token(server: &Running, (id, secret): &(String, String)) -> Result<String> {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let answer = Client::connect(server.port)?.post_form("/oauth/token", &form)?;
    ensure!(answer.status == 200, "no token for the client: {}", answer.body);
    Ok(member(&answer.body, "access_token").context("no token in the answer")?.to_owned())
}

/// How long the answer was.
fn import(port: u16, token: &str, hash: &str, reads: Reads) -> Result<usize> {
    let stream =
        request(port, "POST /admin/users/import", token, "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n")?;
    let sending = stream.try_clone()?;
    let answer = thread::scope(|scope| {
        let sent = scope.spawn(move || send(sending, hash));
        let join = |sent: thread::ScopedJoinHandle<'_, Result<()>>| sent.join().map_err(|_panic| anyhow!("sending panicked"))?;
        if reads == Reads::AtTheEnd {
            join(sent)?;
            return answer(&stream);
        }
        let read = answer(&stream);
        join(sent)?;
        read
    })?;
    let whole = format!("{{\"total\":{ACCOUNTS},");
    ensure!(answer.contains(&whole) && answer.contains("\"refused\":0}"), "the import is not whole: {}", tail(&answer));
    Ok(answer.len())
}

/// A chunk for each hundred accounts.
fn send(stream: TcpStream, hash: &str) -> Result<()> {
    let mut stream = BufWriter::new(stream);
    for first in (0..ACCOUNTS).step_by(100) {
        let mut lines = String::new();
        for number in first..(first + 100).min(ACCOUNTS) {
            lines += &format!(
                "{{\"email\":\"{}\",\"password_hash\":\"{hash}\",\"email_verified\":true,\"roles\":[\"staff\"],\"profile\":{{\"name\":\"Person {number}\"}}}}\n",
                email(number)
            );
        }
        write!(stream, "{:x}\r\n{lines}\r\n", lines.len())?;
    }
    stream.write_all(b"0\r\n\r\n")?;
    Ok(stream.flush()?)
}

/// How long the answer was.
fn export(port: u16, token: &str) -> Result<usize> {
    let answer = answer(&request(port, "GET /admin/users/export", token, "")?)?;
    let lines = u64::try_from(answer.matches("\"password_hash\":").count())?;
    ensure!(lines == ACCOUNTS, "the export has {lines} accounts: {}", tail(&answer));
    Ok(answer.len())
}

fn request(port: u16, line: &str, token: &str, headers: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    write!(stream, "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}\r\n")?;
    Ok(stream)
}

/// All that comes, as it comes: head, sizes of chunks, and lines, of which a chunk may end within one.
fn answer(stream: &TcpStream) -> Result<String> {
    let mut answer = String::new();
    BufReader::new(stream).read_to_string(&mut answer)?;
    let _closed = stream.shutdown(Shutdown::Both);
    ensure!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n0\r\n\r\n"), "it breaks off: {}", tail(&answer));
    Ok(answer)
}

fn tail(answer: &str) -> &str {
    answer.get(answer.len().saturating_sub(300)..).unwrap_or(answer)
}
