//! What accounts have, as a server has to know that starts: whether its configuration still serves them.

use std::sync::Arc;

use crate::{identity::port_error::PortError, mfa::ports::FactorStore};

pub struct FindStoredFactors {
    pub factors: Arc<dyn FactorStore>,
}

/// What accounts have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFactors {
    /// Whether any account has a factor: where no login asks for one, its operator is to know.
    pub any: bool,
    /// The names of the encryption keys without which no code of some authenticator app can be judged. None where no account has an
    /// app that was confirmed.
    pub encryption_keys: Vec<String>,
}

impl FindStoredFactors {
    /// # Errors
    /// An outage.
    pub async fn execute(&self) -> Result<StoredFactors, PortError> {
        Ok(StoredFactors { any: self.factors.any().await?, encryption_keys: self.factors.encryption_keys().await? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mfa::ports::MockFactorStore,
        testing::{down, factors::Server, mail::ANN},
        testkit::FakeTotp,
    };

    async fn found(server: &Server) -> (bool, Vec<String>) {
        let factors = Arc::new(server.world.store.clone());
        let StoredFactors { any, encryption_keys } = FindStoredFactors { factors }.execute().await.unwrap();
        (any, encryption_keys)
    }

    #[tokio::test]
    async fn only_what_is_confirmed_needs_a_key() {
        let server = Server::with_ann().await;
        assert_eq!(found(&server).await, (false, vec![]));
        let caller = server.world.sign_in(ANN).await;
        let app = server.enrolled(&caller).await;
        assert_eq!(found(&server).await, (false, vec![]));
        server.confirmed(&caller, &app).await;
        assert_eq!(found(&server).await, (true, vec!["a".to_owned()]));
        let later = Server { totp: FakeTotp::with_keys(&["b", "a"]), ..server.clone() };
        later.wait(30);
        later.add_app().await;
        assert_eq!(found(&server).await, (true, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[tokio::test]
    async fn a_passkey_needs_none() {
        let (server, _) = Server::with_passkey().await;
        assert_eq!(found(&server).await, (true, vec![]));
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        for fails_first in [true, false] {
            let mut away = MockFactorStore::new();
            away.expect_any().returning(move || if fails_first { down() } else { Ok(true) });
            away.expect_encryption_keys().returning(down);
            let outcome = FindStoredFactors { factors: Arc::new(away) }.execute().await;
            assert!(matches!(outcome, Err(PortError::Unavailable(_))));
        }
    }
}
