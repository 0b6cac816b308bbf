//! `clients`: which resource servers may ask about tokens, for people and (`--json`) for scripts.

mod render;

use std::io::{self, Write};

use auth_domain::{
    identity::ids::ClientId,
    oauth::{client::ClientName, clients::ClientError},
};
use chrono::TimeDelta;
use clap::{Args, Subcommand};

use self::render::Answer;
use super::command::{CommandError, operate, operator};
use crate::app::use_cases::UseCases;

#[derive(Debug, Args)]
pub(crate) struct Clients {
    #[command(subcommand)]
    action: Action,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

/// Only the hash of a secret is stored.
#[derive(Debug, Subcommand)]
enum Action {
    /// Add a client; prints its id and its secret, which cannot be shown again.
    Add {
        /// A name for people; it need not be unique.
        name: ClientName,
    },
    /// List clients, the oldest first.
    List {
        /// Only clients after this id: the last one of the previous page.
        #[arg(long)]
        after: Option<ClientId>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Replace the secret; prints the new one, which cannot be shown again.
    RotateSecret {
        id: ClientId,
        /// How many hours the previous secret stays valid, 0 to 720; 0 if it may have leaked.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
    },
    /// Remove a client; it is refused at once.
    Remove { id: ClientId },
}

impl Clients {
    /// Runs the command.
    ///
    /// # Errors
    /// What to tell the operator.
    pub(crate) fn run(self) -> Result<(), CommandError> {
        let answer = operate(async |app| perform(app, self.action).await)?;
        let text = if self.json { answer.json() } else { answer.text() };
        Ok(writeln!(io::stdout(), "{}", *text)?)
    }
}

async fn perform(app: &UseCases, action: Action) -> Result<Answer, CommandError> {
    let origin = operator(app, "auth-server clients");
    match action {
        Action::Add { name } => Ok(Answer::Issued { done: "added", issued: app.oauth.clients.add.execute(name, &origin).await? }),
        Action::List { after, limit } => {
            let clients = app.ports.oauth.clients.list(after, limit).await?;
            Ok(Answer::Clients { clients, limit, now: app.ports.clock.now() })
        }
        Action::RotateSecret { id, overlap_hours } => {
            let overlap = TimeDelta::hours(overlap_hours.into());
            Ok(Answer::Issued { done: "rotated", issued: app.oauth.clients.rotate_secret.execute(id, overlap, &origin).await? })
        }
        Action::Remove { id } => {
            app.oauth.clients.remove.execute(id, &origin).await?;
            Ok(Answer::Removed(id))
        }
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Port(error) => error.into(),
            ClientError::NoSuchClient | ClientError::ChangedMeanwhile => Self::Told(error.to_string()),
        }
    }
}
