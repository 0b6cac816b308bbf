//! What OAuth client libraries ask for.

mod client_credentials;
pub(crate) mod clients;
pub mod introspect;
pub(crate) mod revocations;
mod revoke;
mod token;

use reqwest::Method;

use crate::service::{Answer, Service};

/// Posts a form.
pub(super) async fn post(service: &Service, path: &str, form: &[(&str, &str)]) -> Answer {
    Answer::of(service.request(Method::POST, path).form(form)).await
}

/// Status and code of an error in the form of RFC 6749 section 5.2, once it is proved to be one.
pub(super) fn refusal(answer: &Answer) -> (u16, &str) {
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), (Some("application/json"), Some("no-store")));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert!(!answer.text("error_description").is_empty());
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, (answer.status == 401).then_some(r#"Basic realm="auth-server""#));
    (answer.status, answer.text("error"))
}
