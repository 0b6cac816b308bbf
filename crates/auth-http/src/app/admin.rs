//! Administration: what administrators and operators can do with the accounts of others.

use auth_domain::admin::{
    create_user::CreateUser, delete_user::DeleteUser, disable_user::DisableUser, enable_user::EnableUser,
    end_sessions::EndSessions, import::ImportUsers, set_password::SetPassword, verify_user::VerifyUser,
};

use super::{accounts::AccountPorts, mail::writer, ports::Ports, use_cases::Policies};

pub struct AdminUseCases {
    pub create: CreateUser,
    pub import: ImportUsers,
    pub set_password: SetPassword,
    pub disable: DisableUser,
    pub enable: EnableUser,
    pub verify: VerifyUser,
    pub end_sessions: EndSessions,
    pub delete: DeleteUser,
}

impl AdminUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (AccountPorts { users, directory }, hasher) = (ports.accounts.clone(), ports.passwords.hasher.clone());
        let (audit, clock, ids) = (ports.audit.sink.clone(), ports.clock.clone(), ports.ids.clone());
        let writer = writer(ports, policies.mail.as_ref());
        Self {
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
            delete: DeleteUser { users, writer, audit, clock },
        }
    }
}
