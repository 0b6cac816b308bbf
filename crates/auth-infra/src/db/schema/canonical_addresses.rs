//! Addresses that earlier releases stored in another spelling: found, and rewritten where the canonical one is free.

use auth_domain::identity::email::Email;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
    sql_query,
};

use super::{migrate, tables::users};
use crate::db::{connection::AnyConnection, transaction::in_transaction};

/// How many accounts are in memory at a time.
const PAGE: i64 = 1000;
/// How many of those that cannot be rewritten are named.
const NAMED: usize = 20;

/// The accounts whose stored address is not in its canonical spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OddAddresses {
    /// How many could be rewritten, or were.
    pub rewritable: u64,
    /// How many cannot be.
    pub stuck: u64,
    /// The first of these.
    pub named: Vec<Stuck>,
}

/// An account whose address stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Its id.
    pub account: String,
    /// The id of the account that has its address; `None` where this release takes it for no address at all.
    pub holder: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Look,
    Rewrite,
}

/// Looks, where there is a schema.
pub(crate) fn look(db: &mut AnyConnection) -> QueryResult<OddAddresses> {
    match migrate::applied(db)? {
        Some(applied) if !applied.is_empty() => respell(db, Mode::Look),
        Some(_) | None => Ok(OddAddresses::default()),
    }
}

/// Writes into the index of roles what it says of accounts, as they are now. Safe to repeat, and beside servers that are running.
pub(crate) fn restate_roles(db: &mut AnyConnection) -> QueryResult<()> {
    let stated = "UPDATE user_roles SET listed_as = (SELECT users.listed_as FROM users WHERE users.id = user_roles.user_id), \
        email = (SELECT users.email FROM users WHERE users.id = user_roles.user_id)";
    sql_query(stated).execute(db).map(|_roles| ())
}

/// Safe to repeat, and beside servers that are running: each row is written for itself, and only if it is as it was read.
pub(crate) fn respell(db: &mut AnyConnection, mode: Mode) -> QueryResult<OddAddresses> {
    let (mut odd, mut last) = (OddAddresses::default(), String::new());
    loop {
        let page = users::table.filter(users::id.gt(&last)).order(users::id.asc()).limit(PAGE);
        let page: Vec<(String, String)> = page.select((users::id, users::email)).load(db)?;
        let Some((id, _)) = page.last() else { return Ok(odd) };
        last.clone_from(id);
        for (account, kept) in page {
            match kept.parse::<Email>() {
                Ok(email) if email.as_str() == kept => {}
                Ok(email) => match obstacle(db, mode, &account, &kept, &email)? {
                    None => odd.rewritable += 1,
                    holder @ Some(_) => odd.keep(Stuck { account, holder }),
                },
                Err(_no_address) => odd.keep(Stuck { account, holder: None }),
            }
        }
    }
}

/// The account that has the address, if there is one; else rewrites it, unless it only looks.
fn obstacle(db: &mut AnyConnection, mode: Mode, account: &str, kept: &str, email: &Email) -> QueryResult<Option<String>> {
    let holder = holder(db, email)?;
    if holder.is_some() || mode == Mode::Look || rewrite(db, account, kept, email)? {
        return Ok(holder);
    }
    self::holder(db, email)
}

fn holder(db: &mut AnyConnection, email: &Email) -> QueryResult<Option<String>> {
    users::table.filter(users::email.eq(email.as_str())).select(users::id).get_result(db).optional()
}

/// `false` when a server that is running gave the address away meanwhile.
fn rewrite(db: &mut AnyConnection, account: &str, kept: &str, email: &Email) -> QueryResult<bool> {
    let row = users::table.find(account).filter(users::email.eq(kept));
    // Where all is one transaction, PostgreSQL would give it up.
    match in_transaction(db, |db| diesel::update(row).set(users::email.eq(email.as_str())).execute(db)) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        outcome => outcome.map(|_one_or_gone| true),
    }
}

impl OddAddresses {
    fn keep(&mut self, stuck: Stuck) {
        self.stuck += 1;
        if self.named.len() < NAMED {
            self.named.push(stuck);
        }
    }
}
