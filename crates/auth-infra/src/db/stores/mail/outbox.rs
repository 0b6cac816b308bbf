//! The outbox: mails that wait, who holds them, and what became of them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use auth_domain::{
    identity::port_error::PortError,
    mail::{
        message::MailId,
        outbox::{Backlog, Entry, Lease, MailState, Settled, kept_words},
        ports::{Outbox, OutboxAdmin},
    },
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::rows::{OutboxRow, ProofRow};
use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::{
        tables::{mail_outbox, mailbox_proofs},
        timestamp::At,
    },
};

/// Stores mails.
#[derive(Clone)]
pub struct DieselOutbox(pub Database);

const NOBODY: (Option<String>, Option<At>) = (None, None);

#[async_trait]
impl Outbox for DieselOutbox {
    async fn lease(&self, lease: Lease, now: DateTime<Utc>, limit: u32) -> Result<Vec<Entry>, PortError> {
        let (owner, until, now) = (lease.owner.to_string(), At::from(lease.until), At::from(now));
        self.0
            .transaction(move |db| {
                loop {
                    let due = due(db, now, limit)?;
                    let taken = take(db, &due, &owner, until, now)?;
                    // Whoever took them all has committed: the next that are due are others.
                    if due.is_empty() || !taken.is_empty() {
                        let mails = mail_outbox::table.filter(mail_outbox::id.eq_any(&taken));
                        let in_turn = mails.order((mail_outbox::next_attempt_at.asc(), mail_outbox::id.asc()));
                        let rows = in_turn.select(OutboxRow::as_select()).load(db)?;
                        return entries(db, rows);
                    }
                }
            })
            .await
    }

    async fn settle(&self, id: MailId, owner: Uuid, outcome: &Settled, now: DateTime<Utc>) -> Result<bool, PortError> {
        let (id, owner, outcome, now) = (id.to_string(), owner.to_string(), outcome.clone(), At::from(now));
        self.0.write(move |db| settle(db, &id, &owner, &outcome, now)).await
    }

    async fn release(&self, owner: Uuid) -> Result<(), PortError> {
        let owner = owner.to_string();
        self.0
            .write(move |db| {
                let held = mail_outbox::table.filter(mail_outbox::leased_by.eq(&owner));
                let (by, until) = NOBODY;
                let free = (mail_outbox::leased_by.eq(by), mail_outbox::leased_until.eq(until));
                diesel::update(held).set(free).execute(db).map(|_some| ())
            })
            .await
    }

    async fn backlog(&self) -> Result<Backlog, PortError> {
        self.0
            .read(|db| {
                let mut count = |state: MailState| {
                    let rows = mail_outbox::table.filter(mail_outbox::state.eq(state.name())).count();
                    rows.get_result::<i64>(db).map(|count| u64::try_from(count).unwrap_or_default())
                };
                let (waiting, dead) = (count(MailState::Waiting)?, count(MailState::Dead)?);
                let oldest = mail_outbox::table
                    .filter(mail_outbox::state.eq(MailState::Waiting.name()))
                    .order(mail_outbox::created_at.asc())
                    .select(mail_outbox::created_at)
                    .limit(1);
                let oldest = oldest.get_result::<At>(db).optional()?.map(At::utc);
                Ok(Backlog { waiting, dead, oldest })
            })
            .await
    }
}

/// That a mail's time has come and nobody holds it.
#[diesel::dsl::auto_type]
fn free_to_take(now: At) -> _ {
    let waiting: &'static str = MailState::Waiting.name();
    let is_due = mail_outbox::state.eq(waiting).and(mail_outbox::next_attempt_at.le(now));
    is_due.and(mail_outbox::leased_until.is_null().or(mail_outbox::leased_until.le(now)))
}

/// The mails that are free to take, the longest due first.
fn due(db: &mut AnyConnection, now: At, limit: u32) -> QueryResult<Vec<String>> {
    mail_outbox::table
        .filter(free_to_take(now))
        .order(mail_outbox::next_attempt_at.asc())
        .select(mail_outbox::id)
        .limit(limit.into())
        .load(db)
}

/// Takes those of these mails that still nobody holds; everybody in the same order, so that no two wait for each other. No index has
/// the state and the id: MySQL might lock its entry before the row, against somebody who settles the mail.
fn take(db: &mut AnyConnection, due: &[String], owner: &str, until: At, now: At) -> QueryResult<Vec<String>> {
    let mut in_order: Vec<_> = due.iter().collect();
    in_order.sort_unstable();
    let mut taken = Vec::with_capacity(in_order.len());
    for id in in_order {
        let free = mail_outbox::table.find(id).filter(free_to_take(now));
        let held = (mail_outbox::leased_by.eq(owner), mail_outbox::leased_until.eq(until));
        if diesel::update(free).set(held).execute(db)? == 1 {
            taken.push(id.clone());
        }
    }
    Ok(taken)
}

fn settle(db: &mut AnyConnection, id: &str, owner: &str, outcome: &Settled, now: At) -> QueryResult<bool> {
    let (state, error, next) = match outcome {
        Settled::Sent => (MailState::Sent, None, None),
        Settled::Dropped => (MailState::Dropped, None, None),
        Settled::Dead { why } => (MailState::Dead, Some(kept_words(why)), None),
        Settled::Again { at, why } => (MailState::Waiting, Some(kept_words(why)), Some(At::from(*at))),
    };
    let attempts = i64::from(state != MailState::Dropped);
    let (by, until) = NOBODY;
    let change = (
        mail_outbox::state.eq(state.name()),
        mail_outbox::attempts.eq(mail_outbox::attempts + attempts),
        mail_outbox::last_error.eq(error),
        mail_outbox::done_at.eq(if next.is_none() { Some(now) } else { None }),
        mail_outbox::leased_by.eq(by),
        mail_outbox::leased_until.eq(until),
    );
    let held = mail_outbox::table.find(id).filter(mail_outbox::leased_by.eq(owner));
    let settled = match next {
        Some(next) => diesel::update(held).set((change, mail_outbox::next_attempt_at.eq(next))).execute(db)?,
        None => diesel::update(held).set(change).execute(db)?,
    };
    Ok(settled == 1)
}

#[async_trait]
impl OutboxAdmin for DieselOutbox {
    async fn list(&self, state: Option<MailState>, after: Option<MailId>, limit: u32) -> Result<Vec<Entry>, PortError> {
        // No id sorts behind this text.
        let after = after.map_or_else(|| "~".to_owned(), |id| id.to_string());
        self.0
            .read(move |db| {
                let older = mail_outbox::table.filter(mail_outbox::id.lt(&after));
                let mut mails = older.select(OutboxRow::as_select()).into_boxed();
                if let Some(state) = state {
                    mails = mails.filter(mail_outbox::state.eq(state.name()));
                }
                let rows = mails.order(mail_outbox::id.desc()).limit(limit.into()).load(db)?;
                entries(db, rows)
            })
            .await
    }

    async fn find(&self, id: MailId) -> Result<Option<Entry>, PortError> {
        let id = id.to_string();
        self.0
            .read(move |db| {
                let row = mail_outbox::table.find(&id).select(OutboxRow::as_select()).load(db)?;
                Ok(entries(db, row)?.pop())
            })
            .await
    }

    async fn retry(&self, id: MailId, now: DateTime<Utc>) -> Result<bool, PortError> {
        let unsent = [MailState::Waiting.name(), MailState::Dead.name()];
        let change = (
            mail_outbox::state.eq(MailState::Waiting.name()),
            mail_outbox::next_attempt_at.eq(At::from(now)),
            mail_outbox::done_at.eq(None::<At>),
        );
        let mail = mail_outbox::table.find(id.to_string()).filter(mail_outbox::state.eq_any(unsent));
        self.0.changes_one(diesel::update(mail).set(change)).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let (cutoff, limit) = (At::from(cutoff), i64::from(limit));
        self.0
            .write(move |db| {
                let old = mail_outbox::table.filter(mail_outbox::done_at.lt(cutoff)).order(mail_outbox::done_at.asc());
                let times: Vec<At> = old.select(mail_outbox::done_at.assume_not_null()).limit(limit).load(db)?;
                match times.last() {
                    Some(last) => diesel::delete(mail_outbox::table.filter(mail_outbox::done_at.le(last))).execute(db),
                    None => Ok(0),
                }
            })
            .await
    }
}

/// Mails with their proofs, as far as those are still there.
fn entries(db: &mut AnyConnection, rows: Vec<OutboxRow>) -> QueryResult<Vec<Entry>> {
    let ids: Vec<_> = rows.iter().filter_map(OutboxRow::proof).collect();
    let mut proofs = BTreeMap::new();
    if !ids.is_empty() {
        let found = mailbox_proofs::table.filter(mailbox_proofs::id.eq_any(&ids)).select(ProofRow::as_select());
        proofs.extend(found.load(db)?.into_iter().map(|proof: ProofRow| (proof.id().to_owned(), proof)));
    }
    let with_proof = |row: OutboxRow| {
        let proof = row.proof().and_then(|id| proofs.get(id)).cloned();
        row.with(proof)
    };
    rows.into_iter().map(with_proof).collect()
}
