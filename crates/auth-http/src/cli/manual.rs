//! What packagers install beside the program, made from the command line itself.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::command::CommandError;
use crate::{cli::Cli, openapi};

/// Prints a shell's completion script.
///
/// # Errors
/// Stdout is closed.
pub(crate) fn completions(shell: Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "auth-server", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Prints the OpenAPI document, for generators of clients.
///
/// # Errors
/// Stdout is closed.
pub(crate) fn openapi() -> Result<(), CommandError> {
    Ok(io::stdout().write_all(openapi::document().as_bytes())?)
}

/// Prints the manual page, every command in it.
///
/// # Errors
/// Stdout is closed.
pub(crate) fn man() -> Result<(), CommandError> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    own(&command).try_for_each(|command| subcommand(command, &mut page))?;
    Ok(io::stdout().write_all(&page)?)
}

/// A section per command that has commands or options of its own.
fn subcommand(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    if own(command).next().is_none()
        && command.get_arguments().all(|argument| matches!(argument.get_id().as_str(), "help" | "version"))
    {
        return Ok(());
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
    let man = Man::new(command.clone());
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    own(command).try_for_each(|inner| subcommand(inner, page))
}

/// The subcommands of a command, except `help`.
fn own(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|inner| inner.get_name() != "help")
}
