//! Rows that any program may have written, in columns of any type.

use auth_domain::{
    admin::{
        import::{Candidate, Refusal},
        transfer::{Activity, Arrival},
    },
    identity::{email::Email, password_hash::PasswordHash},
};
use diesel::{
    QueryableByName, RunQueryDsl,
    deserialize::{self, FromSql},
    row::{Field, NamedRow, Row},
    sql_query,
    sql_types::Binary,
    sqlite::Sqlite,
};

use super::LegacyFault;
use crate::{
    db::{
        connection::{read_only, texts},
        url::DatabaseUrl,
    },
    foreign_time,
};

/// The names that systems give to the column with the password hash.
const HASHES: [&str; 3] = ["hashed_password", "password_hash", "password"];

pub(super) fn read(url: &DatabaseUrl, path: &str) -> Result<Vec<Candidate>, LegacyFault> {
    let unreadable = |why: String| LegacyFault::Unreadable { url: url.to_string(), why };
    let mut db = read_only(path).map_err(|error| unreadable(error.to_string()))?;
    let columns = texts(&mut db, "SELECT name AS text FROM pragma_table_info('users')");
    let columns = columns.map_err(|error| unreadable(error.to_string()))?;
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    if !has("email") || !HASHES.into_iter().any(has) {
        return Err(LegacyFault::NoAccounts { url: url.to_string() });
    }
    let rows: Vec<Account> = sql_query("SELECT * FROM users").load(&mut db).map_err(|error| unreadable(error.to_string()))?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

struct Account(Candidate);

/// Written by hand, since not every such table has every column.
impl QueryableByName<Sqlite> for Account {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        // SQLite lends one field at a time.
        let activity = if place(row, "is_active").is_some() {
            bytes(row, "is_active")?.map_or(Activity::Unknown, |flag| activity(&flag))
        } else if bytes(row, "disabled_at")?.is_none() {
            Activity::Active
        } else {
            Activity::Disabled(None)
        };
        let mut password = None;
        for name in HASHES {
            password = password.or(text(row, name)?);
        }
        let email = text(row, "email")?.unwrap_or_default();
        let arrived = arrival(&email, password.unwrap_or_default(), activity, text(row, "created_at")?.as_deref());
        Ok(Self(Candidate { number: text(row, "id")?.unwrap_or_default(), email, account: arrived.map(Box::new) }))
    }
}

fn arrival(email: &str, password: String, activity: Activity, created_at: Option<&str>) -> Result<Arrival, Refusal> {
    let email: Email = email.parse().map_err(|_fault| Refusal::Address)?;
    let created_at = created_at.map(|text| foreign_time::read(text).ok_or(Refusal::Time)).transpose()?;
    Ok(Arrival { password: Some(PasswordHash::new(password)), activity, created_at, ..Arrival::of(email) })
}

/// SQLite takes a column's name in any case.
fn place<'a>(row: &impl NamedRow<'a, Sqlite>, name: &str) -> Option<usize> {
    let is_called = |place: &usize| {
        Row::get(row, *place).is_some_and(|field| field.field_name().is_some_and(|called| called.eq_ignore_ascii_case(name)))
    };
    (0..row.field_count()).find(is_called)
}

/// Any value, a number as its digits; `None` where it is null or the column is missing.
fn bytes<'a>(row: &impl NamedRow<'a, Sqlite>, name: &str) -> deserialize::Result<Option<Vec<u8>>> {
    let Some(field) = place(row, name).and_then(|place| Row::get(row, place)) else { return Ok(None) };
    if field.is_null() { Ok(None) } else { <Vec<u8> as FromSql<Binary, Sqlite>>::from_nullable_sql(field.value()).map(Some) }
}

/// Any value as text. SQLite's texts need not be UTF-8: what is not is shown as SQLite writes bytes, and is neither an address nor a
/// hash nor a time.
fn text<'a>(row: &impl NamedRow<'a, Sqlite>, name: &str) -> deserialize::Result<Option<String>> {
    let shown = |bytes: &[u8]| bytes.iter().fold("x'".to_owned(), |shown, byte| shown + &format!("{byte:02x}")) + "'";
    Ok(bytes(row, name)?.map(|bytes| String::from_utf8(bytes).unwrap_or_else(|error| shown(error.as_bytes()))))
}

/// SQLite has no type for yes and no, so systems store what they like. Only what certainly means yes lets anybody in.
fn activity(flag: &[u8]) -> Activity {
    let text = String::from_utf8_lossy(flag).trim().to_ascii_lowercase();
    match (flag, text.as_str()) {
        ([1], _) | (_, "1" | "1.0" | "true" | "t" | "yes" | "y" | "on") => Activity::Active,
        ([0], _) | (_, "0" | "0.0" | "false" | "f" | "no" | "n" | "off" | "") => Activity::Disabled(None),
        _ => Activity::Unknown,
    }
}
