//! Who may read what only this program should: secrets, the key of TLS, SQLite's file.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::finding::Finding;
use crate::settings::{DOTENV, Settings, Source};

const TOPIC: &str = "files";

/// For every account on this machine. The group may read: that is how orchestrators hand secrets to a container.
const ANYBODY_READS: u32 = 0o004;
const ANYBODY_WRITES: u32 = 0o002;

/// Every file with something to hide.
pub(crate) fn of_files(source: &Source, settings: &Settings) -> Vec<Finding> {
    let secrets = source.secret_files().map(PathBuf::from);
    let key = settings.http.tls.as_ref().map(|tls| tls.key.clone());
    let database = settings.database.url.file().map(Path::to_path_buf);
    judge([DOTENV.into()].into_iter().chain(secrets).chain(key).chain(database))
}

fn judge(files: impl Iterator<Item = PathBuf>) -> Vec<Finding> {
    // What is not there, or cannot be looked at, has nothing to tell; who needs it says so.
    let modes: Vec<_> = files.filter_map(|file| Some((mode(&file)?, file))).collect();
    let open: Vec<_> = modes.iter().filter_map(|(mode, file)| Some((deeds(*mode)?, file.display()))).collect();
    match (modes.is_empty(), open.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![Finding::fine(TOPIC, "none that everyone on this machine may read")],
        (false, false) => {
            let told =
                |(deeds, file)| Finding::mind(TOPIC, format!("everyone on this machine may {deeds} {file}: chmod 600 {file}"));
            open.into_iter().map(told).collect()
        }
    }
}

fn mode(file: &Path) -> Option<u32> {
    let Ok(metadata) = fs::metadata(file) else { return None };
    Some(metadata.permissions().mode())
}

/// What anybody may do with a file of this mode, if anything.
fn deeds(mode: u32) -> Option<&'static str> {
    match (mode & ANYBODY_READS != 0, mode & ANYBODY_WRITES != 0) {
        (true, true) => Some("read and change"),
        (true, false) => Some("read"),
        (false, true) => Some("change"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_file_is_not_for_everyone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        assert_eq!(judge([file.clone()].into_iter()), [], "none there");
        fs::write(&file, "x").unwrap();
        for (mode, deeds) in
            [(0o600, None), (0o440, None), (0o640, None), (0o751, None), (0o604, Some("read")), (0o602, Some("change"))]
        {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let told = judge([file.clone()].into_iter());
            let expected = deeds.map_or_else(
                || Finding::fine("files", "none that everyone on this machine may read"),
                |deeds| {
                    let file = file.display();
                    Finding::mind("files", format!("everyone on this machine may {deeds} {file}: chmod 600 {file}"))
                },
            );
            assert_eq!(told, [expected], "{mode:o}");
        }
    }
}
