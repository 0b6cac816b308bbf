//! Accounts on their way between servers, in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, count, factors::Code};
use crate::{
    admin::{
        ports::{Stored, TransferStore},
        transfer::AccountRecord,
    },
    factors::passkey::Passkey,
    identity::{
        email::Email,
        ids::UserId,
        port_error::PortError,
        user::{User, WrongCodes},
    },
};

#[async_trait]
impl TransferStore for MemoryStore {
    async fn insert(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        Ok(self.open()?.take_in(accounts, now))
    }

    async fn foresee(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        // Those before one count as well.
        Ok(self.open()?.copy_for_transfer().take_in(accounts, now))
    }

    async fn page(&self, after: Option<UserId>, limit: u32) -> Result<Vec<AccountRecord>, PortError> {
        let state = self.open()?;
        let behind = state.users.values().filter(|user| after.is_none_or(|after| user.id > after));
        Ok(behind.take(count(limit)).map(|user| state.record_of(user)).collect())
    }
}

impl State {
    /// What it takes to say what would become of accounts.
    fn copy_for_transfer(&self) -> Self {
        Self {
            users: self.users.clone(),
            proofs: self.proofs.clone(),
            apps: self.apps.clone(),
            passkeys: self.passkeys.clone(),
            ..Self::default()
        }
    }

    fn take_in(&mut self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Vec<Stored> {
        let store = |account| {
            let stored = self.fate_of(account, now);
            if stored == Stored::Yes {
                self.store_record(account);
            }
            stored
        };
        accounts.iter().map(store).collect()
    }

    fn fate_of(&self, account: &AccountRecord, now: DateTime<Utc>) -> Stored {
        // Also where an earlier release stored it, on that server or on this one.
        let mut spellings = account.user.email.every_spelling().into_iter().flat_map(|text| Email::from_kept(&text));
        if spellings.any(|spelling| self.is_taken(&spelling, None, now)) {
            return Stored::EmailTaken;
        }
        if self.users.contains_key(&account.user.id) {
            return Stored::IdTaken;
        }
        let is_had = |id| self.apps.contains_key(id) || self.passkeys.contains_key(id);
        let has_credential = |one: &Passkey| self.passkeys.values().any(|other| other.credential.id == one.credential.id);
        let mut ids: Vec<_> = account.totp.iter().map(|app| app.id).chain(account.passkeys.iter().map(|one| one.id)).collect();
        let mut credentials: Vec<_> = account.passkeys.iter().map(|one| one.credential.id.as_bytes()).collect();
        let factors = (ids.len(), credentials.len());
        if ids.iter().any(is_had) || account.passkeys.iter().any(has_credential) {
            return Stored::FactorTaken;
        }
        ids.sort_unstable();
        ids.dedup();
        credentials.sort_unstable();
        credentials.dedup();
        if (ids.len(), credentials.len()) == factors { Stored::Yes } else { Stored::FactorTaken }
    }

    fn store_record(&mut self, account: &AccountRecord) {
        let user = account.user.id;
        self.users.insert(user, account.user.clone());
        self.apps.extend(account.totp.iter().map(|app| (app.id, app.clone())));
        self.passkeys.extend(account.passkeys.iter().map(|passkey| (passkey.id, passkey.clone())));
        let made_at = account.recovery_codes_made_at.unwrap_or(account.user.updated_at);
        let code = |digest: &_| ((user, Clone::clone(digest)), Code { made_at, used_at: None });
        self.codes.extend(account.recovery_codes.iter().map(code));
    }

    fn record_of(&self, user: &User) -> AccountRecord {
        let apps = self.apps.values().filter(|app| app.user == user.id && app.confirmed_at.is_some());
        let mut totp: Vec<_> = apps.cloned().collect();
        totp.sort_by_key(|app| (app.created_at, app.id));
        let mut passkeys: Vec<_> = self.passkeys.values().filter(|passkey| passkey.user == user.id).cloned().collect();
        passkeys.sort_by_key(|passkey| (passkey.created_at, passkey.id));
        let codes = || self.codes.iter().filter(|((owner, _), code)| *owner == user.id && code.used_at.is_none());
        AccountRecord {
            user: User { pending_email: None, wrong_codes: WrongCodes::default(), ..user.clone() },
            totp,
            passkeys,
            recovery_codes: codes().map(|((_, digest), _)| digest.clone()).collect(),
            recovery_codes_made_at: codes().map(|(_, code)| code.made_at).min(),
        }
    }
}
