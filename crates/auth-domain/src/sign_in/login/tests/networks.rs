//! Telling the owner of an account of a login from a network that it does not know.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Login, LoginError};
use crate::{
    identity::{language::Language, port_error::PortError, request_context::RequestContext},
    mail::{
        message::{Mail, Template},
        writer::{MailWriter, NoticePolicy},
    },
    passwords::ports::MockAttemptStore,
    sessions::ports::{Begun, MockSessionStore},
    sign_in::{
        begin::{BeginSession, NoticeOfNetwork},
        register::{Registered, Verification},
    },
    testing::{
        down, entered,
        mail::{ANN, World, writer},
    },
    testkit::samples::{PASSWORD, attempt, email, new_password, origin_from},
};

const HOME: &str = "203.0.113.7";
const NEXT_DOOR: &str = "203.0.113.250";
const AWAY: &str = "198.51.100.9";

impl World {
    /// The notices that a login caused.
    async fn logs_in(&self, context: &RequestContext) -> Vec<Mail> {
        entered(self.login().execute(&email(ANN), attempt(PASSWORD), context).await.unwrap());
        let mails = self.post().await;
        assert!(mails.iter().all(|mail| mail.template == Template::NewNetwork && mail.to == email(ANN)));
        mails
    }
}

#[tokio::test]
async fn the_first_login_ever_is_no_news_and_another_network_is() {
    let (world, _) = World::with_ann().await;
    assert_eq!(world.logs_in(&origin_from(HOME)).await, []);
    assert_eq!(world.logs_in(&origin_from(NEXT_DOOR)).await, [], "it is the same network");
    let notice = world.logs_in(&origin_from(AWAY)).await.pop().unwrap();
    assert_eq!(notice.origin.network, origin_from(AWAY).network());
    assert!(notice.proof.is_some(), "with an undo link");
    assert_eq!(world.logs_in(&origin_from(AWAY)).await, [], "it is known from now on");
}

#[tokio::test]
async fn registering_makes_a_network_known() {
    let world = World::default();
    let register = world.register(Verification::Optional(writer()));
    let outcome = register.execute(email(ANN), new_password(PASSWORD), &origin_from(HOME)).await;
    assert!(matches!(outcome, Ok(Registered::SignedIn(_))));
    world.post().await;
    assert_eq!(world.logs_in(&origin_from(HOME)).await, []);
    assert_eq!(world.logs_in(&origin_from(AWAY)).await.len(), 1);
}

#[tokio::test]
async fn a_network_is_known_for_thirty_days() {
    let (world, _) = World::with_ann().await;
    world.logs_in(&origin_from(HOME)).await;
    world.clock.advance(TimeDelta::days(30) - TimeDelta::microseconds(1));
    assert_eq!(world.logs_in(&origin_from(HOME)).await, []);
    world.clock.advance(TimeDelta::days(30));
    assert_eq!(world.logs_in(&origin_from(HOME)).await.len(), 1);
}

#[tokio::test]
async fn whose_address_is_not_known_comes_from_no_network() {
    let (world, _) = World::with_ann().await;
    world.logs_in(&origin_from(HOME)).await;
    assert_eq!(world.logs_in(&RequestContext { address: None, ..origin_from(HOME) }).await, []);
}

#[tokio::test]
async fn a_notice_is_in_the_language_of_the_last_login_from_a_known_network() {
    let (world, _) = World::with_ann().await;
    let speaking = |from, language| RequestContext { language: Some(language), ..origin_from(from) };
    world.logs_in(&speaking(HOME, Language::German)).await;
    world.logs_in(&speaking(HOME, Language::French)).await;
    let mut notices = world.logs_in(&speaking(AWAY, Language::Chinese)).await;
    assert_eq!(notices.pop().unwrap().language, Language::French, "not in that of the stranger");
    assert_eq!(world.user(ANN).await.unwrap().language, Some(Language::French));
}

fn with(world: &World, networks: MockAttemptStore, notices: NoticePolicy) -> Login {
    let writer = MailWriter { notices, ..writer() };
    let notices = Some(NoticeOfNetwork { networks: Arc::new(networks), writer });
    Login { begin: BeginSession { notices, ..world.begin() }, ..world.login() }
}

#[tokio::test]
async fn where_no_notice_is_to_be_written_no_network_is_looked_up() {
    let (world, _) = World::with_ann().await;
    world.logs_in(&origin_from(HOME)).await;
    // Each look would panic.
    let login = with(&world, MockAttemptStore::new(), NoticePolicy::AddressOnly);
    assert!(login.execute(&email(ANN), attempt(PASSWORD), &origin_from(AWAY)).await.is_ok());
    assert_eq!(world.post().await, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_the_network_is_looked_up() {
    let (world, _) = World::with_ann().await;
    world.logs_in(&origin_from(HOME)).await;
    let told = world.told();
    let mut networks = MockAttemptStore::new();
    networks.expect_network_seen_at().once().returning(|_, _| down());
    let login = with(&world, networks, NoticePolicy::All);
    let outcome = login.execute(&email(ANN), attempt(PASSWORD), &origin_from(AWAY)).await;
    assert!(matches!(outcome, Err(LoginError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.told(), told);
}

#[tokio::test]
async fn the_notice_goes_with_the_session_or_not_at_all() {
    let (world, _) = World::with_ann().await;
    world.logs_in(&origin_from(HOME)).await;
    let mut sessions = MockSessionStore::new();
    let begin = sessions.expect_begin().withf(|_, _, _, notice| notice.is_some_and(|notice| notice.proof.is_some()));
    begin.once().returning(|_, _, _, _| Ok(Begun::No));
    let login = Login { begin: BeginSession { sessions: Arc::new(sessions), ..world.begin() }, ..world.login() };
    let outcome = login.execute(&email(ANN), attempt(PASSWORD), &origin_from(AWAY)).await;
    assert!(matches!(outcome, Err(LoginError::InvalidCredentials)));
    assert_eq!(world.post().await, []);
}
