//! The use cases of the keys that sign access tokens, which share what they need.

use auth_domain::{
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
        let writer = KeyWriter { keys: keys.clone(), maker, audit, clock: clock.clone(), policy: policies.keys };
        Self {
            reconcile: ReconcileKeys { writer: writer.clone(), cache: cache.clone(), users },
            maintain: MaintainKeys { writer: writer.clone(), cache: cache.clone() },
            list: ListKeys { keys },
            rotate: RotateKeys(writer.clone()),
            import: ImportKey(writer.clone()),
            revoke: RevokeKey(writer),
            list_revocations: ListRevocations { sessions: ended, keys: cache, clock },
        }
    }
}
