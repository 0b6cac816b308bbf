//! What every [`EndedSessions`](crate::sessions::ports::EndedSessions) says of sessions that have ended.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::sessions::session::{RevocationCursor, Session};
use crate::testkit::{
    fixtures::{Stores, other_versions},
    samples::after,
};

fn ended(session: &Session, seconds: i64) -> RevocationCursor {
    RevocationCursor { at: after(seconds), id: session.id }
}

pub async fn names_those_that_ended_in_order_and_page_by_page(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let mut expected = Vec::new();
    for seconds in [7, 5, 5, 5, 6] {
        let session = stores.begin_at(&ann, 1).await;
        assert!(stores.sessions.end(session.id, after(seconds)).await.unwrap());
        expected.push(ended(&session, seconds));
    }
    let _alive = stores.begin_at(&ann, 1).await;
    expected.sort_unstable();
    let (mut found, mut behind) = (Vec::new(), RevocationCursor::before(after(5)));
    loop {
        let page = stores.ended.ended(behind, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        (behind, found) = (*last, [found, page].concat());
    }
    assert_eq!(found, expected);
    assert_eq!(stores.ended.ended(RevocationCursor::before(after(6)), 10).await.unwrap(), expected.split_off(3));
}

pub async fn names_the_sessions_of_an_account_that_is_gone(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let (early, late, bens) = (stores.begin_at(&ann, 1).await, stores.begin_at(&ann, 2).await, stores.begin_at(&ben, 1).await);
    assert!(stores.sessions.end(early.id, after(3)).await.unwrap());
    assert!(stores.sessions.end(bens.id, after(5)).await.unwrap());
    assert!(!stores.delete(ann.id, other_versions(&ann).first().copied(), after(4)).await);
    assert_eq!(stores.ended.ended(RevocationCursor::before(after(0)), 10).await.unwrap(), [ended(&early, 3), ended(&bens, 5)]);
    assert!(stores.delete(ann.id, None, after(4)).await);
    let all = [ended(&early, 3), ended(&late, 4), ended(&bens, 5)];
    assert_eq!(stores.ended.ended(RevocationCursor::before(after(0)), 10).await.unwrap(), all);
    assert_eq!(stores.ended.ended(RevocationCursor::before(after(0)), 2).await.unwrap(), all.split_at(2).0);
    let _forgotten = stores.ended.prune(after(5), 10).await.unwrap();
    assert_eq!(stores.ended.ended(RevocationCursor::before(after(0)), 10).await.unwrap(), all.split_at(2).1);
}
