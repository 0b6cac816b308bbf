//! Benchmarks: the release server over loopback, compared with what the machine and the databases can do at most.

mod client;
mod dress;
mod engine;
mod floor;
mod lifelike;
mod limits;
mod load;
mod meter;
mod outbox;
mod pairs;
mod parts;
mod passkey;
mod plan;
mod report;
mod roomy;
mod seed;
mod server;
mod sink;
mod store;
mod tokens;
mod wrk;

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::engine::Engine;

/// The parts that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Health,
    Me,
    Refresh,
    Login8,
    Login64,
    Register,
    /// `me` while 32 clients log in
    Beside,
    /// Logins that are refused, by 64 clients that come back at once
    Refused,
    /// How fast mails go out, what they cost `me`, a dead mail server, and whether an answer's time tells who has an account
    Mail,
    /// `me` with budgets that all servers share in a Redis of its own, beside `me` without
    Shared,
    /// Logins by passkey, and how many signatures can be verified
    Passkeys,
    /// Pages of the API for back offices, with few accounts and with two million
    Admin,
    /// An import of 100,000 accounts, and their export
    Import,
    /// Bytes of each table, and what each request writes: use `--accounts 200000`
    Size,
    /// Cold start, and memory idle and after load
    Process,
    /// `me` and `refresh` with two million accounts: filling each database takes minutes
    Big,
}

/// Drives the release server over loopback and prints one table.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Run only these parts; by default, all but `big`, `admin`, `import` and `size`
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Use only these engines
    #[arg(long, value_delimiter = ',')]
    engines: Vec<Engine>,
    /// Seconds for which each load counts
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Run everything, `big` too, with a full minute of load before memory is read
    #[arg(long)]
    full: bool,
    /// Connections of `me` and `health`
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Accounts in each database
    #[arg(long, default_value_t = 10_000)]
    accounts: u64,
    /// Accounts for `big`
    #[arg(long, default_value_t = 2_000_000)]
    many: u64,
    /// Folder for scratch files, on a disk
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Path of a server that is already built
    #[arg(long)]
    server: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the bare endpoints on $PORT
    #[command(hide = true)]
    Floor,
    /// Hashes on all cores
    #[command(hide = true)]
    Hash,
}

fn main() -> Result<()> {
    let options = Options::parse();
    match options.command {
        Some(Command::Floor) => floor::serve(),
        Some(Command::Hash) => limits::bcrypt(Duration::MAX).map(drop),
        None => plan::run(&options),
    }
}

/// `wrk` reports times in microseconds.
fn seconds(microseconds: u32) -> f64 {
    f64::from(microseconds) / 1e6
}
