//! PgBouncer before PostgreSQL: with sessions of the clients' own, and without.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    sessions::ports::SessionStore,
    testkit::samples::{session_of, user},
};
use auth_infra::db::{Database, DatabaseUrl, DieselSessions, DieselUsers, OpenError};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use tempfile::TempDir;

use crate::{
    scratch::{Engine, Scratch},
    servers::{as_user, give_to, run},
};

struct PgBouncer {
    process: Child,
    folder: TempDir,
    url: String,
}

impl PgBouncer {
    fn before(scratch: &Scratch, pool_mode: &str, more: &str) -> Self {
        let server = Engine::Postgres.server();
        let (_, host) = server.rsplit_once('@').unwrap();
        let (host, port) = host.split_once('/').unwrap().0.split_once(':').unwrap();
        let name = scratch.name();
        let port_here = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let settings = format!(
            "[databases]\n{name} = host={host} port={port} dbname={name} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port_here}\nauth_type = any\npool_mode = {pool_mode}\nunix_socket_dir =\npidfile = {path}/pid\n{more}\n"
        );
        fs::write(folder.path().join("pgbouncer.ini"), settings).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        give_to("postgres", folder.path());
        let mut command = as_user("postgres", Path::new("/usr/sbin/pgbouncer"));
        command.arg(folder.path().join("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| panic!("/usr/sbin/pgbouncer (Debian: pgbouncer): {error}"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port_here)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "PgBouncer does not start");
            thread::yield_now();
        }
        Self { process, folder, url: format!("postgres://postgres@127.0.0.1:{port_here}/{name}") }
    }

    fn url(&self) -> DatabaseUrl {
        self.url.parse().unwrap()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // Behind `runuser` it is a child of the process that was started.
        let pid = fs::read_to_string(self.folder.path().join("pid")).unwrap();
        run(Command::new("kill").arg(pid.trim()));
        self.process.wait().unwrap();
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The settings, locks and statements of the session that PgBouncer gives to the next client.
fn next_session(bouncer: &PgBouncer) -> String {
    let query = sql_query(
        "SELECT concat_ws(', ', current_setting('statement_timeout'), current_setting('lock_timeout'), \
         current_setting('idle_in_transaction_session_timeout'), current_setting('default_transaction_isolation'), \
         (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), \
         (SELECT count(*) FROM pg_prepared_statements)) AS text",
    );
    query.get_result::<Line>(&mut PgConnection::establish(&bouncer.url).unwrap()).unwrap().text
}

fn is_refused(scratch: &Scratch, pool_mode: &str, more: &str) {
    let bouncer = PgBouncer::before(scratch, pool_mode, more);
    let before = next_session(&bouncer);
    let refused = Database::open(&bouncer.url(), 4).err().unwrap();
    assert!(matches!(refused, OpenError::Pooled { .. }), "{pool_mode}: {refused}");
    for word in ["PostgreSQL at 127.0.0.1", "PgBouncer", "pool_mode = session", "DATABASE_URL"] {
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
    assert_eq!(next_session(&bouncer), before, "nothing stays in the sessions of others");
}

#[test]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
fn shared_sessions_are_told_and_left_as_they_were() {
    let scratch = Scratch::new(Engine::Postgres);
    is_refused(&scratch, "transaction", "");
    is_refused(&scratch, "transaction", "min_pool_size = 4\nserver_round_robin = 1");
    is_refused(&scratch, "statement", "");
    assert_eq!(scratch.texts("SELECT count(*)::text AS text FROM pg_tables WHERE schemaname = 'public'"), ["0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn sessions_of_its_own_are_all_it_needs() {
    let scratch = Scratch::new(Engine::Postgres);
    let bouncer = PgBouncer::before(&scratch, "session", "");
    let database = Database::open(&bouncer.url(), 4).unwrap();
    database.migrate().unwrap();
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database));
    for number in 0..8 {
        let ann = user(&format!("ann{number}@example.org"));
        let session = session_of(&ann);
        assert_eq!(users.insert(&ann, Some(&session), None).await.unwrap(), Inserted::Yes);
        assert!(SessionStore::find(&sessions, session.id).await.unwrap().is_some());
    }
}
