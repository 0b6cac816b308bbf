//! A PostgreSQL server that follows another one.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};

use super::{Engine, PrivateServer};
use crate::service::servers::{as_user, postgres_program, run};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl PrivateServer {
    /// A standby, which every commit on its primary waits for from now on.
    pub fn standby_of(primary: &Self) -> Self {
        let standby = Self::empty(Engine::Postgres, Vec::new());
        let mut copy = as_user("postgres", &postgres_program("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-U", "postgres", "--write-recovery-conf", "--checkpoint=fast", "-p"]);
        run(copy.arg(primary.port.to_string()).arg("-D").arg(standby.data()));
        standby.start();
        // Behind the copy, so that the standby waits for nobody once it is a primary.
        primary.administer("ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.administer("SELECT pg_reload_conf()");
        let begun = Instant::now();
        while primary.number("SELECT count(*) AS count FROM pg_stat_replication WHERE sync_state = 'sync'") != 1 {
            assert!(begun.elapsed() < Duration::from_secs(60), "the standby does not follow");
            thread::yield_now();
        }
        standby
    }

    /// A standby becomes a primary, and has become one when this returns.
    pub fn promote(&self) {
        assert_eq!(self.number("SELECT pg_promote()::int::bigint AS count"), 1);
    }

    /// The number that a query finds, which calls it `count`.
    pub fn number(&self, query: &str) -> i64 {
        let mut connection = PgConnection::establish(&self.url).unwrap();
        sql_query(query).get_result::<Count>(&mut connection).unwrap().count
    }

    /// Both servers in one URL, this one first.
    pub fn url_with(&self, other: &Self) -> String {
        format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/auth?target_session_attrs=read-write", self.port, other.port)
    }
}
