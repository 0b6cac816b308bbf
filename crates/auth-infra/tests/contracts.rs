//! Each adapter on each engine against each clause of its contract, and what only a real database can show.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be set fails the test it is for")]
#![expect(clippy::print_stdout, reason = "query plans and refusals are there to be read")]

#[path = "contracts/addresses.rs"]
mod addresses;
#[cfg(all(feature = "tls", feature = "postgres", feature = "mysql", not(feature = "postgres-bundled")))]
#[path = "contracts/certificates.rs"]
mod certificates;
#[path = "contracts/encoding.rs"]
mod encoding;
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[path = "contracts/healing.rs"]
mod healing;
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[path = "contracts/last_moment.rs"]
mod last_moment;
#[path = "contracts/look_ups.rs"]
mod look_ups;
#[path = "contracts/migrations.rs"]
mod migrations;
#[cfg(all(feature = "tls", feature = "postgres", feature = "mysql", not(feature = "postgres-bundled")))]
#[path = "contracts/pgbouncer.rs"]
mod pgbouncer;
#[path = "contracts/plans.rs"]
mod plans;
#[cfg(all(feature = "tls", feature = "postgres", feature = "mysql", not(feature = "postgres-bundled")))]
#[path = "contracts/pooler.rs"]
mod pooler;
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[expect(dead_code, reason = "the tests of shared budgets do more with it")]
#[path = "contracts/proxy.rs"]
mod proxy;
#[path = "contracts/recorder.rs"]
mod recorder;
#[path = "contracts/refused_rows.rs"]
mod refused_rows;
#[path = "contracts/rotations.rs"]
mod rotations;
#[path = "contracts/rows.rs"]
mod rows;
#[path = "contracts/scratch.rs"]
mod scratch;
#[path = "contracts/seed.rs"]
mod seed;
#[cfg(all(feature = "tls", feature = "postgres", feature = "mysql", not(feature = "postgres-bundled")))]
#[path = "contracts/servers.rs"]
mod servers;
#[cfg(feature = "sqlite")]
#[path = "contracts/sqlite.rs"]
mod sqlite;
#[path = "contracts/statements.rs"]
mod statements;
#[cfg(all(feature = "tls", feature = "postgres", feature = "mysql", not(feature = "postgres-bundled")))]
#[path = "contracts/tls.rs"]
mod tls;
#[expect(clippy::indexing_slicing, reason = "what is not there fails the test")]
#[path = "contracts/transfer.rs"]
mod transfer;

/// Expands to one module per engine that is built in, with a test of each named check.
/// A check is an `async fn` of an engine.
macro_rules! on_each_engine {
    ($($check:ident),+ $(,)?) => {
        #[cfg(feature = "sqlite")]
        mod on_sqlite {
            use crate::scratch::Engine;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                super::$check(Engine::Sqlite).await;
            })+
        }
        crate::on_each_server! { $($check),+ }
    };
}

/// The same, without SQLite.
macro_rules! on_each_server {
    ($($check:ident),+ $(,)?) => {
        #[cfg(feature = "postgres")]
        mod on_postgres {
            use crate::scratch::Engine;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs PostgreSQL: just test-all"]
            async fn $check() {
                super::$check(Engine::Postgres).await;
            })+
        }
        #[cfg(feature = "mysql")]
        mod on_mysql {
            use crate::scratch::Engine;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs MariaDB: just test-all"]
            async fn $check() {
                super::$check(Engine::Mysql).await;
            })+
        }
    };
}
pub(crate) use {on_each_engine, on_each_server};

#[cfg(feature = "sqlite")]
mod diesel_on_sqlite {
    use crate::scratch::{Engine, stores};

    auth_domain::user_store_contract!(stores(Engine::Sqlite));
    auth_domain::user_admin_store_contract!(stores(Engine::Sqlite));
    auth_domain::session_store_contract!(stores(Engine::Sqlite));
    auth_domain::attempt_store_contract!(stores(Engine::Sqlite));
    auth_domain::client_store_contract!(stores(Engine::Sqlite));
    auth_domain::audit_store_contract!(stores(Engine::Sqlite));
    auth_domain::key_store_contract!(stores(Engine::Sqlite));
    auth_domain::proof_store_contract!(stores(Engine::Sqlite));
    auth_domain::outbox_contract!(stores(Engine::Sqlite));
    auth_domain::mailbox_store_contract!(stores(Engine::Sqlite));
    auth_domain::second_step_store_contract!(stores(Engine::Sqlite));
    auth_domain::factor_store_contract!(stores(Engine::Sqlite));
    auth_domain::passkey_store_contract!(stores(Engine::Sqlite));
    auth_domain::user_search_store_contract!(stores(Engine::Sqlite));
    auth_domain::transfer_store_contract!(stores(Engine::Sqlite));
}

#[cfg(feature = "postgres")]
mod diesel_on_postgres {
    use crate::scratch::{Engine, stores};

    auth_domain::user_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::user_admin_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::session_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::attempt_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::client_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::audit_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::key_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::proof_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::outbox_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::mailbox_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::second_step_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::factor_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::passkey_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::user_search_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
    auth_domain::transfer_store_contract!(
        #[ignore = "needs PostgreSQL: just test-all"]
        stores(Engine::Postgres)
    );
}

#[cfg(feature = "mysql")]
mod diesel_on_mysql {
    use crate::scratch::{Engine, stores};

    auth_domain::user_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::user_admin_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::session_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::attempt_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::client_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::audit_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::key_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::proof_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::outbox_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::mailbox_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::second_step_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::factor_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::passkey_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::user_search_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
    auth_domain::transfer_store_contract!(
        #[ignore = "needs MariaDB: just test-all"]
        stores(Engine::Mysql)
    );
}
