//! Accounts in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, changed, count, ended};
use crate::{
    accounts::ports::{Inserted, UserAdminStore, UserStore},
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountState, AccountVersion, User},
    },
    mail::{message::Outgoing, ports::Requested},
    sessions::{authentication::AssuranceLevel, session::Session},
};

#[async_trait]
impl UserStore for MemoryStore {
    async fn find(&self, id: UserId) -> Result<Option<User>, PortError> {
        Ok(self.open()?.users.get(&id).cloned())
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<User>, PortError> {
        let state = self.open()?;
        let stored_as = |text: &str| state.users.values().find(|user| user.email.as_str() == text).cloned();
        Ok(stored_as(email.as_str()).or_else(|| stored_as(&email.in_unicode()?)))
    }

    async fn insert<'a>(
        &self,
        user: &User,
        first: Option<&'a Session>,
        mail: Option<&'a Outgoing>,
    ) -> Result<Inserted, PortError> {
        let mut state = self.open()?;
        if state.is_taken(&user.email, None, user.updated_at) {
            return Ok(Inserted::EmailTaken);
        }
        state.users.insert(user.id, user.clone());
        if let Some(session) = first {
            state.keep_session(session);
        }
        Ok(match mail.map(|mail| state.request(mail)) {
            Some(Requested::Suppressed) => Inserted::MailSuppressed,
            Some(Requested::Queued) | None => Inserted::Yes,
        })
    }

    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let found = state.users.get_mut(&id).filter(|user| user.password.as_ref() == Some(old));
        Ok(found.map(|user| user.password = Some(new.clone())).is_some())
    }

    async fn change_password<'a>(
        &self,
        id: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError> {
        let mut state = self.open()?;
        let Some(user) = state.user_of(id, proven) else { return Ok(None) };
        user.password = Some(new.clone());
        changed(user, now);
        state.void_all_of(id, now);
        state.post(notice);
        let own = keep.and_then(|keep| state.sessions.get_mut(&keep)).filter(|session| session.user == id);
        let own = own.filter(|session| session.authentication.methods.level() == AssuranceLevel::Aal1);
        own.into_iter().for_each(|session| session.authentication.at = now);
        Ok(Some(state.end_all(id, keep, now)))
    }

    async fn delete<'a>(
        &self,
        id: UserId,
        proven: Option<AccountVersion>,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<bool, PortError> {
        let mut state = self.open()?;
        if state.users.get(&id).is_none_or(|user| proven.is_some_and(|proven| user.version() != proven)) {
            return Ok(false);
        }
        state.end_all(id, None, now);
        let ended: Vec<_> = state.sessions.values().filter(|session| session.user == id).filter_map(ended).collect();
        state.gone.extend(ended);
        state.void_all_of(id, now);
        state.proofs.retain(|_, proof| proof.user != Some(id));
        state.post(notice);
        state.users.remove(&id);
        state.sessions.retain(|_, session| session.user != id);
        state.networks.retain(|(user, _), _| *user != id);
        state.remove_factors(id);
        Ok(true)
    }
}

#[async_trait]
impl UserAdminStore for MemoryStore {
    async fn list<'a>(&self, prefix: &str, after: Option<&'a Email>, limit: u32) -> Result<Vec<User>, PortError> {
        let state = self.open()?;
        let wanted = |user: &&User| user.email.as_str().starts_with(prefix) && after.is_none_or(|after| user.email > *after);
        let mut found: Vec<_> = state.users.values().filter(wanted).cloned().collect();
        found.sort_by(|a, b| a.email.cmp(&b.email));
        found.truncate(count(limit));
        Ok(found)
    }

    async fn disable(&self, id: UserId, now: DateTime<Utc>) -> Result<Option<Vec<SessionId>>, PortError> {
        let mut state = self.open()?;
        let Some(user) = state.users.get_mut(&id) else { return Ok(None) };
        user.state = AccountState::Disabled { since: now };
        changed(user, now);
        state.void_all_of(id, now);
        Ok(Some(state.end_all(id, None, now)))
    }

    async fn enable(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let Some(user) = state.users.get_mut(&id) else { return Ok(false) };
        user.state = AccountState::Active;
        changed(user, now);
        Ok(true)
    }

    async fn verify(&self, id: UserId, address: &Email, now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let Some(user) = state.users.get_mut(&id).filter(|user| user.email == *address) else { return Ok(false) };
        user.email_verified_at = Some(now);
        changed(user, now);
        Ok(true)
    }
}
