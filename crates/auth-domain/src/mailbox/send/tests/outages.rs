//! The database away at each step of sending: nothing is lost, and nothing is sent twice but the mail that was under way.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    identity::port_error::PortError,
    mail::outbox::MailState,
    mailbox::send::{LEASE, SendMails},
    testing::mail::{ANN, World},
    testkit::{
        Flaky, Fuse, InjectedFault,
        mail::samples::registration,
        samples::{PASSWORD, context, email},
    },
};

/// Ann's notice, a reset for her, a registration of a free address, and a reset for nobody, which says nothing.
async fn scene() -> World {
    let (world, _) = World::with_notices(1).await;
    world.ask().reset(&email(ANN), &context()).await.unwrap();
    world.ask().registration(&registration("new@example.org", PASSWORD, 0), &context()).await.unwrap();
    world.ask().reset(&email("nobody@example.org"), &context()).await.unwrap();
    world
}

fn on(fuse: &Fuse, world: &World) -> SendMails {
    let flaky = || Arc::new(Flaky { port: world.store.clone(), fuse: fuse.clone() });
    SendMails { outbox: flaky(), proofs: flaky(), users: flaky(), mailbox: flaky(), ..world.send() }
}

/// Whether there was a call to disturb.
async fn disturbed(fault: InjectedFault) -> bool {
    let (world, fuse) = (scene().await, Fuse::default());
    fuse.arm(fault);
    let outcome = on(&fuse, &world).execute(&|| false).await;
    if !fuse.mend() {
        assert_eq!(outcome.unwrap().sent, 3);
        return false;
    }
    assert!(matches!(outcome, Err(PortError::Unavailable(_) | PortError::Unknown(_))), "{fault:?}");
    // The database is back; what was taken is free again at the latest when its lease has run out.
    world.post().await;
    world.clock.advance(LEASE);
    world.post().await;
    let states: Vec<_> = world.store.mails().iter().map(|entry| entry.state).collect();
    let mut sent = states.clone();
    sent.retain(|state| *state == MailState::Sent);
    assert_eq!((sent.len(), states.len()), (3, 4), "{fault:?}: {states:?}");
    assert!(states.contains(&MailState::Dropped), "{fault:?}: {states:?}");
    let mut times = BTreeMap::new();
    for mail in world.postbox.taken() {
        *times.entry(mail.id).or_insert(0) += 1;
    }
    let twice = times.values().filter(|times| **times > 1).count();
    assert!(times.len() == 3 && twice <= 1 && times.values().all(|times| *times <= 2), "{fault:?}: {times:?}");
    true
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_is_sent_twice_but_what_was_under_way() {
    for (after_the_effect, lasting) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut calls = 0;
        while disturbed(InjectedFault { call: calls + 1, after_the_effect, lasting }).await {
            calls += 1;
        }
        assert_eq!(calls, 8, "a lease, four settlements, and three look-ups of what to say");
    }
}

#[tokio::test]
async fn what_waits_behind_a_look_up_that_failed_is_given_back_at_once() {
    let (world, fuse) = (scene().await, Fuse::default());
    // The lease, the settlement of the notice, and then the look-up of the account to reset.
    fuse.arm(InjectedFault { call: 3, after_the_effect: false, lasting: false });
    assert!(on(&fuse, &world).execute(&|| false).await.is_err());
    assert!(fuse.mend());
    assert_eq!((world.postbox.taken().len(), world.postbox.hang_ups()), (1, 1));
    assert_eq!(world.post().await.len(), 2, "no lease has to run out");
}

#[tokio::test]
async fn a_mail_whose_settlement_failed_is_not_sent_again_at_once() {
    let (world, fuse) = (scene().await, Fuse::default());
    fuse.arm(InjectedFault { call: 2, after_the_effect: false, lasting: false });
    assert!(on(&fuse, &world).execute(&|| false).await.is_err());
    assert!(fuse.mend());
    assert_eq!(world.postbox.taken().len(), 1);
    assert_eq!(world.post().await, []);
    world.clock.advance(LEASE);
    assert_eq!(world.post().await.len(), 3, "the one again, and the two others");
}
