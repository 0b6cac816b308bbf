//! `audit`: looks into the audit trail, for people and (`--json`) for scripts.

mod render;

use std::{
    io::{self, Write},
    str::FromStr,
};

use auth_domain::audit::{
    entry::{AuditCursor, Filter, Whose},
    kind::EventKind,
};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand, builder::PossibleValuesParser};

use self::render::Page;
use super::command::{CommandError, operate, parse_email};
use crate::{app::use_cases::UseCases, routes::views::timestamp};

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    action: Action,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List events, latest first.
    List(List),
}

#[derive(Debug, Args)]
struct List {
    /// Only events of this account, by id or e-mail; by e-mail also attempts without an account.
    #[arg(long)]
    user: Option<String>,
    /// Only events since a time (RFC 3339) or within a span: 90m, 24h, 7d.
    #[arg(long)]
    since: Option<Since>,
    /// Only events of this kind.
    #[arg(long, value_parser = PossibleValuesParser::new(EventKind::ALL.map(EventKind::name)))]
    event: Option<String>,
    /// Continue after this mark, as printed at the end of the previous page.
    #[arg(long)]
    after: Option<Mark>,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// A time, or a span before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    At(DateTime<Utc>),
    Ago(TimeDelta),
}

/// The position of an event, as one word: its time and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark(AuditCursor);

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// What to tell the operator.
    pub(crate) fn run(self) -> Result<(), CommandError> {
        let Action::List(list) = self.action;
        let page = operate(async |app| find(app, list).await)?;
        let text = if self.json { page.json() } else { page.text() };
        Ok(writeln!(io::stdout(), "{text}")?)
    }
}

async fn find(app: &UseCases, list: List) -> Result<Page, CommandError> {
    let limit = list.limit;
    let filter = Filter {
        whose: list.user.as_deref().map(whose).transpose()?,
        event: list.event.as_deref().and_then(EventKind::from_name),
        since: list.since.map_or(DateTime::UNIX_EPOCH, |since| since.before(app.ports.clock.now())),
        until: None,
        before: list.after.map(|mark| mark.0),
        limit,
    };
    Ok(Page { entries: app.ports.audit.trail.list(&filter).await?, limit })
}

fn whose(who: &str) -> Result<Whose, CommandError> {
    match who.parse() {
        Ok(id) => Ok(Whose::User(id)),
        Err(_not_an_id) => Ok(Whose::Address(parse_email(who)?)),
    }
}

impl Since {
    /// Nothing is older than the epoch.
    fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.checked_sub_signed(span).unwrap_or_default(),
        }
        .max(DateTime::UNIX_EPOCH)
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = "must be a time such as 2026-01-31T12:00:00Z, or a span such as 90m, 24h or 7d";
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(at.to_utc()));
        }
        let span = [("m", 60), ("h", 3600), ("d", 86_400)].into_iter().find_map(|(unit, seconds)| {
            let Ok(count) = text.strip_suffix(unit)?.parse::<u32>() else { return None };
            TimeDelta::try_seconds(i64::from(count) * seconds)
        });
        span.map(Self::Ago).ok_or(fault)
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", timestamp(self.0.at), self.0.id)
    }
}

impl FromStr for Mark {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('/').map(|(at, id)| (DateTime::parse_from_rfc3339(at), id.parse()));
        match parsed {
            Some((Ok(at), Ok(id))) => Ok(Self(AuditCursor { at: at.to_utc(), id })),
            Some(_) | None => Err("must be the mark at the end of the previous page"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_time_or_a_span() {
        let noon: DateTime<Utc> = "2026-01-31T12:00:00Z".parse().unwrap();
        let since = |text: &str| text.parse().map(|since: Since| since.before(noon).to_rfc3339());
        for (text, expected) in [
            ("2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00+00:00"),
            ("90m", "2026-01-31T10:30:00+00:00"),
            ("24h", "2026-01-30T12:00:00+00:00"),
            ("7d", "2026-01-24T12:00:00+00:00"),
            ("4294967295d", "1970-01-01T00:00:00+00:00"),
            ("1066-10-14T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(since(text).as_deref(), Ok(expected), "{text}");
        }
        for none in ["", "d", "7", "7w", "-7d", "7 d", "2026-01-31", "yesterday", "4294967296d", "7ä"] {
            assert!(since(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        let text = "2026-01-31T12:00:00.000001Z/00000000-0000-7000-8000-000000000001";
        assert_eq!(text.parse::<Mark>().unwrap().to_string(), text);
        for none in ["", "/", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z/1", "x/00000000-0000-7000-8000-000000000001"] {
            assert!(none.parse::<Mark>().is_err(), "{none}");
        }
    }
}
