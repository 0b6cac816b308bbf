//! What adding a factor has in common, whatever its kind: the session is authenticated by it, others end, and the first one brings
//! recovery codes.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    factors::{
        ports::RecoveryCodeMaker,
        recovery_code::{RecoveryCode, RecoveryCodes},
        second_step::Evidence,
    },
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    mail::{message::Occasion, writer::MailWriter},
    mfa::ports::{Added, Addition},
    sessions::{authenticate::SignedIn, issue::Issuer, session::Session, token::AccessToken},
};

/// Adds factors.
#[derive(Clone)]
pub struct AddFactor {
    pub recovery_codes: Arc<dyn RecoveryCodeMaker>,
    pub issuer: Issuer,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// What its owner gets with a factor that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorAdded {
    /// Ten with the first factor of an account, otherwise none. Nobody sees them again.
    pub recovery_codes: Vec<RecoveryCode>,
    /// For the session, which is fresh and has a second factor now.
    pub token: AccessToken,
}

/// Why it was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdded {
    Limit,
    /// The account or the session changed meanwhile, or the factor cannot be added any more.
    Gone,
}

/// A factor on its way into the store, with everything that comes with it.
pub(crate) struct Prepared {
    pub(crate) session: Session,
    codes: RecoveryCodes,
    token: AccessToken,
    notice: Option<crate::mail::message::Outgoing>,
    pub(crate) now: DateTime<Utc>,
}

impl Prepared {
    pub(crate) fn addition(&self, caller: &SignedIn) -> Addition<'_> {
        Addition {
            session: &self.session,
            proven: caller.user.version(),
            codes: &self.codes.digests,
            now: self.now,
            notice: self.notice.as_ref(),
        }
    }
}

impl AddFactor {
    /// Everything that is handed out, made before anything is stored.
    ///
    /// # Errors
    /// A key cannot sign, or there are no random numbers.
    pub(crate) fn prepare(
        &self,
        caller: &SignedIn,
        evidence: &Evidence,
        occasion: Occasion,
        context: &RequestContext,
    ) -> Result<Prepared, PortError> {
        let now = self.clock.now();
        let authentication = caller.session.authentication.with(evidence, now);
        let session = Session { authentication, ..caller.session.clone() };
        let token = self.issuer.access(&session, &caller.user, now)?;
        let codes = if caller.user.second_factors.is_empty() { self.recovery_codes.make()? } else { RecoveryCodes::default() };
        let notice = self.writer.notice(occasion, &caller.user, context, now);
        Ok(Prepared { session, codes, token, notice, now })
    }

    /// What came of storing it.
    ///
    /// # Errors
    /// An outage.
    pub(crate) fn finish(
        &self,
        caller: &SignedIn,
        evidence: &Evidence,
        prepared: Prepared,
        outcome: Result<Added, PortError>,
        context: &RequestContext,
    ) -> Result<Result<FactorAdded, NotAdded>, PortError> {
        let event = |kind| caller.event(kind, context, prepared.now);
        let added = || event(EventKind::FactorAdded).by_methods([evidence.method()]);
        match outcome.or_unknown(&*self.audit, added)? {
            Added::Limit => Ok(Err(NotAdded::Limit)),
            Added::No => Ok(Err(NotAdded::Gone)),
            Added::Yes { is_first, ended } => {
                self.audit.record(added());
                for id in ended {
                    self.audit.record(event(EventKind::SessionEnded).because(Reason::FactorAdded).in_session(id));
                }
                let recovery_codes = if is_first { prepared.codes.plain } else { Vec::new() };
                Ok(Ok(FactorAdded { recovery_codes, token: prepared.token }))
            }
        }
    }
}
