//! Searching accounts in memory.

use async_trait::async_trait;

use super::{MemoryStore, count};
use crate::{
    admin::{
        ports::UserSearchStore,
        search::{Page, Place, UserSearch},
    },
    factors::factor::Factor,
    identity::{ids::UserId, port_error::PortError, user::User},
};

#[async_trait]
impl UserSearchStore for MemoryStore {
    async fn search<'a>(&self, search: &UserSearch, after: Option<&'a Place>, limit: u32) -> Result<Page, PortError> {
        let state = self.open()?;
        let is_behind = |user: &User| match after {
            Some(Place::Address(email)) => user.email > *email,
            Some(Place::Account(id)) => user.id > *id,
            None => true,
        };
        let mut users: Vec<_> = state.users.values().filter(|user| search.is_for(user) && is_behind(user)).cloned().collect();
        let by_id = search.role.is_some();
        if !by_id {
            users.sort_by(|a, b| a.email.cmp(&b.email));
        }
        let there_are_more = users.len() > count(limit);
        users.truncate(count(limit));
        let place = |user: &User| if by_id { Place::Account(user.id) } else { Place::Address(user.email.clone()) };
        let next = users.last().filter(|_| there_are_more).map(place);
        Ok(Page { users, next })
    }

    async fn factors_of(&self, users: &[UserId]) -> Result<Vec<(UserId, Factor)>, PortError> {
        let state = self.open()?;
        Ok(users.iter().flat_map(|user| state.confirmed(*user).into_iter().map(|factor| (*user, factor))).collect())
    }
}
