//! Times, in a form that all three engines can store over their full range.

use std::fmt;

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

/// Written and read as the engine's own timestamps are.
macro_rules! as_a_timestamp {
    ($backend:ty) => {
        impl ToSql<UtcTimestamp, $backend> for At {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, $backend>) -> serialize::Result {
                <NaiveDateTime as ToSql<Timestamp, $backend>>::to_sql(&self.0, out)
            }
        }

        impl FromSql<UtcTimestamp, $backend> for At {
            fn from_sql(bytes: <$backend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                <NaiveDateTime as FromSql<Timestamp, $backend>>::from_sql(bytes).map(Self)
            }
        }
    };
}

#[cfg(feature = "sqlite")]
as_a_timestamp!(Sqlite);
#[cfg(feature = "postgres")]
as_a_timestamp!(Pg);
#[cfg(feature = "mysql")]
as_a_timestamp!(Mysql);

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
