//! The queries of administrators: each kind of search, from its beginning and from a place on.

use auth_domain::{
    admin::{
        ports::{
            Stored::{EmailTaken, Yes},
            TransferStore, UserSearchStore,
        },
        search::UserSearch,
        transfer::AccountRecord,
    },
    audit::{
        entry::{Filter, Whose},
        kind::EventKind,
        ports::AuditStore,
    },
    identity::{email::Email, ids::UserId},
    testkit::{
        admin::samples::{bare, whole},
        samples::{email, user},
    },
};
use auth_infra::db::{Database, DieselAudit, DieselTransfers, DieselUsers};
use chrono::DateTime;

use super::{at, uuid};

pub(super) async fn search(database: &Database) {
    let (users, trail) = (DieselUsers(database.clone()), DieselAudit(database.clone()));
    let states = [None, Some(true), Some(false)];
    for (disabled, verified) in states.iter().flat_map(|one| states.iter().map(move |other| (*one, *other))) {
        for prefix in ["", "user0000190"] {
            let search = UserSearch { prefix: prefix.to_owned(), disabled, verified, ..UserSearch::default() };
            let place = email("user00001900@example.org");
            if search == UserSearch::default() {
                // From its beginning, MariaDB reads the whole of so small a table rather than an index, and none of a large one.
                assert_eq!(users.search(&search, Some(&place), 20).await.unwrap().users.len(), 20);
            } else {
                all_pages(&users, &search, &place).await;
            }
            let with_role = UserSearch { role: Some("staff".parse().unwrap()), ..search };
            all_pages(&users, &with_role, &place).await;
        }
    }
    let one = UserSearch { email: Some(email("user00000042@example.org")), ..UserSearch::default() };
    assert_eq!(users.search(&one, None, 20).await.unwrap().users.len(), 1);
    let some: Vec<UserId> = (100..120).map(|number| uuid(number).parse().unwrap()).collect();
    assert!(!users.factors_of(&some).await.unwrap().is_empty());

    let last_day = Filter {
        whose: None,
        event: None,
        since: DateTime::UNIX_EPOCH,
        until: Some(at("2026-01-01T00:30:00Z")),
        before: None,
        limit: 20,
    };
    for event in [None, Some(EventKind::LoginSucceeded)] {
        for whose in [None, Some(Whose::User(uuid(77).parse().unwrap()))] {
            assert!(!trail.list(&Filter { whose, event, ..last_day.clone() }).await.unwrap().is_empty());
        }
    }
}

/// A batch as it comes: accounts with all that they can have, some without, and one that is there.
pub(super) async fn transfer(database: &Database) {
    let transfers = DieselTransfers(database.clone());
    let mut accounts: Vec<AccountRecord> = vec![whole("moved@example.net"), bare(user("user00000042@example.org"))];
    // Of so small a table, a full batch is cheaper looked up row by row.
    accounts.extend((2..6).map(|number| bare(user(&format!("moved{number}@example.net")))));
    let now = at("2026-01-20T00:00:00.5Z");
    for stored in [transfers.foresee(&accounts, now).await.unwrap(), transfers.insert(&accounts, now).await.unwrap()] {
        assert!(stored.starts_with(&[Yes, EmailTaken]) && stored.len() == accounts.len());
    }
    for after in [None, Some(uuid(1000).parse().unwrap())] {
        assert_eq!(transfers.page(after, 20).await.unwrap().len(), 20);
    }
}

async fn all_pages(users: &DieselUsers, search: &UserSearch, place: &Email) {
    for after in [None, Some(place)] {
        let found = users.search(search, after, 20).await.unwrap();
        assert!(found.users.iter().all(|user| search.is_for(user)), "{search:?}");
    }
}
