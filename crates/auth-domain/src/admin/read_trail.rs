//! Reads the audit trail, a page at a time.

use std::sync::Arc;

use chrono::DateTime;

use super::{cut, ports::CursorCodec, search::SearchError};
use crate::audit::{
    entry::{AuditCursor, Entry, Filter, Whose},
    ports::AuditStore,
};

pub struct ReadTrail {
    pub trail: Arc<dyn AuditStore>,
    pub cursors: Arc<dyn CursorCodec>,
}

/// Some of the trail, latest first, with the word that gets the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPage {
    pub entries: Vec<Entry>,
    pub next: Option<String>,
}

impl ReadTrail {
    /// The entries of a filter from the place of a cursor on; where the filter itself begins makes no difference.
    ///
    /// # Errors
    /// [`SearchError`].
    pub async fn execute(&self, filter: Filter, after: Option<&str>) -> Result<TrailPage, SearchError> {
        let list = list(&filter);
        let open = |cursor| self.cursors.open(&list, cursor).and_then(|text| place(&text)).ok_or(SearchError::Cursor);
        let (before, limit) = (after.map(open).transpose()?, filter.limit);
        // One more than asked for says whether there is a next page.
        let mut entries = self.trail.list(&Filter { before, limit: limit.saturating_add(1), ..filter }).await?;
        let there_are_more = cut(&mut entries, limit);
        let last = entries.last().filter(|_| there_are_more).map(Entry::place);
        let next = last.map(|AuditCursor { at, id }| self.cursors.seal(&list, &format!("{}/{id}", at.timestamp_micros())));
        Ok(TrailPage { entries, next })
    }
}

/// What a cursor is bound to.
fn list(filter: &Filter) -> String {
    let whose = match &filter.whose {
        Some(Whose::User(id)) => id.to_string(),
        Some(Whose::Address(email)) => email.to_string(),
        None => String::new(),
    };
    let event = filter.event.map_or("", |kind| kind.name());
    let until = filter.until.map(|until| until.timestamp_micros());
    format!("audit\n{whose}\n{event}\n{}\n{until:?}", filter.since.timestamp_micros())
}

fn place(text: &str) -> Option<AuditCursor> {
    let (at, id) = text.split_once('/')?;
    let at = at.parse().into_iter().find_map(DateTime::from_timestamp_micros)?;
    Some(AuditCursor { at, id: id.parse().into_iter().next()? })
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::{
        audit::kind::EventKind,
        testkit::{
            FakeCursors, MemoryStore,
            samples::{after, entry},
        },
    };

    fn all(limit: u32) -> Filter {
        Filter { whose: None, event: None, since: DateTime::<Utc>::UNIX_EPOCH, until: None, before: None, limit }
    }

    async fn trail() -> ReadTrail {
        let store = MemoryStore::default();
        let entries: Vec<_> = (0..5).map(|seconds| entry(EventKind::LoginFailed, seconds)).collect();
        store.append(&entries).await.unwrap();
        ReadTrail { trail: Arc::new(store), cursors: Arc::new(FakeCursors::default()) }
    }

    #[tokio::test]
    async fn pages_have_each_entry_once_and_the_last_one_says_so() {
        let (trail, mut cursor, mut seen) = (trail().await, None::<String>, Vec::new());
        for (entries, more) in [(2, true), (2, true), (1, false)] {
            let page = trail.execute(all(2), cursor.as_deref()).await.unwrap();
            assert_eq!((page.entries.len(), page.next.is_some()), (entries, more));
            seen.extend(page.entries.iter().map(|entry| entry.at));
            cursor = page.next;
        }
        assert_eq!(seen, [4, 3, 2, 1, 0].map(after));
        assert_eq!(trail.execute(all(5), None).await.unwrap().next, None, "a full page may be the last");
    }

    #[tokio::test]
    async fn a_cursor_of_another_list_is_refused() {
        let trail = trail().await;
        let cursor = trail.execute(all(2), None).await.unwrap().next.unwrap();
        let other = Filter { event: Some(EventKind::LoginFailed), ..all(2) };
        for (filter, cursor) in [(other, cursor.as_str()), (all(2), "nonsense")] {
            assert!(matches!(trail.execute(filter, Some(cursor)).await, Err(SearchError::Cursor)));
        }
        assert!(trail.execute(all(3), Some(&cursor)).await.is_ok(), "how many are asked for may change");
    }
}
