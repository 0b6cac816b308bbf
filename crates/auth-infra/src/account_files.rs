//! The accounts of other systems, in the files that these hand out. Nothing is written here: each record becomes a candidate for the
//! import, or a reason why it cannot be one.

mod auth0;
mod csv;
mod django;
mod document;
mod draft;
mod firebase;
mod gotrue;
mod keycloak;
mod lines;
mod members;
mod table;
#[cfg(test)]
mod tests;
mod time;

use std::io::{self, Read};

use auth_domain::admin::import::{Candidate, Refusal};
use chrono::{DateTime, Utc};
use serde_json::Value;

pub use self::firebase::{HashParameters, NoHashParameters};
use self::{
    draft::Draft,
    members::{Members, unreadable},
};

/// The systems whose files are read.
#[derive(Debug, Clone)]
pub enum Format {
    /// Lines of JSON.
    Auth0,
    /// A JSON document, whose hashes need what only the project's owner knows.
    Firebase(Option<HashParameters>),
    /// A JSON document: a realm, or some of its users.
    Keycloak,
    /// A JSON document of `dumpdata`.
    Django,
    /// A CSV of the table `auth.users`, as Supabase has it.
    GoTrue,
    /// A CSV whose columns are named as the members of our own accounts.
    Csv,
}

/// Why a file as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is not {expected}: {why}")]
    Shape { expected: &'static str, why: String },
    #[error("it has password hashes, and nobody can verify them without the project's hash parameters")]
    HashParametersMissing,
}

/// An account as the file has it.
#[derive(Debug)]
pub struct Listed {
    pub candidate: Candidate,
    /// What of it is not taken over, or is worth a look.
    pub notes: Vec<&'static str>,
}

/// Every account in a file, in order. A record that is wrong is a refusal; the rest goes on.
///
/// # Errors
/// The file is not of this format, or it cannot be read to its end.
pub fn read_accounts(source: impl Read, format: &Format, now: DateTime<Utc>) -> Result<Vec<Listed>, FileFault> {
    let source = lines::without_mark(source)?;
    match format {
        Format::Auth0 => auth0::read(source),
        Format::Firebase(parameters) => firebase::read(source, parameters.as_ref()),
        Format::Keycloak => keycloak::read(source),
        Format::Django => django::read(source),
        Format::GoTrue => gotrue::read(source, now),
        Format::Csv => csv::read(source),
    }
}

/// The longest address that is repeated: only to find the record by it.
const SHOWN_ADDRESS: usize = 320;

impl Listed {
    fn of(number: u64, email: &str, draft: Result<Draft, Refusal>) -> Self {
        let (account, notes) = match draft.and_then(Draft::finish) {
            Ok((account, notes)) => (Ok(Box::new(account)), notes),
            Err(refusal) => (Err(refusal), Vec::new()),
        };
        let email = email.chars().take(SHOWN_ADDRESS).collect();
        Self { candidate: Candidate { number: number.to_string(), email, account }, notes }
    }

    fn refused(number: u64, refusal: Refusal) -> Self {
        Self::of(number, "", Err(refusal))
    }
}

/// A system whose accounts are JSON objects.
trait JsonAccounts {
    /// The account's address; `None` where it has none.
    fn address<'a>(&self, record: Members<'a>) -> Result<Option<&'a str>, Refusal>;

    fn account(&self, record: Members<'_>) -> Result<Draft, Refusal>;

    /// Whether it is an account at all.
    fn is_account(&self, _record: Members<'_>) -> bool {
        true
    }

    /// Reads one record, which may be anything; `None` where it is no account.
    fn listed(&self, number: u64, text: &[u8]) -> Option<Listed> {
        match strict_json::parse(text) {
            Ok(Value::Object(members)) => {
                let record = Members::of(&members);
                let address = self.address(record).map_or(None, |address| address).unwrap_or_default();
                self.is_account(record).then(|| Listed::of(number, address, self.account(record)))
            }
            Ok(_) => Some(Listed::refused(number, unreadable("it is not a JSON object"))),
            Err(fault) => Some(Listed::refused(number, unreadable(format!("it is not unambiguous JSON: {fault}")))),
        }
    }
}
