//! Accounts: their ports, and what can be done with them.

use std::sync::Arc;

use auth_domain::accounts::{
    admin::{
        create_user::CreateUser, delete_user::DeleteUser, disable_user::DisableUser, enable_user::EnableUser,
        end_sessions::EndSessions, set_password::SetPassword, verify_user::VerifyUser,
    },
    change_password::ChangePassword,
    delete::DeleteAccount,
    import::ImportUsers,
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
    pub create: CreateUser,
    pub import: ImportUsers,
    pub set_password: SetPassword,
    pub disable: DisableUser,
    pub enable: EnableUser,
    pub verify: VerifyUser,
    pub end_sessions: EndSessions,
    pub delete_user: DeleteUser,
}

impl AccountUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (AccountPorts { users, directory }, hasher) = (ports.accounts.clone(), ports.passwords.hasher.clone());
        let (audit, clock, ids) = (ports.audit.sink.clone(), ports.clock.clone(), ports.ids.clone());
        let writer = writer(ports, policies.mail.as_ref());
        Self {
            change_password: ChangePassword {
                users: users.clone(),
                hasher: hasher.clone(),
                proof: verifier(ports, policies),
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            delete: DeleteAccount {
                users: users.clone(),
                proof: verifier(ports, policies),
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            create: CreateUser {
                users: users.clone(),
                hasher: hasher.clone(),
                writer: writer.clone(),
                ids: ids.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            import: ImportUsers { users: users.clone(), hasher: hasher.clone(), ids, audit: audit.clone(), clock: clock.clone() },
            set_password: SetPassword {
                users: users.clone(),
                hasher,
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            disable: DisableUser { users: directory.clone(), audit: audit.clone(), clock: clock.clone() },
            verify: VerifyUser { users: directory.clone(), audit: audit.clone(), clock: clock.clone() },
            enable: EnableUser { users: directory, audit: audit.clone(), clock: clock.clone() },
            end_sessions: EndSessions { sessions: ports.sessions.store.clone(), audit: audit.clone(), clock: clock.clone() },
            delete_user: DeleteUser { users, writer, audit, clock },
        }
    }
}
