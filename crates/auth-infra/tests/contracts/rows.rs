//! Rows that do not fit: corrupt, never missing; and a transaction that fails leaves nothing.

use auth_domain::{
    accounts::ports::{Deleted, Inserted, UserAdminStore, UserStore},
    identity::{administrator::LastAdministrator, port_error::PortError, user::User},
    mail::{
        message::Outgoing,
        origin::Origin,
        ports::{OutboxAdmin, ProofStore, Requested},
        proof::Purpose,
    },
    oauth::ports::ClientStore,
    sessions::{
        ports::{Begun, SessionStore},
        session::Session,
    },
    testkit::{
        mail::samples::{asked, proof_id, registration},
        mfa::scenes::enrolled,
        samples::{client, email, hash, session_of, user},
    },
};
use auth_infra::db::{DieselClients, DieselOutbox, DieselProofs, DieselSessions, DieselUsers};

use crate::scratch::{Engine, Scratch, over};

crate::on_each_engine! {
    a_row_that_does_not_parse_is_corrupt,
    a_client_that_does_not_parse_is_corrupt,
    a_mail_or_a_proof_that_does_not_parse_is_corrupt,
    a_factor_that_does_not_parse_is_corrupt,
    what_an_account_has_is_corrupt_rather_than_nothing,
    an_account_may_have_no_password,
    a_change_of_the_previous_release_voids_what_was_proven,
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
    assert_eq!(users.insert(&ann, Some(&session), None).await.unwrap(), Inserted::Yes);

    scratch.execute("UPDATE sessions SET address = 'nowhere'");
    assert!(is_corrupt(sessions.find(session.id).await));
    assert!(is_corrupt(sessions.live(ann.id, session.created_at, 10).await));
    assert!(users.find(ann.id).await.unwrap().is_some());
    scratch.execute("UPDATE sessions SET address = NULL, methods = ' '");
    assert!(is_corrupt(sessions.find(session.id).await));
    // As the previous release leaves it.
    scratch.execute("UPDATE sessions SET methods = NULL, authenticated_at = NULL");
    assert!(sessions.find(session.id).await.unwrap().is_some());

    for address in ["no address", "Ann@example.org"] {
        scratch.execute(&format!("UPDATE users SET email = '{address}'"));
        assert!(is_corrupt(users.find(ann.id).await), "{address}");
        assert!(is_corrupt(users.list("", None, 10).await), "{address}");
        assert!(is_corrupt(sessions.find(session.id).await), "{address}");
    }
}

async fn an_account_may_have_no_password(engine: Engine) {
    let scratch = Scratch::new(engine);
    let users = DieselUsers(scratch.migrated());
    let ann = User { password: None, ..user("ann@example.org") };
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    assert_eq!(users.find(ann.id).await.unwrap(), Some(ann.clone()));
    let first = hash("first");
    assert_eq!(users.change_password(ann.id, ann.version(), &first, None, ann.updated_at, None).await.unwrap(), Some(vec![]));
    assert_eq!(users.find(ann.id).await.unwrap().unwrap().password, Some(first));
}

/// It compares hashes, and moves `updated_at` but not the version. The time is written as another program may.
async fn a_change_of_the_previous_release_voids_what_was_proven(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database));
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    scratch.execute("UPDATE users SET password_hash = 'plain:10:theirs', updated_at = '2026-03-04 05:06:07.500'");
    assert_eq!(sessions.begin(&session_of(&ann), ann.version(), 5, None).await.unwrap(), Begun::No);
    assert_eq!(users.change_password(ann.id, ann.version(), &hash("x"), None, ann.updated_at, None).await.unwrap(), None);
    let gone = users.delete(ann.id, Some(ann.version()), LastAdministrator::MayGo, ann.updated_at, None).await.unwrap();
    assert_eq!(gone, Deleted::No);
    let changed = users.find(ann.id).await.unwrap().unwrap();
    assert_eq!((changed.version, changed.last_login_at), (ann.version, None));
    let begun = sessions.begin(&session_of(&ann), changed.version(), 5, None).await.unwrap();
    assert_eq!(begun, Begun::Yes { displaced: vec![] });
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

async fn a_mail_or_a_proof_that_does_not_parse_is_corrupt(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (proofs, outbox) = (DieselProofs(database.clone()), DieselOutbox(database));
    let mail = asked(Purpose::Verify, "ann@example.org", 0);
    let registered = registration("ann@example.org", "x", 0);
    assert_eq!(proofs.request(&mail, Some(&registered)).await.unwrap(), Requested::Queued);
    for (wrong, right) in [("purpose = 'x'", "purpose = 'verify'"), ("address = 'nowhere'", "address = 'ann@example.org'")] {
        scratch.execute(&format!("UPDATE mailbox_proofs SET {wrong}"));
        assert!(is_corrupt(proofs.find(proof_id(&mail)).await) && is_corrupt(outbox.find(mail.id).await), "{wrong}");
        scratch.execute(&format!("UPDATE mailbox_proofs SET {right}"));
    }
    for (wrong, right) in [
        ("occasion = 'x'", "occasion = 'verification'"),
        ("recipient = 'nowhere'", "recipient = 'ann@example.org'"),
        ("origin = 'x'", "origin = ';;'"),
        ("state = 'x'", "state = 'waiting'"),
    ] {
        scratch.execute(&format!("UPDATE mail_outbox SET {wrong}"));
        assert!(is_corrupt(outbox.find(mail.id).await) && is_corrupt(outbox.list(None, None, 9).await), "{wrong}");
        scratch.execute(&format!("UPDATE mail_outbox SET {right}"));
    }
    // A later release may know more languages, browsers and systems.
    scratch.execute("UPDATE mail_outbox SET language = 'tlh', origin = ';Navigator;PalmOS'");
    scratch.execute("UPDATE pending_registrations SET language = 'tlh'");
    let found = outbox.find(mail.id).await.unwrap().unwrap().mail;
    assert_eq!(found, Outgoing { language: None, origin: Origin::default(), ..mail });
    assert_eq!(proofs.registration(&registered.address).await.unwrap(), Some(registered));
}

async fn a_factor_that_does_not_parse_is_corrupt(engine: Engine) {
    let scratch = Scratch::new(engine);
    let stores = over(&scratch.migrated(), ());
    let ann = enrolled(&stores, "ann@example.org").await;
    let (app, passkey) = (ann.app.id.to_string(), ann.passkey.id.to_string());
    let listed = stores.factors.list(ann.user.id).await.unwrap();
    for (wrong, right) in [("name = ' '", "name = 'Authenticator app'"), ("id = 'x'", &format!("id = '{app}'"))] {
        scratch.execute(&format!("UPDATE totp_factors SET {wrong}"));
        assert!(
            is_corrupt(stores.steps.find(ann.user.id).await) && is_corrupt(stores.factors.list(ann.user.id).await),
            "{wrong}"
        );
        scratch.execute(&format!("UPDATE totp_factors SET {right}"));
    }
    let credential = scratch.texts("SELECT credential_id AS text FROM passkeys").remove(0);
    for (wrong, right) in [
        ("name = ''", "name = 'Passkey'"),
        ("id = 'x'", &format!("id = '{passkey}'")),
        ("credential_id = '!'", &format!("credential_id = '{credential}'")),
        ("credential_id = ''", &format!("credential_id = '{credential}'")),
        ("public_key = 'A='", "public_key = 'AAAA'"),
        ("counter = -1", "counter = 0"),
        ("counter = 4294967296", "counter = 0"),
        ("aaguid = 'x'", &format!("aaguid = '{passkey}'")),
    ] {
        scratch.execute(&format!("UPDATE passkeys SET {wrong}"));
        assert!(
            is_corrupt(stores.passkeys.of(ann.user.id).await) && is_corrupt(stores.factors.list(ann.user.id).await),
            "{wrong}"
        );
        if !wrong.starts_with("credential_id") {
            assert!(is_corrupt(stores.passkeys.find(&ann.passkey.credential.id).await), "{wrong}");
        }
        scratch.execute(&format!("UPDATE passkeys SET {right}"));
    }
    assert_eq!(stores.factors.list(ann.user.id).await.unwrap(), listed);
}

/// Nobody falls back to a password alone.
async fn what_an_account_has_is_corrupt_rather_than_nothing(engine: Engine) {
    let scratch = Scratch::new(engine);
    let stores = over(&scratch.migrated(), ());
    let ann = enrolled(&stores, "ann@example.org").await;
    for wrong in ["", " ", "totp ", "totp  passkey", "password", "carrier_pigeon", "TOTP"] {
        scratch.execute(&format!("UPDATE users SET second_factors = '{wrong}'"));
        assert!(is_corrupt(stores.users.find(ann.user.id).await), "{wrong}");
        assert!(is_corrupt(stores.users.find_by_email(&ann.user.email).await), "{wrong}");
        assert!(is_corrupt(stores.sessions.find(ann.session.id).await), "{wrong}");
        assert!(is_corrupt(stores.steps.find(ann.user.id).await), "{wrong}");
        assert!(is_corrupt(stores.passkeys.find(&ann.passkey.credential.id).await), "{wrong}");
    }
    scratch.execute("UPDATE users SET second_factors = 'totp passkey recovery_code'");
    assert_eq!(stores.users.find(ann.user.id).await.unwrap(), Some(ann.user));
}

async fn a_first_session_that_cannot_be_kept_leaves_no_account(engine: Engine) {
    let scratch = Scratch::new(engine);
    let database = scratch.migrated();
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database));
    let (ann, ben) = (user("ann@example.org"), user("ben@example.org"));
    let session = session_of(&ann);
    assert_eq!(users.insert(&ann, Some(&session), None).await.unwrap(), Inserted::Yes);

    let same_id = Session { id: session.id, ..session_of(&ben) };
    assert!(is_corrupt(users.insert(&ben, Some(&same_id), None).await));
    assert_eq!(users.find(ben.id).await.unwrap(), None);
    assert_eq!(sessions.find(session.id).await.unwrap().unwrap().1, ann);

    // Nor does one that is somebody else's.
    let nobodys = session_of(&user("cid@example.org"));
    assert!(is_corrupt(users.insert(&ben, Some(&nobodys), None).await));
    assert_eq!(users.find(ben.id).await.unwrap(), None);
    assert_eq!(users.insert(&ben, None, None).await.unwrap(), Inserted::Yes, "the connections are as good as before");
}

async fn an_account_with_an_id_that_is_there_is_no_answer(engine: Engine) {
    let scratch = Scratch::new(engine);
    let users = DieselUsers(scratch.migrated());
    let ann = user("ann@example.org");
    assert_eq!(users.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    let mut ben = ann.clone();
    ben.email = email("ben@example.org");
    assert!(is_corrupt(users.insert(&ben, None, None).await));
}
