//! The use cases of the keys that sign access tokens, which share what they need.

use auth_domain::{
    oauth::revocation_list::ListRevocations,
    signing_keys::{maintain::KeepKeys, writer::OperateKeys},
};

use super::use_cases::{Policies, Ports};

/// What can be done with keys, and the list of what is revoked.
pub struct KeyUseCases {
    pub keep: KeepKeys,
    pub operate: OperateKeys,
    pub list_revocations: ListRevocations,
}

impl KeyUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let Ports { keys, key_maker: maker, key_cache: known, directory: users, ended, audit, clock, .. } = ports.clone();
        Self {
            keep: KeepKeys {
                keys: keys.clone(),
                maker: maker.clone(),
                known: known.clone(),
                users,
                audit: audit.clone(),
                clock: clock.clone(),
                policy: policies.keys,
            },
            operate: OperateKeys { keys, maker, audit, clock: clock.clone(), policy: policies.keys },
            list_revocations: ListRevocations { sessions: ended, keys: known, clock },
        }
    }
}
