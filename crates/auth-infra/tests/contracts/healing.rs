//! Connections that break, and a server that is not there.

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    identity::{ids::UserId, port_error::PortError, user::User},
    maintenance::ports::Readiness,
    testkit::samples::user,
};
use auth_infra::db::{Database, DatabaseUrl, DieselReadiness, DieselUsers};

use crate::scratch::{Engine, Scratch};

crate::on_each_server! {
    the_next_read_after_a_break_succeeds,
    a_write_after_a_break_fails_once_at_most,
    silence_is_an_outage_and_then_all_is_well,
    a_server_that_is_not_there_is_named_without_the_password,
}

/// Many at once, so that the pool has many connections. What each of them found.
async fn found_at_once(users: &DieselUsers, id: UserId) -> Vec<Option<User>> {
    let reads: Vec<_> = (0..64)
        .map(|_| {
            let users = users.clone();
            tokio::spawn(async move { users.find(id).await })
        })
        .collect();
    let mut found = Vec::new();
    for read in reads {
        found.push(read.await.unwrap().unwrap());
    }
    found
}

async fn read_at_once(users: &DieselUsers, id: UserId) {
    assert!(found_at_once(users, id).await.iter().all(Option::is_some));
}

/// Ends every connection to the database, as an operator or a failover does.
pub(crate) fn cut(engine: Engine, scratch: &Scratch) {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => panic!("SQLite has no server"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => {
            let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let cut = scratch.texts(&format!("SELECT pg_terminate_backend(pid)::text AS text {others}"));
            assert!(cut.len() > 1, "{cut:?}");
        }
        #[cfg(feature = "mysql")]
        Engine::Mysql => {
            let others = "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
            let ids = scratch.texts(&format!("SELECT CAST(id AS CHAR) AS text {others}"));
            assert!(ids.len() > 1, "{ids:?}");
            for id in ids {
                scratch.execute(&format!("KILL {id}"));
            }
        }
    }
}

async fn the_next_read_after_a_break_succeeds(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (users, readiness) = (DieselUsers(database.clone()), DieselReadiness(database));
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    for _ in 0..3 {
        read_at_once(&users, ann.id).await;
        cut(engine, &scratch);
        assert_eq!(users.find(ann.id).await.unwrap(), Some(ann.clone()));
        read_at_once(&users, ann.id).await;
        cut(engine, &scratch);
        readiness.check().await.unwrap();
        cut_and_read_at_once(engine, &scratch, &users, ann.id).await;
    }
}

async fn cut_and_read_at_once(engine: Engine, scratch: &Scratch, users: &DieselUsers, id: UserId) {
    read_at_once(users, id).await;
    cut(engine, scratch);
    read_at_once(users, id).await;
}

async fn a_write_after_a_break_fails_once_at_most(engine: Engine) {
    let scratch = Scratch::new(engine);
    let users = DieselUsers(scratch.migrated());
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    read_at_once(&users, ann.id).await;
    cut(engine, &scratch);
    let ben = user("ben@example.org");
    match users.insert(&ben, None, None).await {
        Err(PortError::Unknown(_)) => {}
        other => panic!("a write that may have been lost: {other:?}"),
    }
    assert_eq!(users.find(ben.id).await.unwrap(), None);
    assert_eq!(users.insert(&ben, None, None).await.unwrap(), Inserted::Yes);
}

async fn a_server_that_is_not_there_is_named_without_the_password(engine: Engine) {
    let scheme = match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => panic!("SQLite has no server"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => "postgres",
        #[cfg(feature = "mysql")]
        Engine::Mysql => "mysql",
    };
    let url: DatabaseUrl = format!("{scheme}://ann:hush@127.0.0.1:1/auth").parse().unwrap();
    let error = Database::open(&url, 4).err().unwrap();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.contains("127.0.0.1:1") && text.contains(&url.engine().to_string()) && !text.contains("hush"), "{text}");
    }
    // Nor when the server is there and refuses the password.
    let server = engine.server();
    let (_, host) = server.rsplit_once('@').unwrap();
    let url: DatabaseUrl = format!("{scheme}://nobody_here:hush@{host}").parse().unwrap();
    let error = Database::open(&url, 4).err().unwrap().to_string();
    assert!(!error.contains("hush"), "{error}");
}

/// Neither an answer nor an end of the connection: the worst way to be away.
async fn silence_is_an_outage_and_then_all_is_well(engine: Engine) {
    let scratch = Scratch::new(engine);
    drop(scratch.migrated());
    let (proxy, url) = crate::scratch::by_proxy(engine, &scratch);
    let database = Database::open(&url, 2).unwrap();
    let users = DieselUsers(database.clone());
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    proxy.freeze();
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let (users, id) = (users.clone(), ann.id);
            tokio::spawn(async move { users.find(id).await })
        })
        .collect();
    // All of this is answered while the server is still silent.
    for call in waiting {
        assert!(matches!(call.await.unwrap(), Err(PortError::Unavailable(_))));
    }
    assert!(Database::open(&url, 2).is_err(), "nor does one wait for ever to connect");

    proxy.thaw();
    assert_eq!(users.find(ann.id).await.unwrap(), Some(ann.clone()));
    read_at_once(&users, ann.id).await;
}

/// As after a failover that left the pool with connections to what is a replica now.
#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: just test-all"]
async fn a_connection_that_only_reads_is_replaced_by_one_that_writes() {
    let scratch = Scratch::new(Engine::Postgres);
    scratch.migrated();
    scratch.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", scratch.name()));
    let database = scratch.open();
    let (users, readiness) = (DieselUsers(database.clone()), DieselReadiness(database));
    let ann = user("ann@example.org");
    readiness.check().await.unwrap_err();
    assert!(matches!(users.insert(&ann, None, None).await, Err(PortError::Unavailable(_))));
    assert!(found_at_once(&users, ann.id).await.iter().all(Option::is_none));
    // Who says so may write all the same.
    scratch.execute(&format!("BEGIN READ WRITE; ALTER DATABASE {} RESET default_transaction_read_only; COMMIT", scratch.name()));
    let mut refused = 0;
    while let Err(error) = users.insert(&ann, None, None).await {
        assert!(matches!(error, PortError::Unavailable(_)), "{error}");
        refused += 1;
        assert!(refused <= 1, "one finds out for all the others");
    }
    assert_eq!(users.find(ann.id).await.unwrap(), Some(ann));
    readiness.check().await.unwrap();
}

/// What a server says in German counts the same. The sequence remembers the first try, which is rolled back.
#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: just test-all"]
async fn a_deadlock_in_another_language_and_a_read_that_is_rolled_back_are_tried_again() {
    let scratch = Scratch::new(Engine::Postgres);
    let users = DieselUsers(scratch.migrated());
    scratch.execute(
        "CREATE SEQUENCE writes; CREATE SEQUENCE reads;
         CREATE FUNCTION stumble_writing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('writes') = 1 THEN
                 RAISE EXCEPTION 'Verklemmung (Deadlock) entdeckt' USING ERRCODE = '40P01',
                     DETAIL = E'Prozess 7 wartet auf ShareLock; blockiert von Prozess 8.\\nProzess 8 wartet auf ShareLock; blockiert von Prozess 7.',
                     HINT = 'Einzelheiten zur Anfrage finden Sie im Serverlog.';
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER stumble BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stumble_writing();
         CREATE FUNCTION stumble_reading() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('reads') = 1 THEN RAISE EXCEPTION 'Konflikt' USING ERRCODE = '40001'; END IF;
             RETURN true;
         END $$;",
    );
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    assert_eq!(scratch.texts("SELECT last_value::text AS text FROM writes"), ["2"]);
    scratch.execute("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people WHERE stumble_reading()");
    assert_eq!(users.find(ann.id).await.unwrap(), Some(ann));
    assert_eq!(scratch.texts("SELECT last_value::text AS text FROM reads"), ["2"]);
}
