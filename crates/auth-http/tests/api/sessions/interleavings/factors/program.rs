//! Random programs about second factors: who asks which of two servers for what.

use proptest::prelude::*;

/// What somebody shows: right, as far as the account has such a thing.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    /// The code that an app shows now.
    App(usize),
    /// The one that was used last.
    Replay(usize),
    /// Any recovery code that was ever given out.
    Recovery(usize),
    Wrong,
}

#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The first step, or all of it.
    Login,
    SecondStep {
        token: usize,
        shown: Shown,
    },
    StepUp {
        session: usize,
        shown: Shown,
    },
    ByPassword {
        session: usize,
    },
    Enrol {
        session: usize,
    },
    Confirm {
        session: usize,
        right: bool,
    },
    Remove {
        session: usize,
        factor: usize,
    },
    Replace {
        session: usize,
    },
    ChangePassword {
        session: usize,
    },
    /// By an operator.
    Reset,
}

#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub act: Act,
    pub server: usize,
}

fn shown() -> impl Strategy<Value = Shown> {
    prop_oneof![
        4 => (0..8_usize).prop_map(Shown::App),
        2 => (0..8_usize).prop_map(Shown::Replay),
        4 => (0..64_usize).prop_map(Shown::Recovery),
        1 => Just(Shown::Wrong),
    ]
}

/// The newest are the most interesting: they are counted from the end.
pub fn programs() -> impl Strategy<Value = Vec<Step>> {
    let recent = || prop_oneof![4 => 0..2_usize, 1 => 0..16_usize];
    let act = prop_oneof![
        5 => Just(Act::Login),
        10 => (recent(), shown()).prop_map(|(token, shown)| Act::SecondStep { token, shown }),
        6 => (recent(), shown()).prop_map(|(session, shown)| Act::StepUp { session, shown }),
        1 => recent().prop_map(|session| Act::ByPassword { session }),
        4 => recent().prop_map(|session| Act::Enrol { session }),
        6 => (recent(), prop::bool::weighted(0.85)).prop_map(|(session, right)| Act::Confirm { session, right }),
        2 => (recent(), 0..8_usize).prop_map(|(session, factor)| Act::Remove { session, factor }),
        1 => recent().prop_map(|session| Act::Replace { session }),
        1 => recent().prop_map(|session| Act::ChangePassword { session }),
        1 => Just(Act::Reset),
    ];
    // Without a factor there is little to see.
    let begin = [Act::Enrol { session: 0 }, Act::Confirm { session: 0, right: true }].map(|act| Step { act, server: 0 });
    let steps = prop::collection::vec((act, 0..super::super::NUMBERS).prop_map(|(act, server)| Step { act, server }), 10..40);
    steps.prop_map(move |steps| begin.into_iter().chain(steps).collect())
}
