//! What every [`AuditStore`](crate::audit::ports::AuditStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::testkit::{
    fixtures::{Stores, together},
    samples::{after, context, email, entry, id, origin_from},
};
use crate::{
    audit::{
        entry::{Entry, EntryId, Filter, Whose},
        kind::EventKind::{self, LoginFailed, LoginSucceeded, RateLimited, UserRegistered},
    },
    identity::{
        ids::{SessionId, UserId},
        request_context::{RequestContext, USER_AGENT_MAX_CHARS, UserAgent},
    },
};

/// One test per clause: `audit_store_contract!(fixture)` or `audit_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! audit_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::audit_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; audit::audit_store:
            keeps_every_kind_of_event,
            keeps_what_an_event_says,
            keeps_the_longest_words,
            keeps_what_another_release_wrote,
            keeps_nothing_of_nothing,
            keeps_an_entry_once_however_often_it_is_told,
            keeps_what_many_tell_at_once,
            lists_latest_first_page_by_page,
            lists_what_was_asked_for,
            keeps_the_entries_of_an_account_that_is_gone,
            forgets_the_oldest_entries_in_batches,
        }
    };
    ($fresh:expr) => {
        $crate::audit_store_contract!(@all [] $fresh);
    };
}

fn everything() -> Filter {
    Filter { whose: None, event: None, since: after(-1000), until: None, before: None, limit: 1000 }
}

async fn listed(stores: &Stores, filter: Filter) -> Vec<Entry> {
    stores.trail.list(&filter).await.unwrap()
}

/// Entries a second apart.
async fn kept(stores: &Stores, kinds: &[EventKind]) -> Vec<Entry> {
    let entries: Vec<_> = kinds.iter().zip(0..).map(|(kind, seconds)| entry(*kind, seconds)).collect();
    stores.trail.append(&entries).await.unwrap();
    entries
}

fn reversed(entries: &[Entry]) -> Vec<Entry> {
    entries.iter().rev().cloned().collect()
}

pub async fn keeps_every_kind_of_event(stores: &Stores) {
    let entries = kept(stores, &EventKind::ALL).await;
    assert_eq!(listed(stores, everything()).await, reversed(&entries));
}

pub async fn keeps_what_an_event_says(stores: &Stores) {
    let full = Entry {
        reason: Some(format!("unknown_client {}", id()).into()),
        user: Some(UserId(id())),
        session: Some(SessionId(id())),
        email: Some("ann@example.org".to_owned()),
        ..entry(LoginFailed, 3)
    };
    let odd = Entry { context: origin_from("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), ..entry(LoginFailed, 2) };
    let bare = Entry { context: RequestContext::default(), ..entry(RateLimited, 1) };
    stores.trail.append(&[bare.clone(), full.clone(), odd.clone()]).await.unwrap();
    assert_eq!(listed(stores, everything()).await, [full, odd, bare]);
}

pub async fn keeps_the_longest_words(stores: &Stores) {
    let context = RequestContext {
        user_agent: Some(UserAgent::new(&"🦀".repeat(USER_AGENT_MAX_CHARS))),
        request_id: "x".repeat(128),
        ..context()
    };
    let long = Entry { email: Some(format!("{}@example.org", "ä".repeat(121))), context, ..entry(LoginFailed, 0) };
    stores.trail.append(std::slice::from_ref(&long)).await.unwrap();
    assert_eq!(listed(stores, everything()).await, [long]);
}

pub async fn keeps_what_another_release_wrote(stores: &Stores) {
    let odd = Entry {
        event: "passkey_used".into(),
        outcome: "pending".into(),
        reason: Some("Ünïcode".into()),
        email: Some("No address".to_owned()),
        ..entry(LoginFailed, 0)
    };
    stores.trail.append(std::slice::from_ref(&odd)).await.unwrap();
    assert_eq!(listed(stores, everything()).await, [odd]);
}

pub async fn keeps_nothing_of_nothing(stores: &Stores) {
    stores.trail.append(&[]).await.unwrap();
    assert_eq!(listed(stores, everything()).await, []);
}

pub async fn keeps_an_entry_once_however_often_it_is_told(stores: &Stores) {
    let entries = kept(stores, &[UserRegistered, LoginSucceeded, LoginFailed]).await;
    stores.trail.append(&entries).await.unwrap();
    let otherwise = Entry { event: "forged".into(), ..entries.first().unwrap().clone() };
    let new = entry(RateLimited, 9);
    stores.trail.append(&[otherwise, new.clone()]).await.unwrap();
    assert_eq!(listed(stores, everything()).await, [&[new][..], &reversed(&entries)].concat());
}

pub async fn keeps_what_many_tell_at_once(stores: &Stores) {
    let writers = (0..8).map(|writer| {
        let trail = stores.trail.clone();
        async move {
            let batch: Vec<_> = (0..100).map(|number| entry(LoginFailed, writer * 100 + number)).collect();
            trail.append(&batch).await.unwrap();
        }
    });
    together(writers).await;
    assert_eq!(listed(stores, everything()).await.len(), 800);
}

pub async fn lists_latest_first_page_by_page(stores: &Stores) {
    let mut entries: Vec<_> = (0..7).map(|number| entry(LoginFailed, number / 3)).collect();
    stores.trail.append(&entries).await.unwrap();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.place()));
    let mut before = None;
    for page in entries.chunks(2) {
        let found = listed(stores, Filter { before, limit: 2, ..everything() }).await;
        assert_eq!(found, page);
        before = found.last().map(Entry::place);
    }
    assert_eq!(listed(stores, Filter { before, ..everything() }).await, []);
}

pub async fn lists_what_was_asked_for(stores: &Stores) {
    let (ann, ben) = (UserId(id()), UserId(id()));
    let of = |user, address: &str, kind, seconds| Entry { user, email: Some(address.to_owned()), ..entry(kind, seconds) };
    let failed = of(None, "ann@example.org", LoginFailed, 1);
    let in_as_ann = of(Some(ann), "ann@example.org", LoginSucceeded, 2);
    let in_as_ben = of(Some(ben), "ben@example.org", LoginSucceeded, 3);
    let limited = entry(RateLimited, 4);
    let all = [failed.clone(), in_as_ann.clone(), in_as_ben.clone(), limited.clone()];
    stores.trail.append(&all).await.unwrap();

    let user = |user| Filter { whose: Some(Whose::User(user)), ..everything() };
    let address = |text| Filter { whose: Some(Whose::Address(email(text))), ..everything() };
    assert_eq!(listed(stores, user(ann)).await, std::slice::from_ref(&in_as_ann));
    assert_eq!(listed(stores, user(UserId(id()))).await, []);
    assert_eq!(listed(stores, address("ann@example.org")).await, [in_as_ann.clone(), failed.clone()]);
    assert_eq!(listed(stores, address("nobody@example.org")).await, []);
    let former = of(None, "ann@münchen.example", RateLimited, 1);
    let canonical = of(None, "ann@xn--mnchen-3ya.example", RateLimited, 0);
    stores.trail.append(&[former.clone(), canonical.clone()]).await.unwrap();
    assert_eq!(listed(stores, address("ann@münchen.example")).await, [former, canonical], "also as earlier releases spelled it");
    let event = |event| Filter { event: Some(event), ..everything() };
    assert_eq!(listed(stores, event(LoginSucceeded)).await, [in_as_ben.clone(), in_as_ann.clone()]);
    let failures = Filter { event: Some(LoginFailed), ..address("ann@example.org") };
    assert_eq!(listed(stores, failures).await, [failed]);
    assert_eq!(listed(stores, Filter { since: after(3), ..everything() }).await, [limited, in_as_ben]);
    assert_eq!(listed(stores, Filter { since: after(2), ..address("ann@example.org") }).await, std::slice::from_ref(&in_as_ann));
    assert_eq!(listed(stores, Filter { since: after(5), ..everything() }).await, []);
    let until = Some(after(3));
    assert_eq!(listed(stores, Filter { since: after(2), until, ..everything() }).await, [in_as_ann], "before the end");
}

pub async fn keeps_the_entries_of_an_account_that_is_gone(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let known = Entry { user: Some(ann.id), ..entry(UserRegistered, 0) };
    stores.trail.append(std::slice::from_ref(&known)).await.unwrap();
    assert!(stores.delete(ann.id, None, after(9)).await);
    assert_eq!(listed(stores, everything()).await, [known]);
}

pub async fn forgets_the_oldest_entries_in_batches(stores: &Stores) {
    let entries = kept(stores, &EventKind::ALL.map(|_| LoginFailed)).await;
    assert_eq!(stores.trail.prune(after(0), 10).await.unwrap(), 0);
    let mut batches = Vec::new();
    for _ in 0..4 {
        batches.push(stores.trail.prune(after(5), 2).await.unwrap());
    }
    assert_eq!(batches, [2, 2, 1, 0]);
    let left: Vec<EntryId> = listed(stores, everything()).await.iter().map(|entry| entry.id).collect();
    assert_eq!(left, reversed(&entries).iter().map(|entry| entry.id).take(entries.len() - 5).collect::<Vec<_>>());
}
