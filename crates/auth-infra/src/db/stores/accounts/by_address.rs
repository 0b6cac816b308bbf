//! Accounts in the order of their addresses, which an index has. A range of it has no wildcards.

use std::ops::Bound;

use auth_domain::identity::{email::Email, user::User};
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    schema::{rows::UserRow, tables::users},
};

/// At most so many of those whose address begins with `prefix` and comes after `after`, in one state if that is given.
pub(crate) fn range(
    db: &mut AnyConnection,
    prefix: &str,
    state: Option<i16>,
    after: Option<&Email>,
    limit: i64,
) -> QueryResult<Vec<User>> {
    let mut query = users::table.select(UserRow::as_select()).into_boxed();
    query = match beginning(prefix, after) {
        Bound::Included(first) => query.filter(users::email.ge(first)),
        Bound::Excluded(last) => query.filter(users::email.gt(last)),
        Bound::Unbounded => query,
    };
    if let Some(state) = state {
        query = query.filter(users::listed_as.eq(state));
    }
    if let Some(end) = behind_every(prefix) {
        query = query.filter(users::email.lt(end));
    }
    let rows: Vec<UserRow> = query.order(users::email.asc()).limit(limit).load(db)?;
    rows.into_iter().map(User::try_from).collect()
}

/// Where a page begins: with the prefix, or behind an address. One of the two alone: of two bounds SQLite goes to one in the index, and
/// reads all that lies between it and the other.
pub(crate) fn beginning<'a>(prefix: &'a str, after: Option<&'a Email>) -> Bound<&'a str> {
    match after.map(Email::as_str) {
        Some(after) if after >= prefix => Bound::Excluded(after),
        Some(_) | None if prefix.is_empty() => Bound::Unbounded,
        Some(_) | None => Bound::Included(prefix),
    }
}

/// The first text after all that begin with `prefix`, in byte order; `None` if there is none.
pub(crate) fn behind_every(prefix: &str) -> Option<String> {
    let (last_at, last) = prefix.char_indices().next_back()?;
    let (head, _) = prefix.split_at(last_at);
    // In UTF-8, byte order is the order of code points; surrogates are not characters.
    let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
    match next {
        Some(next) => Some(format!("{head}{next}")),
        None => behind_every(head),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use auth_domain::testkit::samples::email;

    use super::{beginning, behind_every};

    #[test]
    fn a_page_begins_with_the_prefix_or_behind_the_last_address() {
        let last = email("ann@example.org");
        assert_eq!(beginning("", None), Bound::Unbounded);
        assert_eq!(beginning("an", None), Bound::Included("an"));
        assert_eq!(beginning("an", Some(&last)), Bound::Excluded("ann@example.org"));
        assert_eq!(beginning("", Some(&last)), Bound::Excluded("ann@example.org"));
        assert_eq!(beginning("bob", Some(&last)), Bound::Included("bob"));
    }

    #[test]
    fn the_end_of_a_prefix_is_behind_all_it_begins() {
        assert_eq!(behind_every("ann").as_deref(), Some("ano"));
        assert_eq!(behind_every("a\u{7f}").as_deref(), Some("a\u{80}"));
        assert_eq!(behind_every("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(behind_every("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!((behind_every("\u{10ffff}"), behind_every("")), (None, None));
    }
}
