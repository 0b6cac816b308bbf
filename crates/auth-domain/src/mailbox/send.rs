//! Sends the mails whose time has come. What a mail says is decided now: whoever asked for it waited for none of this.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    accounts::ports::UserStore,
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    identity::{
        clock::{Clock, Ids},
        email::Email,
        language::Language,
        port_error::PortError,
        request_context::RequestContext,
        user::User,
    },
    mail::{
        message::{Enclosed, Mail, Occasion, Outgoing, Template},
        outbox::{Entry, Lease, Settled},
        ports::{Delivery, MailTransport, Outbox, ProofCodec, ProofStore},
        proof::{Proof, Purpose},
        retry::next_attempt,
    },
    mailbox::ports::MailboxStore,
};

/// How many mails are taken at a time.
pub const BATCH: u32 = 50;

/// For how long mails are taken: so long the others of a server that has died wait.
const LEASE: TimeDelta = TimeDelta::minutes(3);

/// What has to be left of it for another mail to begin: a delivery, however slow, and the database's answers around it. Otherwise another server
/// might take a mail that is under way.
const NEEDED: TimeDelta = TimeDelta::minutes(2);

/// Where links lead: a token is added as `#token=…`, so that no server and no log on the way ever has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    pub verify: String,
    pub reset: String,
    pub email: String,
    pub undo: String,
}

#[derive(Clone)]
pub struct SendMails {
    pub outbox: Arc<dyn Outbox>,
    /// For registrations.
    pub proofs: Arc<dyn ProofStore>,
    pub users: Arc<dyn UserStore>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub codec: Arc<dyn ProofCodec>,
    pub transport: Arc<dyn MailTransport>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    pub links: Links,
    /// Of mails that nobody's request gives a language.
    pub language: Language,
}

/// What became of a batch.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    pub sent: u64,
    pub deferred: u64,
    pub dead: u64,
    /// There was nothing to say.
    pub dropped: u64,
    /// Whether more may be due already.
    pub more: bool,
    /// Why the mail server takes no mail at all for now, in its words.
    pub server_is_away: Option<String>,
}

/// What became of one mail.
struct Attempt {
    outcome: Settled,
    /// Why it is dead, if it is.
    reason: Option<Reason>,
    /// Why the mail server takes no mail at all for now, if so.
    server_is_away: Option<String>,
}

impl Attempt {
    fn done(outcome: Settled) -> Self {
        Self { outcome, reason: None, server_is_away: None }
    }

    fn dead(why: String, reason: Reason) -> Self {
        Self { reason: Some(reason), ..Self::done(Settled::Dead { why }) }
    }
}

impl SendMails {
    /// Sends a batch. Begins no further mail once `stop` says so; what was taken and not tried is given back.
    ///
    /// # Errors
    /// An outage of the database. The mail that was under way may be sent again then, once its lease has run out; no other.
    pub async fn execute(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Batch, PortError> {
        let outcome = self.send(stop).await;
        // A connection is kept only for mails that follow at once.
        if !outcome.as_ref().is_ok_and(|batch| batch.more) || stop() {
            self.transport.hang_up().await;
        }
        outcome
    }

    async fn send(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Batch, PortError> {
        let now = self.clock.now();
        let lease = Lease { owner: self.ids.next(), until: now + LEASE };
        let taken = self.outbox.lease(lease, now, BATCH).await?;
        let mut batch = Batch { more: taken.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX), ..Batch::default() };
        let mut untried = taken.len();
        for entry in &taken {
            if stop() || self.clock.now() + NEEDED > lease.until {
                batch.more = true;
                break;
            }
            self.transport.turn().await;
            let attempt = match self.attempt(entry).await {
                Ok(attempt) => attempt,
                Err(outage) => {
                    // Nothing is under way. If this fails as well, the lease runs out.
                    let _given_back = self.outbox.release(lease.owner).await;
                    return Err(outage);
                }
            };
            untried -= 1;
            let server_is_away = attempt.server_is_away.clone();
            self.settle(entry, lease.owner, attempt, &mut batch).await?;
            if server_is_away.is_some() {
                (batch.more, batch.server_is_away) = (false, server_is_away);
                break;
            }
        }
        if untried > 0 {
            self.outbox.release(lease.owner).await?;
        }
        Ok(batch)
    }

    /// # Errors
    /// An outage, before anything was handed over.
    async fn attempt(&self, entry: &Entry) -> Result<Attempt, PortError> {
        let now = self.clock.now();
        if now >= entry.mail.expires_at {
            let why = entry.last_error.clone().unwrap_or_else(|| "it expired before it was tried".to_owned());
            return Ok(Attempt::dead(why, Reason::Expired));
        }
        let mail = match self.mail(&entry.mail, now).await {
            Ok(Some(mail)) => mail,
            Ok(None) => return Ok(Attempt::done(Settled::Dropped)),
            // What is stored of one address must not keep all other mails waiting.
            Err(fault @ (PortError::Corrupt(_) | PortError::Refused(_) | PortError::Internal(_))) => {
                return Ok(self.later(entry, fault.to_string()));
            }
            Err(
                outage
                @ (PortError::Unavailable(_) | PortError::Unknown(_) | PortError::Overloaded { .. } | PortError::Abandoned),
            ) => return Err(outage),
        };
        Ok(match self.transport.deliver(&mail).await {
            Delivery::Accepted => Attempt::done(Settled::Sent),
            Delivery::Refused { why } => Attempt::dead(why, Reason::MailRefused),
            Delivery::Later { why, server_is_away } => {
                let server_is_away = server_is_away.then(|| why.clone());
                Attempt { server_is_away, ..self.later(entry, why) }
            }
        })
    }

    fn later(&self, entry: &Entry, why: String) -> Attempt {
        match next_attempt(entry.attempts + 1, entry.mail.expires_at, self.clock.now()) {
            Some(at) => Attempt::done(Settled::Again { at, why }),
            None => Attempt::dead(why, Reason::Expired),
        }
    }

    /// The mail as it is to be sent; `None` if there is nothing to say any more.
    async fn mail(&self, outgoing: &Outgoing, now: DateTime<Utc>) -> Result<Option<Mail>, PortError> {
        let is_due = match &outgoing.proof {
            // Of one that is no longer good, a newer mail has another, or there is nothing left to prove.
            Some(proof) => proof.check(proof.purpose, now).is_ok(),
            None => outgoing.occasion == Occasion::AccountDeleted,
        };
        if !is_due {
            return Ok(None);
        }
        let Some(template) = self.template(outgoing, now).await? else { return Ok(None) };
        let proof = outgoing.proof.as_ref().filter(|_| template.has_proof());
        Ok(Some(Mail {
            id: outgoing.id,
            template,
            to: outgoing.to.clone(),
            language: outgoing.language.unwrap_or(self.language),
            origin: outgoing.origin,
            other_address: outgoing.other_address.clone(),
            created_at: outgoing.created_at,
            proof: proof.map(|proof| self.enclose(proof)),
        }))
    }

    async fn template(&self, outgoing: &Outgoing, now: DateTime<Utc>) -> Result<Option<Template>, PortError> {
        let to = &outgoing.to;
        Ok(match outgoing.occasion {
            Occasion::Registration if self.mailbox.is_taken(to, None, now).await? => Some(Template::AccountExists),
            Occasion::Registration => Some(Template::Verify),
            Occasion::Verification => self.is_unverified(to, now).await?.then_some(Template::Verify),
            Occasion::Reset => self.account(to).await?.map(|_user| Template::Reset),
            Occasion::Invitation => self.account(to).await?.map(|_user| Template::Invitation),
            Occasion::Change => {
                let own = outgoing.proof.as_ref().and_then(|proof| proof.user);
                let taken = self.mailbox.is_taken(to, own, now).await?;
                Some(if taken { Template::AccountExists } else { Template::Change })
            }
            Occasion::PasswordChanged => Some(Template::PasswordChanged),
            Occasion::EmailChangeRequested => Some(Template::EmailChangeRequested),
            Occasion::EmailChanged => Some(Template::EmailChanged),
            Occasion::NewNetwork => Some(Template::NewNetwork),
            Occasion::AccountDeleted => Some(Template::AccountDeleted),
            Occasion::FactorAdded => Some(Template::FactorAdded),
            Occasion::FactorRemoved => Some(Template::FactorRemoved),
            Occasion::PasskeyAdded => Some(Template::PasskeyAdded),
            Occasion::PasskeyRemoved => Some(Template::PasskeyRemoved),
            Occasion::RecoveryCodeUsed => Some(Template::RecoveryCodeUsed),
            Occasion::RecoveryCodesReplaced => Some(Template::RecoveryCodesReplaced),
            Occasion::FactorsReset => Some(Template::FactorsReset),
            Occasion::PasskeyCloned => Some(Template::PasskeyCloned),
        })
    }

    /// Whether there is an address to verify: of an account, or of a registration that can become one.
    async fn is_unverified(&self, address: &Email, now: DateTime<Utc>) -> Result<bool, PortError> {
        match self.users.find_by_email(address).await? {
            Some(user) => Ok(user.is_active() && user.email_verified_at.is_none()),
            None if self.proofs.registration(address).await?.is_none() => Ok(false),
            None => Ok(!self.mailbox.is_taken(address, None, now).await?),
        }
    }

    async fn account(&self, address: &Email) -> Result<Option<User>, PortError> {
        Ok(self.users.find_by_email(address).await?.filter(User::is_active))
    }

    fn enclose(&self, proof: &Proof) -> Enclosed {
        let (page, typed) = match proof.purpose {
            Purpose::Verify => (&self.links.verify, true),
            Purpose::Reset => (&self.links.reset, true),
            Purpose::Change => (&self.links.email, true),
            Purpose::Undo => (&self.links.undo, false),
        };
        Enclosed {
            link: format!("{page}#token={}", self.codec.token(proof.id)),
            code: typed.then(|| self.codec.code(proof.id)),
            expires_at: proof.expires_at,
        }
    }

    async fn settle(&self, entry: &Entry, owner: Uuid, attempt: Attempt, batch: &mut Batch) -> Result<(), PortError> {
        let (id, now) = (entry.mail.id, self.clock.now());
        if !self.outbox.settle(id, owner, &attempt.outcome, now).await? {
            // Its lease ran out, and it is another server's now.
            return Ok(());
        }
        match attempt.outcome {
            Settled::Sent => batch.sent += 1,
            Settled::Dropped => batch.dropped += 1,
            Settled::Again { .. } => batch.deferred += 1,
            Settled::Dead { .. } => batch.dead += 1,
        }
        if let Some(reason) = attempt.reason {
            let event = AuditEvent::new(EventKind::MailDead, &RequestContext::default(), now).by(Actor::Server);
            self.audit.record(event.because(reason).on(Target::Address(entry.mail.to.clone())));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
