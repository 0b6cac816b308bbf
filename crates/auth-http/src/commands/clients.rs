//! `clients`: which resource servers may ask about tokens, for people and (`--json`) for scripts.

mod render;

use std::io::{self, Write};

use auth_domain::{
    client::{ClientId, ClientName},
    usecases::clients::ClientError,
};
use chrono::TimeDelta;
use clap::{Args, Subcommand};

use self::render::Answer;
use super::{Failure, operate, operator};
use crate::app::UseCases;

#[derive(Debug, Args)]
pub(crate) struct Clients {
    #[command(subcommand)]
    action: Action,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

/// Of a secret only the hash is kept.
#[derive(Debug, Subcommand)]
enum Action {
    /// Make a client; prints its id and, this once, its secret.
    Add {
        /// What people call it; two may have the same name.
        name: ClientName,
    },
    /// List clients, the oldest first.
    List {
        /// Only clients behind this one: the last of the page before.
        #[arg(long)]
        after: Option<ClientId>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Make another secret; prints it, this once.
    RotateSecret {
        id: ClientId,
        /// For so long the secret before stays good, 0 to 720: 0 when somebody else may know it.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
    },
    /// Forget a client; it is refused at once.
    Remove { id: ClientId },
}

impl Clients {
    /// Does it.
    ///
    /// # Errors
    /// What to tell the operator.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let answer = operate(async |app| perform(app, self.action).await)?;
        let text = if self.json { answer.json() } else { answer.text() };
        Ok(writeln!(io::stdout(), "{}", *text)?)
    }
}

async fn perform(app: &UseCases, action: Action) -> Result<Answer, Failure> {
    let origin = operator(app, "auth-server clients");
    match action {
        Action::Add { name } => Ok(Answer::Issued { done: "added", issued: app.clients.add.execute(name, &origin).await? }),
        Action::List { after, limit } => {
            let clients = app.ports.clients.list(after, limit).await?;
            Ok(Answer::Clients { clients, limit, now: app.ports.clock.now() })
        }
        Action::RotateSecret { id, overlap_hours } => {
            let overlap = TimeDelta::hours(overlap_hours.into());
            Ok(Answer::Issued { done: "rotated", issued: app.clients.rotate_secret.execute(id, overlap, &origin).await? })
        }
        Action::Remove { id } => {
            app.clients.remove.execute(id, &origin).await?;
            Ok(Answer::Removed(id))
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Port(error) => error.into(),
            ClientError::NoSuchClient | ClientError::ChangedMeanwhile => Self::Told(error.to_string()),
        }
    }
}
