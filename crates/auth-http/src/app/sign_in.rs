//! Signing in: the use cases that begin sessions.

use auth_domain::sign_in::{login::Login, prove::Prove, reauthenticate::Reauthenticate, register::Register};

use super::{passwords::verifier, ports::Ports, sessions::issuer, use_cases::Policies};

pub struct SignInUseCases {
    pub register: Register,
    pub login: Login,
    pub reauthenticate: Reauthenticate,
}

impl SignInUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (users, hasher) = (ports.accounts.users.clone(), ports.passwords.hasher.clone());
        let (audit, clock) = (ports.audit.sink.clone(), ports.clock.clone());
        Self {
            register: Register {
                users: users.clone(),
                hasher: hasher.clone(),
                issuer: issuer(ports, policies),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            login: Login {
                prove: Prove { users, hasher, verifier: verifier(ports, policies), clock: clock.clone() },
                sessions: ports.sessions.store.clone(),
                issuer: issuer(ports, policies),
                audit: audit.clone(),
                clock: clock.clone(),
                session_limit: policies.sessions_per_user,
            },
            reauthenticate: Reauthenticate {
                proof: verifier(ports, policies),
                sessions: ports.sessions.store.clone(),
                issuer: issuer(ports, policies),
                audit,
                clock,
            },
        }
    }
}
