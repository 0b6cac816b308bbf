//! Imports accounts of another system, with their password hashes.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{
        clock::{Clock, Ids},
        email::Email,
        ids::UserId,
        password_hash::PasswordHash,
        port_error::PortError,
        request_context::RequestContext,
        user::{AccountState, User},
    },
    passwords::ports::{HashFault, PasswordHasher},
};

/// An account as another system holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What identifies it there.
    pub number: String,
    pub email: String,
    pub password: PasswordHash,
    pub activity: Activity,
    /// `Err` where the text there is not a time.
    pub created_at: Result<Option<DateTime<Utc>>, NoTime>,
}

/// Whether an account may log in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    Active,
    Disabled,
    /// It says neither yes nor no. The account is imported as disabled.
    Unknown,
}

/// A text that is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTime;

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportOutcome {
    /// In a dry run, it would be imported.
    Imported(Box<User>),
    /// Its address has an account, which is left alone.
    AlreadyThere(Email),
    Refused(Refusal),
}

/// Why a candidate cannot become an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
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
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl ImportUsers {
    /// What became of each, in order. Safe to repeat after an outage: existing accounts are left alone.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(
        &self,
        candidates: &[Candidate],
        run: Mode,
        context: &RequestContext,
    ) -> Result<Vec<ImportOutcome>, PortError> {
        let mut claims = BTreeMap::<Email, usize>::new();
        for email in candidates.iter().flat_map(|candidate| candidate.email.parse()) {
            *claims.entry(email).or_default() += 1;
        }
        let mut fates = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            fates.push(match self.accept(candidate, &claims) {
                Ok(user) => self.keep(user, run, context).await?,
                Err(refusal) => ImportOutcome::Refused(refusal),
            });
        }
        Ok(fates)
    }

    fn accept(&self, candidate: &Candidate, claims: &BTreeMap<Email, usize>) -> Result<User, Refusal> {
        let email: Email = candidate.email.parse().map_err(|_fault| Refusal::Address)?;
        // Which of them its owner uses, nobody can tell here.
        if claims.get(&email).is_some_and(|count| *count > 1) {
            return Err(Refusal::Ambiguous);
        }
        if let Some(fault) = self.hasher.fault(&candidate.password) {
            return Err(Refusal::Password(fault));
        }
        let created_at = candidate.created_at.map_err(|_no_time| Refusal::Time)?;
        if !created_at.is_none_or(is_storable) {
            return Err(Refusal::Range);
        }
        let now = self.clock.now();
        let mut user = User::new(UserId(self.ids.next()), email, candidate.password.clone(), now);
        user.created_at = created_at.unwrap_or(now);
        if candidate.activity != Activity::Active {
            user.state = AccountState::Disabled { since: now };
        }
        Ok(user)
    }

    async fn keep(&self, user: User, run: Mode, context: &RequestContext) -> Result<ImportOutcome, PortError> {
        if self.users.find_by_email(&user.email).await?.is_some() {
            return Ok(ImportOutcome::AlreadyThere(user.email));
        }
        if run == Mode::Dry {
            return Ok(ImportOutcome::Imported(Box::new(user)));
        }
        let event = || {
            let event = AuditEvent::new(EventKind::UserRegistered, context, self.clock.now()).because(Reason::Import);
            event.by(Actor::Operator).on(Target::account(&user))
        };
        match self.users.insert(&user, None, None).await.or_unknown(&*self.audit, event) {
            // This row's own fault, not an outage, such as a full disk: the others go on.
            Err(PortError::Corrupt(_) | PortError::Internal(_) | PortError::Refused(_)) => {
                Ok(ImportOutcome::Refused(Refusal::Row))
            }
            Err(outage) => Err(outage),
            Ok(Inserted::EmailTaken) => Ok(ImportOutcome::AlreadyThere(user.email)),
            Ok(Inserted::Yes | Inserted::MailSuppressed) => {
                self.audit.record(event());
                Ok(ImportOutcome::Imported(Box::new(user)))
            }
        }
    }
}

/// Whether every database keeps this time as it is: MySQL's DATETIME begins with the year 1000, RFC 3339 ends with 9999, and none has
/// leap seconds, which chrono counts as more than a second's nanoseconds.
fn is_storable(time: DateTime<Utc>) -> bool {
    (1000..=9999).contains(&time.year()) && time.nanosecond() < 1_000_000_000
}

#[cfg(test)]
mod tests;
