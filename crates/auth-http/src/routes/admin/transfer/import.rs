//! Accounts of another server, line by line, each answered while the next ones arrive.

use actix_web::{
    HttpRequest, HttpResponse, rt,
    web::{Bytes, Data},
};
use auth_domain::{
    admin::{
        import::{Candidate, ImportOutcome, Mode, Tally},
        transfer::batch_size,
    },
    audit::initiator::Initiator,
    identity::port_error::PortError,
};
use serde::Serialize;
use tracing::Instrument;
use utoipa::{IntoParams, ToSchema};

use super::{NDJSON, splitter::Splitter, spool::Spool, spool::spool};
use crate::{
    app::use_cases::UseCases,
    routes::maintenance::Draining,
    web::{
        admin::{AdminUpload, Write},
        problem::{Code, Problem},
        query::Query,
        upload::{Interrupted, Upload},
    },
};

/// How the document shows the parameters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape matters")]
pub(crate) struct ImportParameters {
    /// Only say what would be done.
    #[param(required = false, default = false)]
    dry_run: bool,
}

/// What became of a line.
#[derive(Serialize, ToSchema)]
struct LineResult<'a> {
    /// Lines are numbered from 1, blank ones too.
    line: u64,
    #[schema(pattern = "^(imported|already_there|refused)$")]
    result: &'a str,
    /// Of the account that was made; a dry run makes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The last line of an import that is whole.
#[derive(Serialize)]
struct Totals {
    total: u64,
    imported: u64,
    already_there: u64,
    refused: u64,
}

/// The last line of an import that is not.
#[derive(Serialize)]
struct StoppedAfter {
    /// The last line that was answered.
    stopped_after: u64,
    reason: &'static str,
}

/// Why no more lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// For this reason, as the last line has it.
    Stopped(&'static str),
}

/// Import accounts.
///
/// A line a JSON object with the members of an account, of which only `email` is needed. Each line is answered by a line, while the next
/// ones arrive. The last line of the answer has the totals; one with `stopped_after` in its place says that the lines behind that one
/// were not looked at. Importing a file again harms nobody: an account that is there stays as it is.
#[utoipa::path(
    post, path = "/admin/users/import", operation_id = "admin_import_users",
    security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(ImportParameters),
    request_body(content = String, content_type = "application/x-ndjson", description = "Accounts, one a line."),
    responses((status = 200, description = "What became of each line.", content_type = "application/x-ndjson", body = String)),
)]
pub(crate) async fn import(
    app: Data<UseCases>,
    draining: Data<Draining>,
    AdminUpload(by, body, ..): AdminUpload<Write>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request)?;
    let mode = query.strictly_one_of("dry_run", &[("true", Mode::Dry), ("false", Mode::Real)]).unwrap_or(Mode::Real);
    query.whole()?;
    let (answer, lines) = spool();
    let source = Source { upload: body.begun(), splitter: Splitter::default(), came: Bytes::new() };
    // A task of its own: it reads on while nobody takes the answer.
    rt::spawn(Import { app, draining, by, mode, source, answer, last: 0, tally: Tally::default() }.run().in_current_span());
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(lines))
}

struct Import {
    app: Data<UseCases>,
    draining: Data<Draining>,
    by: Initiator,
    mode: Mode,
    source: Source,
    answer: Spool,
    /// The last line that was answered.
    last: u64,
    tally: Tally,
}

impl Import {
    /// Whatever ends it, the trail says that there was an import.
    async fn run(mut self) {
        let end = loop {
            let (batch, end) = tokio::select! {
                biased;
                () = self.draining.0.cancelled() => (Vec::new(), Some(End::STOPPING)),
                () = self.answer.left() => (Vec::new(), Some(End::from(Interrupted::CutOff))),
                next = self.source.next() => next,
            };
            if let Err(end) = self.take_over(&batch).await {
                break end;
            }
            if let Some(end) = end {
                break end;
            }
        };
        self.app.admin.import.finish(self.mode, &self.by);
        // Without it, whoever reads the answer finds it without its last line.
        if let Ok(last) = self.last_line(end) {
            drop(self.answer.write(last).await);
        }
    }

    /// Imports a batch, and answers each of its lines.
    async fn take_over(&mut self, batch: &[Candidate]) -> Result<(), End> {
        if batch.is_empty() || self.answer.is_left() {
            return Ok(());
        }
        let outcomes = self.app.admin.import.batch(batch, self.mode, &self.by).await.map_err(End::of_outage)?;
        let mut text = Vec::new();
        for (candidate, outcome) in batch.iter().zip(outcomes) {
            let line = candidate.number.parse().unwrap_or_default();
            let result = self.result(line, outcome);
            write(&mut text, &result)?;
            self.last = line;
        }
        self.answer.write(text.into()).await.map_err(|fault| {
            tracing::error!(%fault, "the answers of an import that nobody reads cannot be kept in a temporary file");
            End::UNAVAILABLE
        })
    }

    fn result(&mut self, line: u64, outcome: ImportOutcome) -> LineResult<'static> {
        self.tally.count(&outcome);
        let of = |result| LineResult { line, result, id: None, reason: None };
        match outcome {
            ImportOutcome::Imported(user) => {
                LineResult { id: (self.mode == Mode::Real).then(|| user.id.to_string()), ..of("imported") }
            }
            ImportOutcome::AlreadyThere(_) => of("already_there"),
            ImportOutcome::Refused(refusal) => LineResult { reason: Some(refusal.to_string()), ..of("refused") },
        }
    }

    fn last_line(&self, end: End) -> Result<Bytes, End> {
        let mut text = Vec::new();
        match end {
            End::Whole => write(&mut text, &Totals::from(self.tally))?,
            End::Stopped(reason) => write(&mut text, &StoppedAfter { stopped_after: self.last, reason })?,
        }
        Ok(text.into())
    }
}

impl End {
    const STOPPING: Self = Self::Stopped("server_stopping");
    /// The database, or the disk that holds the answers which nobody reads.
    const UNAVAILABLE: Self = Self::Stopped("service_unavailable");

    /// Told in the log with its cause, as any other answer that it spoils.
    fn of_outage(outage: PortError) -> Self {
        match Problem::from(outage).code() == Code::InternalError {
            true => Self::Stopped(Code::InternalError.name()),
            false => Self::UNAVAILABLE,
        }
    }
}

impl From<Interrupted> for End {
    fn from(interrupted: Interrupted) -> Self {
        Self::Stopped(match interrupted {
            Interrupted::TimedOut => "request_timeout",
            Interrupted::CutOff => "request_cut_off",
        })
    }
}

impl From<Tally> for Totals {
    fn from(tally: Tally) -> Self {
        let Tally { imported, already_there, refused } = tally;
        Self { total: tally.total(), imported, already_there, refused }
    }
}

fn write(text: &mut Vec<u8>, line: &impl Serialize) -> Result<(), End> {
    serde_json::to_writer(&mut *text, line).map_err(|_texts_and_numbers| End::UNAVAILABLE)?;
    text.push(b'\n');
    Ok(())
}

/// The accounts that arrive.
struct Source {
    upload: Upload,
    splitter: Splitter,
    /// What came and was not split yet.
    came: Bytes,
}

impl Source {
    /// The next accounts, as soon as there is one: those that have come, as many as are imported at once. What follows them, if it is
    /// known by now.
    async fn next(&mut self) -> (Vec<Candidate>, Option<End>) {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            while batch.is_empty() || batch.len() < batch_size() && bytes < BATCH_BYTES {
                let before = self.came.len();
                let Some(candidate) = self.splitter.next(&mut self.came) else {
                    bytes += before;
                    break;
                };
                bytes += before - self.came.len();
                batch.push(candidate);
            }
            if batch.len() == batch_size() || !batch.is_empty() && bytes >= BATCH_BYTES {
                return (batch, None);
            }
            let more = if batch.is_empty() { Some(self.upload.next().await) } else { self.upload.ready() };
            match more {
                None => return (batch, None),
                Some(Ok(Some(came))) => self.came = came,
                Some(Ok(None)) => {
                    batch.extend(self.splitter.end());
                    return (batch, Some(End::Whole));
                }
                Some(Err(interrupted)) => return (batch, Some(End::from(interrupted))),
            }
        }
    }
}

/// How much of what came is in a batch, in bytes, but for what its last line has: long lines are imported fewer at once.
const BATCH_BYTES: usize = 1024 * 1024;
