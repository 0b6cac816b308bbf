//! `POST /oauth/token` with `grant_type=client_credentials`: clients' own tokens, and what becomes of them.

use std::sync::Arc;

use jsonwebtoken::Header;
use reqwest::Method;
use serde_json::{Value, json};

use super::{introspect::Client, post, refusal};
use crate::{
    oauth::clients::{credentials, json as command},
    service::{ACCESS_SECRET, Answer, Engine, REFRESH_SECRET, Service, TestDatabase, eventually, on_every_engine},
    sessions::tokens::{claims, part, sign_as},
    signing_keys::keys::{ISSUER, published, server, verified},
};

const PATH: &str = "/oauth/token";
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn with_scopes(service: &Service, scopes: &str) -> Client {
    let (id, secret) = credentials(&command(service, &["add", "Orders", "--scope", scopes]));
    Client { id, secret }
}

async fn token(service: &Service, client: &Client, more: &[(&str, &str)]) -> Answer {
    client.post(service, PATH, &[&[GRANT], more].concat()).await
}

/// A token, once it is proved to be given as RFC 6749 section 4.4.3 has it.
async fn issued(service: &Service, client: &Client, scope: Option<&str>) -> String {
    let asked = scope.map(|scope| ("scope", scope));
    let answer = token(service, client, asked.as_slice()).await;
    assert_eq!(
        (answer.status, answer.text("token_type"), &answer.body["expires_in"]),
        (200, "Bearer", &json!(900)),
        "{}",
        answer.body
    );
    assert!(answer.body.get("refresh_token").is_none() && answer.body["scope"] == claims(answer.access())["scope"]);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
    answer.access().to_owned()
}

async fn is_active(service: &Service, client: &Client, token: &str) -> bool {
    client.ask(service, token).await.body["active"] == true
}

on_every_engine! {
    async fn a_client_gets_a_token_for_what_it_asks_or_for_all_that_it_may(engine) {
        let service = Service::start(engine).await;
        let client = with_scopes(&service, "admin:write,admin:read");
        for (asked, got) in [
            (None, "admin:read admin:write"),
            (Some("admin:write"), "admin:write"),
            (Some("admin:write admin:read admin:write"), "admin:read admin:write"),
        ] {
            let token = issued(&service, &client, asked).await;
            let said = claims(&token);
            assert_eq!(part(&token, 0), json!({ "alg": "HS256", "typ": "at+jwt" }));
            assert_eq!((&said["sub"], &said["client_id"], &said["scope"]), (&json!(client.id), &json!(client.id), &json!(got)));
            let about = ["sub", "client_id", "scope", "exp", "iat", "jti"].map(|member| (member.to_owned(), said[member].clone()));
            let mut expected = Value::Object(about.into_iter().collect());
            (expected["active"], expected["token_type"]) = (true.into(), "Bearer".into());
            assert_eq!(client.ask(&service, &token).await.body, expected);
        }
        let bare = Client::add(&service);
        let token = issued(&service, &bare, None).await;
        assert_eq!(claims(&token).get("scope"), None);
        assert!(is_active(&service, &client, &token).await, "whoever asks");
        let form = [GRANT, ("client_id", &*bare.id), ("client_secret", &*bare.secret)];
        assert_eq!(post(&service, PATH, &form).await.status, 200, "client_secret_post");
    }

    async fn it_ends_with_its_client_and_with_its_scopes_but_not_with_its_secret(engine) {
        let service = Service::start(engine).await;
        let (client, asker) = (with_scopes(&service, "admin:read"), Client::add(&service));
        let first = issued(&service, &client, None).await;
        command(&service, &["rotate-secret", &client.id, "--overlap-hours", "0"]);
        assert_eq!(refusal(&token(&service, &client, &[]).await), (401, "invalid_client"));
        command(&service, &["set-scope", &client.id, "admin:read"]);
        assert!(is_active(&service, &asker, &first).await, "nothing has changed");
        let client = with_scopes(&service, "admin:read");
        for scopes in ["admin:read,admin:write", "admin:read", ""] {
            let before = issued(&service, &client, None).await;
            assert!(is_active(&service, &asker, &before).await);
            command(&service, &["set-scope", &client.id, scopes]);
            assert!(!is_active(&service, &asker, &before).await, "{scopes}: whether it may do more or less");
        }
        let last = issued(&service, &client, None).await;
        command(&service, &["remove", &client.id]);
        assert!(!is_active(&service, &asker, &last).await);
        assert_eq!(refusal(&token(&service, &client, &[]).await), (401, "invalid_client"));
    }

    async fn each_token_is_in_the_trail_with_its_client_and_scopes(engine) {
        let service = Service::start(engine).await;
        let client = with_scopes(&service, "admin:read,admin:export");
        issued(&service, &client, Some("admin:export")).await;
        assert_eq!(refusal(&token(&service, &client, &[("scope", "admin:write")]).await), (400, "invalid_scope"));
        let lines = service.audited("client_token_issued", 1).await;
        assert!(lines.len() == 1 && lines[0]["reason"] == client.id && lines[0]["client"] == "127.0.0.1", "{lines:?}");
        let row = format!(
            "SELECT COUNT(*) AS count FROM audit_events WHERE event = 'client_token_issued' AND members = 'admin:export' \
             AND actor_type = 'client' AND actor_id = '{0}' AND reason = '{0}'",
            client.id
        );
        eventually(async || service.database.number(&row), |count| *count == 1).await;
    }

    async fn only_a_client_that_proves_who_it_is_gets_one(engine) {
        let service = Service::start(engine).await;
        let client = with_scopes(&service, "admin:read");
        let ann = service.register("ann@example.org").await;
        for form in [&[GRANT][..], &[GRANT, ("client_id", &client.id)], &[GRANT, ("client_id", &client.id), ("client_secret", "wrong")]] {
            assert_eq!(refusal(&post(&service, PATH, form).await), (401, "invalid_client"), "{form:?}");
        }
        let own = issued(&service, &client, None).await;
        for bearer in [ann.access(), &own] {
            let request = service.request(Method::POST, PATH).bearer_auth(bearer).form(&[GRANT]);
            assert_eq!(refusal(&Answer::of(request).await), (401, "invalid_client"));
        }
        for scope in ["admin:write", "admin:read admin:write", "admin", "enrol", "ADMIN:READ", "admin:read,admin:write", " ", "\u{e4}"] {
            assert_eq!(refusal(&token(&service, &client, &[("scope", scope)]).await), (400, "invalid_scope"), "{scope}");
        }
        assert_eq!(token(&service, &client, &[("scope", ""), ("resource", "https://x.example")]).await.status, 200, "as if it were not there");
    }

    async fn it_opens_nothing_of_a_person_and_no_persons_token_is_one(engine) {
        let service = Service::start(engine).await;
        let client = with_scopes(&service, "admin:read,admin:write,admin:export");
        let own = issued(&service, &client, None).await;
        for path in ["/auth/me", "/auth/sessions"] {
            assert_eq!(service.get_as(&own, path).await.refusal(), (401, "token_invalid"), "{path}");
        }
        assert_eq!(service.refresh(&own).await.refusal(), (401, "token_invalid"));
        let grant = [("grant_type", "refresh_token"), ("refresh_token", &*own)];
        assert_eq!(refusal(&post(&service, PATH, &grant).await), (400, "invalid_grant"));
        // What revocation does not end it does not say to have ended; what is no token any more is no error.
        let revoke = async || post(&service, "/oauth/revoke", &[("token", &own), ("token_type_hint", "access_token")]).await;
        assert_eq!(refusal(&revoke().await), (400, "unsupported_token_type"));
        assert!(is_active(&service, &client, &own).await);
        command(&service, &["set-scope", &client.id, ""]);
        assert_eq!(revoke().await.status, 200);
        let feed = service.request(Method::GET, "/oauth/revocations").send().await.unwrap().text().await.unwrap();
        assert_eq!((&claims(&feed)["sids"], &claims(&feed)["kids"]), (&json!([]), &json!([])), "the feed is of sessions and keys");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_one_is_not_active() {
    let service = Service::start(Engine::Sqlite).await;
    let (client, other) = (with_scopes(&service, "admin:read"), Client::add(&service));
    let own = issued(&service, &client, None).await;
    let ann = service.register("ann@example.org").await;
    let typed = |typ: &str| Header { typ: Some(typ.to_owned()), ..Header::default() };
    let header = typed("at+jwt");
    assert!(is_active(&service, &other, &sign_as(&header, &claims(&own), ACCESS_SECRET)).await, "the forger knows the form");
    for (what, member, value) in [
        ("more than the client may", "scope", json!("admin:read admin:write")),
        ("of another client", "client_id", json!(other.id)),
        ("of another subject", "sub", claims(ann.access())["sub"].clone()),
        ("of other scopes", "scopes_version", json!(1)),
        ("of a person", "type", json!("access")),
        ("too old", "exp", json!(1_000_000_000)),
        ("for somebody else", "aud", json!("https://other.example.org")),
    ] {
        let mut bent = claims(&own);
        bent[member] = value;
        assert!(!is_active(&service, &other, &sign_as(&header, &bent, ACCESS_SECRET)).await, "{what}");
    }
    for (header, secret) in [(typed("JWT"), ACCESS_SECRET), (Header::default(), ACCESS_SECRET), (header.clone(), REFRESH_SECRET)]
    {
        assert!(!is_active(&service, &other, &sign_as(&header, &claims(&own), secret)).await, "{header:?}");
    }
    // A person's claims under the header of clients.
    let dressed = sign_as(&header, &claims(ann.access()), ACCESS_SECRET);
    assert!(!is_active(&service, &other, &dressed).await);
    assert_eq!(service.me(&dressed).await.refusal(), (401, "token_invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_pair_signs_it_as_it_signs_those_of_people_whether_or_not_there_is_an_api_for_administrators() {
    for (algorithm, admin) in [("ES256", "true"), ("EdDSA", "false")] {
        let database = Arc::new(TestDatabase::create(Engine::Sqlite));
        let overrides = [("ADMIN_API", admin), ("ACCESS_TOKEN_EXPIRE_MINUTES", "60")];
        let service = server(&database, algorithm, &overrides).await;
        let client = with_scopes(&service, "admin:read");
        let answer = token(&service, &client, &[]).await;
        assert_eq!((answer.status, &answer.body["expires_in"]), (200, &json!(3600)), "{}", answer.body);
        let said = verified(answer.access(), &published(&service).await).unwrap();
        assert_eq!((&said["iss"], &said["client_id"]), (&json!(ISSUER), &json!(client.id)));
        let header = part(answer.access(), 0);
        assert_eq!((&header["alg"], &header["typ"]), (&json!(algorithm), &json!("at+jwt")));
        let active = client.ask(&service, answer.access()).await.body;
        assert_eq!((&active["active"], &active["iss"]), (&json!(true), &said["iss"]));
        assert_eq!(service.me(answer.access()).await.refusal(), (401, "token_invalid"));
        // Under the same header, but of a person.
        let ann = service.register("ann@example.org").await;
        assert_eq!(part(ann.access(), 0), header);
        assert!(client.ask(&service, ann.access()).await.body.get("client_id").is_none());
    }
}

fn budget(answer: &Answer) -> (u16, Option<&str>, Option<&str>) {
    (answer.status, answer.header("ratelimit-limit"), answer.header("ratelimit-remaining"))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_draws_on_the_budget_of_administration_and_nothing_else_at_its_address_does() {
    let limits = [
        ("RATE_LIMIT_REQUESTS", "1"),
        ("RATE_LIMIT_SESSION_REQUESTS", "9"),
        ("RATE_LIMIT_ADMIN_REQUESTS", "4"),
        ("RATE_LIMIT_WINDOW", "3600"),
    ];
    let service = Service::with(Engine::Sqlite, &limits).await;
    let client = with_scopes(&service, "admin:read");
    let tokens = service.register("ann@example.org").await;
    let grant = ("grant_type", "refresh_token");
    // Of everything else that comes to the path, a refresh or no grant at all, nothing is worth more than a refresh.
    let refreshed = post(&service, PATH, &[grant, ("refresh_token", tokens.refresh())]).await;
    assert_eq!(budget(&refreshed), (200, Some("9"), Some("8")));
    for (form, remaining) in [
        (&[][..], "7"),
        (&[GRANT, grant], "6"),
        (&[grant, GRANT, ("refresh_token", refreshed.refresh())], "5"),
        (&[("grant_type", "client_credentials ")], "4"),
    ] {
        assert_eq!(budget(&post(&service, PATH, form).await), (400, Some("9"), Some(remaining)), "{form:?}");
    }
    let json = service.post(PATH, json!({ "grant_type": "client_credentials" })).await;
    assert_eq!((json.refusal(), budget(&json)), ((415, "unsupported_media_type"), (415, Some("9"), Some("3"))));
    let bare = service.send(Method::POST, PATH, None, None).await;
    assert_eq!((bare.refusal(), budget(&bare)), ((415, "unsupported_media_type"), (415, Some("9"), Some("2"))));
    let long = post(&service, PATH, &[GRANT, ("scope", &"x".repeat(20_000))]).await;
    assert_eq!((long.refusal(), budget(&long)), ((413, "payload_too_large"), (413, Some("9"), Some("1"))));

    assert_eq!(budget(&token(&service, &client, &[]).await), (200, Some("4"), Some("3")));
    assert_eq!(budget(&token(&service, &client, &[("scope", "admin:write")]).await), (400, Some("4"), Some("2")));
    // Whoever only says so has spent it, at an address of their own, on being refused.
    assert_eq!(budget(&post(&service, PATH, &[GRANT]).await), (401, Some("4"), Some("1")));
    assert_eq!(budget(&token(&service, &client, &[]).await), (200, Some("4"), Some("0")));
    let refused = token(&service, &client, &[]).await;
    assert_eq!((refused.refusal(), budget(&refused)), ((429, "rate_limited"), (429, Some("4"), Some("0"))));
    assert!(refused.header("retry-after").is_some());
    service.audited("rate_limited", 1).await;
    // Nor does the one end with the other.
    let next = post(&service, PATH, &[grant, ("refresh_token", refreshed.refresh())]).await;
    assert_eq!(budget(&next), (200, Some("9"), Some("0")));
    for form in [&[grant, ("refresh_token", next.refresh())][..], &[], &[GRANT, GRANT]] {
        assert_eq!(post(&service, PATH, form).await.refusal(), (429, "rate_limited"), "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_budget_of_their_own_refreshes_stay_on_the_general_one() {
    let limits = [("RATE_LIMIT_REQUESTS", "2"), ("RATE_LIMIT_WINDOW", "3600")];
    let service = Service::with(Engine::Sqlite, &limits).await;
    let client = with_scopes(&service, "admin:read");
    for remaining in ["1", "0"] {
        let refused = post(&service, PATH, &[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
        assert_eq!(budget(&refused), (400, Some("2"), Some(remaining)));
    }
    assert_eq!(post(&service, PATH, &[("grant_type", "refresh_token"), ("refresh_token", "x")]).await.status, 429);
    assert_eq!(service.login("ann@example.org").await.status, 429);
    assert_eq!(budget(&token(&service, &client, &[]).await), (200, Some("600"), Some("599")));
}
