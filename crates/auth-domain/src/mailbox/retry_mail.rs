//! Lets a mail be tried now that waits for its next attempt, or was given up.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    identity::{clock::Clock, port_error::PortError},
    mail::{
        message::MailId,
        outbox::{Entry, MailState},
        ports::OutboxAdmin,
    },
};

pub struct RetryMail {
    pub outbox: Arc<dyn OutboxAdmin>,
    pub clock: Arc<dyn Clock>,
}

/// Why a mail is not tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryMailError {
    #[error("there is no such mail")]
    NoSuchMail,
    #[error("the mail was sent")]
    Sent,
    #[error("the mail was dropped: there was nothing to say")]
    Dropped,
    /// What it carries is good no more, or its news is old.
    #[error("the mail expired")]
    Expired(DateTime<Utc>),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl RetryMail {
    /// Whoever is trying it already goes on. Returns the mail as it waits now.
    ///
    /// # Errors
    /// The mail is none that a retry would send, or an outage.
    pub async fn execute(&self, id: MailId) -> Result<Entry, RetryMailError> {
        let (now, found) = (self.clock.now(), self.find(id).await?);
        if found.mail.expires_at <= now {
            return Err(RetryMailError::Expired(found.mail.expires_at));
        }
        let _moved_unless_it_was_done_meanwhile = self.outbox.retry(id, now).await?;
        self.find(id).await
    }

    /// One that is not done for good.
    async fn find(&self, id: MailId) -> Result<Entry, RetryMailError> {
        let entry = self.outbox.find(id).await?.ok_or(RetryMailError::NoSuchMail)?;
        match entry.state {
            MailState::Waiting | MailState::Dead => Ok(entry),
            MailState::Sent => Err(RetryMailError::Sent),
            MailState::Dropped => Err(RetryMailError::Dropped),
        }
    }
}

#[cfg(test)]
mod tests;
