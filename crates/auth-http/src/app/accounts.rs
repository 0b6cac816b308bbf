//! Accounts: their ports, and what can be done with them.

use std::sync::Arc;

use auth_domain::{
    accounts::{
        change_password::ChangePassword,
        change_profile::ChangeProfile,
        delete::DeleteAccount,
        ports::{UserAdminStore, UserStore},
    },
    admin::export_account::ExportAccount,
};

use super::{mail::writer, passwords::verifier, ports::Ports, use_cases::Policies};
use crate::settings::SESSIONS_MAX;

#[derive(Clone)]
pub struct AccountPorts {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
}

pub struct AccountUseCases {
    pub change_password: ChangePassword,
    pub change_profile: ChangeProfile,
    pub export: ExportAccount,
    pub delete: DeleteAccount,
}

impl AccountUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (AccountPorts { users, directory }, writer) = (ports.accounts.clone(), writer(ports, policies.mail.as_ref()));
        let (audit, clock) = (ports.audit.sink.clone(), ports.clock.clone());
        Self {
            change_password: ChangePassword {
                users: users.clone(),
                hasher: ports.passwords.hasher.clone(),
                proof: verifier(ports, policies),
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            change_profile: ChangeProfile { users: users.clone(), directory, audit: audit.clone(), clock: clock.clone() },
            export: ExportAccount {
                factors: ports.factors.store.clone(),
                sessions: ports.sessions.store.clone(),
                attempts: ports.passwords.attempts.clone(),
                proofs: ports.mail.proofs.clone(),
                trail: ports.audit.trail.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
                session_limit: SESSIONS_MAX.into(),
            },
            delete: DeleteAccount {
                users,
                proof: verifier(ports, policies),
                writer,
                audit,
                clock,
                with_factor: policies.admin_factor,
            },
        }
    }
}
