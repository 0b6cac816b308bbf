//! A rendered mail as an internet message (RFC 5322, MIME): text and HTML, in ASCII but for an address that is not.

use std::time::{Duration, SystemTime};

use auth_domain::{identity::email::Email, mail::message::Mail};
use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use crate::{render::Rendered, sender::Sender};

/// The longest line of a header, where there is a choice.
const LINE_MAX_BYTES: usize = 78;

/// A message with its envelope.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) content: Vec<u8>,
}

impl Letter {
    /// Whether only a server that takes addresses beyond ASCII can have it (SMTPUTF8, RFC 6531).
    pub(crate) fn is_international(&self) -> bool {
        !AsRef::<str>::as_ref(&self.to).is_ascii()
    }

    /// Composes a message.
    ///
    /// # Errors
    /// Why there can be none, such as an address that mail cannot carry.
    pub(crate) fn compose(mail: &Mail, rendered: Rendered, sender: &Sender) -> Result<Self, String> {
        let (from, to) = (address(&sender.address)?, address(&mail.to)?);
        let message = Message::builder()
            .from(Mailbox::new(sender.name.clone(), from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(one_line(&rendered.subject))
            .date(system_time(mail.created_at))
            // The same at each attempt: who gets it twice can tell.
            .message_id(Some(format!("<{}@{}>", mail.id, from.domain())))
            // No machine shall answer (RFC 3834 section 5).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(
                MultiPart::alternative()
                    .boundary(boundary(mail))
                    .singlepart(part(ContentType::TEXT_PLAIN, rendered.text)?)
                    .singlepart(part(ContentType::TEXT_HTML, rendered.html)?),
            )
            .map_err(|fault| fault.to_string())?;
        Ok(Self { from, to, content: folded(message.formatted()) })
    }
}

/// An address with its domain in ASCII: earlier releases stored some in Unicode.
fn address(email: &Email) -> Result<Address, String> {
    let canonical: Email = email.as_str().parse().unwrap_or_else(|_fault| email.clone());
    let domain = canonical.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
    if !domain.is_ascii() {
        return Err("the domain of the address has no ASCII form".to_owned());
    }
    Address::new(email.local_part(), domain).map_err(|fault| format!("mail cannot carry the address: {fault}"))
}

/// One part. Quoted-printable: lines of any length and any letters get through, and a person can still read the source.
fn part(kind: ContentType, text: String) -> Result<SinglePart, String> {
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable);
    let body = body.map_err(|_given_back| "the text cannot be encoded".to_owned())?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// What separates the parts. Quoted-printable has no `=_` (RFC 2045 section 6.7), so it cannot occur in them.
fn boundary(mail: &Mail) -> String {
    let id: String = mail.id.to_string().chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("=_{id}")
}

/// A header is one line: what is rendered may have line breaks, and controls that would end it.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A message whose header lines are short where a space allows it (RFC 5322 section 2.1.1): lettre does not part a name and its
/// address.
fn folded(message: Vec<u8>) -> Vec<u8> {
    let Some((head, body)) = split_head(&message) else { return message };
    let mut lines = Vec::new();
    for mut line in head.split("\r\n") {
        while let Some((first, rest)) = parted(line) {
            lines.push(first);
            line = rest;
        }
        lines.push(line);
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
}

/// Header and body of what is text.
fn split_head(message: &[u8]) -> Option<(&str, &str)> {
    match std::str::from_utf8(message) {
        Ok(text) => text.split_once("\r\n\r\n"),
        Err(_other) => None,
    }
}

/// A line that is too long, before and from its last space that is not too far; not at its beginning, nor behind its name.
fn parted(line: &str) -> Option<(&str, &str)> {
    let longest = line.char_indices().map(|(at, _)| at).take_while(|at| *at <= LINE_MAX_BYTES).last()?;
    let (start, _) = (line.len() > LINE_MAX_BYTES).then(|| line.split_at_checked(longest))??;
    let space = start.rfind(' ').filter(|at| *at > 0)?;
    let (first, rest) = line.split_at_checked(space)?;
    (!first.ends_with(':') && !first.trim().is_empty()).then_some((first, rest))
}

fn system_time(at: DateTime<Utc>) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(at.timestamp().try_into().unwrap_or_default())
}

#[cfg(test)]
pub(crate) mod tests;
