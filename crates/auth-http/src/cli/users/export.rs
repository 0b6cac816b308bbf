//! `users export`: every account with its password hash and its factors, one a line, for another server.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use auth_domain::audit::initiator::Initiator;
use clap::Args;

use super::CommandError;
use crate::{app::use_cases::UseCases, cli::command, routes::admin::transfer::line};

#[derive(Debug, Args)]
pub(super) struct Export {
    /// A new file, which nobody else may read. Without it, or with `-`, the lines go to stdout, which must not be a terminal.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Export {
    /// Writes the line of every account, by id. Stdout has nothing but lines; how many they are is said on stderr.
    ///
    /// # Errors
    /// A terminal, a file that is there already or cannot be written, or an outage.
    pub(super) fn run(self) -> Result<(), CommandError> {
        let to = self.to.filter(|path| path != Path::new("-"));
        if to.is_none() && io::stdout().is_terminal() {
            return Err(CommandError::Told(
                "Password hashes are not for a terminal, which keeps what it shows: give --to FILE, or send stdout to a program."
                    .to_owned(),
            ));
        }
        let count = command::operate(async |app| {
            let by = Initiator::operator(command::operator(app, "auth-server users"));
            match to {
                None => lines(app, &by, &mut io::stdout().lock()).await,
                Some(path) => into_file(app, &by, &path).await,
            }
        })?;
        writeln!(io::stderr(), "Exported: {count}")?;
        Ok(())
    }
}

/// A file that is not whole is not left behind: it would look like one that is.
async fn into_file(app: &UseCases, by: &Initiator, path: &Path) -> Result<usize, CommandError> {
    // Before anything is read: whoever cannot have the accounts is not in the trail as having them.
    let mut file = create(path).map_err(|fault| to(path, &fault))?;
    let written = match lines(app, by, &mut file).await {
        Ok(count) => file.sync_all().map(|()| count).map_err(CommandError::from),
        Err(fault) => Err(fault),
    };
    written.map_err(|fault| {
        let left =
            fs::remove_file(path).err().map(|error| format!("; {} is not whole and is still there: {error}", path.display()));
        match (fault, left) {
            (fault, Some(left)) => CommandError::Told(format!("{fault}{left}")),
            (CommandError::Io(fault), None) => to(path, &fault),
            (fault, None) => fault,
        }
    })
}

async fn lines(app: &UseCases, by: &Initiator, out: &mut impl Write) -> Result<usize, CommandError> {
    let mut page = app.admin.export.begin(by).await?;
    let mut count = 0;
    while let Some(last) = page.last().map(|account| account.user.id) {
        out.write_all(&line::written(&page)?)?;
        count += page.len();
        page = app.admin.export.page(Some(last)).await?;
    }
    out.flush()?;
    Ok(count)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn to(path: &Path, fault: &io::Error) -> CommandError {
    let path = path.display();
    CommandError::Told(if fault.kind() == io::ErrorKind::AlreadyExists {
        format!("--to: {path} is there already, and an export overwrites nothing: name another file.")
    } else {
        format!("--to: {path} cannot be written: {fault}")
    })
}
