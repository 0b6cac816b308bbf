//! `sqlite:`: a file, or memory only.

#[cfg(feature = "sqlite")]
use std::{fs::OpenOptions, io};

#[cfg(feature = "sqlite")]
use super::Target;
use super::{DatabaseUrl, DatabaseUrlFault, Engine};

/// SQLite's own name for a database in memory.
pub(super) const MEMORY: &str = ":memory:";

/// As in SQLAlchemy: three slashes and a relative path, four and an absolute one.
pub(super) fn parse(rest: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    let path = rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
    // SQLite would take an empty name for "in memory", so that a typo would lose everything.
    if path.is_empty() {
        return Err(DatabaseUrlFault::Lacks("file"));
    }
    // SQLite would read these as options, and a typo as another file name.
    if path.contains(['?', '\0']) {
        return Err(DatabaseUrlFault::Malformed("a file name without `?`".to_owned()));
    }
    #[cfg(feature = "sqlite")]
    return Ok(DatabaseUrl {
        engine: Engine::Sqlite,
        shown: format!("SQLite file {path}"),
        target: Target::Sqlite(if path == MEMORY { path.to_owned() } else { plain(path) }),
    });
    #[cfg(not(feature = "sqlite"))]
    Err(DatabaseUrlFault::NotBuiltIn { engine: Engine::Sqlite, feature: "sqlite" })
}

/// The same file by a name that begins with `/` or `.`: SQLite takes a name that begins with `file:` for a URL with options.
#[cfg(feature = "sqlite")]
fn plain(path: &str) -> String {
    if path.starts_with(['/', '.']) { path.to_owned() } else { format!("./{path}") }
}

/// Creates the file before SQLite does, readable by its owner alone: it will hold password hashes. SQLite's files beside it get
/// the same mode.
#[cfg(feature = "sqlite")]
pub(crate) fn create_privately(path: &str) -> io::Result<()> {
    if path == MEMORY {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), "the directory it would be in does not exist"))
        }
        // It exists; SQLite will report whether it is usable.
        Ok(_) | Err(_) => Ok(()),
    }
}
