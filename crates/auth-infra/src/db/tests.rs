//! A pool without a free connection, a disk without space, and a file that cannot be written.
#![cfg(feature = "sqlite")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, Sender, channel},
};

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    identity::port_error::PortError,
    maintenance::ports::Readiness,
    sessions::ports::SessionStore,
    testkit::samples::{session_of, user},
};
use diesel::{
    QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    result::{DatabaseErrorKind, Error},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;

/// A migrated file, and its temporary folder.
pub(super) fn file(pool_size: u32) -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}/auth.db", folder.path().display()).parse().unwrap();
    let database = Database::open(&url, pool_size).unwrap();
    database.migrate().unwrap();
    (database, folder)
}

pub(super) type Throttled = (JoinHandle<Result<(), PortError>>, Sender<()>);

/// Holds one connection until released.
async fn hold(database: &Database) -> Throttled {
    let (work, held, let_go) = holding();
    let database = database.clone();
    let holder = tokio::spawn(async move { database.read(work).await });
    tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
    (holder, let_go)
}

/// Holds the writer until released.
pub(super) async fn hold_writer(database: &Database) -> Throttled {
    let (work, held, let_go) = holding();
    let database = database.clone();
    let holder = tokio::spawn(async move { database.transaction(work).await });
    tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
    (holder, let_go)
}

/// Lets go, and waits until the work is done.
pub(super) async fn release((holder, let_go): Throttled) {
    let_go.send(()).unwrap();
    holder.await.unwrap().unwrap();
}

/// Work that lasts until it is released, a receiver that learns that it has begun, and the sender that releases it.
pub(super) fn holding() -> (impl Fn(&mut AnyConnection) -> QueryResult<()> + Send + 'static, Receiver<()>, Sender<()>) {
    let (let_go, told) = channel::<()>();
    let (say, held) = channel();
    let told = std::sync::Mutex::new(told);
    let work = move |_: &mut AnyConnection| {
        say.send(()).unwrap();
        let told: &Receiver<()> = &told.lock().unwrap();
        // A test that failed releases it as well.
        let _told = told.recv();
        Ok(())
    };
    (work, held, let_go)
}

/// Runs a pragma on the connection that writes.
pub(super) async fn tell(database: &Database, pragma: &'static str) {
    database.write(move |db| db.batch_execute(pragma)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_connection_gets_the_next_one_that_is_free() {
    let (database, _folder) = file(2);
    let users = DieselUsers(database.clone());
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    let (_holder, keep) = hold(&database).await;
    let (holder, let_go) = hold(&database).await;
    assert_eq!(database.permits.available_permits(), 0);
    let waiting: Vec<_> = (0..16)
        .map(|_| {
            let (users, id) = (users.clone(), ann.id);
            tokio::spawn(async move { UserStore::find(&users, id).await })
        })
        .collect();
    let_go.send(()).unwrap();
    for answer in waiting {
        assert_eq!(answer.await.unwrap().unwrap(), Some(ann.clone()), "an answer, once it was their turn");
    }
    holder.await.unwrap().unwrap();
    drop(keep);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_in_vain_for_a_connection_hears_of_an_outage_and_nothing_was_done() {
    let (database, _folder) = file(2);
    let users = DieselUsers(database.clone());
    let ann = user("ann@example.org");
    let held = [hold(&database).await, hold(&database).await, hold_writer(&database).await];
    let (read, written) = tokio::join!(UserStore::find(&users, ann.id), users.insert(&ann, None, None));
    assert!(matches!(read, Err(PortError::Unavailable(_))), "{read:?}");
    assert!(matches!(written, Err(PortError::Unavailable(_))), "{written:?}");
    for (holder, let_go) in held {
        let_go.send(()).unwrap();
        // Nobody needs its result any more.
        assert!(matches!(holder.await.unwrap(), Ok(()) | Err(PortError::Unavailable(_) | PortError::Unknown(_))));
    }
    assert_eq!(UserStore::find(&users, ann.id).await.unwrap(), None, "what was given up is not done later");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_under_way_when_time_is_up_has_an_unknown_outcome() {
    let (database, _folder) = file(2);
    let users = DieselUsers(database.clone());
    let (ann, row) = (user("ann@example.org"), user("ann@example.org"));
    let (work, _held, let_go) = holding();
    let row = super::schema::rows::UserRow::from(&row);
    let slow = database.transaction(move |db| {
        work(db)?;
        diesel::insert_into(super::schema::tables::users::table).values(row.clone()).execute(db)
    });
    assert!(matches!(slow.await, Err(PortError::Unknown(why)) if why.contains("does not answer")));
    assert!(UserStore::find_by_email(&users, &ann.email).await.unwrap().is_none());
    let_go.send(()).unwrap();
    assert_eq!(users.insert(&user("bob@example.org"), None, None).await.unwrap(), Inserted::Yes);
    assert!(UserStore::find_by_email(&users, &ann.email).await.unwrap().is_some(), "it happened after all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_an_outage_for_who_writes_until_there_is_room() {
    let (database, _folder) = file(1);
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database.clone()));
    // No more pages than there are: SQLITE_FULL from the next one on.
    tell(&database, "PRAGMA max_page_count = 1").await;
    let mut kept = Vec::new();
    let refused = loop {
        let ann = user(&format!("ann{}@example.org", kept.len()));
        match users.insert(&ann, Some(&session_of(&ann)), None).await {
            Ok(Inserted::Yes) => kept.push(ann),
            outcome => break (ann, outcome),
        }
    };
    assert!(matches!(&refused.1, Err(PortError::Unavailable(why)) if why.contains("full")), "{refused:?}");
    assert!(!kept.is_empty(), "there was some room left in the pages");
    for ann in &kept {
        assert_eq!(users.find_by_email(&ann.email).await.unwrap().as_ref(), Some(ann), "reading goes on");
    }
    assert_eq!(users.find_by_email(&refused.0.email).await.unwrap(), None, "nothing of it stays");

    tell(&database, "PRAGMA max_page_count = 100000").await;
    let session = session_of(&refused.0);
    assert_eq!(users.insert(&refused.0, Some(&session), None).await.unwrap(), Inserted::Yes);
    assert!(SessionStore::find(&sessions, session.id).await.unwrap().is_some());
}

/// A server may roll back a read in favour of a write, as a standby does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_the_database_rolls_back_is_tried_again_and_not_for_ever() {
    let (database, _folder) = file(1);
    let rolled_back = || Error::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new("conflict".to_owned()));
    for (conflicts, outcome) in [(1, Some(2)), (2, Some(3)), (usize::MAX, None)] {
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = tries.clone();
        let read = database.read(move |_| {
            let tried = counted.fetch_add(1, Ordering::Relaxed) + 1;
            if tried > conflicts { Ok(tried) } else { Err(rolled_back()) }
        });
        match (read.await, outcome) {
            (Ok(tried), Some(wanted)) => assert_eq!(tried, wanted),
            (Err(PortError::Unavailable(_)), None) => assert!(tries.load(Ordering::Relaxed) > 3),
            (found, wanted) => panic!("{found:?} instead of {wanted:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_whether_it_can_be_written_hears_of_a_file_that_cannot() {
    let (database, _folder) = file(1);
    let (users, readiness) = (DieselUsers(database.clone()), DieselReadiness(database.clone()));
    readiness.check().await.unwrap();
    tell(&database, "PRAGMA query_only = ON").await;
    let refused = users.insert(&user("ann@example.org"), None, None).await;
    assert!(matches!(refused, Err(PortError::Unavailable(_))), "{refused:?}");
    // On a connection that was made anew since.
    readiness.check().await.unwrap();
    tell(&database, "PRAGMA query_only = ON").await;
    database.proof.withdraw();
    let unready = readiness.check().await;
    assert!(matches!(unready, Err(PortError::Unavailable(_))), "{unready:?}");
}

/// A connection that was made while the file could not be written stays read-only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_only_reads_is_replaced_by_one_that_writes() {
    let (database, _folder) = file(1);
    let users = DieselUsers(database.clone());
    let ann = user("ann@example.org");
    tell(&database, "PRAGMA query_only = ON").await;
    let refused = users.insert(&ann, None, None).await;
    assert!(matches!(refused, Err(PortError::Unavailable(_))), "{refused:?}");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
}
