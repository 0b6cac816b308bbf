//! Where the proof of a mailbox is spent, in one transaction with what it changes.

mod change;
mod undo;

use async_trait::async_trait;
use auth_domain::{
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, PendingEmail, User},
    },
    mail::{
        message::Outgoing,
        ports::Requested,
        proof::{Proof, ProofId, Purpose},
    },
    mailbox::ports::{Completed, Confirmed, MailboxStore, Undone},
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    accounts::{find_locked, is_had, is_taken, roles::restate, still_is, store},
    factors::remove_all,
    mail::{find_proof, is_reserved, open_until, post, void_all_of},
    sessions::end_unended,
};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{
        tables::{known_networks, mailbox_proofs, pending_registrations, users},
        timestamp::At,
    },
    transaction::or_undone,
};

/// Spends proofs.
#[derive(Clone)]
pub struct DieselMailbox(pub Database);

#[async_trait]
impl MailboxStore for DieselMailbox {
    async fn is_taken<'a>(&self, address: &Email, by_other_than: Option<UserId>, now: DateTime<Utc>) -> Result<bool, PortError> {
        let (address, now) = (address.clone(), At::from(now));
        self.0
            .read(move |db| {
                Ok(is_had(db, &address, by_other_than.map(|id| id.to_string()).as_deref())?
                    || is_reserved(db, &address, by_other_than, now)?)
            })
            .await
    }

    async fn verify(&self, proof: ProofId, user: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.0
            .transaction(move |db| {
                let Some(account) = locked(db, user)?.filter(User::is_active) else { return Ok(false) };
                if !spend_for(db, proof, Purpose::Verify, &account, now)? {
                    return Ok(false);
                }
                let change = users::email_verified_at.eq(At::from(account.email_verified_at.unwrap_or(now)));
                diesel::update(users::table.find(user.to_string()))
                    .set((change, users::updated_at.eq(At::from(now)), users::version.eq(users::version + 1)))
                    .execute(db)?;
                restate(db, &user.to_string(), &account.roles)?;
                Ok(true)
            })
            .await
    }

    async fn complete_registration(&self, proof: ProofId, user: &User) -> Result<Completed, PortError> {
        let user = user.clone();
        self.0.write(move |db| complete(db, proof, &user)).await
    }

    async fn reset<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError> {
        let (id, new, notice) = (user.to_string(), new.clone(), notice.cloned());
        self.0
            .transaction(move |db| {
                if !still_is(db, &id, proven)? {
                    return Ok(None);
                }
                let Some(account) = locked(db, user)?.filter(User::is_active) else { return Ok(None) };
                if !spend_for(db, proof, Purpose::Reset, &account, now)? {
                    return Ok(None);
                }
                let change = (
                    users::password_hash.eq(new.expose()),
                    users::email_verified_at.eq(At::from(account.email_verified_at.unwrap_or(now))),
                    users::updated_at.eq(At::from(now)),
                    users::version.eq(users::version + 1),
                );
                diesel::update(users::table.find(&id)).set(change).execute(db)?;
                if account.email_verified_at.is_none() {
                    restate(db, &id, &account.roles)?;
                    diesel::delete(known_networks::table.filter(known_networks::user_id.eq(&id))).execute(db)?;
                    remove_all(db, &id)?;
                }
                let ended = end_unended(db, &id, None, At::from(now))?;
                void_all_of(db, &id, At::from(now))?;
                notice.iter().try_for_each(|notice| post(db, notice))?;
                Ok(Some(ended))
            })
            .await
    }

    async fn request_change<'a>(
        &self,
        user: UserId,
        pending: &PendingEmail,
        mail: &Outgoing,
        notice: Option<&'a Outgoing>,
    ) -> Result<Requested, PortError> {
        let (pending, mail, notice) = (pending.clone(), mail.clone(), notice.cloned());
        self.0.transaction(move |db| change::request(db, user, &pending, &mail, notice.as_ref())).await
    }

    async fn confirm_change<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Confirmed, PortError> {
        let notice = notice.cloned();
        self.0.write(move |db| change::confirm(db, proof, (user, proven), now, notice.as_ref())).await
    }

    async fn undo(&self, proof: ProofId, now: DateTime<Utc>, reset: &Outgoing) -> Result<Option<Undone>, PortError> {
        let reset = reset.clone();
        self.0.transaction(move |db| undo::undo(db, proof, now, &reset)).await
    }
}

fn complete(db: &mut AnyConnection, proof: ProofId, user: &User) -> QueryResult<Completed> {
    let now = user.updated_at;
    if let Some(former) = user.email.in_unicode()
        && is_taken(db, &former)?
    {
        return Ok(Completed::EmailTaken);
    }
    let completed = or_undone(db, |db| {
        store(db, user)?;
        if is_reserved(db, &user.email, None, At::from(now))? {
            return Ok(Err(Completed::EmailTaken));
        }
        let registration = pending_registrations::table.find(user.email.as_str());
        if !spend_for(db, proof, Purpose::Verify, user, now)? || diesel::delete(registration).execute(db)? == 0 {
            return Ok(Err(Completed::ProofGone));
        }
        void_all_of(db, &user.id.to_string(), At::from(now))?;
        Ok(Ok(Completed::Yes))
    });
    match completed {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) if is_taken(db, user.email.as_str())? => {
            let is_good = find_proof(db, &proof.to_string())?.is_some_and(|proof| proof.check(Purpose::Verify, now).is_ok());
            Ok(if is_good { Completed::EmailTaken } else { Completed::ProofGone })
        }
        completed => completed.map(|outcome| outcome.unwrap_or_else(|undone| undone)),
    }
}

fn locked(db: &mut AnyConnection, user: UserId) -> QueryResult<Option<User>> {
    find_locked(db, &user.to_string())
}

/// Spends a proof of the address of an account, and for no other account.
fn spend_for(db: &mut AnyConnection, proof: ProofId, purpose: Purpose, user: &User, now: DateTime<Utc>) -> QueryResult<bool> {
    let is_its = |proof: &Proof| {
        let is_its_address = proof.address.every_spelling().iter().any(|spelling| spelling == user.email.as_str());
        is_its_address && proof.user.is_none_or(|other| other == user.id)
    };
    if find_proof(db, &proof.to_string())?.as_ref().is_some_and(is_its) { spend(db, proof, purpose, now) } else { Ok(false) }
}

/// Spends a proof, by compare-and-set. `false` if it may not be used for this, or no more.
fn spend(db: &mut AnyConnection, proof: ProofId, purpose: Purpose, now: DateTime<Utc>) -> QueryResult<bool> {
    let now = At::from(now);
    let good =
        mailbox_proofs::table.find(proof.to_string()).filter(mailbox_proofs::purpose.eq(purpose.name())).filter(open_until(now));
    Ok(diesel::update(good).set(mailbox_proofs::spent_at.eq(now)).execute(db)? == 1)
}
