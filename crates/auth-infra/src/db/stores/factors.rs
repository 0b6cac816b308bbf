//! The factors of accounts in the database.

pub(crate) mod rows;

use auth_domain::identity::method::SecondFactors;
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    schema::tables::{passkeys, recovery_codes, totp_factors, users},
};

/// Writes down which second factors an account has, whose row the transaction has locked, so that a login need not look.
pub(crate) fn sum_up(db: &mut AnyConnection, user: &str) -> QueryResult<()> {
    let apps = totp_factors::table.filter(totp_factors::user_id.eq(user).and(totp_factors::confirmed_at.is_not_null()));
    let apps: i64 = apps.count().get_result(db)?;
    let passkeys: i64 = passkeys::table.filter(passkeys::user_id.eq(user)).count().get_result(db)?;
    let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user).and(recovery_codes::used_at.is_null()));
    let codes: i64 = codes.count().get_result(db)?;
    let factors = SecondFactors::of(apps > 0, passkeys > 0, codes > 0);
    let factors = (!factors.is_empty()).then(|| factors.to_string());
    diesel::update(users::table.find(user)).set(users::second_factors.eq(factors)).execute(db).map(|_one| ())
}
