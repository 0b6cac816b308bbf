//! A time, as all three engines keep it, for as long as they can.

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

use super::AnyConnection;

type AnyBackend = <AnyConnection as Connection>::Backend;

/// What a column of times is for Diesel. Not its `Timestamp`, which MySQL gets as its TIMESTAMP: that ends in 2038,
/// and MariaDB reads NULL in the place of what is later. Elsewhere it is the same.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"), postgres_type(oid = 1114, array_oid = 1115), mysql_type(name = "DateTime"))]
pub struct Moment;

impl SqlOrd for Moment {}

/// A time in such a column: in UTC, without saying so.
#[derive(Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub(super) struct At(NaiveDateTime);

impl At {
    pub(super) fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }
}

impl From<DateTime<Utc>> for At {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.naive_utc())
    }
}

/// As itself, for whoever reads statements with what is bound to them.
impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The way a time is written and read is the engine's own.
macro_rules! as_a_timestamp {
    ($backend:ty) => {
        impl ToSql<Moment, $backend> for At {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, $backend>) -> serialize::Result {
                <NaiveDateTime as ToSql<Timestamp, $backend>>::to_sql(&self.0, out)
            }
        }

        impl FromSql<Moment, $backend> for At {
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

// For a connection that is one of them, as `MultiConnection` writes it for the types that it knows.

impl HasSqlType<Moment> for AnyBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<Moment>(lookup)
    }
}

impl ToSql<Moment, AnyBackend> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, AnyBackend>) -> serialize::Result {
        out.set_value((Moment, self));
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, AnyBackend> for At {
    fn from_sql(bytes: <AnyBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, Moment>()
    }
}
