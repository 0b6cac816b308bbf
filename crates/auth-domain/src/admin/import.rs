//! Imports accounts of another server or system, with their password hashes.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Datelike, Timelike, Utc};

use super::{
    ports::{Stored, TransferStore},
    transfer::{AccountRecord, Arrival, batch_size},
};
use crate::{
    audit::{
        event::{Actor, AuditEvent},
        initiator::Initiator,
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    factors::{ports::TotpCodec, totp::TotpFactor},
    identity::{
        clock::{Clock, Ids},
        email::Email,
        ids::UserId,
        port_error::PortError,
        user::User,
    },
    passwords::ports::{HashFault, PasswordHasher},
};

/// One of a list of accounts, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What identifies it there: the number of a row or a line.
    pub number: String,
    /// As it is written there, for the report.
    pub email: String,
    pub account: Result<Box<Arrival>, Refusal>,
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportOutcome {
    /// In a dry run, it would be imported.
    Imported(Box<User>),
    /// Its address has an account, which is left alone.
    AlreadyThere(Email),
    Refused(Refusal),
}

/// How many candidates came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub imported: u64,
    pub already_there: u64,
    pub refused: u64,
}

impl Tally {
    pub fn count(&mut self, outcome: &ImportOutcome) {
        match outcome {
            ImportOutcome::Imported(_) => self.imported += 1,
            ImportOutcome::AlreadyThere(_) => self.already_there += 1,
            ImportOutcome::Refused(_) => self.refused += 1,
        }
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.imported + self.already_there + self.refused
    }
}

/// Why a candidate cannot become an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not what it should be, in the words of whatever read it.
    #[error("{0}")]
    Unreadable(String),
    #[error("no e-mail address that this server takes")]
    Address,
    #[error("another row has the same address in another spelling")]
    Ambiguous,
    #[error("a password hash {0}")]
    Password(HashFault),
    #[error("a time of creation that is none")]
    Time,
    #[error("a time of creation before the year 1000, after 9999 or in a leap second")]
    Range,
    #[error("another account has its id")]
    Id,
    #[error("another account has one of its factors")]
    Factor,
    #[error("factors that no account can have: too many, one that waits for its first code, or without the account's id")]
    Factors,
    #[error("a factor whose secret was encrypted with a key that this server does not have")]
    Key,
    #[error("a row that the database does not take")]
    Row,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Dry,
    Real,
}

pub struct ImportUsers {
    pub store: Arc<dyn TransferStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    /// `None` without an encryption key.
    pub totp: Option<Arc<dyn TotpCodec>>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl ImportUsers {
    /// What became of each of a whole list, in order. Safe to repeat after an outage: existing accounts are left alone.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, candidates: &[Candidate], run: Mode, by: &Initiator) -> Result<Vec<ImportOutcome>, PortError> {
        let claims = Claims::of(candidates);
        let mut outcomes = Vec::with_capacity(candidates.len());
        for batch in candidates.chunks(batch_size()) {
            let batch: Vec<_> = batch.iter().map(|candidate| claims.judged(candidate)).collect();
            match self.batch(&batch, run, by).await {
                Ok(batch) => outcomes.extend(batch),
                Err(outage) => {
                    if !outcomes.is_empty() {
                        self.finish(run, by);
                    }
                    return Err(outage);
                }
            }
        }
        self.finish(run, by);
        Ok(outcomes)
    }

    /// What became of some of a stream, in order: at most [`TRANSFER_BATCH`](super::transfer::TRANSFER_BATCH). Of two with one address the first is imported.
    ///
    /// # Errors
    /// An outage: then nobody knows of these, and they may be given again.
    pub async fn batch(&self, candidates: &[Candidate], run: Mode, by: &Initiator) -> Result<Vec<ImportOutcome>, PortError> {
        let now = self.clock.now();
        let judged: Vec<_> = candidates.iter().map(|candidate| self.accept(candidate, now)).collect();
        let accounts: Vec<_> = judged.iter().flatten().cloned().collect();
        let mut stored = match run {
            Mode::Dry => self.store.foresee(&accounts, now).await?,
            Mode::Real => {
                let events: Vec<_> = accounts.iter().map(|account| event(by, &account.user, now)).collect();
                self.store.insert(&accounts, now).await.or_all_unknown(&*self.audit, &events)?
            }
        }
        .into_iter();
        let mut outcomes = Vec::with_capacity(judged.len());
        for account in judged {
            outcomes.push(match account {
                Err(refusal) => ImportOutcome::Refused(refusal),
                Ok(account) => outcome(stored.next(), account.user)?,
            });
        }
        if run == Mode::Real {
            for outcome in &outcomes {
                if let ImportOutcome::Imported(user) = outcome {
                    self.audit.record(event(by, user, now));
                }
            }
        }
        Ok(outcomes)
    }

    /// Says in the trail that there was an import: at its end, however it came.
    pub fn finish(&self, run: Mode, by: &Initiator) {
        if run == Mode::Real {
            self.audit.record(AuditEvent::new(EventKind::UsersImported, &by.context, self.clock.now()).by(by.actor));
        }
    }

    fn accept(&self, candidate: &Candidate, now: DateTime<Utc>) -> Result<AccountRecord, Refusal> {
        let arrival = candidate.account.as_ref().map_err(Clone::clone)?;
        if let Some(fault) = arrival.password.as_ref().and_then(|hash| self.hasher.fault(hash)) {
            return Err(Refusal::Password(fault));
        }
        if !arrival.times().all(is_storable) {
            return Err(Refusal::Range);
        }
        if !arrival.has_sound_factors() {
            return Err(Refusal::Factors);
        }
        // Without its key a factor could never be shown, and without the factor a password alone would open the account.
        let is_readable = |app: &TotpFactor| self.totp.as_ref().is_some_and(|totp| totp.reencrypt(app.id, &app.secret).is_ok());
        if !arrival.totp.iter().all(is_readable) {
            return Err(Refusal::Key);
        }
        let id = arrival.id.unwrap_or_else(|| UserId(self.ids.next()));
        Ok(arrival.clone().into_record(id, now))
    }
}

/// How many of a list have an address.
struct Claims(BTreeMap<Email, usize>);

impl Claims {
    fn of(candidates: &[Candidate]) -> Self {
        let mut claims = BTreeMap::new();
        for email in candidates.iter().filter_map(address) {
            *claims.entry(email).or_default() += 1;
        }
        Self(claims)
    }

    /// Of two spellings of one address, nobody can tell here which its owner uses: refused, both.
    fn judged(&self, candidate: &Candidate) -> Candidate {
        let count = address(candidate).and_then(|email| self.0.get(&email).copied());
        let account = if count > Some(1) { Err(Refusal::Ambiguous) } else { candidate.account.clone() };
        Candidate { account, ..candidate.clone() }
    }
}

/// Also that of a candidate which is refused for another reason.
fn address(candidate: &Candidate) -> Option<Email> {
    match &candidate.account {
        Ok(arrival) => Some(arrival.email.clone()),
        Err(_refusal) => candidate.email.parse().into_iter().next(),
    }
}

fn outcome(stored: Option<Stored>, user: User) -> Result<ImportOutcome, PortError> {
    match stored {
        Some(Stored::Yes) => Ok(ImportOutcome::Imported(Box::new(user))),
        Some(Stored::EmailTaken) => Ok(ImportOutcome::AlreadyThere(user.email)),
        Some(Stored::IdTaken) => Ok(ImportOutcome::Refused(Refusal::Id)),
        Some(Stored::FactorTaken) => Ok(ImportOutcome::Refused(Refusal::Factor)),
        Some(Stored::Refused) => Ok(ImportOutcome::Refused(Refusal::Row)),
        None => Err(PortError::Internal("an account of a batch was not accounted for".to_owned())),
    }
}

/// The command line has always told of accounts that it made as of any other.
fn event(by: &Initiator, user: &User, now: DateTime<Utc>) -> AuditEvent {
    let kind = if by.actor == Actor::Operator { EventKind::UserRegistered } else { EventKind::UserCreated };
    by.event(kind, user, now).because(Reason::Import)
}

/// Whether every database keeps this time as it is: MySQL's DATETIME begins with the year 1000, RFC 3339 ends with 9999, and none has
/// leap seconds, which chrono counts as more than a second's nanoseconds.
fn is_storable(time: DateTime<Utc>) -> bool {
    (1000..=9999).contains(&time.year()) && time.nanosecond() < 1_000_000_000
}

#[cfg(test)]
mod tests;
