//! Mails as files, for a first try: one `.eml` each, written whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use auth_domain::mail::{message::Mail, ports::Delivery};
use tokio::{task::spawn_blocking, time::timeout};

use crate::message::Letter;

/// How long a disk may take.
const WRITE: Duration = Duration::from_secs(30);

/// A folder of mails.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) async fn deliver(&self, mail: &Mail, letter: Letter) -> Delivery {
        let written = self.within(write, name(mail), letter.content).await;
        match written {
            Ok(()) => Delivery::Accepted,
            Err(why) => Delivery::Later { why, server_is_away: true },
        }
    }

    /// Whether a file can be written there.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn probe(&self) -> Result<(), String> {
        self.within(try_out, ".probe".to_owned(), Vec::new()).await
    }

    async fn within(&self, work: fn(&Path, &str, &[u8]) -> io::Result<()>, name: String, content: Vec<u8>) -> Result<(), String> {
        let folder = self.0.clone();
        let done = timeout(WRITE, spawn_blocking(move || work(&folder, &name, &content))).await;
        let why = match done {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(fault))) => fault.to_string(),
            Ok(Err(fault)) => fault.to_string(),
            Err(_elapsed) => "the disk takes too long".to_owned(),
        };
        Err(format!("{}: {why}", self.0.display()))
    }
}

/// Sorted by name, mails are sorted by time. The same mail has the same name at each attempt.
fn name(mail: &Mail) -> String {
    format!("{}-{}.eml", mail.created_at.format("%Y%m%dT%H%M%S%.3fZ"), mail.id)
}

fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    make(folder)?;
    let (beside, path) = (folder.join(temporary(name)), folder.join(name));
    let written = written_through(&beside, content).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _there_or_not = fs::remove_file(&beside);
    }
    written?;
    // The name itself is in the folder.
    File::open(folder)?.sync_all()
}

fn try_out(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    make(folder)?;
    let path = folder.join(temporary(name));
    written_through(&path, content)?;
    fs::remove_file(path)
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Another process may write the same mail, if the lease of this one ended meanwhile.
fn temporary(name: &str) -> String {
    format!(".{name}.{}.tmp", std::process::id())
}

fn written_through(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
