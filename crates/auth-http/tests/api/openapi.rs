//! The API document and its page. That every answer of every test is documented: `service::conformance`.

use std::collections::BTreeSet;

use auth_http::{routes, web::problem::Code};
use reqwest::{
    Method, Response,
    header::{ACCEPT_ENCODING, IF_NONE_MATCH},
};
use serde_json::Value;

use crate::service::{Answer, ENCRYPTION, Engine, Service, conformance::DOCUMENT, folder, run};

/// Path and method of everything that the document has.
fn documented() -> BTreeSet<(String, String)> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase()))).collect()
}

async fn fetch(service: &Service, path: &str, accepts: &str) -> Response {
    service.request(Method::GET, path).header(ACCEPT_ENCODING, accepts).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn the_document_has_the_routes_and_no_others() {
    let routed = routes::endpoints().into_iter().flat_map(|endpoint| {
        let operations = endpoint.operations.into_iter();
        operations.map(move |operation| (endpoint.path.to_owned(), operation.method.to_string())).collect::<Vec<_>>()
    });
    assert_eq!(routed.collect::<BTreeSet<_>>(), documented());
}

#[test]
fn every_route_stands_under_a_heading_that_is_described() {
    let described: BTreeSet<_> = DOCUMENT["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let used: BTreeSet<_> = routes::endpoints().iter().map(|endpoint| endpoint.tag).collect();
    assert_eq!(used, described);
    for (path, method) in documented() {
        let tags = DOCUMENT["paths"][&path][method.to_lowercase()]["tags"].as_array().unwrap();
        assert!(tags.len() == 1 && described.contains(tags[0].as_str().unwrap()), "{method} {path}: {tags:?}");
    }
}

#[tokio::test]
async fn the_server_takes_the_methods_of_the_document_and_no_others() {
    let service =
        Service::with_mail(Engine::Sqlite, &[("JWT_ISSUER", "https://auth.example.org"), ("ADMIN_API", "true"), ENCRYPTION])
            .await;
    let all = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let documented = documented();
    for path in documented.iter().map(|(path, _)| path).collect::<BTreeSet<_>>() {
        let real = path.replace("/pages/{file}", "/pages/verify").replace("/console/{file}", "/console/main.js");
        let real = real.replace("{file}", "page.js").replace(['{', '}'], "");
        let there = |method: &Method| documented.contains(&(path.clone(), method.to_string()));
        for method in &all {
            let answer = service.send(method.clone(), &real, None, None).await;
            assert_ne!(answer.status, 404, "{method} {real}");
            assert_eq!(answer.status == 405, !there(method), "{method} {real}");
            if answer.status == 405 {
                let allowed: BTreeSet<_> = answer.header("allow").unwrap().split(", ").filter(|name| *name != "HEAD").collect();
                let expected = all.iter().filter(|method| there(method)).map(Method::as_str).collect();
                assert_eq!(allowed, expected, "{real}");
            }
        }
    }
}

#[test]
fn every_code_is_documented_with_what_it_looks_like() {
    let listed = DOCUMENT["components"]["schemas"]["Code"]["enum"].as_array().unwrap();
    // Some names come with two statuses.
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(listed.iter().map(|name| name.as_str().unwrap()).collect::<BTreeSet<_>>(), names);
    assert_eq!(listed.len(), names.len());
    let responses = DOCUMENT["components"]["responses"].as_object().unwrap();
    for code in Code::ALL {
        let mut shown = responses
            .values()
            .filter_map(|response| response["content"]["application/problem+json"]["examples"].get(code.name()))
            .filter(|example| example["value"]["status"] == code.status().as_u16())
            .peekable();
        assert!(shown.peek().is_some(), "{code:?}");
        for example in shown {
            assert_eq!(example["value"]["code"], code.name());
        }
    }
}

#[test]
fn the_program_prints_it_without_a_configuration() {
    let (_guard, folder) = folder();
    let (code, stdout, stderr) = run(&folder, &["openapi"], &[("PORT", "nonsense")]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap(), *DOCUMENT);
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
}

#[tokio::test]
async fn it_is_served_once_and_does_not_draw_on_the_rate_limit() {
    let limits = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_WINDOW", "3600")];
    let service = Service::with(Engine::Sqlite, &limits).await;
    for path in ["/openapi.json", "/docs", "/docs/page.js", "/docs/swagger-ui-bundle.js"] {
        let first = service.get(path).await;
        assert_eq!((first.status, first.header("cache-control")), (200, Some("no-cache")), "{path}");
        assert_eq!(first.header("ratelimit-limit"), None, "{path}");
        let tag = first.header("etag").unwrap();
        let again = async |tag: &str| Answer::of(service.request(Method::GET, path).header(IF_NONE_MATCH, tag)).await;
        let unchanged = again(&format!("\"other\", {tag}")).await;
        assert_eq!((unchanged.status, unchanged.header("etag"), unchanged.body.is_null()), (304, Some(tag), true), "{path}");
        assert_eq!(again("\"other\"").await.status, 200, "{path}");
    }
    assert_eq!(service.get("/openapi.json").await.body, *DOCUMENT);
    assert_eq!(service.get("/auth/me").await.status, 401, "the budget is still there");
    assert_eq!(service.get("/auth/me").await.status, 429);
}

#[tokio::test]
async fn the_page_has_a_policy_of_its_own_and_names_only_its_own_files() {
    let service = Service::start(Engine::Sqlite).await;
    let page = fetch(&service, "/docs", "gzip").await;
    let policy = header(&page, "content-security-policy").to_owned();
    for part in ["default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{part} is missing in {policy}");
    }
    assert!(!policy.contains("unsafe") && header(&page, "content-type").starts_with("text/html"));
    assert_eq!((header(&page, "x-content-type-options"), header(&page, "referrer-policy")), ("nosniff", "no-referrer"));
    let html = page.text().await.unwrap();
    let named: Vec<_> = ["src=\"", "href=\""].iter().flat_map(|start| html.split(start).skip(1)).collect();
    let named: Vec<_> = named.iter().map(|rest| rest.split('"').next().unwrap()).filter(|name| *name != "data:,").collect();
    assert!(named.len() >= 5, "{named:?}");
    for name in named {
        let file = fetch(&service, &format!("/{name}"), "gzip").await;
        assert_eq!((file.status().as_u16(), header(&file, "x-content-type-options")), (200, "nosniff"), "{name}");
    }
    assert_eq!(service.get("/docs/nothing.js").await.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn who_does_not_take_gzip_gets_the_files_as_they_are() {
    let service = Service::start(Engine::Sqlite).await;
    for file in ["swagger-ui-bundle.js", "swagger-ui.css"] {
        let path = format!("/docs/{file}");
        let zipped = fetch(&service, &path, "br, gzip").await;
        assert_eq!((header(&zipped, "content-encoding"), header(&zipped, "vary")), ("gzip", "accept-encoding"), "{file}");
        let tag = header(&zipped, "etag").to_owned();
        let zipped = zipped.bytes().await.unwrap();
        for accepts in ["identity", "br", "gzip;q=0", ""] {
            let plain = fetch(&service, &path, accepts).await;
            assert_eq!(header(&plain, "content-encoding"), "", "{file}, {accepts}");
            assert_ne!(header(&plain, "etag"), tag, "{file}, {accepts}");
            let plain = plain.text().await.unwrap();
            assert!(plain.len() > 3 * zipped.len() && plain.contains("swagger-ui"), "{file}, {accepts}");
        }
    }
}

#[tokio::test]
async fn both_can_be_switched_off() {
    let service = Service::with(Engine::Sqlite, &[("API_DOCS", "false")]).await;
    for path in ["/openapi.json", "/docs", "/docs/page.js", "/docs/swagger-ui.css"] {
        assert_eq!(service.get(path).await.refusal(), (404, "not_found"), "{path}");
    }
    assert_eq!(service.me(service.register("ann@example.org").await.access()).await.status, 200);
}
