//! The program: reads the command line and does what it says.

use std::process::ExitCode;

use auth_http::cli::Cli;
use clap::Parser;

/// glibc's `malloc` took a seventh of the time of `GET /auth/me` (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_of_the_reader() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.shown());
            ExitCode::FAILURE
        }
    }
}
