//! Hands mails over: renders them, makes messages of them, and gives those to a mail server or a folder.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use auth_domain::mail::{
    message::Mail,
    ports::{DELIVERY_LIMIT, Delivery, MailTransport},
};
use tokio::time::timeout;

use crate::{
    file::Folder,
    mail_url::MailUrl,
    message::Letter,
    render::Render,
    sender::Sender,
    smtp::{Offer, Smtp},
    test_mail::TestMail,
};

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
        let way = match url {
            MailUrl::Server(server) => Way::Server(Box::new(Smtp::new(server, from.domain()).map_err(MailerFault)?)),
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

    /// Hands over a mail that only says that mails arrive. Takes bounded time, and ends the connection.
    pub async fn test(&self, test: &TestMail) -> Delivery {
        let mail = test.mail();
        let letter = Letter::compose(&mail, test.words(), &self.from);
        let delivery = self.hand_over(&mail, letter).await;
        self.hang_up().await;
        delivery
    }

    async fn hand_over(&self, mail: &Mail, letter: Result<Letter, String>) -> Delivery {
        let letter = match letter {
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
        timeout(DELIVERY_LIMIT, delivery).await.unwrap_or_else(gave_up)
    }
}

#[async_trait]
impl MailTransport for Mailer {
    async fn deliver(&self, mail: &Mail) -> Delivery {
        let letter = self.templates.render(mail).and_then(|words| Letter::compose(mail, words, &self.from));
        self.hand_over(mail, letter).await
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
