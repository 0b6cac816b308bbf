//! Where administrators look for accounts, and what seals the places in their lists.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    search::{Page, UserSearch},
    transfer::AccountRecord,
};
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

/// What became of an account that was to be stored.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Yes,
    /// An account has its address, or had it when an undo link was written that still works.
    EmailTaken,
    /// An account with another address has its id.
    IdTaken,
    /// An account has one of its factors.
    FactorTaken,
    /// The database does not take it.
    Refused,
}

/// Takes accounts in and gives them out, many at a time.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait TransferStore: Send + Sync {
    /// Stores accounts, each whole or not at all, and says of each in order what became of it: what one is refused for touches no
    /// other, and of two with the same address, id or factor the first gets it. Existing accounts stay as they are. At most
    /// [`TRANSFER_BATCH`](super::transfer::TRANSFER_BATCH) of them.
    async fn insert(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError>;

    /// What [`insert`](Self::insert) would say, as far as that is known before it is tried. Writes nothing.
    async fn foresee(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError>;

    /// At most `limit` accounts behind `after`, by id. What a page costs does not depend on how many there are. An account that is
    /// made meanwhile may be there or not; each of the others is there once, as it was at some moment of the reading.
    async fn page(&self, after: Option<UserId>, limit: u32) -> Result<Vec<AccountRecord>, PortError>;
}
