//! Rows that do not fit: corrupt, never missing; and a transaction that fails leaves nothing.

use auth_domain::{
    accounts::ports::{Inserted, UserAdminStore, UserStore},
    identity::port_error::PortError,
    oauth::ports::ClientStore,
    sessions::{ports::SessionStore, session::Session},
    testkit::samples::{client, email, session_of, user},
};
use auth_infra::db::{DieselClients, DieselSessions, DieselUsers};

use crate::scratch::{Engine, Scratch};

crate::on_each_engine! {
    a_row_that_does_not_parse_is_corrupt,
    a_client_that_does_not_parse_is_corrupt,
    a_first_session_that_cannot_be_kept_leaves_no_account,
    an_account_with_an_id_that_is_there_is_no_answer,
}

fn is_corrupt<T: std::fmt::Debug>(outcome: Result<T, PortError>) -> bool {
    matches!(outcome, Err(PortError::Corrupt(_)))
}

async fn a_row_that_does_not_parse_is_corrupt(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database));
    let ann = user("ann@example.org");
    let session = session_of(&ann);
    assert_eq!(users.insert(&ann, Some(&session)).await.unwrap(), Inserted::Yes);

    scratch.execute("UPDATE sessions SET address = 'nowhere'");
    assert!(is_corrupt(sessions.find(session.id).await));
    assert!(is_corrupt(sessions.live(ann.id, session.created_at, 10).await));
    assert!(users.find(ann.id).await.unwrap().is_some());
    scratch.execute("UPDATE sessions SET address = NULL");
    assert!(sessions.find(session.id).await.unwrap().is_some());

    for address in ["no address", "Ann@example.org"] {
        scratch.execute(&format!("UPDATE users SET email = '{address}'"));
        assert!(is_corrupt(users.find(ann.id).await), "{address}");
        assert!(is_corrupt(users.list("", None, 10).await), "{address}");
        assert!(is_corrupt(sessions.find(session.id).await), "{address}");
    }
}

async fn a_client_that_does_not_parse_is_corrupt(engine: Engine) {
    let scratch = Scratch::new(engine);
    let clients = DieselClients(scratch.migrated());
    let orders = client("orders");
    clients.insert(&orders).await.unwrap();
    for (wrong, right) in [("name = ' '", "name = 'orders'"), ("former_secret = 'x'", "former_secret = NULL")] {
        scratch.execute(&format!("UPDATE oauth_clients SET {wrong}"));
        assert!(is_corrupt(clients.find(orders.id).await) && is_corrupt(clients.list(None, 10).await), "{wrong}");
        scratch.execute(&format!("UPDATE oauth_clients SET {right}"));
        assert_eq!(clients.find(orders.id).await.unwrap(), Some(orders.clone()));
    }
}

async fn a_first_session_that_cannot_be_kept_leaves_no_account(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database));
    let (ann, ben) = (user("ann@example.org"), user("ben@example.org"));
    let session = session_of(&ann);
    assert_eq!(users.insert(&ann, Some(&session)).await.unwrap(), Inserted::Yes);

    let same_id = Session { id: session.id, ..session_of(&ben) };
    assert!(is_corrupt(users.insert(&ben, Some(&same_id)).await));
    assert_eq!(users.find(ben.id).await.unwrap(), None);
    assert_eq!(sessions.find(session.id).await.unwrap().unwrap().1, ann);

    // Nor does one that is somebody else's.
    let nobodys = session_of(&user("cid@example.org"));
    assert!(is_corrupt(users.insert(&ben, Some(&nobodys)).await));
    assert_eq!(users.find(ben.id).await.unwrap(), None);
    assert_eq!(users.insert(&ben, None).await.unwrap(), Inserted::Yes, "the connections are as good as before");
}

async fn an_account_with_an_id_that_is_there_is_no_answer(engine: Engine) {
    let scratch = Scratch::new(engine);
    let users = DieselUsers(scratch.migrated());
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None).await.unwrap(), Inserted::Yes);
    let mut ben = ann.clone();
    ben.email = email("ben@example.org");
    assert!(is_corrupt(users.insert(&ben, None).await));
}
