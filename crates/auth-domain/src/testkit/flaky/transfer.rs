//! Accounts on their way between servers, on a fuse.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Flaky;
use crate::{
    admin::{
        ports::{Stored, TransferStore},
        transfer::AccountRecord,
    },
    identity::{ids::UserId, port_error::PortError},
};

#[async_trait]
impl<P: TransferStore> TransferStore for Flaky<P> {
    async fn insert(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        self.fuse.guard(self.port.insert(accounts, now)).await
    }

    async fn foresee(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        self.fuse.guard(self.port.foresee(accounts, now)).await
    }

    async fn page(&self, after: Option<UserId>, limit: u32) -> Result<Vec<AccountRecord>, PortError> {
        self.fuse.guard(self.port.page(after, limit)).await
    }
}
