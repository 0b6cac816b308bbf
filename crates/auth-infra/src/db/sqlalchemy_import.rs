//! The accounts of another system in a SQLite file with SQLAlchemy's columns. Read only.

#[cfg(feature = "sqlite")]
mod rows;

use auth_domain::admin::import::Candidate;

use super::url::DatabaseUrl;

/// Why accounts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LegacyFault {
    #[error("accounts can only be imported from a SQLite file: sqlite:///./secure_app.db")]
    NoFile,
    #[error("{url} has no table `users` with the columns `email` and `hashed_password`")]
    NoAccounts { url: String },
    #[error("{url} cannot be read: {why}")]
    Unreadable { url: String, why: String },
}

/// Every row of the file's table `users`. The file is not changed.
///
/// # Errors
/// [`LegacyFault`].
pub fn legacy_accounts(url: &DatabaseUrl) -> Result<Vec<Candidate>, LegacyFault> {
    let path = url.path().filter(|_| !url.is_in_memory()).ok_or(LegacyFault::NoFile)?;
    #[cfg(feature = "sqlite")]
    return rows::read(url, path);
    #[cfg(not(feature = "sqlite"))]
    Err(LegacyFault::Unreadable { url: url.to_string(), why: format!("{path} needs the feature sqlite") })
}
