//! A server that sends mails into a folder, and the mails there.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use mail_parser::{Message, MessageParser};

use super::{Answer, Engine, Service, TestDatabase, eventually};

/// What a server with mail is told: mails are files beside the database.
const WITH_MAIL: [(&str, &str); 3] =
    [("MAIL_URL", "file:mail"), ("PUBLIC_URL", "https://auth.example.org"), ("MAIL_FROM", "no-reply@example.org")];

/// Between two looks for a mail: servers look into their outbox once a second.
const PAUSE: Duration = Duration::from_millis(20);

/// A mail as its reader sees it.
#[derive(Debug, Clone)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    /// The whole of it, as it was sent.
    pub source: String,
    to: String,
}

impl Letter {
    fn read(source: String) -> Self {
        let message = MessageParser::default().parse(&source).unwrap();
        let to = |message: &Message<'_>| message.to()?.first()?.address().map(str::to_owned);
        Self {
            subject: message.subject().unwrap().to_owned(),
            text: message.body_text(0).unwrap().into_owned(),
            to: to(&message).unwrap(),
            source,
        }
    }

    /// What the link carries in its fragment, if there is a link.
    pub fn link(&self) -> Option<(&str, &str)> {
        let mut links = self.text.split_whitespace().filter_map(|word| word.split_once("#token="));
        let link = links.next();
        assert!(links.next().is_none(), "one link: {}", self.text);
        link
    }

    pub fn token(&self) -> &str {
        self.link().unwrap_or_else(|| panic!("no link in {}", self.text)).1
    }

    pub fn code(&self) -> &str {
        let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.text.lines().find(is_code).unwrap_or_else(|| panic!("no code in {}", self.text))
    }

    /// Another code than the right one.
    pub fn wrong_code(&self) -> &'static str {
        if self.code() == "00000000" { "00000001" } else { "00000000" }
    }
}

impl Service {
    /// A server that sends mails, with a database of its own.
    pub async fn with_mail(engine: Engine, overrides: &[(&str, &str)]) -> Self {
        Self::with_mail_on(Arc::new(TestDatabase::create(engine)), overrides).await
    }

    /// One more on a database that is there.
    pub async fn with_mail_on(database: Arc<TestDatabase>, overrides: &[(&str, &str)]) -> Self {
        Self::on(database, &[&WITH_MAIL, overrides].concat()).await
    }

    fn mail_folder(&self) -> PathBuf {
        self.database.folder().join("mail")
    }

    /// The mails to an address so far, oldest first. One that is being written has a name that begins with a dot.
    fn mails(&self, address: &str) -> Vec<Letter> {
        let entries = fs::read_dir(self.mail_folder()).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect();
        files.sort();
        let letters = files.into_iter().map(|path| Letter::read(fs::read_to_string(path).unwrap()));
        letters.filter(|letter| letter.to == address).collect()
    }

    /// The n-th mail to an address, counted from 1, once it is there.
    pub async fn mail_to(&self, address: &str, nth: usize) -> Letter {
        let look = async || {
            tokio::time::sleep(PAUSE).await;
            self.mails(address)
        };
        eventually(look, |mails| mails.len() >= nth).await.swap_remove(nth - 1)
    }

    /// All mails to an address, once none waits in the outbox.
    pub async fn mails_to(&self, address: &str) -> Vec<Letter> {
        self.outbox_is_empty().await;
        self.mails(address)
    }

    /// Waits until every mail so far is sent or dropped.
    pub async fn outbox_is_empty(&self) {
        let waiting = "SELECT COUNT(*) AS count FROM mail_outbox WHERE state = 'waiting'";
        let look = async || {
            tokio::time::sleep(PAUSE).await;
            tokio::task::block_in_place(|| self.database.number(waiting))
        };
        eventually(look, |count| *count == 0).await;
    }

    /// Lets an address have another mail at once.
    pub fn forget_mails_to(&self, address: &str) {
        self.database.execute(&format!("DELETE FROM mail_allowances WHERE address = '{address}'"));
    }

    /// Registers an address, and reads the mail that asks to verify it.
    pub async fn register_with_mail(&self, email: &str) -> (Answer, Letter) {
        (self.register(email).await, self.mail_to(email, 1).await)
    }

    /// The same, with the address verified.
    pub async fn register_verified(&self, email: &str) -> Answer {
        let (tokens, letter) = self.register_with_mail(email).await;
        let body = serde_json::json!({ "token": letter.token() });
        assert_eq!(self.post_as(tokens.access(), "/auth/email/verify", Some(body)).await.status, 204);
        tokens
    }
}
