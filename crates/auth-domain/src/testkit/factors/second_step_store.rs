//! What every [`SecondStepStore`](crate::factors::ports::SecondStepStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use chrono::TimeDelta;

use super::samples::token;
use crate::factors::{
    one_time_token::{ONE_TIME_LIFE, OneTimeToken, STEP_TRIES},
    ports::CountedCode,
};
use crate::identity::user::{User, WrongCodes};
use crate::testkit::{
    fixtures::{Stores, together},
    mfa::scenes::{enrolled, with_app},
    samples::{after, user},
};

/// One test per clause: `second_step_store_contract!(fixture)` or `second_step_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! second_step_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::second_step_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; factors::second_step_store:
            finds_an_account_and_its_apps,
            finds_an_account_without_apps,
            counts_a_wrong_code_of_an_account,
            counts_a_wrong_code_after_others_were_forgotten,
            counts_a_contested_wrong_code_once,
            counts_five_wrong_codes_of_a_token,
            counts_five_wrong_codes_of_a_token_however_many_come_at_once,
            counts_a_wrong_code_at_both_or_at_neither,
            uses_a_token_up_once,
            uses_a_token_up_once_however_many_ask,
            forgets_tokens_that_have_expired,
            forgets_tokens_in_batches,
        }
    };
    ($fresh:expr) => {
        $crate::second_step_store_contract!(@all [] $fresh);
    };
}

async fn count(
    stores: &Stores,
    user: &User,
    from: Option<WrongCodes>,
    token: Option<&OneTimeToken>,
    seconds: i64,
) -> CountedCode {
    stores.steps.count_wrong(user.id, from, token, after(seconds)).await.unwrap()
}

fn codes(count: u32, seconds: i64) -> WrongCodes {
    WrongCodes { count, last_at: Some(after(seconds)) }
}

pub async fn finds_an_account_and_its_apps(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    enrolled(stores, "ben@example.org").await;
    let second = with_app(stores, &ann.session, &ann.user, &[], 10).await;
    let user = stores.user(&ann.user).await;
    assert_eq!(stores.steps.find(user.id).await.unwrap(), Some((user, vec![ann.app, second])));
}

pub async fn finds_an_account_without_apps(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert_eq!(stores.steps.find(ann.id).await.unwrap(), Some((ann.clone(), vec![])));
    let waiting = super::samples::app(&ann, 1);
    let _started = stores.factors.start_totp(&waiting, ann.version()).await.unwrap();
    assert_eq!(stores.steps.find(ann.id).await.unwrap(), Some((ann, vec![])), "one that waits does not count");
    assert_eq!(stores.steps.find(user("ben@example.org").id).await.unwrap(), None);
}

pub async fn counts_a_wrong_code_of_an_account(stores: &Stores) {
    let (ann, ben) = (stores.keep_new("ann@example.org").await, stores.keep_new("ben@example.org").await);
    let none = WrongCodes::default();
    assert_eq!(count(stores, &ann, Some(none), None, 1).await, CountedCode::Yes);
    let once = User { wrong_codes: codes(1, 1), ..ann.clone() };
    assert_eq!(stores.user(&ann).await, once, "neither its version nor its time has moved");
    for other in [none, codes(1, 0), codes(2, 1)] {
        assert_eq!(count(stores, &ann, Some(other), None, 2).await, CountedCode::Raced, "{other:?}");
    }
    assert_eq!(count(stores, &ann, None, None, 2).await, CountedCode::Yes);
    assert_eq!(stores.user(&ann).await, once, "it is not counted there");
    assert_eq!(count(stores, &ann, Some(codes(1, 1)), None, 2).await, CountedCode::Yes);
    assert_eq!(stores.user(&ann).await.wrong_codes, codes(2, 2));
    assert_eq!(stores.user(&ben).await, ben);
    assert_eq!(count(stores, &user("cid@example.org"), Some(none), None, 2).await, CountedCode::Raced);
}

/// It is the first again: the number alone would not tell that it was counted.
pub async fn counts_a_wrong_code_after_others_were_forgotten(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    assert_eq!(count(stores, &ann, Some(WrongCodes::default()), None, 1).await, CountedCode::Yes);
    assert_eq!(count(stores, &ann, Some(codes(1, 1)), None, 100_000).await, CountedCode::Yes);
    assert_eq!(stores.user(&ann).await.wrong_codes, codes(1, 100_000));
    assert_eq!(count(stores, &ann, Some(codes(1, 1)), None, 100_001).await, CountedCode::Raced);
    assert_eq!(stores.user(&ann).await.wrong_codes, codes(1, 100_000));
}

pub async fn counts_a_contested_wrong_code_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for (from, to) in [(WrongCodes::default(), codes(1, 1)), (codes(1, 1), codes(1, 100_000))] {
        let outcomes = together((0..16).map(|_| {
            let (steps, ann, now) = (stores.steps.clone(), ann.id, to.last_at.unwrap());
            async move { steps.count_wrong(ann, Some(from), None, now).await.unwrap() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|counted| **counted == CountedCode::Yes).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|counted| **counted == CountedCode::Raced).count(), 15, "{outcomes:?}");
        assert_eq!(stores.user(&ann).await.wrong_codes, to);
    }
}

pub async fn counts_five_wrong_codes_of_a_token(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (first, second) = (token(&ann), token(&ann));
    let mut from = WrongCodes::default();
    for seconds in 1..=STEP_TRIES {
        assert_eq!(count(stores, &ann, Some(from), Some(&first), seconds).await, CountedCode::Yes);
        from = stores.user(&ann).await.wrong_codes;
    }
    assert_eq!(from, codes(5, 5));
    assert_eq!(count(stores, &ann, Some(from), Some(&first), 6).await, CountedCode::TokenUsed);
    assert_eq!(stores.user(&ann).await.wrong_codes, from);
    assert_eq!(count(stores, &ann, Some(from), Some(&second), 6).await, CountedCode::Yes, "another token has its own");
    assert_eq!(stores.user(&ann).await.wrong_codes, codes(6, 6));
}

pub async fn counts_five_wrong_codes_of_a_token_however_many_come_at_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for _ in 0..4 {
        let contested = token(&ann);
        let outcomes = together((0..16).map(|_| {
            let (steps, ann, contested) = (stores.steps.clone(), ann.id, contested.clone());
            async move { steps.count_wrong(ann, None, Some(&contested), after(1)).await.unwrap() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|counted| **counted == CountedCode::Yes).count(), 5, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|counted| **counted == CountedCode::TokenUsed).count(), 11, "{outcomes:?}");
    }
}

pub async fn counts_a_wrong_code_at_both_or_at_neither(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (used, good) = (token(&ann), token(&ann));
    assert!(stores.steps.use_up(&used, after(1)).await.unwrap());
    assert_eq!(count(stores, &ann, Some(WrongCodes::default()), Some(&used), 1).await, CountedCode::TokenUsed);
    assert_eq!(stores.user(&ann).await, ann);
    for _ in 0..=STEP_TRIES {
        assert_eq!(count(stores, &ann, Some(codes(9, 9)), Some(&good), 1).await, CountedCode::Raced);
    }
    assert_eq!(count(stores, &ann, Some(WrongCodes::default()), Some(&good), 1).await, CountedCode::Yes, "no try of it is lost");
}

pub async fn uses_a_token_up_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (first, second) = (token(&ann), token(&ann));
    assert!(stores.steps.use_up(&first, after(1)).await.unwrap());
    assert!(!stores.steps.use_up(&first, after(2)).await.unwrap());
    assert!(stores.steps.use_up(&second, after(2)).await.unwrap());
}

pub async fn uses_a_token_up_once_however_many_ask(stores: &Stores) {
    let contested = token(&user("ann@example.org"));
    let outcomes = together((0..16).map(|_| {
        let (steps, contested) = (stores.steps.clone(), contested.clone());
        async move { steps.use_up(&contested, after(1)).await.unwrap() }
    }))
    .await;
    assert_eq!(outcomes.into_iter().filter(|used| *used).count(), 1);
}

pub async fn forgets_tokens_that_have_expired(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (used, tried) = (token(&ann), token(&ann));
    let newer = OneTimeToken { expires_at: used.expires_at + TimeDelta::microseconds(1), ..token(&ann) };
    assert!(stores.steps.use_up(&used, after(1)).await.unwrap() && stores.steps.use_up(&newer, after(1)).await.unwrap());
    assert_eq!(count(stores, &ann, None, Some(&tried), 1).await, CountedCode::Yes);
    let end = after(0) + ONE_TIME_LIFE;
    assert_eq!(stores.steps.prune(end, 99).await.unwrap(), 0);
    assert_eq!(stores.steps.prune(newer.expires_at, 99).await.unwrap(), 2);
    assert!(!stores.steps.use_up(&newer, after(1)).await.unwrap(), "it is remembered as long as it could be used");
    assert_eq!(stores.steps.prune(after(1000), 99).await.unwrap(), 1);
}

pub async fn forgets_tokens_in_batches(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    for seconds in 0..5 {
        let used = OneTimeToken { expires_at: after(seconds), ..token(&ann) };
        assert!(stores.steps.use_up(&used, after(0)).await.unwrap());
    }
    for expected in [2, 2, 1, 0] {
        assert_eq!(stores.steps.prune(after(99), 2).await.unwrap(), expected);
    }
}
