//! The lines that another server of this program wrote: read and imported piece by piece, so that there may be any number of them.

use std::io::Read;

use actix_web::web::Bytes;
use auth_domain::{
    admin::{
        import::{Candidate, Mode},
        transfer::batch_size,
    },
    audit::initiator::Initiator,
};

use super::{
    CommandError, from,
    report::{Report, Told},
};
use crate::{app::use_cases::UseCases, routes::admin::transfer::splitter::Splitter};

/// How many bytes are read at once.
const PIECE: u64 = 64 * 1024;

/// Imports every line, or only reports what would be imported.
///
/// # Errors
/// The file cannot be read on, or an outage: what was read before is imported.
pub(super) async fn import(
    app: &UseCases,
    source: impl Read,
    run: Mode,
    by: &Initiator,
    report: &mut Report,
) -> Result<(), CommandError> {
    let done = Stream { app, run, by, report, waiting: Vec::new() }.read(source).await;
    app.admin.import.finish(run, by);
    done
}

struct Stream<'a> {
    app: &'a UseCases,
    run: Mode,
    by: &'a Initiator,
    report: &'a mut Report,
    /// Read and not imported yet.
    waiting: Vec<Candidate>,
}

impl Stream<'_> {
    async fn read(&mut self, mut source: impl Read) -> Result<(), CommandError> {
        let mut lines = Splitter::default();
        loop {
            let mut piece = Vec::new();
            let length = source.by_ref().take(PIECE).read_to_end(&mut piece).map_err(|error| from(&error))?;
            let mut came = Bytes::from(piece);
            while let Some(candidate) = lines.next(&mut came) {
                self.take(candidate).await?;
            }
            if length == 0 {
                break;
            }
        }
        if let Some(last) = lines.end() {
            self.take(last).await?;
        }
        self.flush().await
    }

    async fn take(&mut self, candidate: Candidate) -> Result<(), CommandError> {
        self.waiting.push(candidate);
        if self.waiting.len() < batch_size() { Ok(()) } else { self.flush().await }
    }

    async fn flush(&mut self) -> Result<(), CommandError> {
        let batch = std::mem::take(&mut self.waiting);
        let Some(first) = batch.first() else { return Ok(()) };
        let stopped = |outage| {
            let line = &first.number;
            CommandError::Told(format!(
                "Stopped before line {line}: {outage}. Every line above it is done; importing all of them again is harmless"
            ))
        };
        let outcomes = self.app.admin.import.batch(&batch, self.run, self.by).await.map_err(stopped)?;
        for (candidate, outcome) in batch.into_iter().zip(outcomes) {
            let Candidate { number, email, .. } = candidate;
            self.report.add(Told { number, email, notes: Vec::new() }, outcome);
        }
        Ok(())
    }
}
