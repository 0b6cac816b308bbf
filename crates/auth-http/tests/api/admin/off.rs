//! The API where it is off, and what `check` and `dev` say of it.

use auth_http::routes;
use reqwest::Method;

use super::{administrator, client};
use crate::service::{Engine, Service};

#[tokio::test(flavor = "multi_thread")]
async fn without_being_asked_for_there_is_nothing() {
    let service = Service::with_mail(Engine::Sqlite, &[]).await;
    let admin = administrator(&service, "ada@example.org").await;
    let is_of_it = |path: &str| path.starts_with("/admin") || path.starts_with("/console");
    for endpoint in routes::endpoints().into_iter().filter(|endpoint| is_of_it(endpoint.path)) {
        let path = endpoint.path.replace("/console/{file}", "/console/main.js").replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
            let answer = service.send(method.clone(), &path, Some(&admin), None).await;
            assert_eq!(answer.refusal(), (404, "not_found"), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_who_could_use_it() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let check = |more: &[(&str, &str)]| {
        let (code, out, err) = crate::service::command(&service.database, more, &["check"], "");
        assert_eq!(code, 0, "{err}");
        out.lines().filter(|line| line.contains("administration")).map(str::to_owned).collect::<Vec<_>>()
    };
    let told = |more: &[(&str, &str)], words: &[&str]| {
        let lines = check(more);
        assert_eq!(lines.len(), words.len(), "{lines:?}");
        assert!(lines.iter().zip(words).all(|(line, words)| line.contains(words)), "{lines:?}");
    };
    told(&[], &["no API for it"]);
    told(&[("ADMIN_API", "true")], &["nobody can use it"]);
    administrator(&service, "ada@example.org").await;
    told(&[("ADMIN_API", "true")], &["nobody can use it", "1 account(s) with the role `admin` have no second factor"]);
    told(&super::ON, &["for 1 account(s) and no client", "ADMIN_REQUIRE_MFA=false"]);
    client(&service, "admin:read").await;
    told(&[("ADMIN_API", "true")], &["for 0 account(s) and the client(s) office (admin:read)", "no second factor"]);
}
