//! `keys`: what an operator does with the keys that sign access tokens.

use std::{
    fs,
    io::{self, Read, Write},
};

use actix_web::rt::time::sleep;
use auth_domain::{
    identity::ids::KeyId,
    signing_keys::{
        plan::{KeyRefusal, Revocation, When},
        ring::KeyTimeline,
        writer::{ChangeKeysError, ChangedKey},
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
    routes::{admin::lists::KeyView, signing_keys::KeySet},
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
        /// Its id, as `keys list` shows it; it may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
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
    /// Encrypt the private keys in use and the secrets of authenticator apps with the first key of KEY_ENCRYPTION_KEY, so that the others
    /// can be removed.
    Reencrypt,
    /// Print the published public keys as a JSON Web Key Set.
    ExportPublic,
}

/// A key as an operator sees it: as administrators do, and what encrypts it.
#[derive(Serialize)]
struct KeyLine {
    #[serde(flatten)]
    key: KeyView,
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
    let (keys, origin) = (&app.signing_keys, operator(app, "auth-server keys"));
    let touched = match action {
        Action::List => None,
        Action::Rotate { at_once } => {
            Some(once_in_effect(app, keys.rotate.execute(when(at_once), &origin).await?, at_once).await)
        }
        Action::Import { file, at_once } => {
            let imported = keys.import.execute(&read(&file)?, when(at_once), &origin).await?;
            Some(once_in_effect(app, imported, at_once).await)
        }
        Action::Revoke { key, compromised } => {
            let how = if compromised { Revocation::Compromised } else { Revocation::Orderly };
            let revoked = keys.revoke.execute(&KeyId::new(key), how, &origin).await?;
            Some(once_in_effect(app, revoked, compromised).await)
        }
        Action::Reencrypt => return reencrypt(app, json).await,
        Action::ExportPublic => {
            let set = KeySet::of(&keys.list.execute().await?, app.ports.clock.now());
            return Ok(serde_json::to_string_pretty(&set).unwrap_or_default());
        }
    };
    let (ring, now) = (keys.list.execute().await?, app.ports.clock.now());
    let views: Vec<_> = ring
        .timelines()
        .filter(|timeline| touched.as_ref().is_none_or(|id| timeline.key.id == *id))
        .map(|timeline| KeyLine::of(timeline, now))
        .collect();
    Ok(if json { terminal::json(&views) } else { lines(&views) })
}

/// What was encrypted with the newest key, and was not before.
#[derive(Serialize)]
struct Reencrypted {
    signing_keys: usize,
    authenticator_apps: usize,
}

/// Both in any case: what is lost of the one must not keep an old key in use for the other.
async fn reencrypt(app: &UseCases, json: bool) -> Result<String, CommandError> {
    let Some(apps) = &app.mfa.apps else {
        return Err(CommandError::Told("There is no key to encrypt with: KEY_ENCRYPTION_KEY is unset.".to_owned()));
    };
    let (signing_keys, authenticator_apps) = (app.signing_keys.reencrypt.execute().await, apps.reencrypt.execute().await);
    let done = Reencrypted { signing_keys: signing_keys?, authenticator_apps: authenticator_apps? };
    Ok(if json { terminal::json(&done) } else { done.text() })
}

impl Reencrypted {
    fn text(&self) -> String {
        let Self { signing_keys, authenticator_apps } = self;
        format!(
            "Encrypted with the first key of KEY_ENCRYPTION_KEY: {signing_keys} signing key(s), {authenticator_apps} secret(s) of \
             authenticator apps. All others were already."
        )
    }
}

fn when(at_once: bool) -> When {
    if at_once { When::AtOnce } else { When::Published }
}

/// The key's id. Waits, if the change is to have taken effect when the command ends.
async fn once_in_effect(app: &UseCases, changed: ChangedKey, waits: bool) -> KeyId {
    if waits {
        sleep((changed.from - app.ports.clock.now()).to_std().unwrap_or_default()).await;
    }
    changed.id
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

impl KeyLine {
    fn of(timeline: &KeyTimeline, now: DateTime<Utc>) -> Self {
        Self { key: KeyView::of(timeline, now), sealed_with: timeline.key.private.with.clone() }
    }
}

fn lines(keys: &[KeyLine]) -> String {
    if keys.is_empty() {
        return "No keys: the shared secret signs (JWT_ALGORITHM is HS256), or no server has started yet.".to_owned();
    }
    let line = |KeyLine { key: view, .. }: &KeyLine| {
        let until = view.signs_until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
        format!("{}  {}  {}  signs from {}{until}", view.kid, view.alg, view.state, view.signs_from)
    };
    terminal::lines(keys.iter().map(line))
}

impl From<ChangeKeysError> for CommandError {
    fn from(error: ChangeKeysError) -> Self {
        match error {
            ChangeKeysError::Port(error) => error.into(),
            ChangeKeysError::Refused(refusal) => Self::Told(advice(refusal)),
            ChangeKeysError::ChangedMeanwhile | ChangeKeysError::Unusable(_) => Self::Told(error.to_string()),
        }
    }
}

/// Why a command is refused, and which setting or flag it is about.
fn advice(refusal: KeyRefusal) -> String {
    match refusal {
        KeyRefusal::SecretSigns => {
            "the shared secret signs (JWT_ALGORITHM is HS256): there is no key to follow another".to_owned()
        }
        KeyRefusal::OtherAlgorithm { its, ours } => {
            format!("the key is for {}, and JWT_ALGORITHM is {}", its.name(), ours.name())
        }
        KeyRefusal::OutOfUse => format!("{refusal}; --compromised has them refused"),
        KeyRefusal::NoSuchKey | KeyRefusal::KnownKey | KeyRefusal::Revoked => refusal.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use auth_domain::signing_keys::key::KeyAlgorithm::{EdDsa, Es256};

    use super::*;

    #[test]
    fn an_id_may_begin_with_a_hyphen() {
        use clap::Parser;
        for line in [["--compromised", "-bXYZ"], ["-bXYZ", "--compromised"]] {
            assert!(crate::cli::Cli::try_parse_from([&["auth-server", "keys", "revoke"][..], &line].concat()).is_ok());
        }
    }

    #[test]
    fn a_refusal_is_told_with_the_setting_or_the_flag_it_is_about() {
        for (refusal, told) in [
            (KeyRefusal::SecretSigns, "the shared secret signs (JWT_ALGORITHM is HS256): there is no key to follow another"),
            (KeyRefusal::OtherAlgorithm { its: EdDsa, ours: Es256 }, "the key is for EdDSA, and JWT_ALGORITHM is ES256"),
            (
                KeyRefusal::OutOfUse,
                "the key signs no more, and its tokens count until they expire; --compromised has them refused",
            ),
            (KeyRefusal::NoSuchKey, "there is no such key"),
            (KeyRefusal::KnownKey, "the key is there already"),
            (KeyRefusal::Revoked, "the key is revoked already"),
        ] {
            assert_eq!(CommandError::from(ChangeKeysError::from(refusal)).to_string(), told);
        }
    }
}
