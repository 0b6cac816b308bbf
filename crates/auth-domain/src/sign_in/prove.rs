//! The first stage of signing in: somebody proves to own an account. Whatever is wrong, it takes the same time.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    accounts::ports::UserStore,
    identity::{
        clock::Clock, email::Email, method::Method, password_hash::PasswordHash, port_error::PortError,
        request_context::RequestContext, user::User,
    },
    passwords::{
        policy::PasswordAttempt,
        ports::PasswordHasher,
        verify::{PasswordVerifier, Verdict},
    },
    sessions::authentication::Authentication,
};

/// Proves the owner of an account.
#[derive(Clone)]
pub struct Prove {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub verifier: PasswordVerifier,
    pub clock: Arc<dyn Clock>,
}

/// Who has proven to own which account, how and when. It holds as long as the account has the same
/// [version](User::version): whoever begins a session by it has the store compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub user: User,
    pub authentication: Authentication,
    /// The same for the audit trail.
    pub methods: Vec<Method>,
}

/// What came of an attempt to prove it.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proven {
    Owner(Proof),
    UnknownAddress,
    WrongPassword(User),
    /// The password was right.
    Disabled(User),
    Throttled {
        retry_after: Duration,
    },
}

impl Proof {
    #[must_use]
    pub fn by_password(user: User, at: DateTime<Utc>) -> Self {
        Self { user, authentication: Authentication::by_password(at), methods: vec![Method::Password] }
    }
}

impl Prove {
    /// By a password. Without an account a decoy is verified, so that the time does not tell.
    ///
    /// # Errors
    /// An outage.
    pub async fn by_password(
        &self,
        email: &Email,
        attempt: PasswordAttempt,
        context: &RequestContext,
    ) -> Result<Proven, PortError> {
        let place = self.hasher.admit()?;
        let found = self.users.find_by_email(email).await?;
        let verdict = self.verifier.verify(place, email, found.as_ref(), attempt.clone(), context).await?;
        Ok(match (verdict, found) {
            (Verdict::Throttled { retry_after }, _) => Proven::Throttled { retry_after },
            (Verdict::Right | Verdict::Wrong, None) => Proven::UnknownAddress,
            (Verdict::Wrong, Some(user)) => Proven::WrongPassword(user),
            (Verdict::Right, Some(user)) if !user.is_active() => Proven::Disabled(user),
            (Verdict::Right, Some(user)) => {
                self.rehash(&user, attempt).await?;
                Proven::Owner(Proof::by_password(user, self.clock.now()))
            }
        })
    }

    /// Replaces a hash of a lower cost, or of another form than NFC, now that the password is at hand.
    async fn rehash(&self, user: &User, attempt: PasswordAttempt) -> Result<(), PortError> {
        let Some(hash) = &user.password else { return Ok(()) };
        if !self.hasher.is_outdated(hash) && self.is_of_nfc(hash, &attempt).await? {
            return Ok(());
        }
        let stronger = match self.hasher.admit() {
            Ok(place) => self.hasher.hash(place, attempt.proven()).await,
            Err(full) => Err(full),
        };
        match stronger {
            // There will be other logins to do it at, or the client has left: no reason to refuse this one.
            Err(PortError::Overloaded { .. } | PortError::Abandoned) => {}
            // Who loses this race has nothing to do: another login did the same, or the password changed.
            outcome => {
                let _replaced = self.users.replace_hash(user.id, hash, &outcome?).await?;
            }
        }
        Ok(())
    }

    /// Whether a right password is right in NFC. Asks the hasher only about the few that were not typed in it.
    async fn is_of_nfc(&self, hash: &PasswordHash, attempt: &PasswordAttempt) -> Result<bool, PortError> {
        let Some(composed) = attempt.composed() else { return Ok(true) };
        let verified = match self.hasher.admit() {
            Ok(place) => self.hasher.verify(place, composed, Some(hash)).await,
            Err(full) => Err(full),
        };
        match verified {
            // There will be other logins to find out at.
            Err(PortError::Overloaded { .. } | PortError::Abandoned) => Ok(true),
            outcome => outcome,
        }
    }
}
