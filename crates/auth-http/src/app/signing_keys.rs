//! The keys that sign access tokens: their ports, and what can be done with them.

use std::sync::Arc;

use auth_domain::{
    audit::event::Actor,
    signing_keys::{
        import::ImportKey,
        list::ListKeys,
        maintain::MaintainKeys,
        ports::{KeyCache, KeyMaker, KeyStore},
        reconcile::ReconcileKeys,
        reencrypt::ReencryptKeys,
        revoke::RevokeKey,
        rotate::RotateKeys,
        writer::KeyWriter,
    },
};

use super::{ports::Ports, use_cases::Policies};

#[derive(Clone)]
pub struct KeyPorts {
    pub store: Arc<dyn KeyStore>,
    pub maker: Arc<dyn KeyMaker>,
    pub cache: Arc<dyn KeyCache>,
}

/// What can be done with keys.
pub struct KeyUseCases {
    pub reconcile: ReconcileKeys,
    pub maintain: MaintainKeys,
    pub list: ListKeys,
    pub rotate: RotateKeys,
    pub import: ImportKey,
    pub revoke: RevokeKey,
    pub reencrypt: ReencryptKeys,
}

impl KeyUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let KeyPorts { store: keys, maker, cache } = ports.signing_keys.clone();
        let (audit, clock) = (ports.audit.sink.clone(), ports.clock.clone());
        let writer = KeyWriter { keys: keys.clone(), maker, audit, clock, policy: policies.keys, actor: Actor::Server };
        let operator = KeyWriter { actor: Actor::Operator, ..writer.clone() };
        Self {
            reconcile: ReconcileKeys { writer: writer.clone(), cache: cache.clone(), users: ports.accounts.directory.clone() },
            maintain: MaintainKeys { writer, cache },
            list: ListKeys { keys },
            rotate: RotateKeys(operator.clone()),
            import: ImportKey(operator.clone()),
            revoke: RevokeKey(operator.clone()),
            reencrypt: ReencryptKeys(operator),
        }
    }
}
