//! `mail`: looks into the outbox and tries what sends from it, for people and (`--json`) for scripts.

mod render;
mod trial;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use auth_domain::{
    mail::{message::MailId, outbox::MailState},
    mailbox::retry_mail::RetryMailError,
};
use clap::{Args, Subcommand, builder::PossibleValuesParser};

use self::render::Answer;
use super::command::{CommandError, operate};
use crate::{app::use_cases::UseCases, routes::views::timestamp};

#[derive(Debug, Args)]
pub(crate) struct Mail {
    #[command(subcommand)]
    action: Action,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    Outbox(Outbox),
    /// Send a test mail at once, past the outbox, and say what the mail server answered.
    Test { address: String },
    /// Write every mail in every language into a folder, to look at: the text with its subject, and the HTML.
    Preview {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Tokens, codes and links are not stored, so none is shown.
#[derive(Debug, Subcommand)]
enum Outbox {
    /// List mails, latest first; those that are done are deleted after seven days.
    List {
        /// Only mails that stand so.
        #[arg(long, value_parser = PossibleValuesParser::new(MailState::ALL.map(MailState::name)))]
        state: Option<String>,
        /// Only mails after this id: the last one of the previous page.
        #[arg(long)]
        after: Option<MailId>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show why a mail was written, and what became of it.
    Show { id: MailId },
    /// Let a mail that waits or was given up be tried now; one that has expired cannot be.
    Retry { id: MailId },
}

impl Mail {
    /// Runs the command.
    ///
    /// # Errors
    /// What to tell the operator.
    pub(crate) fn run(self) -> Result<(), CommandError> {
        let answer = match self.action {
            Action::Outbox(action) => operate(async |app| perform(app, action).await)?,
            Action::Test { address } => trial::test(&address)?,
            Action::Preview { folder } => trial::preview(folder)?,
        };
        let text = if self.json { answer.json() } else { answer.text() };
        writeln!(io::stdout(), "{text}")?;
        answer.verdict()
    }
}

async fn perform(app: &UseCases, action: Outbox) -> Result<Answer, CommandError> {
    match action {
        Outbox::List { state, after, limit } => {
            let state = state.as_deref().and_then(MailState::from_name);
            Ok(Answer::Mails { mails: app.ports.mail.admin.list(state, after, limit).await?, limit })
        }
        Outbox::Show { id } => {
            let found = app.ports.mail.admin.find(id).await?;
            found.map(Answer::Mail).ok_or_else(|| RetryMailError::NoSuchMail.into())
        }
        Outbox::Retry { id } => Ok(Answer::Retried(app.retry_mail.execute(id).await?)),
    }
}

impl From<RetryMailError> for CommandError {
    fn from(error: RetryMailError) -> Self {
        match error {
            RetryMailError::Port(error) => error.into(),
            RetryMailError::NoSuchMail => {
                Self::Told("There is no such mail; `auth-server mail list` has those there are.".to_owned())
            }
            RetryMailError::Sent => Self::Told("The mail was sent already.".to_owned()),
            RetryMailError::Dropped => {
                Self::Told("The mail was dropped: when its time came, there was nothing to say.".to_owned())
            }
            RetryMailError::Expired(at) => Self::Told(format!(
                "The mail expired at {}: what it says is good no more. Whoever needs one has to ask for another.",
                timestamp(at)
            )),
        }
    }
}
