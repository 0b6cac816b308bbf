//! The database: where it is, and how many connections there are to it.

use auth_infra::db::DatabaseUrl;

use super::reader::Reader;

#[derive(Debug)]
pub struct DatabaseSettings {
    pub url: DatabaseUrl,
    pub pool_size: u32,
}

impl DatabaseSettings {
    /// Reads the variables of the database; `None` is a fault.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let pool_size = reader.number("DATABASE_POOL_SIZE", 10, 1..=200);
        let url = reader.parsed("DATABASE_URL", "sqlite:///./auth.db")?;
        Some(Self { url, pool_size })
    }
}
