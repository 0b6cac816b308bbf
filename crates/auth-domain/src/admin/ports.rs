//! Where administrators look for accounts, and what seals the places in their lists.

use async_trait::async_trait;

use super::search::{Page, UserSearch};
use crate::{
    factors::factor::Factor,
    identity::{email::Email, ids::UserId, port_error::PortError},
};

/// Finds accounts. What a page costs does not depend on how many accounts there are.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait UserSearchStore: Send + Sync {
    /// At most `limit` accounts that the search is for, behind an address, ordered by address. An account that changes meanwhile may be
    /// missing from a page that has a next one.
    async fn search<'a>(&self, search: &UserSearch, after: Option<&'a Email>, limit: u32) -> Result<Page, PortError>;

    /// The confirmed factors of these accounts, those of an account oldest first.
    async fn factors_of(&self, users: &[UserId]) -> Result<Vec<(UserId, Factor)>, PortError>;
}

/// Seals places in lists, so that a client can give back only what it got, and only for the same list. Pure but for its key.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait CursorCodec: Send + Sync {
    /// The place in a list, as one opaque word.
    fn seal(&self, list: &str, place: &str) -> String;

    /// The place of a word that was made for this list by a server with the same secret; `None` for any other text.
    fn open(&self, list: &str, cursor: &str) -> Option<String>;
}
