//! A refresh that holds its session's row, in the session's last moment, while somebody ends all of the account's sessions.

use std::sync::Arc;

use auth_domain::{
    accounts::ports::Inserted,
    identity::user::User,
    sessions::session::{RevocationCursor, Session},
    testkit::{
        Stores,
        samples::{hash, session_of, user},
    },
};

use crate::scratch::{Engine, Scratch, over};

crate::on_each_server! {
    a_change_of_password_ends_it,
    ending_all_ends_it,
    disabling_ends_it,
    ending_it_ends_it,
    deleting_names_it,
}

/// Ends the sessions by a clock at which the session has expired, while a refresh by an earlier one is not committed. Returns
/// what was reported, and the session before.
async fn against_a_refresh<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    engine: Engine,
    end: impl FnOnce(Arc<Stores>, User, Session) -> F,
) -> (T, Arc<Stores>, Session) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (ann, stores) = (user("ann@example.org"), Arc::new(over(&database, ())));
    let session = session_of(&ann);
    assert_eq!(stores.users.insert(&ann, Some(&session), None).await.unwrap(), Inserted::Yes);
    let refresh = "UPDATE sessions SET generation = generation + 1, expires_at = '2100-01-01 00:00:00'";
    let mut held = scratch.holding(&format!("BEGIN; {refresh}"));
    let ending = tokio::spawn(end(stores.clone(), ann, session.clone()));
    tokio::task::block_in_place(|| {
        scratch.until_somebody_waits();
        held.batch_execute("COMMIT").unwrap();
    });
    let reported = ending.await.unwrap();
    (reported, Arc::new(over(&database, scratch)), session)
}

async fn is_over(stores: &Stores, session: &Session) -> bool {
    let (found, _) = stores.sessions.find(session.id).await.unwrap().unwrap();
    found.generation > session.generation && found.ended_at == Some(session.expires_at)
}

async fn a_change_of_password_ends_it(engine: Engine) {
    let (ended, stores, session) = against_a_refresh(engine, |stores, ann, session| async move {
        stores.users.change_password(ann.id, ann.version(), &hash("new"), None, session.expires_at, None).await.unwrap()
    })
    .await;
    assert_eq!(ended, Some(vec![session.id]), "it was refreshed in time, and so it was alive");
    assert!(is_over(&stores, &session).await);
}

async fn ending_all_ends_it(engine: Engine) {
    let (ended, stores, session) = against_a_refresh(engine, |stores, ann, session| async move {
        stores.sessions.end_all(ann.id, None, session.expires_at).await.unwrap()
    })
    .await;
    assert_eq!(ended, [session.id]);
    assert!(is_over(&stores, &session).await);
}

async fn disabling_ends_it(engine: Engine) {
    let (ended, stores, session) =
        against_a_refresh(engine, |stores, ann, session| async move { stores.disable(ann.id, session.expires_at).await }).await;
    assert_eq!(ended, Some(vec![session.id]));
    assert!(is_over(&stores, &session).await);
}

async fn ending_it_ends_it(engine: Engine) {
    let (ended, stores, session) = against_a_refresh(engine, |stores, _, session| async move {
        stores.sessions.end(session.id, session.expires_at).await.unwrap()
    })
    .await;
    assert!(ended && is_over(&stores, &session).await);
}

async fn deleting_names_it(engine: Engine) {
    let (deleted, stores, session) =
        against_a_refresh(engine, |stores, ann, session| async move { stores.delete(ann.id, None, session.expires_at).await })
            .await;
    assert!(deleted);
    let ended = stores.ended.ended(RevocationCursor::before(session.created_at), 10).await.unwrap();
    assert_eq!(ended.iter().map(|ended| ended.id).collect::<Vec<_>>(), [session.id]);
}
