//! The console's files: that all are there, and name nothing from elsewhere.

use std::collections::BTreeSet;

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
    web::ServiceConfig,
};

use super::*;
use crate::routes::{
    console_of_our_own,
    files::asking::{Answer, ask_of},
};

fn settings() -> ConsoleSettings {
    ConsoleSettings { app_name: "Ann & <b>Co".to_owned(), mail: true, passkeys: false }
}

fn html() -> String {
    Console::of(&settings()).unwrap().html
}

async fn ask(request: TestRequest) -> Answer {
    let console = Data::new(Console::of(&settings()).unwrap());
    let configured = |config: &mut ServiceConfig| {
        config.app_data(console);
        console_of_our_own().into_iter().for_each(|endpoint| endpoint.register(config));
    };
    ask_of(configured, request).await
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap()).collect()
}

fn scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODULES.iter().map(|(name, asset)| (*name, asset.content))
}

#[test]
fn the_page_names_the_application_and_what_the_server_has() {
    let html = html();
    assert!(html.contains("<bdi id=\"app\">Ann &amp; &lt;b&gt;Co</bdi>") && !html.contains("<b>") && !html.contains("{{"));
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en\" data-mail=\"true\" data-passkeys=\"false\">"), "{html}");
    for event in EventKind::ALL {
        assert!(html.contains(&format!("<option value=\"{}\">", event.name())), "{}", event.name());
    }
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    let html = html();
    for forbidden in ["<style", " style=", " onclick", "javascript:", "http:", "https:", " action=", " method="] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(html.matches("<script").count(), html.matches("<script src=\"/console/").count());
    let named: BTreeSet<_> = [between(&html, "src=\"", '"'), between(&html, " href=\"/", '"')].concat().into_iter().collect();
    let known: BTreeSet<_> = all().map(|(name, _)| *name).collect();
    let named: BTreeSet<_> = named.into_iter().map(|path| path.rsplit("console/").next().unwrap()).collect();
    assert_eq!(named, known);
    let style = OTHERS[0].1.content;
    assert!(!style.contains("url(") && !style.contains("@import"));
    for (name, script) in scripts() {
        assert!(!script.contains("http:") && !script.contains("https:") && !script.contains("//www"), "{name}");
    }
}

/// Only text is made of what the server says, and nothing is kept where it would outlive the page.
#[test]
fn no_script_makes_markup_or_keeps_anything() {
    let forbidden = [
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "import(",
        "DOMParser",
        "srcdoc",
        "eval(",
        "Function(",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "caches.",
        "setTimeout(\"",
        "postMessage",
    ];
    for (name, script) in scripts() {
        for word in forbidden {
            assert!(!script.contains(word), "{word} in {name}");
        }
        assert!(script.starts_with("// "), "{name} says what it is for");
        assert!(script.lines().count() < 300, "{name}");
    }
}

#[test]
fn every_module_is_imported_and_every_import_is_there() {
    let (mut reached, mut next) = (BTreeSet::from([FIRST]), vec![FIRST]);
    while let Some(name) = next.pop() {
        let (_, script) = scripts().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name}"));
        let imported = script.lines().filter(|line| line.starts_with("import ")).map(|line| line.split('"').nth(1).unwrap());
        for name in imported.map(|path| path.strip_prefix("./").unwrap_or_else(|| panic!("{path} from elsewhere"))) {
            if reached.insert(name) {
                next.push(name);
            }
        }
    }
    assert_eq!(reached, scripts().map(|(name, _)| name).collect());
}

#[actix_web::test]
async fn the_page_loads_from_here_alone() {
    let answer = ask(TestRequest::get().uri("/console")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(ask(TestRequest::default().method(Method::HEAD).uri("/console")).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn files_are_asked_for_each_time_and_sent_once() {
    for (name, media) in [
        ("style.css", "text/css; charset=utf-8"),
        ("main.js", "text/javascript; charset=utf-8"),
        ("webauthn.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let path = format!("/console/{name}");
        let answer = ask(TestRequest::get().uri(&path)).await;
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (media, "no-cache"), "{name}");
        let tag = answer.header("etag").to_owned();
        let again = ask(TestRequest::get().uri(&path).insert_header(("if-none-match", tag))).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{name}");
    }
}

#[actix_web::test]
async fn there_are_no_other_files_and_no_other_methods() {
    for name in ["", "index.html", "Main.js", "main", "..%2fpages%2fpages.js", "%2e%2e/pages.js"] {
        assert_eq!(ask(TestRequest::get().uri(&format!("/console/{name}"))).await.status, StatusCode::NOT_FOUND, "{name}");
    }
    for path in ["/console", "/console/main.js"] {
        let posted = ask(TestRequest::post().uri(path)).await;
        assert_eq!((posted.status, posted.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"), "{path}");
    }
}
