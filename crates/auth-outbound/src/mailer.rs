//! Hands mails over: renders them, makes messages of them, and gives those to a mail server or a folder.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use auth_domain::mail::{
    message::Mail,
    ports::{Delivery, MailTransport},
};
use tokio::time::timeout;

use crate::{
    file::Folder,
    mail_url::MailUrl,
    message::Letter,
    render::Render,
    sender::Sender,
    smtp::{Offer, Smtp},
};

/// The longest that handing over one mail takes, however slow the server is: less than the lease of whoever sends it.
pub const DELIVERY_MAX: Duration = Duration::from_secs(90);

/// Hands mails over.
pub struct Mailer {
    from: Sender,
    templates: Arc<dyn Render>,
    way: Way,
}

enum Way {
    Server(Box<Smtp>),
    Folder(Folder),
}

/// Mails cannot be sent this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MailerFault(String);

/// What mails may be handed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    Server(Offer),
    /// Files can be written.
    Folder,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(offer) => offer.fmt(f),
            Self::Folder => f.write_str("a folder that can be written to"),
        }
    }
}

impl Mailer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// There is no certificate to trust.
    pub fn new(url: &MailUrl, from: Sender, templates: Arc<dyn Render>) -> Result<Self, MailerFault> {
        let domain = from.address.as_str().rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let way = match url {
            MailUrl::Server(server) => Way::Server(Box::new(Smtp::new(server, domain).map_err(MailerFault)?)),
            MailUrl::Folder(folder) => Way::Folder(Folder(folder.clone())),
        };
        Ok(Self { from, templates, way })
    }

    /// Connects, logs in, and says what the server offers.
    ///
    /// # Errors
    /// Why no mail can be handed over, without user and password.
    pub async fn probe(&self) -> Result<Probe, MailerFault> {
        match &self.way {
            Way::Server(smtp) => smtp.probe().await.map(Probe::Server).map_err(MailerFault),
            Way::Folder(folder) => folder.probe().await.map(|()| Probe::Folder).map_err(MailerFault),
        }
    }

    fn compose(&self, mail: &Mail) -> Result<Letter, String> {
        Letter::compose(mail, self.templates.render(mail)?, &self.from)
    }
}

#[async_trait]
impl MailTransport for Mailer {
    async fn deliver(&self, mail: &Mail) -> Delivery {
        let letter = match self.compose(mail) {
            Ok(letter) => letter,
            Err(why) => return Delivery::Refused { why },
        };
        let delivery = async {
            match &self.way {
                Way::Server(smtp) => smtp.deliver(&letter).await,
                Way::Folder(folder) => folder.deliver(mail, letter).await,
            }
        };
        let gave_up = |_elapsed| Delivery::Later { why: "the mail server takes too long".to_owned(), server_is_away: true };
        timeout(DELIVERY_MAX, delivery).await.unwrap_or_else(gave_up)
    }

    async fn hang_up(&self) {
        match &self.way {
            Way::Server(smtp) => smtp.hang_up().await,
            Way::Folder(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
