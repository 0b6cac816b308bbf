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
        authenticate_client_token::AuthenticateClientToken,
        clients::{AddClient, ClientError, RemoveClient, RotateClientSecret, SetClientScopes},
        introspect::Introspect,
        issue_client_token::IssueClientToken,
        ports::ClientStore,
        scope::{Scope, Scopes},
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
    let introspect = Introspect { codec, sessions, clock, mfa, clients: client_tokens(fixture) };
    let alive = introspect.execute(&fixture.refresh_token(generation)).await?;
    alive.map(drop).ok_or_else(|| Refusal::No("not active".to_owned()))
}

pub(crate) fn client_tokens(fixture: &Fixture) -> AuthenticateClientToken {
    AuthenticateClientToken { codec: fixture.flaky(FakeCodec::default()), clients: fixture.kept(), clock: fixture.clock() }
}

pub(crate) async fn issue(fixture: &Fixture) -> Result<(), Refusal> {
    let clients: Arc<dyn ClientStore> = fixture.kept();
    let client = clients.find(fixture.orders()).await?.ok_or(ClientError::NoSuchClient)?;
    let (codec, ids, audit, clock) = (fixture.flaky(FakeCodec::default()), Arc::new(Fresh), fixture.audit(), fixture.clock());
    let issue = IssueClientToken { codec, ids, audit, clock, life: TimeDelta::minutes(15) };
    done(issue.execute(&client, None, &context()).await)
}

pub(crate) async fn to_a_client(action: Action, fixture: &Fixture) -> Result<(), Refusal> {
    let (clients, secrets, ids, audit, clock) =
        (fixture.kept(), fixture.secrets(), Arc::new(Fresh), fixture.audit(), fixture.clock());
    if action == Action::AddClient {
        let add = AddClient { clients, secrets, ids, audit, clock };
        done(add.execute("billing".parse().unwrap(), Scopes::default(), &context()).await)
    } else if action == Action::RotateClient {
        let rotate = RotateClientSecret { clients, secrets, audit, clock };
        done(rotate.execute(fixture.orders(), TimeDelta::hours(1), &context()).await)
    } else if action == Action::SetClientScopes {
        let set = SetClientScopes { clients, audit, clock };
        done(set.execute(fixture.orders(), Scopes::of([Scope::AdminRead]), &context()).await)
    } else {
        done(RemoveClient { clients, audit, clock }.execute(fixture.orders(), &context()).await)
    }
}
