//! What a resource server asks for, and what operators do with one.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    deeds::{Deed, done},
    world::{Fresh, Refusal, World, origin},
};
use crate::{
    oauth::{
        authenticate_client::{AuthenticateClient, Credentials},
        clients::{AddClient, RemoveClient, RotateClientSecret},
        introspect::Introspect,
    },
    testkit::{FakeCodec, samples::client_secret},
};

pub(crate) async fn introspect(world: &World, secret: &str, generation: i64) -> Result<(), Refusal> {
    let (clients, secrets, sessions) = (world.kept(), world.secrets(), world.kept());
    let authenticate = AuthenticateClient { clients, secrets, audit: world.audit(), clock: world.clock() };
    let presented = Credentials { id: world.orders().to_string(), secret: client_secret(secret) };
    authenticate.execute(&presented, &origin()).await?;
    let introspect = Introspect { codec: world.flaky(FakeCodec::default()), sessions, clock: world.clock() };
    let alive = introspect.execute(&world.refresh_token(generation)).await?;
    alive.map(drop).ok_or_else(|| Refusal::No("not active".to_owned()))
}

pub(crate) async fn to_a_client(deed: Deed, world: &World) -> Result<(), Refusal> {
    let (clients, secrets, ids, audit, clock) = (world.kept(), world.secrets(), Arc::new(Fresh), world.audit(), world.clock());
    if deed == Deed::AddClient {
        let add = AddClient { clients, secrets, ids, audit, clock };
        done(add.execute("billing".parse().unwrap(), &origin()).await)
    } else if deed == Deed::RotateClient {
        let rotate = RotateClientSecret { clients, secrets, audit, clock };
        done(rotate.execute(world.orders(), TimeDelta::hours(1), &origin()).await)
    } else {
        done(RemoveClient { clients, audit, clock }.execute(world.orders(), &origin()).await)
    }
}
