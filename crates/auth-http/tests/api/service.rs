//! A running server for a test, and the ways to talk to it.

mod answer;
pub mod conformance;
mod database;
mod factors;
#[cfg(feature = "mysql")]
mod galera;
mod hold;
mod log;
mod mailbox;
#[path = "../../../auth-infra/tests/contracts/pgbouncer.rs"]
mod pgbouncer;
mod private;
mod program;
#[expect(dead_code, reason = "the tests of the database do more with it")]
#[path = "../../../auth-infra/tests/contracts/proxy.rs"]
mod proxy;
#[cfg(feature = "redis")]
#[expect(dead_code, reason = "the tests of the limiter do more with it")]
#[path = "../../../auth-infra/tests/contracts/redis_server.rs"]
mod redis_server;
#[path = "../../../auth-infra/tests/contracts/servers.rs"]
mod servers;
mod tap;

use std::{
    io::BufReader,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

pub use answer::{Answer, is_unavailable};
pub use database::{Engine, TestDatabase};
pub use factors::{App, ENCRYPTION, ORIGIN, Owner, RP_ID, WITH_FACTORS, bytes, passkey, texts};
#[cfg(feature = "mysql")]
pub use galera::Galera;
pub use hold::Hold;
use log::{Log, message};
pub use mailbox::Letter;
pub(crate) use pgbouncer::PgBouncer;
pub use private::PrivateServer;
pub use program::{command, environment, folder, program, program_by, run};
pub(crate) use proxy::Proxy;
#[cfg(feature = "redis")]
pub(crate) use redis_server::RedisServer;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
pub use tap::Tap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const ACCESS_SECRET: &str = "access-secret-of-the-tests-0123456789abcdef";
pub const REFRESH_SECRET: &str = "refresh-secret-of-the-tests-0123456789abcdef";
pub const PASSWORD: &str = "Correct-Horse-7-Battery";

/// How long a test waits for a state before it gives up: long, since machines are noisy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Expands one test into one for each engine; all but SQLite's have to be asked for.
macro_rules! on_every_engine {
    ($($(#[$doc:meta])* async fn $name:ident($engine:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn check($engine: crate::service::Engine) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                check(crate::service::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs PostgreSQL: just test-all"]
            async fn on_postgres() {
                check(crate::service::Engine::Postgres).await;
            }

            #[cfg(feature = "mysql")]
            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs MariaDB: just test-all"]
            async fn on_mysql() {
                check(crate::service::Engine::Mysql).await;
            }
        }
    )*};
}
pub(crate) use on_every_engine;

/// A server process; killed when dropped.
pub struct Service {
    pub database: Arc<TestDatabase>,
    pub url: String,
    pub client: Client,
    child: Child,
    log: Arc<Log>,
}

impl Service {
    /// A server with a database of its own.
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// The same, configured otherwise.
    pub async fn with(engine: Engine, overrides: &[(&str, &str)]) -> Self {
        Self::on(Arc::new(TestDatabase::create(engine)), overrides).await
    }

    /// One more server on a database that is there.
    pub async fn on(database: Arc<TestDatabase>, overrides: &[(&str, &str)]) -> Self {
        Self::launched_by(&[], database, overrides).await
    }

    /// The same, by way of a program that runs it.
    pub async fn launched_by(launcher: &[&str], database: Arc<TestDatabase>, overrides: &[(&str, &str)]) -> Self {
        let mut command = program_by(launcher, database.folder());
        command.envs(environment(&database, overrides)).stderr(Stdio::inherit());
        // Waiting for the log blocks; a runtime's thread must not.
        tokio::task::spawn_blocking(move || Self::launch(database, command)).await.unwrap()
    }

    fn launch(database: Arc<TestDatabase>, mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Log::default());
        let (reader, sink) = (BufReader::new(child.stdout.take().unwrap()), log.clone());
        thread::spawn(move || sink.follow(reader));
        // reqwest brings no crypto of its own. Whoever came first has installed the program's.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let listening = log.wait_for(|line| message(line).starts_with("listening on "));
        let url = message(&listening).trim_start_matches("listening on ").to_owned();
        Self { database, url, client: Client::new(), child, log }
    }

    pub fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// A login whose body of so many bytes has yet to come: in flight for as long as the test wants, and the server has said so.
    pub async fn login_in_flight(&self, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let head = format!(
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut go_on).await.unwrap();
        assert!(go_on.starts_with(b"HTTP/1.1 100 "));
        stream
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.send(Method::GET, path, Some(token), None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, None, Some(body)).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(Method::POST, path, Some(token), body).await
    }

    pub async fn delete_as(&self, token: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(Method::DELETE, path, Some(token), body).await
    }

    /// Registers an address and expects it to work.
    pub async fn register(&self, email: &str) -> Answer {
        let answer = self.post("/auth/register", credentials(email)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    pub async fn login(&self, email: &str) -> Answer {
        self.post("/auth/login", credentials(email)).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/auth/refresh", json!({ "refresh_token": token })).await
    }

    pub async fn me(&self, token: &str) -> Answer {
        self.get_as(token, "/auth/me").await
    }

    /// The log lines so far that are wanted, once there are at least `count`.
    pub async fn lines(&self, count: usize, wanted: impl Fn(&Value) -> bool + Send + 'static) -> Vec<Value> {
        let log = self.log.clone();
        tokio::task::spawn_blocking(move || log.wait_for_many(count, wanted)).await.unwrap()
    }

    /// The audit lines of one event.
    pub async fn audited(&self, event: &str, count: usize) -> Vec<Value> {
        let event = event.to_owned();
        self.lines(count, move |line| line["target"] == "audit" && line["event"] == *event).await
    }

    /// All audit lines so far, in order.
    pub fn events(&self) -> Vec<Value> {
        self.log.lines.lock().unwrap().0.iter().filter(|line| line["target"] == "audit").cloned().collect()
    }

    /// How many messages so far speak of something, once there are at least `count`.
    pub async fn logged(&self, words: &str, count: usize) -> usize {
        let words = words.to_owned();
        self.lines(count, move |line| message(line).contains(&words)).await.len()
    }

    /// Everything logged so far, as text.
    pub fn log_text(&self) -> String {
        let lines = self.log.lines.lock().unwrap();
        lines.0.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    /// Runs an operator's command on the same database: exit code, stdout, stderr.
    pub fn command(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        command(&self.database, &[], arguments, input)
    }

    /// The same, on another database.
    pub fn command_on(&self, url: &str, arguments: &[&str]) -> (i32, String, String) {
        command(&self.database, &[("DATABASE_URL", url)], arguments, "")
    }

    /// What the kernel says of the memory in use.
    pub fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        status.lines().filter(|line| line.starts_with("VmRSS")).collect()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid()]).status().unwrap();
        assert!(sent.success());
    }

    /// Has it stand still, once it does in all its threads: one that is in a system call finishes that first, and may
    /// come out of it with a lock.
    pub fn freeze(&self) {
        self.signal("-STOP");
        let begun = Instant::now();
        while !self.threads().all(|state| state == 'T') {
            assert!(begun.elapsed() < PATIENCE, "it does not stand still");
            thread::yield_now();
        }
    }

    /// The state of each thread, as the kernel has it: what follows the name's bracket.
    fn threads(&self) -> impl Iterator<Item = char> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        tasks.filter_map(|task| {
            let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
        })
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not stop");
            thread::yield_now();
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// Asks again until the answer is as wanted.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> T, wanted: impl Fn(&T) -> bool) -> T {
    let begun = Instant::now();
    loop {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
        tokio::task::yield_now().await;
    }
}
