//! What a login by a second step costs beside a plain one.

use auth_domain::{
    sessions::ports::Begun,
    testkit::{
        factors::samples::{by_app, by_passkey, step, token, with_code},
        mfa::scenes::enrolled,
        samples::session_from,
    },
};

use crate::{
    recorder::{recorded, taken},
    scratch::{Engine, Scratch, over},
};

crate::on_each_engine! { a_second_step_costs_three_statements }

fn count(scratch: &Scratch, what: &str) -> usize {
    let statements = taken(scratch);
    println!("{what}:\n    {}", statements.join("\n    "));
    statements.len()
}

/// One finds the account and its authenticator apps, one uses the token up, and one the code; and no other is added.
async fn a_second_step_costs_three_statements(engine: Engine) {
    let scratch = recorded(engine);
    let stores = over(&scratch.migrated(), ());
    let ann = enrolled(&stores, "ann@example.org").await;
    let begun = Begun::Yes { displaced: vec![] };
    // The second login from its network, so that the network is known and the connection warm.
    stores.sessions.begin(&session_from(&ann.user, 10), ann.user.version(), 99, None).await.map(drop).unwrap();
    count(&scratch, "before");

    assert_eq!(stores.sessions.begin(&session_from(&ann.user, 20), ann.user.version(), 99, None).await.unwrap(), begun);
    let plain = count(&scratch, "a session that begins by a password");
    assert!(plain >= 5, "the recorder has missed something: {plain}");
    for (seconds, evidence) in [(30, by_app(&ann.app, 101)), (40, by_passkey(&ann.passkey, 1))] {
        let (user, _apps) = stores.steps.find(ann.user.id).await.unwrap().unwrap();
        let (session, by) = (with_code(&session_from(&user, seconds), seconds), step(&user, evidence, Some(&token(&user))));
        let outcome = stores.sessions.begin_by(&session, user.version(), &by, 99, &[]).await.unwrap();
        assert_eq!(outcome, Ok(begun.clone()));
        assert_eq!(count(&scratch, "a session that begins by a second step"), plain + 3);
    }
}
