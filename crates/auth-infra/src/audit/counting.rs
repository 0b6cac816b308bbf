//! The audit trail counted: logins, sessions and refusals as Prometheus counters, and every event by its name.

use std::sync::Arc;

use auth_domain::{
    audit::{
        event::AuditEvent,
        kind::{EventKind, Outcome, Tally},
        ports::AuditSink,
        reason::Reason,
    },
    identity::method::Method,
};
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// Counts each event, then passes it on.
pub struct CountingAudit {
    next: Arc<dyn AuditSink>,
    events: IntCounterVec,
    logins: IntCounterVec,
    factors: IntCounterVec,
    begun: IntCounterVec,
    ended: IntCounterVec,
    reused: IntCounter,
    limited: IntCounter,
}

impl CountingAudit {
    /// Counts the events that go to `next`.
    ///
    /// # Errors
    /// The registry has such counters already.
    pub fn over(next: Arc<dyn AuditSink>, registry: &Registry) -> prometheus::Result<Self> {
        let labelled = |name: &str, help: &str, label: &str, values: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
            // Each starts at zero, so that `rate()` sees the first event of its kind as an increase.
            values.iter().for_each(|value| drop(counters.with_label_values(&[value])));
            registry.register(Box::new(counters.clone())).map(|()| counters)
        };
        let single = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone())).map(|()| counter)
        };
        Ok(Self {
            next,
            events: labelled(
                "auth_audit_events_total",
                "Events of the audit trail.",
                "event",
                &EventKind::ALL.map(EventKind::name),
            )?,
            logins: labelled(
                "auth_logins_total",
                "Logins, and passwords presented with a change or a deletion when they are wrong.",
                "outcome",
                &values(|tally| if let Tally::Login(outcome) = tally { Some(outcome) } else { None }),
            )?,
            factors: factors(registry)?,
            begun: labelled(
                "auth_sessions_begun_total",
                "Sessions that began.",
                "by",
                &values(|tally| if let Tally::SessionBegun(by) = tally { Some(by) } else { None }),
            )?,
            ended: labelled("auth_sessions_ended_total", "Sessions that ended before they expired.", "reason", &endings())?,
            reused: single("auth_sessions_reused_total", "Sessions for which a spent refresh token was presented.")?,
            limited: single("auth_rate_limited_total", "Requests that a client's rate limit refused.")?,
        })
    }

    fn count(&self, event: &AuditEvent) {
        self.events.with_label_values(&[event.kind.name()]).inc();
        if event.outcome == Outcome::Unknown {
            return;
        }
        for tally in event.kind.tallies() {
            match *tally {
                Tally::Login(outcome) => self.logins.with_label_values(&[outcome]).inc(),
                // A passkey that was refused has been counted by an event of its own.
                Tally::SecondFactor(_) if event.reason == Some(Reason::WrongPasskey) => {}
                Tally::SecondFactor(outcome) => self.count_factors(event, outcome),
                Tally::SessionBegun(by) => self.begun.with_label_values(&[by]).inc(),
                Tally::SessionEnded(reason) => self.ended.with_label_values(&[reason]).inc(),
                Tally::SessionEndedAsTold => self.ended.with_label_values(&[event.word().unwrap_or("other")]).inc(),
                Tally::SessionReused => self.reused.inc(),
                Tally::RateLimited => self.limited.inc(),
            }
        }
    }
}

impl CountingAudit {
    /// A login by a password alone shows none.
    fn count_factors(&self, event: &AuditEvent, outcome: &str) {
        for method in event.methods.iter().filter(|method| **method != Method::Password) {
            self.factors.with_label_values(&[method.name(), outcome]).inc();
        }
    }
}

/// Second factors shown, by method and outcome.
fn factors(registry: &Registry) -> prometheus::Result<IntCounterVec> {
    let help = "Second factors shown, at login and to authenticate again.";
    let counters = IntCounterVec::new(Opts::new("auth_second_factors_total", help), &["method", "outcome"])?;
    let outcomes = values(|tally| if let Tally::SecondFactor(outcome) = tally { Some(outcome) } else { None });
    for method in Method::ALL.into_iter().filter(|method| *method != Method::Password) {
        outcomes.iter().for_each(|outcome| drop(counters.with_label_values(&[method.name(), outcome])));
    }
    registry.register(Box::new(counters.clone())).map(|()| counters)
}

/// The values of a label, by the list of events.
fn values(of: impl Fn(&Tally) -> Option<&'static str>) -> Vec<&'static str> {
    EventKind::ALL.iter().flat_map(|kind| kind.tallies()).filter_map(of).collect()
}

/// Why a server ends sessions. (Operators' commands end them in another process.)
fn endings() -> Vec<&'static str> {
    let as_told = Reason::ALL.into_iter().filter(|reason| reason.ends_sessions()).map(Reason::name);
    let fixed = values(|tally| if let Tally::SessionEnded(reason) = tally { Some(reason) } else { None });
    as_told.chain(fixed).collect()
}

impl AuditSink for CountingAudit {
    fn record(&self, event: AuditEvent) {
        self.count(&event);
        self.next.record(event);
    }
}

#[cfg(test)]
mod tests {
    use auth_domain::{audit::ports::MockAuditSink, identity::request_context::RequestContext};
    use chrono::DateTime;
    use prometheus::TextEncoder;

    use super::*;

    #[test]
    fn every_counter_starts_at_zero() {
        let registry = Registry::new();
        let _audit = CountingAudit::over(Arc::new(MockAuditSink::new()), &registry).unwrap();
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.iter().filter(|line| line.starts_with("auth_audit_events_total{")).count(), EventKind::ALL.len());
        assert_eq!(samples.iter().filter(|line| line.starts_with("auth_sessions_ended_total{")).count(), 11);
        assert!(samples.iter().all(|line| line.ends_with(" 0")), "{text}");
    }

    /// Dashboards and alerts of operators ask for these.
    #[test]
    fn labels_have_the_values_that_the_document_tells() {
        let registry = Registry::new();
        let _audit = CountingAudit::over(Arc::new(MockAuditSink::new()), &registry).unwrap();
        let document = include_str!("../../../../docs/operations.md");
        for (metric, values) in [
            ("auth_logins_total", ["failed", "second_factor_required", "succeeded", "throttled"].as_slice()),
            ("auth_sessions_begun_total", &["login", "register"]),
            (
                "auth_sessions_ended_total",
                &[
                    "disabled",
                    "ended_by_owner",
                    "factor_added",
                    "factors_reset",
                    "logout",
                    "password_changed",
                    "password_reset",
                    "reuse",
                    "session_limit",
                    "token_revoked",
                    "undone",
                ],
            ),
        ] {
            let families = registry.gather();
            let family = families.iter().find(|family| family.name() == metric).unwrap();
            let mut labels: Vec<_> = family.get_metric().iter().map(|sample| sample.get_label()[0].value()).collect();
            labels.sort_unstable();
            assert_eq!(labels, values);
            let row = document.lines().find(|line| line.starts_with(&format!("| `{metric}`"))).unwrap();
            assert!(values.iter().all(|value| row.contains(&format!("`{value}`"))), "docs/operations.md: {row}");
        }
    }

    #[test]
    fn every_event_is_counted_and_handed_on() {
        let registry = Registry::new();
        let mut next = MockAuditSink::new();
        let event = |kind| AuditEvent::new(kind, &RequestContext::default(), DateTime::UNIX_EPOCH);
        let events = [
            event(EventKind::UserRegistered),
            event(EventKind::LoginSucceeded),
            event(EventKind::LoginFailed).because(Reason::WrongPassword),
            event(EventKind::LoginThrottled),
            event(EventKind::TokenReused),
            event(EventKind::LoggedOut).because(Reason::Logout),
            event(EventKind::SessionEnded).because(Reason::SessionLimit),
            event(EventKind::RateLimited),
            event(EventKind::UserRegistered).of_unknown_outcome(),
            event(EventKind::SessionEnded).of_unknown_outcome(),
        ];
        next.expect_record().times(events.len()).return_const(());
        let audit = CountingAudit::over(Arc::new(next), &registry).unwrap();
        for event in events {
            audit.record(event);
        }
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            r#"auth_audit_events_total{event="token_reused"} 1"#,
            r#"auth_logins_total{outcome="succeeded"} 1"#,
            r#"auth_logins_total{outcome="failed"} 1"#,
            r#"auth_logins_total{outcome="throttled"} 1"#,
            r#"auth_sessions_begun_total{by="register"} 1"#,
            r#"auth_sessions_begun_total{by="login"} 1"#,
            r#"auth_sessions_ended_total{reason="logout"} 1"#,
            r#"auth_sessions_ended_total{reason="reuse"} 1"#,
            r#"auth_sessions_ended_total{reason="session_limit"} 1"#,
            "auth_sessions_reused_total 1",
            "auth_rate_limited_total 1",
            r#"auth_audit_events_total{event="user_registered"} 2"#,
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is missing: {text}");
        }
    }

    /// As a second factor it is told of by two events.
    #[test]
    fn a_passkey_that_was_refused_is_counted_once() {
        let registry = Registry::new();
        let mut next = MockAuditSink::new();
        next.expect_record().times(3).return_const(());
        let audit = CountingAudit::over(Arc::new(next), &registry).unwrap();
        let refused = |kind, method| {
            let event = AuditEvent::new(kind, &RequestContext::default(), DateTime::UNIX_EPOCH);
            event.by_methods([method])
        };
        audit.record(refused(EventKind::PasskeyRefused, Method::Passkey).because(Reason::WrongSignature));
        audit.record(refused(EventKind::SecondFactorRefused, Method::Passkey).because(Reason::WrongPasskey));
        audit.record(refused(EventKind::SecondFactorRefused, Method::Totp).because(Reason::WrongCode));
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for method in ["passkey", "totp"] {
            let line = format!("auth_second_factors_total{{method=\"{method}\",outcome=\"refused\"}} 1");
            assert!(text.contains(&line), "{text}");
        }
    }
}
