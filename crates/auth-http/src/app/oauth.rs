//! OAuth: the ports of resource servers, and what they and their operators can do.

use std::sync::Arc;

use auth_domain::oauth::{
    authenticate_client::AuthenticateClient,
    authenticate_client_token::AuthenticateClientToken,
    clients::{AddClient, RemoveClient, RotateClientSecret},
    introspect::Introspect,
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
    pub introspect: Introspect,
    pub revoke: Revoke,
    pub list_revocations: ListRevocations,
    pub clients: ClientUseCases,
}

impl OAuthUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (SessionPorts { store: sessions, ended, codec }, clock) = (ports.sessions.clone(), ports.clock.clone());
        Self {
            introspect: Introspect { codec: codec.clone(), sessions: sessions.clone(), clock: clock.clone(), mfa: policies.mfa },
            revoke: Revoke { codec, sessions, audit: ports.audit.sink.clone(), clock: clock.clone() },
            list_revocations: ListRevocations { sessions: ended, keys: ports.signing_keys.cache.clone(), clock },
            clients: ClientUseCases::over(ports),
        }
    }
}

/// What can be done with resource servers.
pub struct ClientUseCases {
    pub authenticate: AuthenticateClient,
    pub authenticate_token: AuthenticateClientToken,
    pub add: AddClient,
    pub rotate_secret: RotateClientSecret,
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
            remove: RemoveClient { clients, audit, clock },
        }
    }
}
