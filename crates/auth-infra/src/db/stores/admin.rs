//! Searching accounts. Each statement reads at most so many rows of one index, however many accounts there are.

pub(crate) mod transfer;

use std::ops::Bound;

use async_trait::async_trait;
use auth_domain::{
    admin::{
        ports::UserSearchStore,
        search::{Page, UserSearch},
    },
    factors::factor::Factor,
    identity::{email::Email, ids::UserId, port_error::PortError, role::Role, user::User},
};
use diesel::prelude::*;

use super::{
    accounts::{
        DieselUsers,
        by_address::{beginning, behind_every, range},
        roles::listed_as,
    },
    factors::store::factors_of,
};
use crate::db::{
    connection::AnyConnection,
    schema::{
        rows::{UserRow, address},
        tables::{user_roles, users},
    },
};

#[async_trait]
impl UserSearchStore for DieselUsers {
    async fn search<'a>(&self, search: &UserSearch, after: Option<&'a Email>, limit: u32) -> Result<Page, PortError> {
        let (search, after) = (search.clone(), after.cloned());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.0
            .read(move |db| match (&search.email, &search.role) {
                (Some(email), _) => by_email(db, &search, email, after.as_ref()),
                (None, Some(role)) => by_role(db, &search, role, after.as_ref(), limit),
                (None, None) => by_address(db, &search, after.as_ref(), limit),
            })
            .await
    }

    async fn factors_of(&self, users: &[UserId]) -> Result<Vec<(UserId, Factor)>, PortError> {
        let users: Vec<_> = users.iter().map(ToString::to_string).collect();
        self.0.read(move |db| factors_of(db, &users)).await
    }
}

/// By the unique index of addresses: one account, in this spelling or that of an earlier release.
fn by_email(db: &mut AnyConnection, search: &UserSearch, email: &Email, after: Option<&Email>) -> QueryResult<Page> {
    for spelling in email.spellings() {
        let row = users::table.filter(users::email.eq(spelling)).select(UserRow::as_select()).get_result(db).optional()?;
        if let Some(row) = row {
            let user = User::try_from(row)?;
            let is_behind = after.is_none_or(|after| user.email.as_str() > after.as_str());
            let is_wanted = search.is_for(&user) && is_behind;
            return Ok(Page { users: is_wanted.then_some(user).into_iter().collect(), next: None });
        }
    }
    Ok(Page::default())
}

/// One range of the index (listed_as, email) for each state that is wanted, and their beginnings merged. Where all states are, one range
/// of the unique index of addresses.
fn by_address(db: &mut AnyConnection, search: &UserSearch, after: Option<&Email>, limit: usize) -> QueryResult<Page> {
    let all = search.disabled.is_none() && search.verified.is_none();
    let ranges: Vec<_> = if all { vec![None] } else { states(search).map(Some).collect() };
    let mut found = Vec::new();
    for state in ranges {
        found.extend(range(db, &search.prefix, state, after, rows(limit.saturating_add(1)))?);
    }
    found.sort_by(|a: &User, b| a.email.as_str().cmp(b.email.as_str()));
    let there_are_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| there_are_more).map(|user| user.email.clone());
    Ok(Page { users: found, next })
}

/// One range of the index (role, listed_as, email) of `user_roles` for each state that is wanted, their beginnings merged, and the
/// accounts of those alone.
fn by_role(db: &mut AnyConnection, search: &UserSearch, role: &Role, after: Option<&Email>, limit: usize) -> QueryResult<Page> {
    let mut found = Vec::new();
    for state in states(search) {
        found.extend(role_range(db, search, role, state, after, limit.saturating_add(1))?);
    }
    found.sort();
    let there_are_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| there_are_more);
    let next = next.map(|(email, _)| address(email)).transpose()?;
    let ids: Vec<_> = found.into_iter().map(|(_, id)| id).collect();
    Ok(Page { users: in_order(db, search, &ids)?, next })
}

/// The addresses and ids of those in one state who have the role.
fn role_range(
    db: &mut AnyConnection,
    search: &UserSearch,
    role: &Role,
    state: i16,
    after: Option<&Email>,
    limit: usize,
) -> QueryResult<Vec<(String, String)>> {
    let holders = user_roles::table.filter(user_roles::role.eq(role.as_str()).and(user_roles::listed_as.eq(state)));
    let mut query = holders.into_boxed();
    query = match beginning(&search.prefix, after) {
        Bound::Included(first) => query.filter(user_roles::email.ge(first)),
        Bound::Excluded(last) => query.filter(user_roles::email.gt(last)),
        Bound::Unbounded => query,
    };
    if let Some(end) = behind_every(&search.prefix) {
        query = query.filter(user_roles::email.lt(end));
    }
    let columns = (user_roles::email.assume_not_null(), user_roles::user_id);
    query.select(columns).order(user_roles::email.asc()).limit(rows(limit)).load(db)
}

/// These accounts, by address. One that has changed meanwhile, and is not wanted any more, is left out.
fn in_order(db: &mut AnyConnection, search: &UserSearch, ids: &[String]) -> QueryResult<Vec<User>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<UserRow> = users::table.filter(users::id.eq_any(ids)).select(UserRow::as_select()).load(db)?;
    let mut users = rows.into_iter().map(User::try_from).collect::<QueryResult<Vec<_>>>()?;
    users.retain(|user| search.is_for(user));
    users.sort_by(|a, b| a.email.as_str().cmp(b.email.as_str()));
    Ok(users)
}

/// The states that a search leaves, as `users.listed_as` has them.
fn states(search: &UserSearch) -> impl Iterator<Item = i16> {
    let both = |wanted: Option<bool>| [false, true].into_iter().filter(move |is| wanted.is_none_or(|wanted| wanted == *is));
    let (disabled, verified) = (search.disabled, search.verified);
    both(verified).flat_map(move |verified| both(disabled).map(move |disabled| listed_as(disabled, verified)))
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
