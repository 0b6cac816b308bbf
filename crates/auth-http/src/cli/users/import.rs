//! `users import`: the accounts of another system, and a report of each.

use auth_domain::{
    admin::import::{Activity, Candidate, ImportOutcome, Mode},
    identity::request_context::RequestContext,
};
use serde::Serialize;

use super::CommandError;
use crate::{
    app::{
        ports::{DatabaseUrl, legacy_accounts},
        use_cases::UseCases,
    },
    cli::terminal,
};

/// What became of the accounts.
#[derive(Serialize)]
pub(crate) struct Report {
    dry_run: bool,
    imported: Vec<Imported>,
    already_there: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Imported {
    email: String,
    state: String,
    /// None in a dry run: that makes no account.
    id: Option<String>,
    /// What to look at.
    note: Option<&'static str>,
}

/// Identified as in the other system, with the address as it is written there.
#[derive(Serialize)]
struct Refused {
    row: String,
    email: String,
    reason: String,
}

/// Imports the accounts in the file, or only reports what would be imported.
pub(crate) async fn import(app: &UseCases, from: &str, dry_run: bool, context: &RequestContext) -> Result<Report, CommandError> {
    let told = |fault: &dyn std::fmt::Display| CommandError::Told(format!("--from: {fault}"));
    let source: DatabaseUrl = from.parse().map_err(|fault| told(&fault))?;
    let candidates = legacy_accounts(&source).map_err(|fault| told(&fault))?;
    let run = if dry_run { Mode::Dry } else { Mode::Real };
    let fates = app.admin.import.execute(&candidates, run, context).await?;
    let mut report = Report { dry_run, imported: Vec::new(), already_there: Vec::new(), refused: Vec::new() };
    for (candidate, fate) in candidates.iter().zip(fates) {
        report.add(candidate, fate);
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, candidate: &Candidate, fate: ImportOutcome) {
        match fate {
            ImportOutcome::Imported(user) => {
                let id = (!self.dry_run).then(|| user.id.to_string());
                let note = (candidate.activity == Activity::Unknown).then_some("its is_active says neither yes nor no");
                self.imported.push(Imported { email: user.email.to_string(), state: user.state.to_string(), id, note });
            }
            ImportOutcome::AlreadyThere(email) => self.already_there.push(email.to_string()),
            ImportOutcome::Refused(refusal) => {
                let (row, email) = (candidate.number.clone(), candidate.email.clone());
                self.refused.push(Refused { row, email, reason: refusal.to_string() });
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        let (is, are) = if self.dry_run { ("would be imported", "Dry run: would be imported") } else { ("imported", "Imported") };
        let note = |user: &Imported| user.note.map(|note| format!(": {note}")).unwrap_or_default();
        let imported = self.imported.iter().map(|user| format!("{is}: {} ({}){}", user.email, user.state, note(user)));
        let there = self.already_there.iter().map(|email| format!("already there, left as it is: {email}"));
        let refused = self.refused.iter().map(|row| format!("refused: row {} ({}): {}", row.row, row.email, row.reason));
        let (new, old, out) = (self.imported.len(), self.already_there.len(), self.refused.len());
        let total = format!("{are}: {new}; already there: {old}; refused: {out}");
        terminal::lines(imported.chain(there).chain(refused).chain([total]))
    }

    /// Fails when any account was refused, so that a script does not go on unaware.
    pub(crate) fn verdict(&self) -> Result<(), CommandError> {
        match self.refused.len() {
            0 => Ok(()),
            count => Err(CommandError::Told(format!("{count} of the accounts cannot be taken over; the report says why."))),
        }
    }
}
