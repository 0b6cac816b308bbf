//! Any sequence of asking, using and waiting: a proof is good once, only the newest is, and five wrong codes are its last.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use crate::{
    identity::clock::Clock,
    mail::{
        allowance::Allowance,
        message::Mail,
        proof::{CODE_TRIES, Purpose},
    },
    mailbox::{
        present::{PresentError, Presented},
        reset::ResetPasswordError,
        verify::{Claim, VerifyEmailError},
    },
    passwords::policy::ChosenPassword,
    testing::mail::{ANN, World, by_code, by_token, writer, wrong_code},
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, user},
};

#[derive(Debug, Clone, Copy)]
enum Step {
    Ask,
    Wait(i64),
    /// By the token of a mail, counted from the newest.
    Token(usize),
    Code(usize),
    WrongCode,
    /// By a token, without what else it takes.
    Half(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Ask),
        2 => prop_oneof![1_i64..90, 600_i64..4000, Just(24 * 3600)].prop_map(Step::Wait),
        1 => (0_usize..3).prop_map(Step::Token),
        1 => (0_usize..3).prop_map(Step::Code),
        4 => Just(Step::WrongCode),
        1 => (0_usize..2).prop_map(Step::Half),
    ]
}

/// What the rules say of a mail.
struct Sent {
    mail: Mail,
    is_over: bool,
    wrong: i64,
    until: DateTime<Utc>,
}

#[derive(Default)]
struct Model {
    mails: Vec<Sent>,
    allowance: Allowance,
}

impl Model {
    fn counted_back(&self, back: usize) -> Option<usize> {
        self.mails.len().checked_sub(back + 1)
    }

    fn is_good(&self, at: usize, now: DateTime<Utc>) -> bool {
        let sent = &self.mails[at];
        at + 1 == self.mails.len() && !sent.is_over && now < sent.until
    }

    /// By its code: while it has tries.
    fn is_typable(&self, at: usize, now: DateTime<Utc>) -> bool {
        self.is_good(at, now) && self.mails[at].wrong < CODE_TRIES
    }
}

/// What is done with a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Verify,
    Reset,
}

impl Use {
    async fn ask(self, world: &World) {
        match self {
            Self::Verify => world.ask().verification(&email(ANN), &context()).await.unwrap(),
            Self::Reset => world.ask().reset(&email(ANN), &context()).await.unwrap(),
        }
    }

    /// Whether the proof was found good. With `half` of what it takes it is not used.
    async fn present(self, world: &World, presented: &Presented, half: bool) -> bool {
        match self {
            Self::Verify => {
                let claim = if half {
                    Claim::NewPassword(ChosenPassword::new(OTHER_PASSWORD.to_owned()))
                } else {
                    Claim::Password(attempt(PASSWORD))
                };
                match world.verify().execute(presented, claim, &context()).await {
                    Ok(()) => true,
                    Err(VerifyEmailError::PasswordNeeded) => half,
                    Err(VerifyEmailError::Proof) => false,
                    Err(error) => panic!("{error}"),
                }
            }
            Self::Reset => {
                let new = ChosenPassword::new(if half { "short" } else { OTHER_PASSWORD }.to_owned());
                match world.reset().execute(presented, new, &context()).await {
                    Ok(()) => true,
                    Err(ResetPasswordError::Password(_)) => half,
                    Err(ResetPasswordError::Proof) => false,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    fn life(self) -> TimeDelta {
        match self {
            Self::Verify => writer().verify_life,
            Self::Reset => writer().reset_life,
        }
    }
}

async fn follow(what: Use, steps: Vec<Step>) {
    let (world, mut model) = (World::default(), Model::default());
    world.keep(user(ANN)).await;
    for (number, step) in steps.iter().copied().enumerate() {
        let (now, place) = (world.clock.now(), format!("{what:?}, step {number} of {steps:?}"));
        match step {
            Step::Ask => {
                what.ask(&world).await;
                let claimed = model.allowance.claim(now);
                // Nothing is said of an address that is verified, but older proofs are void all the same.
                let is_silent = what == Use::Verify && world.user(ANN).await.unwrap().email_verified_at.is_some();
                let mut mails = world.post().await;
                // Beside them there are notices.
                mails.retain(|mail| mail.proof.as_ref().is_some_and(|proof| proof.code.is_some()));
                assert_eq!(mails.len(), usize::from(claimed.is_some() && !is_silent), "{place}");
                let Some(allowance) = claimed else { continue };
                model.allowance = allowance;
                model.mails.iter_mut().for_each(|sent| sent.is_over = true);
                let sent = mails.into_iter().map(|mail| Sent { mail, is_over: false, wrong: 0, until: now + what.life() });
                model.mails.extend(sent);
            }
            Step::Wait(seconds) => world.clock.advance(TimeDelta::seconds(seconds)),
            Step::Token(back) | Step::Half(back) => {
                let Some(at) = model.counted_back(back) else { continue };
                let (half, expected) = (matches!(step, Step::Half(_)), model.is_good(at, now));
                let presented = by_token(&model.mails[at].mail);
                assert_eq!(what.present(&world, &presented, half).await, expected, "{place}");
                model.mails[at].is_over |= expected && !half;
            }
            Step::Code(back) => {
                let (Some(at), Some(newest)) = (model.counted_back(back), model.counted_back(0)) else { continue };
                let (is_tried, expected) = (model.is_typable(newest, now), model.is_typable(at, now));
                let presented = by_code(&model.mails[at].mail);
                assert_eq!(what.present(&world, &presented, false).await, expected, "{place}");
                model.mails[at].is_over |= expected;
                // An older code is a wrong one of the newest.
                model.mails[newest].wrong += i64::from(is_tried && !expected);
            }
            Step::WrongCode => {
                let Some(newest) = model.counted_back(0) else { continue };
                let is_tried = model.is_typable(newest, now);
                assert!(!what.present(&world, &wrong_code(&model.mails[newest].mail), false).await, "{place}");
                model.mails[newest].wrong += i64::from(is_tried);
            }
        }
    }
    for sent in &model.mails {
        assert!(sent.wrong <= CODE_TRIES);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proof_is_good_once_and_only_the_newest_and_five_wrong_codes_are_its_last(
        steps in proptest::collection::vec(step(), 1..40),
        resets in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(follow(if resets { Use::Reset } else { Use::Verify }, steps));
    }
}

#[tokio::test]
async fn a_proof_of_another_purpose_is_none() {
    let world = World::default();
    world.keep(user(ANN)).await;
    let (reset, verify) = (world.asked_to_reset(ANN).await, world.asked_to_verify(ANN).await);
    let others = [(&reset, Purpose::Verify), (&verify, Purpose::Reset), (&reset, Purpose::Undo), (&reset, Purpose::Change)];
    for (mail, purpose) in others {
        for presented in [by_token(mail), by_code(mail)] {
            let outcome = world.present().execute(purpose, &presented, &context()).await;
            assert!(matches!(outcome, Err(PresentError::Refused)), "{purpose:?}");
        }
    }
}
