//! Asking for proofs: their store mocked.

use std::sync::Arc;

use super::AskForProof;
use crate::{
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
    },
    identity::{language::Language, port_error::PortError, request_context::RequestContext},
    mail::{
        message::{Occasion, Outgoing},
        ports::{MockProofStore, Requested},
        proof::Purpose,
    },
    testing::{
        clock, down,
        mail::{ANN, World, templates, writer},
        told, unheard,
    },
    testkit::{
        MemoryAudit,
        mail::samples::registration,
        samples::{PASSWORD, context, email, operator, start, user},
    },
};

/// What there is to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Verification,
    Registration,
    Reset,
}

const ALL: [Ask; 3] = [Ask::Verification, Ask::Registration, Ask::Reset];

impl Ask {
    fn occasion(self) -> (Occasion, Purpose) {
        match self {
            Self::Verification => (Occasion::Verification, Purpose::Verify),
            Self::Registration => (Occasion::Registration, Purpose::Verify),
            Self::Reset => (Occasion::Reset, Purpose::Reset),
        }
    }

    async fn of(self, ask: &AskForProof) -> Result<(), PortError> {
        match self {
            Self::Verification => ask.verification(&email(ANN), &in_french()).await,
            Self::Registration => ask.registration(&registration(ANN, PASSWORD, 0), &in_french()).await,
            Self::Reset => ask.reset(&email(ANN), &in_french()).await,
        }
    }
}

fn in_french() -> RequestContext {
    RequestContext { language: Some(Language::French), ..context() }
}

async fn asked(ask: Ask, proofs: MockProofStore) -> (Result<(), PortError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let use_case = AskForProof { proofs: Arc::new(proofs), writer: writer(), audit: Arc::new(audit.clone()), clock: clock() };
    (ask.of(&use_case).await, audit.events())
}

fn answering(outcome: fn() -> Result<Requested, PortError>) -> MockProofStore {
    let mut proofs = MockProofStore::new();
    proofs.expect_request().once().returning(move |_, _| outcome());
    proofs
}

#[tokio::test]
async fn nothing_is_asked_but_to_store_a_mail_and_a_proof_of_the_address() {
    for ask in ALL {
        let (occasion, purpose) = ask.occasion();
        let life = if purpose == Purpose::Reset { writer().reset_life } else { writer().verify_life };
        let expected = move |mail: &Outgoing| {
            let proof = mail.proof.clone().unwrap();
            assert_eq!((mail.occasion, &mail.to, mail.language), (occasion, &email(ANN), Some(Language::French)));
            assert_eq!((proof.purpose, &proof.address, proof.user), (purpose, &email(ANN), None), "of whoever has the address");
            assert_eq!((proof.created_at, proof.expires_at, mail.expires_at), (start(), start() + life, start() + life));
            true
        };
        let mut proofs = MockProofStore::new();
        let is_told =
            move |given: Option<&_>| given.cloned() == (ask == Ask::Registration).then(|| registration(ANN, PASSWORD, 0));
        let request = proofs.expect_request().withf(move |mail, given| expected(mail) && is_told(*given));
        request.once().returning(|_, _| Ok(Requested::Queued));
        let (outcome, events) = asked(ask, proofs).await;
        assert!(outcome.is_ok());
        let kind = if ask == Ask::Reset { "reset_requested" } else { "verification_sent" };
        assert_eq!(told(&events), [(kind, None)]);
        assert_eq!(events[0].target, Target::Address(email(ANN)), "nobody has looked whether it has an account");
    }
}

#[tokio::test]
async fn one_mail_too_many_is_answered_alike_and_audited() {
    for ask in ALL {
        let (outcome, events) = asked(ask, answering(|| Ok(Requested::Suppressed))).await;
        assert!(outcome.is_ok());
        assert_eq!(told(&events), [("mail_suppressed", None)]);
        let target = Target::Mailbox { purpose: ask.occasion().1, email: Some(email(ANN)), user: None };
        assert_eq!(events[0].target, target);
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    for ask in ALL {
        let (outcome, events) = asked(ask, answering(down)).await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn what_may_have_been_stored_is_audited() {
    for ask in ALL {
        let (outcome, events) = asked(ask, answering(unheard)).await;
        assert!(matches!(outcome, Err(PortError::Unknown(_))));
        let kind = if ask == Ask::Reset { "reset_requested" } else { "verification_sent" };
        assert_eq!(told(&events), [(kind, Some("outcome_unknown"))]);
    }
}

#[tokio::test]
async fn a_request_that_sends_nothing_leaves_the_older_proof_and_registration_as_they_are() {
    let world = World::default();
    let first = world.registered(ANN, PASSWORD).await;
    world.ask().registration(&registration(ANN, "Another-Horse-7", 1), &context()).await.unwrap();
    assert_eq!(templates(&world.post().await), []);
    let kept = world.present().proofs.registration(&email(ANN)).await.unwrap().unwrap();
    assert_eq!(kept, registration(ANN, PASSWORD, 0));
    assert!(world.present().execute(Purpose::Verify, &crate::testing::mail::by_token(&first), &context()).await.is_ok());
    assert_eq!(world.told().iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["verification_sent", "mail_suppressed"]);
    // One purpose does not use up what another has.
    world.keep(user(ANN)).await;
    world.asked_to_reset(ANN).await;
}

/// What the trail has when somebody who administers asks for the owner of an account.
async fn asked_for_ann(outcome: fn() -> Result<Requested, PortError>) -> (Result<(), PortError>, Vec<(EventKind, Actor)>) {
    let (audit, proofs) = (MemoryAudit::default(), Arc::new(answering(outcome)));
    let ask = AskForProof { proofs, writer: writer(), audit: Arc::new(audit.clone()), clock: clock() };
    let outcome = ask.reset_for(&user(ANN), &operator()).await;
    (outcome, audit.events().iter().map(|event| (event.kind, event.actor)).collect())
}

#[tokio::test]
async fn the_trail_says_who_asked_for_somebody_and_whether_a_mail_goes_out() {
    let outcomes: [fn() -> Result<Requested, PortError>; 2] = [|| Ok(Requested::Queued), || Ok(Requested::Suppressed)];
    for (requested, kind) in outcomes.into_iter().zip([EventKind::ResetRequested, EventKind::MailSuppressed]) {
        let (outcome, events) = asked_for_ann(requested).await;
        assert!(outcome.is_ok());
        assert_eq!(events, [(kind, Actor::Operator)]);
    }
}

#[tokio::test]
async fn an_outage_stays_one_where_somebody_asks_for_another() {
    let (outcome, events) = asked_for_ann(down).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))) && events.is_empty());
}
