//! What becomes of entries that the database answers for and refuses: one row may be at fault, and must not hold up the others.

use std::collections::HashMap;

use auth_domain::{
    audit::entry::{Entry, EntryId},
    identity::{port_error::PortError, request_context::RequestContext},
};

use super::{Append, Shared, one_line};

/// How many entries of a refused batch are tried by themselves at a time, to see whether the table takes any.
const WITNESSES: usize = 3;

/// Whether the database answered: what it refuses may be one row. Otherwise it is an outage.
pub(super) fn answers(error: &PortError) -> bool {
    match error {
        PortError::Refused(_) | PortError::Corrupt(_) | PortError::Internal(_) => true,
        PortError::Unavailable(_) | PortError::Unknown(_) | PortError::Overloaded { .. } | PortError::Abandoned => false,
    }
}

/// Entries on their way into the table.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    /// How many times something was written since the batch was refused.
    written: usize,
    /// Which entries were refused by themselves, and how much had been written by then.
    refused: HashMap<EntryId, usize>,
}

impl Batch {
    pub(super) fn of(entries: Vec<Entry>) -> Self {
        Self { entries, ..Self::default() }
    }

    /// Whether an entry that was refused by itself is itself at fault: it was refused before, and another was written since. An
    /// outage that the database tells in words that nobody knows refuses those that come after as well.
    fn condemns(&mut self, entry: &Entry) -> bool {
        *self.refused.entry(entry.id).or_insert(self.written) < self.written
    }
}

impl Shared {
    /// Writes what can be written of a batch that was refused, and sets aside what is itself at fault. Returns whether there was
    /// either; if not, the next try begins with other entries.
    pub(super) fn sift(&self, batch: &mut Batch, error: &PortError, append: Append) -> bool {
        if let [only] = batch.entries.as_slice() {
            let only = only.clone();
            if !self.is_kept_bare(&only, batch, error, append) {
                if !batch.condemns(&only) {
                    return false;
                }
                self.tell(&only, error, "set aside");
            }
            batch.entries.clear();
            return true;
        }
        if !find_witness(batch, append) {
            let first = batch.entries.remove(0);
            if !self.is_kept_bare(&first, batch, error, append) {
                batch.entries.push(first);
                return false;
            }
        }
        let mut parts = vec![std::mem::take(&mut batch.entries)];
        while let Some(mut part) = parts.pop() {
            match append(&part) {
                Ok(()) => batch.written += 1,
                Err(error) if !answers(&error) => {
                    // An outage meanwhile.
                    batch.entries.extend(part.into_iter().chain(parts.drain(..).rev().flatten()));
                }
                Err(error) => match part.as_slice() {
                    [only] if self.is_kept_bare(only, batch, &error, append) => {}
                    [only] if batch.condemns(only) => self.tell(only, &error, "set aside"),
                    [_] => batch.entries.append(&mut part),
                    _ => {
                        let half = part.split_off(part.len() / 2);
                        parts.extend([half, part]);
                    }
                },
            }
        }
        true
    }

    /// Writes a refused entry without what the client sent, which is most often at fault.
    fn is_kept_bare(&self, entry: &Entry, batch: &mut Batch, error: &PortError, append: Append) -> bool {
        let bare = Entry { email: None, context: RequestContext::default(), ..entry.clone() };
        let is_kept = append(&[bare]).is_ok();
        if is_kept {
            batch.written += 1;
            self.tell(entry, error, "kept without address, agent and request");
        }
        is_kept
    }

    fn tell(&self, entry: &Entry, error: &PortError, fate: &str) {
        self.refused.inc();
        tracing::error!(
            id = %entry.id,
            event = &*entry.event,
            user_id = entry.user.map(tracing::field::display),
            session_id = entry.session.map(tracing::field::display),
            fate,
            error = &*one_line(&error.to_string()),
            "the audit table refused an event; the log has it"
        );
    }

    /// Takes one more of the queue into a refused batch, first in line to be tried: of another kind if possible, since whatever
    /// refuses the batch may mind its kind. No batch becomes larger than it may be.
    pub(super) fn join(&self, batch: &mut Batch) {
        let mut state = self.queue.lock();
        let other = state.waiting.iter().position(|entry| batch.entries.iter().all(|held| held.event != entry.event));
        let Some(entry) = state.waiting.remove(other.unwrap_or_default()) else { return };
        if batch.entries.len() >= self.options.batch {
            state.waiting.extend(batch.entries.pop());
        }
        batch.entries.insert(0, entry);
    }
}

/// Writes one of the first entries by itself. If the table takes none of them, others are the first ones afterwards.
fn find_witness(batch: &mut Batch, append: Append) -> bool {
    for _ in 0..WITNESSES.min(batch.entries.len()) {
        let first = batch.entries.remove(0);
        match append(std::slice::from_ref(&first)) {
            Ok(()) => {
                batch.written += 1;
                return true;
            }
            Err(error) => {
                if answers(&error) {
                    batch.condemns(&first);
                }
                batch.entries.push(first);
            }
        }
    }
    false
}
