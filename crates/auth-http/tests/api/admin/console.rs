//! The page on the API: what it is sent with, and that it costs nobody a budget.

use reqwest::Method;

use super::ON;
use crate::service::{Engine, Service};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Every path that a page names.
fn named(html: &str) -> Vec<String> {
    let path = |rest: &str| format!("/{}", rest.split('"').next().unwrap());
    let after = |mark: &str| html.split(mark).skip(1).map(path).collect::<Vec<_>>();
    [" href=\"/", " src=\"/"].map(after).concat()
}

#[tokio::test]
async fn the_console_is_a_page_for_anybody_with_nothing_inline() {
    let service = Service::with(Engine::Sqlite, &ON).await;
    for method in [Method::GET, Method::HEAD] {
        let page = service.request(method, "/console").send().await.unwrap();
        assert_eq!(page.status(), 200);
        for (name, value) in [
            ("content-security-policy", POLICY),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            let header = page.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
            assert_eq!(header, [value], "{name}");
        }
        assert!(!page.headers().contains_key("set-cookie") && !page.headers().contains_key("ratelimit-limit"));
    }
}

#[tokio::test]
async fn every_file_that_it_names_is_there_and_asked_for_each_time() {
    let service = Service::with(Engine::Sqlite, &ON).await;
    let html = service.request(Method::GET, "/console").send().await.unwrap().text().await.unwrap();
    assert!(html.contains("<bdi id=\"app\">auth-server</bdi>") && html.contains("data-mail=\"false\" data-passkeys=\"false\""));
    let named = named(&html);
    assert!(named.len() > 15, "{named:?}");
    for path in named {
        let file = service.request(Method::GET, &path).send().await.unwrap();
        assert_eq!((file.status().as_u16(), &file.headers()["cache-control"]), (200, &"no-cache".parse().unwrap()), "{path}");
        assert!(!file.headers().contains_key("ratelimit-limit"), "{path}");
        let tag = file.headers()["etag"].clone();
        let again = service.request(Method::GET, &path).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
    }
    assert_eq!(service.get("/console/index.html").await.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn it_knows_what_the_server_has() {
    let service =
        Service::with_factors_and_mail(Engine::Sqlite, &[("ADMIN_API", "true"), ("MAIL_APP_NAME", "Ann & <i>Co</i>")]).await;
    let html = service.request(Method::GET, "/console").send().await.unwrap().text().await.unwrap();
    assert!(
        html.contains("<bdi id=\"app\">Ann &amp; &lt;i&gt;Co&lt;/i&gt;</bdi>")
            || html.contains("<bdi id=\"app\">Ann &amp; &lt;i&gt;Co&lt;&#x2f;i&gt;</bdi>")
    );
    assert!(html.contains("data-mail=\"true\" data-passkeys=\"true\""), "{html}");
}
