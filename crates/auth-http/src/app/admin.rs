//! Administration: what administrators and operators can do with the accounts of others.

use auth_domain::admin::{
    create_user::CreateUser, delete_user::DeleteUser, edit_user::EditUser, end_sessions::EndSessions, import::ImportUsers,
    set_password::SetPassword,
};

use super::{accounts::AccountPorts, mail::writer, ports::Ports, use_cases::Policies};

pub struct AdminUseCases {
    pub create: CreateUser,
    pub import: ImportUsers,
    pub set_password: SetPassword,
    pub edit: EditUser,
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
            edit: EditUser {
                users: users.clone(),
                directory,
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
                with_factor: policies.admin_factor,
            },
            end_sessions: EndSessions { sessions: ports.sessions.store.clone(), audit: audit.clone(), clock: clock.clone() },
            delete: DeleteUser { users, writer, audit, clock, with_factor: policies.admin_factor },
        }
    }
}
