//! Second steps in the database: what is used up in one transaction with what it brings.
//!
//! Whoever locks rows of several tables locks the account's first.

use async_trait::async_trait;
use auth_domain::{
    factors::{
        one_time_token::{OneTimeToken, STEP_TRIES},
        ports::{CountedCode, SecondStepStore},
        second_step::{Evidence, SecondStep, StepFault},
        totp::TotpFactor,
    },
    identity::{
        ids::UserId,
        port_error::PortError,
        user::{AccountVersion, User, WrongCodes},
    },
    mfa::throttle::one_more,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    accounts::locked,
    factors::{rows::TotpRow, sum_up},
    prune::forget_oldest,
};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{
        rows::UserRow,
        tables::{one_time_tokens, passkeys, recovery_codes, totp_factors, users},
        timestamp::At,
    },
    transaction::or_undone,
};

/// The stored row of a token that may still be used.
macro_rules! good {
    ($token:expr) => {
        one_time_tokens::table
            .find($token.id.to_string())
            .filter(one_time_tokens::used_at.is_null().and(one_time_tokens::tries.lt(STEP_TRIES)))
    };
}

/// Stores the state of second steps.
#[derive(Clone)]
pub struct DieselSecondSteps(pub Database);

#[async_trait]
impl SecondStepStore for DieselSecondSteps {
    async fn find(&self, user: UserId) -> Result<Option<(User, Vec<TotpFactor>)>, PortError> {
        let id = user.to_string();
        self.0
            .read(move |db| {
                let is_confirmed = totp_factors::user_id.eq(users::id).and(totp_factors::confirmed_at.is_not_null());
                let rows = users::table.left_join(totp_factors::table.on(is_confirmed)).filter(users::id.eq(&id));
                let rows = rows.order(totp_factors::id.asc()).select((UserRow::as_select(), Option::<TotpRow>::as_select()));
                let (accounts, apps): (Vec<UserRow>, Vec<Option<TotpRow>>) = rows.load(db)?.into_iter().unzip();
                let Some(account) = accounts.into_iter().next() else { return Ok(None) };
                let apps = apps.into_iter().flatten().map(TotpFactor::try_from).collect::<QueryResult<_>>()?;
                Ok(Some((User::try_from(account)?, apps)))
            })
            .await
    }

    async fn count_wrong<'a>(
        &self,
        user: UserId,
        from: Option<WrongCodes>,
        token: Option<&'a OneTimeToken>,
        now: DateTime<Utc>,
    ) -> Result<CountedCode, PortError> {
        let (user, token) = (user.to_string(), token.cloned());
        let counted = move |db: &mut AnyConnection| {
            or_undone(db, |db| {
                if let Some(from) = &from
                    && !move_on(db, &user, from, &one_more(from, now))?
                {
                    return Ok(Err(CountedCode::Raced));
                }
                match &token {
                    Some(token) if !count_try(db, token)? => Ok(Err(CountedCode::TokenUsed)),
                    Some(_) | None => Ok(Ok(CountedCode::Yes)),
                }
            })
        };
        self.0
            .write(move |db| match counted(db) {
                // Another one has just stored the token: it is counted there.
                Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => counted(db),
                outcome => outcome,
            })
            .await
            .map(|outcome| outcome.unwrap_or_else(|refused| refused))
    }

    async fn use_up(&self, token: &OneTimeToken, now: DateTime<Utc>) -> Result<bool, PortError> {
        let (token, now) = (token.clone(), At::from(now));
        self.0
            .write(move |db| match insert(db, &token, Some(now), 0) {
                Ok(()) => Ok(true),
                Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
                Err(error) => Err(error),
            })
            .await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let (cutoff, limit) = (At::from(cutoff), i64::from(limit));
        self.0.write(move |db| forget_oldest!(db, one_time_tokens.expires_at, cutoff, limit)).await
    }
}

/// Whether a token was stored before, since it was used or had wrong codes. It is looked up only where it is likely to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    No,
    Yes,
}

/// Whether a second step was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Used {
    Yes,
    /// The account is no longer the one that was proven.
    AccountChanged,
    No(StepFault),
}

/// Does something by a second step: everything, or nothing if the work answers `Err`.
pub(super) fn by_step<T>(
    db: &mut AnyConnection,
    work: impl Fn(&mut AnyConnection, Seen) -> QueryResult<Result<T, T>>,
) -> QueryResult<T> {
    let done = match or_undone(db, |db| work(db, Seen::No)) {
        // The token is there already.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => or_undone(db, |db| work(db, Seen::Yes)),
        outcome => outcome,
    };
    Ok(done?.unwrap_or_else(|undone| undone))
}

/// Locks the account's row, and uses the step up.
pub(super) fn use_step(
    db: &mut AnyConnection,
    user: &str,
    proven: AccountVersion,
    step: &SecondStep,
    seen: Seen,
    now: At,
) -> QueryResult<Used> {
    let of_version = || users::table.find(user).filter(users::version.eq(proven.number));
    let forgiven = (locked(), users::wrong_codes.eq(0), users::wrong_code_at.eq(None::<At>));
    // Nobody guesses a passkey, so wrong codes of others do not stand in its way.
    let taken = match step.evidence {
        Evidence::Passkey { .. } => diesel::update(of_version()).set(forgiven).execute(db)?,
        Evidence::Totp { .. } | Evidence::RecoveryCode(_) => {
            diesel::update(of_version().filter(has(&step.wrong_codes))).set(forgiven).execute(db)?
        }
    };
    if taken != 1 {
        let is_there: i64 = of_version().count().get_result(db)?;
        return Ok(if is_there == 0 { Used::AccountChanged } else { Used::No(StepFault::Raced) });
    }
    // Not in the statement above: SQLite compares times as texts, and one time can be written in several ways.
    let changed_at = users::table.find(user).select(users::updated_at).get_result::<At>(db)?;
    if changed_at.utc() != proven.changed_at {
        return Ok(Used::AccountChanged);
    }
    if !use_evidence(db, user, &step.evidence, now)? {
        return Ok(Used::No(StepFault::EvidenceUsed));
    }
    match &step.token {
        Some(token) if !use_token(db, token, seen, now)? => Ok(Used::No(StepFault::TokenUsed)),
        Some(_) | None => Ok(Used::Yes),
    }
}

fn use_evidence(db: &mut AnyConnection, user: &str, evidence: &Evidence, now: At) -> QueryResult<bool> {
    let used = match evidence {
        Evidence::Totp { factor, step } => {
            let newer = totp_factors::confirmed_at.is_not_null().and(totp_factors::last_step.lt(step.0));
            let app = totp_factors::table.find(factor.to_string()).filter(totp_factors::user_id.eq(user)).filter(newer);
            let change = (totp_factors::last_step.eq(step.0), totp_factors::last_used_at.eq(now));
            diesel::update(app).set(change).execute(db)?
        }
        Evidence::RecoveryCode(digest) => {
            let code = recovery_codes::table.find((user, &digest.0)).filter(recovery_codes::used_at.is_null());
            let used = diesel::update(code).set(recovery_codes::used_at.eq(now)).execute(db)?;
            sum_up(db, user)?;
            used
        }
        Evidence::Passkey { factor, from: _, to, backed_up, backup_eligible: _ } => {
            let to = i64::from(*to);
            // Zero stays zero, where the authenticator does not count.
            let grows =
                passkeys::counter.lt(to).or(passkeys::counter.eq(0).and(to.into_sql::<diesel::sql_types::BigInt>().eq(0)));
            let passkey = passkeys::table.find(factor.to_string()).filter(passkeys::user_id.eq(user)).filter(grows);
            let change = (passkeys::counter.eq(to), passkeys::backed_up.eq(*backed_up), passkeys::last_used_at.eq(now));
            diesel::update(passkey).set(change).execute(db)?
        }
    };
    Ok(used == 1)
}

fn use_token(db: &mut AnyConnection, token: &OneTimeToken, seen: Seen, now: At) -> QueryResult<bool> {
    if seen == Seen::No {
        return insert(db, token, Some(now), 0).map(|()| true);
    }
    Ok(diesel::update(good!(token)).set(one_time_tokens::used_at.eq(now)).execute(db)? == 1)
}

/// Counts one more wrong code of a token. `false` when it is good for nothing any more.
fn count_try(db: &mut AnyConnection, token: &OneTimeToken) -> QueryResult<bool> {
    let counted = diesel::update(good!(token)).set(one_time_tokens::tries.eq(one_time_tokens::tries + 1)).execute(db)?;
    if counted == 1 {
        return Ok(true);
    }
    let is_there: i64 = one_time_tokens::table.find(token.id.to_string()).count().get_result(db)?;
    if is_there == 0 {
        insert(db, token, None, 1)?;
    }
    Ok(is_there == 0)
}

fn insert(db: &mut AnyConnection, token: &OneTimeToken, used_at: Option<At>, tries: i64) -> QueryResult<()> {
    let row = (
        one_time_tokens::id.eq(token.id.to_string()),
        one_time_tokens::tries.eq(tries),
        one_time_tokens::used_at.eq(used_at),
        one_time_tokens::expires_at.eq(At::from(token.expires_at)),
    );
    diesel::insert_into(one_time_tokens::table).values(row).execute(db).map(|_one| ())
}

/// That an account has these wrong codes. By their time as well: where they are forgotten, one more makes one again.
#[diesel::dsl::auto_type]
fn has(codes: &WrongCodes) -> _ {
    let (count, last_at): (i64, Option<At>) = (codes.count.into(), codes.last_at.map(At::from));
    users::wrong_codes.eq(count).and(users::wrong_code_at.eq(last_at).or(users::wrong_code_at.is_null()))
}

/// Moves an account's wrong codes on, by compare-and-set.
fn move_on(db: &mut AnyConnection, user: &str, from: &WrongCodes, to: &WrongCodes) -> QueryResult<bool> {
    let judged = users::table.find(user).filter(has(from));
    let change = (users::wrong_codes.eq(i64::from(to.count)), users::wrong_code_at.eq(to.last_at.map(At::from)));
    Ok(diesel::update(judged).set(change).execute(db)? == 1)
}
