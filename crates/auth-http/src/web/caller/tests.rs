//! Which bearer tokens are taken, and what a session has to be: fresh, and with a second factor.

use actix_web::{
    http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
    test::TestRequest,
    web::{Bytes, Data},
};
use auth_domain::{
    passwords::policy::PasswordAttempt,
    sessions::{authentication::Authentication, session::Session},
    sign_in::register::Registered,
};
use chrono::TimeDelta;

use super::*;
use crate::{
    app::{
        ports::{Ports, open_database, start_audit},
        use_cases::Policies,
    },
    settings::tests::read,
    web::{
        json_body::{Members, Told},
        problem::Code,
    },
};

const PASSWORD: &str = "Correct-Horse-7-Battery";

struct Body {
    word: String,
}

impl FromMembers for Body {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { word: members.required("word")? })
    }
}

fn presented(values: &[&str]) -> Result<String, Problem> {
    let mut request = TestRequest::default();
    for value in values {
        request = request.append_header((AUTHORIZATION, *value));
    }
    bearer(request.to_http_request().headers()).map(str::to_owned)
}

#[test]
fn the_scheme_may_be_written_in_any_case_and_followed_by_any_number_of_spaces() {
    for value in ["Bearer abc", "bearer abc", "BEARER abc", "Bearer  abc", "bearer      abc"] {
        assert_eq!(presented(&[value]), Ok("abc".to_owned()));
    }
}

#[test]
fn without_a_bearer_token_one_is_asked_for() {
    for values in [&[][..], &["Basic abc"], &["Token abc"], &[""], &["Bearer\tabc"], &["Bearerabc"]] {
        assert_eq!(presented(values), Err(Problem::token_missing()), "{values:?}");
    }
}

#[test]
fn a_malformed_or_second_header_is_refused() {
    for values in [&["Bearer"][..], &["Bearer "], &["Bearer   "], &["Bearer a", "Bearer a"]] {
        assert_eq!(presented(values), Err(Problem::token_invalid()), "{values:?}");
    }
}

struct Server {
    app: Data<UseCases>,
    token: String,
}

impl Server {
    /// With one account, and a session of it that is as new.
    async fn start() -> Self {
        let settings = read(&[("DATABASE_URL", "sqlite://"), ("BCRYPT_COST", "10"), ("FRESH_MINUTES", "7")]).unwrap();
        let database = open_database(&settings.database).unwrap();
        let ports = Ports::open(&database, &settings, start_audit(&database).unwrap()).unwrap();
        let app = Data::new(UseCases::over(ports, &Policies::from(&settings)));
        let password = app.passwords.policy.accept(PASSWORD, None).unwrap();
        let registered =
            app.sign_in.register.execute("ann@example.org".parse().unwrap(), password, &RequestContext::default()).await.unwrap();
        let Registered::SignedIn(pair) = registered else { panic!("a server without mail has no other answer") };
        Self { app, token: pair.access }
    }

    async fn was_authenticated(&self, before: TimeDelta) {
        let session = self.app.sessions.authenticate.execute(&self.token).await.unwrap().session;
        let now = self.app.ports.clock.now();
        let session = Session { authentication: Authentication::by_password(now - before), ..session };
        assert!(self.app.ports.sessions.store.reauthenticate(&session, now).await.unwrap());
    }

    async fn ask<E: FromRequest<Error = Problem>>(&self, token: &str, body: &'static str) -> Result<E, Problem> {
        let request = TestRequest::post().app_data(self.app.clone()).insert_header((CONTENT_TYPE, "application/json"));
        let request = request.insert_header((AUTHORIZATION, format!("Bearer {token}"))).to_http_request();
        request.extensions_mut().insert(RawBody(Bytes::from_static(body.as_bytes())));
        E::from_request(&request, &mut Payload::None).await
    }
}

const WORD: &str = r#"{"word":"yes"}"#;

/// The stale caller's answer, which says how old the authentication may be.
fn stale() -> Problem {
    Problem::reauthentication_required(420, None)
}

#[actix_web::test]
async fn a_fresh_caller_passes_until_the_minutes_are_over() {
    let server = Server::start().await;
    assert!(server.ask::<FreshUser>(&server.token, "").await.is_ok());
    server.was_authenticated(TimeDelta::minutes(6)).await;
    let CallerWith(_, body, _) = server.ask::<Fresh<Body>>(&server.token, WORD).await.unwrap();
    assert_eq!(body.word, "yes");
    server.was_authenticated(TimeDelta::seconds(421)).await;
    assert_eq!(server.ask::<FreshUser>(&server.token, "").await.err(), Some(stale()));
    assert_eq!(server.ask::<Fresh<Body>>(&server.token, WORD).await.err(), Some(stale()));
}

#[actix_web::test]
async fn nothing_of_the_body_is_judged_for_one_who_is_not_fresh() {
    let server = Server::start().await;
    for body in ["", "{", "[]", "{}", r#"{"word":1}"#] {
        assert!(server.ask::<Fresh<Body>>(&server.token, body).await.is_err_and(|problem| problem != stale()), "{body:?}");
    }
    server.was_authenticated(TimeDelta::hours(1)).await;
    for body in ["", "{", "[]", "{}", r#"{"word":1}"#, WORD] {
        assert_eq!(server.ask::<Fresh<Body>>(&server.token, body).await.err(), Some(stale()), "{body:?}");
    }
    let stranger = server.ask::<Fresh<Body>>("nonsense", WORD).await.err();
    assert_eq!(stranger, Some(Problem::new(Code::TokenInvalid)), "a token has to be one first");
}

#[actix_web::test]
async fn who_authenticates_again_is_fresh_with_the_former_token_as_well() {
    let server = Server::start().await;
    server.was_authenticated(TimeDelta::hours(1)).await;
    let caller = server.app.sessions.authenticate.execute(&server.token).await.unwrap();
    let (attempt, context) = (PasswordAttempt::new(PASSWORD.to_owned()), RequestContext::default());
    let token = server.app.sign_in.reauthenticate.by_password(&caller, attempt, &context).await.unwrap().token;
    for token in [&token, &server.token] {
        assert!(server.ask::<FreshUser>(token, "").await.is_ok());
    }
}

#[actix_web::test]
async fn a_change_of_password_is_fresh() {
    let server = Server::start().await;
    server.was_authenticated(TimeDelta::hours(1)).await;
    let caller = server.app.sessions.authenticate.execute(&server.token).await.unwrap();
    let (current, new) =
        (PasswordAttempt::new(PASSWORD.to_owned()), server.app.passwords.policy.accept("Another-Horse-8-Staple", None));
    server.app.accounts.change_password.execute(&caller, current, new.unwrap(), &RequestContext::default()).await.unwrap();
    assert!(server.ask::<FreshUser>(&server.token, "").await.is_ok());
}

#[test]
fn the_challenge_says_what_is_asked_for() {
    let challenge = |problem: Problem| {
        let response = problem.response("");
        response.headers().get(WWW_AUTHENTICATE).unwrap().to_str().unwrap().to_owned()
    };
    let expected = r#"Bearer error="insufficient_user_authentication", max_age="600""#;
    assert_eq!(challenge(Problem::reauthentication_required(600, None)), expected);
    let with_acr = format!(r#"{expected}, acr_values="aal2""#);
    assert_eq!(challenge(Problem::reauthentication_required(600, Some("aal2"))), with_acr);
    assert_eq!(Problem::reauthentication_required(600, None).status().as_u16(), 401);
}
