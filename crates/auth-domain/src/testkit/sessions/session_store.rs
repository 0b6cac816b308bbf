//! What every [`SessionStore`](crate::sessions::ports::SessionStore) keeps; of its begin, rotations and races, see their files.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use std::collections::BTreeSet;

use crate::testkit::{
    fixtures::{Stores, ids, together},
    samples::{after, as_kept, context, origin_from, refreshed, session_of, user},
};
use crate::{
    identity::request_context::{RequestContext, USER_AGENT_MAX_CHARS, UserAgent},
    sessions::{
        authentication::Authentication,
        session::{Generation, Session},
    },
};

/// One test per clause: `session_store_contract!(fixture)` or `session_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! session_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::session_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; sessions::session_store:
            finds_a_session_and_whose_it_is,
            finds_no_session_it_does_not_keep,
            keeps_where_a_session_came_from,
            does_not_keep_which_request_it_was,
            keeps_any_generation,
            ends_a_session_once,
            ends_nothing_that_is_not_there_or_has_ended,
            ends_what_has_expired_without_reporting_it,
            ends_a_contested_session_once,
            ends_all_sessions_of_an_account,
            ends_all_sessions_but_one,
            ends_all_and_reports_those_that_lived,
            lists_live_sessions_newest_first,
            lists_only_live_sessions_of_the_account,
            forgets_what_ended_or_expired_before_the_cutoff,
            forgets_in_batches,
            goes_on_after_2038,
            keeps_how_its_owner_was_authenticated,
            authenticates_only_what_is_alive,
        }
        $crate::clauses! { $attributes $fresh; sessions::session_ended:
            names_those_that_ended_in_order_and_page_by_page,
            names_the_sessions_of_an_account_that_is_gone,
        }
        $crate::clauses! { $attributes $fresh; sessions::session_begin:
            begins_a_session_and_notes_the_login,
            begins_none_without_the_account,
            begins_none_for_a_disabled_account,
            begins_none_for_an_account_that_has_changed,
            begins_none_for_what_was_proven_before_a_change,
            begins_on_a_hash_that_was_replaced,
            begins_up_to_the_limit_without_a_loss,
            displaces_the_least_recently_used,
            displaces_as_many_as_a_lower_limit_asks,
            displaces_only_what_is_alive,
            displaces_nobody_elses,
            keeps_to_the_limit_however_many_begin_at_once,
            keeps_the_notice_of_a_session_that_begins,
            learns_the_language_of_a_known_network,
        }
        $crate::clauses! { $attributes $fresh; sessions::session_rotate:
            rotates_a_session_to_its_successor,
            rotates_again_and_again,
            rotates_only_from_the_generation_before,
            rotates_nothing_that_has_ended,
            rotates_nothing_that_has_expired,
            rotates_nothing_that_is_not_there,
            rotates_no_other_session,
            rotates_a_contested_session_once,
        }
        $crate::clauses! { $attributes $fresh; sessions::session_races:
            an_end_wins_over_a_rotation,
            ending_all_wins_over_a_rotation,
            a_change_of_password_wins_over_a_rotation,
            disabling_wins_over_a_rotation,
            deleting_wins_over_a_rotation,
            an_end_wins_over_a_rotation_that_began_before_the_session_expired,
            a_session_that_expires_revives_for_nobody,
            a_rotation_in_the_last_moment_keeps_to_the_limit,
            a_change_of_password_leaves_no_session_on_the_old_one,
            a_change_of_password_keeps_the_one_it_should,
            ends_and_begins_of_many_accounts_do_not_mix,
        }
        $crate::clauses! { $attributes $fresh; sessions::session_step:
            begins_a_session_by_a_second_step,
            begins_by_each_evidence_once,
            begins_by_no_older_step,
            begins_by_a_counter_that_grows,
            begins_by_no_factor_of_others,
            begins_by_a_step_only_for_the_account_that_was_proven,
            begins_by_each_token_once,
            begins_nothing_by_what_was_judged_before_a_wrong_code,
            begins_by_the_last_recovery_code,
            displaces_sessions_for_one_that_begins_by_a_step,
        }
        $crate::clauses! { $attributes $fresh; sessions::session_reauthentication:
            authenticates_again_by_a_second_step,
            authenticates_again_only_for_the_account_that_was_proven,
            authenticates_again_only_by_what_is_judged_now,
            uses_contested_evidence_once,
            uses_a_contested_token_once,
            counts_a_wrong_code_while_a_session_begins,
            a_factor_that_is_removed_begins_nothing_more,
        }
    };
    ($fresh:expr) => {
        $crate::session_store_contract!(@all [] $fresh);
    };
}

pub async fn finds_a_session_and_whose_it_is(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    stores.keep_new("ben@example.org").await;
    let mut session = stores.begin_at(&ann, 1).await;
    let owner = stores.user(&ann).await;
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), Some((session.clone(), owner.clone())));
    session.ended_at = Some(after(2));
    assert!(stores.sessions.end(session.id, after(2)).await.unwrap());
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), Some((session, owner)), "dead, but not forgotten");
}

pub async fn finds_no_session_it_does_not_keep(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    stores.begin_at(&ann, 1).await;
    assert_eq!(stores.sessions.find(session_of(&ann).id).await.unwrap(), None);
}

pub async fn keeps_where_a_session_came_from(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let widest = UserAgent::new(&"🦀".repeat(USER_AGENT_MAX_CHARS));
    for context in [
        RequestContext::default(),
        origin_from("192.0.2.255"),
        origin_from("2001:db8::1"),
        origin_from("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        origin_from("::ffff:192.0.2.1"),
        RequestContext { user_agent: None, ..context() },
        RequestContext { address: None, ..context() },
        RequestContext { user_agent: Some(UserAgent::new("")), ..context() },
        RequestContext { user_agent: Some(UserAgent::new(" \"quoted\" \\ and spaced ")), ..context() },
        RequestContext { user_agent: Some(widest), ..context() },
    ] {
        let session = Session { context, ..session_of(&ann) };
        stores.begin(&session, ann.version()).await;
        assert_eq!(stores.session(&session).await, as_kept(&session));
    }
}

pub async fn does_not_keep_which_request_it_was(stores: &Stores) {
    let ann = user("ann@example.org");
    let first = session_of(&ann);
    assert_ne!(first.context.request_id, "");
    let _yes = stores.users.insert(&ann, Some(&first), None).await.unwrap();
    let second = session_of(&ann);
    stores.begin(&second, ann.version()).await;
    for session in [&first, &second] {
        assert_eq!(stores.session(session).await.context.request_id, "");
        assert!(stores.sessions.rotate(&refreshed(session, 1)).await.unwrap());
        assert_eq!(stores.session(session).await.context.request_id, "");
    }
}

pub async fn keeps_any_generation(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for generation in [1, i64::from(i32::MAX) + 1, i64::MAX] {
        let session = Session { generation: Generation(generation), ..session_of(&ann) };
        stores.begin(&session, ann.version()).await;
        assert_eq!(stores.session(&session).await.generation, Generation(generation));
    }
}

pub async fn ends_a_session_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (session, other) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 1).await);
    assert!(stores.sessions.end(session.id, after(2)).await.unwrap());
    assert!(!stores.sessions.end(session.id, after(3)).await.unwrap());
    assert_eq!(stores.session(&session).await, Session { ended_at: Some(after(2)), ..session });
    assert_eq!(stores.session(&other).await, other);
}

pub async fn ends_nothing_that_is_not_there_or_has_ended(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    assert!(stores.sessions.end(session.id, after(2)).await.unwrap());
    assert!(!stores.sessions.end(session.id, session.expires_at).await.unwrap());
    assert_eq!(stores.session(&session).await.ended_at, Some(after(2)));
    assert!(!stores.sessions.end(session_of(&ann).id, after(2)).await.unwrap());
}

/// Whoever has an earlier time than the caller could still refresh it.
pub async fn ends_what_has_expired_without_reporting_it(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    assert!(!stores.sessions.end(session.id, session.expires_at).await.unwrap());
    assert_eq!(stores.session(&session).await, Session { ended_at: Some(session.expires_at), ..session });
}

pub async fn ends_a_contested_session_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 1).await;
    let outcomes = together((0..32).map(|_| {
        let (sessions, id) = (stores.sessions.clone(), session.id);
        async move { sessions.end(id, after(2)).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.into_iter().filter(|ended| *ended).count(), 1);
}

pub async fn ends_all_sessions_of_an_account(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let sessions = [stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await];
    let bens = stores.begin_at(&ben, 1).await;
    let mut ended = stores.sessions.end_all(ann.id, None, after(3)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, ids(&sessions));
    for session in sessions {
        assert_eq!(stores.session(&session).await, Session { ended_at: Some(after(3)), ..session });
    }
    assert_eq!(stores.session(&bens).await, bens);
    assert_eq!(stores.sessions.end_all(ann.id, None, after(4)).await.unwrap(), []);
    assert_eq!(stores.sessions.end_all(user("cid@example.org").id, None, after(4)).await.unwrap(), []);
}

pub async fn ends_all_sessions_but_one(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, other) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await);
    assert_eq!(stores.sessions.end_all(ann.id, Some(own.id), after(3)).await.unwrap(), [other.id]);
    assert_eq!(stores.session(&own).await, own);
}

pub async fn ends_all_and_reports_those_that_lived(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (ended, expired, live) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await, stores.begin_at(&ann, 3).await);
    assert!(stores.sessions.end(ended.id, after(4)).await.unwrap());
    let now = expired.expires_at;
    assert_eq!(stores.sessions.end_all(ann.id, None, now).await.unwrap(), [live.id]);
    assert_eq!(stores.session(&ended).await.ended_at, Some(after(4)));
    assert_eq!(stores.session(&expired).await.ended_at, Some(now));
    assert_eq!(stores.session(&live).await.ended_at, Some(now));
}

pub async fn lists_live_sessions_newest_first(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let middle = stores.begin_at(&ann, 2).await;
    let newest = stores.begin_at(&ann, 3).await;
    let oldest = refreshed(&stores.begin_at(&ann, 1).await, 9);
    assert!(stores.sessions.rotate(&oldest).await.unwrap(), "used last, and yet the oldest");
    let expected = [newest, middle, as_kept(&oldest)];
    assert_eq!(stores.sessions.live(ann.id, after(10), 10).await.unwrap(), expected);
    assert_eq!(stores.sessions.live(ann.id, after(10), 2).await.unwrap(), expected.get(..2).unwrap());
    assert_eq!(stores.sessions.live(ann.id, after(10), 0).await.unwrap(), []);
}

pub async fn lists_only_live_sessions_of_the_account(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (ended, expired, live) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await, stores.begin_at(&ann, 3).await);
    stores.begin_at(&ben, 1).await;
    assert!(stores.sessions.end(ended.id, after(4)).await.unwrap());
    assert_eq!(stores.sessions.live(ann.id, expired.expires_at, 10).await.unwrap(), [live]);
}

pub async fn forgets_what_ended_or_expired_before_the_cutoff(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (early, at_cutoff, live) =
        (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 1).await);
    assert!(stores.sessions.end(early.id, after(9)).await.unwrap());
    assert!(stores.sessions.end(at_cutoff.id, after(10)).await.unwrap());
    assert_eq!(stores.ended.prune(after(10), 100).await.unwrap(), 1);
    assert_eq!(stores.sessions.find(early.id).await.unwrap(), None);
    assert!(stores.sessions.find(at_cutoff.id).await.unwrap().is_some());
    assert_eq!(stores.ended.prune(live.expires_at, 100).await.unwrap(), 1, "one had ended, and one expires only now");
    assert_eq!(stores.session(&live).await, live);
    assert_eq!(stores.ended.prune(live.expires_at + chrono::TimeDelta::microseconds(1), 100).await.unwrap(), 1);
    assert_eq!(stores.sessions.find(live.id).await.unwrap(), None);
    assert!(stores.users.find(ann.id).await.unwrap().is_some());
}

pub async fn forgets_in_batches(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for seconds in 1..6 {
        stores.begin_at(&ann, seconds).await;
    }
    let ended: BTreeSet<_> = stores.sessions.end_all(ann.id, None, after(9)).await.unwrap().into_iter().collect();
    assert_eq!(ended.len(), 5);
    let live = stores.begin_at(&ann, 10).await;
    let mut forgotten = Vec::new();
    for limit in [0, 2, 2, 2, 2] {
        forgotten.push(stores.ended.prune(after(20), limit).await.unwrap());
    }
    assert_eq!(forgotten, [0, 2, 2, 1, 0]);
    assert_eq!(stores.session(&live).await, live);
}

/// Where a time is a number of seconds in 32 bits, it ends on 2038-01-19.
pub async fn goes_on_after_2038(stores: &Stores) {
    const LATER: i64 = 20 * 365 * 24 * 3600;
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, LATER).await;
    let live = stores.sessions.live(ann.id, after(LATER + 1), 10).await.unwrap();
    assert_eq!(live, std::slice::from_ref(&session));
    let next = refreshed(&session, LATER + 60);
    assert!(stores.sessions.rotate(&next).await.unwrap());
    assert_eq!(stores.session(&session).await, as_kept(&next));
    assert_eq!(stores.ended.prune(after(LATER), 10).await.unwrap(), 0);
    assert_eq!(stores.sessions.live(ann.id, next.expires_at, 10).await.unwrap(), []);
    assert!(stores.sessions.end(next.id, after(LATER + 61)).await.unwrap());
    assert_eq!(stores.ended.prune(after(LATER + 62), 10).await.unwrap(), 1);
}

pub async fn keeps_how_its_owner_was_authenticated(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let authentication = Authentication { at: after(-7), methods: "pwd otp mfa".parse().unwrap() };
    let session = Session { authentication: authentication.clone(), ..session_of(&ann) };
    let other = stores.begin_at(&ann, 1).await;
    stores.begin(&session, ann.version()).await;
    assert_eq!(stores.session(&session).await.authentication, authentication);
    // A refresh neither moves it nor forgets it, whatever it is given.
    let next = Session { authentication: Authentication::by_password(after(2)), ..refreshed(&session, 2) };
    assert!(stores.sessions.rotate(&next).await.unwrap());
    assert_eq!(stores.session(&session).await.authentication, authentication);
    let again = Session { authentication: Authentication::by_password(after(3)), ..next };
    assert!(stores.sessions.reauthenticate(&again, after(3)).await.unwrap());
    assert_eq!(stores.session(&session).await, as_kept(&again), "and nothing else moves");
    assert_eq!(stores.session(&other).await, other);
}

pub async fn authenticates_only_what_is_alive(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (ended, expired) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await);
    assert!(stores.sessions.end(ended.id, after(3)).await.unwrap());
    for (session, now) in [(&ended, after(4)), (&expired, expired.expires_at), (&session_of(&ann), after(4))] {
        let again = Session { authentication: Authentication::by_password(now), ended_at: None, ..session.clone() };
        assert!(!stores.sessions.reauthenticate(&again, now).await.unwrap());
    }
    assert_eq!(stores.session(&ended).await, Session { ended_at: Some(after(3)), ..ended });
    assert_eq!(stores.session(&expired).await, expired);
}
