//! An answer of the server, and what tests ask of it.

use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

use super::conformance;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null when there is none.
    pub body: Value,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap()
    }

    /// An error when the server dies before it has answered in full.
    pub async fn try_of(request: RequestBuilder) -> reqwest::Result<Self> {
        let (client, request) = request.build_split();
        let request = request?;
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = Self::read(client.execute(request).await?).await?;
        conformance::check(&method, &path, &answer);
        Ok(answer)
    }

    /// From another listener than the API's, of which the document says nothing.
    pub async fn from_elsewhere(request: RequestBuilder) -> Self {
        Self::read(request.send().await.unwrap()).await.unwrap()
    }

    async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        Ok(Self { status, headers, body })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {}", self.body))
    }

    pub fn access(&self) -> &str {
        self.text("access_token")
    }

    pub fn refresh(&self) -> &str {
        self.text("refresh_token")
    }

    /// The code of a problem, once it is proved to be one in full.
    pub fn problem(&self) -> &str {
        let code = self.text("code");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        assert_eq!(self.text("type"), format!("/problems/{code}"));
        assert_eq!(self.body["status"], self.status);
        assert!(!self.text("title").is_empty() && !self.text("detail").is_empty());
        assert_eq!(Some(self.text("request_id")), self.header("x-request-id"));
        code
    }

    /// Status and code of a problem.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.problem())
    }

    /// Field and code of each fault of a 422.
    pub fn faults(&self) -> Vec<(&str, &str)> {
        assert_eq!(self.refusal(), (422, "validation_failed"));
        let faults = self.body["errors"].as_array().unwrap();
        faults.iter().map(|fault| (fault["field"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect()
    }
}

/// An outage: never a "no", and worth another try.
pub fn is_unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (503, "unavailable"), "{what}");
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1, "{what}");
}
