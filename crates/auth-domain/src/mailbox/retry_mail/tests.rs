//! Which mails are tried again: the outbox mocked.

use std::sync::Arc;

use chrono::TimeDelta;
use mockall::{Sequence, predicate::eq};

use super::{RetryMail, RetryMailError};
use crate::{
    mail::{
        message::{MailId, Occasion, Outgoing},
        origin::Origin,
        outbox::{Entry, MailState},
        ports::MockOutboxAdmin,
    },
    testing::{clock, down},
    testkit::samples::{email, id, start},
};

fn entry(state: MailState, life: TimeDelta) -> Entry {
    let mail = Outgoing {
        id: MailId(id()),
        occasion: Occasion::Reset,
        to: email("ann@example.org"),
        language: None,
        origin: Origin::default(),
        other_address: None,
        proof: None,
        created_at: start() - TimeDelta::minutes(1),
        expires_at: start() + life,
    };
    Entry { mail, state, attempts: 1, next_attempt_at: start() + TimeDelta::hours(1), last_error: None, done_at: None }
}

fn retry(outbox: MockOutboxAdmin) -> RetryMail {
    RetryMail { outbox: Arc::new(outbox), clock: clock() }
}

#[tokio::test]
async fn what_waits_or_was_given_up_is_tried_now() {
    for state in [MailState::Waiting, MailState::Dead] {
        let before = entry(state, TimeDelta::microseconds(1));
        let after = Entry { state: MailState::Waiting, next_attempt_at: start(), ..before.clone() };
        let (mail, mut outbox, mut turn) = (before.mail.id, MockOutboxAdmin::new(), Sequence::new());
        let (first, second) = (before.clone(), after.clone());
        outbox.expect_find().with(eq(mail)).once().in_sequence(&mut turn).return_once(move |_| Ok(Some(first)));
        outbox.expect_retry().with(eq(mail), eq(start())).once().in_sequence(&mut turn).return_once(|_, _| Ok(true));
        outbox.expect_find().with(eq(mail)).once().in_sequence(&mut turn).return_once(move |_| Ok(Some(second)));
        assert_eq!(retry(outbox).execute(mail).await.unwrap(), after);
    }
}

#[tokio::test]
async fn what_is_done_or_of_no_use_any_more_stays_as_it_is() {
    let (hour, expired) = (TimeDelta::hours(1), TimeDelta::zero());
    for (state, life) in
        [(MailState::Sent, hour), (MailState::Dropped, hour), (MailState::Dead, expired), (MailState::Waiting, expired)]
    {
        let mut outbox = MockOutboxAdmin::new();
        outbox.expect_find().returning(move |_| Ok(Some(entry(state, life))));
        let refused = retry(outbox).execute(MailId(id())).await.unwrap_err();
        match refused {
            RetryMailError::Sent => assert_eq!(state, MailState::Sent),
            RetryMailError::Dropped => assert_eq!(state, MailState::Dropped),
            RetryMailError::Expired(at) => assert_eq!((at, life), (start(), expired)),
            RetryMailError::NoSuchMail | RetryMailError::Port(_) => panic!("{state:?}: {refused}"),
        }
    }
    let mut outbox = MockOutboxAdmin::new();
    outbox.expect_find().returning(|_| Ok(None));
    assert!(matches!(retry(outbox).execute(MailId(id())).await, Err(RetryMailError::NoSuchMail)));
}

#[tokio::test]
async fn a_mail_that_was_sent_meanwhile_is_told_as_sent() {
    let (mut outbox, mut turn) = (MockOutboxAdmin::new(), Sequence::new());
    let mail = MailId(id());
    outbox.expect_find().once().in_sequence(&mut turn).returning(|_| Ok(Some(entry(MailState::Waiting, TimeDelta::hours(1)))));
    outbox.expect_retry().once().in_sequence(&mut turn).returning(|_, _| Ok(false));
    outbox.expect_find().once().in_sequence(&mut turn).returning(|_| Ok(Some(entry(MailState::Sent, TimeDelta::hours(1)))));
    assert!(matches!(retry(outbox).execute(mail).await, Err(RetryMailError::Sent)));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut outbox = MockOutboxAdmin::new();
    outbox.expect_find().returning(|_| down());
    assert!(matches!(retry(outbox).execute(MailId(id())).await, Err(RetryMailError::Port(_))));
    let mut outbox = MockOutboxAdmin::new();
    outbox.expect_find().returning(|_| Ok(Some(entry(MailState::Dead, TimeDelta::hours(1)))));
    outbox.expect_retry().returning(|_, _| down());
    assert!(matches!(retry(outbox).execute(MailId(id())).await, Err(RetryMailError::Port(_))));
}
