//! Signing in: the use cases that begin sessions.

use auth_domain::{
    mailbox::ask::AskForProof,
    sign_in::{
        begin::{BeginSession, NoticeOfNetwork},
        login::Login,
        login_factor::LoginWithFactor,
        login_passkey::LoginWithPasskey,
        prove::Prove,
        reauthenticate::Reauthenticate,
        register::{Register, Verification},
    },
};

use super::{
    mail::{verification, writer},
    mfa::{ask_for_factor, assert_passkey, judge},
    passwords::verifier,
    ports::Ports,
    sessions::{demand_fresh, issuer},
    use_cases::Policies,
};

pub struct SignInUseCases {
    pub register: Register,
    pub login: Login,
    pub login_factor: LoginWithFactor,
    /// `None` on a server that takes no passkeys.
    pub login_passkey: Option<LoginWithPasskey>,
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
                begin: begin(ports, policies),
                second_step: ask_for_factor(ports, policies),
                audit: audit.clone(),
                clock: clock.clone(),
                unverified: unverified(ports, policies),
            },
            login_factor: LoginWithFactor {
                judge: judge(ports, policies),
                begin: begin(ports, policies),
                tokens: ports.factors.tokens.clone(),
                clock: clock.clone(),
            },
            login_passkey: assert_passkey(ports, policies).map(|passkeys| LoginWithPasskey {
                passkeys,
                begin: begin(ports, policies),
                clock: clock.clone(),
                unverified: unverified(ports, policies),
            }),
            reauthenticate: Reauthenticate {
                proof: verifier(ports, policies),
                judge: judge(ports, policies),
                demand: demand_fresh(ports, policies),
                sessions: ports.sessions.store.clone(),
                issuer: issuer(ports, policies),
                writer: writer(ports, policies.mail.as_ref()),
                audit,
                clock,
            },
        }
    }
}

fn begin(ports: &Ports, policies: &Policies) -> BeginSession {
    BeginSession {
        sessions: ports.sessions.store.clone(),
        issuer: issuer(ports, policies),
        audit: ports.audit.sink.clone(),
        clock: ports.clock.clone(),
        session_limit: policies.sessions_per_user,
        notices: policies
            .mail
            .as_ref()
            .map(|mail| NoticeOfNetwork { networks: ports.passwords.attempts.clone(), writer: writer(ports, Some(mail)) }),
    }
}

/// What mails a proof to accounts whose address has to be verified before they can log in.
fn unverified(ports: &Ports, policies: &Policies) -> Option<AskForProof> {
    match verification(ports, policies) {
        Verification::Required(ask) => Some(ask),
        Verification::Optional(_) | Verification::Off => None,
    }
}
