//! The file of a SQLite database: made for its owner alone, and the one that was opened as long as the program runs.
//!
//! Whoever removes or replaces a file that is open changes a name. SQLite goes on writing to the file that had the name before, and
//! what it commits there is gone with the program. So the name is looked up before and after each piece of work.

mod lately;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, Weak},
};

pub(super) use lately::Lately;
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
    /// That it was in its place.
    seen: Lately,
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
        Self {
            path: url.file().map(Path::to_path_buf),
            opened: OnceLock::new(),
            seen: Lately::default(),
            beside: Mutex::default(),
        }
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
        let (Some(path), Some(opened)) = (&self.path, self.opened.get()) else { return Ok(()) };
        if identity(path).as_ref() == Some(opened) {
            self.seen.renew();
            return Ok(());
        }
        self.seen.withdraw();
        Err(Moved(path.display().to_string()))
    }

    /// For those who only read, and so often that even one call of the system counts.
    pub(super) fn was_in_place_lately(&self) -> bool {
        self.seen.holds() || self.is_in_place().is_ok()
    }

    /// What a connection that was just made has open beside the database.
    pub(super) fn beside(&self) -> Result<Arc<Beside>, Moved> {
        let place = self.place();
        let now = Beside(BESIDE.map(|suffix| identity(&path_beside(place.as_deref()?, suffix))));
        let mut shared = self.beside.lock();
        match shared.upgrade() {
            Some(open) if *open == now => Ok(open),
            Some(_) => Err(Moved(format!("{0}{1} or {0}{2}", place.unwrap_or_default().display(), BESIDE[0], BESIDE[1]))),
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
        let Some(place) = self.place() else { return Ok(()) };
        for (suffix, opened) in BESIDE.iter().zip(&beside.0) {
            if opened.is_some() && identity(&path_beside(&place, suffix)) != *opened {
                return Err(Moved(path_beside(&place, suffix).display().to_string()));
            }
        }
        Ok(())
    }

    /// Where links lead to the file.
    fn place(&self) -> Option<PathBuf> {
        self.path.as_deref().map(behind_links)
    }
}

fn path_beside(place: &Path, suffix: &str) -> PathBuf {
    let mut path = place.as_os_str().to_owned();
    path.push(suffix);
    path.into()
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
