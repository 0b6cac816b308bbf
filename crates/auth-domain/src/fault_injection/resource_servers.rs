//! What a resource server asks for, and what operators do with one.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    actions::{Action, done},
    fixture::{Fixture, Refusal, context},
};
use crate::{
    factors::policy::MfaPolicy,
    oauth::{
        authenticate_client::{AuthenticateClient, Credentials},
        clients::{AddClient, RemoveClient, RotateClientSecret},
        introspect::Introspect,
    },
    testing::Fresh,
    testkit::{FakeCodec, samples::client_secret},
};

pub(crate) async fn introspect(fixture: &Fixture, secret: &str, generation: i64) -> Result<(), Refusal> {
    let (clients, secrets, sessions) = (fixture.kept(), fixture.secrets(), fixture.kept());
    let authenticate = AuthenticateClient { clients, secrets, audit: fixture.audit(), clock: fixture.clock() };
    let presented = Credentials { id: fixture.orders().to_string(), secret: client_secret(secret) };
    authenticate.execute(&presented, &context()).await?;
    let (codec, clock, mfa) = (fixture.flaky(FakeCodec::default()), fixture.clock(), MfaPolicy::Optional);
    let introspect = Introspect { codec, sessions, clock, mfa };
    let alive = introspect.execute(&fixture.refresh_token(generation)).await?;
    alive.map(drop).ok_or_else(|| Refusal::No("not active".to_owned()))
}

pub(crate) async fn to_a_client(action: Action, fixture: &Fixture) -> Result<(), Refusal> {
    let (clients, secrets, ids, audit, clock) =
        (fixture.kept(), fixture.secrets(), Arc::new(Fresh), fixture.audit(), fixture.clock());
    if action == Action::AddClient {
        let add = AddClient { clients, secrets, ids, audit, clock };
        done(add.execute("billing".parse().unwrap(), &context()).await)
    } else if action == Action::RotateClient {
        let rotate = RotateClientSecret { clients, secrets, audit, clock };
        done(rotate.execute(fixture.orders(), TimeDelta::hours(1), &context()).await)
    } else {
        done(RemoveClient { clients, audit, clock }.execute(fixture.orders(), &context()).await)
    }
}
