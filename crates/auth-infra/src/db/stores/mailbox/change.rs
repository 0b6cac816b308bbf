//! Changes of address.

use auth_domain::{
    identity::{
        email::Email,
        ids::UserId,
        user::{AccountVersion, PendingEmail, User},
    },
    mail::{
        message::Outgoing,
        ports::Requested,
        proof::{ProofId, Purpose},
    },
    mailbox::ports::Confirmed,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{locked, spend};
use crate::db::{
    connection::AnyConnection,
    schema::{
        tables::{mailbox_proofs, users},
        timestamp::At,
    },
    stores::{
        accounts::{is_had, roles::restate, still_is},
        mail::{claim, find_proof, is_reserved, open, post, void_all_of},
    },
    transaction::or_undone,
};

/// Asks for another address, if that may get another mail.
pub(super) fn request(
    db: &mut AnyConnection,
    user: UserId,
    pending: &PendingEmail,
    mail: &Outgoing,
    notice: Option<&Outgoing>,
) -> QueryResult<Requested> {
    let (id, now) = (user.to_string(), mail.created_at);
    let is_active = locked(db, user)?.is_some_and(|account| account.is_active());
    if !is_active || !claim(db, &pending.address, Purpose::Change, now)? {
        return Ok(Requested::Suppressed);
    }
    // Not by the address: whoever else asks for it must not void them.
    let former = mailbox_proofs::table
        .filter(mailbox_proofs::user_id.eq(&id))
        .filter(mailbox_proofs::purpose.eq(Purpose::Change.name()))
        .filter(open());
    diesel::update(former).set(mailbox_proofs::voided_at.eq(At::from(now))).execute(db)?;
    post(db, mail)?;
    let change = (
        users::pending_email.eq(pending.address.as_str()),
        users::pending_email_until.eq(At::from(pending.until)),
        users::updated_at.eq(At::from(now)),
        users::version.eq(users::version + 1),
    );
    diesel::update(users::table.find(&id)).set(change).execute(db)?;
    notice.map_or(Ok(()), |notice| post(db, notice))?;
    Ok(Requested::Queued)
}

/// Gives an account the address of a proof.
pub(super) fn confirm(
    db: &mut AnyConnection,
    proof: ProofId,
    (user, proven): (UserId, AccountVersion),
    now: DateTime<Utc>,
    notice: Option<&Outgoing>,
) -> QueryResult<Confirmed> {
    let (id, at) = (user.to_string(), At::from(now));
    let Some(next) = find_proof(db, &proof.to_string())?.filter(|proof| proof.user == Some(user)) else {
        return Ok(Confirmed::ProofGone);
    };
    let confirmed = or_undone(db, |db| {
        let account = if still_is(db, &id, proven)? { locked(db, user)?.filter(User::is_active) } else { None };
        let Some(account) = account else { return Ok(Err(Confirmed::ProofGone)) };
        if !spend(db, proof, Purpose::Change, now)? {
            return Ok(Err(Confirmed::ProofGone));
        }
        void_all_of(db, &id, at)?;
        move_to(db, &account, &next.address, now)?;
        void_all_of(db, &id, at)?;
        // Asked last: whoever took the address, or gave it up, at the same time has committed by now.
        if is_had(db, &next.address, Some(&id))? || is_reserved(db, &next.address, Some(user), at)? {
            return Ok(Err(Confirmed::EmailTaken));
        }
        let change = (users::updated_at.eq(at), users::version.eq(users::version + 1));
        diesel::update(users::table.find(&id)).set(change).execute(db)?;
        notice.map_or(Ok(()), |notice| post(db, notice))?;
        Ok(Ok(Confirmed::Yes))
    });
    match confirmed {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) if is_had(db, &next.address, Some(&id))? => {
            Ok(Confirmed::EmailTaken)
        }
        confirmed => confirmed.map(|outcome| outcome.unwrap_or_else(|undone| undone)),
    }
}

/// Gives an account an address that its owner reads. Waits for whoever takes it, or gives it up, at the same time.
pub(super) fn move_to(db: &mut AnyConnection, account: &User, address: &Email, now: DateTime<Utc>) -> QueryResult<()> {
    let (id, change) = (account.id.to_string(), (users::email.eq(address.as_str()), users::email_verified_at.eq(At::from(now))));
    diesel::update(users::table.find(&id)).set(change).execute(db)?;
    restate(db, &id, &account.roles)
}
