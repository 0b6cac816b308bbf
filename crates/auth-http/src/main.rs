//! The program: reads the command line and does what it says.

use std::process::ExitCode;

use auth_http::cli::Cli;
use clap::Parser;

/// Of what `GET /auth/me` costs, a seventh was glibc's `malloc` (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_of_the_reader() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
