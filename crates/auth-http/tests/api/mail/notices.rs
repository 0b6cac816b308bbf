//! What the owner of an account is told.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{NEW, is_done, move_to, undo};
use crate::service::{Answer, Letter, PASSWORD, Service, on_every_engine};

const BEHIND_A_PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.0/8");

/// A client whose own name for itself is a link.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0 https://evil.example.net";

on_every_engine! {
    async fn the_owner_is_told_what_happened(engine) {
        let service = Service::with_mail(engine, &[BEHIND_A_PROXY]).await;
        tokio::join!(
            a_change_of_password(&service),
            a_login_from_a_network_that_is_new(&service),
            a_deletion(&service),
        );
    }

    async fn notices_can_be_switched_off_but_for_that_of_the_address(engine) {
        let service = Service::with_mail(engine, &[BEHIND_A_PROXY, ("SECURITY_NOTICES", "false")]).await;
        let tokens = service.register_verified("ann@example.org").await;
        assert_eq!(change_password(&service, tokens.access()).await.status, 204);
        assert_eq!(login_from(&service, "203.0.113.9", "ann@example.org", NEW).await.status, 200);
        assert_eq!(service.mails_to("ann@example.org").await.len(), 1, "that of the registration");
        move_to(&service, tokens.access(), "ann@new.example.org").await;
        let subjects = subjects(&service, "ann@example.org").await;
        assert_eq!(subjects.last().unwrap(), "Your address for auth.example.org was changed");
        let body = Some(json!({ "password": NEW }));
        assert_eq!(service.delete_as(tokens.access(), "/auth/me", body).await.status, 204);
        assert_eq!(service.mails_to("ann@new.example.org").await.len(), 1, "the proof alone");
    }
}

async fn subjects(service: &Service, email: &str) -> Vec<String> {
    service.mails_to(email).await.into_iter().map(|letter| letter.subject).collect()
}

fn from(service: &Service, client: &str, path: &str, body: &Value) -> RequestBuilder {
    let request = service.request(Method::POST, path).header("X-Forwarded-For", client).header("User-Agent", AGENT);
    request.json(body)
}

async fn login_from(service: &Service, client: &str, email: &str, password: &str) -> Answer {
    Answer::of(from(service, client, "/auth/login", &json!({ "email": email, "password": password }))).await
}

async fn change_password(service: &Service, access: &str) -> Answer {
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    Answer::of(from(service, "203.0.113.7", "/auth/password", &body).bearer_auth(access)).await
}

/// Time, network and agent, and nothing that the client could choose.
fn tells(letter: &Letter, network: &str) {
    for part in [network, "Firefox", "Linux", "UTC", "https://auth.example.org/pages/undo#token="] {
        assert!(letter.text.contains(part), "{part} is missing in {}", letter.text);
    }
    assert!(!letter.source.contains("evil") && !letter.source.contains("Mozilla"), "{}", letter.source);
}

async fn a_change_of_password(service: &Service) {
    let tokens = service.register_verified("ann@example.org").await;
    assert_eq!(change_password(service, tokens.access()).await.status, 204);
    let notice = service.mail_to("ann@example.org", 2).await;
    assert_eq!(notice.subject, "Your password for auth.example.org was changed");
    tells(&notice, "203.0.113.0/24");
    let again = json!({ "current_password": NEW, "new_password": PASSWORD });
    assert_eq!(service.post_as(tokens.access(), "/auth/password", Some(again)).await.status, 204);
    let second = service.mail_to("ann@example.org", 3).await;
    assert_eq!(second.subject, notice.subject, "notices always go");
    is_done(&undo(service, second.token()).await, "its link works");
    is_done(&undo(service, notice.token()).await, "and so does the older one's");
}

async fn a_login_from_a_network_that_is_new(service: &Service) {
    service.register_verified("bob@example.org").await;
    assert_eq!(service.login("bob@example.org").await.status, 200, "registering made the network known");
    assert_eq!(login_from(service, "198.51.100.7", "bob@example.org", "wrong").await.status, 401);
    assert_eq!(service.mails_to("bob@example.org").await.len(), 1);
    let tokens = login_from(service, "198.51.100.7", "bob@example.org", PASSWORD).await;
    let notice = service.mail_to("bob@example.org", 2).await;
    assert_eq!(notice.subject, "New sign-in to auth.example.org");
    tells(&notice, "198.51.100.0/24");
    assert_eq!(login_from(service, "198.51.100.7", "bob@example.org", PASSWORD).await.status, 200);
    assert_eq!(service.mails_to("bob@example.org").await.len(), 2, "by now it is known");
    service.database.execute(
        "UPDATE known_networks SET seen_at = '2026-01-01 00:00:00' \
         WHERE user_id = (SELECT id FROM users WHERE email = 'bob@example.org')",
    );
    assert_eq!(login_from(service, "198.51.100.7", "bob@example.org", PASSWORD).await.status, 200);
    assert_eq!(service.mails_to("bob@example.org").await.len(), 3, "after 30 days it is forgotten");
    is_done(&undo(service, notice.token()).await, "its link works");
    assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"));
}

async fn a_deletion(service: &Service) {
    let tokens = service.register_verified("eve@example.org").await;
    let body = Some(json!({ "password": PASSWORD }));
    assert_eq!(service.delete_as(tokens.access(), "/auth/me", body).await.status, 204);
    let notice = service.mail_to("eve@example.org", 2).await;
    assert_eq!((notice.subject.as_str(), notice.link()), ("Your account with auth.example.org was deleted", None));
}
