//! `POST /oauth/introspect`, and how clients prove who they are.

use reqwest::Method;
use serde_json::{Value, json};

use super::{post, refusal};
use crate::{
    oauth::clients::{credentials, json},
    service::{ACCESS_SECRET, Answer, Engine, REFRESH_SECRET, Service, on_every_engine},
    sessions::tokens::{claims, sign},
};

const PATH: &str = "/oauth/introspect";

/// A resource server: its id and its secret.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Client {
    pub(crate) fn add(service: &Service) -> Self {
        let (id, secret) = credentials(&json(service, &["add", "Orders"]));
        Self { id, secret }
    }

    /// Where the service has another database than its own.
    pub(crate) fn add_on(service: &Service, url: &str) -> Self {
        let (code, out, err) = service.command_on(url, &["clients", "add", "Orders", "--json"]);
        assert_eq!(code, 0, "{err}");
        let (id, secret) = credentials(&serde_json::from_str(&out).unwrap());
        Self { id, secret }
    }

    /// Posts a form, with `Authorization: Basic`.
    pub(crate) async fn post(&self, service: &Service, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = service.request(Method::POST, path).basic_auth(&self.id, Some(&self.secret));
        Answer::of(request.form(form)).await
    }

    pub(crate) async fn ask(&self, service: &Service, token: &str) -> Answer {
        self.post(service, PATH, &[("token", token)]).await
    }

    async fn finds_inactive(&self, service: &Service, token: &str, what: &str) {
        let answer = self.ask(service, token).await;
        assert_eq!((answer.status, &answer.body), (200, &json!({ "active": false })), "{what}");
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
    }

    async fn is_refused(&self, service: &Service, what: &str) {
        assert_eq!(refusal(&self.ask(service, "x").await), (401, "invalid_client"), "{what}");
    }
}

/// What is said of a token that counts, from its own claims.
fn said_of(token: &str, token_type: &str) -> Value {
    let claims = claims(token);
    // How its owner was authenticated is told of the session, and so of a refresh token as well.
    let mut said = json!({ "active": true, "token_type": token_type, "username": claims["email"],
        "email_verified": false, "auth_time": claims["iat"], "amr": ["pwd"], "acr": "aal1" });
    for member in ["sub", "exp", "iat", "nbf", "jti", "sid", "iss", "aud"] {
        if let Some(value) = claims.get(member) {
            said[member] = value.clone();
        }
    }
    said
}

on_every_engine! {
    async fn a_token_that_counts_is_told_of_in_full(engine) {
        let service = Service::start(engine).await;
        let client = Client::add(&service);
        let tokens = service.register("ann@example.org").await;
        for (token, kind) in [(tokens.access(), "Bearer"), (tokens.refresh(), "refresh_token")] {
            for hint in ["access_token", "refresh_token", "nonsense"] {
                let answer = client.post(&service, PATH, &[("token", token), ("token_type_hint", hint)]).await;
                assert_eq!((answer.status, &answer.body), (200, &said_of(token, kind)));
                assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
            }
        }
        let form = [("token", tokens.access()), ("client_id", &client.id), ("client_secret", &client.secret)];
        assert_eq!(post(&service, PATH, &form).await.body["active"], true, "client_secret_post");
        assert_eq!(service.refresh(tokens.refresh()).await.status, 200, "asking has spent nothing");
    }

    async fn what_has_ended_is_not_active(engine) {
        let service = Service::start(engine).await;
        let client = Client::add(&service);
        let tokens = service.register("ann@example.org").await;
        assert_eq!(service.post_as(tokens.access(), "/auth/logout", None).await.status, 204);
        let again = service.login("ann@example.org").await;
        assert_eq!(client.ask(&service, again.access()).await.body["active"], true);
        for measure in ["disable", "enable"] {
            assert_eq!(service.command(&["users", measure, "ann@example.org"], "").0, 0);
            for (token, what) in [(tokens.access(), "logged out"), (again.access(), measure), (again.refresh(), measure)] {
                client.finds_inactive(&service, token, what).await;
            }
        }
        let last = service.login("ann@example.org").await;
        assert_eq!(client.ask(&service, last.access()).await.body["active"], true);
        assert_eq!(service.command(&["users", "delete", "ann@example.org"], "").0, 0);
        client.finds_inactive(&service, last.access(), "deleted").await;
        client.finds_inactive(&service, last.refresh(), "deleted").await;
    }

    async fn of_refresh_tokens_the_current_one_is_active_and_asking_ends_no_session(engine) {
        let service = Service::start(engine).await;
        let client = Client::add(&service);
        let first = service.register("ann@example.org").await;
        let second = service.refresh(first.refresh()).await;
        let third = service.refresh(second.refresh()).await;
        for (token, what) in [(first.refresh(), "spent long ago"), (second.refresh(), "spent just now")] {
            client.finds_inactive(&service, token, what).await;
        }
        // Any access token of a session that lives.
        for token in [first.access(), third.access(), third.refresh()] {
            assert_eq!(client.ask(&service, token).await.body["active"], true);
        }
        assert!(service.events().iter().all(|event| event["event"] != "token_reused"));
        assert_eq!(service.refresh(third.refresh()).await.status, 200);
    }

    async fn a_secret_counts_until_it_is_replaced_or_its_client_removed(engine) {
        let service = Service::start(engine).await;
        let first = Client::add(&service);
        let rotate = |arguments: &[&str]| {
            let (id, secret) = credentials(&json(&service, &[&["rotate-secret", &first.id], arguments].concat()));
            Client { id, secret }
        };
        let second = rotate(&[]);
        first.finds_inactive(&service, "x", "in the overlap").await;
        let third = rotate(&["--overlap-hours", "1"]);
        first.is_refused(&service, "two rotations ago").await;
        second.finds_inactive(&service, "x", "in the overlap").await;
        service.database.execute("UPDATE oauth_clients SET former_until = '2026-01-01 00:00:00'");
        second.is_refused(&service, "its overlap is over").await;
        let fourth = rotate(&["--overlap-hours", "0"]);
        third.is_refused(&service, "no overlap").await;
        fourth.finds_inactive(&service, "x", "the current one").await;
        json(&service, &["remove", &first.id]);
        fourth.is_refused(&service, "removed").await;

        let lines = service.audited("client_refused", 4).await;
        let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str().unwrap().to_owned()).collect();
        let wrong = format!("wrong_secret {}", first.id);
        assert_eq!(reasons, [&*wrong, &wrong, &wrong, &format!("unknown_client {}", first.id)]);
        assert_eq!((&lines[0]["client"], &lines[0]["outcome"]), (&json!("127.0.0.1"), &json!("failure")));
        for client in [first, second, third, fourth] {
            assert!(!service.log_text().contains(&client.secret));
        }
    }
}

#[tokio::test]
async fn what_is_no_token_of_this_server_is_not_active() {
    let service = Service::start(Engine::Sqlite).await;
    let client = Client::add(&service);
    let tokens = service.register("ann@example.org").await;
    let right = claims(tokens.access());
    let with = |member: &str, value: Value| {
        let mut claims = right.clone();
        claims[member] = value;
        claims
    };
    assert_eq!(client.ask(&service, &sign(&right, ACCESS_SECRET)).await.body["active"], true);
    let exp = right["exp"].as_i64().unwrap();
    for (token, what) in [
        (sign(&with("exp", json!(exp - 1000)), ACCESS_SECRET), "expired"),
        (sign(&with("nbf", json!(exp)), ACCESS_SECRET), "not valid yet"),
        (sign(&with("sub", json!("00000000-0000-7000-8000-000000000000")), ACCESS_SECRET), "of somebody else"),
        (sign(&with("type", json!("refresh")), ACCESS_SECRET), "of another kind"),
        (sign(&right, "another-secret-0123456789-0123456789"), "a foreign key"),
        (sign(&right, REFRESH_SECRET), "the other key"),
        (format!("{}x", tokens.access()), "garbage"),
        ("nonsense".to_owned(), "garbage"),
        ("\u{e4}\u{1f980}".to_owned(), "garbage"),
    ] {
        client.finds_inactive(&service, &token, what).await;
    }
}

#[tokio::test]
async fn issuer_and_audience_are_told_where_they_are_set() {
    let realm = [("JWT_ISSUER", "https://auth.example.org"), ("JWT_AUDIENCE", "https://api.example.org")];
    let service = Service::with(Engine::Sqlite, &realm).await;
    let client = Client::add(&service);
    let tokens = service.register("ann@example.org").await;
    let answer = client.ask(&service, tokens.access()).await;
    assert_eq!(answer.body, said_of(tokens.access(), "Bearer"));
    assert_eq!((answer.text("iss"), answer.text("aud")), ("https://auth.example.org", "https://api.example.org"));
}

#[tokio::test]
async fn who_asks_has_to_say_who_it_is_in_one_way() {
    let service = Service::start(Engine::Sqlite).await;
    let client = Client::add(&service);
    let (id, secret) = (("client_id", &*client.id), ("client_secret", &*client.secret));
    let token = ("token", "x");
    for form in [&[token][..], &[token, id], &[token, id, ("client_secret", "wrong")], &[token, ("client_id", "orders"), secret]]
    {
        assert_eq!(refusal(&post(&service, PATH, form).await), (401, "invalid_client"), "{form:?}");
    }
    for form in
        [&[token, secret][..], &[token, token, id, secret], &[token, id, id, secret], &[id, secret], &[id, secret, ("token", "")]]
    {
        assert_eq!(refusal(&post(&service, PATH, form).await), (400, "invalid_request"), "{form:?}");
    }
    for form in [&[token, secret][..], &[token, id, secret], &[token, ("client_id", "other")], &[]] {
        assert_eq!(refusal(&client.post(&service, PATH, form).await), (400, "invalid_request"), "{form:?}");
    }
    let bearer = service.request(Method::POST, PATH).bearer_auth("x").form(&[token]);
    assert_eq!(refusal(&Answer::of(bearer).await), (401, "invalid_client"));
    // An id that is none could be anything, and is not repeated. Whoever presents nothing has tried nothing.
    let lines = service.audited("client_refused", 2).await;
    let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, [&*format!("wrong_secret {}", client.id), "unknown_client"]);
}

#[tokio::test]
async fn the_other_routes_take_clients_with_a_secret_as_well() {
    let service = Service::start(Engine::Sqlite).await;
    let client = Client::add(&service);
    let wrong = Client { id: client.id.clone(), secret: "wrong".to_owned() };
    let first = service.register("ann@example.org").await;
    let grant = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(refusal(&wrong.post(&service, "/oauth/token", &grant(first.refresh())).await), (401, "invalid_client"));
    let second = client.post(&service, "/oauth/token", &grant(first.refresh())).await;
    assert_eq!(second.status, 200, "{}", second.body);
    let posted = [("token", second.refresh()), ("client_id", &client.id), ("client_secret", "wrong")];
    assert_eq!(refusal(&post(&service, "/oauth/revoke", &posted).await), (401, "invalid_client"));
    assert_eq!(service.me(second.access()).await.status, 200, "nothing has happened");
    assert_eq!(client.post(&service, "/oauth/revoke", &[("token", second.refresh())]).await.status, 200);
    assert_eq!(service.me(second.access()).await.status, 401);
}

#[tokio::test]
async fn other_methods_and_bodies_are_told_so() {
    let service = Service::start(Engine::Sqlite).await;
    let client = Client::add(&service);
    let got = service.get(&format!("{PATH}?token=x")).await;
    assert_eq!((got.refusal(), got.header("allow")), ((405, "method_not_allowed"), Some("POST")));
    let with_json =
        service.request(Method::POST, PATH).basic_auth(&client.id, Some(&client.secret)).json(&json!({ "token": "x" }));
    assert_eq!(Answer::of(with_json).await.refusal(), (415, "unsupported_media_type"));
    let bare = service.request(Method::POST, PATH).basic_auth(&client.id, Some(&client.secret));
    assert_eq!(Answer::of(bare).await.refusal(), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn questions_have_a_budget_of_their_own() {
    let limits = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_INTROSPECT_REQUESTS", "3"), ("RATE_LIMIT_WINDOW", "3600")];
    let service = Service::with(Engine::Sqlite, &limits).await;
    let client = Client::add(&service);
    let wrong = Client { id: client.id.clone(), secret: "wrong".to_owned() };
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.login("ann@example.org").await.status, 429);
    for remaining in ["2", "1"] {
        let answer = client.ask(&service, tokens.access()).await;
        assert_eq!((answer.status, answer.header("ratelimit-remaining")), (200, Some(remaining)));
    }
    wrong.is_refused(&service, "counted like the others").await;
    for client in [&client, &wrong] {
        let refused = client.ask(&service, tokens.access()).await;
        assert_eq!((refused.refusal(), refused.header("ratelimit-limit")), ((429, "rate_limited"), Some("3")));
        assert!(refused.header("retry-after").is_some());
    }
}
