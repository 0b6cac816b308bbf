//! Verifies an address: whoever reads its mails, and knows the account's password or is logged in to it, is its owner. A registration
//! becomes an account by the same proof.

use std::{sync::Arc, time::Duration};

use crate::{
    accounts::ports::UserStore,
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{
        clock::{Clock, Ids},
        ids::UserId,
        password_hash::PasswordHash,
        port_error::PortError,
        request_context::RequestContext,
        user::User,
    },
    mail::{
        ports::Registration,
        proof::{Proof, ProofFault, Purpose},
    },
    mailbox::{
        ports::{Completed, MailboxStore},
        present::{PresentError, PresentProof, Presented},
    },
    passwords::{
        policy::{ChosenPassword, NewPassword, PasswordAttempt, PasswordFault, PasswordPolicy},
        verify::{PasswordVerifier, Verdict},
    },
    sessions::authenticate::SignedIn,
};

pub struct VerifyEmail {
    pub present: PresentProof,
    pub users: Arc<dyn UserStore>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub verifier: PasswordVerifier,
    /// What a password may be. Asked once the proof is good: whoever has none learns nothing of it.
    pub policy: PasswordPolicy,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// What comes with the proof: a mailbox alone does not make somebody the owner of an account that another may have registered.
pub enum Claim {
    Bearer(Box<SignedIn>),
    Password(PasswordAttempt),
    /// For a registration alone: whoever proves the mailbox may choose the password.
    NewPassword(ChosenPassword),
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    #[error("the proof is not good")]
    Proof,
    /// The address has an account already, so a new password is not enough.
    #[error("the account's password is needed")]
    PasswordNeeded,
    #[error("the password is not one for an account of this address")]
    Password(Vec<PasswordFault>),
    #[error("the password is wrong")]
    Mismatch,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<PresentError> for VerifyEmailError {
    fn from(error: PresentError) -> Self {
        match error {
            PresentError::Refused => Self::Proof,
            PresentError::Port(error) => Self::Port(error),
        }
    }
}

impl VerifyEmail {
    /// # Errors
    /// [`VerifyEmailError`]; the proof is as good as before, unless the outcome is unknown.
    pub async fn execute(&self, presented: &Presented, claim: Claim, context: &RequestContext) -> Result<(), VerifyEmailError> {
        let proof = self.present.execute(Purpose::Verify, presented, context).await?;
        match self.users.find_by_email(&proof.address).await? {
            Some(user) if user.is_active() => self.verify(&proof, &user, claim, context).await,
            Some(_disabled) => Err(self.present.refuse_good(&proof, ProofFault::NoAccount, context).into()),
            None => match self.present.proofs.registration(&proof.address).await? {
                Some(registration) => self.complete(&proof, registration, claim, context).await,
                None => Err(self.present.refuse_good(&proof, ProofFault::NoAccount, context).into()),
            },
        }
    }

    async fn verify(&self, proof: &Proof, user: &User, claim: Claim, context: &RequestContext) -> Result<(), VerifyEmailError> {
        match claim {
            Claim::Bearer(caller) if caller.user.id == user.id => {}
            Claim::Bearer(_) => return Err(self.present.refuse_good(proof, ProofFault::OtherAccount, context).into()),
            Claim::Password(attempt) => self.check(user, Some(user), attempt, context).await?,
            Claim::NewPassword(_) => return Err(VerifyEmailError::PasswordNeeded),
        }
        let now = self.clock.now();
        let event = || AuditEvent::new(EventKind::EmailVerified, context, now).by_owner(user.id, &user.email);
        if !self.mailbox.verify(proof.id, user.id, now).await.or_unknown(&*self.audit, event)? {
            return Err(self.present.refuse_good(proof, ProofFault::Spent, context).into());
        }
        self.audit.record(event());
        Ok(())
    }

    async fn complete(
        &self,
        proof: &Proof,
        registration: Registration,
        claim: Claim,
        context: &RequestContext,
    ) -> Result<(), VerifyEmailError> {
        let hash = match claim {
            Claim::Bearer(_) => return Err(self.present.refuse_good(proof, ProofFault::OtherAccount, context).into()),
            Claim::NewPassword(chosen) => {
                let chosen = self.policy.accept(chosen.expose(), Some(&proof.address));
                self.hash(chosen.map_err(VerifyEmailError::Password)?).await?
            }
            Claim::Password(attempt) => {
                let candidate = self.account(&registration, registration.password.clone());
                self.check(&candidate, None, attempt, context).await?;
                registration.password.clone()
            }
        };
        let user = self.account(&registration, hash);
        let event = |kind| AuditEvent::new(kind, context, user.created_at).by_owner(user.id, &user.email);
        let registered = || event(EventKind::UserRegistered);
        match self.mailbox.complete_registration(proof.id, &user).await.or_unknown(&*self.audit, registered)? {
            Completed::Yes => {
                self.audit.record(registered());
                self.audit.record(event(EventKind::EmailVerified));
                Ok(())
            }
            Completed::ProofGone => Err(self.present.refuse_good(proof, ProofFault::Spent, context).into()),
            Completed::EmailTaken => Err(self.present.refuse_good(proof, ProofFault::NoAccount, context).into()),
        }
    }

    /// The account that a registration becomes.
    fn account(&self, registration: &Registration, password: PasswordHash) -> User {
        let now = self.clock.now();
        let user = User::new(UserId(self.ids.next()), registration.address.clone(), password, now);
        User { email_verified_at: Some(now), language: registration.language, ..user }
    }

    async fn hash(&self, chosen: NewPassword) -> Result<PasswordHash, PortError> {
        let place = self.verifier.hasher.admit()?;
        self.verifier.hasher.hash(place, chosen).await
    }

    /// Checks a password, whose failures count like those of logins.
    async fn check(
        &self,
        candidate: &User,
        known: Option<&User>,
        attempt: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<(), VerifyEmailError> {
        let place = self.verifier.hasher.admit()?;
        match self.verifier.verify(place, &candidate.email, Some(candidate), attempt, context).await? {
            Verdict::Right => Ok(()),
            Verdict::Throttled { retry_after } => Err(VerifyEmailError::TooManyAttempts { retry_after }),
            Verdict::Wrong => {
                let event = AuditEvent::new(EventKind::LoginFailed, context, self.clock.now());
                let target = Target::attempted(&candidate.email, known);
                self.audit.record(event.because(Reason::WrongCurrentPassword).on(target));
                Err(VerifyEmailError::Mismatch)
            }
        }
    }
}

#[cfg(test)]
mod tests;
