//! Accounts: their ports, and what can be done with them.

use std::sync::Arc;

use auth_domain::accounts::{
    change_password::ChangePassword,
    delete::DeleteAccount,
    ports::{UserAdminStore, UserStore},
};

use super::{mail::writer, passwords::verifier, ports::Ports, use_cases::Policies};

#[derive(Clone)]
pub struct AccountPorts {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
}

pub struct AccountUseCases {
    pub change_password: ChangePassword,
    pub delete: DeleteAccount,
}

impl AccountUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (users, writer) = (ports.accounts.users.clone(), writer(ports, policies.mail.as_ref()));
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
