//! The file of a SQLite database: made for its owner alone, and the one that was opened as long as the program runs.
//!
//! Whoever removes or replaces a file that is open changes a name. SQLite goes on writing to the file that had the name before, and
//! what it commits there is gone with the program. So the name is looked up before and after each piece of work.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, Weak},
};

use parking_lot::Mutex;

use super::url::DatabaseUrl;

/// Which file a name leads to, whatever it is called: its device and its number there.
type Identity = (u64, u64);

/// SQLite's files beside the database, while it is open: the write-ahead log, whose content belongs to the database, and the
/// index that all programs share (<https://sqlite.org/walformat.html>).
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// How many symbolic links may follow one another, as on Linux.
const LINKS_MAX: usize = 40;

/// The file of the database, if it has one.
pub(super) struct DatabaseFile {
    path: Option<PathBuf>,
    opened: OnceLock<Identity>,
    beside: Mutex<Weak<Beside>>,
}

/// The files beside the database. SQLite makes them anew only when no connection is open any more, so all connections share this.
#[derive(PartialEq, Eq)]
pub(super) struct Beside([Option<Identity>; BESIDE.len()]);

/// A name no longer leads to the file that is open.
#[derive(Debug, thiserror::Error)]
#[error("{0} was removed, renamed or replaced while it was open; put the very same file back, or restart the server")]
pub(super) struct Moved(String);

impl DatabaseFile {
    pub(super) fn of(url: &DatabaseUrl) -> Self {
        Self { path: url.file().map(Path::to_path_buf), opened: OnceLock::new(), beside: Mutex::default() }
    }

    /// Before a connection is made. The file is created only if none was open before: an empty one in the place of one that was
    /// removed would hide the loss.
    pub(super) fn prepare(&self) -> io::Result<()> {
        match &self.path {
            Some(path) if self.opened.get().is_none() => create_privately(path),
            Some(_) | None => self.is_in_place().map_err(io::Error::other),
        }
    }

    /// A connection was made.
    pub(super) fn remember(&self) {
        if let Some(identity) = self.path.as_deref().and_then(identity) {
            self.opened.get_or_init(|| identity);
        }
    }

    pub(super) fn is_in_place(&self) -> Result<(), Moved> {
        match (&self.path, self.opened.get()) {
            (Some(path), Some(opened)) if identity(path).as_ref() != Some(opened) => Err(Moved(path.display().to_string())),
            (_, _) => Ok(()),
        }
    }

    /// What a connection that was just made has open beside the database.
    pub(super) fn beside(&self) -> Result<Arc<Beside>, Moved> {
        let now = Beside(BESIDE.map(|suffix| identity(&self.path_beside(suffix)?)));
        let mut shared = self.beside.lock();
        match shared.upgrade() {
            Some(open) if *open == now => Ok(open),
            Some(_) => Err(Moved(format!("{} or {}", self.shown(BESIDE[0]), self.shown(BESIDE[1])))),
            None => {
                let open = Arc::new(now);
                *shared = Arc::downgrade(&open);
                Ok(open)
            }
        }
    }

    /// Whether what a connection has open is still where others look for it.
    pub(super) fn is_whole(&self, beside: &Beside) -> Result<(), Moved> {
        self.is_in_place()?;
        let is_elsewhere =
            |suffix: &str, opened: &Identity| self.path_beside(suffix).as_deref().and_then(identity).as_ref() != Some(opened);
        for (suffix, opened) in BESIDE.iter().zip(&beside.0) {
            if opened.as_ref().is_some_and(|opened| is_elsewhere(suffix, opened)) {
                return Err(Moved(self.shown(suffix)));
            }
        }
        Ok(())
    }

    fn path_beside(&self, suffix: &str) -> Option<PathBuf> {
        self.path.as_ref().map(|path| {
            let mut path = behind_links(path).into_os_string();
            path.push(suffix);
            path.into()
        })
    }

    fn shown(&self, suffix: &str) -> String {
        self.path_beside(suffix).unwrap_or_default().display().to_string()
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let Ok(file) = fs::metadata(path) else { return None };
    #[cfg(unix)]
    return Some((std::os::unix::fs::MetadataExt::dev(&file), std::os::unix::fs::MetadataExt::ino(&file)));
    #[cfg(not(unix))]
    Some((0, u64::from(file.is_file())))
}

/// Creates the file before SQLite does, readable by its owner alone: it will hold password hashes. SQLite's files beside it get
/// the same mode.
fn create_privately(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    // Never opens a file that is there: closing it would drop this process's locks on it (<https://sqlite.org/howtocorrupt.html>).
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let target = behind_links(path);
    match options.open(&target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), "the directory it would be in does not exist"))
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !target.exists() => {
            Err(io::Error::new(error.kind(), "this user may not create files in its directory"))
        }
        // It exists; SQLite will report whether it is usable.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Where symbolic links lead in the end, be there a file or not.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    path
}

#[cfg(test)]
mod tests;
