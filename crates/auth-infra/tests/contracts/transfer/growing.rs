//! Tables that grow under plans that PostgreSQL made while they were empty, and keeps.

use auth_domain::{
    admin::{
        ports::{Stored, TransferStore},
        transfer::TRANSFER_BATCH,
    },
    testkit::samples::after,
};
use auth_infra::db::DieselTransfers;

use super::crowd;
use crate::scratch::{Engine, Scratch};

const BATCHES: u32 = 12;

/// Without statistics, as before the server's first `ANALYZE`.
#[tokio::test]
#[ignore = "needs PostgreSQL: just test-all"]
async fn a_table_that_grows_is_never_read_whole() {
    let scratch = Scratch::new(Engine::Postgres);
    let transfers = DieselTransfers(scratch.migrated());
    for batch in 0..BATCHES {
        let accounts = crowd(batch * TRANSFER_BATCH..(batch + 1) * TRANSFER_BATCH);
        assert!(transfers.insert(&accounts, after(0)).await.unwrap().iter().all(|stored| *stored == Stored::Yes));
    }
    // A session tells what it read when it ends.
    drop(transfers);
    let others = "SELECT pid::text AS text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while !scratch.texts(others).is_empty() {}
    let read = "SELECT concat(relname, ': ', seq_tup_read) AS text FROM pg_stat_user_tables \
        WHERE seq_tup_read > 0 AND relname IN ('users', 'user_roles', 'totp_factors', 'passkeys', 'recovery_codes')";
    assert_eq!(scratch.texts(read), Vec::<String>::new());
}
