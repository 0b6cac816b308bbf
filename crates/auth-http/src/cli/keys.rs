//! `keys`: what an operator does with the keys that sign access tokens.

use std::{
    fs,
    io::{self, Read, Write},
};

use actix_web::rt::time::sleep;
use auth_domain::{
    identity::ids::KeyId,
    signing_keys::{
        key::SigningKey,
        ring::{KeyState, KeyTimeline},
        writer::{OperateKeysError, Revocation, When},
    },
};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    command::{CommandError, operate, operator},
    terminal,
};
use crate::{
    app::use_cases::UseCases,
    routes::{signing_keys::KeySet, views::timestamp},
};

#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    action: Action,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the keys, the oldest first.
    List,
    /// Make the next key: published now, signing once verifiers have fetched it.
    Rotate {
        /// Sign within seconds. Emergencies only: verifiers with cached keys reject its tokens until they refetch.
        #[arg(long)]
        at_once: bool,
    },
    /// Take a key out of use as soon as another one can sign; its tokens stay valid.
    Revoke {
        /// Its id, as `keys list` shows it.
        key: String,
        /// The key may be compromised: another takes over within seconds, and all its tokens are refused.
        #[arg(long)]
        compromised: bool,
    },
    /// Import a private key as the next one (PKCS#8 in PEM, BEGIN PRIVATE KEY).
    Import {
        /// The file; - reads standard input.
        file: String,
        /// Sign within seconds. Emergencies only: verifiers with cached keys reject its tokens until they refetch.
        #[arg(long)]
        at_once: bool,
    },
    /// Print the published public keys as a JSON Web Key Set.
    ExportPublic,
}

/// A key as an operator sees it.
#[derive(Serialize)]
struct KeyView {
    kid: String,
    alg: &'static str,
    state: &'static str,
    created_at: String,
    signs_from: String,
    /// When it stops signing, as far as that is known.
    signs_until: Option<String>,
    sealed_with: String,
}

impl Keys {
    /// Runs the command.
    ///
    /// # Errors
    /// What to tell the operator.
    pub(crate) fn run(self) -> Result<(), CommandError> {
        let Self { action, json } = self;
        let text = operate(async |app| perform(app, action, json).await)?;
        Ok(writeln!(io::stdout(), "{text}")?)
    }
}

async fn perform(app: &UseCases, action: Action, json: bool) -> Result<String, CommandError> {
    let (keys, origin) = (&app.keys.operate, operator(app, "auth-server keys"));
    let touched = match action {
        Action::List => None,
        Action::Rotate { at_once } => Some(made(app, keys.rotate(when(at_once), &origin).await?, at_once).await),
        Action::Import { file, at_once } => {
            Some(made(app, keys.import(&read(&file)?, when(at_once), &origin).await?, at_once).await)
        }
        Action::Revoke { key, compromised } => {
            let (id, how) = (KeyId::new(key), if compromised { Revocation::Compromised } else { Revocation::Orderly });
            let from = keys.revoke(&id, how, &origin).await?;
            if compromised {
                until(app, from).await;
            }
            Some(id)
        }
        Action::ExportPublic => {
            let set = KeySet::of(&keys.ring().await?, app.ports.clock.now());
            return Ok(serde_json::to_string_pretty(&set).unwrap_or_default());
        }
    };
    let (ring, now) = (keys.ring().await?, app.ports.clock.now());
    let views: Vec<_> = ring
        .timelines()
        .filter(|timeline| touched.as_ref().is_none_or(|id| timeline.key.id == *id))
        .map(|timeline| KeyView::of(timeline, now))
        .collect();
    Ok(if json { terminal::json(&views) } else { lines(&views) })
}

fn when(at_once: bool) -> When {
    if at_once { When::AtOnce } else { When::Published }
}

async fn made(app: &UseCases, key: SigningKey, at_once: bool) -> KeyId {
    if at_once {
        until(app, key.signs_from).await;
    }
    key.id
}

/// Waits until a change has taken effect, so that it has when the command ends.
async fn until(app: &UseCases, moment: DateTime<Utc>) {
    sleep((moment - app.ports.clock.now()).to_std().unwrap_or_default()).await;
}

fn read(file: &str) -> Result<Zeroizing<String>, CommandError> {
    let mut text = Zeroizing::new(String::new());
    if file == "-" {
        io::stdin().lock().read_to_string(&mut text)?;
    } else {
        *text = fs::read_to_string(file).map_err(|fault| CommandError::Told(format!("{file} cannot be read: {fault}")))?;
    }
    Ok(text)
}

impl KeyView {
    fn of(timeline: &KeyTimeline, now: DateTime<Utc>) -> Self {
        let key = &timeline.key;
        Self {
            kid: key.id.to_string(),
            alg: key.algorithm.name(),
            state: match timeline.state(now) {
                KeyState::Pending => "pending",
                KeyState::Active => "active",
                KeyState::Retiring => "retiring",
                KeyState::Revoked => "revoked",
                KeyState::Gone => "gone",
            },
            created_at: timestamp(key.created_at),
            signs_from: timestamp(key.signs_from),
            signs_until: timeline.end().map(timestamp),
            sealed_with: key.private.with.clone(),
        }
    }
}

fn lines(views: &[KeyView]) -> String {
    if views.is_empty() {
        return "No keys: the shared secret signs (JWT_ALGORITHM is HS256), or no server has started yet.".to_owned();
    }
    let line = |view: &KeyView| {
        let until = view.signs_until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
        format!("{}  {}  {}  signs from {}{until}", view.kid, view.alg, view.state, view.signs_from)
    };
    terminal::lines(views.iter().map(line))
}

impl From<OperateKeysError> for CommandError {
    fn from(error: OperateKeysError) -> Self {
        match error {
            OperateKeysError::Port(error) => error.into(),
            OperateKeysError::NoKeys
            | OperateKeysError::NoSuchKey
            | OperateKeysError::KnownKey
            | OperateKeysError::OutOfUse
            | OperateKeysError::Revoked
            | OperateKeysError::ChangedMeanwhile
            | OperateKeysError::Unusable(_) => Self::Told(error.to_string()),
        }
    }
}
