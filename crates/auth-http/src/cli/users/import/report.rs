//! What became of each account, for people and for scripts.

use auth_domain::admin::import::{ImportOutcome, Tally};
use serde::Serialize;

use super::CommandError;
use crate::cli::terminal;

/// How many of a kind are listed for people.
const LISTED: usize = 100;

/// What became of the accounts.
#[derive(Serialize)]
pub(crate) struct Report {
    dry_run: bool,
    imported: Vec<Imported>,
    already_there: Vec<String>,
    refused: Vec<Refused>,
    #[serde(skip)]
    detail: Detail,
    #[serde(skip)]
    tally: Tally,
}

/// Whether every account is listed, or what people can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Every,
    Readable,
}

#[derive(Serialize)]
struct Imported {
    email: String,
    state: String,
    /// None in a dry run: that makes no account.
    id: Option<String>,
    /// What to look at.
    note: Option<String>,
}

/// Identified as in the other system, with the address as it is written there.
#[derive(Serialize)]
struct Refused {
    row: String,
    email: String,
    reason: String,
}

/// A candidate as it is told.
pub(super) struct Told {
    pub(super) number: String,
    pub(super) email: String,
    pub(super) notes: Vec<&'static str>,
}

impl Report {
    pub(super) fn of(dry_run: bool, detail: Detail) -> Self {
        let tally = Tally::default();
        Self { dry_run, imported: Vec::new(), already_there: Vec::new(), refused: Vec::new(), detail, tally }
    }

    pub(super) fn add(&mut self, candidate: Told, outcome: ImportOutcome) {
        self.tally.count(&outcome);
        match outcome {
            ImportOutcome::Imported(user) => {
                let note = (!candidate.notes.is_empty()).then(|| candidate.notes.join("; "));
                // What to look at is not to be lost among the others.
                let like_it = |one: &&Imported| one.note.is_some() == note.is_some();
                if self.detail == Detail::Every || self.imported.iter().filter(like_it).count() < LISTED {
                    let id = (!self.dry_run).then(|| user.id.to_string());
                    self.imported.push(Imported { email: user.email.to_string(), state: user.state.to_string(), id, note });
                }
            }
            ImportOutcome::AlreadyThere(email) => {
                if self.has_room(self.already_there.len()) {
                    self.already_there.push(email.to_string());
                }
            }
            ImportOutcome::Refused(refusal) => {
                if self.has_room(self.refused.len()) {
                    let Told { number: row, email, .. } = candidate;
                    self.refused.push(Refused { row, email, reason: refusal.to_string() });
                }
            }
        }
    }

    fn has_room(&self, listed: usize) -> bool {
        self.detail == Detail::Every || listed < LISTED
    }

    pub(crate) fn text(&self) -> String {
        let (is, are) = if self.dry_run { ("would be imported", "Dry run: would be imported") } else { ("imported", "Imported") };
        let note = |user: &Imported| user.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        let Tally { imported: new, already_there: old, refused: out } = self.tally;
        let more = |is: &str, listed: usize, all: u64| {
            let hidden = all.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
            (hidden > 0).then(|| format!("{is}: {hidden} more (--json lists all)"))
        };
        let imported = self.imported.iter().map(|user| format!("{is}: {} ({}){}", user.email, user.state, note(user)));
        let there = self.already_there.iter().map(|email| format!("already there, left as it is: {email}"));
        let refused = self.refused.iter().map(|row| format!("refused: row {} ({}): {}", row.row, row.email, row.reason));
        let imported = imported.chain(more(is, self.imported.len(), new));
        let there = there.chain(more("already there, left as it is", self.already_there.len(), old));
        let refused = refused.chain(more("refused", self.refused.len(), out));
        let total = format!("{are}: {new}; already there: {old}; refused: {out}");
        terminal::lines(imported.chain(there).chain(refused).chain([total]))
    }

    /// Fails when any account was refused, so that a script does not go on unaware.
    pub(crate) fn verdict(&self) -> Result<(), CommandError> {
        match self.tally.refused {
            0 => Ok(()),
            count => Err(CommandError::Told(format!("{count} of the accounts cannot be taken over; the report says why."))),
        }
    }
}
