//! Logging in: every way in and out of it, its ports mocked.

mod networks;
mod second_step;
mod unverified;

use std::sync::Arc;

use super::{Login, LoginError};
use crate::{
    accounts::ports::MockUserStore,
    audit::event::{Actor, AuditEvent},
    identity::{
        ids::SessionId,
        method::Method,
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountState, User},
    },
    passwords::ports::MockPasswordHasher,
    sessions::{
        issue::Issuer,
        ports::{Begun, MockSessionStore},
        token::TokenPair,
    },
    sign_in::{begin::BeginSession, prove::Prove},
    testing::{
        admitting, broken_issuer, clock, down, entered, full, hasher_that_says, held, is_told_to_come_back, issuer, opened,
        proof, second_step, told,
    },
    testkit::{
        MemoryAudit,
        samples::{PASSWORD, attempt, context, email, hash, id, start, user},
    },
};

struct Scene {
    users: MockUserStore,
    sessions: MockSessionStore,
    hasher: MockPasswordHasher,
    issuer: Issuer,
    held: bool,
}

impl Scene {
    fn with(found: Option<User>, right: bool) -> Self {
        let mut users = MockUserStore::new();
        users.expect_find_by_email().returning(move |_| Ok(found.clone()));
        Self { users, sessions: MockSessionStore::new(), hasher: hasher_that_says(right), issuer: issuer(), held: false }
    }

    /// Ann, whose hash is of a lower cost than new ones.
    fn with_outdated(ann: &User) -> Self {
        let mut scene = Self::with(Some(ann.clone()), true);
        scene.hasher = admitting();
        scene.hasher.expect_verify().returning(|_, _, _| Ok(true));
        scene.hasher.expect_is_outdated().return_const(true);
        scene
    }

    fn hashing(mut self, outcome: fn() -> Result<PasswordHash, PortError>) -> Self {
        self.hasher.expect_hash().withf(|_, new| new.expose() == PASSWORD).once().returning(move |_, _| outcome());
        self
    }

    fn replacing(mut self, old: &PasswordHash, outcome: fn() -> Result<bool, PortError>) -> Self {
        let old = old.clone();
        let expected = move |was: &PasswordHash, new: &PasswordHash| *was == old && *new == hash("stronger");
        self.users.expect_replace_hash().withf(move |_, was, new| expected(was, new)).once().returning(move |_, _, _| outcome());
        self
    }

    fn beginning(mut self, account: &User, outcome: Begun) -> Self {
        let proven = account.version();
        self.sessions
            .expect_begin()
            .withf(move |_, presented, limit, _| *presented == proven && *limit == 3)
            .once()
            .returning(move |_, _, _, _| Ok(outcome.clone()));
        self
    }

    async fn login(self) -> (Result<TokenPair, LoginError>, Vec<AuditEvent>) {
        self.login_with(PASSWORD).await
    }

    async fn login_with(self, password: &str) -> (Result<TokenPair, LoginError>, Vec<AuditEvent>) {
        let audit = MemoryAudit::default();
        let hasher = Arc::new(self.hasher);
        let proof = proof(hasher.clone(), &audit);
        if self.held {
            held(&proof, &email("ann@example.org")).await;
        }
        let login = Login {
            unverified: None,
            prove: Prove { users: Arc::new(self.users), hasher, verifier: proof, clock: clock() },
            begin: BeginSession {
                sessions: Arc::new(self.sessions),
                issuer: self.issuer,
                audit: Arc::new(audit.clone()),
                clock: clock(),
                session_limit: 3,
                notices: None,
            },
            second_step: second_step(),
            audit: Arc::new(audit.clone()),
            clock: clock(),
        };
        let outcome = login.execute(&email("ann@example.org"), attempt(password), &context()).await;
        (outcome.map(entered), audit.events())
    }

    async fn ends_refused_because(self, reason: &str) -> AuditEvent {
        let (outcome, events) = self.login().await;
        let error = outcome.map(drop).unwrap_err();
        assert!(matches!(error, LoginError::InvalidCredentials));
        assert_eq!(error.to_string(), "invalid credentials", "whatever the reason");
        assert_eq!(told(&events), [("login_failed", Some(reason))]);
        let event = events.into_iter().next().unwrap();
        assert_eq!(event.actor, Actor::Unknown, "whoever tried has proven nothing");
        event
    }

    async fn ends_in_an_outage(self) {
        let (outcome, events) = self.login().await;
        assert!(matches!(outcome, Err(LoginError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

fn ann() -> User {
    user("ann@example.org")
}

fn begun() -> Begun {
    Begun::Yes { displaced: vec![] }
}

#[tokio::test]
async fn a_right_password_begins_a_session() {
    let ann = ann();
    let (outcome, events) = Scene::with(Some(ann.clone()), true).beginning(&ann, begun()).login().await;
    let (access, refresh) = opened(&outcome.unwrap());
    assert_eq!((access.user, refresh.user, access.email), (ann.id, ann.id, ann.email.clone()));
    assert_eq!(access.session, refresh.session);
    let expected = AuditEvent::new(crate::audit::kind::EventKind::LoginSucceeded, &context(), start());
    let expected = expected.by_methods([Method::Password]);
    assert_eq!(events, [expected.by_owner(ann.id, &ann.email).in_session(access.session)]);
}

#[tokio::test]
async fn sessions_that_make_room_are_told_oldest_first() {
    let (ann, displaced) = (ann(), vec![SessionId(id()), SessionId(id())]);
    let begun = Begun::Yes { displaced: displaced.clone() };
    let (outcome, events) = Scene::with(Some(ann.clone()), true).beginning(&ann, begun).login().await;
    assert!(outcome.is_ok());
    let ended = ("session_ended", Some("session_limit"));
    assert_eq!(told(&events), [("login_succeeded", None), ended, ended]);
    assert_eq!(events.iter().skip(1).map(|event| event.session().unwrap()).collect::<Vec<_>>(), displaced);
    assert!(events.iter().all(|event| event.user() == Some(ann.id)));
}

#[tokio::test]
async fn an_unknown_address_costs_a_decoy() {
    let mut scene = Scene::with(None, false);
    scene.hasher = admitting();
    let decoy = |text: &str, hash: Option<&PasswordHash>| text == PASSWORD && hash.is_none();
    scene
        .hasher
        .expect_verify()
        .withf(move |_, attempt, hash| decoy(attempt.expose(), *hash))
        .once()
        .returning(|_, _, _| Ok(false));
    let event = scene.ends_refused_because("unknown_address").await;
    assert_eq!((event.user(), event.email()), (None, Some(&email("ann@example.org"))));
}

#[tokio::test]
async fn nobody_gets_in_as_nobody() {
    Scene::with(None, true).ends_refused_because("unknown_address").await;
}

#[tokio::test]
async fn a_password_is_compared_with_the_accounts_own() {
    let ann = ann();
    let mut scene = Scene::with(Some(ann.clone()), false);
    scene.hasher = admitting();
    let own = ann.password.clone();
    scene.hasher.expect_verify().withf(move |_, _, hash| *hash == own.as_ref()).once().returning(|_, _, _| Ok(false));
    let event = scene.ends_refused_because("wrong_password").await;
    assert_eq!((event.user(), event.email()), (Some(ann.id), Some(&ann.email)));
}

#[tokio::test]
async fn a_disabled_account_stays_out() {
    let disabled = User { state: AccountState::Disabled { since: start() }, ..ann() };
    Scene::with(Some(disabled.clone()), true).ends_refused_because("account_disabled").await;
    Scene::with(Some(disabled), false).ends_refused_because("wrong_password").await;
}

#[tokio::test]
async fn an_account_that_changed_while_its_password_was_verified_stays_out() {
    let ann = ann();
    let scene = Scene::with(Some(ann.clone()), true).beginning(&ann, Begun::No);
    scene.ends_refused_because("account_changed_meanwhile").await;
}

#[tokio::test]
async fn a_hash_of_a_lower_cost_is_replaced() {
    let ann = ann();
    let scene = Scene::with_outdated(&ann).hashing(|| Ok(hash("stronger"))).replacing(&hash(PASSWORD), || Ok(true));
    let (outcome, events) = scene.beginning(&ann, begun()).login().await;
    assert!(outcome.is_ok());
    assert_eq!(told(&events), [("login_succeeded", None)]);
}

#[tokio::test]
async fn a_hash_that_another_login_replaced_counts_as_well() {
    let ann = ann();
    let scene = Scene::with_outdated(&ann).hashing(|| Ok(hash("stronger"))).replacing(&hash(PASSWORD), || Ok(false));
    let (outcome, _) = scene.beginning(&ann, begun()).login().await;
    assert!(outcome.is_ok());
}

#[tokio::test]
async fn a_password_that_changed_while_its_hash_was_replaced_does_not_count() {
    let ann = ann();
    let scene = Scene::with_outdated(&ann).hashing(|| Ok(hash("stronger"))).replacing(&hash(PASSWORD), || Ok(false));
    scene.beginning(&ann, Begun::No).ends_refused_because("account_changed_meanwhile").await;
}

#[tokio::test]
async fn an_account_without_a_password_costs_a_decoy() {
    let ann = User { password: None, ..ann() };
    let mut scene = Scene::with(Some(ann.clone()), false);
    scene.hasher = admitting();
    scene.hasher.expect_verify().withf(|_, _, hash| hash.is_none()).once().returning(|_, _, _| Ok(false));
    assert_eq!(scene.ends_refused_because("wrong_password").await.user(), Some(ann.id));
}

#[tokio::test]
async fn too_much_to_hash_is_no_reason_to_refuse_a_right_password() {
    let ann = ann();
    let busy = || Err(PortError::Overloaded { retry_after: std::time::Duration::from_secs(1) });
    let not_hashed: [fn() -> Result<PasswordHash, PortError>; 2] = [busy, || Err(PortError::Abandoned)];
    for hashing in not_hashed {
        let (outcome, _) = Scene::with_outdated(&ann).hashing(hashing).beginning(&ann, begun()).login().await;
        assert!(outcome.is_ok());
    }
}

/// As two keyboards send it.
const COMPOSED: &str = "Pässwörter-17";
const DECOMPOSED: &str = "Pa\u{308}sswo\u{308}rter-17";

/// Ann, whose password was hashed as it was typed.
fn ann_with(password: &str) -> (User, Scene) {
    let ann = User { password: Some(hash(password)), ..ann() };
    let mut scene = Scene::with(Some(ann.clone()), true);
    scene.hasher = admitting();
    let kept = password.to_owned();
    scene.hasher.expect_verify().returning(move |_, attempt, _| Ok(attempt.forms().any(|form| form == kept)));
    scene.hasher.expect_is_outdated().return_const(false);
    (ann, scene)
}

#[tokio::test]
async fn a_hash_of_a_password_that_is_not_in_nfc_is_replaced_by_one_of_its_nfc() {
    let (ann, mut scene) = ann_with(DECOMPOSED);
    scene.hasher.expect_hash().withf(|_, new| new.expose() == COMPOSED).once().returning(|_, _| Ok(hash("stronger")));
    let scene = scene.replacing(&hash(DECOMPOSED), || Ok(true)).beginning(&ann, begun());
    assert!(scene.login_with(DECOMPOSED).await.0.is_ok());
    // Who types it in NFC cannot be told from a stranger: the hash says nothing of the form.
    let (_, scene) = ann_with(DECOMPOSED);
    assert!(matches!(scene.login_with(COMPOSED).await.0, Err(LoginError::InvalidCredentials)));
}

#[tokio::test]
async fn a_hash_of_the_nfc_stays_however_the_password_is_typed() {
    for typed in [COMPOSED, DECOMPOSED] {
        let (ann, scene) = ann_with(COMPOSED);
        assert!(scene.beginning(&ann, begun()).login_with(typed).await.0.is_ok());
    }
}

#[tokio::test]
async fn too_much_to_find_out_the_form_is_no_reason_to_refuse_a_right_password() {
    let (ann, mut scene) = ann_with(DECOMPOSED);
    scene.hasher = admitting();
    scene.hasher.expect_is_outdated().return_const(false);
    scene.hasher.expect_verify().returning(|_, attempt, _| match attempt.composed() {
        Some(_) => Ok(true),
        None => Err(PortError::Overloaded { retry_after: std::time::Duration::from_secs(1) }),
    });
    assert!(scene.beginning(&ann, begun()).login_with(DECOMPOSED).await.0.is_ok());
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_the_form_is_found_out() {
    let (_, mut scene) = ann_with(DECOMPOSED);
    scene.hasher = admitting();
    scene.hasher.expect_is_outdated().return_const(false);
    scene.hasher.expect_verify().returning(|_, attempt, _| if attempt.composed().is_some() { Ok(true) } else { down() });
    assert!(matches!(scene.login_with(DECOMPOSED).await.0, Err(LoginError::Port(PortError::Unavailable(_)))));
}

#[tokio::test]
async fn too_much_to_verify_is_told_as_it_is() {
    let mut scene = Scene::with(Some(ann()), true);
    scene.hasher = admitting();
    let retry_after = std::time::Duration::from_secs(7);
    scene.hasher.expect_verify().returning(move |_, _, _| Err(PortError::Overloaded { retry_after }));
    let (outcome, events) = scene.login().await;
    assert!(matches!(outcome, Err(LoginError::Port(PortError::Overloaded { retry_after: told })) if told == retry_after));
    assert_eq!(events, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_looking() {
    let mut scene = Scene::with(None, false);
    scene.users = MockUserStore::new();
    scene.users.expect_find_by_email().returning(|_| down());
    scene.ends_in_an_outage().await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_verifying() {
    for found in [Some(ann()), None] {
        let mut scene = Scene::with(found, true);
        scene.hasher = admitting();
        scene.hasher.expect_verify().returning(|_, _, _| down());
        scene.ends_in_an_outage().await;
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_a_hash_is_replaced() {
    let ann = ann();
    Scene::with_outdated(&ann).hashing(down).ends_in_an_outage().await;
    let hashing = || Scene::with_outdated(&ann).hashing(|| Ok(hash("stronger")));
    hashing().replacing(&hash(PASSWORD), down).ends_in_an_outage().await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_beginning() {
    let mut scene = Scene::with(Some(ann()), true);
    scene.sessions.expect_begin().returning(|_, _, _, _| down());
    scene.ends_in_an_outage().await;
}

#[tokio::test]
async fn no_session_begins_where_nothing_can_be_signed() {
    Scene { issuer: broken_issuer(), ..Scene::with(Some(ann()), true) }.ends_in_an_outage().await;
}

#[tokio::test]
async fn who_is_held_up_begins_nothing_with_the_right_password_either() {
    let ann = user("ann@example.org");
    let (known, unknown) = (Some(ann.id), None);
    for (found, whose) in [(Some(ann), known), (None, unknown)] {
        let scene = Scene { held: true, ..Scene::with(found, true) };
        let (outcome, events) = scene.login().await;
        let wait = std::time::Duration::from_secs(30);
        assert!(matches!(outcome, Err(LoginError::TooManyAttempts { retry_after }) if retry_after == wait));
        assert_eq!(told(&events), [("login_throttled", None)]);
        assert_eq!((events[0].user(), events[0].email().cloned()), (whose, Some(email("ann@example.org"))));
    }
}

#[tokio::test]
async fn who_would_wait_too_long_for_a_hash_is_refused_before_anybody_is_asked() {
    let scene = Scene { users: MockUserStore::new(), hasher: full(), held: true, ..Scene::with(None, true) };
    let (outcome, events) = scene.login().await;
    assert!(matches!(outcome, Err(LoginError::Port(error)) if is_told_to_come_back(&error)));
    assert_eq!(events, []);
}
