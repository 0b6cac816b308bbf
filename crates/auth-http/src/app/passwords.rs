//! Passwords: their ports, and what other rooms need to judge one.

use std::sync::Arc;

use auth_domain::passwords::{
    policy::PasswordPolicy,
    ports::{AttemptStore, PasswordHasher},
    verify::PasswordVerifier,
};

use super::{ports::Ports, use_cases::Policies};

#[derive(Clone)]
pub struct PasswordPorts {
    pub attempts: Arc<dyn AttemptStore>,
    pub hasher: Arc<dyn PasswordHasher>,
}

/// No use case of its own yet: whoever takes a password asks here what it must meet.
pub struct Passwords {
    /// What a new password must meet.
    pub policy: PasswordPolicy,
}

/// Verifies passwords for the use cases that ask for one.
pub(super) fn verifier(ports: &Ports, policies: &Policies) -> PasswordVerifier {
    PasswordVerifier {
        hasher: ports.passwords.hasher.clone(),
        attempts: ports.passwords.attempts.clone(),
        audit: ports.audit.sink.clone(),
        clock: ports.clock.clone(),
        failure_limit: policies.login_failures,
    }
}
