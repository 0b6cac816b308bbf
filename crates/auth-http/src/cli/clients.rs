//! `clients`: which resource servers may ask about tokens, and what they may do for themselves, for people and (`--json`) for scripts.

mod render;

use std::io::{self, Write};

use auth_domain::{
    identity::ids::ClientId,
    oauth::{
        client::ClientName,
        clients::ClientError,
        scope::{ScopeFault, Scopes},
    },
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
        /// What it may do with a token of its own: admin:read, admin:write, admin:export, with commas or repeated.
        #[arg(long, value_name = "SCOPES", value_parser = scopes)]
        scope: Vec<Scopes>,
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
    /// Show a client.
    Show { id: ClientId },
    /// Say what a client may do with a token of its own, and nothing else; the tokens it has end at once.
    SetScope {
        id: ClientId,
        /// As in `add --scope`; '' takes all away.
        #[arg(required = true, value_parser = scopes)]
        scopes: Vec<Scopes>,
    },
    /// Replace the secret; prints the new one, which cannot be shown again.
    RotateSecret {
        id: ClientId,
        /// How many hours the previous secret stays valid, 0 to 720; 0 if it may have leaked.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
    },
    /// Remove a client; it is refused at once, and so are its tokens.
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
        Action::Add { name, scope } => {
            let issued = app.oauth.clients.add.execute(name, all(&scope), &origin).await?;
            Ok(Answer::Issued { done: "added", issued })
        }
        Action::List { after, limit } => {
            let clients = app.ports.oauth.clients.list(after, limit).await?;
            Ok(Answer::Clients { clients, limit, now: app.ports.clock.now() })
        }
        Action::Show { id } => {
            let client = app.ports.oauth.clients.find(id).await?.ok_or(ClientError::NoSuchClient)?;
            Ok(Answer::Client { client, now: app.ports.clock.now() })
        }
        Action::SetScope { id, scopes } => {
            let client = app.oauth.clients.set_scopes.execute(id, all(&scopes), &origin).await?;
            Ok(Answer::Client { client, now: app.ports.clock.now() })
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

/// With commas, as an operator writes a list.
fn scopes(text: &str) -> Result<Scopes, ScopeFault> {
    text.replace(',', " ").parse()
}

fn all(lists: &[Scopes]) -> Scopes {
    Scopes::of(lists.iter().flat_map(Scopes::iter))
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Port(error) => error.into(),
            ClientError::NoSuchClient | ClientError::ChangedMeanwhile => Self::Told(error.to_string()),
        }
    }
}
