//! `init`: a `.env` with fresh secrets, so that a newcomer has nothing to decide.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use super::command::CommandError;
use crate::{
    app::ports::os_secret,
    settings::{DOTENV, EXAMPLE, is_signing_secret},
};

/// Writes a `.env`, and refuses to overwrite one.
///
/// # Errors
/// There is one, or it cannot be written.
pub(crate) fn init() -> Result<(), CommandError> {
    if write_fresh()? { Ok(()) } else { Err(CommandError::Told(format!("There is a {DOTENV} already; it stays as it is."))) }
}

/// Writes a `.env` where there is none.
///
/// # Errors
/// It cannot be written.
pub(crate) fn init_if_absent() -> Result<(), CommandError> {
    write_fresh().map(drop)
}

/// Writes a `.env` and says so; `false` where there is one already.
fn write_fresh() -> Result<bool, CommandError> {
    let written = write(Path::new(DOTENV), &with_fresh_secrets(EXAMPLE))
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

/// The example with secrets in the place of the placeholders, and without the line before them, which is about them.
fn with_fresh_secrets(example: &str) -> String {
    let mut fresh: Vec<String> = Vec::new();
    for line in example.lines() {
        match signing_secret(line) {
            Some(name) => {
                fresh.pop_if(|before| before.starts_with('#'));
                fresh.push(format!("{name}={}", os_secret()));
            }
            None => fresh.push(line.to_owned()),
        }
    }
    fresh.join("\n") + "\n"
}

/// The signing secret that a line sets.
fn signing_secret(line: &str) -> Option<&str> {
    let (name, _placeholder) = line.split_once('=')?;
    is_signing_secret(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_fresh_and_the_rest_is_as_in_the_example() {
        let (one, other) = (with_fresh_secrets(EXAMPLE), with_fresh_secrets(EXAMPLE));
        assert_ne!(one, other);
        assert!(!one.contains("replace-me"));
        let kept = |line: &&str| !line.contains("placeholders") && signing_secret(line).is_none();
        let rest: Vec<_> = one.lines().filter(|line| signing_secret(line).is_none()).collect();
        assert_eq!(rest, EXAMPLE.lines().filter(kept).collect::<Vec<_>>());
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
