//! "This was not me".

use auth_domain::{
    mail::{
        message::Outgoing,
        proof::{Proof, ProofId, Purpose},
    },
    mailbox::ports::Undone,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{change::move_to, locked, spend};
use crate::db::{
    connection::AnyConnection,
    schema::{
        rows::{NO_PASSWORD, UserRow},
        tables::{mailbox_proofs, users},
        timestamp::At,
    },
    stores::{
        factors::remove_since,
        mail::{find_proof, open, post, void_all_of},
        sessions::end_unended,
    },
    transaction::in_transaction,
};

pub(super) fn undo(db: &mut AnyConnection, link: ProofId, now: DateTime<Utc>, reset: &Outgoing) -> QueryResult<Option<Undone>> {
    let Some(link) = find_proof(db, &link.to_string())? else { return Ok(None) };
    let Some(user) = link.user else { return Ok(None) };
    let Some(account) = locked(db, user)? else { return Ok(None) };
    if !spend(db, link.id, Purpose::Undo, now)? {
        return Ok(None);
    }
    let (id, at) = (user.to_string(), At::from(now));
    void_all_of(db, &id, at)?;
    if account.email != link.address {
        // In a savepoint: a previous release does not know that the address was reserved, and may have given it away.
        match in_transaction(db, |db| move_to(db, &account, &link.address, now)) {
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
            moved => moved?,
        }
        void_all_of(db, &id, at)?;
    }
    void_younger(db, &id, &link, at)?;
    let change = (users::password_hash.eq(NO_PASSWORD), users::updated_at.eq(at), users::version.eq(users::version + 1));
    diesel::update(users::table.find(&id)).set(change).execute(db)?;
    remove_since(db, &id, link.created_at)?;
    let ended = end_unended(db, &id, None, at)?;
    post(db, reset)?;
    let user = users::table.find(&id).select(UserRow::as_select()).get_result(db)?.try_into()?;
    Ok(Some(Undone { user, ended }))
}

/// Voids the undo links of an account that were made after this one: by then, somebody else may have read its mails.
fn void_younger(db: &mut AnyConnection, user: &str, link: &Proof, now: At) -> QueryResult<()> {
    let (made, id) = (At::from(link.created_at), link.id.to_string());
    let is_younger = mailbox_proofs::created_at.gt(made).or(mailbox_proofs::created_at.eq(made).and(mailbox_proofs::id.gt(id)));
    let younger = mailbox_proofs::table
        .filter(mailbox_proofs::user_id.eq(user))
        .filter(mailbox_proofs::purpose.eq(Purpose::Undo.name()))
        .filter(open())
        .filter(is_younger);
    diesel::update(younger).set(mailbox_proofs::voided_at.eq(now)).execute(db).map(|_some| ())
}
