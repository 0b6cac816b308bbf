//! Sessions moved on by many at once: each at most once, on its own or in company.

use auth_domain::{
    accounts::ports::{Inserted, UserStore},
    identity::{
        port_error::PortError,
        request_context::{RequestContext, UserAgent},
    },
    sessions::{
        ports::SessionStore,
        session::{Generation, Session},
    },
    testkit::samples::{after, context, session_of, user},
};
use auth_infra::db::{Database, DieselSessions, DieselUsers};
use futures_util::future::join_all;

use crate::scratch::{Engine, Scratch};

crate::on_each_engine! { in_company_each_is_moved_once_and_only_if_it_may }

/// So many sessions, of an account each.
async fn begun(database: &Database, count: usize) -> Vec<Session> {
    let users = DieselUsers(database.clone());
    let mut begun = Vec::new();
    for number in 0..count {
        let user = user(&format!("user{number}@example.org"));
        let session = session_of(&user);
        assert_eq!(users.insert(&user, Some(&session), None).await.unwrap(), Inserted::Yes);
        begun.push(session);
    }
    begun
}

/// What comes after, from a client of which something is known or nothing.
fn successor(session: &Session, context: RequestContext) -> Session {
    let generation = Generation(session.generation.0 + 1);
    Session { generation, last_used_at: after(7), expires_at: after(700), context, ..session.clone() }
}

/// All at the same time, where nothing fails.
async fn rotate(sessions: &DieselSessions, successors: impl Iterator<Item = Session>) -> Vec<bool> {
    try_to_rotate(sessions, successors).await.into_iter().map(Result::unwrap).collect()
}

async fn try_to_rotate(sessions: &DieselSessions, successors: impl Iterator<Item = Session>) -> Vec<Result<bool, PortError>> {
    let rotating = successors.map(|successor| {
        let sessions = sessions.clone();
        tokio::spawn(async move { sessions.rotate(&successor).await })
    });
    join_all(rotating.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

async fn in_company_each_is_moved_once_and_only_if_it_may(engine: Engine) {
    let scratch = Scratch::new(engine);
    let sessions = DieselSessions(scratch.migrated());
    let begun = begun(&sessions.0, 40).await;
    // One in four has ended, one has been moved already, one is told nothing of its client, and each is asked for three times.
    let agent = UserAgent::new("it's a \"browser\" \\ 🦀");
    let of_known = RequestContext { user_agent: Some(agent), request_id: String::new(), ..context() };
    let of_unknown = RequestContext { address: None, user_agent: None, ..of_known.clone() };
    let mut successors = Vec::new();
    for (number, session) in begun.iter().enumerate() {
        let context = if number % 4 == 2 { of_unknown.clone() } else { of_known.clone() };
        let successor = successor(session, context);
        match number % 4 {
            0 => assert!(sessions.end(session.id, after(1)).await.unwrap()),
            1 => assert!(sessions.rotate(&successor).await.unwrap()),
            _ => {}
        }
        successors.push(successor);
    }
    let asked = || (0..120).filter_map(|turn| successors.get(turn % 40).cloned());
    let moved = rotate(&sessions, asked()).await;
    for (number, successor) in successors.iter().enumerate() {
        let times = asked().zip(&moved).filter(|(asked, moved)| asked.id == successor.id && **moved).count();
        assert_eq!(times, usize::from(number % 4 > 1), "{number}");
        let (found, _user) = sessions.find(successor.id).await.unwrap().unwrap();
        if number % 4 > 0 {
            assert_eq!(&found, successor, "{number}");
        } else {
            assert_eq!((found.generation, found.ended_at), (Generation(successor.generation.0 - 1), Some(after(1))));
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
mod with_a_server {
    #[cfg(feature = "postgres")]
    use futures_util::FutureExt;

    use super::*;
    #[cfg(feature = "postgres")]
    use crate::recorder::{recorded, taken};

    crate::on_each_server! { a_row_that_is_locked_holds_up_no_other, a_connection_that_broke_is_replaced }

    fn lock(session: &Session) -> String {
        format!("BEGIN; UPDATE sessions SET methods = methods WHERE id = '{}'", session.id)
    }

    #[cfg(feature = "postgres")]
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs PostgreSQL: just test-all"]
    async fn those_that_wait_share_a_statement() {
        let scratch = recorded(Engine::Postgres);
        let sessions = DieselSessions(scratch.migrated());
        let mut all = begun(&sessions.0, 9).await;
        // On a slow machine they may be tired of waiting, and go alone.
        for _attempt in 0..20 {
            all = all.iter().map(|session| successor(session, session.context.clone())).collect();
            let (first, others) = all.split_first().unwrap();
            let mut held = scratch.holding(&lock(first));
            let waiting = tokio::spawn({
                let (sessions, first) = (sessions.clone(), first.clone());
                async move { sessions.rotate(&first).await }
            });
            tokio::task::block_in_place(|| scratch.until_somebody_waits());
            let _before = taken(&scratch);
            let mut rotating: Vec<_> = others.iter().map(|successor| sessions.rotate(successor)).collect();
            assert!(rotating.iter_mut().all(|rotating| rotating.now_or_never().is_none()), "the thread is busy");
            held.batch_execute("COMMIT").unwrap();
            assert!(join_all(rotating).await.into_iter().all(Result::unwrap));
            assert!(waiting.await.unwrap().unwrap());
            if taken(&scratch).iter().filter(|statement| statement.starts_with("UPDATE")).count() == 1 {
                return;
            }
        }
        panic!("each went alone, twenty times");
    }

    async fn a_row_that_is_locked_holds_up_no_other(engine: Engine) {
        let scratch = Scratch::new(engine);
        let sessions = DieselSessions(scratch.migrated());
        let all: Vec<_> = begun(&sessions.0, 9).await.iter().map(|begun| successor(begun, begun.context.clone())).collect();
        let (first, others) = all.split_first().unwrap();
        let mut held = scratch.holding(&lock(first));
        let waiting = tokio::spawn({
            let (sessions, first) = (sessions.clone(), first.clone());
            async move { sessions.rotate(&first).await }
        });
        tokio::task::block_in_place(|| scratch.until_somebody_waits());
        // Those that come while it waits, and those that come when it is known to.
        for others in others.chunks(4) {
            assert!(rotate(&sessions, others.iter().cloned()).await.into_iter().all(|moved| moved));
        }
        assert!(!waiting.is_finished());
        held.batch_execute("COMMIT").unwrap();
        assert!(waiting.await.unwrap().unwrap());
    }

    async fn a_connection_that_broke_is_replaced(engine: Engine) {
        let scratch = Scratch::new(engine);
        let sessions = DieselSessions(scratch.migrated());
        let mut all = begun(&sessions.0, 9).await;
        for _ in 0..3 {
            let successors: Vec<_> = all.iter().map(|session| successor(session, session.context.clone())).collect();
            let moved = try_to_rotate(&sessions, successors.iter().cloned()).await;
            // What was sent by a connection that broke may have been done.
            for (successor, moved) in successors.iter().zip(moved) {
                let (found, _user) = sessions.find(successor.id).await.unwrap().unwrap();
                match moved {
                    Ok(true) => assert_eq!(found.generation, successor.generation),
                    Ok(false) => panic!("{} was where it was expected", successor.id),
                    Err(error) => assert!(matches!(error, PortError::Unknown(_)), "{error}"),
                }
            }
            let _already = rotate(&sessions, successors.iter().cloned()).await;
            crate::healing::cut(engine, &scratch);
            all = successors;
        }
    }
}
