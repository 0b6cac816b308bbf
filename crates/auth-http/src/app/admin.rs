//! Administration: what administrators and operators can do with the accounts of others.

use std::sync::Arc;

use auth_domain::admin::{
    authorize::Authorize,
    create_user::CreateUser,
    delete_user::DeleteUser,
    edit_user::EditUser,
    end_session::EndOneSession,
    end_sessions::EndSessions,
    export_users::ExportUsers,
    import::ImportUsers,
    ports::{CursorCodec, TransferStore, UserSearchStore},
    read_trail::ReadTrail,
    search::SearchUsers,
    set_password::SetPassword,
};

use super::{accounts::AccountPorts, mail::writer, ports::Ports, sessions::demand_fresh, use_cases::Policies};

#[derive(Clone)]
pub struct AdminPorts {
    pub search: Arc<dyn UserSearchStore>,
    pub cursors: Arc<dyn CursorCodec>,
    pub transfer: Arc<dyn TransferStore>,
}

pub struct AdminUseCases {
    /// Whether there is an API for it.
    pub api: bool,
    pub authorize: Authorize,
    pub search: SearchUsers,
    pub trail: ReadTrail,
    pub end_session: EndOneSession,
    pub create: CreateUser,
    pub import: ImportUsers,
    pub export: ExportUsers,
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
        let AdminPorts { search, cursors, transfer } = ports.admin.clone();
        let with_factor = policies.admin_factor;
        Self {
            api: policies.admin_api,
            authorize: Authorize {
                demand: demand_fresh(ports, policies),
                with_factor,
                audit: audit.clone(),
                clock: clock.clone(),
            },
            search: SearchUsers { store: search, cursors: cursors.clone() },
            trail: ReadTrail { trail: ports.audit.trail.clone(), cursors },
            end_session: EndOneSession { sessions: ports.sessions.store.clone(), audit: audit.clone(), clock: clock.clone() },
            create: CreateUser {
                users: users.clone(),
                hasher: hasher.clone(),
                writer: writer.clone(),
                ids: ids.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            import: ImportUsers {
                store: transfer.clone(),
                hasher: hasher.clone(),
                totp: ports.factors.totp.clone(),
                ids,
                audit: audit.clone(),
                clock: clock.clone(),
            },
            export: ExportUsers { store: transfer, audit: audit.clone(), clock: clock.clone() },
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
                with_factor,
            },
            end_sessions: EndSessions { sessions: ports.sessions.store.clone(), audit: audit.clone(), clock: clock.clone() },
            delete: DeleteUser { users, writer, audit, clock, with_factor },
        }
    }
}
