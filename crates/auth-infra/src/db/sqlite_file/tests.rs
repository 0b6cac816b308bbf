//! Who may read a new file, and what happens when one is taken away while it is open.
#![cfg(all(unix, feature = "sqlite"))]

use std::os::unix::fs::{PermissionsExt, symlink};

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    identity::port_error::PortError,
    maintenance::ports::Readiness,
    sessions::ports::SessionStore,
    testkit::samples::{session_of, user},
};

use super::*;
use crate::db::{Database, DieselReadiness, DieselSessions, DieselUsers, tests::file};

fn url(path: &Path) -> DatabaseUrl {
    format!("sqlite:///{}", path.display()).parse().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_its_owner_can_read_what_a_link_leads_to() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("data")).unwrap();
    // Relative, absolute, and one behind the other.
    symlink("data/real.db", at("one.db")).unwrap();
    symlink(at("one.db"), at("two.db")).unwrap();
    let database = Database::open(&url(&at("two.db")), 2).unwrap();
    database.migrate().unwrap();
    assert_eq!(registers(&database, "ann@example.org").await, Some(Inserted::Yes));
    for made in ["data/real.db", "data/real.db-wal", "data/real.db-shm"] {
        assert_eq!(mode(&at(made)), 0o600, "{made}");
    }
    assert!(fs::symlink_metadata(at("two.db")).unwrap().is_symlink());
}

#[test]
fn a_link_into_a_missing_folder_is_told_and_so_is_one_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    symlink("missing/real.db", at("far.db")).unwrap();
    symlink("round.db", at("round.db")).unwrap();
    let told = |name: &str| Database::open(&url(&at(name)), 1).unwrap_err().to_string();
    assert!(told("far.db").contains("directory it would be in does not exist"), "{}", told("far.db"));
    assert!(told("round.db").contains("cannot be reached"), "{}", told("round.db"));
}

/// A database with an account and a connection for each kind of work.
async fn in_use() -> (Database, tempfile::TempDir) {
    let (database, folder) = file(2);
    let ann = user("ann@example.org");
    assert_eq!(DieselUsers(database.clone()).insert(&ann, Some(&session_of(&ann)), None).await.unwrap(), Inserted::Yes);
    DieselReadiness(database.clone()).check().await.unwrap();
    assert!(DieselSessions(database.clone()).find(session_of(&ann).id).await.is_ok());
    (database, folder)
}

/// Whether somebody can register; `None` is an outage.
async fn registers(database: &Database, email: &str) -> Option<Inserted> {
    match DieselUsers(database.clone()).insert(&user(email), None, None).await {
        Ok(inserted) => Some(inserted),
        Err(PortError::Unavailable(why)) if why.contains("removed, renamed or replaced") => None,
        Err(other) => panic!("{other}"),
    }
}

/// Once one has found out, nobody answers, not even look-ups, which look by themselves only once in a while.
async fn is_out(database: &Database) -> bool {
    let ann = user("ann@example.org");
    let is_registered = registers(database, "bob@example.org").await.is_some();
    let finds = DieselSessions(database.clone()).find(session_of(&ann).id).await.is_ok();
    let is_ready = DieselReadiness(database.clone()).check().await.is_ok();
    !is_registered && !finds && !is_ready
}

#[tokio::test]
async fn a_file_that_is_moved_away_is_an_outage_until_it_is_back() {
    let (database, folder) = in_use().await;
    let at = |name: &str| folder.path().join(name);
    for suffix in ["", "-wal", "-shm"] {
        fs::rename(at(&format!("auth.db{suffix}")), at(&format!("away.db{suffix}"))).unwrap();
    }
    assert!(is_out(&database).await && !at("auth.db").exists(), "no empty one in its place");
    for suffix in ["", "-wal", "-shm"] {
        fs::rename(at(&format!("away.db{suffix}")), at(&format!("auth.db{suffix}"))).unwrap();
    }
    assert_eq!(registers(&database, "cid@example.org").await, Some(Inserted::Yes));
    assert_eq!(registers(&database, "ann@example.org").await, Some(Inserted::EmailTaken));
}

#[tokio::test]
async fn a_file_that_is_replaced_is_an_outage_to_the_end() {
    let (database, folder) = in_use().await;
    let path = folder.path().join("auth.db");
    fs::copy(&path, folder.path().join("backup.db")).unwrap();
    fs::rename(folder.path().join("backup.db"), &path).unwrap();
    assert!(is_out(&database).await);
    let (database, folder) = in_use().await;
    fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
    assert!(is_out(&database).await, "the folder has another name");
    fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
    assert_eq!(registers(&database, "cid@example.org").await, Some(Inserted::Yes));
}

#[tokio::test]
async fn nothing_is_promised_once_a_file_beside_the_database_is_gone() {
    for suffix in BESIDE {
        let (database, folder) = in_use().await;
        fs::remove_file(folder.path().join(format!("auth.db{suffix}"))).unwrap();
        for email in ["bob@example.org", "cid@example.org"] {
            assert_eq!(registers(&database, email).await, None, "{suffix}");
        }
        // Another program makes a new one, which is not the one that is open.
        let _other = Database::open(&url(&folder.path().join("auth.db")), 1);
        assert_eq!(registers(&database, "dan@example.org").await, None, "{suffix}");
    }
}

#[tokio::test]
async fn a_file_that_is_removed_during_a_commit_is_no_promise() {
    let (database, folder) = in_use().await;
    let path = folder.path().join("auth.db");
    let done = database.transaction(move |_db| Ok(fs::remove_file(&path).is_ok())).await;
    assert!(matches!(&done, Err(PortError::Unavailable(why)) if why.contains("removed")), "{done:?}");
}
