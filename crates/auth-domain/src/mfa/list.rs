//! Lists the factors of an account.

use std::sync::Arc;

use crate::{
    identity::{ids::UserId, port_error::PortError},
    mfa::ports::{FactorList, FactorStore},
};

pub struct ListFactors {
    pub factors: Arc<dyn FactorStore>,
}

impl ListFactors {
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: UserId) -> Result<FactorList, PortError> {
        self.factors.list(user).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        factors::factor::Factor,
        identity::method::Method,
        mfa::ports::MockFactorStore,
        testing::{down, factors::Server, mail::ANN},
    };

    #[tokio::test]
    async fn what_is_confirmed_is_listed_oldest_first() {
        let (server, app, _) = Server::with_app().await;
        server.add_passkey().await;
        server.enrolled(&server.world.sign_in(ANN).await).await;
        let factors = Arc::new(server.world.store.clone());
        let FactorList { factors, recovery_codes_left } = ListFactors { factors }.execute(server.ann().await.id).await.unwrap();
        assert_eq!(recovery_codes_left, 10);
        let seen: Vec<_> = factors.iter().map(|Factor { method, name, .. }| (*method, name.as_str())).collect();
        assert_eq!(seen, [(Method::Totp, "Authenticator app"), (Method::Passkey, "Passkey")]);
        assert_eq!(factors[0].id, app.id);
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        let mut away = MockFactorStore::new();
        away.expect_list().returning(|_| down());
        let server = Server::with_ann().await;
        let outcome = ListFactors { factors: Arc::new(away) }.execute(server.ann().await.id).await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))));
    }
}
