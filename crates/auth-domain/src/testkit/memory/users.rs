//! Accounts in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, changed, count, ended};
use crate::{
    accounts::ports::{Deleted, Edited, Inserted, UserAdminStore, UserStore},
    identity::{
        administrator::{Another, LastAdministrator},
        editable::Editable,
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, User},
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
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Deleted, PortError> {
        let mut state = self.open()?;
        let is_it = |user: &&User| proven.is_none_or(|proven| user.version() == proven);
        let Some(user) = state.users.get(&id).filter(is_it) else { return Ok(Deleted::No) };
        if keep.needs(user, None).is_some_and(|another| !state.has(another, id)) {
            return Ok(Deleted::LastAdministrator);
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
        Ok(Deleted::Yes)
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

    async fn edit<'a>(
        &self,
        id: UserId,
        from: &Editable,
        to: &Editable,
        keep: LastAdministrator,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Edited, PortError> {
        let mut state = self.open()?;
        let Some(before) = state.users.get(&id).cloned() else { return Ok(Edited::NoSuchUser) };
        if Editable::from(&before) != *from {
            return Ok(Edited::ChangedMeanwhile);
        }
        let after = to.applied_to(&before, now);
        if keep.needs(&before, Some(&after)).is_some_and(|another| !state.has(another, id)) {
            return Ok(Edited::LastAdministrator);
        }
        if after.email != before.email && state.is_taken(&after.email, Some(id), now) {
            return Ok(Edited::EmailTaken);
        }
        let (voids, ends) = (to.voids_proofs_of(&before), to.ends_sessions_of(&before));
        if voids {
            state.void_all_of(id, now);
        }
        state.users.insert(id, after.clone());
        if voids {
            state.void_all_of(id, now);
        }
        let ended = if ends { state.end_all(id, None, now) } else { Vec::new() };
        state.post(notice);
        Ok(Edited::Yes { user: Box::new(after), ended })
    }
}

impl MemoryStore {
    /// Changes an account without ado. The sessions that ended; `None` when there is no such account.
    ///
    /// # Errors
    /// An outage.
    pub async fn change(
        &self,
        id: UserId,
        change: impl Fn(Editable) -> Editable,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<SessionId>>, PortError> {
        let Some(user) = UserStore::find(self, id).await? else { return Ok(None) };
        let from = Editable::from(&user);
        match self.edit(id, &from, &change(from.clone()), LastAdministrator::MayGo, now, None).await? {
            Edited::Yes { ended, .. } => Ok(Some(ended)),
            Edited::NoSuchUser | Edited::ChangedMeanwhile | Edited::EmailTaken | Edited::LastAdministrator => Ok(None),
        }
    }

    /// # Errors
    /// An outage.
    pub async fn disable(&self, id: UserId, now: DateTime<Utc>) -> Result<Option<Vec<SessionId>>, PortError> {
        self.change(id, |from| Editable { disabled: true, ..from }, now).await
    }

    /// # Errors
    /// An outage.
    pub async fn enable(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.change(id, |from| Editable { disabled: false, ..from }, now).await?.is_some())
    }

    /// # Errors
    /// An outage.
    pub async fn verify_address(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.change(id, |from| Editable { email_verified: true, ..from }, now).await?.is_some())
    }

    /// Deletes an account without ado. `false` when there is none.
    ///
    /// # Errors
    /// An outage.
    pub async fn drop_account(&self, id: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(UserStore::delete(self, id, None, LastAdministrator::MayGo, now, None).await? == Deleted::Yes)
    }
}

impl State {
    /// Whether there is another administrator than this account.
    pub(super) fn has(&self, another: Another, than: UserId) -> bool {
        self.users.values().any(|user| user.id != than && user.could_administer(another.with_factor))
    }
}
