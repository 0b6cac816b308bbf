//! Hands mails to a mail server: one connection, kept for the next mail and dropped at the first fault, every step in bounded time.

mod dial;
mod fault;
mod offer;
mod wire;

use std::{fmt::Display, time::Duration};

use auth_domain::mail::ports::Delivery;
use lettre::{
    Address,
    transport::smtp::{
        commands::{Data, Mail, Quit, Rcpt},
        extension::{Extension, MailBodyParameter, MailParameter},
        response::{Response, Severity},
    },
};
use tokio::sync::Mutex;

pub use self::offer::Offer;
use self::{
    dial::{Connection, Dial, within},
    fault::{Fault, Kind, Phase},
};
use crate::{mail_url::MailServer, message::Letter};

/// How long a server may take for each step. Some greet late on purpose.
const STEP: Duration = Duration::from_secs(15);

/// How long a server may take to accept a message that it has: it may look for viruses meanwhile. Who gives up too early sends it
/// twice (RFC 5321 section 4.5.3.2.6).
const ACCEPT: Duration = Duration::from_secs(45);

/// How long a farewell may take. Nothing depends on it.
const FAREWELL: Duration = Duration::from_secs(2);

const NO_UTF8: &str = "the mail server takes no address with letters beyond ASCII before the @ (SMTPUTF8)";

/// A mail server.
pub(crate) struct Smtp {
    dial: Dial,
    accept: Duration,
    /// Taken out while a mail is under way: a fault, or a caller that gives up, drops it with the replies that nobody read.
    kept: Mutex<Option<Connection>>,
}

impl Smtp {
    /// A mail server that is not connected to yet. `domain` is what we call ourselves.
    ///
    /// # Errors
    /// There is no certificate to trust; why.
    pub(crate) fn new(server: &MailServer, domain: &str) -> Result<Self, String> {
        Ok(Self { dial: Dial::new(server, domain, STEP)?, accept: ACCEPT, kept: Mutex::new(None) })
    }

    pub(crate) async fn deliver(&self, letter: &Letter) -> Delivery {
        let mut kept = self.kept.lock().await;
        let old = kept.take();
        let was_kept = old.is_some();
        let mut outcome = self.attempt(old, letter).await;
        if was_kept && outcome.as_ref().is_err_and(Fault::is_of_an_idle_line) {
            outcome = self.attempt(None, letter).await;
        }
        match outcome {
            Ok(connection) => {
                *kept = Some(connection);
                Delivery::Accepted
            }
            Err(fault) => self.told(fault).into(),
        }
    }

    pub(crate) async fn hang_up(&self) {
        if let Some(connection) = self.kept.lock().await.take() {
            farewell(connection).await;
        }
    }

    /// What the server offers to a connection of its own, which logs in.
    ///
    /// # Errors
    /// Why there is none, in the server's words.
    pub(crate) async fn probe(&self) -> Result<Offer, String> {
        let offered = async {
            let mut connection = self.dial.open().await?;
            let offer = Offer::ask(&mut connection, &self.dial).await?;
            farewell(connection).await;
            Ok(offer)
        };
        offered.await.map_err(|kind: Kind| self.told(kind.at(Phase::Opening)).reason())
    }

    /// Gives the connection back after a mail that was taken.
    async fn attempt(&self, old: Option<Connection>, letter: &Letter) -> Result<Connection, Fault> {
        let mut connection = match old {
            Some(connection) => connection,
            None => self.dial.open().await.map_err(|kind| kind.at(Phase::Opening))?,
        };
        match self.hand_over(&mut connection, letter).await {
            Ok(()) => Ok(connection),
            Err(fault) => {
                if fault.kind.is_in_step() {
                    farewell(connection).await;
                }
                Err(fault)
            }
        }
    }

    async fn hand_over(&self, connection: &mut Connection, letter: &Letter) -> Result<(), Fault> {
        let parameters = parameters(connection, letter).map_err(|kind| kind.at(Phase::Sender))?;
        let sender = Mail::new(Some(letter.from.clone()), parameters);
        self.say(connection, sender).await.map_err(|kind| kind.at(Phase::Sender))?;
        let body = async {
            self.say(connection, Rcpt::new(Address::clone(&letter.to), Vec::new())).await?;
            // Nothing but this code is an answer to DATA: a reply that came too early would be an answer to something else.
            let go = within(self.dial.step, connection.smtp.command(Data)).await?;
            if !go.has_code(354) {
                return Err(Kind::out_of_step(&go));
            }
            done(&within(self.accept, connection.smtp.message(&letter.content)).await?)
        };
        body.await.map_err(|kind| kind.at(Phase::Mail))
    }

    /// A command that the server has to say yes to.
    async fn say(&self, connection: &mut Connection, command: impl Display) -> Result<(), Kind> {
        done(&within(self.dial.step, connection.smtp.command(command)).await?)
    }

    /// Some servers repeat what they do not understand, and that may be a login.
    fn told(&self, mut fault: Fault) -> Fault {
        if let Kind::Refusal { text, .. } | Kind::Broken(text) = &mut fault.kind
            && fault.phase == Phase::Opening
            && self.dial.secrets.iter().any(|secret| text.contains(secret))
        {
            "(the server repeats the login)".clone_into(text);
        }
        fault
    }
}

/// lettre takes every reply below 400 for a yes. One of the three hundreds asks for more, and nothing here does.
fn done(reply: &Response) -> Result<(), Kind> {
    if reply.code().severity == Severity::PositiveCompletion { Ok(()) } else { Err(Kind::out_of_step(reply)) }
}

fn parameters(connection: &Connection, letter: &Letter) -> Result<Vec<MailParameter>, Kind> {
    if !letter.is_international() {
        return Ok(Vec::new());
    }
    if !connection.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
        return Err(Kind::Unsupported(NO_UTF8));
    }
    // The header that has the address is in UTF-8 as well. Who offers the one has to offer the other (RFC 6531 section 3.1).
    Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)])
}

/// Ends a connection politely. It is dropped in any case.
async fn farewell(mut connection: Connection) {
    let _said_or_not = within(FAREWELL, connection.smtp.command(Quit)).await;
}

#[cfg(test)]
mod tests;
