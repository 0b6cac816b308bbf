//! Searching: over the memory store, and with its ports mocked.

use super::*;
use crate::{
    accounts::ports::UserStore,
    admin::ports::MockUserSearchStore,
    testing::{down, factors::Server},
    testkit::{
        FakeCursors, MemoryStore,
        samples::{email, user},
    },
};

fn over(store: MemoryStore) -> SearchUsers {
    SearchUsers { store: Arc::new(store), cursors: Arc::new(FakeCursors::default()) }
}

async fn crowd() -> SearchUsers {
    let store = MemoryStore::default();
    for address in ["ann@example.org", "ben@example.org", "cid@example.org"] {
        let user = User { roles: "staff".parse().unwrap(), ..user(address) };
        assert_eq!(store.insert(&user, None, None).await.unwrap(), crate::accounts::ports::Inserted::Yes);
    }
    over(store)
}

fn staff() -> UserSearch {
    UserSearch { role: Some("staff".parse().unwrap()), ..UserSearch::default() }
}

#[tokio::test]
async fn a_cursor_gets_the_next_page_of_its_own_search() {
    let search = crowd().await;
    for wanted in [UserSearch::default(), staff()] {
        let first = search.execute(&wanted, None, 2).await.unwrap();
        let next = search.execute(&wanted, first.next.as_deref(), 1).await.unwrap();
        assert_eq!((first.accounts.len(), next.accounts.len(), next.next), (2, 1, None));
    }
}

#[tokio::test]
async fn a_cursor_of_another_search_is_refused() {
    let search = crowd().await;
    let all = [
        UserSearch::default(),
        staff(),
        UserSearch { prefix: "a".to_owned(), ..UserSearch::default() },
        UserSearch { disabled: Some(false), ..UserSearch::default() },
        UserSearch { verified: Some(false), ..UserSearch::default() },
    ];
    for (own, wanted) in all.iter().enumerate() {
        let Some(cursor) = search.execute(wanted, None, 1).await.unwrap().next else { continue };
        for (number, other) in all.iter().enumerate() {
            let outcome = search.execute(other, Some(&cursor), 1).await;
            assert_eq!(matches!(outcome, Err(SearchError::Cursor)), number != own, "{wanted:?}, {other:?}");
        }
    }
    assert!(matches!(search.execute(&staff(), Some("nonsense"), 1).await, Err(SearchError::Cursor)));
}

#[test]
fn no_two_searches_have_one_name() {
    let searches = [
        UserSearch { prefix: "x\nstaff".to_owned(), ..UserSearch::default() },
        UserSearch { prefix: "\nNone".to_owned(), ..UserSearch::default() },
        UserSearch { email: Some(email("ann@example.org")), ..UserSearch::default() },
        UserSearch { prefix: "ann@example.org".to_owned(), ..UserSearch::default() },
        UserSearch { disabled: Some(true), ..UserSearch::default() },
        UserSearch { verified: Some(true), ..UserSearch::default() },
    ];
    let names: std::collections::BTreeSet<_> = searches.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), searches.len());
}

#[tokio::test]
async fn accounts_come_with_their_factors() {
    let (server, app, _) = Server::with_app().await;
    let found = over(server.world.store.clone()).execute(&UserSearch::default(), None, 10).await.unwrap();
    let ids: Vec<_> = found.accounts.iter().flat_map(|account| &account.factors).map(|factor| factor.id).collect();
    assert_eq!(ids, [app.id]);
    let one = over(server.world.store.clone()).complete_one(server.ann().await).await.unwrap();
    assert_eq!(found.accounts, [one]);
}

#[tokio::test]
async fn factors_are_asked_for_only_where_there_are_some() {
    let mut store = MockUserSearchStore::new();
    store.expect_search().returning(|_, _, _| Ok(Page { users: vec![user("ann@example.org")], next: None }));
    store.expect_factors_of().never();
    let search = SearchUsers { store: Arc::new(store), cursors: Arc::new(FakeCursors::default()) };
    assert_eq!(search.execute(&UserSearch::default(), None, 10).await.unwrap().accounts.len(), 1);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut store = MockUserSearchStore::new();
    store.expect_search().returning(|_, _, _| down());
    let search = SearchUsers { store: Arc::new(store), cursors: Arc::new(FakeCursors::default()) };
    let outcome = search.execute(&UserSearch::default(), None, 10).await;
    assert!(matches!(outcome, Err(SearchError::Port(PortError::Unavailable(_)))));
}
