//! What went wrong with a mail server, and what that means for a mail.

use std::{error::Error as _, io, time::Duration};

use auth_domain::mail::ports::Delivery;
use lettre::transport::smtp::{Error, response::Response};

/// The longest reason that is kept, in characters.
const REASON_MAX_CHARS: usize = 400;

/// How far a mail had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing of it was said: connecting, TLS, login.
    Opening,
    /// Its sender.
    Sender,
    /// Whom it is for, what it says, and the server's word that it has it.
    Mail,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) phase: Phase,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// The server said no.
    Refusal { code: u16, text: String },
    /// The connection broke, or what came over it made no sense.
    Broken(String),
    /// A step took too long.
    TimedOut(Duration),
    /// The server offers no way to carry it.
    Unsupported(&'static str),
}

impl Kind {
    /// Whether the server speaks sense, so that it may be told goodbye.
    pub(super) fn is_in_step(&self) -> bool {
        match self {
            Self::Refusal { .. } | Self::Unsupported(_) => true,
            Self::Broken(_) | Self::TimedOut(_) => false,
        }
    }

    /// A reply that belongs to none of our commands: the connection is out of step, and no other reply of it can be trusted.
    pub(super) fn out_of_step(reply: &Response) -> Self {
        Self::Broken(format!("a reply out of step: {}", u16::from(reply.code())))
    }

    pub(super) fn at(self, phase: Phase) -> Fault {
        Fault { phase, kind: self }
    }

    fn told(&self) -> String {
        match self {
            Self::Refusal { code, text } => format!("{code} {text}"),
            Self::Broken(why) => why.clone(),
            Self::TimedOut(waited) => format!("no answer within {} s", waited.as_secs_f32()),
            Self::Unsupported(what) => (*what).to_owned(),
        }
    }
}

impl From<Error> for Kind {
    fn from(error: Error) -> Self {
        let cause = error.source().map(ToString::to_string);
        match error.status() {
            Some(code) => Self::Refusal { code: code.into(), text: cause.unwrap_or_default() },
            None => Self::Broken(cause.unwrap_or_else(|| error.to_string())),
        }
    }
}

impl From<io::Error> for Kind {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Fault {
    /// Whether a kept connection was closed before anything of a mail was said: by a server that ends idle ones (RFC 5321 section
    /// 3.8).
    pub(super) fn is_of_an_idle_line(&self) -> bool {
        let closed = match &self.kind {
            Kind::Refusal { code, .. } => *code == 421,
            Kind::Broken(_) => true,
            Kind::TimedOut(_) | Kind::Unsupported(_) => false,
        };
        self.phase == Phase::Sender && closed
    }

    /// In the server's words, without controls.
    pub(super) fn reason(&self) -> String {
        let plain: String = self.kind.told().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_MAX_CHARS).collect()
    }
}

impl From<Fault> for Delivery {
    fn from(fault: Fault) -> Self {
        let why = fault.reason();
        match (fault.phase, fault.kind) {
            (_, Kind::Unsupported(_)) => Self::Refused { why },
            // Before anything of the mail was said; and later what is not about it: 53x is our login (RFC 4954 section 6), 421 the
            // server's end.
            (Phase::Opening, _) | (_, Kind::Refusal { code: 421 | 530..=539, .. }) => Self::Later { why, server_is_away: true },
            // 552 is for good as well, whatever older servers meant (RFC 5321 section 4.5.3.1.10).
            (_, Kind::Refusal { code: 500.., .. }) => Self::Refused { why },
            (_, Kind::Refusal { .. }) => Self::Later { why, server_is_away: false },
            (_, Kind::Broken(_) | Kind::TimedOut(_)) => Self::Later { why, server_is_away: true },
        }
    }
}
