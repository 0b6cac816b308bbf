//! Accounts with factors.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be set fails the test it is for")]

use crate::{
    factors::{
        passkey::Passkey,
        recovery_code::RecoveryCodeDigest,
        second_step::{Evidence, StepFault},
        totp::TotpFactor,
    },
    identity::user::User,
    mail::message::Outgoing,
    mfa::ports::{Added, Addition, Started},
    sessions::session::Session,
    testkit::{
        factors::samples::{FIRST_STEP, app, codes, confirmed, passkey, step, with_code},
        fixtures::Stores,
        samples::after,
    },
};

/// An account with an authenticator app and a passkey, as it is stored.
pub struct Enrolled {
    pub user: User,
    /// From which the factors were added.
    pub session: Session,
    pub app: TotpFactor,
    pub passkey: Passkey,
    pub codes: Vec<RecoveryCodeDigest>,
}

/// What comes with a factor that is added so many seconds after the start.
pub(super) fn addition<'a>(
    user: &User,
    session: &'a Session,
    codes: &'a [RecoveryCodeDigest],
    seconds: i64,
    notice: Option<&'a Outgoing>,
) -> Addition<'a> {
    Addition { session, proven: user.version(), codes, now: after(seconds), notice }
}

/// Starts an authenticator app.
pub(in crate::testkit) async fn started(stores: &Stores, user: &User, seconds: i64) -> TotpFactor {
    let app = app(user, seconds);
    assert_eq!(stores.factors.start_totp(&app, stores.user(user).await.version()).await.unwrap(), Started::Yes);
    app
}

/// Starts an authenticator app and confirms it a second later, from a session.
pub(in crate::testkit) async fn with_app(
    stores: &Stores,
    session: &Session,
    user: &User,
    codes: &[RecoveryCodeDigest],
    seconds: i64,
) -> TotpFactor {
    let app = started(stores, user, seconds).await;
    let (user, session) = (stores.user(user).await, with_code(session, seconds + 1));
    let added = stores.factors.confirm_totp(app.id, FIRST_STEP, &addition(&user, &session, codes, seconds + 1, None)).await;
    assert!(matches!(added.unwrap(), Added::Yes { .. }));
    confirmed(&app, seconds + 1)
}

/// Adds a passkey, from a session.
pub(in crate::testkit) async fn with_passkey(
    stores: &Stores,
    session: &Session,
    passkey: &Passkey,
    codes: &[RecoveryCodeDigest],
) {
    let (user, now) = (stores.users.find(passkey.user).await.unwrap().unwrap(), passkey.created_at);
    let addition = Addition { session, proven: user.version(), codes, now, notice: None };
    assert!(matches!(stores.factors.add_passkey(passkey, &addition).await.unwrap(), Added::Yes { .. }));
}

/// An account that has an app since second 2 and a passkey since second 3.
pub async fn enrolled(stores: &Stores, address: &str) -> Enrolled {
    let user = stores.keep_new(address).await;
    let session = stores.begin_at(&user, 0).await;
    let codes = codes();
    let app = with_app(stores, &session, &user, &codes, 1).await;
    let session = stores.session(&session).await;
    let passkey = passkey(&user, 3);
    with_passkey(stores, &session, &passkey, &[]).await;
    Enrolled { user: stores.user(&user).await, session, app, passkey, codes }
}

/// Whether the owner of a session can be authenticated by what was shown, which is used up then.
pub(in crate::testkit) async fn is_good(stores: &Stores, session: &Session, evidence: Evidence) -> bool {
    let user = stores.users.find(session.user).await.unwrap().unwrap();
    let session = with_code(session, 60);
    let step = step(&user, evidence, None);
    match stores.sessions.reauthenticate_by(&session, user.version(), &step, after(60), None).await.unwrap() {
        Ok(true) => true,
        Err(StepFault::EvidenceUsed) => false,
        other => panic!("{other:?}"),
    }
}
