//! `init`, and what `dev` does before it serves: a `.env` with fresh secrets and mails in a folder, so that a newcomer has nothing to decide.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use super::command::{CommandError, settings};
use crate::{
    app::ports::{os_key, os_secret},
    settings::{DOTENV, EXAMPLE, Settings, Source, is_signing_secret},
};

/// Writes a `.env`, and refuses to overwrite one.
///
/// # Errors
/// There is one, or it cannot be written.
pub(crate) fn init() -> Result<(), CommandError> {
    if write_fresh()? { Ok(()) } else { Err(CommandError::Told(format!("There is a {DOTENV} already; it stays as it is."))) }
}

/// What a newcomer gets without asking: an API for administrators, for whom a password is enough.
const OF_DEV: [(&str, &str); 2] = [("ADMIN_API", "true"), ("ADMIN_REQUIRE_MFA", "false")];

/// Writes a `.env` where there is none, and says where mails go and where passkeys can be tried. What to serve with.
///
/// # Errors
/// It cannot be written, or the configuration has a fault.
pub(crate) fn prepare() -> Result<Source, CommandError> {
    write_fresh()?;
    let settings = settings()?;
    [Some(whereto(&settings)), page(&settings)].iter().flatten().try_for_each(|line| writeln!(io::stderr(), "{line}"))?;
    Ok(Source::from_process()?.or_else(&OF_DEV))
}

/// Where mails go, and where the links in them lead.
fn whereto(settings: &Settings) -> String {
    match (&settings.mail, &settings.http.public_url) {
        (Some(mail), Some(url)) => format!("Mails go to {} (MAIL_URL); their links lead to {url} (PUBLIC_URL).", mail.transport),
        (Some(_), None) | (None, _) => "No mails are sent: MAIL_URL is unset.".to_owned(),
    }
}

/// Where somebody can add a passkey or an authenticator app, and log in with it.
fn page(settings: &Settings) -> Option<String> {
    let (Some(url), Some(_)) = (&settings.http.public_url, &settings.passkeys) else { return None };
    Some(format!("Passkeys and authenticator apps can be tried at {}.", url.join("/pages/passkeys")))
}

/// Writes a `.env` and says so; `false` where there is one already.
fn write_fresh() -> Result<bool, CommandError> {
    let written = write(Path::new(DOTENV), &filled_in(EXAMPLE, port()))
        .map_err(|fault| CommandError::Told(format!("Cannot write {DOTENV}: {fault}")))?;
    if written {
        writeln!(io::stderr(), "Wrote {DOTENV} with fresh random secrets, readable by you alone.")?;
    }
    Ok(written)
}

/// `false` when the file is there already.
fn write(path: &Path, content: &str) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    // `create_new` decides in the file system: of two that start at once, one writes.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => file.write_all(content.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where the server will listen, as far as can be told before there is a `.env`.
fn port() -> u16 {
    let given = env::var("PORT").into_iter().find_map(|text| text.trim().parse().into_iter().find(|port| *port > 0));
    given.unwrap_or(8000)
}

/// The example with secrets in the place of the placeholders, without the line before them, which is about them; and with values
/// of what works without any doing.
fn filled_in(example: &str, port: u16) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in example.lines() {
        match fresh(line, port) {
            Some((name, value)) => {
                lines.pop_if(|before| is_signing_secret(name) && before.starts_with('#'));
                lines.push(format!("{name}={value}"));
            }
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

/// The variable that a line of the example has, with the value that it gets.
fn fresh(line: &str, port: u16) -> Option<(&str, String)> {
    let (name, _example) = line.trim_start_matches('#').split_once('=')?;
    let value = match name {
        "KEY_ENCRYPTION_KEY" => format!("k1:{}", os_key()),
        "PUBLIC_URL" => format!("http://localhost:{port}"),
        "MAIL_URL" => "file:mail".to_owned(),
        "MAIL_FROM" => "no-reply@example.org".to_owned(),
        _ if is_signing_secret(name) => os_secret(),
        _ => return None,
    };
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_fresh_and_the_rest_is_as_in_the_example() {
        let (one, other) = (filled_in(EXAMPLE, 8000), filled_in(EXAMPLE, 8000));
        for name in ["JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY", "KEY_ENCRYPTION_KEY"] {
            let value = |file: &str| file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
            assert!(value(&one).is_some() && value(&one) != value(&other), "{name}");
        }
        assert!(!one.contains("replace-me"));
        let kept = |line: &&str| !line.contains("placeholders") && fresh(line, 8000).is_none();
        let rest: Vec<_> = one.lines().filter(|line| fresh(line, 8000).is_none()).collect();
        assert_eq!(rest, EXAMPLE.lines().filter(kept).collect::<Vec<_>>());
    }

    #[test]
    fn mails_go_to_a_folder_and_their_links_to_the_server() {
        let file = filled_in(EXAMPLE, 8001);
        let pairs: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
        let settings = crate::settings::tests::read(&pairs).unwrap();
        let told = "Mails go to file:mail (MAIL_URL); their links lead to http://localhost:8001 (PUBLIC_URL).";
        assert_eq!(whereto(&settings), told);
        assert!(!settings.tokens.keys.encryption.is_empty());
        let tried = "Passkeys and authenticator apps can be tried at http://localhost:8001/pages/passkeys.";
        assert_eq!(page(&settings).as_deref(), Some(tried));
        assert_eq!(page(&crate::settings::tests::read(&[("PUBLIC_URL", "http://127.0.0.1:8001")]).unwrap()), None);
        assert_eq!(whereto(&crate::settings::tests::read(&[]).unwrap()), "No mails are sent: MAIL_URL is unset.");
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        assert!(write(&path, "first").unwrap());
        assert!(!write(&path, "second").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }
}
