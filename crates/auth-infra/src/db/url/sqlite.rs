//! `sqlite:`: a file, or memory only.

#[cfg(feature = "sqlite")]
use std::{fs, io, path::Path};

#[cfg(feature = "sqlite")]
use super::Target;
use super::{DatabaseUrl, DatabaseUrlFault, Engine};

/// SQLite's own name for a database in memory.
pub(super) const MEMORY: &str = ":memory:";

/// As in SQLAlchemy: three slashes and a relative path, four and an absolute one.
pub(super) fn parse(rest: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    // SQLAlchemy's way to say "in memory".
    let path = if rest == "//" { MEMORY } else { rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest) };
    // SQLite would take any empty name for "in memory", so that a typo would lose everything.
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

/// What keeps the file from being there, in words that name its directory: SQLite would only say that it cannot open it.
#[cfg(feature = "sqlite")]
pub(crate) fn obstacle(path: &str) -> Option<String> {
    if path == MEMORY {
        return None;
    }
    let path = Path::new(path);
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = directory.display();
    match fs::metadata(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(format!("the directory {shown} does not exist")),
        Err(error) => Some(format!("the directory {shown} cannot be entered: {error}")),
        Ok(found) if !found.is_dir() => Some(format!("{shown} is not a directory")),
        Ok(_) if path.is_dir() => Some(format!("{} is a directory; name a file in it", path.display())),
        Ok(_) => None,
    }
}
