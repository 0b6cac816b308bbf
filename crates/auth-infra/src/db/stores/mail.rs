//! Proofs of mailboxes and mails in the database: what the stores of other rooms do with them in their own transactions.
//!
//! Whoever locks rows of several tables locks the account's first, then the allowance, proofs and mails.

pub(crate) mod outbox;
pub(crate) mod proofs;
pub(crate) mod rows;

use auth_domain::{
    identity::{email::Email, ids::UserId},
    mail::{
        allowance::Allowance,
        message::Outgoing,
        ports::Requested,
        proof::{Proof, Purpose},
    },
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};
use rows::{AllowanceRow, OutboxRow, ProofRow};

use crate::db::{
    connection::AnyConnection,
    schema::{
        rows::address,
        tables::{mail_allowances, mail_outbox, mailbox_proofs, users},
        timestamp::At,
    },
    transaction::in_transaction,
};

/// That a proof was neither spent nor voided.
#[diesel::dsl::auto_type]
pub(crate) fn open() -> _ {
    mailbox_proofs::spent_at.is_null().and(mailbox_proofs::voided_at.is_null())
}

/// That a proof may still be used.
#[diesel::dsl::auto_type]
pub(crate) fn open_until(now: At) -> _ {
    mailbox_proofs::expires_at.gt(now).and(open())
}

/// A proof as it is stored.
pub(crate) fn find_proof(db: &mut AnyConnection, id: &str) -> QueryResult<Option<Proof>> {
    let row = mailbox_proofs::table.find(id).select(ProofRow::as_select()).get_result(db);
    row.optional()?.map(Proof::try_from).transpose()
}

/// Stores a mail and its proof.
pub(crate) fn post(db: &mut AnyConnection, mail: &Outgoing) -> QueryResult<()> {
    if let Some(proof) = &mail.proof {
        diesel::insert_into(mailbox_proofs::table).values(ProofRow::from(proof)).execute(db)?;
    }
    diesel::insert_into(mail_outbox::table).values(OutboxRow::from(mail)).execute(db).map(|_one| ())
}

/// Stores a mail in the place of open proofs like its own, if its address may get another. The same statements run for every
/// address.
pub(crate) fn request(db: &mut AnyConnection, mail: &Outgoing) -> QueryResult<Requested> {
    if let Some(proof) = &mail.proof {
        let now = At::from(mail.created_at);
        if !claim(db, &proof.address, proof.purpose, mail.created_at)? {
            return Ok(Requested::Suppressed);
        }
        let like_it = mailbox_proofs::table
            .filter(mailbox_proofs::address.eq_any(proof.address.every_spelling()))
            .filter(mailbox_proofs::purpose.eq(proof.purpose.name()))
            .filter(open());
        diesel::update(like_it).set(mailbox_proofs::voided_at.eq(now)).execute(db)?;
    }
    post(db, mail).map(|()| Requested::Queued)
}

/// Takes a mail from the allowance of an address. `false` if there must be none, or somebody else took the first at the same time.
pub(crate) fn claim(db: &mut AnyConnection, address: &Email, purpose: Purpose, now: DateTime<Utc>) -> QueryResult<bool> {
    // One key, however the account spells it.
    let address = address.every_spelling().swap_remove(0);
    let row = || mail_allowances::table.find((&address, purpose.name()));
    // Locks the row: whoever asks at the same time waits, and then finds this mail.
    if diesel::update(row()).set(mail_allowances::sent_1.eq(mail_allowances::sent_1)).execute(db)? == 1 {
        let before = row().select(AllowanceRow::as_select()).get_result(db)?.allowance();
        let Some(after) = before.claim(now) else { return Ok(false) };
        return diesel::update(row()).set(AllowanceRow::of(after, now)).execute(db).map(|_one| true);
    }
    // In a savepoint: PostgreSQL would give the whole transaction up.
    let inserted = in_transaction(db, |db| {
        let first = AllowanceRow::of(Allowance([Some(now), None, None, None, None]), now);
        let row = (mail_allowances::address.eq(&address), mail_allowances::purpose.eq(purpose.name()), first);
        diesel::insert_into(mail_allowances::table).values(row).execute(db)
    });
    match inserted {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        inserted => inserted.map(|_one| true),
    }
}

/// That no address is pending.
#[derive(Default, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
struct NothingPending {
    pending_email: Option<String>,
    pending_email_until: Option<At>,
}

/// Voids every open proof of an account but undo links, so that no address is pending. The transaction has locked the account's row.
pub(crate) fn void_all_of(db: &mut AnyConnection, user: &str, now: At) -> QueryResult<()> {
    let address = address(&users::table.find(user).select(users::email).get_result::<String>(db)?)?;
    let others = || mailbox_proofs::table.filter(mailbox_proofs::purpose.ne(Purpose::Undo.name())).filter(open());
    let its_own = others().filter(mailbox_proofs::user_id.eq(user));
    diesel::update(its_own).set(mailbox_proofs::voided_at.eq(now)).execute(db)?;
    let of_its_address =
        others().filter(mailbox_proofs::address.eq_any(address.every_spelling())).filter(mailbox_proofs::user_id.is_null());
    diesel::update(of_its_address).set(mailbox_proofs::voided_at.eq(now)).execute(db)?;
    diesel::update(users::table.find(user)).set(NothingPending::default()).execute(db).map(|_one| ())
}

/// Whether an undo link of another account than `by_other_than` would put an address back. Asked after the address was written: who
/// gave it up at the same time has committed by then, or waits.
pub(crate) fn is_reserved(db: &mut AnyConnection, address: &Email, by_other_than: Option<UserId>, now: At) -> QueryResult<bool> {
    let spellings: Vec<_> = address.spellings().collect();
    let links: Vec<Option<String>> = mailbox_proofs::table
        .filter(mailbox_proofs::address.eq_any(spellings))
        .filter(mailbox_proofs::purpose.eq(Purpose::Undo.name()))
        .filter(open_until(now))
        .select(mailbox_proofs::user_id)
        .load(db)?;
    let own = by_other_than.map(|id| id.to_string());
    Ok(links.into_iter().flatten().any(|user| Some(user) != own))
}
