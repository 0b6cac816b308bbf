//! What a failure means: unavailable for now, rolled back, or corrupt.

use auth_domain::identity::port_error::PortError;
use diesel::{
    r2d2::R2D2Connection,
    result::{DatabaseErrorInformation, DatabaseErrorKind, Error},
};

use super::{connection::AnyConnection, sqlite_file::Moved};

/// Why work on the database failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection was available; nothing was done.
    NoConnection(String),
    /// SQLite's file is no longer where it was opened; what was written may be lost.
    Moved(Moved),
    /// The connection broke before or during the work, or its server takes no such work now.
    Broken(Error),
    /// The connection broke before or during a write, which may or may not have happened.
    Unheard(Error),
    /// The database answered, with an error.
    Refused(Error),
}

impl Failure {
    /// Classifies an error by whether the connection can still be used. Pings it where in doubt: client libraries report a lost
    /// connection only as text, which varies.
    pub(super) fn of(error: Error, connection: &mut AnyConnection) -> Self {
        let is_over = matches!(error, Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. })
            || is_turned_away(&error)
            || is_in_doubt(&error);
        let may_be_over = matches!(
            error,
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::Unknown,
                _,
            )
        );
        let is_broken = is_over || connection.is_broken() || (may_be_over && connection.ping().is_err());
        if is_broken { Self::Broken(error) } else { Self::Refused(error) }
    }

    /// The same failure, of a write.
    pub(super) fn of_a_write(self) -> Self {
        match self {
            Self::Broken(error) if !is_turned_away(&error) => Self::Unheard(error),
            failure @ (Self::NoConnection(_) | Self::Moved(_) | Self::Broken(_) | Self::Unheard(_) | Self::Refused(_)) => failure,
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Unheard(_))
    }

    /// Whether the database rolled everything back in favour of another transaction: a retry is safe.
    pub(super) fn was_rolled_back(&self) -> bool {
        match self {
            Self::Refused(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Refused(Error::DatabaseError(DatabaseErrorKind::Unknown, info)) => is_deadlock(&**info),
            Self::NoConnection(_) | Self::Moved(_) | Self::Broken(_) | Self::Unheard(_) | Self::Refused(_) => false,
        }
    }
}

/// What does not fit the schema or does not parse is corrupt, and stays so. What the database cannot do now, whatever it is asked, is
/// an outage: a full disk, a lock held for too long. What is left it refuses for what it was asked.
impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoConnection(why) => Self::Unavailable(format!("no connection: {why}")),
            Failure::Moved(moved) => Self::Unavailable(moved.to_string()),
            Failure::Broken(error) => Self::Unavailable(format!("the connection broke: {error}")),
            Failure::Unheard(error) => Self::Unknown(format!("the connection broke: {error}")),
            Failure::Refused(Error::DatabaseError(kind, _)) if is_constraint(&kind) => {
                // Not the server's own message, which may repeat the row.
                Self::Corrupt(format!("the database refused a row: {kind:?}"))
            }
            Failure::Refused(
                error @ (Error::DeserializationError(_)
                | Error::SerializationError(_)
                | Error::QueryBuilderError(_)
                | Error::NotFound),
            ) => Self::Corrupt(error.to_string()),
            Failure::Refused(error) if is_ruined(&error) => Self::Corrupt(error.to_string()),
            Failure::Refused(error) if is_outage(&error) => Self::Unavailable(error.to_string()),
            Failure::Refused(error) => Self::Refused(error.to_string()),
        }
    }
}

/// A deadlock that Diesel has no kind for, as it hides the codes: PostgreSQL's 40P01, and MySQL's 1213 outside of a prepared
/// statement.
///
/// PostgreSQL's words are the server's language, so it is told by its shape: a hint, and a line of details for each of the
/// transactions. Were it another error, trying again would be as safe: what PostgreSQL refuses, it rolls back.
fn is_deadlock(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    let names_several = info.details().is_some_and(|details| details.lines().count() > 1);
    (info.hint().is_some() && names_several) || info.message().contains("Deadlock found")
}

/// Whether the server did nothing and will do nothing of the kind on this connection, while another server may.
fn is_turned_away(error: &Error) -> bool {
    only_reads(error) || is_cut_off(error)
}

/// A server of a Galera cluster that does not reach most of the others: MySQL's 1047.
fn is_cut_off(error: &Error) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, info) = error else { return false };
    info.message() == "WSREP has not yet prepared node for application use"
}

/// Whether a commit failed, and may be found to have been done all the same: MySQL's 1180. A server of a Galera cluster that loses the
/// others while it commits does not know whether they have got what it sent.
fn is_in_doubt(error: &Error) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, info) = error else { return false };
    let message = info.message();
    message.starts_with("Error while appending streaming replication fragment(")
        || (message.starts_with("Got error ") && message.ends_with(" during COMMIT"))
}

/// What cannot be written now may be written by a fresh connection: one that was made while its file could not be written, or to a
/// server that was a replica then, stays read-only; and after a failover, the name of the server leads to another.
fn only_reads(error: &Error) -> bool {
    let Error::DatabaseError(kind, info) = error else { return false };
    // Diesel has no kind for SQLite's error, nor for most of MySQL's. Errors of other kinds may repeat what a client sent.
    let is_said = || {
        let words = info.message().to_lowercase().replace('_', "-");
        READ_ONLY.iter().any(|parts| parts.iter().all(|part| words.contains(part)))
    };
    matches!(kind, DatabaseErrorKind::ReadOnlyTransaction) || (matches!(kind, DatabaseErrorKind::Unknown) && is_said())
}

/// Parts of the messages, in lower case: SQLite's 8; MySQL's 1290 by the options `read_only`, `super_read_only` and
/// `innodb_read_only`, 1792, 1836, 1874 and 1036.
const READ_ONLY: [&[&str]; 6] = [
    &["attempt to write a readonly database"],
    &["read-only", "so it cannot execute this statement"],
    &["cannot execute statement in a read only transaction"],
    &["running in read-only mode"],
    &["innodb is in read only mode"],
    &["table '", "' is read only"],
];

/// Whether the database could not do this now, whatever the data.
fn is_outage(error: &Error) -> bool {
    let Error::DatabaseError(kind, info) = error else { return false };
    let is_said = || OUTAGES.iter().any(|(begin, end)| info.message().starts_with(begin) && info.message().ends_with(end));
    matches!(kind, DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection)
        || (matches!(kind, DatabaseErrorKind::Unknown) && is_said())
}

/// How such messages begin and end, since Diesel hides the codes. Only the ends count: between them, and in messages of other kinds, may
/// be what a client sent. PostgreSQL in another language than English is not understood: what it cannot do is "refused".
const OUTAGES: [(&str, &str); 23] = [
    // SQLite's 5, 6, 7, 10, 13 and 14.
    ("database is locked", ""),
    ("database table is locked", ""),
    ("out of memory", ""),
    ("disk I/O error", ""),
    ("database or disk is full", ""),
    ("unable to open database file", ""),
    // PostgreSQL's classes 53 and 58, 40P01, 55P03 and 57014.
    ("could not extend file ", ""),
    ("could not write ", ""),
    ("could not ", ": No space left on device"),
    ("out of shared memory", ""),
    ("temporary file size exceeds ", ""),
    ("deadlock detected", ""),
    ("could not obtain lock on ", ""),
    ("canceling statement due to ", ""),
    // MySQL's 1021, 1026 (or 3), 1030 by errors 28 and 122 of the system, 1037, 1114, 1205, 1206, 1317 and 3024 (or 1969).
    ("Disk full (", ""),
    ("Error writing file '", ""),
    ("Got error 28 ", ""),
    ("Got error 122 ", ""),
    ("Out of memory", ""),
    ("The table '", "' is full"),
    ("Lock wait timeout exceeded", ""),
    ("The total number of locks exceeds the lock table size", ""),
    ("Query execution was interrupted", ""),
];

fn is_constraint(kind: &DatabaseErrorKind) -> bool {
    matches!(
        kind,
        DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
    )
}

/// SQLite's messages for a file that is not, or no longer, a database.
fn is_ruined(error: &Error) -> bool {
    let text = error.to_string();
    ["database disk image is malformed", "file is not a database"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests;
