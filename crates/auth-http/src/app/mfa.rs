//! Second factors and passkeys: their ports, and what other rooms need to judge one.

use std::sync::Arc;

use actix_web::web::Data;
use auth_domain::{
    factors::ports::{OneTimeTokenCodec, RecoveryCodeMaker, SecondStepStore, TotpCodec},
    identity::method::Method,
    mfa::{
        add::AddFactor, confirm_totp::ConfirmTotp, enrol_totp::EnrolTotp, list::ListFactors, ports::FactorStore,
        reencrypt::ReencryptSecrets, remove::RemoveFactor, rename::RenameFactor, replace_recovery_codes::ReplaceRecoveryCodes,
        reset::ResetFactors, start_up::FindStoredFactors,
    },
    passkeys::{
        assert::AssertPasskey,
        options::PasskeyOptions,
        ports::{PasskeyStore, RelyingParty},
        register::RegisterPasskey,
    },
    sign_in::{login::AskForFactor, second_factor::JudgeSecondFactor},
};

use super::{mail::writer, ports::Ports, sessions::issuer, use_cases::Policies};

/// What the operator decided about passkeys, as far as clients see it.
#[derive(Debug, Clone)]
pub struct PasskeyPolicy {
    /// What people know the application by.
    pub app_name: String,
    pub origins: Vec<String>,
}

#[derive(Clone)]
pub struct FactorPorts {
    pub store: Arc<dyn FactorStore>,
    pub steps: Arc<dyn SecondStepStore>,
    pub passkeys: Arc<dyn PasskeyStore>,
    pub recovery_codes: Arc<dyn RecoveryCodeMaker>,
    pub tokens: Arc<dyn OneTimeTokenCodec>,
    /// Only where a key encrypts secrets.
    pub totp: Option<Arc<dyn TotpCodec>>,
    /// Only where there is an RP ID.
    pub relying_party: Option<Arc<dyn RelyingParty>>,
}

/// What can be done with factors.
pub struct MfaUseCases {
    pub list: ListFactors,
    pub rename: RenameFactor,
    pub remove: RemoveFactor,
    pub replace_recovery_codes: ReplaceRecoveryCodes,
    pub reset: ResetFactors,
    pub stored: FindStoredFactors,
    /// `None` where no key encrypts secrets.
    pub apps: Option<Data<AppUseCases>>,
    /// `None` on a server that takes no passkeys.
    pub passkeys: Option<Data<PasskeyUseCases>>,
}

/// What can be done with authenticator apps.
pub struct AppUseCases {
    pub enrol: EnrolTotp,
    pub confirm: ConfirmTotp,
    pub reencrypt: ReencryptSecrets,
}

/// What can be done with passkeys, but for logging in with one.
pub struct PasskeyUseCases {
    pub options: PasskeyOptions,
    pub register: RegisterPasskey,
    /// The pages that may show one, without apps.
    pub web_origins: Vec<String>,
}

impl MfaUseCases {
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Self {
        let (FactorPorts { store: factors, recovery_codes, .. }, writer) =
            (ports.factors.clone(), writer(ports, policies.mail.as_ref()));
        let (audit, clock) = (ports.audit.sink.clone(), ports.clock.clone());
        Self {
            list: ListFactors { factors: factors.clone() },
            rename: RenameFactor { factors: factors.clone(), audit: audit.clone(), clock: clock.clone() },
            remove: RemoveFactor {
                factors: factors.clone(),
                policy: policies.mfa,
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
                with_factor: policies.admin_factor,
            },
            replace_recovery_codes: ReplaceRecoveryCodes {
                factors: factors.clone(),
                recovery_codes,
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            reset: ResetFactors { factors: factors.clone(), writer, audit, clock, with_factor: policies.admin_factor },
            stored: FindStoredFactors { factors },
            apps: AppUseCases::over(ports, policies).map(Data::new),
            passkeys: PasskeyUseCases::over(ports, policies).map(Data::new),
        }
    }
}

impl AppUseCases {
    fn over(ports: &Ports, policies: &Policies) -> Option<Self> {
        let codec = ports.factors.totp.clone()?;
        let factors = ports.factors.store.clone();
        Some(Self {
            enrol: EnrolTotp {
                factors: factors.clone(),
                codec: codec.clone(),
                ids: ports.ids.clone(),
                audit: ports.audit.sink.clone(),
                clock: ports.clock.clone(),
            },
            confirm: ConfirmTotp { factors: factors.clone(), codec: codec.clone(), add: add(ports, policies) },
            reencrypt: ReencryptSecrets { factors, codec },
        })
    }
}

impl PasskeyUseCases {
    fn over(ports: &Ports, policies: &Policies) -> Option<Self> {
        let (relying_party, policy) = (ports.factors.relying_party.clone()?, policies.passkeys.as_ref()?);
        let FactorPorts { store: factors, steps, passkeys, tokens, .. } = ports.factors.clone();
        Some(Self {
            options: PasskeyOptions {
                relying_party: relying_party.clone(),
                passkeys,
                tokens: tokens.clone(),
                ids: ports.ids.clone(),
                clock: ports.clock.clone(),
                app_name: policy.app_name.clone(),
            },
            register: RegisterPasskey {
                relying_party,
                factors,
                tokens,
                steps,
                ids: ports.ids.clone(),
                add: add(ports, policies),
            },
            web_origins: policy.origins.iter().filter(|origin| origin.starts_with("https://")).cloned().collect(),
        })
    }
}

fn add(ports: &Ports, policies: &Policies) -> AddFactor {
    AddFactor {
        recovery_codes: ports.factors.recovery_codes.clone(),
        issuer: issuer(ports, policies),
        writer: writer(ports, policies.mail.as_ref()),
        audit: ports.audit.sink.clone(),
        clock: ports.clock.clone(),
    }
}

/// Asks for a second factor after a password.
pub(super) fn ask_for_factor(ports: &Ports, policies: &Policies) -> AskForFactor {
    let FactorPorts { totp, relying_party, tokens, .. } = &ports.factors;
    let takes = [(totp.is_some(), Method::Totp), (relying_party.is_some(), Method::Passkey), (true, Method::RecoveryCode)];
    AskForFactor {
        policy: policies.mfa,
        takes: takes.into_iter().filter_map(|(is_taken, method)| is_taken.then_some(method)).collect(),
        tokens: tokens.clone(),
        ids: ports.ids.clone(),
    }
}

/// Judges second steps.
pub(super) fn judge(ports: &Ports, policies: &Policies) -> JudgeSecondFactor {
    let FactorPorts { steps, totp, recovery_codes, .. } = ports.factors.clone();
    JudgeSecondFactor {
        steps,
        totp,
        recovery_codes,
        passkeys: assert_passkey(ports, policies),
        audit: ports.audit.sink.clone(),
        clock: ports.clock.clone(),
    }
}

/// Judges passkeys; `None` where there are none.
pub(super) fn assert_passkey(ports: &Ports, policies: &Policies) -> Option<AssertPasskey> {
    let FactorPorts { steps, passkeys, tokens, relying_party, .. } = ports.factors.clone();
    relying_party.map(|relying_party| AssertPasskey {
        relying_party,
        passkeys,
        tokens,
        steps,
        writer: writer(ports, policies.mail.as_ref()),
        audit: ports.audit.sink.clone(),
        clock: ports.clock.clone(),
    })
}
