//! Passkeys in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    factors::passkey::{Credential, CredentialId, Passkey},
    identity::{ids::UserId, port_error::PortError, user::User},
    mail::message::Outgoing,
    passkeys::ports::PasskeyStore,
};

#[async_trait]
impl PasskeyStore for MemoryStore {
    async fn find(&self, credential: &CredentialId) -> Result<Option<(Passkey, User)>, PortError> {
        let state = self.open()?;
        let passkey = state.passkeys.values().find(|passkey| passkey.credential.id == *credential);
        Ok(passkey.and_then(|passkey| Some((passkey.clone(), state.users.get(&passkey.user)?.clone()))))
    }

    async fn of(&self, user: UserId) -> Result<Vec<Credential>, PortError> {
        let state = self.open()?;
        let passkeys = state.passkeys.values().filter(|passkey| passkey.user == user);
        Ok(passkeys.map(|passkey| passkey.credential.clone()).collect())
    }

    async fn report_clone(&self, notice: &Outgoing) -> Result<(), PortError> {
        let mut state = self.open()?;
        let user = notice.proof.as_ref().and_then(|link| link.user);
        if user.is_none_or(|user| state.users.contains_key(&user)) {
            state.post(Some(notice));
        }
        Ok(())
    }
}
