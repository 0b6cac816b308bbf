//! Everything that is stored of an account, for its owner: no hash, no secret, no code.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{
        entry::{AuditCursor, Entry, Filter, Whose},
        kind::EventKind,
        ports::{AuditSink, AuditStore},
    },
    identity::{
        clock::Clock,
        ids::UserId,
        port_error::PortError,
        request_context::{Network, RequestContext},
    },
    mail::{ports::ProofStore, proof::Proof},
    mfa::ports::{FactorList, FactorStore},
    passwords::ports::AttemptStore,
    sessions::{authenticate::SignedIn, ports::SessionStore, session::Session},
};

/// How many entries of the trail are read at a time.
pub const EXPORT_PAGE: u32 = 500;

pub struct ExportAccount {
    pub factors: Arc<dyn FactorStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub attempts: Arc<dyn AttemptStore>,
    pub proofs: Arc<dyn ProofStore>,
    pub trail: Arc<dyn AuditStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// How many live sessions an account may have.
    pub session_limit: u32,
}

/// What is stored beside the account itself, and the first page of its trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountExport {
    pub factors: FactorList,
    /// Those that are alive, newest first.
    pub sessions: Vec<Session>,
    /// Where sessions began, and when one last did.
    pub networks: Vec<(Network, DateTime<Utc>)>,
    /// Those that may still be used.
    pub proofs: Vec<Proof>,
    /// Latest first.
    pub trail: Vec<Entry>,
}

impl ExportAccount {
    /// # Errors
    /// An outage.
    pub async fn execute(&self, caller: &SignedIn, context: &RequestContext) -> Result<AccountExport, PortError> {
        let (user, now) = (caller.user.id, self.clock.now());
        let export = AccountExport {
            factors: self.factors.list(user).await?,
            sessions: self.sessions.live(user, now, self.session_limit).await?,
            networks: self.attempts.networks(user).await?,
            proofs: self.proofs.open(user, now).await?,
            trail: self.page(user, None).await?,
        };
        self.audit.record(caller.event(EventKind::AccountExported, context, now));
        Ok(export)
    }

    /// The entries of the trail behind a place; a page that is not full is the last.
    ///
    /// # Errors
    /// An outage.
    pub async fn page(&self, user: UserId, before: Option<AuditCursor>) -> Result<Vec<Entry>, PortError> {
        let filter = Filter {
            whose: Some(Whose::User(user)),
            event: None,
            since: DateTime::UNIX_EPOCH,
            until: None,
            before,
            limit: EXPORT_PAGE,
        };
        self.trail.list(&filter).await
    }
}

#[cfg(test)]
mod tests;
