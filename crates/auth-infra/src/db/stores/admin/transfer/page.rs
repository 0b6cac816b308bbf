//! Whole accounts, many at once: one statement for each table, however many they are.

use std::collections::HashMap;

use auth_domain::{
    admin::transfer::AccountRecord,
    factors::{passkey::Passkey, recovery_code::RecoveryCodeDigest, totp::TotpFactor},
    identity::user::{User, WrongCodes},
};
use diesel::{prelude::*, result::Error};

use crate::db::{
    connection::AnyConnection,
    schema::{
        rows::UserRow,
        tables::{passkeys, recovery_codes, totp_factors, users},
    },
    stores::factors::rows::{CodeRow, PasskeyRow, TotpRow},
};

pub(super) fn read(db: &mut AnyConnection, after: &str, limit: u32) -> QueryResult<Vec<AccountRecord>> {
    let rows = users::table.filter(users::id.gt(after)).order(users::id.asc()).limit(limit.into());
    let rows: Vec<UserRow> = rows.select(UserRow::as_select()).load(db)?;
    let users = rows.into_iter().map(User::try_from).collect::<QueryResult<Vec<_>>>()?;
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = users.iter().map(|user| user.id.to_string()).collect();
    let confirmed = totp_factors::user_id.eq_any(&ids).and(totp_factors::confirmed_at.is_not_null());
    let apps: Vec<TotpRow> = totp_factors::table.filter(confirmed).select(TotpRow::as_select()).load(db)?;
    let theirs = passkeys::table.filter(passkeys::user_id.eq_any(&ids));
    let passkeys: Vec<PasskeyRow> = theirs.select(PasskeyRow::as_select()).load(db)?;
    let unused = recovery_codes::user_id.eq_any(&ids).and(recovery_codes::used_at.is_null());
    let codes: Vec<CodeRow> = recovery_codes::table.filter(unused).select(CodeRow::as_select()).load(db)?;

    let mut apps = by_owner(parsed::<_, TotpFactor>(apps)?, |app| app.user);
    let mut passkeys = by_owner(parsed::<_, Passkey>(passkeys)?, |passkey| passkey.user);
    let mut codes = by_owner(codes, |code| code.user_id.clone());
    let record = |user: User| {
        let mut totp = apps.remove(&user.id).unwrap_or_default();
        totp.sort_by_key(|app| (app.created_at, app.id));
        let mut passkeys = passkeys.remove(&user.id).unwrap_or_default();
        passkeys.sort_by_key(|passkey| (passkey.created_at, passkey.id));
        let mut codes = codes.remove(&user.id.to_string()).unwrap_or_default();
        codes.sort_by(|a, b| a.digest.cmp(&b.digest));
        AccountRecord {
            user: User { pending_email: None, wrong_codes: WrongCodes::default(), ..user },
            totp,
            passkeys,
            recovery_codes_made_at: codes.iter().map(|code| code.created_at.utc()).min(),
            recovery_codes: codes.into_iter().map(|code| RecoveryCodeDigest(code.digest)).collect(),
        }
    };
    Ok(users.into_iter().map(record).collect())
}

fn parsed<R, T: TryFrom<R, Error = Error>>(rows: Vec<R>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(T::try_from).collect()
}

fn by_owner<K: std::hash::Hash + Eq, T>(all: Vec<T>, owner: impl Fn(&T) -> K) -> HashMap<K, Vec<T>> {
    let mut owned = HashMap::<K, Vec<T>>::new();
    for one in all {
        owned.entry(owner(&one)).or_default().push(one);
    }
    owned
}
