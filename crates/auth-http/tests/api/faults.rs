//! Faults: what breaks around the program, and what clients must hear of it: the answer or 503, never a wrong "no".

mod disk;
mod kill;
mod pool;
mod stop;

use crate::service::Answer;

fn is_unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (503, "unavailable"), "{what}");
    assert!(answer.header("retry-after").is_some(), "{what}");
}
