//! The rows of proofs, allowances and mails.

use auth_domain::{
    identity::language::Language,
    mail::{
        allowance::Allowance,
        message::{Occasion, Outgoing},
        outbox::{Entry, MailState},
        proof::{Proof, Purpose},
    },
};
use chrono::{DateTime, Utc};
use diesel::{AsChangeset, Insertable, Queryable, Selectable, result::Error};

use crate::db::schema::{
    rows::{address, parsed, parsed_if_any},
    tables::{mail_allowances, mail_outbox, mailbox_proofs},
    timestamp::At,
};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mailbox_proofs)]
pub(crate) struct ProofRow {
    id: String,
    purpose: String,
    address: String,
    user_id: Option<String>,
    created_at: At,
    expires_at: At,
    spent_at: Option<At>,
    voided_at: Option<At>,
    tries: i64,
}

impl ProofRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl From<&Proof> for ProofRow {
    fn from(proof: &Proof) -> Self {
        Self {
            id: proof.id.to_string(),
            purpose: proof.purpose.name().to_owned(),
            address: proof.address.to_string(),
            user_id: proof.user.map(|user| user.to_string()),
            created_at: At::from(proof.created_at),
            expires_at: At::from(proof.expires_at),
            spent_at: proof.spent_at.map(At::from),
            voided_at: proof.voided_at.map(At::from),
            tries: proof.tries,
        }
    }
}

impl TryFrom<ProofRow> for Proof {
    type Error = Error;

    fn try_from(row: ProofRow) -> Result<Self, Error> {
        Ok(Self {
            id: parsed(&row.id, "proof id")?,
            purpose: named(Purpose::from_name(&row.purpose), "purpose")?,
            address: address(&row.address)?,
            user: parsed_if_any(row.user_id.as_deref(), "user id")?,
            created_at: row.created_at.utc(),
            expires_at: row.expires_at.utc(),
            spent_at: row.spent_at.map(At::utc),
            voided_at: row.voided_at.map(At::utc),
            tries: row.tries,
        })
    }
}

/// A mail, without its proof.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mail_outbox)]
pub(crate) struct OutboxRow {
    id: String,
    occasion: String,
    recipient: String,
    language: Option<String>,
    origin: String,
    other_address: Option<String>,
    proof_id: Option<String>,
    created_at: At,
    expires_at: At,
    state: String,
    attempts: i64,
    next_attempt_at: At,
    last_error: Option<String>,
    done_at: Option<At>,
}

impl From<&Outgoing> for OutboxRow {
    fn from(mail: &Outgoing) -> Self {
        Self {
            id: mail.id.to_string(),
            occasion: mail.occasion.name().to_owned(),
            recipient: mail.to.to_string(),
            language: mail.language.map(|language| language.to_string()),
            origin: mail.origin.to_string(),
            other_address: mail.other_address.as_ref().map(ToString::to_string),
            proof_id: mail.proof.as_ref().map(|proof| proof.id.to_string()),
            created_at: At::from(mail.created_at),
            expires_at: At::from(mail.expires_at),
            state: MailState::Waiting.name().to_owned(),
            attempts: 0,
            next_attempt_at: At::from(mail.created_at),
            last_error: None,
            done_at: None,
        }
    }
}

impl OutboxRow {
    /// The id of its proof.
    pub(crate) fn proof(&self) -> Option<&str> {
        self.proof_id.as_deref()
    }

    /// The mail with its proof, if that is still there.
    pub(crate) fn with(self, proof: Option<ProofRow>) -> Result<Entry, Error> {
        let mail = Outgoing {
            id: parsed(&self.id, "mail id")?,
            occasion: named(Occasion::from_name(&self.occasion), "occasion")?,
            to: address(&self.recipient)?,
            // A later release may know more languages.
            language: self.language.as_deref().and_then(Language::of_range),
            origin: parsed(&self.origin, "origin")?,
            other_address: self.other_address.as_deref().map(address).transpose()?,
            proof: proof.map(Proof::try_from).transpose()?,
            created_at: self.created_at.utc(),
            expires_at: self.expires_at.utc(),
        };
        Ok(Entry {
            mail,
            state: named(MailState::from_name(&self.state), "state of a mail")?,
            attempts: self.attempts,
            next_attempt_at: self.next_attempt_at.utc(),
            last_error: self.last_error,
            done_at: self.done_at.map(At::utc),
        })
    }
}

fn named<T>(known: Option<T>, what: &str) -> Result<T, Error> {
    known.ok_or_else(|| Error::DeserializationError(format!("a row holds no {what}").into()))
}

/// When an address last got mails for one purpose.
#[derive(Clone, Copy, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mail_allowances, treat_none_as_null = true)]
pub(crate) struct AllowanceRow {
    sent_1: At,
    sent_2: Option<At>,
    sent_3: Option<At>,
    sent_4: Option<At>,
    sent_5: Option<At>,
}

impl AllowanceRow {
    /// After a mail that was sent now.
    pub(crate) fn of(allowance: Allowance, now: DateTime<Utc>) -> Self {
        let [_newest, second, third, fourth, oldest] = allowance.0.map(|sent| sent.map(At::from));
        Self { sent_1: At::from(now), sent_2: second, sent_3: third, sent_4: fourth, sent_5: oldest }
    }

    pub(crate) fn allowance(self) -> Allowance {
        Allowance([Some(self.sent_1), self.sent_2, self.sent_3, self.sent_4, self.sent_5].map(|sent| sent.map(At::utc)))
    }
}
