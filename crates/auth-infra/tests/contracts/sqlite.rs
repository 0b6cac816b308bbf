//! What only SQLite does: files, and one writer at a time.

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    identity::port_error::PortError,
    testkit::samples::user,
};
use auth_infra::db::{Database, DatabaseUrl, DieselUsers};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};

use crate::scratch::{Engine, Scratch};

#[test]
fn what_is_in_the_way_of_the_file_is_named_with_the_variable() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display().to_string();
    std::fs::write(folder.path().join("file"), "").unwrap();
    std::fs::create_dir(folder.path().join("directory")).unwrap();
    for (path, obstacle) in [
        ("missing/auth.db", format!("the directory {here}/missing does not exist")),
        ("missing/too/auth.db", format!("the directory {here}/missing/too does not exist")),
        ("file/auth.db", format!("{here}/file is not a directory")),
        ("directory", format!("{here}/directory is a directory; name a file in it")),
    ] {
        let url: DatabaseUrl = format!("sqlite:///{here}/{path}").parse().unwrap();
        let error = Database::open(&url, 4).err().unwrap().to_string();
        assert!(error.contains("DATABASE_URL: SQLite file ") && error.contains(&obstacle), "{error}");
    }
    let relative: DatabaseUrl = "sqlite:///./nowhere/auth.db".parse().unwrap();
    let error = Database::open(&relative, 4).err().unwrap().to_string();
    assert!(error.contains("the directory ./nowhere does not exist"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.db");
    std::fs::write(&path, "no database, ".repeat(1000)).unwrap();
    let url: DatabaseUrl = format!("sqlite:///{}", path.display()).parse().unwrap();
    let error = Database::open(&url, 4).err().unwrap().to_string();
    assert!(error.contains("not a database"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_in_memory_is_one_for_all() {
    let database = Database::open(&"sqlite::memory:".parse().unwrap(), 8).unwrap();
    database.migrate().unwrap();
    let users = DieselUsers(database);
    let crowd: Vec<_> = (0..20).map(|number| user(&format!("ann{number}@example.org"))).collect();
    for ann in &crowd {
        assert_eq!(users.insert(ann, None, None).await.unwrap(), Inserted::Yes);
        assert_eq!(users.insert(ann, None, None).await.unwrap(), Inserted::EmailTaken);
    }
    for ann in crowd {
        assert_eq!(users.find(ann.id).await.unwrap(), Some(ann));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_write_for_long_hears_of_an_outage_and_others_still_read() {
    let scratch = Scratch::new(Engine::Sqlite);
    let users = DieselUsers(scratch.migrated());
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);

    let mut other_program = SqliteConnection::establish(scratch.file().to_str().unwrap()).unwrap();
    other_program.batch_execute("BEGIN IMMEDIATE").unwrap();
    let writer = {
        let users = users.clone();
        tokio::spawn(async move { users.insert(&user("ben@example.org"), None, None).await })
    };
    assert_eq!(users.find(ann.id).await.unwrap(), Some(ann));
    assert!(!writer.is_finished(), "the reader does not wait for the writer");
    // While the other program still has the lock.
    assert!(matches!(writer.await.unwrap(), Err(PortError::Unavailable(why)) if why.contains("locked")));

    other_program.batch_execute("ROLLBACK").unwrap();
    assert_eq!(users.insert(&user("cid@example.org"), None, None).await.unwrap(), Inserted::Yes);
}
