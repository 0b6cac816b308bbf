//! Accounts that move from one engine to another are the same there, row by row; and one that is refused stops no other.

use std::{ops::Range, sync::Arc};

use auth_domain::{
    admin::{
        ports::{Stored, TransferStore},
        transfer::{AccountRecord, TRANSFER_BATCH},
    },
    testkit::{
        Stores,
        admin::samples::{bare, whole},
        mfa::scenes::enrolled,
        samples::{after, kept_email, user},
    },
};
use auth_domain::{identity::user::User, testkit::samples::hash};
use auth_infra::db::{Database, DieselTransfers};
use chrono::{DateTime, Utc};

use crate::{
    recorder::{recorded, taken},
    scratch::{Engine, Scratch, over},
};

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[path = "transfer/waiting.rs"]
mod waiting;

#[path = "transfer/tables.rs"]
mod tables;

#[cfg(feature = "postgres")]
#[path = "transfer/growing.rs"]
mod growing;

use tables::{TABLES, rows};

crate::on_each_engine! {
    accounts_move_to_another_database_as_they_are,
    a_row_that_is_refused_stops_no_other,
    a_factor_that_is_refused_leaves_nothing_of_its_account,
    a_batch_costs_as_many_statements_as_one_account,
}

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and MariaDB: just test-all"]
async fn accounts_move_between_any_two_engines() {
    let engines = [Engine::Sqlite, Engine::Postgres, Engine::Mysql];
    for from in engines {
        let source = Scratch::new(from);
        let database = source.migrated();
        populate(&over(&database, ())).await;
        for to in engines {
            move_all(&source, &database, &Scratch::new(to)).await;
        }
    }
}

async fn accounts_move_to_another_database_as_they_are(engine: Engine) {
    let source = Scratch::new(engine);
    let database = source.migrated();
    populate(&over(&database, ())).await;
    move_all(&source, &database, &Scratch::new(engine)).await;
}

/// Accounts of all kinds: as they register, as they come, and as earlier releases stored them.
async fn populate(stores: &Stores) {
    let _ann = enrolled(stores, "ann@example.org").await;
    let time = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
    let from = |address: &str| user(address);
    let mut all: Vec<_> = (0..TRANSFER_BATCH + 7).map(|number| bare(user(&format!("user{number:03}@example.org")))).collect();
    all.extend((0..5).map(|number| whole(&format!("whole{number}@example.org"))));
    all.extend([
        bare(User { password: None, ..from("none@example.org") }),
        bare(User { email: kept_email("ann@münchen.example"), ..from("x@example.org") }),
        bare(from("dörte@bücher.example")),
        bare(from("ann@xn--80ak6aa92e.example")),
        bare(User { created_at: time("1000-01-01T00:00:00Z"), ..from("old@example.org") }),
        bare(User { created_at: time("9999-12-31T23:59:59.999999Z"), ..from("young@example.org") }),
        bare(User { updated_at: time("1969-12-31T23:59:59.000001Z"), ..from("epoch@example.org") }),
        bare(User { last_login_at: Some(time("2038-01-19T03:14:08Z")), ..from("late@example.org") }),
        bare(User { password: Some(hash("  ünïcode 🦀, and spaces behind  ")), ..from("odd@example.org") }),
        bare(User { profile: r#"{"a":[[[[1]]]]}"#.parse().unwrap(), ..from("deep@example.org") }),
        bare(User { attributes: format!(r#"{{"a":"{}"}}"#, "🦀".repeat(1000)).parse().unwrap(), ..from("large@example.org") }),
    ]);
    for batch in all.chunks(TRANSFER_BATCH.try_into().unwrap()) {
        assert_eq!(stores.transfer.insert(batch, after(0)).await.unwrap(), vec![Stored::Yes; batch.len()]);
    }
}

/// By what an export reads and an import writes.
async fn move_all(source: &Scratch, database: &Database, target: &Scratch) {
    let (from, to) = (DieselTransfers(database.clone()), DieselTransfers(target.migrated()));
    let mut last = None;
    loop {
        let page = from.page(last, TRANSFER_BATCH).await.unwrap();
        let Some(end) = page.last() else { break };
        last = Some(end.user.id);
        assert_eq!(to.insert(&page, after(9)).await.unwrap(), vec![Stored::Yes; page.len()]);
    }
    for table in &TABLES {
        let (ours, theirs) = (rows(source, table), rows(target, table));
        let count = ours[0].1.len();
        assert!(count > 1, "{} of {} is too few to tell", count, table.name);
        for ((column, ours), (_, theirs)) in ours.iter().zip(&theirs) {
            assert!(ours == theirs, "{}.{column} of {:?} is another on {:?}", table.name, source.engine(), target.engine());
        }
    }
    let copy = to.page(None, 10_000).await.unwrap();
    assert!(copy == from.page(None, 10_000).await.unwrap());
}

/// Refuses rows of a table whose column looks like this.
fn refusing(engine: Engine, table: &str, column: &str, like: &str) -> String {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => format!(
            "CREATE TRIGGER minds BEFORE INSERT ON {table} WHEN NEW.{column} LIKE '{like}' BEGIN SELECT RAISE(ABORT, 'no'); END"
        ),
        #[cfg(feature = "postgres")]
        Engine::Postgres => format!("ALTER TABLE {table} ADD CHECK ({column} NOT LIKE '{like}')"),
        #[cfg(feature = "mysql")]
        Engine::Mysql => format!(
            "CREATE TRIGGER minds BEFORE INSERT ON {table} FOR EACH ROW \
             IF NEW.{column} LIKE '{like}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF"
        ),
    }
}

fn crowd(numbers: Range<u32>) -> Vec<AccountRecord> {
    numbers.map(|number| whole(&format!("user{number:03}@example.org"))).collect()
}

async fn a_row_that_is_refused_stops_no_other(engine: Engine) {
    let scratch = Scratch::new(engine);
    let transfers = DieselTransfers(scratch.migrated());
    // The first, the last, two neighbours, and one in the middle.
    let bad = [0, 99, 100, 57, TRANSFER_BATCH - 1];
    scratch.execute(&refusing(engine, "users", "email", "bad%"));
    let mut accounts = crowd(0..TRANSFER_BATCH);
    for number in bad {
        accounts[usize::try_from(number).unwrap()].user.email = format!("bad{number}@example.org").parse().unwrap();
    }
    // Of two that ask for the same the second gets it, where the first cannot come.
    accounts[58] = bare(User { id: accounts[57].user.id, ..user("heir@example.org") });
    let stored = transfers.insert(&accounts, after(0)).await.unwrap();
    for (number, stored) in (0..).zip(&stored) {
        assert_eq!(*stored, if bad.contains(&number) { Stored::Refused } else { Stored::Yes }, "{number}");
    }
    let mut expected: Vec<_> =
        accounts.into_iter().zip(stored).filter(|(_, stored)| *stored == Stored::Yes).map(|(one, _)| one).collect();
    expected.sort_by_key(|account| account.user.id);
    assert!(transfers.page(None, 1000).await.unwrap() == expected);
}

async fn a_factor_that_is_refused_leaves_nothing_of_its_account(engine: Engine) {
    let scratch = Scratch::new(engine);
    let transfers = DieselTransfers(scratch.migrated());
    scratch.execute(&refusing(engine, "recovery_codes", "digest", "bad%"));
    let mut accounts = crowd(0..9);
    accounts[4].recovery_codes[9].0 = "bad".to_owned();
    let stored = transfers.insert(&accounts, after(0)).await.unwrap();
    accounts.remove(4);
    assert_eq!((stored[4], stored.iter().filter(|stored| **stored == Stored::Yes).count()), (Stored::Refused, 8));
    assert!(transfers.page(None, 1000).await.unwrap() == accounts);
    for table in TABLES.iter().filter(|table| table.name != "users") {
        let owners = format!("SELECT DISTINCT user_id AS text FROM {}", table.name);
        assert_eq!(scratch.texts(&owners).len(), 8, "{}", table.name);
    }
}

/// What takes many rows is a statement more only where it would be too long for one.
async fn a_batch_costs_as_many_statements_as_one_account(engine: Engine) {
    let scratch = recorded(engine);
    let transfers = Arc::new(DieselTransfers(scratch.migrated()));
    assert!(transfers.foresee(&crowd(900..901), after(0)).await.is_ok());
    taken(&scratch);
    let mut costs = Vec::new();
    for numbers in [0..1, 1..51] {
        let many = numbers.len() > 1;
        assert!(transfers.insert(&crowd(numbers), after(0)).await.unwrap().iter().all(|stored| *stored == Stored::Yes));
        let insert = taken(&scratch);
        assert_eq!(transfers.page(None, TRANSFER_BATCH).await.unwrap().len(), if many { 51 } else { 1 });
        let page = taken(&scratch);
        if many {
            println!(
                "{}",
                insert
                    .iter()
                    .chain(&page)
                    .map(|query| query.chars().take(300).collect::<String>())
                    .collect::<Vec<_>>()
                    .join("\n")
            );
        }
        costs.push((insert.len(), page.len()));
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].0 <= 18 && costs[0].1 <= 7, "{costs:?}");
}
