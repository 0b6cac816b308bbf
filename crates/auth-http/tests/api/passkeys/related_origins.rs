//! GET /.well-known/webauthn

use serde_json::json;

use crate::service::{Answer, ENCRYPTION, Engine, Service};

#[tokio::test(flavor = "multi_thread")]
async fn it_lists_the_pages_and_no_apps() {
    let app = "android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    for (settings, expected) in [
        (vec![("PUBLIC_URL", "https://auth.example.org")], json!(["https://auth.example.org"])),
        (
            vec![
                ("PUBLIC_URL", "https://auth.example.org"),
                ("WEBAUTHN_RP_ID", "example.org"),
                ("ALLOWED_ORIGINS", "https://app.example.org,https://elsewhere.example.net"),
            ],
            json!(["https://auth.example.org", "https://app.example.org"]),
        ),
        (
            vec![
                ("WEBAUTHN_RP_ID", "example.org"),
                ("WEBAUTHN_ORIGINS", &*format!("https://example.org,{app},https://example.net")),
            ],
            json!(["https://example.org", "https://example.net"]),
        ),
        (vec![("PUBLIC_URL", "http://localhost:8000")], json!([])),
    ] {
        let service = Service::with(Engine::Sqlite, &[&[ENCRYPTION], &settings[..]].concat()).await;
        let answer = service.get("/.well-known/webauthn").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{settings:?}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        let tag = answer.header("etag").unwrap();
        let again = Answer::of(service.request(reqwest::Method::GET, "/.well-known/webauthn").header("If-None-Match", tag)).await;
        assert_eq!((again.status, again.body.is_null()), (304, true));
        assert_eq!(answer.body, json!({ "origins": expected }), "{settings:?}");
    }
}
