//! The use cases of the keys that sign access tokens, which share what they need.

use auth_domain::{
    audit::event::Actor,
    oauth::revocation_list::ListRevocations,
    signing_keys::{
        import::ImportKey, list::ListKeys, maintain::MaintainKeys, reconcile::ReconcileKeys, revoke::RevokeKey,
        rotate::RotateKeys, writer::KeyWriter,
    },
};

use super::use_cases::{Policies, Ports};

/// What can be done with keys, and the list of what is revoked.
pub struct KeyUseCases {
    pub reconcile: ReconcileKeys,
    pub maintain: MaintainKeys,
    pub list: ListKeys,
    pub rotate: RotateKeys,
    pub import: ImportKey,
    pub revoke: RevokeKey,
    pub list_revocations: ListRevocations,
}

impl KeyUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let Ports { keys, key_maker: maker, key_cache: cache, directory: users, ended, audit, clock, .. } = ports.clone();
        let actor = Actor::Server;
        let writer = KeyWriter { keys: keys.clone(), maker, audit, clock: clock.clone(), policy: policies.keys, actor };
        let operator = KeyWriter { actor: Actor::Operator, ..writer.clone() };
        Self {
            reconcile: ReconcileKeys { writer: writer.clone(), cache: cache.clone(), users },
            maintain: MaintainKeys { writer, cache: cache.clone() },
            list: ListKeys { keys },
            rotate: RotateKeys(operator.clone()),
            import: ImportKey(operator.clone()),
            revoke: RevokeKey(operator),
            list_revocations: ListRevocations { sessions: ended, keys: cache, clock },
        }
    }
}
