//! The list of what is revoked, for whoever asks: read once for all who ask the same within a moment, and signed once for all to
//! whom it says the same within a second. Nobody needs leave to ask, and a long list costs milliseconds to read and to sign.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    Error,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::{Bytes, Data},
};
use auth_domain::{
    identity::{clock::Clock, ids::KeyId, port_error::PortError},
    oauth::revocation_list::ListRevocations,
    sessions::session::RevocationCursor,
    signing_keys::{ports::KeyCache, revocations::Revocations, ring::PUBLISHED_AFTER},
};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::{Mutex, MutexGuard};

use crate::{
    app::use_cases::UseCases,
    web::{etag, single_flight::OneLook},
};

/// The most lists, and the most signed ones, that are kept at a time: some 300 KB each.
const KEPT: usize = 16;

/// How many milliseconds a list is good for: so late may come what other servers ended.
const MOMENT: i64 = 250;

/// What is known of this moment.
pub(crate) struct Feed {
    list: ListRevocations,
    keys: Arc<dyn KeyCache>,
    clock: Arc<dyn Clock>,
    /// Counts what may have ended sessions: whoever was told so finds them on the list.
    changes: AtomicU64,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The moment and the change that the looks are of.
    of: (i64, u64),
    looks: Vec<(Option<RevocationCursor>, Arc<OneLook<Looked>>)>,
    signed: Vec<Arc<Signed>>,
}

type Looked = Result<Arc<Page>, PortError>;

/// A list, and its entity tag.
pub(crate) struct Page {
    list: Revocations,
    pub(crate) tag: String,
}

struct Signed {
    page: Arc<Page>,
    by: Option<KeyId>,
    token: OnceLock<Result<Bytes, PortError>>,
}

impl Page {
    fn of(list: Revocations) -> Self {
        // Two lists that name the same are the same, whenever they were made.
        let tag = etag::tag_of(&(&list.sessions, &list.keys, list.more));
        Self { list, tag }
    }

    /// Whether both are one once signed: a signed list tells its time in seconds.
    fn says_the_same(&self, other: &Self) -> bool {
        let Revocations { as_of, sessions, keys, next, more } = &other.list;
        let own = &self.list;
        let moment = own.as_of.timestamp() == as_of.timestamp() && own.next == *next && own.more == *more;
        moment && own.keys == *keys && own.sessions == *sessions
    }
}

impl Feed {
    pub(crate) fn of(app: &UseCases) -> Self {
        let (keys, clock) = (app.ports.signing_keys.cache.clone(), app.ports.clock.clone());
        Self { list: app.oauth.list_revocations.clone(), keys, clock, changes: AtomicU64::default(), known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }

    /// The list since a place.
    ///
    /// # Errors
    /// An outage.
    pub(crate) async fn page(&self, since: Option<RevocationCursor>) -> Looked {
        let now = self.clock.now();
        // What is before all entries, or after them, is one place.
        let since = since.map(|since| since.min(RevocationCursor::before(now + TimeDelta::seconds(1))));
        let since = since.filter(|since| *since > RevocationCursor::before(now - PUBLISHED_AFTER));
        let list = self.list.clone();
        let look = || async move { list.execute(since).await.map(|list| Arc::new(Page::of(list))) };
        let Some(shared) = self.look(since, now) else { return look().await };
        let looked = shared.take(Result::is_ok, look).await;
        looked.unwrap_or_else(|| Err(PortError::Unavailable("the look at what is revoked ended without an answer".to_owned())))
    }

    /// The look of this moment that answers this question. `None` when too many are asked.
    fn look(&self, since: Option<RevocationCursor>, now: DateTime<Utc>) -> Option<Arc<OneLook<Looked>>> {
        let mut known = self.known();
        let of = (now.timestamp_millis() / MOMENT, self.changes.load(Ordering::SeqCst));
        if known.of != of {
            known.looks.clear();
            known.signed.retain(|signed| signed.page.list.as_of.timestamp() == now.timestamp());
            known.of = of;
        }
        if let Some((_, look)) = known.looks.iter().find(|(asked, _)| *asked == since) {
            return Some(look.clone());
        }
        if known.looks.len() >= KEPT {
            return None;
        }
        let look = Arc::new(OneLook::at_most_every(Duration::ZERO));
        known.looks.push((since, look.clone()));
        Some(look)
    }

    /// The list as a token: signed now, unless somebody had the same signed in the same second.
    ///
    /// # Errors
    /// No key signs.
    pub(crate) fn signed(&self, page: &Arc<Page>) -> Result<Bytes, PortError> {
        let by = self.keys.ring().signer(page.list.as_of).map(|key| key.id.clone());
        let signed = self.entry(page, by);
        // Whoever wants the same waits for it.
        signed.token.get_or_init(|| self.keys.sign_revocations(&signed.page.list).map(Bytes::from)).clone()
    }

    fn entry(&self, page: &Arc<Page>, by: Option<KeyId>) -> Arc<Signed> {
        let mut known = self.known();
        if let Some(signed) = known.signed.iter().find(|signed| signed.by == by && signed.page.says_the_same(page)) {
            return signed.clone();
        }
        if known.signed.len() >= KEPT {
            let _oldest = known.signed.remove(0);
        }
        let signed = Arc::new(Signed { page: page.clone(), by, token: OnceLock::new() });
        known.signed.push(signed.clone());
        signed
    }
}

/// Has the list read again after a request that may have ended a session, so that whoever was told so finds it there.
///
/// # Errors
/// Those of the service behind.
pub(crate) async fn heed_changes(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let feed = request.app_data::<Data<Feed>>().filter(|_| !request.method().is_safe()).cloned();
    let answer = next.call(request).await;
    if let Some(feed) = feed {
        feed.changes.fetch_add(1, Ordering::SeqCst);
    }
    answer
}

#[cfg(test)]
mod tests;
