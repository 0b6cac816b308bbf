//! Adding a factor: with all that comes with it, or not at all.

use auth_domain::{
    factors::{
        passkey::{PASSKEY_LIMIT, Passkey},
        recovery_code::RecoveryCodeDigest,
        totp::{TOTP_LIMIT, TimeStep, TotpFactor},
    },
    identity::user::AccountVersion,
    mail::message::Outgoing,
    mfa::ports::{Added, Addition, Started},
    sessions::session::Session,
};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    Held, moved_on, remove_codes,
    rows::{CodeRow, PasskeyRow, TotpRow},
};
use crate::db::{
    connection::{AnyConnection, on_its_engine},
    schema::{
        tables::{passkeys, recovery_codes, totp_factors, users},
        timestamp::At,
    },
    stores::{
        accounts::still_is,
        mail::post,
        sessions::{authenticate, end_unended},
    },
    transaction::or_undone,
};

/// An [`Addition`] that another thread can have.
pub(super) struct Owned {
    session: Session,
    proven: AccountVersion,
    codes: Vec<RecoveryCodeDigest>,
    now: At,
    notice: Option<Outgoing>,
}

impl From<&Addition<'_>> for Owned {
    fn from(addition: &Addition<'_>) -> Self {
        Self {
            session: addition.session.clone(),
            proven: addition.proven,
            codes: addition.codes.to_vec(),
            now: At::from(addition.now),
            notice: addition.notice.cloned(),
        }
    }
}

/// Stores an authenticator app in the place of one that waits already, in a transaction.
pub(super) fn start(db: &mut AnyConnection, factor: &TotpFactor, proven: AccountVersion) -> QueryResult<Started> {
    let user = factor.user.to_string();
    if !is_still_active(db, &user, proven)? {
        return Ok(Started::No);
    }
    if Held::by(db, &user)?.apps >= TOTP_LIMIT {
        return Ok(Started::Limit);
    }
    let waiting = totp_factors::table.filter(totp_factors::user_id.eq(&user)).filter(totp_factors::confirmed_at.is_null());
    diesel::delete(waiting).execute(db)?;
    diesel::insert_into(totp_factors::table).values(TotpRow::from(factor)).execute(db).map(|_one| Started::Yes)
}

pub(super) fn confirm(db: &mut AnyConnection, id: &str, step: TimeStep, addition: &Owned) -> QueryResult<Added> {
    let is_full = |held: Held| held.apps >= TOTP_LIMIT;
    add(db, addition, is_full, |db, user| {
        let waiting = totp_factors::confirmed_at.is_null().and(totp_factors::last_step.lt(step.0));
        let app = totp_factors::table.find(id).filter(totp_factors::user_id.eq(user)).filter(waiting);
        let change = (totp_factors::confirmed_at.eq(addition.now), totp_factors::last_step.eq(step.0));
        Ok(diesel::update(app).set(change).execute(db)? == 1)
    })
}

pub(super) fn add_passkey(db: &mut AnyConnection, passkey: &Passkey, addition: &Owned) -> QueryResult<Added> {
    let row = PasskeyRow::from(passkey);
    let is_full = |held: Held| held.passkeys >= PASSKEY_LIMIT;
    let added = add(db, addition, is_full, |db, _user| {
        diesel::insert_into(passkeys::table).values(row.clone()).execute(db).map(|inserted| inserted == 1)
    });
    match added {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) if is_credential_there(db, &row)? => Ok(Added::No),
        added => added,
    }
}

fn is_credential_there(db: &mut AnyConnection, row: &PasskeyRow) -> QueryResult<bool> {
    let same = passkeys::table.filter(passkeys::credential_id.eq(row.credential()));
    Ok(same.count().get_result::<i64>(db)? > 0)
}

/// Does all that comes with a factor. `keep` keeps it, or says that it cannot.
fn add(
    db: &mut AnyConnection,
    addition: &Owned,
    is_full: impl FnOnce(Held) -> bool,
    keep: impl FnOnce(&mut AnyConnection, &str) -> QueryResult<bool>,
) -> QueryResult<Added> {
    let (user, now, session) = (addition.session.user.to_string(), addition.now, &addition.session);
    let added = or_undone(db, |db| {
        if !is_still_active(db, &user, addition.proven)? {
            return Ok(Err(Added::No));
        }
        let before = Held::by(db, &user)?;
        if is_full(before) {
            return Ok(Err(Added::Limit));
        }
        if !keep(db, &user)? || !authenticate(db, session, now)? {
            return Ok(Err(Added::No));
        }
        let is_first = before.all() == 0;
        if is_first {
            store_codes(db, &user, &addition.codes, now)?;
        }
        moved_on(db, &user, now)?;
        let ended = end_unended(db, &user, Some(session.id), now)?;
        addition.notice.iter().try_for_each(|notice| post(db, notice))?;
        Ok(Ok(Added::Yes { is_first, ended }))
    });
    added.map(|outcome| outcome.unwrap_or_else(|undone| undone))
}

/// Locks the account's row, and says whether it is still the one that was proven, and active.
pub(super) fn is_still_active(db: &mut AnyConnection, id: &str, proven: AccountVersion) -> QueryResult<bool> {
    let active = users::table.find(id).filter(users::disabled_at.is_null());
    Ok(still_is(db, id, proven)? && active.count().get_result::<i64>(db)? == 1)
}

/// Stores recovery codes in the place of those that an account has, whose row the transaction has locked.
pub(super) fn store_codes(db: &mut AnyConnection, user: &str, codes: &[RecoveryCodeDigest], now: At) -> QueryResult<()> {
    remove_codes(db, user)?;
    let row = |code: &RecoveryCodeDigest| CodeRow { user_id: user.to_owned(), digest: code.0.clone(), created_at: now };
    let insert = diesel::insert_into(recovery_codes::table).values(codes.iter().map(row).collect::<Vec<_>>());
    on_its_engine!(db, |db| insert.execute(db)).map(|_all| ())
}
