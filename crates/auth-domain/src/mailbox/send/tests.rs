//! Sending, over a store in memory and a postbox; and what the ports may answer, mocked.

mod outages;
mod what_is_said;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{BATCH, Batch, SendMails};
use crate::{
    accounts::ports::MockUserStore,
    audit::event::{Actor, Target},
    identity::{clock::Clock, port_error::PortError, user::User},
    mail::{
        message::{Mail, Outgoing},
        outbox::{Entry, MailState, Settled},
        ports::{DELIVERY_LIMIT, Delivery, MailTransport, MockOutbox, Outbox, Requested},
        proof::Purpose,
    },
    testing::mail::{ANN, World},
    testkit::{
        MovableClock,
        mail::samples::{asked, notice},
        samples::{context, email, start, user},
    },
};

fn later(server_is_away: bool) -> Delivery {
    Delivery::Later { why: "421 try again".to_owned(), server_is_away }
}

impl World {
    /// With so many mails that tell Ann of a change.
    async fn with_notices(many: i64) -> (Self, User) {
        let (world, ann) = Self::with_ann().await;
        for second in 0..many {
            world.tell(&notice(&ann, second - many)).await;
        }
        (world, ann)
    }

    /// Stores a notice, by a session that begins with it.
    async fn tell(&self, notice: &Outgoing) {
        let ann = self.user(ANN).await.unwrap();
        let session = crate::testkit::samples::session_of(&ann);
        let begun = crate::sessions::ports::SessionStore::begin(&self.store, &session, ann.version(), 1000, Some(notice)).await;
        assert!(matches!(begun, Ok(crate::sessions::ports::Begun::Yes { .. })));
    }

    async fn round(&self) -> Batch {
        self.send().execute(&|| false).await.unwrap()
    }

    fn entry(&self) -> Entry {
        self.store.mails().pop().unwrap()
    }

    fn states(&self, state: MailState) -> usize {
        self.store.mails().iter().filter(|entry| entry.state == state).count()
    }
}

#[tokio::test]
async fn what_is_due_is_sent_once() {
    let (world, _) = World::with_notices(3).await;
    assert_eq!(world.round().await, Batch { sent: 3, ..Batch::default() });
    assert_eq!(world.round().await, Batch::default());
    let ids: Vec<_> = world.postbox.taken().iter().map(|mail| mail.id).collect();
    assert_eq!(ids, world.store.mails().iter().map(|entry| entry.mail.id).collect::<Vec<_>>(), "the longest due first");
    assert!(world.store.mails().iter().all(|entry| (entry.state, entry.attempts) == (MailState::Sent, 1)));
}

#[tokio::test]
async fn a_full_batch_says_that_there_may_be_more_and_keeps_the_connection() {
    let (world, _) = World::with_notices(i64::from(BATCH) + 1).await;
    assert_eq!(world.round().await, Batch { sent: u64::from(BATCH), more: true, ..Batch::default() });
    assert_eq!(world.postbox.hang_ups(), 0);
    assert_eq!(world.round().await, Batch { sent: 1, ..Batch::default() });
    assert_eq!(world.postbox.hang_ups(), 1);
}

#[tokio::test]
async fn a_mail_that_is_put_off_is_tried_again_ever_more_rarely_until_it_expires() {
    let (world, _) = World::with_notices(1).await;
    let written = world.clock.now();
    let mut pauses = Vec::new();
    loop {
        world.postbox.will_say(later(false));
        let batch = world.round().await;
        if batch.dead == 1 {
            break;
        }
        assert_eq!(batch, Batch { deferred: 1, ..Batch::default() });
        let entry = world.entry();
        assert_eq!((entry.state, entry.last_error.as_deref()), (MailState::Waiting, Some("421 try again")));
        pauses.push((entry.next_attempt_at - world.clock.now()).num_seconds());
        world.clock.set(entry.next_attempt_at - TimeDelta::microseconds(1));
        assert_eq!(world.round().await, Batch::default(), "not a moment before");
        world.clock.set(entry.next_attempt_at);
    }
    assert_eq!(pauses[..5], [30, 120, 600, 3600, 3600]);
    assert!(pauses[5..].iter().all(|pause| *pause == 3600));
    let given_up_after = world.clock.now() - written;
    assert!(given_up_after > TimeDelta::hours(22) && given_up_after < TimeDelta::hours(24), "{given_up_after}");
    let entry = world.entry();
    assert_eq!((entry.state, entry.last_error.as_deref()), (MailState::Dead, Some("421 try again")));
    let event = world.events().pop().unwrap();
    assert_eq!((event.kind.name(), event.word(), event.actor), ("mail_dead", Some("expired"), Actor::Server));
    assert_eq!(event.target, Target::Address(email(ANN)));
}

#[tokio::test]
async fn a_mail_whose_time_is_over_is_not_tried() {
    let (world, _) = World::with_ann().await;
    world.ask().reset(&email(ANN), &context()).await.unwrap();
    world.clock.advance(TimeDelta::minutes(30));
    assert_eq!(world.round().await, Batch { dead: 1, ..Batch::default() });
    assert_eq!((world.postbox.attempts(), world.last_told()), (0, Some(("mail_dead", Some("expired")))));
    assert_eq!(world.entry().last_error.as_deref(), Some("it expired before it was tried"));
}

#[tokio::test]
async fn a_refused_mail_is_dead_at_once_and_keeps_nobody() {
    let (world, _) = World::with_notices(2).await;
    world.postbox.will_say(Delivery::Refused { why: "550 no such user\r\n".to_owned() });
    assert_eq!(world.round().await, Batch { sent: 1, dead: 1, ..Batch::default() });
    assert_eq!(world.last_told(), Some(("mail_dead", Some("refused"))));
    let dead = world.store.mails().into_iter().find(|entry| entry.state == MailState::Dead).unwrap();
    assert_eq!((dead.attempts, dead.last_error.as_deref()), (1, Some("550 no such user")));
}

#[tokio::test]
async fn while_the_server_is_away_one_mail_a_round_finds_out_and_the_rest_wait() {
    let (world, _) = World::with_notices(i64::from(BATCH) + 10).await;
    for round in 1..=3 {
        world.postbox.will_say(later(true));
        let expected = Batch { deferred: 1, server_is_away: Some("421 try again".to_owned()), ..Batch::default() };
        assert_eq!(world.round().await, expected, "no further batch follows at once");
        assert_eq!((world.postbox.attempts(), world.postbox.hang_ups()), (round, round));
    }
    // It is back: what nobody tried goes out at once, to whichever server asks first.
    let mut sent = 0;
    loop {
        let batch = world.round().await;
        sent += batch.sent;
        if !batch.more {
            break;
        }
    }
    assert_eq!(sent, u64::from(BATCH) + 7);
    world.clock.advance(TimeDelta::seconds(30));
    assert_eq!(world.round().await.sent, 3);
}

#[tokio::test]
async fn at_a_stop_the_mail_under_way_is_finished_and_the_others_are_given_back() {
    let (world, _) = World::with_notices(5).await;
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::SeqCst) >= 2;
    let batch = world.send().execute(&stop).await.unwrap();
    assert_eq!(batch, Batch { sent: 2, more: true, ..Batch::default() });
    assert_eq!(world.postbox.hang_ups(), 1, "no connection is left behind");
    assert_eq!(world.round().await, Batch { sent: 3, ..Batch::default() }, "by another server, at once");
}

/// Takes a while for each mail.
struct Slow {
    clock: MovableClock,
    takes: TimeDelta,
}

#[async_trait]
impl MailTransport for Slow {
    async fn deliver(&self, _mail: &Mail) -> Delivery {
        self.clock.advance(self.takes);
        Delivery::Accepted
    }

    async fn hang_up(&self) {}
}

#[tokio::test]
async fn no_mail_is_begun_that_might_outlast_the_lease() {
    for (takes, expected) in [(TimeDelta::seconds(90), 1), (TimeDelta::seconds(30), 3), (TimeDelta::seconds(1), 5)] {
        let (world, _) = World::with_notices(5).await;
        let transport = Arc::new(Slow { clock: world.clock.clone(), takes });
        let send = SendMails { transport, ..world.send() };
        let batch = send.execute(&|| false).await.unwrap();
        assert_eq!((batch.sent, batch.more), (expected, expected < 5), "{takes}");
        assert!(world.clock.now() + TimeDelta::seconds(30) <= start() + super::LEASE, "{takes}");
        assert_eq!(world.round().await.sent, 5 - expected, "given back at once");
    }
    assert!(super::NEEDED.to_std().unwrap() > DELIVERY_LIMIT);
}

#[tokio::test]
async fn what_came_of_a_mail_that_is_another_servers_by_now_does_not_count() {
    let (world, ann) = World::with_ann().await;
    let entry = Entry {
        mail: notice(&ann, 0),
        state: MailState::Waiting,
        attempts: 0,
        next_attempt_at: start(),
        last_error: None,
        done_at: None,
    };
    for (answer, expected) in [
        (Delivery::Accepted, Settled::Sent),
        (Delivery::Refused { why: "no".to_owned() }, Settled::Dead { why: "no".to_owned() }),
    ] {
        let (mut outbox, leased) = (MockOutbox::new(), entry.clone());
        outbox.expect_lease().once().returning(move |_, _, _| Ok(vec![leased.clone()]));
        outbox.expect_settle().withf(move |_, _, outcome, _| *outcome == expected).once().returning(|_, _, _, _| Ok(false));
        world.postbox.will_say(answer);
        let send = SendMails { outbox: Arc::new(outbox), ..world.send() };
        assert_eq!(send.execute(&|| false).await.unwrap(), Batch::default());
        assert_eq!(world.told(), []);
    }
}

#[tokio::test]
async fn where_nothing_is_due_nothing_is_written() {
    let mut outbox = MockOutbox::new();
    // `release` would panic.
    outbox.expect_lease().once().returning(|_, _, _| Ok(vec![]));
    let send = SendMails { outbox: Arc::new(outbox), ..World::default().send() };
    assert_eq!(send.execute(&|| false).await.unwrap(), Batch::default());
}

#[tokio::test]
async fn several_servers_send_each_mail_once() {
    let (world, _) = World::with_notices(200).await;
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let send = world.send();
            tokio::spawn(async move {
                let mut sent = 0;
                loop {
                    let batch = send.execute(&|| false).await.unwrap();
                    sent += batch.sent;
                    if !batch.more {
                        return sent;
                    }
                }
            })
        })
        .collect();
    let mut sent = 0;
    for server in servers {
        sent += server.await.unwrap();
    }
    assert_eq!((sent, world.postbox.attempts(), world.states(MailState::Sent)), (200, 200, 200));
}

/// What is stored of one address makes no sense.
#[tokio::test]
async fn a_mail_that_cannot_be_made_keeps_no_other_waiting() {
    let (world, _) = World::with_ann().await;
    for (address, second) in [("bad@example.org", 0), (ANN, 1)] {
        let requested = world.present().proofs.request(&asked(Purpose::Reset, address, second), None).await.unwrap();
        assert_eq!(requested, Requested::Queued);
    }
    world.clock.advance(TimeDelta::seconds(1));
    let faults: [fn() -> PortError; 3] = [
        || PortError::Corrupt("no such state".to_owned()),
        || PortError::Internal("a panic".to_owned()),
        || PortError::Refused("a column is missing".to_owned()),
    ];
    for fault in faults {
        let mut users = MockUserStore::new();
        users.expect_find_by_email().returning(
            move |address| {
                if *address == email(ANN) { Ok(Some(user(ANN))) } else { Err(fault()) }
            },
        );
        let send = SendMails { users: Arc::new(users), ..world.send() };
        let batch = send.execute(&|| false).await.unwrap();
        assert_eq!(batch.deferred, 1);
        let waiting = world.store.mails().into_iter().find(|entry| entry.state == MailState::Waiting).unwrap();
        assert_eq!((waiting.mail.to, waiting.last_error), (email("bad@example.org"), Some(fault().to_string())));
        world.clock.set(waiting.next_attempt_at);
    }
    assert_eq!(world.states(MailState::Sent), 1);
}

#[tokio::test]
async fn a_lease_that_its_server_does_not_live_to_use_runs_out() {
    let (world, _) = World::with_notices(1).await;
    let dead = crate::mail::outbox::Lease { owner: crate::testkit::samples::id(), until: world.clock.now() + super::LEASE };
    assert_eq!(world.store.lease(dead, world.clock.now(), BATCH).await.unwrap().len(), 1);
    assert_eq!(world.round().await, Batch::default());
    world.clock.advance(super::LEASE);
    assert_eq!(world.round().await.sent, 1);
}
