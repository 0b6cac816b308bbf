//! What a server and its operator do with the keys that sign, and what verifiers hear of it.

use chrono::TimeDelta;

use super::{
    actions::done,
    fixture::{Fixture, Refusal, context},
};
use crate::{
    oauth::revocation_list::ListRevocations,
    signing_keys::{
        key::KeyAlgorithm,
        maintain::KeepKeys,
        ports::KeyCache,
        ring::KeyPolicy,
        writer::{OperateKeys, Revocation, When},
    },
    testkit::FakeKeys,
};

/// What is done with keys. In this fixture the first is over, the second retiring, and the third signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyDeed {
    /// A server starts with another encryption key.
    SealAnew,
    /// A server starts for another algorithm.
    ChangeAlgorithm,
    /// A server starts that signs with the shared secret.
    ReturnToTheSecret,
    /// A server attends to the keys, and forgets the one that is over.
    Attend,
    /// The same, and it is time for the next key.
    AttendWhenDue,
    Rotate,
    Import,
    /// The number of the key.
    Revoke(i64, Revocation),
    /// What is revoked, as a verifier is told.
    List,
}

const POLICY: KeyPolicy =
    KeyPolicy { algorithm: KeyAlgorithm::Es256, cached_for: TimeDelta::seconds(300), signs_for: TimeDelta::days(90) };

impl KeyDeed {
    /// Whether it takes several writes, so that an outage may come between them. Asked again, it does the rest.
    pub(crate) fn takes_steps(self) -> bool {
        matches!(self, Self::ReturnToTheSecret | Self::AttendWhenDue | Self::Revoke(3, _))
    }

    pub(crate) async fn perform(self, fixture: &Fixture) -> Result<(), Refusal> {
        match self {
            Self::SealAnew => {
                let maker = fixture.flaky(FakeKeys::sealed_with("b"));
                done(KeepKeys { maker, ..keep(fixture, Some(POLICY)) }.settle().await)
            }
            Self::ChangeAlgorithm => {
                let policy = KeyPolicy { algorithm: KeyAlgorithm::EdDsa, ..POLICY };
                done(keep(fixture, Some(policy)).settle().await)
            }
            Self::ReturnToTheSecret => done(keep(fixture, None).settle().await),
            Self::Attend => done(keep(fixture, Some(POLICY)).attend().await),
            Self::AttendWhenDue => {
                let policy = KeyPolicy { signs_for: TimeDelta::seconds(1000), ..POLICY };
                done(keep(fixture, Some(policy)).attend().await)
            }
            Self::Rotate => done(operate(fixture).rotate(When::Published, &context()).await),
            Self::Import => done(operate(fixture).import("ES256 theirs", When::Published, &context()).await),
            Self::Revoke(number, how) => done(operate(fixture).revoke(&fixture.key(number), how, &context()).await),
            Self::List => {
                let known = fixture.known();
                let list = ListRevocations { sessions: fixture.kept(), keys: known.clone(), clock: fixture.clock() };
                done(known.sign_revocations(&list.execute(None).await?))
            }
        }
    }
}

fn keep(fixture: &Fixture, policy: Option<KeyPolicy>) -> KeepKeys {
    let (keys, maker, known, users) = (fixture.kept(), fixture.known(), fixture.known(), fixture.kept());
    KeepKeys { keys, maker, known, users, audit: fixture.audit(), clock: fixture.clock(), policy }
}

fn operate(fixture: &Fixture) -> OperateKeys {
    let (keys, maker) = (fixture.kept(), fixture.known());
    OperateKeys { keys, maker, audit: fixture.audit(), clock: fixture.clock(), policy: Some(POLICY) }
}
