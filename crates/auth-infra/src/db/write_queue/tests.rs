//! Work that waits for SQLite's one writer shares a transaction, yet each piece succeeds or fails on its own.

use auth_domain::testkit::samples::user;
use diesel::{connection::SimpleConnection, prelude::*};
use futures_util::FutureExt;
use tokio::task::{JoinHandle, spawn_blocking};

use super::*;
use crate::db::{
    Database,
    schema::{rows::UserRow, tables::users},
    tests::{file, hold_writer, holding, release, tell},
};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// Queues work with the writer, which is held.
async fn job<T: Send + 'static>(
    database: &Database,
    work: impl Fn(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
) -> JoinHandle<Result<T, PortError>> {
    let database = database.clone();
    let mut writing = Box::pin(async move { database.write(work).await });
    assert!((&mut writing).now_or_never().is_none());
    tokio::spawn(writing)
}

fn inserting(email: &'static str) -> impl Fn(&mut AnyConnection) -> QueryResult<()> + Send + 'static {
    move |db| diesel::insert_into(users::table).values(UserRow::from(&user(email))).execute(db).map(drop)
}

fn emails(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    users::table.order(users::email.asc()).select(users::email).load(db)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_written_in_one_transaction() {
    let (database, _folder) = file(1);
    let held = hold_writer(&database).await;
    let ann = job(&database, inserting(ANN)).await;
    let outside = database.pool.clone();
    let seen = job(&database, move |db| Ok((emails(db)?, outside.read(&emails).unwrap()))).await;
    let bob = job(&database, inserting(BOB)).await;
    release(held).await;
    assert_eq!(seen.await.unwrap().unwrap(), (vec![ANN.to_owned()], vec![]), "within the transaction, and outside");
    ann.await.unwrap().unwrap();
    bob.await.unwrap().unwrap();
    assert_eq!(database.read(emails).await.unwrap(), [ANN, BOB]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hears_of_another_s_failure() {
    let (database, _folder) = file(1);
    let held = hold_writer(&database).await;
    let ann = job(&database, inserting(ANN)).await;
    let again = job(&database, inserting(ANN)).await;
    let half = |db: &mut AnyConnection| in_transaction(db, |db| inserting("cid@example.org")(db).and(Err(Error::NotFound)));
    let half = job(&database, half).await;
    let panics = |db: &mut AnyConnection| in_transaction(db, |db| inserting("dan@example.org")(db).map(|()| panic!("half-way")));
    let panics = job(&database, panics).await;
    let bob = job(&database, inserting(BOB)).await;
    release(held).await;
    for failed in [again, half] {
        let failed = failed.await.unwrap();
        assert!(matches!(failed, Err(PortError::Corrupt(_))), "{failed:?}");
    }
    let failed = panics.await.unwrap();
    assert!(matches!(failed, Err(PortError::Internal(_))), "{failed:?}");
    ann.await.unwrap().unwrap();
    bob.await.unwrap().unwrap();
    assert_eq!(database.read(emails).await.unwrap(), [ANN, BOB]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_that_it_is_done_before_it_is_kept() {
    let (database, _folder) = file(1);
    let held = hold_writer(&database).await;
    let ann = job(&database, inserting(ANN)).await;
    // Detected only at the end of the transaction.
    let orphan = "PRAGMA defer_foreign_keys = ON; INSERT INTO sessions (id, user_id, generation, created_at, last_used_at, expires_at) \
        VALUES ('of', 'nobody', 0, '', '', '')";
    let orphan = job(&database, move |db| db.batch_execute(orphan)).await;
    release(held).await;
    for lost in [ann, orphan] {
        let lost = lost.await.unwrap();
        assert!(lost.is_err(), "{lost:?}");
    }
    assert_eq!(database.read(emails).await.unwrap(), [""; 0]);
    database.write(inserting(BOB)).await.unwrap();
    assert_eq!(database.read(emails).await.unwrap(), [BOB]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_not_done_later() {
    let (database, _folder) = file(1);
    let held = hold_writer(&database).await;
    let (work, begun, let_go_on) = holding();
    let first = job(&database, work).await;
    let in_company = job(&database, inserting(ANN)).await;
    release(held).await;
    spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
    let in_the_queue = job(&database, inserting(BOB)).await;
    for given_up in [in_company, in_the_queue] {
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
    }
    let_go_on.send(()).unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(database.write(emails).await.unwrap(), [""; 0]);
}

/// Another program's lock, held for longer than the caller waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_before_the_file_was_free_is_not_done() {
    let (database, _folder) = file(1);
    let mut other = database.pool.connect().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let ann = job(&database, inserting(ANN)).await;
    // Taken by the writer: what comes now is the next batch.
    while database.writer.as_ref().unwrap().0.is_idle() {
        tokio::task::yield_now().await;
    }
    let bob = job(&database, inserting(BOB)).await;
    ann.abort();
    assert!(ann.await.unwrap_err().is_cancelled());
    other.batch_execute("COMMIT").unwrap();
    bob.await.unwrap().unwrap();
    assert_eq!(database.read(emails).await.unwrap(), [BOB]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_disk_fills_up_each_is_kept_or_refused() {
    let (database, _folder) = file(1);
    // No more pages than there are: SQLITE_FULL from the next one on.
    tell(&database, "PRAGMA max_page_count = 1").await;
    let held = hold_writer(&database).await;
    let mut waiting = Vec::new();
    for number in 0..64 {
        let email = format!("{number:02}@example.org");
        let row = user(&email);
        let insert =
            move |db: &mut AnyConnection| diesel::insert_into(users::table).values(UserRow::from(&row)).execute(db).map(drop);
        waiting.push((email, job(&database, insert).await));
    }
    release(held).await;
    let mut kept = Vec::new();
    for (email, outcome) in waiting {
        match outcome.await.unwrap() {
            Ok(()) => kept.push(email),
            Err(refused) => assert!(matches!(&refused, PortError::Unavailable(why) if why.contains("full")), "{refused}"),
        }
    }
    assert!((1..64).contains(&kept.len()), "{kept:?}");
    assert_eq!(database.read(emails).await.unwrap(), kept);
    tell(&database, "PRAGMA max_page_count = 100000").await;
    database.write(inserting(ANN)).await.unwrap();
}
