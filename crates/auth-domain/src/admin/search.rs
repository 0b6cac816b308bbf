//! Finds accounts, a page at a time.

use std::{collections::HashMap, fmt, sync::Arc};

use super::ports::{CursorCodec, UserSearchStore};
use crate::{
    factors::factor::Factor,
    identity::{email::Email, ids::UserId, port_error::PortError, role::Role, user::User},
};

/// Which accounts to find: those that everything here is true of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserSearch {
    pub email: Option<Email>,
    /// What the address begins with, in its [canonical spelling](crate::identity::email::canonical_prefix).
    pub prefix: String,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub verified: Option<bool>,
}

/// Some of the accounts that were found, by address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub users: Vec<User>,
    /// The address behind which the next page begins, if there may be one.
    pub next: Option<Email>,
}

/// An account with what it has beside a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    /// Those that are confirmed, oldest first.
    pub factors: Vec<Factor>,
}

/// A page of accounts, with the word that gets the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub accounts: Vec<Account>,
    pub next: Option<String>,
}

pub struct SearchUsers {
    pub store: Arc<dyn UserSearchStore>,
    pub cursors: Arc<dyn CursorCodec>,
}

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// It was made for another list, or by nobody.
    #[error("must be the `next` of a page of the same list")]
    Cursor,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl UserSearch {
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        let verified = user.email_verified_at.is_some();
        self.email.as_ref().is_none_or(|email| email.spellings().any(|spelling| spelling == user.email.as_str()))
            && user.email.as_str().starts_with(&self.prefix)
            && self.role.as_ref().is_none_or(|role| user.roles.has(role.as_str()))
            && self.disabled.is_none_or(|disabled| disabled != user.is_active())
            && self.verified.is_none_or(|wanted| wanted == verified)
    }
}

impl fmt::Display for UserSearch {
    /// What a cursor is bound to. The prefix may be any text, so it comes last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, prefix, role, disabled, verified } = self;
        let email = email.as_ref().map_or("", Email::as_str);
        let role = role.as_ref().map_or("", Role::as_str);
        write!(f, "users\n{email}\n{role}\n{disabled:?}\n{verified:?}\n{prefix}")
    }
}

impl SearchUsers {
    /// # Errors
    /// [`SearchError`].
    pub async fn execute(&self, search: &UserSearch, after: Option<&str>, limit: u32) -> Result<Found, SearchError> {
        let list = search.to_string();
        let open = |cursor| self.cursors.open(&list, cursor).and_then(|text| Email::from_kept(&text).into_iter().next());
        let after = after.map(|cursor| open(cursor).ok_or(SearchError::Cursor)).transpose()?;
        let Page { users, next } = self.store.search(search, after.as_ref(), limit).await?;
        let next = next.map(|email| self.cursors.seal(&list, email.as_str()));
        Ok(Found { accounts: self.complete(users).await?, next })
    }

    /// The same accounts with their factors: asked for once, and only where one has some.
    ///
    /// # Errors
    /// An outage.
    pub async fn complete(&self, users: Vec<User>) -> Result<Vec<Account>, PortError> {
        let with: Vec<_> = users.iter().filter(|user| !user.second_factors.is_empty()).map(|user| user.id).collect();
        let mut of = HashMap::<UserId, Vec<Factor>>::new();
        if !with.is_empty() {
            for (user, factor) in self.store.factors_of(&with).await? {
                of.entry(user).or_default().push(factor);
            }
        }
        let complete = |user: User| Account { factors: of.remove(&user.id).unwrap_or_default(), user };
        Ok(users.into_iter().map(complete).collect())
    }

    /// One account with its factors.
    ///
    /// # Errors
    /// An outage.
    pub async fn complete_one(&self, user: User) -> Result<Account, PortError> {
        let factors = match user.second_factors.is_empty() {
            true => Vec::new(),
            false => self.store.factors_of(&[user.id]).await?.into_iter().map(|(_, factor)| factor).collect(),
        };
        Ok(Account { user, factors })
    }
}

#[cfg(test)]
mod tests;
