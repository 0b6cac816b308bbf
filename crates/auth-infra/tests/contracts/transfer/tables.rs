//! What tables hold, in words that all engines have.

use crate::scratch::{Engine, Scratch};

/// How a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Time,
}

pub(super) struct Table {
    pub(super) name: &'static str,
    /// By which rows are ordered.
    key: &'static str,
    columns: &'static [(&'static str, Kind)],
}

use Kind::{Flag, Number, Text, Time};

/// The tables that an account's rows are in. No address is pending, and no code was wrong.
pub(super) const TABLES: [Table; 5] = [
    Table {
        name: "users",
        key: "id",
        columns: &[
            ("id", Text),
            ("email", Text),
            ("password_hash", Text),
            ("disabled_at", Time),
            ("last_login_at", Time),
            ("created_at", Time),
            ("updated_at", Time),
            ("version", Number),
            ("email_verified_at", Time),
            ("pending_email", Text),
            ("pending_email_until", Time),
            ("language", Text),
            ("second_factors", Text),
            ("wrong_codes", Number),
            ("wrong_code_at", Time),
            ("roles", Text),
            ("profile", Text),
            ("attributes", Text),
            ("described_at", Time),
            ("listed_as", Number),
        ],
    },
    Table {
        name: "user_roles",
        key: "user_id, role",
        columns: &[("role", Text), ("user_id", Text), ("listed_as", Number), ("email", Text)],
    },
    Table {
        name: "totp_factors",
        key: "id",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("name", Text),
            ("encrypted_with", Text),
            ("encrypted_text", Text),
            ("created_at", Time),
            ("confirmed_at", Time),
            ("last_step", Number),
            ("last_used_at", Time),
        ],
    },
    Table {
        name: "passkeys",
        key: "id",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("name", Text),
            ("credential_id", Text),
            ("public_key", Text),
            ("counter", Number),
            ("backup_eligible", Flag),
            ("backed_up", Flag),
            ("aaguid", Text),
            ("transports", Text),
            ("created_at", Time),
            ("last_used_at", Time),
        ],
    },
    Table {
        name: "recovery_codes",
        key: "user_id, digest",
        columns: &[("user_id", Text), ("digest", Text), ("created_at", Time), ("used_at", Time)],
    },
];

/// Every column, with its values by row.
pub(super) fn rows(scratch: &Scratch, table: &Table) -> Vec<(&'static str, Vec<String>)> {
    let values = |(column, kind): &(&'static str, Kind)| {
        let shown = shown(scratch.engine(), column, *kind);
        let query = format!("SELECT COALESCE({shown}, 'null') AS text FROM {} ORDER BY {}", table.name, table.key);
        (*column, scratch.texts(&query))
    };
    table.columns.iter().map(values).collect()
}

fn shown(engine: Engine, column: &str, kind: Kind) -> String {
    if kind == Flag {
        return format!("CASE WHEN {column} THEN 'yes' ELSE 'no' END");
    }
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite if kind == Time => {
            // A whole second may have no fraction.
            format!("SUBSTR({column} || CASE WHEN {column} LIKE '%.%' THEN '' ELSE '.' END || '000000', 1, 26)")
        }
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => format!("CAST({column} AS TEXT)"),
        #[cfg(feature = "postgres")]
        Engine::Postgres if kind == Time => format!("to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US')"),
        #[cfg(feature = "postgres")]
        Engine::Postgres => format!("CAST({column} AS TEXT)"),
        #[cfg(feature = "mysql")]
        Engine::Mysql if kind == Time => format!("DATE_FORMAT({column}, '%Y-%m-%d %H:%i:%s.%f')"),
        #[cfg(feature = "mysql")]
        Engine::Mysql => format!("CAST({column} AS CHAR CHARACTER SET utf8mb4)"),
    }
}

/// Counts who has locked a row of this database, and says nothing of the account.
#[cfg(feature = "sqlite")]
const STAYS_BEHIND: &str = "locks";

/// A new column has to move as well.
#[cfg(feature = "sqlite")]
#[test]
fn every_column_is_compared() {
    let scratch = Scratch::new(Engine::Sqlite);
    let _database = scratch.migrated();
    for Table { name, columns, .. } in &TABLES {
        // The visible ones, generated ones too.
        let mut there = scratch.texts(&format!("SELECT name AS text FROM pragma_table_xinfo('{name}')"));
        there.retain(|column| column != STAYS_BEHIND);
        let mut compared: Vec<_> = columns.iter().map(|(column, _)| (*column).to_owned()).collect();
        there.sort();
        compared.sort();
        assert_eq!(compared, there, "{name}");
    }
}
