//! What every [`UserSearchStore`](crate::admin::ports::UserSearchStore) keeps.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a clause is a test: an outage fails it")]

use std::collections::BTreeSet;

use crate::{
    accounts::ports::Edited,
    admin::search::{Page, UserSearch},
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        role::{Role, Roles},
        user::{AccountState, User},
    },
    testkit::{
        fixtures::Stores,
        mfa::scenes::enrolled,
        samples::{after, email, kept_email, user},
    },
};

/// One test per clause: `user_search_store_contract!(fixture)` or `user_search_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! user_search_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::user_search_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; admin::user_search_store:
            finds_accounts_as_they_are,
            finds_what_every_filter_is_true_of,
            finds_each_account_once_over_all_pages,
            finds_an_address_in_every_spelling,
            finds_who_has_a_role,
            finds_few_among_many_who_have_a_role,
            finds_who_has_a_role_as_they_are_now,
            finds_nothing_behind_the_last,
            finds_the_factors_of_those_it_was_asked_for,
        }
    };
    ($fresh:expr) => {
        $crate::user_search_store_contract!(@all [] $fresh);
    };
}

fn roles(names: &[&str]) -> Roles {
    Roles::of(names.iter().map(|name| name.parse().unwrap())).unwrap()
}

fn role(name: &str) -> Option<Role> {
    Some(name.parse().unwrap())
}

/// Every address that a search finds, over all pages of so many, in the order in which it finds them.
async fn found(stores: &Stores, search: &UserSearch, limit: u32) -> Vec<String> {
    let (mut addresses, mut after) = (Vec::new(), None);
    loop {
        let Page { users, next } = stores.search.search(search, after.as_ref(), limit).await.unwrap();
        assert!(u32::try_from(users.len()).unwrap() <= limit, "{search:?}");
        assert!(users.iter().all(|user| search.is_for(user)), "{search:?}");
        addresses.extend(users.iter().map(|user| user.email.to_string()));
        let Some(next) = next else { return addresses };
        assert_ne!(Some(&next), after.as_ref(), "a page goes on from where the last one ended");
        after = Some(next);
    }
}

/// Accounts in every state, some with roles.
async fn crowd(stores: &Stores) -> Vec<User> {
    let mut all = Vec::new();
    for (number, name) in ["ann", "anna", "ben", "cid", "annabel", "dora", "ed", "eve"].into_iter().enumerate() {
        let mut one = user(&format!("{name}@example.org"));
        if number % 2 == 1 {
            one.state = AccountState::Disabled { since: after(1) };
        }
        one.email_verified_at = (number % 3 == 0).then(|| after(1));
        one.roles = match number % 4 {
            0 => roles(&["admin", "staff"]),
            1 => roles(&["staff"]),
            _ => Roles::default(),
        };
        stores.keep(&one).await;
        all.push(one);
    }
    all
}

pub async fn finds_accounts_as_they_are(stores: &Stores) {
    assert_eq!(stores.search.search(&UserSearch::default(), None, 10).await.unwrap(), Page::default());
    let mut all = crowd(stores).await;
    all.sort_by(|a, b| a.email.cmp(&b.email));
    let everybody = Page { users: all, next: None };
    assert_eq!(stores.search.search(&UserSearch::default(), None, 8).await.unwrap(), everybody, "a full page may be the last");
}

pub async fn finds_what_every_filter_is_true_of(stores: &Stores) {
    let all = crowd(stores).await;
    let states = [None, Some(true), Some(false)];
    for prefix in ["", "ann", "anna", "z", "ann@example.org", "%"] {
        for name in [None, Some("admin"), Some("staff"), Some("nobody")] {
            for (disabled, verified) in states.iter().flat_map(|one| states.iter().map(move |other| (*one, *other))) {
                let role = name.and_then(role);
                let search = UserSearch { email: None, prefix: prefix.to_owned(), role, disabled, verified };
                let mut expected: Vec<_> = all.iter().filter(|user| search.is_for(user)).collect();
                expected.sort_by(|a, b| a.email.cmp(&b.email));
                let expected: Vec<_> = expected.iter().map(|user| user.email.to_string()).collect();
                for limit in [1, 3, 100] {
                    assert_eq!(found(stores, &search, limit).await, expected, "{search:?}, by {limit}");
                }
            }
        }
    }
}

pub async fn finds_each_account_once_over_all_pages(stores: &Stores) {
    for number in 0..13 {
        let mut one = user(&format!("user{number:02}@example.org"));
        // Neighbours are in different states: they come from different places, and are one list.
        if number % 2 == 0 {
            one.state = AccountState::Disabled { since: after(1) };
        }
        stores.keep(&one).await;
    }
    let expected: Vec<_> = (0..13).map(|number| format!("user{number:02}@example.org")).collect();
    for limit in 1..=14 {
        for verified in [None, Some(false)] {
            assert_eq!(found(stores, &UserSearch { verified, ..UserSearch::default() }, limit).await, expected);
        }
    }
}

pub async fn finds_an_address_in_every_spelling(stores: &Stores) {
    stores.keep_new("ann@example.org").await;
    stores.keep(&User { email: kept_email("ann@münchen.example"), roles: roles(&["staff"]), ..user("x@example.org") }).await;
    let search = |text: &str| UserSearch { email: Some(email(text)), ..UserSearch::default() };
    assert_eq!(found(stores, &search("ann@example.org"), 5).await, ["ann@example.org"]);
    assert_eq!(
        found(stores, &search("ann@münchen.example"), 5).await,
        ["ann@münchen.example"],
        "as an earlier release stored it"
    );
    assert!(found(stores, &search("ann@example.or"), 5).await.is_empty());
    for (wanted, is_there) in [(role("staff"), true), (role("admin"), false)] {
        let with_role = UserSearch { role: wanted, ..search("ann@münchen.example") };
        assert_eq!(found(stores, &with_role, 5).await.len(), usize::from(is_there));
    }
    assert!(found(stores, &UserSearch { disabled: Some(true), ..search("ann@example.org") }, 5).await.is_empty());
    assert!(found(stores, &UserSearch { prefix: "ben".to_owned(), ..search("ann@example.org") }, 5).await.is_empty());
}

pub async fn finds_who_has_a_role(stores: &Stores) {
    let mut staff = Vec::new();
    for address in ["zoe@example.org", "ann@example.org", "ben@example.org"] {
        let one = User { roles: roles(&["staff", "staff.lead"]), ..user(address) };
        stores.keep(&one).await;
        staff.push(one);
    }
    stores.keep_new("nobody@example.org").await;
    let search = UserSearch { role: role("staff"), ..UserSearch::default() };
    staff.sort_by(|a, b| a.email.cmp(&b.email));
    let page = stores.search.search(&search, None, 3).await.unwrap();
    assert_eq!((page.users, page.next), (staff, None));
    assert!(found(stores, &UserSearch { role: role("staff.lea"), ..UserSearch::default() }, 3).await.is_empty());
}

pub async fn finds_few_among_many_who_have_a_role(stores: &Stores) {
    for number in 0..60 {
        let mut one = User { roles: roles(&["staff"]), ..user(&format!("user{number:02}@example.org")) };
        if number == 57 {
            one.state = AccountState::Disabled { since: after(1) };
        }
        stores.keep(&one).await;
    }
    let search = UserSearch { role: role("staff"), disabled: Some(true), ..UserSearch::default() };
    assert_eq!(found(stores, &search, 2).await, ["user57@example.org"]);
}

pub async fn finds_nothing_behind_the_last(stores: &Stores) {
    let all = crowd(stores).await;
    for wanted in [None, role("staff")] {
        let search = UserSearch { role: wanted, ..UserSearch::default() };
        let Page { users, next } = stores.search.search(&search, None, 1).await.unwrap();
        let place = next.unwrap();
        // The account of a place may be gone by the time the next page is asked for.
        assert!(stores.delete(users.first().unwrap().id, None, after(2)).await);
        let rest = stores.search.search(&search, Some(&place), 100).await.unwrap();
        assert_eq!(rest.next, None);
        assert!(!rest.users.is_empty() && rest.users.len() < all.len());
    }
}

pub async fn finds_the_factors_of_those_it_was_asked_for(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let cid = stores.keep_new("cid@example.org").await;
    let of = |factors: &[(_, crate::factors::factor::Factor)]| {
        factors.iter().map(|(user, factor)| (*user, factor.id)).collect::<Vec<_>>()
    };
    let anns = stores.search.factors_of(&[ann.user.id, cid.id]).await.unwrap();
    assert_eq!(of(&anns), [(ann.user.id, ann.app.id), (ann.user.id, ann.passkey.id)], "oldest first");
    let listed = stores.factors.list(ann.user.id).await.unwrap().factors;
    assert_eq!(anns.into_iter().map(|(_, factor)| factor).collect::<Vec<_>>(), listed);
    let both = stores.search.factors_of(&[ben.user.id, ann.user.id]).await.unwrap();
    let owners: BTreeSet<_> = both.iter().map(|(user, _)| *user).collect();
    assert_eq!((both.len(), owners), (4, BTreeSet::from([ann.user.id, ben.user.id])));
    assert!(stores.search.factors_of(&[cid.id]).await.unwrap().is_empty());
}

/// Whatever moves an account in the lists: its state, its address, its verification, its roles.
pub async fn finds_who_has_a_role_as_they_are_now(stores: &Stores) {
    let ann = User { roles: roles(&["staff"]), ..user("ann@example.org") };
    stores.keep(&ann).await;
    let lists = async || {
        let mut lists = Vec::new();
        for (disabled, verified) in [(false, false), (false, true), (true, false), (true, true)] {
            let search =
                UserSearch { role: role("staff"), disabled: Some(disabled), verified: Some(verified), ..UserSearch::default() };
            lists.push(found(stores, &search, 5).await);
        }
        lists
    };
    let only = |at: usize, address: &str| {
        let mut lists = vec![Vec::new(); 4];
        lists[at].push(address.to_owned());
        lists
    };
    assert_eq!(lists().await, only(0, "ann@example.org"));
    let edit = async |change: fn(Editable) -> Editable| {
        let from = Editable::from(&stores.users.find(ann.id).await.unwrap().unwrap());
        let to = change(from.clone());
        let edited = stores.directory.edit(ann.id, &from, &to, LastAdministrator::MayGo, after(5), None).await.unwrap();
        assert!(matches!(edited, Edited::Yes { .. }), "{edited:?}");
    };
    edit(|from| Editable { disabled: true, ..from }).await;
    assert_eq!(lists().await, only(2, "ann@example.org"));
    edit(|from| Editable { email: email("zoe@example.org"), email_verified: true, ..from }).await;
    assert_eq!(lists().await, only(3, "zoe@example.org"));
    edit(|from| Editable { roles: roles(&["staff", "editor"]), disabled: false, ..from }).await;
    assert_eq!(lists().await, only(1, "zoe@example.org"));
    edit(|from| Editable { roles: Roles::default(), ..from }).await;
    assert_eq!(lists().await, vec![Vec::<String>::new(); 4]);
}
