//! Times, in a form that all three engines can store over their full range.

use std::fmt;

#[cfg(feature = "sqlite")]
use chrono::NaiveDate;
use chrono::{DateTime, NaiveDateTime, Utc};
#[cfg(feature = "mysql")]
use diesel::mysql::Mysql;
#[cfg(feature = "postgres")]
use diesel::pg::Pg;
#[cfg(feature = "sqlite")]
use diesel::sqlite::Sqlite;
use diesel::{
    Connection,
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{HasSqlType, SqlOrd, SqlType, Timestamp},
};
use serde::{Serialize, Serializer};

use crate::db::connection::AnyConnection;

type AnyBackend = <AnyConnection as Connection>::Backend;

/// The SQL type of time columns. Not Diesel's `Timestamp`, which is MySQL's TIMESTAMP: that ends in 2038, and MariaDB reads later
/// times as NULL. Elsewhere it is the same.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"), postgres_type(oid = 1114, array_oid = 1115), mysql_type(name = "DateTime"))]
pub struct UtcTimestamp;

impl SqlOrd for UtcTimestamp {}

/// A time in such a column: in UTC, without a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = UtcTimestamp)]
pub(crate) struct At(NaiveDateTime);

impl At {
    pub(crate) fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }
}

impl From<DateTime<Utc>> for At {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.naive_utc())
    }
}

/// Shown as the time itself, for logs of statements and their bound values.
impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// In JSON, as PostgreSQL reads it.
impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%d %H:%M:%S%.6f"))
    }
}

/// Written and read as the engine's own timestamps are.
macro_rules! as_a_timestamp {
    ($backend:ty, $first:expr) => {
        impl ToSql<UtcTimestamp, $backend> for At {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, $backend>) -> serialize::Result {
                <NaiveDateTime as ToSql<Timestamp, $backend>>::to_sql(&self.0, out)
            }
        }

        impl FromSql<UtcTimestamp, $backend> for At {
            fn from_sql(mut stored: <$backend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                let first: fn(&mut <$backend as Backend>::RawValue<'_>) -> Option<NaiveDateTime> = $first;
                match first(&mut stored) {
                    Some(time) => Ok(Self(time)),
                    None => <NaiveDateTime as FromSql<Timestamp, $backend>>::from_sql(stored).map(Self),
                }
            }
        }
    };
}

// Every request with a token reads nine times or more. Diesel tries format strings, and reads each of them anew.
#[cfg(feature = "sqlite")]
as_a_timestamp!(Sqlite, |stored| as_written(stored.read_text()));
#[cfg(feature = "postgres")]
as_a_timestamp!(Pg, |_binary| None);
#[cfg(feature = "mysql")]
as_a_timestamp!(Mysql, |_binary| None);

/// A time in the form in which this program writes it to SQLite, `2026-11-30 12:00:00.123456`; the fraction may be missing. `None`
/// for every other form.
#[cfg(feature = "sqlite")]
fn as_written(text: &str) -> Option<NaiveDateTime> {
    let (whole, fraction) = text.split_at_checked(19)?;
    let fits = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if !whole.bytes().zip(*b"0000-00-00 00:00:00").all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to).map(digits);
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).unwrap_or_default(), number(5, 7)?, number(8, 10)?)?;
    let micros = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        Some(part) if part.bytes().all(|byte| byte.is_ascii_digit()) => match part.len() {
            3 => digits(part) * 1000,
            6 => digits(part),
            _ => return None,
        },
        Some(_) | None => return None,
    };
    date.and_hms_micro_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, micros)
}

// What `MultiConnection` generates for the types that it knows.

impl HasSqlType<UtcTimestamp> for AnyBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<UtcTimestamp>(lookup)
    }
}

impl ToSql<UtcTimestamp, AnyBackend> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, AnyBackend>) -> serialize::Result {
        out.set_value((UtcTimestamp, self));
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTimestamp, AnyBackend> for At {
    fn from_sql(bytes: <AnyBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, UtcTimestamp>()
    }
}

/// The number of a few ASCII digits.
#[cfg(feature = "sqlite")]
fn digits(text: &str) -> u32 {
    text.bytes().fold(0, |number, byte| number * 10 + u32::from(byte.saturating_sub(b'0')))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    const WRITTEN: &str = "%F %T%.f";

    #[test]
    fn what_is_written_is_read_as_diesel_reads_it() {
        for micros in [0, 1, 1_000, 999_999, 123_000, 1_764_500_000_123_456, 253_402_300_799_999_999] {
            let time = DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            assert_eq!(as_written(&time.format(WRITTEN).to_string()), Some(time));
        }
    }

    #[test]
    fn every_other_form_is_left_to_diesel() {
        for text in [
            "",
            "2026-11-30",
            "2026-11-30T12:00:00",
            "2026-11-30 12:00:00Z",
            "2026-11-30 12:00:00.",
            "2026-11-30 12:00:00.1",
            "2026-11-30 12:00:00.123456789",
            "2026-11-30 12:00:00.12345x",
            "2026-13-30 12:00:00",
            "2026-02-30 12:00:00",
            "2026-11-30 24:00:00",
            "+026-11-30 12:00:00",
            "2026-11-30 12:00:+1",
            "2461375.0",
            "２026-11-30 12:00:00",
        ] {
            assert_eq!(as_written(text), None, "{text}");
        }
    }
}
