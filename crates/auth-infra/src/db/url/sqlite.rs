//! `sqlite:`: a file, or memory only.

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
