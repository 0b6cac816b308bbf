//! What becomes of entries that the database answers for and refuses: one row may be at fault, and must not hold up the others.

use std::collections::HashMap;

use auth_domain::{
    audit::entry::{Entry, EntryId},
    identity::{port_error::PortError, request_context::RequestContext},
};

use super::{Append, Shared, one_line};

/// After how many entries of a batch that are refused by themselves it is left for a while, if the table has taken none.
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
    /// Writes what can be written, part by part once the whole is refused, and sets aside what is itself at fault. Returns why there
    /// was neither; the next try begins with other entries then.
    pub(super) fn sift(&self, batch: &mut Batch, append: Append) -> Option<PortError> {
        let (mut parts, mut refused) = (vec![std::mem::take(&mut batch.entries)], Vec::new());
        let (mut has_helped, mut last) = (false, None);
        while let Some(mut part) = parts.pop() {
            let Err(error) = append(&part) else {
                batch.written += 1;
                has_helped = true;
                continue;
            };
            match part.as_slice() {
                _ if !answers(&error) => parts.push(part),
                [only] if self.is_kept_bare(only, batch, &error, append) => has_helped = true,
                [only] if batch.condemns(only) => {
                    self.tell(only, &error, "set aside");
                    has_helped = true;
                }
                [_] => refused.append(&mut part),
                _ => {
                    let half = part.split_off(part.len() / 2);
                    parts.extend([half, part]);
                }
            }
            let is_over = !answers(&error) || (!has_helped && refused.len() >= WITNESSES);
            last = Some(error);
            if is_over {
                break;
            }
        }
        batch.entries = parts.into_iter().rev().flatten().chain(refused).collect();
        if has_helped { None } else { last }
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
