//! What administrators do to the accounts of others: from the command line, or by the API.

pub mod authorize;
pub mod create_user;
pub mod delete_user;
pub mod edit_user;
pub mod end_session;
pub mod end_sessions;
pub mod export_account;
pub mod export_users;
pub mod import;
pub mod patch;
pub mod patch_user;
pub mod ports;
pub mod read_trail;
pub mod search;
pub mod set_password;
pub mod transfer;

use crate::identity::port_error::PortError;

#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("the address has an account already")]
    EmailTaken,
    #[error("there is no such account")]
    NoSuchUser,
    /// Somebody else changed the account at the same moment.
    #[error("the account was changed meanwhile; try again")]
    ChangedMeanwhile,
    /// Afterwards nobody could administer accounts.
    #[error("it is the last account that can administer the others")]
    LastAdministrator,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Leaves so many of a list that was asked for one more. Whether there were more.
pub fn cut<T>(list: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let there_are_more = list.len() > limit;
    list.truncate(limit);
    there_are_more
}

#[cfg(test)]
mod tests;
