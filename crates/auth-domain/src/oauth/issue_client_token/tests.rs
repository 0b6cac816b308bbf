//! Tokens of clients: the codec in clear.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{IssueClientToken, IssueClientTokenError};
use crate::{
    audit::event::{Actor, AuditEvent, Target},
    identity::port_error::PortError,
    oauth::{
        client::Client,
        client_token::{ClientClaims, ClientToken},
        ports::{ClientTokenCodec, MockClientTokenCodec},
        scope::{Scope, Scopes},
    },
    testing::{clock, down},
    testkit::{
        FakeCodec, MemoryAudit, SequentialIds,
        samples::{client, context, start},
    },
};

type Outcome = (Result<ClientToken, IssueClientTokenError>, Vec<AuditEvent>);

async fn issue(codec: impl ClientTokenCodec + 'static, client: &Client, asked: Option<Scopes>, minutes: i64) -> Outcome {
    let audit = MemoryAudit::default();
    let (codec, ids, log) = (Arc::new(codec), Arc::new(SequentialIds::default()), Arc::new(audit.clone()));
    let issue = IssueClientToken { codec, ids, audit: log, clock: clock(), life: TimeDelta::minutes(minutes) };
    (issue.execute(client, asked, &context()).await, audit.events())
}

fn with(scopes: &[Scope]) -> Client {
    Client { scopes: Scopes::of(scopes.iter().copied()), scopes_version: 4, ..client("orders") }
}

fn said(token: &ClientToken) -> ClientClaims {
    ClientTokenCodec::decode(&FakeCodec::default(), &token.token, start()).unwrap()
}

#[tokio::test]
async fn a_token_is_for_what_was_asked_or_for_everything_that_was_granted() {
    let (read, write) = (Scopes::of([Scope::AdminRead]), Scopes::of([Scope::AdminRead, Scope::AdminWrite]));
    let orders = with(&[Scope::AdminRead, Scope::AdminWrite]);
    let none = with(&[]);
    for (client, asked, got) in [
        (&orders, None, &write),
        (&orders, Some(&read), &read),
        (&orders, Some(&write), &write),
        (&none, None, &Scopes::default()),
    ] {
        let (outcome, events) = issue(FakeCodec::default(), client, asked.cloned(), 15).await;
        let token = outcome.unwrap();
        let claims = said(&token);
        assert_eq!((&token.scopes, &claims.scopes, claims.scopes_version, claims.client), (got, got, 4, client.id));
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!(
            (event.kind.name(), event.actor, &event.target),
            ("client_token_issued", Actor::Client(client.id), &Target::Client(client.id))
        );
        assert_eq!((event.what(), event.word()), (Some(got.to_string()).filter(|names| !names.is_empty()), None));
    }
}

#[tokio::test]
async fn more_than_was_granted_is_refused_whole() {
    for (granted, asked) in [
        (&[][..], &[Scope::AdminRead][..]),
        (&[Scope::AdminWrite], &[Scope::AdminRead]),
        (&[Scope::AdminRead], &[Scope::AdminRead, Scope::AdminExport]),
    ] {
        let asked = Some(Scopes::of(asked.iter().copied()));
        let (outcome, events) = issue(MockClientTokenCodec::new(), &with(granted), asked, 15).await;
        assert!(matches!(outcome, Err(IssueClientTokenError::NotGranted)) && events.is_empty());
    }
}

#[tokio::test]
async fn it_lasts_as_long_as_access_tokens_do_and_an_hour_at_most() {
    for (life, lasts) in [(1, 1), (15, 15), (60, 60), (90, 60)] {
        let (outcome, _) = issue(FakeCodec::default(), &with(&[]), None, life).await;
        assert_eq!(outcome.unwrap().expires_in, TimeDelta::minutes(lasts));
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut broken = MockClientTokenCodec::new();
    broken.expect_encode().returning(|_| down());
    let (outcome, events) = issue(broken, &with(&[]), None, 15).await;
    assert!(matches!(outcome, Err(IssueClientTokenError::Port(PortError::Unavailable(_)))) && events.is_empty());
}
