//! Maintenance: whether the server can serve, and what it deletes when it is long over.

use std::sync::Arc;

use auth_domain::maintenance::{ports::Readiness, prune::Prune};

use super::{ports::Ports, use_cases::Policies};

#[derive(Clone)]
pub struct MaintenancePorts {
    pub readiness: Arc<dyn Readiness>,
}

pub struct MaintenanceUseCases {
    pub prune: Prune,
}

impl MaintenanceUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        Self {
            prune: Prune {
                sessions: ports.sessions.ended.clone(),
                attempts: ports.passwords.attempts.clone(),
                trail: ports.audit.trail.clone(),
                proofs: ports.mail.proofs.clone(),
                mails: ports.mail.admin.clone(),
                steps: ports.factors.steps.clone(),
                factors: ports.factors.store.clone(),
                trail_kept: policies.audit_kept,
                clock: ports.clock.clone(),
            },
        }
    }
}
