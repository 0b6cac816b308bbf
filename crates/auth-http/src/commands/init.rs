//! `init`: a `.env` with fresh secrets, so that a newcomer has nothing to decide.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use super::Failure;
use crate::{app::os_secret, settings::DOTENV};

/// The file that lists every variable, with placeholders for the secrets.
pub(crate) const EXAMPLE: &str = include_str!("../../../../.env.example");

/// Writes a `.env`, and refuses to overwrite one.
///
/// # Errors
/// There is one, or it cannot be written.
pub(crate) fn init() -> Result<(), Failure> {
    if write(Path::new(DOTENV), &with_fresh_secrets(EXAMPLE))? {
        say(&format!("Wrote {DOTENV} with fresh random secrets, readable by you alone."))
    } else {
        Err(Failure::Told(format!("There is a {DOTENV} already; it stays as it is.")))
    }
}

/// Writes a `.env` where there is none.
///
/// # Errors
/// It cannot be written.
pub(crate) fn init_if_absent() -> Result<(), Failure> {
    if Path::new(DOTENV).exists() { Ok(()) } else { init() }
}

fn say(text: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stderr(), "{text}")?)
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

fn with_fresh_secrets(example: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, _placeholder)) if name.starts_with("JWT_") && name.ends_with("_SECRET_KEY") => {
            format!("{name}={}\n", os_secret())
        }
        Some(_) | None => format!("{line}\n"),
    };
    // The comment speaks of the example only.
    example.lines().filter(|line| !line.contains("placeholders are refused")).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_fresh_and_the_rest_is_as_in_the_example() {
        let (one, other) = (with_fresh_secrets(EXAMPLE), with_fresh_secrets(EXAMPLE));
        assert_ne!(one, other);
        assert!(!one.contains("replace-me"));
        assert_eq!(
            one.lines().filter(|line| line.starts_with('#')).count(),
            EXAMPLE.lines().filter(|line| line.starts_with('#')).count() - 1
        );
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
