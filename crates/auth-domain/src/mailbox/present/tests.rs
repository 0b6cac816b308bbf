//! Presenting proofs: their store mocked, and then any use of one in any order.

mod sequences;

use std::sync::Arc;

use mockall::predicate::eq;

use super::{PresentError, PresentProof, Presented};
use crate::{
    audit::event::{AuditEvent, Target},
    identity::{email::Email, ids::UserId, port_error::PortError},
    mail::{
        ports::{MockProofCodec, MockProofStore},
        proof::{Proof, ProofFault, ProofId, Purpose},
    },
    testing::{clock, down, mail::ANN, told, unheard},
    testkit::{
        MemoryAudit,
        mail::samples::LIFE,
        samples::{context, email, id, start},
    },
};

struct Scene {
    proofs: MockProofStore,
    codec: MockProofCodec,
}

impl Scene {
    fn new() -> Self {
        Self { proofs: MockProofStore::new(), codec: MockProofCodec::new() }
    }

    /// A token that is this proof's.
    fn opening(proof: &Proof) -> Self {
        let (mut scene, id, found) = (Self::new(), proof.id, proof.clone());
        scene.codec.expect_open().with(eq("token")).once().returning(move |_| Some(id));
        scene.proofs.expect_find().with(eq(id)).once().returning(move |_| Ok(Some(found.clone())));
        scene
    }

    /// A code whose try is counted at this proof, if there is one.
    fn trying(proof: Option<&Proof>, is_right: bool) -> Self {
        let (mut scene, found) = (Self::new(), proof.cloned());
        let tried = scene.proofs.expect_try_code().with(eq(Purpose::Reset), eq(email(ANN)), eq(None), eq(start()));
        tried.once().returning(move |_, _, _, _| Ok(found.clone()));
        scene
            .codec
            .expect_is_code()
            .with(eq(proof.map_or(ProofId(id()), |proof| proof.id)), eq("12345678"))
            .return_const(is_right);
        scene
    }

    async fn present(self, presented: &Presented) -> (Result<Proof, PresentError>, Vec<AuditEvent>) {
        let audit = MemoryAudit::default();
        let (proofs, codec) = (Arc::new(self.proofs), Arc::new(self.codec));
        let present = PresentProof { proofs, codec, audit: Arc::new(audit.clone()), clock: clock() };
        (present.execute(Purpose::Reset, presented, &context()).await, audit.events())
    }

    async fn ends_refused_because(self, presented: &Presented, reason: &str) -> AuditEvent {
        let (outcome, events) = self.present(presented).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, PresentError::Refused));
        assert_eq!(error.to_string(), "the proof is not good", "whatever is wrong with it");
        assert_eq!(told(&events), [("proof_refused", Some(reason))]);
        events.into_iter().next().unwrap()
    }
}

fn a_token() -> Presented {
    Presented::Token("token".to_owned())
}

fn a_code(account: Option<UserId>) -> Presented {
    Presented::Code { address: email(ANN), account, code: "12345678".to_owned() }
}

fn good() -> Proof {
    Proof::new(ProofId(id()), Purpose::Reset, email(ANN), start(), LIFE)
}

fn about(email: Option<Email>, user: Option<UserId>) -> Target {
    Target::Mailbox { purpose: Purpose::Reset, email, user }
}

#[tokio::test]
async fn a_token_that_this_server_did_not_make_costs_no_look() {
    let mut scene = Scene::new();
    scene.codec.expect_open().once().return_const(None);
    let event = scene.ends_refused_because(&a_token(), "unknown").await;
    assert_eq!(event.target, about(None, None));
}

#[tokio::test]
async fn a_proof_that_is_gone_is_unknown() {
    let mut scene = Scene::new();
    scene.codec.expect_open().return_const(Some(good().id));
    scene.proofs.expect_find().once().returning(|_| Ok(None));
    scene.ends_refused_because(&a_token(), "unknown").await;
}

#[tokio::test]
async fn a_good_token_is_its_proof() {
    let proof = good();
    let (outcome, events) = Scene::opening(&proof).present(&a_token()).await;
    assert_eq!((outcome.unwrap(), events), (proof, vec![]));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_proof_is_told_to_the_trail_alone() {
    let user = UserId(id());
    let faulty = [
        (Proof { purpose: Purpose::Verify, ..good() }, "other_purpose"),
        (Proof { spent_at: Some(start()), ..good() }, "spent"),
        (Proof { voided_at: Some(start()), ..good() }, "voided"),
        (Proof { expires_at: start(), ..good() }, "expired"),
        // Used is what matters most.
        (Proof { spent_at: Some(start()), voided_at: Some(start()), expires_at: start(), ..good() }, "spent"),
    ];
    for (proof, reason) in faulty {
        let event = Scene::opening(&proof.of(user)).ends_refused_because(&a_token(), reason).await;
        assert_eq!(event.target, about(Some(email(ANN)), Some(user)));
    }
    let last_moment = Proof { expires_at: start() + chrono::TimeDelta::microseconds(1), ..good() };
    assert!(Scene::opening(&last_moment).present(&a_token()).await.0.is_ok());
}

#[tokio::test]
async fn a_good_proof_can_be_refused_for_what_it_is_used_for() {
    let (audit, proof) = (MemoryAudit::default(), good());
    let present = PresentProof {
        proofs: Arc::new(MockProofStore::new()),
        codec: Arc::new(MockProofCodec::new()),
        audit: Arc::new(audit.clone()),
        clock: clock(),
    };
    let reasons = [(ProofFault::NoAccount, "no_account"), (ProofFault::OtherAccount, "other_account")];
    for (fault, reason) in reasons {
        assert!(matches!(present.refuse_good(&proof, fault, &context()), PresentError::Refused));
        let event = audit.events().pop().unwrap();
        assert_eq!(
            (told(std::slice::from_ref(&event)), &event.target),
            (vec![("proof_refused", Some(reason))], &about(Some(email(ANN)), None))
        );
    }
}

#[tokio::test]
async fn a_code_is_counted_before_it_is_looked_at() {
    // `take_back_try` would panic.
    let event = Scene::trying(Some(&good()), false).ends_refused_because(&a_code(None), "wrong_code").await;
    assert_eq!(event.target, about(Some(email(ANN)), None));
}

#[tokio::test]
async fn a_right_code_gives_its_try_back() {
    let proof = good();
    let mut scene = Scene::trying(Some(&proof), true);
    scene.proofs.expect_take_back_try().with(eq(proof.id)).once().returning(|_| Ok(()));
    assert_eq!(scene.present(&a_code(None)).await.0.unwrap(), proof);
}

#[tokio::test]
async fn without_a_proof_that_has_tries_left_no_code_is_looked_at() {
    let mut scene = Scene::trying(None, true);
    scene.codec = MockProofCodec::new();
    let event = scene.ends_refused_because(&a_code(None), "unknown").await;
    assert_eq!(event.target, about(Some(email(ANN)), None));
}

#[tokio::test]
async fn a_code_of_one_account_is_looked_for_among_its_own() {
    let user = UserId(id());
    let mut scene = Scene::new();
    let tried = scene.proofs.expect_try_code().with(eq(Purpose::Reset), eq(email(ANN)), eq(Some(user)), eq(start()));
    tried.once().returning(|_, _, _, _| Ok(None));
    let event = scene.ends_refused_because(&a_code(Some(user)), "unknown").await;
    assert_eq!(event.target, about(Some(email(ANN)), Some(user)));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut finding = Scene::new();
    finding.codec.expect_open().return_const(Some(good().id));
    finding.proofs.expect_find().returning(|_| down());
    let mut trying = Scene::new();
    trying.proofs.expect_try_code().returning(|_, _, _, _| down());
    let mut taking_back = Scene::trying(Some(&good()), true);
    taking_back.proofs.expect_take_back_try().returning(|_| down());
    for (scene, presented) in [(finding, a_token()), (trying, a_code(None)), (taking_back, a_code(None))] {
        let (outcome, events) = scene.present(&presented).await;
        assert!(matches!(outcome, Err(PresentError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
    let mut scene = Scene::new();
    scene.proofs.expect_try_code().returning(|_, _, _, _| unheard());
    assert!(matches!(scene.present(&a_code(None)).await.0, Err(PresentError::Port(PortError::Unknown(_)))));
}
