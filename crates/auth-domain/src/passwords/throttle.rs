//! Failed password attempts: who has to wait, and for how long.

use chrono::{DateTime, TimeDelta, Utc};

/// How long failures are remembered after the last one, and once more as long for each wait that they led to. So forgetting never
/// pays: who lets waits be forgotten gets less than one attempt for each such span, as does who sits the longest of them out.
const MEMORY: TimeDelta = TimeDelta::minutes(15);
/// How many waits lengthen the memory: the sixth is the first of [`LONGEST_WAIT`].
const REMEMBERED_WAITS: i32 = 6;
/// How long the previous release remembers failures, in a table of its own.
pub const FORMER_MEMORY: TimeDelta = TimeDelta::minutes(30);
/// The first wait of a client. It doubles with each further failure.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
/// The longest wait.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// How long a network is remembered after a login from there.
pub const KNOWN_FOR: TimeDelta = TimeDelta::days(30);

/// Failures at one address, whether or not it has an account: those of one client, or those of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    /// How many others had failed when the last of these happened. Kept, so that later failures of others move nobody's wait.
    pub others: u32,
    pub last_at: DateTime<Utc>,
    pub forgotten_at: DateTime<Utc>,
}

/// What is stored of an address, forgotten or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThrottleState {
    /// The failures of the client that asks.
    pub own: Option<Failures>,
    /// The failures of all clients.
    pub all: Option<Failures>,
}

/// What counting one failure changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    pub before: ThrottleState,
    pub after: ThrottleState,
}

impl Failures {
    /// So many in a row, all of one client.
    #[must_use]
    pub fn of_one_client(count: u32, last_at: DateTime<Utc>, limit: u32) -> Self {
        let failures = Self { count, others: 0, last_at, forgotten_at: last_at };
        Self { forgotten_at: last_at + failures.memory(limit), ..failures }
    }

    /// How many of these made the client wait. Clients share the `limit`: what others have used up of it is gone, but for one failure,
    /// since a client can only be known for a guesser by its own.
    fn waits(&self, limit: u32) -> u32 {
        let free = limit.saturating_sub(self.others).max(1);
        self.count.saturating_add(1).saturating_sub(free)
    }

    fn hold(&self, limit: u32) -> TimeDelta {
        let Some(doublings) = self.waits(limit).checked_sub(1) else { return TimeDelta::zero() };
        let doubled = 1_i32.checked_shl(doublings).filter(|factor| *factor > 0);
        doubled.and_then(|factor| FIRST_WAIT.checked_mul(factor)).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
    }

    fn memory(&self, limit: u32) -> TimeDelta {
        let waits = i32::try_from(self.waits(limit)).map_or(REMEMBERED_WAITS, |waits| waits.min(REMEMBERED_WAITS));
        MEMORY * (waits + 1)
    }

    fn taken_back(now: Option<Self>, before: Option<Self>, after: Option<Self>) -> Option<Self> {
        if now == after {
            return before;
        }
        // Another attempt was counted meanwhile: its times stay.
        let fewer = now.map(|now| Self { count: now.count.saturating_sub(1), ..now });
        fewer.filter(|fewer| fewer.count > 0)
    }
}

impl ThrottleState {
    /// What has not been forgotten.
    fn remembered(&self, now: DateTime<Utc>) -> Self {
        let remembered = |failures: &Failures| now < failures.forgotten_at;
        Self { own: self.own.filter(remembered), all: self.all.filter(remembered) }
    }

    /// How long the client still has to wait. Only its own failures decide: who has none never waits.
    #[must_use]
    pub fn wait(&self, limit: u32, now: DateTime<Utc>) -> Option<TimeDelta> {
        let own = self.remembered(now).own?;
        // A clock that was set back makes nobody wait for longer.
        let wait = (own.last_at + own.hold(limit) - now).min(own.hold(limit));
        (wait > TimeDelta::zero()).then_some(wait)
    }

    /// Whether an attempt has to be counted before it is verified, so that parallel ones gain nothing: where the client has failed
    /// before, or where its first failure makes it wait already.
    #[must_use]
    pub fn is_counted_first(&self, limit: u32, now: DateTime<Utc>) -> bool {
        let Self { own, all } = self.remembered(now);
        own.is_some() || all.is_some_and(|all| all.count >= limit.saturating_sub(1))
    }

    /// With one more failure of the client.
    #[must_use]
    pub fn one_more(&self, limit: u32, now: DateTime<Utc>) -> Self {
        let before = self.remembered(now);
        let one_more = |failures: Option<Failures>| failures.map_or(0, |failures| failures.count).saturating_add(1);
        let (count, total) = (one_more(before.own), one_more(before.all));
        let own = Failures { count, others: total.saturating_sub(count), last_at: now, forgotten_at: now };
        let own = Failures { forgotten_at: now + own.memory(limit), ..own };
        // As long as anything of it counts.
        let forgotten_at = before.all.map_or(own.forgotten_at, |all| all.forgotten_at.max(own.forgotten_at));
        Self { own: Some(own), all: Some(Failures { count: total, others: 0, last_at: now, forgotten_at }) }
    }

    /// Without a failure that was none: as it was before, times included, unless another has been counted since.
    #[must_use]
    pub fn without(&self, Counted { before, after }: &Counted) -> Self {
        Self {
            own: Failures::taken_back(self.own, before.own, after.own),
            all: Failures::taken_back(self.all, before.all, after.all),
        }
    }
}

#[cfg(test)]
mod tests;
