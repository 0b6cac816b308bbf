//! The database: one set of queries for three engines, a pool that recovers from broken connections, and outages as `Err`.
//!
//! A room uses only those below it: `stores`; `database`; `write_queue`, `rotation`; `lookup`; `pool`, `batch_queue`; `failure`, `schema`;
//! `transaction`; `connection`; `sqlite_file`; `url`.

mod batch_queue;
mod connection;
mod database;
mod failure;
mod lookup;
mod pool;
mod rotation;
mod schema;
mod sqlalchemy_import;
mod sqlite_file;
mod stores;
mod transaction;
mod url;
mod write_queue;

pub use connection::AnyConnection;
pub use database::{Database, administrators::AdministratorCounts, migrations::FactorCounts};
pub use schema::canonical_addresses::{OddAddresses, Stuck};
pub use schema::foreign_tables::OpenError;
pub use sqlalchemy_import::{LegacyFault, legacy_accounts};
pub use stores::accounts::DieselUsers;
pub use stores::admin::transfer::DieselTransfers;
pub use stores::audit::DieselAudit;
pub use stores::factors::store::DieselFactors;
pub use stores::mail::outbox::DieselOutbox;
pub use stores::mail::proofs::DieselProofs;
pub use stores::mailbox::DieselMailbox;
pub use stores::maintenance::DieselReadiness;
pub use stores::oauth::DieselClients;
pub use stores::passkeys::DieselPasskeys;
pub use stores::passwords::DieselAttempts;
pub use stores::second_steps::DieselSecondSteps;
pub use stores::sessions::DieselSessions;
pub use stores::signing_keys::DieselKeys;
pub use url::{DatabaseUrl, DatabaseUrlFault, Engine};

#[cfg(test)]
pub(crate) mod tests;
