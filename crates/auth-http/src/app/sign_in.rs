//! Signing in: the use cases that begin sessions.

use auth_domain::sign_in::{
    login::{Login, NoticeOfNetwork},
    prove::Prove,
    reauthenticate::Reauthenticate,
    register::{Register, Verification},
};

use super::{
    mail::{verification, writer},
    passwords::verifier,
    ports::Ports,
    sessions::issuer,
    use_cases::Policies,
};

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
                verification: verification(ports, policies),
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
                notices: policies.mail.as_ref().map(|mail| NoticeOfNetwork {
                    networks: ports.passwords.attempts.clone(),
                    writer: writer(ports, Some(mail)),
                }),
                unverified: match verification(ports, policies) {
                    Verification::Required(ask) => Some(ask),
                    Verification::Optional(_) | Verification::Off => None,
                },
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
