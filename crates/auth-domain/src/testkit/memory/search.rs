//! Searching accounts in memory.

use async_trait::async_trait;

use super::{MemoryStore, count};
use crate::{
    admin::{
        ports::UserSearchStore,
        search::{Page, UserSearch},
    },
    factors::factor::Factor,
    identity::{email::Email, ids::UserId, port_error::PortError, user::User},
};

#[async_trait]
impl UserSearchStore for MemoryStore {
    async fn search<'a>(&self, search: &UserSearch, after: Option<&'a Email>, limit: u32) -> Result<Page, PortError> {
        let state = self.open()?;
        let is_behind = |user: &User| after.is_none_or(|after| user.email > *after);
        let mut users: Vec<_> = state.users.values().filter(|user| search.is_for(user) && is_behind(user)).cloned().collect();
        users.sort_by(|a, b| a.email.cmp(&b.email));
        let there_are_more = users.len() > count(limit);
        users.truncate(count(limit));
        let next = users.last().filter(|_| there_are_more).map(|user| user.email.clone());
        Ok(Page { users, next })
    }

    async fn factors_of(&self, users: &[UserId]) -> Result<Vec<(UserId, Factor)>, PortError> {
        let state = self.open()?;
        Ok(users.iter().flat_map(|user| state.confirmed(*user).into_iter().map(|factor| (*user, factor))).collect())
    }
}
