//! Mail: its ports, and what proofs of a mailbox do. Only a server that sends mails has these use cases.

use std::sync::Arc;

use auth_domain::{
    identity::language::Language,
    mail::{
        ports::{MailTransport, Outbox, OutboxAdmin, ProofCodec, ProofStore},
        writer::{MailWriter, NoticePolicy},
    },
    mailbox::{
        ask::AskForProof,
        confirm_change::ConfirmEmailChange,
        ports::MailboxStore,
        present::PresentProof,
        request_change::RequestEmailChange,
        reset::ResetPassword,
        send::{Links, SendMails},
        undo::Undo,
        verify::VerifyEmail,
    },
    sign_in::register::Verification,
};
use chrono::TimeDelta;

use super::{passwords::verifier, ports::Ports, use_cases::Policies};
use crate::settings::{EmailVerification, MailSettings};

#[derive(Clone)]
pub struct MailPorts {
    pub proofs: Arc<dyn ProofStore>,
    pub outbox: Arc<dyn Outbox>,
    pub admin: Arc<dyn OutboxAdmin>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub codec: Arc<dyn ProofCodec>,
    /// Only where `MAIL_URL` is set.
    pub transport: Option<Arc<dyn MailTransport>>,
}

/// What the operator decided about mail, as far as the rules go.
#[derive(Debug, Clone)]
pub struct MailPolicy {
    /// What the application is called.
    pub app_name: String,
    pub verification: EmailVerification,
    pub verify_life: TimeDelta,
    pub reset_life: TimeDelta,
    pub notices: NoticePolicy,
    pub links: Links,
    /// Of mails to people whose language is not known.
    pub language: Language,
}

pub struct MailUseCases {
    pub ask: AskForProof,
    pub verify: VerifyEmail,
    pub reset: ResetPassword,
    pub request_change: RequestEmailChange,
    pub confirm_change: ConfirmEmailChange,
    pub undo: Undo,
    pub send: SendMails,
    /// What pages call the application, and their language where a browser asks for none that there is.
    pub app_name: String,
    pub language: Language,
}

impl From<&MailSettings> for MailPolicy {
    fn from(settings: &MailSettings) -> Self {
        Self {
            app_name: settings.app_name.clone(),
            verification: settings.verification,
            verify_life: settings.verify_life,
            reset_life: settings.reset_life,
            notices: settings.notices,
            links: settings.links.clone(),
            language: settings.language,
        }
    }
}

impl MailUseCases {
    /// `None` on a server that sends no mail.
    pub(super) fn over(ports: &Ports, policies: &Policies) -> Option<Self> {
        let (policy, transport) = (policies.mail.as_ref()?, ports.mail.transport.clone()?);
        let MailPorts { proofs, outbox, mailbox, codec, .. } = ports.mail.clone();
        let (users, hasher) = (ports.accounts.users.clone(), ports.passwords.hasher.clone());
        let (audit, clock, ids) = (ports.audit.sink.clone(), ports.clock.clone(), ports.ids.clone());
        let writer = writer(ports, Some(policy));
        let present = PresentProof { proofs: proofs.clone(), codec: codec.clone(), audit: audit.clone(), clock: clock.clone() };
        Some(Self {
            ask: ask(ports, policy),
            verify: VerifyEmail {
                present: present.clone(),
                users: users.clone(),
                mailbox: mailbox.clone(),
                verifier: verifier(ports, policies),
                policy: policies.passwords,
                ids: ids.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            reset: ResetPassword {
                present: present.clone(),
                users: users.clone(),
                mailbox: mailbox.clone(),
                hasher,
                policy: policies.passwords,
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            request_change: RequestEmailChange {
                mailbox: mailbox.clone(),
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            confirm_change: ConfirmEmailChange {
                present: present.clone(),
                users: users.clone(),
                mailbox: mailbox.clone(),
                writer: writer.clone(),
                audit: audit.clone(),
                clock: clock.clone(),
            },
            undo: Undo {
                present,
                users: users.clone(),
                mailbox: mailbox.clone(),
                writer,
                audit: audit.clone(),
                clock: clock.clone(),
            },
            send: SendMails {
                outbox,
                proofs,
                users,
                mailbox,
                codec,
                transport,
                ids,
                audit,
                clock,
                links: policy.links.clone(),
                language: policy.language,
            },
            app_name: policy.app_name.clone(),
            language: policy.language,
        })
    }
}

/// Writes mails, for every use case that causes some; on a server that sends none, it writes no notices.
pub(super) fn writer(ports: &Ports, policy: Option<&MailPolicy>) -> MailWriter {
    MailWriter {
        ids: ports.ids.clone(),
        notices: policy.map_or(NoticePolicy::Off, |policy| policy.notices),
        verify_life: policy.map_or(TimeDelta::zero(), |policy| policy.verify_life),
        reset_life: policy.map_or(TimeDelta::zero(), |policy| policy.reset_life),
    }
}

fn ask(ports: &Ports, policy: &MailPolicy) -> AskForProof {
    AskForProof {
        proofs: ports.mail.proofs.clone(),
        writer: writer(ports, Some(policy)),
        audit: ports.audit.sink.clone(),
        clock: ports.clock.clone(),
    }
}

/// What registering asks of the owner of an address.
pub(super) fn verification(ports: &Ports, policies: &Policies) -> Verification {
    match &policies.mail {
        None => Verification::Off,
        Some(policy) => match policy.verification {
            EmailVerification::Optional => Verification::Optional(writer(ports, Some(policy))),
            EmailVerification::Required => Verification::Required(ask(ports, policy)),
        },
    }
}
