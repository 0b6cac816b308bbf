//! What every [`UserAdminStore`](crate::accounts::ports::UserAdminStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::testkit::{
    fixtures::{Stores, against, ids},
    samples::{after, email, session_of, user},
};
use crate::{
    identity::user::{AccountState, User},
    sessions::ports::Begun,
};

/// One test per clause: `user_admin_store_contract!(fixture)` or `user_admin_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! user_admin_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::user_admin_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; accounts::user_admin_store:
            lists_accounts_as_they_are,
            lists_by_address_byte_by_byte,
            lists_what_begins_with_the_prefix,
            takes_every_character_of_a_prefix_literally,
            lists_at_most_the_limit,
            lists_what_lies_behind_an_address,
            lists_each_account_once_over_all_pages,
            disables_an_account_and_ends_its_sessions,
            disables_nobody_else,
            disables_again_what_is_disabled,
            names_only_the_sessions_that_disabling_ended,
            disables_and_enables_only_who_is_there,
            enables_an_account_but_revives_no_session,
            enables_again_what_is_enabled,
            verifies_the_address_that_an_account_has,
            leaves_no_session_begun_while_its_account_was_disabled,
        }
        $crate::user_edits_contract!(@all $attributes $fresh);
    };
    ($fresh:expr) => {
        $crate::user_admin_store_contract!(@all [] $fresh);
    };
}

async fn listed(stores: &Stores, prefix: &str, after: Option<&str>, limit: u32) -> Vec<String> {
    let after = after.map(email);
    let found = stores.directory.list(prefix, after.as_ref(), limit).await.unwrap();
    found.iter().map(|user| user.email.to_string()).collect()
}

async fn keep_all(stores: &Stores, addresses: &[&str]) {
    for address in addresses {
        stores.keep_new(address).await;
    }
}

pub async fn lists_accounts_as_they_are(stores: &Stores) {
    assert_eq!(stores.directory.list("", None, 10).await.unwrap(), []);
    let ann = stores.keep_new("ann@example.org").await;
    let ben =
        User { state: AccountState::Disabled { since: after(1) }, last_login_at: Some(after(2)), ..user("ben@example.org") };
    stores.keep(&ben).await;
    assert_eq!(stores.directory.list("", None, 10).await.unwrap(), [ann, ben]);
}

pub async fn lists_by_address_byte_by_byte(stores: &Stores) {
    let mut addresses =
        ["a@x.org", "a-b@x.org", "a.b@x.org", "a_b@x.org", "ab@x.org", "a1@x.org", "b@x.org", "ä@x.org", "z@x.org", "a+b@x.org"];
    keep_all(stores, &addresses).await;
    addresses.sort_unstable();
    assert_eq!(listed(stores, "", None, 100).await, addresses);
}

pub async fn lists_what_begins_with_the_prefix(stores: &Stores) {
    keep_all(stores, &["ann@example.org", "anna@example.org", "joann@example.org", "ben@ann.org"]).await;
    assert_eq!(listed(stores, "ann", None, 100).await, ["ann@example.org", "anna@example.org"]);
    assert_eq!(listed(stores, "ann@", None, 100).await, ["ann@example.org"]);
    assert_eq!(listed(stores, "ann@example.org", None, 100).await, ["ann@example.org"]);
    assert!(listed(stores, "ann@example.org.", None, 100).await.is_empty());
}

pub async fn takes_every_character_of_a_prefix_literally(stores: &Stores) {
    let addresses = ["a%b@x.org", "a_b@x.org", "axb@x.org", "a'b@x.org", "jose@x.org", "josé@x.org", "a*b@x.org"];
    keep_all(stores, &addresses).await;
    for (prefix, expected) in [
        ("a%", vec!["a%b@x.org"]),
        ("a_", vec!["a_b@x.org"]),
        ("a'", vec!["a'b@x.org"]),
        ("a*", vec!["a*b@x.org"]),
        ("jose", vec!["jose@x.org"]),
        ("jos\u{e9}", vec!["josé@x.org"]),
    ] {
        assert_eq!(listed(stores, prefix, None, 100).await, expected, "with the prefix {prefix}");
    }
    for prefix in ["%", "_", "\\", "a\\", "a\\%", "a\\_", "%b", "A", "JOSE", "a[", "?", "a\\\\", "' or ''='", "jose%"] {
        assert_eq!(listed(stores, prefix, None, 100).await, Vec::<String>::new(), "with the prefix {prefix}");
    }
}

pub async fn lists_at_most_the_limit(stores: &Stores) {
    keep_all(stores, &["c@x.org", "a@x.org", "b@x.org"]).await;
    assert_eq!(listed(stores, "", None, 2).await, ["a@x.org", "b@x.org"]);
    assert!(listed(stores, "", None, 0).await.is_empty());
}

pub async fn lists_what_lies_behind_an_address(stores: &Stores) {
    keep_all(stores, &["a@x.org", "b@x.org", "ba@x.org", "c@x.org"]).await;
    assert_eq!(listed(stores, "", Some("b@x.org"), 100).await, ["ba@x.org", "c@x.org"]);
    assert_eq!(listed(stores, "b", Some("b@x.org"), 100).await, ["ba@x.org"]);
    assert_eq!(listed(stores, "b", Some("a@x.org"), 1).await, ["b@x.org"]);
    // The account it names may be gone by the time the next page is asked for.
    assert_eq!(listed(stores, "", Some("b@nobody.org"), 100).await, ["b@x.org", "ba@x.org", "c@x.org"]);
    assert!(listed(stores, "", Some("z@x.org"), 100).await.is_empty());
}

pub async fn lists_each_account_once_over_all_pages(stores: &Stores) {
    let addresses: Vec<_> = (10..17).map(|number| format!("ann{number}@example.org")).collect();
    keep_all(stores, &addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    keep_all(stores, &["ben@example.org"]).await;
    let (mut seen, mut last) = (Vec::new(), None);
    for expected in [3, 3, 1, 0] {
        let page = stores.directory.list("ann", last.as_ref(), 3).await.unwrap();
        assert_eq!(page.len(), expected);
        last = page.last().map(|user| user.email.clone());
        seen.extend(page.iter().map(|user| user.email.to_string()));
    }
    assert_eq!(seen, addresses);
}

pub async fn disables_an_account_and_ends_its_sessions(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let sessions = [stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await];
    let before = stores.user(&ann).await;
    let mut ended = stores.disable(ann.id, after(3)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, ids(&sessions));
    for session in sessions {
        assert_eq!(stores.session(&session).await.ended_at, Some(after(3)));
    }
    let state = AccountState::Disabled { since: after(3) };
    assert_eq!(stores.user(&ann).await, User { state, updated_at: after(3), version: before.version + 1, ..before });
}

pub async fn disables_nobody_else(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let bens = stores.begin_at(&ben, 1).await;
    assert_eq!(stores.disable(ann.id, after(3)).await, Some(vec![]));
    assert!(stores.user(&ben).await.is_active());
    assert_eq!(stores.session(&bens).await, bens);
}

pub async fn disables_again_what_is_disabled(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    stores.begin_at(&ann, 1).await;
    assert!(stores.disable(ann.id, after(3)).await.is_some());
    assert_eq!(stores.disable(ann.id, after(3)).await, Some(vec![]));
    assert!(!stores.user(&ann).await.is_active());
}

pub async fn names_only_the_sessions_that_disabling_ended(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (ended, expired, live) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await, stores.begin_at(&ann, 3).await);
    assert!(stores.sessions.end(ended.id, after(5)).await.unwrap());
    assert_eq!(stores.disable(ann.id, expired.expires_at).await, Some(vec![live.id]));
    assert_eq!(stores.session(&ended).await.ended_at, Some(after(5)));
}

pub async fn disables_and_enables_only_who_is_there(stores: &Stores) {
    let nobody = user("ben@example.org");
    assert_eq!(stores.disable(nobody.id, after(3)).await, None);
    assert!(!stores.enable(nobody.id, after(3)).await);
}

pub async fn enables_an_account_but_revives_no_session(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    assert!(stores.disable(ann.id, after(3)).await.is_some());
    assert!(stores.enable(ann.id, after(4)).await);
    let enabled = stores.user(&ann).await;
    assert_eq!((enabled.state, enabled.updated_at, enabled.version), (AccountState::Active, after(4), ann.version + 2));
    assert_eq!(stores.session(&session).await.ended_at, Some(after(3)));
    stores.begin_at(&ann, 5).await;
}

pub async fn enables_again_what_is_enabled(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert!(stores.enable(ann.id, ann.updated_at).await);
    assert!(stores.user(&ann).await.is_active());
}

pub async fn verifies_the_address_that_an_account_has(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    assert!(!stores.verify(user("ann@example.org").id, after(1)).await, "there is none");
    assert_eq!((stores.user(&ann).await, stores.user(&ben).await), (ann.clone(), ben.clone()));
    assert!(stores.verify(ann.id, after(2)).await);
    let verified = User { email_verified_at: Some(after(2)), updated_at: after(2), version: ann.version + 1, ..ann };
    assert_eq!((stores.user(&verified).await, stores.user(&ben).await), (verified, ben));
}

pub async fn leaves_no_session_begun_while_its_account_was_disabled(stores: &Stores) {
    for round in 0..16 {
        let ann = stores.keep_new(&format!("ann{round}@example.org")).await;
        let session = session_of(&ann);
        let begin = {
            let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session.clone());
            async move { sessions.begin(&session, ann.version(), 5, None).await.unwrap() }
        };
        let disable = {
            let (stores, ann) = (stores.clone(), ann.clone());
            async move { stores.disable(ann.id, after(3)).await.unwrap() }
        };
        let (begun, ended) = against(round, begin, disable).await;
        assert_eq!(ended.contains(&session.id), begun != Begun::No);
        assert_eq!(stores.live(&ann).await, []);
    }
}
