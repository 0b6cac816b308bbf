//! What accounts on their way would have to share with others: looked up for many at once.

use std::{collections::HashSet, sync::Arc};

use auth_domain::{admin::ports::Stored, mail::proof::Purpose};
use diesel::prelude::*;

use super::rows::{AT_ONCE, AccountRows};
use crate::db::{
    connection::AnyConnection,
    schema::{
        tables::{mailbox_proofs, passkeys, totp_factors, users},
        timestamp::At,
    },
    stores::mail::open_until,
};

/// What is taken of what accounts ask for.
#[derive(Default)]
pub(super) struct Taken {
    addresses: HashSet<String>,
    ids: HashSet<String>,
    factors: HashSet<String>,
    credentials: HashSet<String>,
}

/// Those of many values that a query finds, a few statements in all.
fn found(values: Vec<&str>, mut query: impl FnMut(&[&str]) -> QueryResult<Vec<String>>) -> QueryResult<HashSet<String>> {
    let mut found = HashSet::new();
    for values in values.chunks(AT_ONCE) {
        found.extend(query(values)?);
    }
    Ok(found)
}

impl Taken {
    pub(super) fn look(db: &mut AnyConnection, accounts: &[Arc<AccountRows>], now: At) -> QueryResult<Self> {
        let accounts: Vec<_> = accounts.iter().map(|account| &**account).collect();
        // The address last, and before it the id: who finds another import's factor taken finds its account there, too.
        let all = accounts.iter().flat_map(|account| &account.passkeys);
        let credentials = found(all.map(|passkey| passkey.credential()).collect(), |some| {
            passkeys::table.filter(passkeys::credential_id.eq_any(some)).select(passkeys::credential_id).load(db)
        })?;
        let mut factors = found(factor_ids(&accounts), |some| {
            totp_factors::table.filter(totp_factors::id.eq_any(some)).select(totp_factors::id).load(db)
        })?;
        factors.extend(found(factor_ids(&accounts), |some| {
            passkeys::table.filter(passkeys::id.eq_any(some)).select(passkeys::id).load(db)
        })?);
        let ids = found(accounts.iter().map(|account| &*account.id).collect(), |some| {
            users::table.filter(users::id.eq_any(some)).select(users::id).load(db)
        })?;
        let addresses =
            found(spellings(&accounts), |some| users::table.filter(users::email.eq_any(some)).select(users::email).load(db))?;
        let reserved = reserved(db, &accounts, now)?;
        Ok(Self { addresses: addresses.into_iter().chain(reserved).collect(), ids, factors, credentials })
    }

    /// What would become of each, if nothing else happened. Of two that ask for the same the first gets it.
    pub(super) fn fates(mut self, accounts: &[Arc<AccountRows>]) -> Vec<Stored> {
        accounts.iter().map(|account| self.fate(account)).collect()
    }

    fn fate(&mut self, account: &AccountRows) -> Stored {
        if account.spellings.iter().any(|spelling| self.addresses.contains(spelling)) {
            return Stored::EmailTaken;
        }
        if self.ids.contains(&account.id) {
            return Stored::IdTaken;
        }
        let (its_factors, its_credentials) = (factor_ids(&[account]), credentials(account));
        let are_free = all_free(&self.factors, &its_factors) && all_free(&self.credentials, &its_credentials);
        if !are_free {
            return Stored::FactorTaken;
        }
        self.addresses.extend(account.spellings.iter().cloned());
        self.ids.insert(account.id.clone());
        self.factors.extend(its_factors.into_iter().map(str::to_owned));
        self.credentials.extend(its_credentials.into_iter().map(str::to_owned));
        Stored::Yes
    }
}

/// Whether none is taken, and each is there once.
fn all_free(taken: &HashSet<String>, wanted: &[&str]) -> bool {
    let different: HashSet<_> = wanted.iter().collect();
    different.len() == wanted.len() && !wanted.iter().any(|one| taken.contains(*one))
}

/// Whether an undo link would give one of the addresses to another account.
pub(super) fn is_any_reserved(db: &mut AnyConnection, accounts: &[&AccountRows], now: At) -> QueryResult<bool> {
    Ok(!reserved(db, accounts, now)?.is_empty())
}

fn reserved(db: &mut AnyConnection, accounts: &[&AccountRows], now: At) -> QueryResult<HashSet<String>> {
    found(spellings(accounts), |some| {
        mailbox_proofs::table
            .filter(mailbox_proofs::address.eq_any(some))
            .filter(mailbox_proofs::purpose.eq(Purpose::Undo.name()))
            .filter(mailbox_proofs::user_id.is_not_null())
            .filter(open_until(now))
            .select(mailbox_proofs::address)
            .load(db)
    })
}

fn spellings<'a>(accounts: &[&'a AccountRows]) -> Vec<&'a str> {
    accounts.iter().flat_map(|account| &account.spellings).map(String::as_str).collect()
}

/// The ids of factors of either kind, which people name without the kind.
fn factor_ids<'a>(accounts: &[&'a AccountRows]) -> Vec<&'a str> {
    let ids = |account: &&'a AccountRows| {
        let account: &'a AccountRows = account;
        account.apps.iter().map(|app| app.id()).chain(account.passkeys.iter().map(|passkey| passkey.id()))
    };
    accounts.iter().flat_map(ids).collect()
}

fn credentials(account: &AccountRows) -> Vec<&str> {
    account.passkeys.iter().map(|passkey| passkey.credential()).collect()
}
