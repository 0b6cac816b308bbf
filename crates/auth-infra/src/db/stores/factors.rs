//! The factors of accounts in the database: what the stores of other rooms do with them in their own transactions.

mod add;
pub(crate) mod rows;
pub(crate) mod store;

use auth_domain::identity::method::SecondFactors;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    schema::{
        tables::{passkeys, recovery_codes, totp_factors, users},
        timestamp::At,
    },
};

/// How many factors an account has: those that wait for their first code do not count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) apps: usize,
    pub(crate) passkeys: usize,
}

impl Held {
    pub(crate) fn by(db: &mut AnyConnection, user: &str) -> QueryResult<Self> {
        let apps = totp_factors::table.filter(totp_factors::user_id.eq(user).and(totp_factors::confirmed_at.is_not_null()));
        let apps = apps.count().get_result(db).map(count)?;
        let its_passkeys = passkeys::table.filter(passkeys::user_id.eq(user));
        Ok(Self { apps, passkeys: its_passkeys.count().get_result(db).map(count)? })
    }

    pub(crate) fn all(self) -> usize {
        self.apps + self.passkeys
    }
}

/// How many recovery codes an account has left.
pub(crate) fn codes_left(db: &mut AnyConnection, user: &str) -> QueryResult<usize> {
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user).and(recovery_codes::used_at.is_null()));
    codes.count().get_result(db).map(count)
}

/// Writes down which second factors an account has, whose row the transaction has locked, so that a login need not look.
pub(crate) fn sum_up(db: &mut AnyConnection, user: &str) -> QueryResult<()> {
    let held = Held::by(db, user)?;
    let factors = SecondFactors::of(held.apps > 0, held.passkeys > 0, codes_left(db, user)? > 0);
    let factors = (!factors.is_empty()).then(|| factors.to_string());
    diesel::update(users::table.find(user)).set(users::second_factors.eq(factors)).execute(db).map(|_one| ())
}

/// Moves the account on, whose row the transaction has locked: its factors have changed.
pub(crate) fn moved_on(db: &mut AnyConnection, user: &str, now: At) -> QueryResult<()> {
    let change = (users::version.eq(users::version + 1), users::updated_at.eq(now));
    diesel::update(users::table.find(user)).set(change).execute(db)?;
    sum_up(db, user)
}

/// Removes all factors of an account whose row the transaction has locked, recovery codes too, and forgives its wrong codes.
pub(crate) fn remove_all(db: &mut AnyConnection, user: &str) -> QueryResult<()> {
    diesel::delete(totp_factors::table.filter(totp_factors::user_id.eq(user))).execute(db)?;
    diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).execute(db)?;
    remove_codes(db, user)?;
    let forgiven = (users::second_factors.eq(None::<String>), users::wrong_codes.eq(0), users::wrong_code_at.eq(None::<At>));
    diesel::update(users::table.find(user)).set(forgiven).execute(db).map(|_one| ())
}

/// Removes what an account, whose row the transaction has locked, has got since a time: factors that were confirmed and recovery codes
/// that were made, and whatever waits for its first code. With the last factor all recovery codes go.
pub(crate) fn remove_since(db: &mut AnyConnection, user: &str, time: DateTime<Utc>) -> QueryResult<()> {
    let time = At::from(time);
    let apps = totp_factors::table.filter(totp_factors::user_id.eq(user));
    let is_new = totp_factors::confirmed_at.is_null().or(totp_factors::confirmed_at.ge(time));
    diesel::delete(apps.filter(is_new)).execute(db)?;
    let its_passkeys = passkeys::table.filter(passkeys::user_id.eq(user));
    diesel::delete(its_passkeys.filter(passkeys::created_at.ge(time))).execute(db)?;
    if Held::by(db, user)?.all() == 0 {
        remove_codes(db, user)?;
    } else {
        let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        diesel::delete(codes.filter(recovery_codes::created_at.ge(time))).execute(db)?;
    }
    sum_up(db, user)
}

pub(crate) fn remove_codes(db: &mut AnyConnection, user: &str) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(db).map(|_some| ())
}

fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or(0)
}
