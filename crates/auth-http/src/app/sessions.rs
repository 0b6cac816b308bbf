//! Sessions: their ports, and what can be done with them once they have begun.

use std::sync::Arc;

use auth_domain::sessions::{
    authenticate::Authenticate,
    authentication::DemandFresh,
    end::EndSession,
    issue::Issuer,
    list::ListSessions,
    logout::Logout,
    ports::{EndedSessions, SessionStore, TokenCodec},
    refresh::Refresh,
};

use super::{ports::Ports, use_cases::Policies};
use crate::telemetry::token_notes::LoggedNotes;

#[derive(Clone)]
pub struct SessionPorts {
    pub store: Arc<dyn SessionStore>,
    pub ended: Arc<dyn EndedSessions>,
    pub codec: Arc<dyn TokenCodec>,
}

pub struct SessionUseCases {
    pub authenticate: Authenticate,
    pub demand_fresh: DemandFresh,
    pub refresh: Refresh,
    pub logout: Logout,
    pub list: ListSessions,
    pub end: EndSession,
}

impl SessionUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (SessionPorts { store: sessions, codec, .. }, audit, clock) =
            (ports.sessions.clone(), ports.audit.sink.clone(), ports.clock.clone());
        Self {
            authenticate: Authenticate { codec, sessions: sessions.clone(), clock: clock.clone() },
            demand_fresh: demand_fresh(ports, policies),
            refresh: Refresh {
                sessions: sessions.clone(),
                issuer: issuer(ports, policies),
                audit: audit.clone(),
                clock: clock.clone(),
                reuse_window: policies.reuse_window,
            },
            logout: Logout { sessions: sessions.clone(), audit: audit.clone(), clock: clock.clone() },
            list: ListSessions { sessions: sessions.clone(), clock: clock.clone() },
            end: EndSession { sessions, audit, clock },
        }
    }
}

/// Demands that a caller was authenticated a short while ago.
pub(super) fn demand_fresh(ports: &Ports, policies: &Policies) -> DemandFresh {
    DemandFresh { clock: ports.clock.clone(), window: policies.fresh, mfa: policies.mfa }
}

/// Issues the tokens of sessions, for the use cases that begin or continue one.
pub(super) fn issuer(ports: &Ports, policies: &Policies) -> Issuer {
    Issuer {
        codec: ports.sessions.codec.clone(),
        ids: ports.ids.clone(),
        lifetimes: policies.lifetimes,
        claims: policies.token_claims.clone(),
        notes: Arc::new(LoggedNotes),
        mfa: policies.mfa,
    }
}
