//! Every answer that any test gets is held against the API document: its status, its code, its headers, its type.

use std::sync::LazyLock;

use reqwest::Method;
use serde_json::{Map, Value};

use super::Answer;

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(auth_http::openapi::document()).unwrap());

/// Panics with what the document does not say.
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return is_a_refusal(method, path, answer) };
    // What is switched off is not there.
    let can_be_off = ["docs", "mail", "factors", "passkeys", "admin", "console"].map(Value::from).contains(&operation["tags"][0]);
    if answer.status == 404 && (can_be_off || path == "/auth/login/factor") {
        return;
    }
    let place = format!("status {} of {method} {path}", answer.status);
    let response = operation["responses"].get(answer.status.to_string());
    let response = resolve(response.unwrap_or_else(|| panic!("{place} is not documented: {}", answer.body)));
    for (name, header) in members(&response["headers"]) {
        let demanded = resolve(header)["required"] == true;
        assert!(!demanded || answer.headers.contains_key(name.as_str()), "{place} lacks the documented {name}");
    }
    if !answer.body.is_null() {
        let media = answer.header("content-type").unwrap().split(';').next().unwrap().trim();
        let content = response["content"].get(media).unwrap_or_else(|| panic!("{place}: {media} is not documented"));
        if media == "application/problem+json" {
            let code = answer.problem();
            assert!(content["examples"].get(code).is_some(), "{place}: {code} is not documented");
        }
    }
}

/// What the document does not know, the server does not do. Preflights belong to CORS.
fn is_a_refusal(method: &Method, path: &str, answer: &Answer) {
    assert!(*method == Method::OPTIONS || answer.status >= 400, "{method} {path} is not documented: {}", answer.status);
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    // What has GET has HEAD as well.
    let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
    let (_, item) = members(&DOCUMENT["paths"]).iter().find(|(template, _)| matches(template, path))?;
    item.get(method.as_str().to_lowercase())
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(part, given)| *part == given || (part.starts_with('{') && !given.is_empty()))
}

fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref") {
        Some(reference) => DOCUMENT.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn members(value: &'static Value) -> &'static Map<String, Value> {
    value.as_object().unwrap()
}
