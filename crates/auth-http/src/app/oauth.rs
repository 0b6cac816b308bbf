//! OAuth: the ports of resource servers, and what they and their operators can do.

use std::sync::Arc;

use auth_domain::oauth::{
    authenticate_client::AuthenticateClient,
    authenticate_client_token::AuthenticateClientToken,
    clients::{AddClient, RemoveClient, RotateClientSecret, SetClientScopes},
    introspect::Introspect,
    issue_client_token::IssueClientToken,
    ports::{ClientSecrets, ClientStore, ClientTokenCodec},
    revocation_list::ListRevocations,
    revoke::Revoke,
};

use super::{ports::Ports, sessions::SessionPorts, use_cases::Policies};

#[derive(Clone)]
pub struct OAuthPorts {
    pub clients: Arc<dyn ClientStore>,
    pub secrets: Arc<dyn ClientSecrets>,
    /// Of clients' own tokens.
    pub codec: Arc<dyn ClientTokenCodec>,
}

pub struct OAuthUseCases {
    pub issue_client_token: IssueClientToken,
    pub introspect: Introspect,
    pub revoke: Revoke,
    pub list_revocations: ListRevocations,
    pub clients: ClientUseCases,
}

impl OAuthUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (SessionPorts { store: sessions, ended, codec }, clock) = (ports.sessions.clone(), ports.clock.clone());
        let (clients, audit) = (ClientUseCases::over(ports), ports.audit.sink.clone());
        Self {
            issue_client_token: IssueClientToken {
                codec: ports.oauth.codec.clone(),
                ids: ports.ids.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
                life: policies.lifetimes.access,
            },
            introspect: Introspect {
                codec: codec.clone(),
                sessions: sessions.clone(),
                clock: clock.clone(),
                mfa: policies.mfa,
                clients: clients.authenticate_token.clone(),
            },
            revoke: Revoke { codec, sessions, audit, clock: clock.clone(), clients: clients.authenticate_token.clone() },
            list_revocations: ListRevocations { sessions: ended, keys: ports.signing_keys.cache.clone(), clock },
            clients,
        }
    }
}

/// What can be done with resource servers.
pub struct ClientUseCases {
    pub authenticate: AuthenticateClient,
    pub authenticate_token: AuthenticateClientToken,
    pub add: AddClient,
    pub rotate_secret: RotateClientSecret,
    pub set_scopes: SetClientScopes,
    pub remove: RemoveClient,
}

impl ClientUseCases {
    fn over(ports: &Ports) -> Self {
        let OAuthPorts { clients, secrets, codec } = ports.oauth.clone();
        let (audit, clock) = (ports.audit.sink.clone(), ports.clock.clone());
        Self {
            authenticate: AuthenticateClient {
                clients: clients.clone(),
                secrets: secrets.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            authenticate_token: AuthenticateClientToken { codec, clients: clients.clone(), clock: clock.clone() },
            add: AddClient {
                clients: clients.clone(),
                secrets: secrets.clone(),
                ids: ports.ids.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            rotate_secret: RotateClientSecret { clients: clients.clone(), secrets, audit: audit.clone(), clock: clock.clone() },
            set_scopes: SetClientScopes { clients: clients.clone(), audit: audit.clone(), clock: clock.clone() },
            remove: RemoveClient { clients, audit, clock },
        }
    }
}
