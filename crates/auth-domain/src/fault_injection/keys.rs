//! What a server and its operator do with the keys that sign, and what verifiers hear of it.

use chrono::TimeDelta;

use super::{
    actions::done,
    fixture::{Fixture, Refusal, context},
};
use crate::{
    audit::event::Actor,
    oauth::revocation_list::ListRevocations,
    signing_keys::{
        import::ImportKey,
        key::KeyAlgorithm,
        maintain::MaintainKeys,
        plan::{Revocation, When},
        ports::KeyCache,
        reconcile::ReconcileKeys,
        revoke::RevokeKey,
        ring::KeyPolicy,
        rotate::RotateKeys,
        writer::KeyWriter,
    },
    testkit::FakeKeys,
};

/// What is done with keys. In this fixture the first is over, the second retiring, and the third signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyAction {
    /// A server starts with another encryption key.
    Reencrypt,
    /// A server starts for another algorithm.
    ChangeAlgorithm,
    /// A server starts that signs with the shared secret.
    ReturnToTheSecret,
    /// A server maintains the keys, and forgets the one that is over.
    Maintain,
    /// The same, and it is time for the next key.
    MaintainWhenDue,
    Rotate,
    Import,
    /// The number of the key.
    Revoke(i64, Revocation),
    /// What is revoked, as a verifier is told.
    List,
}

const POLICY: KeyPolicy =
    KeyPolicy { algorithm: KeyAlgorithm::Es256, cached_for: TimeDelta::seconds(300), signs_for: TimeDelta::days(90) };

impl KeyAction {
    /// Whether it takes several writes, so that an outage may come between them. Asked again, it does the rest.
    pub(crate) fn takes_steps(self) -> bool {
        matches!(self, Self::ReturnToTheSecret | Self::MaintainWhenDue | Self::Revoke(3, _))
    }

    pub(crate) async fn perform(self, fixture: &Fixture) -> Result<(), Refusal> {
        match self {
            Self::Reencrypt => {
                let maker = fixture.flaky(FakeKeys::sealed_with("b"));
                reconcile(fixture, KeyWriter { maker, ..writer(fixture, Some(POLICY)) }).await
            }
            Self::ChangeAlgorithm => {
                let policy = KeyPolicy { algorithm: KeyAlgorithm::EdDsa, ..POLICY };
                reconcile(fixture, writer(fixture, Some(policy))).await
            }
            Self::ReturnToTheSecret => reconcile(fixture, writer(fixture, None)).await,
            Self::Maintain => maintain(fixture, POLICY).await,
            Self::MaintainWhenDue => maintain(fixture, KeyPolicy { signs_for: TimeDelta::seconds(1000), ..POLICY }).await,
            Self::Rotate => done(RotateKeys(writer(fixture, Some(POLICY))).execute(When::Published, &context()).await),
            Self::Import => {
                let import = ImportKey(writer(fixture, Some(POLICY)));
                done(import.execute("ES256 theirs", When::Published, &context()).await)
            }
            Self::Revoke(number, how) => {
                let revoke = RevokeKey(writer(fixture, Some(POLICY)));
                done(revoke.execute(&fixture.key(number), how, &context()).await)
            }
            Self::List => {
                let known = fixture.known();
                let list = ListRevocations { sessions: fixture.kept(), keys: known.clone(), clock: fixture.clock() };
                done(known.sign_revocations(&list.execute(None).await?))
            }
        }
    }
}

fn writer(fixture: &Fixture, policy: Option<KeyPolicy>) -> KeyWriter {
    let (keys, maker) = (fixture.kept(), fixture.known());
    KeyWriter { keys, maker, audit: fixture.audit(), clock: fixture.clock(), policy, actor: Actor::Operator }
}

async fn reconcile(fixture: &Fixture, writer: KeyWriter) -> Result<(), Refusal> {
    done(ReconcileKeys { writer, cache: fixture.known(), users: fixture.kept() }.execute().await)
}

async fn maintain(fixture: &Fixture, policy: KeyPolicy) -> Result<(), Refusal> {
    done(MaintainKeys { writer: writer(fixture, Some(policy)), cache: fixture.known() }.execute().await)
}
