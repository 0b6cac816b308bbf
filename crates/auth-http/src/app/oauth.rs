//! The use cases of resource servers, which share what they need.

use auth_domain::oauth::{
    authenticate_client::AuthenticateClient,
    clients::{AddClient, RemoveClient, RotateClientSecret},
};

use super::use_cases::Ports;

/// What can be done with resource servers.
pub struct ClientUseCases {
    pub authenticate: AuthenticateClient,
    pub add: AddClient,
    pub rotate_secret: RotateClientSecret,
    pub remove: RemoveClient,
}

impl ClientUseCases {
    pub(super) fn over(ports: &Ports) -> Self {
        let Ports { clients, secrets, ids, audit, clock, .. } = ports.clone();
        Self {
            authenticate: AuthenticateClient {
                clients: clients.clone(),
                secrets: secrets.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            add: AddClient {
                clients: clients.clone(),
                secrets: secrets.clone(),
                ids,
                audit: audit.clone(),
                clock: clock.clone(),
            },
            rotate_secret: RotateClientSecret { clients: clients.clone(), secrets, audit: audit.clone(), clock: clock.clone() },
            remove: RemoveClient { clients, audit, clock },
        }
    }
}
