//! What `mail` answers, as text and as JSON.

use std::path::PathBuf;

use auth_domain::{
    identity::{email::Email, language::Language},
    mail::{
        agent::{Browser, System},
        outbox::{Entry, MailState},
        ports::Delivery,
    },
};
use serde::Serialize;

use crate::{
    cli::{command::CommandError, page, terminal},
    routes::views::timestamp,
};

pub(crate) enum Answer {
    Mails {
        mails: Vec<Entry>,
        limit: u32,
    },
    Mail(Entry),
    Retried(Entry),
    /// A test mail, and where it was handed to.
    Tested {
        to: Email,
        by: String,
        delivery: Delivery,
    },
    Previewed {
        folder: PathBuf,
        files: usize,
    },
}

/// A mail as an operator sees it.
#[derive(Serialize)]
struct MailView<'a> {
    id: String,
    /// Why it was written.
    occasion: &'static str,
    to: String,
    /// The other address that it speaks of.
    other_address: Option<String>,
    language: Option<&'static str>,
    /// Where that was done from which it was written for.
    network: Option<String>,
    browser: Option<&'static str>,
    system: Option<&'static str>,
    state: &'static str,
    attempts: i64,
    created_at: String,
    expires_at: String,
    /// Of one that waits.
    next_attempt_at: Option<String>,
    /// In the mail server's words.
    last_error: Option<&'a str>,
    done_at: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Document<'a> {
    Mails { mails: Vec<MailView<'a>>, next: Option<String> },
    Mail(Box<MailView<'a>>),
    Tested { to: String, by: &'a str, outcome: &'static str, error: Option<&'a str> },
    Previewed { folder: String, files: usize },
}

impl<'a> From<&'a Entry> for MailView<'a> {
    fn from(entry: &'a Entry) -> Self {
        let (mail, origin) = (&entry.mail, &entry.mail.origin);
        Self {
            id: mail.id.to_string(),
            occasion: mail.occasion.name(),
            to: mail.to.to_string(),
            other_address: mail.other_address.as_ref().map(ToString::to_string),
            language: mail.language.map(Language::tag),
            network: origin.network.map(|network| network.to_string()),
            browser: origin.browser.map(Browser::name),
            system: origin.system.map(System::name),
            state: entry.state.name(),
            attempts: entry.attempts,
            created_at: timestamp(mail.created_at),
            expires_at: timestamp(mail.expires_at),
            next_attempt_at: (entry.state == MailState::Waiting).then(|| timestamp(entry.next_attempt_at)),
            last_error: entry.last_error.as_deref(),
            done_at: entry.done_at.map(timestamp),
        }
    }
}

fn next(mails: &[Entry], limit: u32) -> Option<String> {
    page::next(mails, limit, |entry| entry.mail.id.to_string())
}

impl Answer {
    pub(crate) fn json(&self) -> String {
        terminal::json(&match self {
            Self::Mails { mails, limit } => {
                Document::Mails { mails: mails.iter().map(MailView::from).collect(), next: next(mails, *limit) }
            }
            Self::Mail(entry) | Self::Retried(entry) => Document::Mail(Box::new(entry.into())),
            Self::Tested { to, by, delivery } => {
                let (outcome, error) = came_of(delivery);
                Document::Tested { to: to.to_string(), by, outcome, error }
            }
            Self::Previewed { folder, files } => Document::Previewed { folder: folder.display().to_string(), files: *files },
        })
    }

    /// Whether what was tried worked.
    pub(crate) fn verdict(&self) -> Result<(), CommandError> {
        match self {
            Self::Tested { delivery: Delivery::Later { .. } | Delivery::Refused { .. }, .. } => {
                Err(CommandError::Told("The test mail was not taken.".to_owned()))
            }
            Self::Mails { .. } | Self::Mail(_) | Self::Retried(_) | Self::Tested { .. } | Self::Previewed { .. } => Ok(()),
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Mails { mails, limit } => {
                let lines = mails.iter().map(|entry| in_one_line(&entry.into())).collect();
                page::text(lines, next(mails, *limit), "No mails.")
            }
            Self::Mail(entry) => terminal::lines(described(&entry.into())),
            Self::Retried(entry) => {
                let MailView { id, to, .. } = entry.into();
                terminal::line(&format!("due now: {to} ({id}); a running server tries it within a second"))
            }
            Self::Tested { to, by, delivery } => terminal::line(&match came_of(delivery) {
                (outcome, None) => format!("{outcome}: {by} took the mail to {to}; whether it arrives, its mailbox shows"),
                (outcome, Some(why)) => format!("{outcome}: {by} did not take the mail to {to}: {why}"),
            }),
            Self::Previewed { folder, files } => terminal::line(&format!("wrote {files} files into {}", folder.display())),
        }
    }
}

fn came_of(delivery: &Delivery) -> (&'static str, Option<&str>) {
    match delivery {
        Delivery::Accepted => ("accepted", None),
        Delivery::Later { why, .. } => ("deferred", Some(why)),
        Delivery::Refused { why } => ("refused", Some(why)),
    }
}

fn in_one_line(mail: &MailView<'_>) -> String {
    let MailView { id, created_at, state, occasion, to, last_error, .. } = mail;
    let why = last_error.map(|why| format!("  {why}")).unwrap_or_default();
    format!("{id}  {created_at}  {state}  {occasion}  {to}{why}")
}

fn described(mail: &MailView<'_>) -> Vec<String> {
    let of_other = mail.other_address.as_ref().map(|other| format!(", speaks of {other}")).unwrap_or_default();
    let stands = match (&mail.next_attempt_at, &mail.done_at) {
        (Some(next), _) => format!("{}, tried next at {next}", mail.state),
        (None, Some(done)) => format!("{} since {done}", mail.state),
        (None, None) => mail.state.to_owned(),
    };
    let network = mail.network.as_deref();
    let origin: Vec<_> = [network, mail.browser, mail.system].into_iter().flatten().collect();
    let lines = [
        ("id", mail.id.clone()),
        ("to", format!("{}{of_other}", mail.to)),
        ("occasion", mail.occasion.to_owned()),
        ("language", mail.language.unwrap_or("MAIL_LANGUAGE").to_owned()),
        ("caused from", if origin.is_empty() { "here".to_owned() } else { origin.join(", ") }),
        ("state", stands),
        ("attempts", mail.attempts.to_string()),
        ("last error", mail.last_error.unwrap_or("none").to_owned()),
        ("written", mail.created_at.clone()),
        ("expires", mail.expires_at.clone()),
    ];
    lines.map(|(name, value)| format!("{name:<12} {value}")).into()
}
