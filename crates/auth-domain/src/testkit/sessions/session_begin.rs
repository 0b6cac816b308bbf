//! What every [`SessionStore`](crate::sessions::ports::SessionStore) keeps when a session begins.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use std::collections::BTreeSet;

use crate::testkit::{
    fixtures::{Stores, ids, other_versions, together},
    mail::samples::notice,
    samples::{OTHER_PASSWORD, PASSWORD, after, as_kept, hash, origin_from, refreshed, session_from, session_of, user},
};
use crate::{
    identity::{
        ids::SessionId,
        language::Language,
        request_context::RequestContext,
        user::{AccountVersion, User},
    },
    passwords::throttle::KNOWN_FOR,
    sessions::{ports::Begun, session::Session},
};

async fn begin(stores: &Stores, user: &User, seconds: i64, limit: usize) -> (SessionId, Vec<SessionId>) {
    let session = session_from(user, seconds);
    match stores.sessions.begin(&session, user.version(), limit, None).await.unwrap() {
        Begun::Yes { displaced } => (session.id, displaced),
        Begun::No => panic!("the session did not begin"),
    }
}

pub async fn begins_a_session_and_notes_the_login(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let session = session_from(&ann, 7);
    stores.begin(&session, ann.version()).await;
    assert_eq!(stores.session(&session).await, as_kept(&session));
    assert_eq!(stores.user(&ann).await, User { last_login_at: Some(after(7)), ..ann });
    assert_eq!(stores.user(&ben).await, ben);
}

async fn assert_begins_none(stores: &Stores, user: &User, proven: AccountVersion) {
    let session = session_from(user, 9);
    assert_eq!(stores.sessions.begin(&session, proven, 1, None).await.unwrap(), Begun::No);
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), None);
}

pub async fn begins_none_without_the_account(stores: &Stores) {
    stores.keep_new("ben@example.org").await;
    let nobody = user("ann@example.org");
    assert_begins_none(stores, &nobody, nobody.version()).await;
}

pub async fn begins_none_for_a_disabled_account(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert!(stores.disable(ann.id, after(1)).await.is_some());
    for proven in [ann.version(), stores.user(&ann).await.version()] {
        assert_begins_none(stores, &ann, proven).await;
    }
    assert_eq!(stores.user(&ann).await.last_login_at, None);
}

pub async fn begins_none_for_an_account_that_has_changed(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    for other in other_versions(&ann) {
        assert_begins_none(stores, &ann, other).await;
    }
    assert_eq!(stores.session(&session).await, session, "nothing has to make room for what does not begin");
    assert_eq!(stores.user(&ann).await.last_login_at, Some(after(1)));
}

pub async fn begins_on_a_hash_that_was_replaced(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let stronger = hash("stronger");
    assert!(stores.users.replace_hash(ann.id, &hash(PASSWORD), &stronger).await.unwrap());
    stores.begin(&session_of(&ann), ann.version()).await;
}

pub async fn begins_none_for_what_was_proven_before_a_change(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let changed = stores.users.change_password(ann.id, ann.version(), &hash(OTHER_PASSWORD), None, ann.updated_at, None).await;
    assert_eq!(changed.unwrap(), Some(vec![]));
    assert_begins_none(stores, &ann, ann.version()).await;
    let changed = stores.user(&ann).await;
    // Twice in one moment: the number tells them apart.
    assert!(stores.disable(ann.id, after(1)).await.is_some());
    assert!(stores.enable(ann.id, ann.updated_at).await);
    assert_begins_none(stores, &ann, changed.version()).await;
    stores.begin(&session_of(&ann), stores.user(&ann).await.version()).await;
}

pub async fn begins_up_to_the_limit_without_a_loss(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for seconds in 1..=3 {
        assert_eq!(begin(stores, &ann, seconds, 3).await.1, []);
    }
    assert_eq!(stores.live(&ann).await.len(), 3);
}

pub async fn displaces_the_least_recently_used(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let oldest = session_from(&ann, 1);
    stores.begin(&oldest, ann.version()).await;
    let (unused, _) = begin(stores, &ann, 2, 3).await;
    let (newer, _) = begin(stores, &ann, 3, 3).await;
    assert!(stores.sessions.rotate(&refreshed(&oldest, 4)).await.unwrap());
    let (newest, displaced) = begin(stores, &ann, 5, 3).await;
    assert_eq!(displaced, [unused]);
    assert_eq!(stores.live(&ann).await, [newest, newer, oldest.id]);
    assert_eq!(stores.sessions.find(unused).await.unwrap().unwrap().0.ended_at, Some(after(5)));
}

pub async fn displaces_as_many_as_a_lower_limit_asks(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    // Begun out of order, so that the order in which they were kept does not help.
    let mut begun = Vec::new();
    for seconds in [3, 1, 4, 2] {
        begun.push((seconds, begin(stores, &ann, seconds, 9).await.0));
    }
    begun.sort_unstable();
    let by_use: Vec<_> = begun.into_iter().map(|(_, id)| id).collect();
    let (newest, displaced) = begin(stores, &ann, 5, 2).await;
    assert_eq!(displaced, by_use.get(..3).unwrap(), "oldest use first");
    assert_eq!(stores.live(&ann).await, [newest, *by_use.last().unwrap()]);
    let (only, displaced) = begin(stores, &ann, 6, 1).await;
    assert_eq!(displaced, [*by_use.last().unwrap(), newest]);
    assert_eq!(stores.live(&ann).await, [only]);
}

pub async fn displaces_only_what_is_alive(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (expired, ended, live) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await, stores.begin_at(&ann, 3).await);
    assert!(stores.sessions.end(ended.id, after(4)).await.unwrap());
    let lifetime = (expired.expires_at - expired.created_at).num_seconds();
    let (newest, displaced) = begin(stores, &ann, 1 + lifetime, 2).await;
    assert_eq!(displaced, [], "of the three that were there one is alive");
    assert_eq!(ids(&stores.sessions.live(ann.id, after(1 + lifetime), 9).await.unwrap()), [newest, live.id]);
    assert_eq!(stores.session(&ended).await.ended_at, Some(after(4)));
    assert_eq!(stores.session(&expired).await.ended_at, Some(after(1 + lifetime)), "no refresh on its way takes the place again");
}

pub async fn displaces_nobody_elses(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let bens = stores.begin_at(&ben, 1).await;
    for seconds in 2..5 {
        begin(stores, &ann, seconds, 1).await;
    }
    assert_eq!(stores.session(&bens).await, bens);
    assert_eq!(stores.live(&ann).await.len(), 1);
}

pub async fn keeps_to_the_limit_however_many_begin_at_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let outcomes = together((0..16).map(|_| {
        let (sessions, ann, session) = (stores.sessions.clone(), ann.clone(), session_of(&ann));
        async move { sessions.begin(&session, ann.version(), 4, None).await.unwrap() }
    }))
    .await;
    let mut displaced = BTreeSet::new();
    for outcome in outcomes {
        match outcome {
            Begun::Yes { displaced: ids } => ids.into_iter().for_each(|id| assert!(displaced.insert(id), "displaced twice")),
            Begun::No => panic!("a login was refused"),
        }
    }
    assert_eq!((stores.live(&ann).await.len(), displaced.len()), (4, 12));
}

pub async fn keeps_the_notice_of_a_session_that_begins(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (told, untold) = (notice(&ann, 1), notice(&ann, 2));
    let begun = stores.sessions.begin(&session_from(&ann, 1), ann.version(), 5, Some(&told)).await.unwrap();
    assert_eq!(begun, Begun::Yes { displaced: Vec::new() });
    assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told));
    for other in other_versions(&ann) {
        let begun = stores.sessions.begin(&session_from(&ann, 2), other, 5, Some(&untold)).await.unwrap();
        assert_eq!(begun, Begun::No);
    }
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
}

/// A stranger who has the password must not choose the language of the notice that tells of it.
pub async fn learns_the_language_of_a_known_network(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let known_for = KNOWN_FOR.num_seconds();
    let (home, abroad) = ("203.0.113.7", "198.51.100.9");
    for (seconds, address, language, expected) in [
        (0, home, None, None),
        (1, abroad, Some(Language::German), Some(Language::German)),
        (2, home, Some(Language::French), Some(Language::French)),
        (3, "192.0.2.1", Some(Language::Chinese), Some(Language::French)),
        (4, home, None, Some(Language::French)),
        (5, abroad, Some(Language::Spanish), Some(Language::Spanish)),
        (4 + known_for, home, Some(Language::English), Some(Language::Spanish)),
        (5 + known_for, home, Some(Language::English), Some(Language::English)),
    ] {
        let session = session_from(&ann, seconds);
        let context = RequestContext { language, ..origin_from(address) };
        stores.begin(&Session { context, ..session.clone() }, ann.version()).await;
        let now = stores.user(&ann).await;
        assert_eq!((now.language, now.version()), (expected, ann.version()), "{seconds}");
        assert_eq!(stores.session(&session).await.context.language, None, "the session does not remember it");
    }
}
