//! What an event looks like in the log, and that no client can forge one.

use std::{
    io::{self, Write},
    net::IpAddr,
    sync::{Arc, Mutex},
};

use auth_domain::{
    audit::{event::AuditEvent, kind::EventKind, reason::Reason},
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        request_context::{RequestContext, UserAgent},
    },
};
use chrono::DateTime;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use super::*;

/// What has been logged.
#[derive(Clone, Default)]
pub(super) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log of one event, in JSON and as text.
fn logs(event: &AuditEvent) -> [String; 2] {
    let (as_json, as_text) = (Captured::default(), Captured::default());
    let json = tracing_subscriber::fmt().json().with_writer(as_json.clone()).finish();
    tracing::subscriber::with_default(json, || TracingAudit.record(event.clone()));
    let text = tracing_subscriber::fmt().with_ansi(false).with_writer(as_text.clone()).finish();
    tracing::subscriber::with_default(text, || TracingAudit.record(event.clone()));
    [as_json, as_text].map(|captured| captured.text())
}

fn event(user_agent: &str, request_id: &str) -> AuditEvent {
    let address: IpAddr = "2001:db8::1".parse().unwrap();
    let context = RequestContext {
        address: Some(address),
        user_agent: Some(UserAgent::new(user_agent)),
        language: None,
        request_id: request_id.to_owned(),
    };
    AuditEvent::new(EventKind::LoginFailed, &context, DateTime::UNIX_EPOCH)
}

#[test]
fn an_event_is_one_line_with_every_field() {
    let ann: Email = "ann@example.org".parse().unwrap();
    let full = event("curl/8", "r-1")
        .because(Reason::WrongPassword)
        .by_owner(UserId(Uuid::nil()), &ann)
        .in_session(SessionId(Uuid::max()));
    let [json, text] = logs(&full);
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&line["target"], &line["level"]), (&json!("audit"), &json!("INFO")));
    assert_eq!(
        line["fields"],
        json!({
            "message": "login_failed", "event": "login_failed", "outcome": "failure", "reason": "wrong_password",
            "user_id": Uuid::nil().to_string(), "session_id": Uuid::max().to_string(), "email": "ann@example.org",
            "client": "2001:db8::1", "user_agent": "curl/8", "request_id": "r-1",
        })
    );
    assert!(text.contains("INFO audit: login_failed event=\"login_failed\""), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn what_is_not_known_is_left_out() {
    let [json, _text] = logs(&AuditEvent::new(EventKind::RateLimited, &RequestContext::default(), DateTime::UNIX_EPOCH));
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        line["fields"],
        json!({"message": "rate_limited", "event": "rate_limited", "outcome": "failure", "request_id": ""})
    );
}

#[test]
fn nobody_can_forge_a_line() {
    let forged =
        "x\r\n\u{b}\u{c}\u{85}\u{1b}[2K\u{9b}2K\u{2028}\u{2029}\u{202e}{\"target\":\"audit\",\"event\":\"login_succeeded\"}\0";
    for log in logs(&event(forged, forged)) {
        let body = log.strip_suffix('\n').unwrap();
        let told_apart = |c: char| c.is_control() || ['\u{2028}', '\u{2029}', '\u{202e}'].contains(&c);
        assert!(!body.contains(told_apart), "{body:?}");
        assert!(!body.contains(r#""target":"audit","event":"login_succeeded""#), "{body:?}");
    }
}
